"""Penalties of functions whose gradient is known."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models.penalties import gradient_penalty, mixed, real_gradient_penalty


def test_penalty_of_a_linear_score():
    # score = 3 * sum(x) over 2 * 2 * 1 pixels: norm(gradient)**2 = 4 * 3**2 for every image.
    images = tf.random.stateless_normal((5, 2, 2, 1), seed=(0, 0))
    penalty = real_gradient_penalty(lambda x: 3.0 * tf.reduce_sum(x, axis=[1, 2, 3]), images)
    assert_allclose(penalty, 36.0, rtol=1e-6)


def test_penalty_of_a_quadratic_score_is_a_mean_over_images():
    # score = sum(x**2) / 2 has the gradient x.
    images = np.stack([np.full((2, 3, 1), 1.0), np.full((2, 3, 1), 2.0)]).astype(np.float32)
    penalty = real_gradient_penalty(
        lambda x: tf.reduce_sum(x**2, axis=[1, 2, 3]) / 2.0, tf.constant(images)
    )
    assert_allclose(penalty, (6 * 1.0 + 6 * 4.0) / 2, rtol=1e-6)


def test_a_flat_score_has_no_penalty_and_a_finite_gradient():
    weight = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        penalty = real_gradient_penalty(
            lambda x: weight * tf.reduce_sum(x, axis=[1, 2, 3]), tf.ones((2, 2, 2, 1))
        )
    assert_allclose(penalty, 0.0, atol=0.0)
    assert_allclose(tape.gradient(penalty, weight), 0.0, atol=0.0)


@pytest.mark.parametrize("slope", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(
    "kind, expected",
    [
        ("two_sided", lambda norm: (norm - 1.0) ** 2),
        ("one_sided", lambda norm: max(0.0, norm - 1.0) ** 2),
        ("one_sided_linear", lambda norm: max(0.0, norm - 1.0)),
    ],
)
def test_penalties_of_a_linear_discriminator(kind, expected, slope):
    # score = slope * sum(x) over 4 pixels: norm(gradient) = 2 * slope everywhere.
    images = tf.random.stateless_normal((3, 2, 2, 1), seed=(1, 0))
    mixing = tf.constant([0.0, 0.3, 1.0])[:, None, None, None]
    score = lambda x: slope * tf.reduce_sum(x, axis=[1, 2, 3])
    penalty, norms = gradient_penalty(score, images, -images, mixing, kind)
    assert_allclose(norms, np.full(3, 2.0 * slope), rtol=1e-5)
    assert_allclose(penalty, expected(2.0 * slope), rtol=1e-5, atol=1e-6)


def test_penalty_is_taken_between_the_images_with_one_draw_for_each():
    real, fake = tf.ones((2, 2, 2, 1)), tf.fill((2, 2, 2, 1), 3.0)
    mixing = tf.constant([0.25, 1.0])[:, None, None, None]
    between = mixed(real, fake, mixing)
    assert_allclose(between[0], np.full((2, 2, 1), 0.25 * 1.0 + 0.75 * 3.0))
    assert_allclose(between[1], np.ones((2, 2, 1)))
    # score = sum(x**2) / 2 has the gradient x, whose norm over 4 pixels is 2 * x.
    score = lambda x: tf.reduce_sum(x**2, axis=[1, 2, 3]) / 2.0
    expected = np.mean([(2 * 2.5 - 1.0) ** 2, (2 * 1.0 - 1.0) ** 2])
    assert_allclose(gradient_penalty(score, real, fake, mixing)[0], expected, rtol=1e-5)


def test_a_flat_discriminator_pays_and_has_a_finite_gradient():
    weight = tf.Variable(0.0)
    ones = tf.ones((2, 2, 2, 1))
    with tf.GradientTape() as tape:
        score = lambda x: weight * tf.reduce_sum(x, axis=[1, 2, 3])
        penalty, _ = gradient_penalty(score, ones, ones, 0.5 * ones[:, :1, :1])
    assert_allclose(penalty, 1.0, rtol=1e-5)
    assert np.isfinite(tape.gradient(penalty, weight))
