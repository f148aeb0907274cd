"""The fused batch normalisation is batch normalisation."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models.normalization import BatchNormalization

IMAGES = tf.random.stateless_normal((6, 5, 4, 3), seed=(1, 2)) * 2.0 + 1.0


def test_training_is_the_definition():
    layer = BatchNormalization(epsilon=1e-3)
    normalized = layer(IMAGES, training=True)
    mean = np.mean(IMAGES, axis=(0, 1, 2))
    variance = np.var(IMAGES, axis=(0, 1, 2))
    assert_allclose(normalized, (IMAGES - mean) / np.sqrt(variance + 1e-3), atol=1e-5)


def test_inference_is_keras_batch_normalization():
    ours, theirs = BatchNormalization(epsilon=1e-3), keras.layers.BatchNormalization(epsilon=1e-3)
    ours.build(IMAGES.shape)
    theirs.build(IMAGES.shape)
    values = [np.array([0.5, 1.0, 2.0]) * scale for scale in (1.0, 0.3, -0.7, 1.5)]
    ours.set_weights(values)
    theirs.set_weights(values)
    assert_allclose(ours(IMAGES, training=False), theirs(IMAGES, training=False), atol=1e-5)


def test_moving_statistics_follow_with_the_momentum():
    layer = BatchNormalization(momentum=0.75)
    layer(IMAGES, training=True)
    mean = np.mean(IMAGES, axis=(0, 1, 2))
    unbiased = np.var(np.reshape(IMAGES, (-1, 3)), axis=0, ddof=1)
    assert_allclose(layer.moving_mean, 0.25 * mean, rtol=1e-4)
    assert_allclose(layer.moving_variance, 0.75 + 0.25 * unbiased, rtol=1e-4)
    before = layer.get_weights()
    layer(IMAGES, training=False)
    for old, new in zip(before, layer.get_weights(), strict=True):
        assert_allclose(new, old, rtol=0, atol=0)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_weights_stay_float32_and_outputs_follow_the_policy(policy):
    layer = BatchNormalization(dtype=policy)
    normalized = layer(IMAGES, training=True)
    assert normalized.dtype == ("float32" if policy == "float32" else "bfloat16")
    assert {weight.dtype for weight in layer.weights} == {"float32"}
    assert layer(IMAGES, training=False).dtype == normalized.dtype
