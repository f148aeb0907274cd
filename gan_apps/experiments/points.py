"""GANs on points of the plane or the line: data, narrow networks, training.

A point is an image of one pixel, [1, 1, coordinates], so that the suite's own models train on it
with their own loop. Several repetitions train side by side as one pair of networks: a minibatch
holds that of the first repetition, then that of the second, and a layer has one kernel for each.
They share nothing but the loss's mean, a factor that Adam and RMSprop do not see.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from scipy import optimize, spatial

from gan_apps.operating_system.progress import progress
from models.normalization import SpectrallyNormalized

ACTIVATIONS = {"relu": tf.nn.relu, "tanh": tf.tanh, "leaky_relu": tf.nn.leaky_relu}
# He et al. 2015 (arXiv 1502.01852).
RELU_GAIN = math.sqrt(2.0)


class StackedDense(keras.layers.Layer):
    """Dense layers side by side: [stack * n, inputs] -> [stack * n, units].

    Args:
      stack: int. How many.
      units: int.
      gain: float. Kernels begin normal with deviation gain / sqrt(inputs), biases at 0. Default
        RELU_GAIN.
    """

    def __init__(self, stack, units, gain=RELU_GAIN, **kwargs):
        super().__init__(**kwargs)
        self.stack, self.units, self.gain = stack, units, gain

    def build(self, shape):
        deviation = self.gain / shape[-1] ** 0.5
        self.kernels = self.add_weight(
            shape=(self.stack, shape[-1], self.units),
            initializer=keras.initializers.RandomNormal(stddev=deviation),
            name="kernels",
        )
        self.biases = self.add_weight(
            shape=(self.stack, 1, self.units), initializer="zeros", name="biases"
        )

    def call(self, rows):
        stacked = tf.reshape(rows, (self.stack, -1, rows.shape[-1]))
        outputs = tf.matmul(stacked, self.used_kernels()) + self.biases
        return tf.reshape(outputs, (-1, self.units))

    def used_kernels(self):
        return tf.convert_to_tensor(self.kernels)


class SpectralStackedDense(SpectrallyNormalized, StackedDense):
    """Stacked dense layers, each kernel divided by its own largest singular value."""

    def build(self, shape):
        super().build(shape)
        self.u = self.add_weight(
            shape=(self.stack, self.units), initializer="random_normal", trainable=False, name="u"
        )

    def power_iteration(self):
        left = tf.math.l2_normalize(tf.linalg.matvec(self.kernels, self.u), axis=-1)
        right = tf.linalg.matvec(self.kernels, left, transpose_a=True)
        self.u.assign(tf.math.l2_normalize(right, axis=-1))

    def used_kernels(self):
        kernels = tf.convert_to_tensor(self.kernels)
        u = tf.math.l2_normalize(self.u, axis=-1)
        v = tf.stop_gradient(tf.math.l2_normalize(tf.linalg.matvec(kernels, u), axis=-1))
        sigmas = tf.reduce_sum(v * tf.linalg.matvec(kernels, u), axis=-1)
        return kernels / sigmas[:, None, None]


class _Stacked(keras.Model):
    """Dense layers with an activation between them; the last has none."""

    def __init__(self, stack, widths, activation, dense=StackedDense):
        super().__init__()
        gain = 1.0 if activation == "tanh" else RELU_GAIN
        self.stack = stack
        self.activation = ACTIVATIONS[activation]
        self.body = [dense(stack, width, gain) for width in widths[:-1]]
        self.last = dense(stack, widths[-1], 1.0)

    def rows(self, rows):
        for layer in self.body:
            rows = self.activation(layer(rows))
        return self.last(rows)

    @property
    def layers(self):
        return [*self.body, self.last]


class PointGenerator(_Stacked):
    """{"latents": [stack * n, latent_dim]} -> points [stack * n, 1, 1, coordinates].

    Args:
      stack: int. Repetitions.
      latent_dim: int.
      widths: tuple of int. Of the hidden layers.
      coordinates: int. 2 for the plane.
      activation: str. A key of ACTIVATIONS. Default "relu".
    """

    def __init__(self, stack, latent_dim, widths, coordinates=2, activation="relu"):
        super().__init__(stack, (*widths, coordinates), activation)
        self.latent_dim = latent_dim
        self({"latents": tf.zeros((stack, latent_dim))})

    def call(self, inputs, training=False):
        return self.rows(inputs["latents"])[:, None, None, :]


class FixedGenerator(keras.Model):
    """{"latents": [stack * n, latent_dim]} -> points: a function that has nothing to learn.

    The generator of a model with generator_steps=0, whose discriminator alone is trained.

    Args:
      stack: int. Repetitions.
      latent_dim: int.
      points: function of latents [stack, n, latent_dim] -> points [stack, n, coordinates], so that
        each repetition can have a generator of its own.
    """

    def __init__(self, stack, latent_dim, points):
        super().__init__()
        self.stack, self.latent_dim, self.points = stack, latent_dim, points
        self.built = True

    def call(self, inputs, training=False):
        latents = tf.reshape(inputs["latents"], (self.stack, -1, self.latent_dim))
        points = self.points(latents)
        return tf.reshape(points, (-1, 1, 1, points.shape[-1]))


class PointDiscriminator(_Stacked):
    """{"images": points [stack * n, 1, 1, coordinates]} -> scores [stack * n, 1].

    Args:
      stack, widths, coordinates, activation: as for PointGenerator.
      spectral: bool. Whether every kernel is divided by its largest singular value.
    """

    def __init__(self, stack, widths, coordinates=2, activation="relu", spectral=False):
        dense = SpectralStackedDense if spectral else StackedDense
        super().__init__(stack, (*widths, 1), activation, dense)
        self({"images": tf.zeros((stack, 1, 1, coordinates))})

    def call(self, inputs, training=False):
        return self.rows(inputs["images"][:, 0, 0, :])


def train(model, data, iterations, minibatch_size, *, what, watch=None, watched=(), chunk=100):
    """Trains a compiled model of stacked point networks.

    Args:
      model: models.gan.AbstractGAN. Its discriminator alone is given data.
      data: function (count, key int64 [2]) -> float32 [count, coordinates], stateless.
      iterations: int.
      minibatch_size: int. Points per update of each repetition.
      what: str. The name in the progress bar.
      watch: function of the iterations done, called after each of `watched`.
      watched: ints in [0, iterations].
      chunk: int. Iterations per call into TensorFlow.
    """
    stack, steps = model.generator.stack, model.discriminator_steps
    count = stack * minibatch_size

    def run(first, last):
        for iteration in tf.range(first, last):
            key = tf.stack([tf.constant(model.seed, tf.int64), iteration])
            # Not the latents' keys, which count draws.
            points = data(steps * count, tf.bitwise.bitwise_xor(key, DATA_KEY))
            images = tf.reshape(points, (steps, count, 1, 1, points.shape[-1]))
            model.train_step({"discriminator": {"images": images}})

    # Traced here: TensorFlow takes a function for each training to be a fault, and says so.
    number = tf.TensorSpec((), tf.int64)
    run = tf.function(run).get_concrete_function(number, number)
    stops = sorted({iterations, *range(chunk, iterations, chunk), *(w for w in watched if w)})
    done = 0
    if watch is not None and 0 in watched:
        watch(0)
    for stop in progress(stops, what):
        run(tf.constant(done, tf.int64), tf.constant(stop, tf.int64))
        done = stop
        if watch is not None and stop in watched:
            watch(stop)


DATA_KEY = tf.constant([0x5EED, 0], tf.int64)


def samples(generator, count, seed):
    """Points [stack, count, coordinates] as NumPy, of every repetition from the same latents."""
    latents = tf.random.stateless_normal((count, generator.latent_dim), (seed, 1))
    points = generator({"latents": tf.tile(latents, (generator.stack, 1))}, training=False)
    return np.reshape(points, (generator.stack, count, -1))


def scores(discriminator, points):
    """Scores [stack, count] of points [count, coordinates] by every repetition's discriminator."""
    points = tf.tile(tf.cast(points, tf.float32), (discriminator.stack, 1))[:, None, None, :]
    return np.reshape(discriminator({"images": points}, training=False), (discriminator.stack, -1))


