"""The tasks in Keras as its examples are written: a `train_step` with two tapes, and `fit`."""

import keras
import tensorflow as tf
from keras import layers

from benchmarks.watch import Watch

MOMENTUM = 0.9
SLOPE = 0.2
# As keras.io's examples shuffle MNIST.
SHUFFLED = 1024


def generator(task):
    """Latents and one-hot labels [n, d] to images in [-1, 1]."""
    widths = task.generator_widths
    size = task.image_size // 2 ** len(widths)
    network = keras.Sequential(
        [
            keras.Input((task.config.latent_dim + task.num_classes,)),
            layers.Dense(size * size * widths[0], use_bias=False),
            layers.Reshape((size, size, widths[0])),
            layers.BatchNormalization(momentum=MOMENTUM),
            layers.ReLU(),
        ]
    )
    for width in widths[1:]:
        network.add(layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False))
        network.add(layers.BatchNormalization(momentum=MOMENTUM))
        network.add(layers.ReLU())
    network.add(layers.Conv2D(4 * task.channels, 3, padding="same"))
    network.add(layers.Lambda(lambda x: tf.nn.depth_to_space(x, 2)))
    network.add(layers.Activation("tanh"))
    return network


def discriminator(task):
    """Images, and one-hot labels [n, m, classes] if there are any, to scores [n, m] (or [n, 1])."""
    images = keras.Input((task.image_size, task.image_size, task.channels))
    x = images
    for width in task.discriminator_widths:
        x = layers.Conv2D(width, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(negative_slope=SLOPE)(x)
    features = layers.Flatten()(x)
    scores = layers.Dense(1, name="linear")(features)
    if not task.num_classes:
        return keras.Model(images, scores)
    # Not an Embedding: Adam squares the parts of its sparse gradient before it adds up those of a
    # label (Keras 3.15), which is another optimizer.
    one_hot = keras.Input((None, task.num_classes))
    affinities = layers.Dense(task.num_classes, use_bias=False, name="affinities")(features)
    return keras.Model([images, one_hot], scores + layers.Dot(axes=(2, 1))([one_hot, affinities]))


class Noise:
    def normal(self, *shape):
        return tf.random.normal(shape)

    def uniform(self, *shape):
        return tf.random.uniform(shape)

    def foreign(self, labels, num_classes):
        shift = tf.random.uniform(tf.shape(labels), 1, num_classes, labels.dtype)
        return (labels + shift) % num_classes


class TwoNetworks(keras.Model):
    """A generator and a discriminator, each with its optimizer and its mean loss."""

    def __init__(self, config, generator, discriminator):
        super().__init__()
        self.config, self.generator, self.discriminator = config, generator, discriminator
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self):
        super().compile()
        betas = {"beta_1": self.config.beta_1, "beta_2": self.config.beta_2}
        self.d_optimizer, self.g_optimizer = (
            keras.optimizers.Adam(rate, **betas)
            for rate in (
                self.config.discriminator_learning_rate,
                self.config.generator_learning_rate,
            )
        )
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]


