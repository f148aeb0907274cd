"""Clipped and penalised discriminators against closed forms; the experiment at its quick size."""

import numpy as np
import tensorflow as tf
from numpy.testing import assert_allclose

from gan_apps.experiments import points, weight_clipping

UNITS = 64


def filled(network, value, signs=None):
    """The network with every weight `value`, its sign drawn from `signs` if given."""
    for layer in network.layers:
        shape = layer.kernels.shape
        sign = signs.choice([-1.0, 1.0], shape) if signs is not None else np.ones(shape)
        layer.kernels.assign(value * sign)
    return network


def test_layer_norms_of_equal_weights():
    # All ReLUs are open: each layer's gradient is c n times that of the one above, c at the top.
    network = filled(points.PointDiscriminator(1, (UNITS, UNITS)), 0.1)
    norms = weight_clipping.layer_norms(network, tf.constant([[1.0, 2.0], [0.5, 0.5]]))[:, 0]
    top = 0.1 * UNITS**0.5
    assert_allclose(norms[2], top, rtol=1e-5)
    assert_allclose(norms[1], top * 0.1 * UNITS, rtol=1e-5)
    assert_allclose(norms[0], 0.1 * 2**0.5 * 0.1 * UNITS * 0.1 * UNITS, rtol=1e-5)


def test_layer_norms_are_each_repetitions_own():
    network = points.PointDiscriminator(2, (UNITS,))
    for layer in network.layers:
        layer.kernels.assign(tf.ones_like(layer.kernels) * tf.constant([[[0.1]], [[0.3]]]))
    norms = weight_clipping.layer_norms(network, tf.constant([[1.0, 2.0]]))
    assert_allclose(norms[1], [0.1 * UNITS**0.5, 0.3 * UNITS**0.5], rtol=1e-5)


def test_a_vanished_gradient_is_not_called_zero():
    network = filled(points.PointDiscriminator(1, (UNITS,) * 9), 1e-5)
    norms = weight_clipping.layer_norms(network, tf.constant([[1.0, 1.0]]))[:, 0]
    assert_allclose(norms[0], 1e-5 * 2**0.5 * (1e-5 * UNITS) ** 9, rtol=1e-4)


def test_random_signs_multiply_a_gradient_by_c_sqrt_of_half_the_units():
    units, clip = 512, 0.02
    network = filled(points.PointDiscriminator(1, (units,) * 8), clip, np.random.default_rng(0))
    rows = tf.random.stateless_normal((64, 2), (0, 1))
    norms = weight_clipping.layer_norms(network, rows)[1:, 0]
    expected = weight_clipping.random_sign_factor(clip, units)
    assert_allclose(expected, 0.32, rtol=1e-12)
    assert_allclose(weight_clipping.factor_per_layer(norms), expected, rtol=0.1)


def test_the_share_clipped_at_first_is_what_clipping_leaves():
    weights = np.random.default_rng(1).normal(0.0, (2.0 / 128) ** 0.5, 200_000)
    for clip in weight_clipping.CLIPS:
        share = weight_clipping.share_at_ends(np.clip(weights, -clip, clip), clip)
        assert_allclose(weight_clipping.share_clipped_at_first(clip, 128), share, atol=0.004)


def test_data_as_functions_of_latents():
    latents = tf.random.stateless_normal((20_000, 3), (0, 0))
    uniform = weight_clipping.uniform(latents[:, 0]).numpy()
    assert_allclose(np.quantile(uniform, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.015)
    centres = points.grid(5, 0.5**0.5)
    found = weight_clipping.DATASETS["25 Gaussians"](latents).numpy()
    nearest = np.linalg.norm(found[:, None] - centres, axis=-1).argmin(axis=1)
    assert_allclose(np.bincount(nearest, minlength=25) / len(found), 1 / 25, atol=0.008)
    # The generator's noise has variance 1 in each coordinate.
    latents = tf.random.stateless_normal((20_000, 5), (0, 1))
    for sample in weight_clipping.DATASETS.values():
        moved = weight_clipping.noisy(sample)(latents) - sample(latents[:, :3])
        assert_allclose(np.var(moved, axis=0), 1.0, atol=0.05)


def test_what_a_linear_discriminator_shows_of_a_shift():
    # D(x) = relu(3 x) - relu(-3 x): of a shift by 2 along x it shows all, whatever its slope.
    network = points.PointDiscriminator(1, (2,))
    network.body[0].kernels.assign([[[3.0, -3.0], [0.0, 0.0]]])
    network.last.kernels.assign([[[1.0], [-1.0]]])
    fake = np.random.default_rng(2).normal(size=(50, 2)).astype(np.float32)
    real = fake + np.array([2.0, 0.0], np.float32)
    value, slope = weight_clipping.estimate(network, real, fake, np.zeros((1, 2)) + 0.5)
    assert_allclose((value, slope), (2.0, 3.0), rtol=1e-5)
    assert_allclose(points.earth_movers_distance(real, fake), 2.0, rtol=1e-5)