def earth_movers_distance(first, second):
    """W1 of two samples [n, coordinates] of equal size: the mean distance of the best pairs."""
    distances = spatial.distance.cdist(first, second)
    return float(distances[optimize.linear_sum_assignment(distances)].mean())


def ring(num_modes=8, radius=1.0):
    """Centres [num_modes, 2], equally spaced: the last is not the first again."""
    angles = 2.0 * np.pi * np.arange(num_modes) / num_modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid(side=5, spacing=2.0):
    """Centres [side**2, 2] around the origin."""
    steps = spacing * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def shuffled(samples):
    """The data of samples [stack, n, coordinates], for `train` with minibatches of n.

    Every minibatch is a whole sample in a new order, so that a penalty meets new pairs.
    """
    samples = tf.cast(samples, tf.float32)
    stack, size, coordinates = samples.shape

    def draw(count, key):
        shape = (count // (stack * size), stack, size)
        order = tf.argsort(tf.random.stateless_uniform(shape, key), axis=-1)
        repeated = tf.broadcast_to(samples, (shape[0], *samples.shape))
        points = tf.gather(repeated, order, axis=2, batch_dims=2)
        return tf.reshape(points, (count, coordinates))

    return draw


def gaussians(centres, deviation):
    """The data of equally likely round Gaussians, for `train`."""
    centres = tf.constant(centres, tf.float32)

    def draw(count, key):
        modes = tf.random.stateless_uniform((count,), key, 0, len(centres), tf.int32)
        noise = tf.random.stateless_normal((count, 2), key + 1)
        return tf.gather(centres, modes) + deviation * noise

    return draw


def swiss_roll(noise=0.02):
    """The data of a spiral with one and a half turns in [-1, 1]^2, for `train`."""

    def draw(count, key):
        # Uniform along the angle, as in scikit-learn's make_swiss_roll.
        angle = 1.5 * math.pi * (1.0 + 2.0 * tf.random.stateless_uniform((count,), key))
        points = tf.stack([angle * tf.cos(angle), angle * tf.sin(angle)], axis=1)
        return points / (4.5 * math.pi) + noise * tf.random.stateless_normal((count, 2), key + 1)

    return draw
