"""The recipe of keras.io's conditional_gan: wide transposed convolutions, labels as planes.

Networks, two-term loss, optimizer, batch and data are the example's
(https://keras.io/examples/generative/conditional_gan); the code is not. Its discriminator calls
generated images 1 and real ones 0.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.watch import Watch

LATENT_DIM = 128
IMAGE_SIZE, CHANNELS, NUM_CLASSES = 28, 1, 10
BATCH_SIZE = 64
LEARNING_RATE = 3e-4
SLOPE = 0.2
SHUFFLED = 1024


def generator_layers(last=layers.Conv2D, **options):
    """Latents beside a one-hot label, [n, 138], to images in [0, 1], the last step by `last`."""
    width = LATENT_DIM + NUM_CLASSES
    leaky = lambda: layers.LeakyReLU(negative_slope=SLOPE, **options)
    wide = lambda: layers.Conv2DTranspose(128, 4, strides=2, padding="same", **options)
    return [
        layers.Dense(7 * 7 * width, **options),
        leaky(),
        layers.Reshape((7, 7, width), **options),
        wide(),
        leaky(),
        wide(),
        leaky(),
        last(CHANNELS, 7, padding="same", **options),
        # In float32, as every last layer.
        layers.Activation("sigmoid", dtype="float32"),
    ]


def discriminator_layers(**options):
    """Images beside a plane for each label, [n, 28, 28, 11], to scores [n, 1]."""
    leaky = lambda: layers.LeakyReLU(negative_slope=SLOPE, **options)
    return [
        layers.Conv2D(64, 3, strides=2, padding="same", **options),
        leaky(),
        layers.Conv2D(128, 3, strides=2, padding="same", **options),
        leaky(),
        layers.GlobalMaxPooling2D(**options),
        layers.Dense(1, dtype="float32"),
    ]


class Noise:
    def normal(self, *shape):
        return tf.random.normal(shape)


class ConditionalGAN(keras.Model):
    """The example's model: the step sees float32 images and one-hot labels."""

    def __init__(self):
        super().__init__()
        self.noise = Noise()
        self.generator = keras.Sequential(
            [keras.Input((LATENT_DIM + NUM_CLASSES,)), *generator_layers()]
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input((IMAGE_SIZE, IMAGE_SIZE, CHANNELS + NUM_CLASSES)),
                *discriminator_layers(),
            ]
        )
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self):
        super().compile()
        self.d_optimizer = keras.optimizers.Adam(LEARNING_RATE)
        self.g_optimizer = keras.optimizers.Adam(LEARNING_RATE)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def generated(self, one_hot):
        latents = self.noise.normal(BATCH_SIZE, LATENT_DIM)
        return self.generator(tf.concat([latents, one_hot], axis=1))

    def train_step(self, data):
        real_images, one_hot = data
        planes = tf.tile(one_hot[:, None, None, :], [1, IMAGE_SIZE, IMAGE_SIZE, 1])
        ones, zeros = tf.ones((BATCH_SIZE, 1)), tf.zeros((BATCH_SIZE, 1))
        fake_pairs = tf.concat([self.generated(one_hot), planes], axis=-1)
        real_pairs = tf.concat([real_images, planes], axis=-1)
        with tf.GradientTape() as tape:
            scores = self.discriminator(tf.concat([fake_pairs, real_pairs], axis=0))
            d_loss = self.loss_fn(tf.concat([ones, zeros], axis=0), scores)
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(d_loss, variables)
        self.d_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        with tf.GradientTape() as tape:
            fake_pairs = tf.concat([self.generated(one_hot), planes], axis=-1)
            g_loss = self.loss_fn(zeros, self.discriminator(fake_pairs))
        variables = self.generator.trainable_variables
        gradients = tape.gradient(g_loss, variables)
        self.g_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}


def dataset(images, labels):
    """uint8 images and labels as the example feeds them; the incomplete minibatch is left out."""
    pairs = images.astype("float32") / 255.0, np.eye(NUM_CLASSES, dtype="float32")[labels]
    shuffled = tf.data.Dataset.from_tensor_slices(pairs).shuffle(SHUFFLED)
    return shuffled.batch(BATCH_SIZE, drop_remainder=True)


def fit(task, precision, windows):
    """Trains until the windows are complete."""
    if precision != "float32":
        raise ValueError(f"precision must be float32, got {precision!r}.")
    gan = ConditionalGAN()
    gan.compile()
    minibatches = dataset(*task.data())
    while not windows.complete:
        gan.fit(minibatches, verbose=0, callbacks=[Watch(windows)])
