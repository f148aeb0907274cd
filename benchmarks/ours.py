"""The tasks as this project trains them."""

import dataclasses
import time

import keras
import numpy as np
import tensorflow as tf

import models
from benchmarks.peers import keras_io
from benchmarks.watch import Watch
from gan_apps import systems
from gan_apps.conditions import Labels
from gan_apps.data.columns import OF_SIDES, Data
from gan_apps.data.minibatches import minibatches
from gan_apps.games import two_players
from gan_apps.training import building
from models.conditions import OneHot
from models.convolutions import FewFiltersConv2D

# What keras.io's networks are asked by.
_LABELS = models.Condition("labels", (keras_io.NUM_CLASSES,))


def built(task, precision, count=None):
    """The compiled model of a task and the models.order.Minibatches that it learns from."""
    config = dataclasses.replace(task.config, precision=precision)
    images, labels = task.data(count)
    data = Data({"images": images})
    if labels is not None:
        names = tuple(str(label) for label in range(task.num_classes))
        data = Data({"images": images, "labels": labels}, Labels(names))
    if task.has_sources:
        data = Data({"images": images, "sources": task.sources(images)})
    if task.has_sides:
        sides = (np.arange(len(images)) >= len(images) // 2).astype(np.int32)
        data = Data({"images": images, OF_SIDES: sides})
    system = systems.find(task.system)
    model = _keras_io(config) if task.keras_io else building.build(system, config, data)
    order = minibatches(
        data, model.players, config.batch_size, config.seed, config.horizontal_flips
    )
    return model, order


def fit(task, precision, windows):
    """Trains until the windows are complete, an epoch after the other as `gan_apps.training`."""
    model, order = built(task, precision)
    while not windows.complete:
        model.fit(order, verbose=0, callbacks=[Watch(windows)])


def _keras_io(config):
    """keras.io's networks in our loop, with our loop's images in [-1, 1] and our convolution."""
    keras.utils.set_random_seed(config.seed)
    policy = two_players.POLICIES[config.precision]
    networks = {
        "generator": _keras_io_generator(policy),
        "averaged_generator": _keras_io_generator("float32"),
        "discriminator": _keras_io_discriminator(policy),
    }
    model = models.CGAN(
        networks,
        objective=two_players.objective(config),
        mismatched_weight=config.mismatched_weight,
        seed=config.seed,
    )
    rates = {
        "discriminator": config.discriminator_learning_rate,
        "generator": config.generator_learning_rate,
    }
    model.compile(
        {
            name: keras.optimizers.Adam(rate, config.beta_1, config.beta_2)
            for name, rate in rates.items()
        }
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
    network.latent_dim, network.condition = keras_io.LATENT_DIM, _LABELS
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
    network = keras.Model({"images": images, "labels": labels}, x)
    network.condition = _LABELS
    return network


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
    each image of one of the k minibatches, but where one drawing is both's, which is drawn once. A
    gradient penalty goes forward, back to the image, and through both again. In CycleGAN three
    pictures go forward and back through a translator for each real one.
    """
    if hasattr(model, "adversaries"):
        generator, discriminator = (
            forward_flops(model.networks[name]) for name in ("generator_a", "discriminator_a")
        )
        drawings = 3 if model.identity_weight else 2
        return 3 * drawings * generator + (2 * 3 + 2) * discriminator
    generator, discriminator = (
        forward_flops(model.networks[name]) for name in ("generator", "discriminator")
    )
    adversary = model.adversary
    penalties = float(adversary.penalty is not None)
    if adversary.real_gradient_weight:
        penalties += 1 / adversary.real_gradient_interval
    update = generator + (2 * 3 + 6 * penalties) * discriminator
    turn = 3 * generator + 2 * discriminator
    judge, drawer = model.players
    if judge.drawn is not None:
        update -= generator
    return update + turn * drawer.steps / judge.steps


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
