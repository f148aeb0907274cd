"""pix2pix in Keras as its examples are written: layers of Keras's own, a tape for each network."""

import keras
import tensorflow as tf
from keras import layers

from benchmarks.peers.keras_gan import SHUFFLED, SLOPE, TwoNetworks
from benchmarks.watch import Watch

INITIALIZER = keras.initializers.RandomNormal(stddev=0.02)
# The strides of the discriminator's layers below its scores, by what a score sees.
STRIDES = {"34": (2, 2, 1), "70": (2, 2, 2, 1)}


class InstanceNormalization(layers.Layer):
    """By moments, in one graph for all channels: what a careful writer puts for Keras's layer."""

    def build(self, shape):
        self.gamma = self.add_weight(shape=shape[-1:], initializer="ones")
        self.beta = self.add_weight(shape=shape[-1:], initializer="zeros")

    def call(self, images):
        mean, variance = tf.nn.moments(images, (1, 2), keepdims=True)
        return tf.nn.batch_normalization(images, mean, variance, self.beta, self.gamma, 1e-5)


def normalization(careful):
    if careful:
        return InstanceNormalization()
    # As many groups as channels.
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)


def generator(task, careful):
    """Sources to images in [-1, 1]: halvings, and doublings beside them."""
    options = {"padding": "same", "kernel_initializer": INITIALIZER}
    sources = keras.Input((task.image_size, task.image_size, 1))
    halvings, x = [], sources
    for depth, width in enumerate(reversed(task.generator_widths)):
        x = layers.Conv2D(width, 4, strides=2, use_bias=not depth, **options)(x)
        if depth:
            x = normalization(careful)(x)
        x = layers.LeakyReLU(negative_slope=SLOPE)(x)
        halvings.append(x)
    for depth, width in enumerate(task.generator_widths[1:]):
        x = layers.Conv2DTranspose(width, 4, strides=2, use_bias=False, **options)(x)
        x = normalization(careful)(x)
        if task.config.dropout and depth < 3:
            x = layers.Dropout(task.config.dropout)(x)
        x = layers.ReLU()(x)
        x = layers.Concatenate()([x, halvings[-2 - depth]])
    x = layers.Conv2D(4 * task.channels, 3, **options)(x)
    x = layers.Lambda(lambda x: tf.nn.depth_to_space(x, 2))(x)
    return keras.Model(sources, layers.Activation("tanh")(x))


def discriminator(task, careful):
    """Images and sources to the scores of their patches."""
    options = {"padding": "same", "kernel_initializer": INITIALIZER}
    size = (task.image_size, task.image_size)
    images, sources = keras.Input((*size, task.channels)), keras.Input((*size, 1))
    x = layers.Concatenate()([images, sources])
    strides = STRIDES[task.config.patch]
    for depth, (width, stride) in enumerate(zip(task.discriminator_widths, strides, strict=True)):
        x = layers.Conv2D(width, 4, strides=stride, use_bias=not depth, **options)(x)
        if depth:
            x = normalization(careful)(x)
        x = layers.LeakyReLU(negative_slope=SLOPE)(x)
    return keras.Model([images, sources], layers.Conv2D(1, 4, **options)(x))


class Pix2Pix(TwoNetworks):
    """The training step.

    Args:
      task: benchmarks.tasks.Task.
      careful: bool. Both networks learn from one drawing, and normalisation is by moments; else
        each draws for itself, and normalisation is Keras's. Default False.
    """

    def __init__(self, task, careful=False):
        super().__init__(task.config, generator(task, careful), discriminator(task, careful))
        self.careful = careful

    def update_discriminator(self, images, sources, drawn):
        with tf.GradientTape() as tape:
            real = self.discriminator([images, sources], training=True)
            fake = self.discriminator([tf.stop_gradient(drawn), sources], training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
            halved = loss / 2
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(halved, variables)
        self.d_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.d_loss_tracker.update_state(loss)

    def cost(self, images, sources, drawn):
        scores = self.discriminator([drawn, sources], training=True)
        l1 = tf.reduce_mean(tf.abs(images - drawn))
        return tf.reduce_mean(tf.nn.softplus(-scores)) + self.config.l1_weight * l1

    def update_generator(self, tape, loss):
        variables = self.generator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.g_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.g_loss_tracker.update_state(loss)

    def train_step(self, data):
        images, sources = data
        if not self.careful:
            self.update_discriminator(images, sources, self.generator(sources, training=True))
            with tf.GradientTape() as tape:
                loss = self.cost(images, sources, self.generator(sources, training=True))
            self.update_generator(tape, loss)
        else:
            variables = [variable.value for variable in self.generator.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                # Not the discriminator's, for which nobody asks here.
                tape.watch(variables)
                drawn = self.generator(sources, training=True)
            self.update_discriminator(images, sources, drawn)
            with tape:
                loss = self.cost(images, sources, drawn)
            self.update_generator(tape, loss)
        return {metric.name: metric.result() for metric in self.metrics}


def fit(task, precision, windows, careful=False):
    """Trains until the windows are complete."""
    if precision != "float32":
        raise ValueError(f"precision must be float32, got {precision!r}.")
    images, _ = task.data()
    pairs = tuple(
        values.astype("float32") / 127.5 - 1.0 for values in (images, task.sources(images))
    )
    dataset = tf.data.Dataset.from_tensor_slices(pairs)
    dataset = dataset.shuffle(SHUFFLED).batch(task.images_per_iteration, drop_remainder=True)
    model = Pix2Pix(task, careful)
    model.compile()
    while not windows.complete:
        model.fit(dataset, verbose=0, callbacks=[Watch(windows)])
