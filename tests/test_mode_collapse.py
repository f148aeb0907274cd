"""Mode collapse in the laboratory: what is counted, the stacked networks, a quick run."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

import models
from gan_apps.experiments import mode_collapse, points

RING, GRID = mode_collapse.DATA["ring"], mode_collapse.DATA["grid"]
KEY = tf.constant([1, 2], tf.int64)


def test_the_ring_has_eight_modes_and_the_grid_twenty_five():
    for data, modes, spacing in (
        (RING, 8, 2.0 * np.sin(np.pi / 8)),
        (GRID, 25, 2.0),
    ):
        distances = np.linalg.norm(data.centres[:, None] - data.centres, axis=-1)
        assert len(data.centres) == modes
        assert_allclose(np.sort(distances, axis=1)[:, 1], spacing, rtol=1e-12)


@pytest.mark.parametrize("data", [RING, GRID])
def test_real_samples_score_what_the_normal_distribution_says(data):
    real = data.draw(100_000, KEY).numpy() / data.scale
    counted = data.counted(real)
    assert counted["modes"] == len(data.centres)
    # Within 3 deviations in two dimensions: 1 - exp(-9 / 2).
    assert_allclose(counted["high_quality"], 1.0 - np.exp(-4.5), atol=2e-3, rtol=0)
    assert 0.0 <= counted["reverse_kl"] < 1e-3


def test_a_collapsed_generator_is_counted_as_one_mode():
    samples = np.tile(RING.centres[3], (100, 1))
    samples[:25] += 1.0
    counted = RING.counted(samples[25:])
    assert counted == {"modes": 1, "high_quality": 1.0, "reverse_kl": pytest.approx(np.log(8))}
    assert RING.counted(samples)["high_quality"] == 0.75


def test_the_swiss_roll_lies_on_its_spiral():
    x, y = points.swiss_roll(noise=0.0)(1000, KEY).numpy().T
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    turns = (radius * 4.5 * np.pi - angle) / (2 * np.pi)
    assert_allclose(turns, np.round(turns), atol=1e-4)
    assert 1.5 / 4.5 - 1e-3 <= radius.min() and radius.max() <= 1.0 + 1e-6


@pytest.mark.parametrize("dense", [points.StackedDense, points.SpectralStackedDense])
def test_stacked_layers_are_the_layers_one_by_one(dense):
    layer = dense(3, 5)
    rows = tf.random.stateless_normal((3 * 4, 2), (1, 1))
    layer(rows)
    if dense is points.SpectralStackedDense:
        for _ in range(50):
            layer.power_iteration()
    outputs = layer(rows).numpy().reshape(3, 4, 5)
    for number in range(3):
        kernel = layer.kernels.numpy()[number]
        if dense is points.SpectralStackedDense:
            kernel = kernel / np.linalg.svd(kernel, compute_uv=False)[0]
        expected = rows.numpy().reshape(3, 4, 2)[number] @ kernel
        assert_allclose(outputs[number], expected, rtol=1e-3, atol=1e-5)


def test_repetitions_share_nothing():
    discriminator = points.PointDiscriminator(2, (8,))
    images = tf.random.stateless_normal((2 * 3, 1, 1, 2), (1, 1))
    with tf.GradientTape() as tape:
        first = tf.reduce_sum(discriminator({"images": images})[:3])
    for gradient in tape.gradient(first, discriminator.trainable_variables):
        assert np.abs(gradient[0]).max() > 0.0
        assert np.abs(gradient[1]).max() == 0.0


def test_networks_that_are_no_graph_of_layers_are_trained():
    networks = {
        "generator": points.PointGenerator(2, 3, (8,)),
        "averaged_generator": points.PointGenerator(2, 3, (8,)),
        "discriminator": points.PointDiscriminator(2, (8,)),
    }
    model = models.DCGAN(networks, objective=models.OBJECTIVES["non_saturating"])
    model.compile()
    moved = [networks[name].trainable_variables[0] for name in ("generator", "discriminator")]
    before = [variable.numpy() for variable in moved]
    images = tf.random.stateless_normal((1, 2 * 4, 1, 1, 2), (1, 1))
    model.train_step({"discriminator": {"images": images}})
    assert all((variable.numpy() != was).any() for variable, was in zip(moved, before, strict=True))
