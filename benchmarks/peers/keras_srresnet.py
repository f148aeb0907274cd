"""SRResNet in Keras as its examples are written: compile, fit, and a tf.data of random crops."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.watch import Watch


def network(scale, channels, widths, blocks, policy):
    """The network of models.srgan.Enlarger, of Keras's own layers."""
    options = {"padding": "same", "kernel_initializer": "he_normal", "dtype": policy}
    small = {**options, "kernel_initializer": keras.initializers.VarianceScaling(0.01)}
    sources = keras.Input((None, None, channels))
    x = entrance = layers.Conv2D(widths[0], 3, **options)(sources)
    for _ in range(blocks):
        added = layers.Conv2D(widths[0], 3, activation="relu", **options)(x)
        x = layers.Add(dtype=policy)([x, layers.Conv2D(widths[0], 3, **small)(added)])
    x = layers.Add(dtype=policy)([layers.Conv2D(widths[0], 3, **small)(x), entrance])
    for width in widths[1:]:
        x = layers.Conv2D(4 * width, 3, **options)(x)
        x = layers.Lambda(lambda x: tf.nn.depth_to_space(x, 2), dtype=policy)(x)
        x = layers.ReLU(dtype=policy)(x)
    x = layers.Conv2D(channels, 3, **small)(x)
    plain = layers.UpSampling2D(scale, interpolation="bilinear", dtype="float32")(sources)
    return keras.Model(sources, layers.Add(dtype="float32")([plain, x]))


def squares(images, sources, crop, scale, batch_size, seed):
    """A tf.data.Dataset of (sources, images) of random crops, turned and mirrored."""

    def cut(large, small):
        top, left = (
            tf.random.uniform((), 0, side - crop + 1, tf.int32) for side in small.shape[:2]
        )
        small = small[top : top + crop, left : left + crop]
        large = large[scale * top : scale * (top + crop), scale * left : scale * (left + crop)]
        turns, mirrored = tf.random.uniform((), 0, 4, tf.int32), tf.random.uniform(()) < 0.5
        both = [tf.image.rot90(one, turns) for one in (small, large)]
        both = [
            tf.cond(mirrored, lambda one=one: one[:, ::-1], lambda one=one: one) for one in both
        ]
        shapes = [(crop, crop), (scale * crop, scale * crop)]
        return tuple(
            tf.ensure_shape(tf.cast(one, tf.float32) / 127.5 - 1.0, (*shape, one.shape[-1]))
            for one, shape in zip(both, shapes, strict=True)
        )

    dataset = tf.data.Dataset.from_tensor_slices((images, sources)).shuffle(len(images), seed)
    dataset = dataset.repeat().map(cut, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def built(task, policy, careful):
    """The compiled network of a task."""
    config = task.config
    model = network(config.scale, task.channels, task.widths, config.residual_blocks, policy)
    rate = keras.optimizers.schedules.PolynomialDecay(
        config.generator_learning_rate, task.iterations, 0.0
    )
    # The average of the weights, which ours keeps too: plain ones go without.
    average = {"use_ema": True, "ema_momentum": config.averaging_decay} if careful else {}
    optimizer = keras.optimizers.Adam(rate, beta_1=config.beta_1, beta_2=config.beta_2, **average)
    model.compile(optimizer, loss="mean_absolute_error", jit_compile=False)
    return model


def fit(task, policy, windows, careful=False):
    """Trains until the windows are complete."""
    model = built(task, policy, careful)
    images, sources = task.data()
    config = task.config
    dataset = squares(images, sources, config.crop, config.scale, config.batch_size, config.seed)
    model.fit(dataset, steps_per_epoch=10**6, verbose=0, callbacks=[Watch(windows)])
    return np.asarray(windows.speeds)
