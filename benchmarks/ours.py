"""The tasks as this project trains them."""

import dataclasses
import time

import keras
import numpy as np
import tensorflow as tf

import models
from benchmarks.peers import keras_io
from benchmarks.watch import Watch
from gan_apps.data import sources
from gan_apps.data.minibatches import Minibatches
from gan_apps.training import building
from models.convolutions import FewFiltersConv2D
from models.networks import OneHot


def built(task, precision, count=None):
    """The compiled model of a task and the minibatches that it learns from."""
    config = dataclasses.replace(task.config, precision=precision)
    pixels, labels = task.data(count)
    names = tuple(str(label) for label in range(task.num_classes))
    images = sources.Images(pixels, labels, names, "label" if names else None)
    minibatches = Minibatches(
        images,
        config.batch_size,
        config.discriminator_steps,
        config.generator_steps,
        config.seed,
        config.horizontal_flips,
    )
    make = _keras_io if task.keras_io else building.build
    return make(task.app, config, minibatches), minibatches


def fit(task, precision, windows):
    """Trains until the windows are complete, an epoch after the other as `gan_apps.training`."""
    model, minibatches = built(task, precision)
    epoch = 0
    while not windows.complete:
        model.fit(minibatches.epoch(epoch), shuffle=False, verbose=0, callbacks=[Watch(windows)])
        epoch += 1


def _keras_io(app, config, minibatches):
    """keras.io's networks in our loop, with our loop's images in [-1, 1] and our convolution."""
    keras.utils.set_random_seed(config.seed)
    policy = building.POLICIES[config.precision]
    model = models.MODELS[app](
        _keras_io_generator(policy),
        _keras_io_generator("float32"),
        _keras_io_discriminator(policy),
        objective=building.objective(config),
        mismatched_weight=config.mismatched_weight,
        seed=config.seed,
    )
    model.compile(
        *(
            keras.optimizers.Adam(rate, config.beta_1, config.beta_2)
            for rate in (config.discriminator_learning_rate, config.generator_learning_rate)
        )
    )
    return model


def _keras_io_generator(policy):
    latents = keras.Input((keras_io.LATENT_DIM,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    x = keras.layers.Concatenate()([latents, OneHot(keras_io.NUM_CLASSES)(labels)])
    for layer in keras_io.generator_layers(FewFiltersConv2D, dtype=policy):
        x = layer(x)
    x = keras.layers.Rescaling(2.0, -1.0)(x)
    network = keras.Model({"latents": latents, "labels": labels}, x)
    network.latent_dim = keras_io.LATENT_DIM
    return network


def _keras_io_discriminator(policy):
    size, classes = keras_io.IMAGE_SIZE, keras_io.NUM_CLASSES
    images = keras.Input((size, size, keras_io.CHANNELS), name="images")
    labels = keras.Input((1,), dtype="int32", name="labels")
    planes = keras.layers.Reshape((1, 1, classes))(OneHot(classes)(labels))
    planes = keras.layers.UpSampling2D(size)(planes)
    x = keras.layers.Concatenate()([keras.layers.Rescaling(0.5, 0.5)(images), planes])
    for layer in keras_io.discriminator_layers(dtype=policy):
        x = layer(x)
    return keras.Model({"images": images, "labels": labels}, x)


def forward_flops(network):
    """FLOPs of one image through the convolutions and dense layers of a network."""
    total = 0
    for layer in network.layers:
        if not hasattr(layer, "kernel"):
            continue
        per_position = 2 * np.prod(layer.kernel.shape, dtype=np.int64)
        positions = 1
        if isinstance(layer, keras.layers.Conv2DTranspose):
            # Each input position meets the whole kernel.
            positions = np.prod(layer.input.shape[1:3])
        elif isinstance(layer, keras.layers.Conv2D):
            positions = np.prod(layer.output.shape[1:3])
        total += int(per_position * positions)
    return total


def step_flops(model):
    """FLOPs of an iteration per real image, with R1 in its share of iterations.

    A backward pass costs as much again for the inputs' gradient and for the weights'. The
    discriminator's update draws an image, and takes both kinds forward and back; the generator's
    takes its own network forward and back, and the discriminator forward and back to the image, for
    each image of one of the k minibatches. A gradient penalty goes forward, back to the image, and
    through both again.
    """
    generator, discriminator = forward_flops(model.generator), forward_flops(model.discriminator)
    penalties = float(model.penalty is not None)
    if model.real_gradient_weight:
        penalties += 1 / model.real_gradient_interval
    update = generator + (2 * 3 + 6 * penalties) * discriminator
    turn = 3 * generator + 2 * discriminator
    return update + turn * model.generator_steps / model.discriminator_steps


def product_peak(dtype, size=2048, repeats=10):
    """FLOP/s of a square matrix product: the best of several."""
    matrix = tf.cast(tf.random.stateless_normal((size, size), (0, 1)), dtype)
    product = tf.function(lambda: tf.linalg.matmul(matrix, matrix))
    product()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        product().numpy()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds)
