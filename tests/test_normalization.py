"""The fused batch normalisation is batch normalisation."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models.networks import SpectralProjection
from models.normalization import (
    REFERENCE_SIZE,
    BatchNormalization,
    DropReference,
    InstanceNormalization,
    PrependReference,
    SpectralConv2D,
    SpectralDense,
    VirtualBatchNormalization,
)

IMAGES = tf.random.stateless_normal((6, 5, 4, 3), seed=(1, 2)) * 2.0 + 1.0


def test_training_is_the_definition():
    layer = BatchNormalization(epsilon=1e-3)
    normalized = layer(IMAGES, training=True)
    mean = np.mean(IMAGES, axis=(0, 1, 2))
    variance = np.var(IMAGES, axis=(0, 1, 2))
    assert_allclose(normalized, (IMAGES - mean) / np.sqrt(variance + 1e-3), atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_an_instance_is_normalised_by_itself(training):
    layer = InstanceNormalization(epsilon=1e-5)
    layer.build(IMAGES.shape)
    layer.set_weights([np.array([0.5, 1.0, 2.0]), np.array([0.1, -0.2, 0.3])])
    mean = np.mean(IMAGES, axis=(1, 2), keepdims=True)
    deviation = np.sqrt(np.var(IMAGES, axis=(1, 2), keepdims=True) + 1e-5)
    expected = (IMAGES - mean) / deviation * [0.5, 1.0, 2.0] + [0.1, -0.2, 0.3]
    assert_allclose(layer(IMAGES), expected, atol=1e-5)
    # Neither how bright a channel is nor how much of it there is comes through, nor the others.
    changed = tf.concat([3.0 * IMAGES[:1] + 7.0, 0.0 * IMAGES[1:]], axis=0)
    assert_allclose(layer(changed)[0], layer(IMAGES)[0], atol=1e-4)
    assert [weight.trainable for weight in layer.weights] == [True, True]


def test_an_instance_s_statistics_are_float32_in_bfloat16():
    layer = InstanceNormalization(dtype="mixed_bfloat16")
    far = tf.cast(tf.random.stateless_normal((2, 8, 8, 3), (1, 2)) + 50.0, tf.bfloat16)
    normalized = layer(far)
    assert normalized.dtype == tf.bfloat16
    assert_allclose(np.var(np.float32(normalized), axis=(1, 2)), np.ones((2, 3)), atol=0.02)


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


def test_vectors_are_normalized_as_images_of_one_pixel():
    vectors = IMAGES[:, 0, 0]
    layer, other = BatchNormalization(), BatchNormalization()
    expected = other(vectors[:, None, None], training=True)[:, 0, 0]
    assert_allclose(layer(vectors, training=True), expected, rtol=1e-6)
    assert_allclose(layer.moving_variance, other.moving_variance)


@pytest.mark.parametrize("shape", [(5, 4, 3), (3,)])
def test_virtual_batch_normalization_is_its_definition(shape):
    examples = np.random.RandomState(0).normal(1.0, 2.0, (REFERENCE_SIZE + 3, *shape))
    layer = VirtualBatchNormalization(epsilon=1e-3)
    layer.build(examples.shape)
    gamma, beta = np.array([0.5, 1.0, 2.0]), np.array([0.3, 0.0, -1.0])
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    normalized = layer(tf.constant(examples, tf.float32), training=True).numpy()
    axes = tuple(range(len(shape)))
    reference = examples[:REFERENCE_SIZE]
    mean, variance = (f(reference, axis=axes) for f in (np.mean, np.var))
    scaled = lambda x, mean, variance: gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta
    assert_allclose(normalized[:REFERENCE_SIZE], scaled(reference, mean, variance), atol=1e-4)
    for number in range(REFERENCE_SIZE, REFERENCE_SIZE + 3):
        # The statistics of the reference batch and of the example itself, as one batch.
        together = np.concatenate([reference, examples[number : number + 1]])
        mean, variance = (f(together, axis=axes) for f in (np.mean, np.var))
        assert_allclose(normalized[number], scaled(examples[number], mean, variance), atol=1e-4)
    alone = layer(tf.constant(examples[REFERENCE_SIZE:], tf.float32), training=False)
    assert_allclose(alone, normalized[REFERENCE_SIZE:], atol=1e-4)


@pytest.mark.parametrize("kind", ["normal", "one_hot", "zeros"])
def test_a_reference_comes_and_goes_while_training(kind):
    before, after = PrependReference(kind), DropReference()
    examples = tf.ones((2, 3))
    together = before(examples, training=True)
    assert together.shape == (REFERENCE_SIZE + 2, 3)
    assert_allclose(together[:REFERENCE_SIZE], before.reference, atol=0)
    assert_allclose(after(together, training=True), examples, atol=0)
    assert before(examples, training=False) is examples
    assert after(examples, training=False) is examples
    assert before.trainable_weights == []
    deviation = {"normal": 1.0, "one_hot": (2 / 9) ** 0.5, "zeros": 0.0}[kind]
    assert_allclose(np.std(before.reference), deviation, atol=0.2)


def largest_singular_value(kernel):
    return np.linalg.svd(np.reshape(kernel, (-1, kernel.shape[-1])), compute_uv=False)[0]


@pytest.mark.parametrize("make", ["convolution", "dense", "projection"])
def test_sigma_is_that_of_the_singular_value_decomposition(make):
    if make == "convolution":
        layer = SpectralConv2D(7, 4, strides=2, padding="same")
        layer.build((None, 8, 8, 5))
    elif make == "dense":
        layer = SpectralDense(7)
        layer.build((None, 20))
    else:
        layer = SpectralProjection()
        layer.build((None, 20), (None, 1, 6))
    kernel = layer._whole_kernel
    exact = largest_singular_value(kernel.numpy())
    stored = kernel.numpy().copy()
    for _ in range(100):
        layer.power_iteration()
    assert_allclose(layer.sigma(kernel), exact, rtol=1e-2)
    assert_allclose(largest_singular_value(layer.divided(kernel).numpy()), 1.0, rtol=1e-2)
    assert_allclose(kernel, stored, rtol=0, atol=0)
    # One step of the power method never leads away from the largest value.
    before = float(layer.sigma(kernel))
    layer.power_iteration()
    assert float(layer.sigma(kernel)) >= before * (1 - 1e-6)


def test_spectral_convolution_is_a_convolution_with_the_divided_kernel():
    layer = SpectralConv2D(4, 3, padding="same", use_bias=False)
    layer.build(IMAGES.shape)
    layer.power_iteration()
    plain = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)
    plain.build(IMAGES.shape)
    plain.set_weights([layer._kernel.numpy() / float(layer.sigma(layer._kernel))])
    assert_allclose(layer(IMAGES), plain(IMAGES), atol=1e-5)
    # A convolution of twice the kernel is the same: only its direction counts.
    before = layer(IMAGES)
    layer._kernel.assign(2.0 * layer._kernel)
    assert_allclose(layer(IMAGES), before, atol=1e-5)


def test_spectral_dense_is_a_product_with_the_divided_kernel():
    layer = SpectralDense(4)
    layer.build((None, 5))
    layer.bias.assign([1.0, 2.0, 3.0, 4.0])
    inputs = tf.random.stateless_normal((3, 5), seed=(3, 4))
    kernel = layer._kernel.numpy() / float(layer.sigma(layer._kernel))
    assert_allclose(layer(inputs), inputs.numpy() @ kernel + [1, 2, 3, 4], atol=1e-5)


def test_gradients_flow_through_the_division():
    layer = SpectralConv2D(4, 3, use_bias=False)
    layer.build(IMAGES.shape)
    for _ in range(50):
        layer.power_iteration()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(IMAGES) ** 2)
    gradient = tape.gradient(loss, layer._kernel.value)
    # The loss does not depend on the kernel's length, so its gradient is orthogonal to the kernel.
    inner = tf.reduce_sum(gradient * layer._kernel)
    scale = tf.norm(gradient) * tf.norm(layer._kernel.value)
    assert_allclose(inner / scale, 0.0, atol=1e-3)


def test_u_is_a_weight_that_training_does_not_move():
    layer = SpectralConv2D(4, 3)
    layer.build(IMAGES.shape)
    assert any(weight is layer.u for weight in layer.non_trainable_weights)
    before = layer.u.numpy().copy()
    layer(IMAGES, training=True)
    assert_allclose(layer.u, before, atol=0)
