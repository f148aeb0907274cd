"""The convolution that is evaluated by the columns of its kernel."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models.convolutions import FewFiltersConv2D, ReflectionPadding


def slopes(layer, images, weighting):
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(layer(images) * weighting)
    return tape.gradient(loss, [images, *layer.trainable_variables])


@pytest.mark.parametrize("kernel_size", [7, 4, (3, 5), 1])
@pytest.mark.parametrize("filters", [1, 3])
def test_it_is_the_convolution_and_so_are_its_gradients(kernel_size, filters):
    random = np.random.RandomState(0)
    images = tf.constant(random.randn(2, 9, 6, 5), tf.float32)
    weighting = tf.constant(random.randn(2, 9, 6, filters), tf.float32)
    plain = keras.layers.Conv2D(filters, kernel_size, padding="same", bias_initializer="ones")
    ours = FewFiltersConv2D.from_config(plain.get_config())
    expected = plain(images)
    ours.build(images.shape)
    ours.set_weights(plain.get_weights())
    np.testing.assert_allclose(ours(images), expected, atol=1e-5)
    for mine, theirs in zip(
        slopes(ours, images, weighting), slopes(plain, images, weighting), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_in_bfloat16_it_is_as_near_to_the_exact_sum_as_the_convolution():
    random = np.random.RandomState(1)
    images = tf.constant(random.randn(4, 12, 12, 32), tf.float32)
    exact, rounded, ours = (
        kind(1, 7, padding="same", dtype=dtype)
        for kind, dtype in (
            (keras.layers.Conv2D, "float32"),
            (keras.layers.Conv2D, "mixed_bfloat16"),
            (FewFiltersConv2D, "mixed_bfloat16"),
        )
    )
    exact.build(images.shape)
    errors = []
    for layer in (rounded, ours):
        layer.build(images.shape)
        layer.set_weights(exact.get_weights())
        assert layer(images).dtype == tf.bfloat16
        difference = tf.cast(layer(images), tf.float32) - exact(images)
        errors.append(float(tf.reduce_mean(difference**2) ** 0.5))
    assert errors[1] < 1.5 * errors[0]


@pytest.mark.parametrize(
    ("option", "value"), [("strides", 2), ("dilation_rate", 2), ("padding", "valid"), ("groups", 3)]
)
def test_what_it_does_not_compute_is_refused(option, value):
    with pytest.raises(ValueError, match=option):
        FewFiltersConv2D(3, 3, **{option: value})


def test_borders_reflect_what_is_within():
    row = tf.reshape(tf.range(4.0), (1, 1, 4, 1)) + tf.reshape(10.0 * tf.range(3.0), (1, 3, 1, 1))
    padded = ReflectionPadding(2)(row)
    assert_allclose(padded[0, 2, :, 0], [2, 1, 0, 1, 2, 3, 2, 1])
    assert_allclose(padded[0, :, 2, 0], [20, 10, 0, 10, 20, 10, 0])