class GAN(TwoNetworks):
    """The training step: the objective is that of the task's command.

    Args:
      task: benchmarks.tasks.Task.
      careful: bool. Real images are looked at once for both of their labels; else every pair of an
        image and a label goes through the discriminator by itself. Default False.
    """

    def __init__(self, task, careful=False):
        super().__init__(task.config, generator(task), discriminator(task))
        self.task, self.noise, self.careful = task, Noise(), careful

    def generated(self, labels):
        latents = self.noise.normal(self.config.batch_size, self.config.latent_dim)
        if labels is not None:
            latents = tf.concat([latents, tf.one_hot(labels, self.task.num_classes)], axis=1)
        return self.generator(latents, training=True)

    def scored(self, images, *labels):
        if not labels:
            return self.discriminator(images, training=True)
        one_hot = tf.one_hot(tf.stack(labels, axis=1), self.task.num_classes)
        return self.discriminator([images, one_hot], training=True)

    def slopes(self, images, *labels):
        """The gradient of each image's score."""
        with tf.GradientTape() as tape:
            tape.watch(images)
            scores = self.scored(images, *labels)
        return tape.gradient(scores, images)

    def real_gradient_penalty(self, images, *labels):
        """R1, in every so many iterations."""
        weight = self.config.real_gradient_weight / 2 * self.config.real_gradient_interval

        def penalty():
            squares = tf.reduce_sum(self.slopes(images, *labels) ** 2, axis=[1, 2, 3])
            return weight * tf.reduce_mean(squares)

        done = tf.convert_to_tensor(self.d_optimizer.iterations)
        due = tf.equal(done % self.config.real_gradient_interval, 0)
        return tf.cond(due, penalty, lambda: 0.0)

    def gradient_penalty(self, real_images, fake_images):
        mixing = self.noise.uniform(self.config.batch_size, 1, 1, 1)
        gradients = self.slopes(mixing * real_images + (1 - mixing) * fake_images)
        norms = tf.sqrt(tf.reduce_sum(gradients**2, axis=[1, 2, 3]) + 1e-12)
        return self.config.penalty_weight * tf.reduce_mean((norms - 1) ** 2)

    def update_discriminator(self, real_images, labels):
        own = () if labels is None else (labels,)
        weight = getattr(self.config, "mismatched_weight", 0.0)
        foreign = (self.noise.foreign(labels, self.task.num_classes),) if weight else ()
        fake_images = self.generated(labels)
        with tf.GradientTape() as tape:
            if self.careful or not foreign:
                real = self.scored(real_images, *own, *foreign)
            else:
                pairs = [self.scored(real_images, labels) for labels in (*own, *foreign)]
                real = tf.concat(pairs, axis=1)
            fake = self.scored(fake_images, *own)
            if self.task.system == "wgan_gp":
                loss = tf.reduce_mean(fake) - tf.reduce_mean(real)
                penalised = loss + self.gradient_penalty(real_images, fake_images)
            else:
                loss = tf.reduce_mean(tf.nn.softplus(-real[:, 0]))
                loss += (1 - weight) * tf.reduce_mean(tf.nn.softplus(fake))
                if weight:
                    loss += weight * tf.reduce_mean(tf.nn.softplus(real[:, 1]))
                penalised = loss + self.real_gradient_penalty(real_images, *own)
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(penalised, variables)
        self.d_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.d_loss_tracker.update_state(loss)

    def update_generator(self, labels):
        own = () if labels is None else (labels,)
        with tf.GradientTape() as tape:
            scores = self.scored(self.generated(labels), *own)
            if self.task.system == "wgan_gp":
                loss = -tf.reduce_mean(scores)
            else:
                loss = tf.reduce_mean(tf.nn.softplus(-scores))
        variables = self.generator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.g_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        self.g_loss_tracker.update_state(loss)

    def train_step(self, data):
        images, labels = data if isinstance(data, tuple) else (data, None)
        size = self.config.batch_size
        for step in range(self.config.discriminator_steps):
            part = slice(step * size, (step + 1) * size)
            own = None if labels is None else labels[part]
            self.update_discriminator(images[part], own)
        self.update_generator(own)
        return {metric.name: metric.result() for metric in self.metrics}


def fit(task, precision, windows, careful=False):
    """Trains until the windows are complete."""
    if precision != "float32":
        raise ValueError(f"precision must be float32, got {precision!r}.")
    images, labels = task.data()
    images = images.astype("float32") / 127.5 - 1.0
    dataset = tf.data.Dataset.from_tensor_slices(images if labels is None else (images, labels))
    dataset = dataset.shuffle(SHUFFLED).batch(task.images_per_iteration, drop_remainder=True)
    gan = GAN(task, careful)
    gan.compile()
    while not windows.complete:
        gan.fit(dataset, verbose=0, callbacks=[Watch(windows)])
