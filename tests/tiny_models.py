"""Models and data small enough to train in a test: random 8x8 images, of four labels or of none."""

import keras
import pytest
import tensorflow as tf

import models
from models.game import FOREIGN

NUM_CLASSES, COUNT = 4, 6
DIVERGENCES = {name: models.variational(row) for name, row in models.DIVERGENCES.items()}
MODELS = {
    "dcgan": models.DCGAN,
    "cgan": models.CGAN,
    "fgan": models.FGAN,
    "wgan": models.WGAN,
    "wgan_gp": models.WGANGP,
}
# Every algorithm with everything that it can minimise: each objective quickly once, and again with
# conditions in the slow tests.
CASES = (
    *(("dcgan", name) for name in models.OBJECTIVES),
    *(
        pytest.param("cgan", name, marks=[pytest.mark.slow] if name != "hinge" else [])
        for name in (*models.OBJECTIVES, *DIVERGENCES)
    ),
    *(("fgan", name) for name in DIVERGENCES),
    ("wgan", "wasserstein"),
    ("wgan_gp", "wasserstein"),
)
ALWAYS = {
    "discriminator_loss",
    "generator_loss",
    "discriminator_accuracy",
    "discriminator_gradient_norm",
    "generator_gradient_norm",
}
METRICS = {
    "wgan": {"wasserstein_estimate"},
    "wgan_gp": {"wasserstein_estimate", "gradient_norm"},
}


def metric_names(name):
    return ALWAYS | METRICS.get(name, set())


def built(
    name="cgan",
    objective=None,
    seed=0,
    jit_compile=False,
    policy="float32",
    normalization="none",
    generator_normalization="batch",
    **arguments,
):
    keras.utils.set_random_seed(seed)
    if name == "fgan":
        arguments["divergence"] = models.DIVERGENCES[objective or "jensen_shannon"]
    elif name in ("dcgan", "cgan"):
        row = objective or "non_saturating"
        arguments["objective"] = {**models.OBJECTIVES, **DIVERGENCES}[row]
    shape = {"image_size": 8}
    if name == "cgan":
        shape["condition"] = models.Condition("labels", (NUM_CLASSES,))
    networks = models.pair(
        generator={"latent_dim": 5, "widths": (8,), "normalization": generator_normalization},
        discriminator={"widths": (8, 8), "normalization": normalization},
        dtype=policy,
        **shape,
    )
    model = MODELS[name](networks, **{"discriminator_steps": 1, "seed": seed, **arguments})
    if normalization == "virtual_batch":
        model.set_reference(tf.random.stateless_uniform((64, 8, 8, 1), (0, 1), 0, 256, tf.int32))
    optimizers = {player.name: keras.optimizers.Adam(1e-3, 0.0) for player in model.players}
    model.compile(optimizers, jit_compile=jit_compile)
    return model


class FakeSample:
    """A fixed sample of which nothing is looked at: it has the figures that it is told."""

    def __init__(self, **figures):
        self.told = {"diversity": 0.9, "duplicates": 0.0, "kernel_distance": 1.0, **figures}

    def figures(self, generator):
        return self.told


def iteration(model, number):
    """Iteration `number` of a training: the same whichever was the first."""
    k, j = model.discriminator_steps, model.generator_steps

    def uniform(salt, shape, high):
        return tf.random.stateless_uniform(shape, (number, salt), 0, high, tf.int32)

    examples = {"images": tf.cast(uniform(1, (k, COUNT, 8, 8, 1), 256), tf.uint8)}
    if not model.conditions:
        return {"discriminator": examples, "generator": {}}
    labels = uniform(0, (k, COUNT), NUM_CLASSES)
    foreign = {f"{FOREIGN}labels": (labels + 1) % NUM_CLASSES}
    return {
        "discriminator": {**examples, "labels": labels, **foreign},
        "generator": {"labels": uniform(2, (j, COUNT), NUM_CLASSES)},
    }


def updated(model, name, number=0):
    """One update of the player `name`, on the first of its minibatches of iteration `number`."""
    (player,) = (player for player in model.players if player.name == name)
    model.minibatch_size = COUNT
    stacks = iteration(model, number)[name]
    model.update(player, {column: stack[0] for column, stack in stacks.items()})


def iterations(model, count, first=0):
    """A dataset of `count` iterations."""
    return tf.data.Dataset.range(first, first + count).map(lambda number: iteration(model, number))


def fitted(model, count=3, first=0):
    """Trains for `count` iterations with `fit`, in a graph."""
    return model.fit(iterations(model, count, first), shuffle=False, verbose=0)


def stepped(model, count=3, first=0):
    """Trains for `count` iterations without tracing them; returns the last logs."""
    for number in tf.range(first, first + count, dtype=tf.int64):
        logs = model.train_step(iteration(model, number))
    return {name: float(value) for name, value in logs.items()}


def descending(game):
    """A game whose players all go down the slope, in steps of SGD."""
    game.compile({player.name: "sgd" for player in game.players})
    return game


def step_on(game, data):
    """One iteration of a game whose players all see the same columns [n, ...]; returns its logs."""
    stacked = {column: values[None] for column, values in data.items()}
    logs = tf.function(game.train_step)({player.name: stacked for player in game.players})
    return {name: float(value) for name, value in logs.items()}
