"""Penalties of functions whose gradient is known."""

import numpy as np
import tensorflow as tf
from numpy.testing import assert_allclose

from models.penalties import real_gradient_penalty


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
