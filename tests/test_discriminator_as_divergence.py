"""What discriminators report against closed forms; the experiment at its quick size."""

import math

import numpy as np
import tensorflow as tf
from numpy.testing import assert_allclose

from gan_apps.experiments import discriminator_as_divergence as room
from gan_apps.experiments import points


def test_lines_without_noise_are_log_2_apart_until_they_meet():
    assert [room.lines_jensen_shannon(distance, 0.0) for distance in (2.0, 1e-6, 0.0)] == [
        math.log(2.0),
        math.log(2.0),
        0.0,
    ]
    assert [room.lines_accuracy(distance, 0.0) for distance in (1e-6, 0.0)] == [1.0, 0.5]


def test_lines_with_noise_depend_on_distance_by_noise():
    assert_allclose(
        room.lines_jensen_shannon(0.3, 0.1), room.lines_jensen_shannon(3.0, 1.0), rtol=1e-9
    )
    assert_allclose(room.lines_jensen_shannon(20.0, 1.0), math.log(2.0), rtol=1e-9)
    # distance**2 / (8 noise**2) where they are near.
    assert_allclose(room.lines_jensen_shannon(0.02, 1.0), 0.02**2 / 8.0, rtol=1e-3)
    assert_allclose(room.lines_accuracy(2.0, 1.0), 0.841344746, rtol=1e-8)


def test_the_best_discriminator_is_a_logistic_curve():
    x = np.array([-1.0, 0.5, 2.0])
    expected = 1.0 / (1.0 + np.exp((x - 0.5) * 1.0 / 0.3**2))
    assert_allclose(room.best_discriminator(x, 1.0, 0.3), expected, rtol=1e-9)


def test_curves_of_one_point_are_gaussians():
    point = np.zeros((1, 2))
    found = room.curves_jensen_shannon(point, point + [0.6, 0.0], 0.3)
    assert_allclose(found, room.lines_jensen_shannon(0.6, 0.3), rtol=1e-6)


def step_discriminator(slope):
    """D(x) = slope (1/2 - x), whatever y is."""
    network = points.PointDiscriminator(2, (2,))
    network.body[0].kernels.assign(np.tile([[[-1.0, 1.0], [0.0, 0.0]]], (2, 1, 1)))
    network.body[0].biases.assign(np.tile([[[0.5, -0.5]]], (2, 1, 1)))
    network.last.kernels.assign(np.tile([[[slope], [-slope]]], (2, 1, 1)))
    return network


def test_what_a_known_discriminator_reports_of_two_lines():
    generator = points.FixedGenerator(2, 1, room.lines((1.0, 3.0)))
    pairs = room.shown_pairs(generator, room.line, 100, 0.0, seed=0)
    value, accuracy = room.jensen_shannon_estimate(step_discriminator(4.0), *pairs)
    softplus = lambda score: math.log1p(math.exp(-score))
    # Scores: 2 at the data, -2 and -10 at the two generators.
    expected = [math.log(2.0) - (softplus(2.0) + softplus(other)) / 2 for other in (2.0, 10.0)]
    assert_allclose(value, expected, rtol=1e-5)
    assert_allclose(accuracy, 1.0, atol=0.0)
    # Divided by its slope, whatever that is, it shows the whole distance.
    found = room.wasserstein_estimate(step_discriminator(4.0), *pairs)
    assert_allclose(found, [1.0, 3.0], rtol=1e-4)


def test_data_lie_where_they_should():
    key = tf.constant([0, 0], tf.int64)
    assert_allclose(np.linalg.norm(room.circle(50, key), axis=1), 1.0, rtol=1e-6)
    y = room.line(5000, key).numpy()
    assert_allclose(y[:, 0], 0.0, atol=0.0)
    assert_allclose(np.quantile(y[:, 1], [0.0, 0.5, 1.0]), [0.0, 0.5, 1.0], atol=0.03)
