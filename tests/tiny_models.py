"""Models and data small enough to train in a test: random 8x8 images of four labels."""

import keras
import tensorflow as tf

import models
from models import ConditionalDiscriminator, ConditionalGenerator

NUM_CLASSES, COUNT = 4, 6
EVERY_OBJECTIVE = {
    **models.OBJECTIVES,
    **{name: models.variational(row) for name, row in models.DIVERGENCES.items()},
}


def built(
    name="cgan",
    objective="non_saturating",
    seed=0,
    jit_compile=False,
    policy="float32",
    normalization="none",
    **loop,
):
    keras.utils.set_random_seed(seed)
    shape = {"num_classes": NUM_CLASSES, "image_size": 8}
    generator_shape = {**shape, "latent_dim": 5, "widths": (8, 8)}
    model = models.MODELS[name](
        ConditionalGenerator(**generator_shape, dtype=policy),
        ConditionalGenerator(**generator_shape),
        ConditionalDiscriminator(**shape, widths=(8, 8), normalization=normalization, dtype=policy),
        objective=EVERY_OBJECTIVE[objective],
        seed=seed,
        **loop,
    )
    model.compile(
        keras.optimizers.Adam(1e-3, 0.0), keras.optimizers.Adam(1e-3, 0.0), jit_compile=jit_compile
    )
    return model


def iterations(model, count, first=0):
    """A dataset of `count` iterations; iteration i is the same whatever `first` is."""
    k, j = model.discriminator_steps, model.generator_steps

    def iteration(step):
        uniform = lambda salt, shape, high: tf.random.stateless_uniform(
            shape, (step, salt), 0, high, tf.int32
        )
        labels = uniform(0, (k, COUNT), NUM_CLASSES)
        return {
            "examples": {
                "images": tf.cast(uniform(1, (k, COUNT, 8, 8, 1), 256), tf.uint8),
                "labels": labels,
                "mismatched_labels": (labels + 1) % NUM_CLASSES,
            },
            "conditions": {"labels": uniform(2, (j, COUNT), NUM_CLASSES)},
        }

    return tf.data.Dataset.range(first, first + count).map(iteration)


def fitted(model, count=3, first=0):
    return model.fit(iterations(model, count, first), shuffle=False, verbose=0)
