"""CycleGAN in Keras as its examples are written: a persistent tape, four optimizers."""

import keras
import tensorflow as tf
from keras import layers

from benchmarks.peers.keras_gan import SHUFFLED, SLOPE
from benchmarks.peers.keras_pix2pix import INITIALIZER, STRIDES, normalization
from benchmarks.watch import Watch


def padded(x, reach):
    """By reflection, as such examples write it."""
    edges = [[0, 0], [reach, reach], [reach, reach], [0, 0]]
    return layers.Lambda(lambda x: tf.pad(x, edges, mode="REFLECT"))(x)


def generator(task, careful):
    """Pictures to pictures in [-1, 1]: two halvings, residual blocks, two doublings."""
    options = {"kernel_initializer": INITIALIZER}
    inner = {"use_bias": False, **options}
    widths = task.generator_widths
    relu = lambda x: layers.ReLU()(normalization(careful)(x))
    pictures = keras.Input((task.image_size, task.image_size, task.channels))
    x = relu(layers.Conv2D(widths[-1], 7, **inner)(padded(pictures, 3)))
    for width in reversed(widths[:-1]):
        x = relu(layers.Conv2D(width, 3, strides=2, padding="same", **inner)(x))
    for _ in range(task.config.residual_blocks):
        added = relu(layers.Conv2D(widths[0], 3, **inner)(padded(x, 1)))
        added = layers.Conv2D(widths[0], 3, **inner)(padded(added, 1))
        x = layers.Add()([x, normalization(careful)(added)])
    for width in widths[1:]:
        x = relu(layers.Conv2DTranspose(width, 3, strides=2, padding="same", **inner)(x))
    x = layers.Conv2D(task.channels, 7, padding="same", **options)(x)
    return keras.Model(pictures, layers.Activation("tanh")(x))


def discriminator(task, careful):
    """Pictures to the scores of their patches."""
    options = {"padding": "same", "kernel_initializer": INITIALIZER}
    pictures = keras.Input((task.image_size, task.image_size, task.channels))
    x = pictures
    strides = STRIDES[task.config.patch]
    for depth, (width, stride) in enumerate(zip(task.discriminator_widths, strides, strict=True)):
        x = layers.Conv2D(width, 4, strides=stride, use_bias=not depth, **options)(x)
        if depth:
            x = normalization(careful)(x)
        x = layers.LeakyReLU(negative_slope=SLOPE)(x)
    return keras.Model(pictures, layers.Conv2D(1, 4, **options)(x))


def distance(one, other):
    return tf.reduce_mean(tf.abs(one - other))


def least_squares(scores, target):
    return tf.reduce_mean((scores - target) ** 2)


class CycleGAN(keras.Model):
    """The training step; like the examples it has no pool.

    Args:
      task: benchmarks.tasks.Task.
      careful: bool. Each tape sees what it is asked for alone, pictures go through a network
        together, and normalisation is by moments; else every network is called for everything by
        itself, on one tape for all four gradients. Default False.
    """

    def __init__(self, task, careful=False):
        super().__init__()
        self.config, self.careful = task.config, careful
        self.to_a, self.to_b = (generator(task, careful) for _ in range(2))
        self.judge_a, self.judge_b = (discriminator(task, careful) for _ in range(2))
        self.trackers = [keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")]

    @property
    def metrics(self):
        return self.trackers

    def compile(self):
        super().compile()
        betas = {"beta_1": self.config.beta_1, "beta_2": self.config.beta_2}
        drawing, judging = (
            self.config.generator_learning_rate,
            self.config.discriminator_learning_rate,
        )
        self.optimizers_of = [
            (network, keras.optimizers.Adam(rate, **betas))
            for network, rate in (
                (self.to_a, drawing),
                (self.to_b, drawing),
                (self.judge_a, judging),
                (self.judge_b, judging),
            )
        ]
        for network, optimizer in self.optimizers_of:
            optimizer.build(network.trainable_variables)

    def moved(self, place, gradients):
        network, optimizer = self.optimizers_of[place]
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    def told(self, judged, drawn):
        for tracker, value in zip(self.trackers, (judged, drawn), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def train_step(self, data):
        return self.careful_step(*data) if self.careful else self.plain_step(*data)

    def plain_step(self, a, b):
        config = self.config
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = self.to_b(a, training=True), self.to_a(b, training=True)
            again_a, again_b = self.to_a(fake_b, training=True), self.to_b(fake_a, training=True)
            same_a, same_b = self.to_a(a, training=True), self.to_b(b, training=True)
            real_a, real_b = self.judge_a(a, training=True), self.judge_b(b, training=True)
            score_a, score_b = (
                self.judge_a(fake_a, training=True),
                self.judge_b(fake_b, training=True),
            )
            cycle = config.cycle_weight * (distance(a, again_a) + distance(b, again_b))
            costs = [
                least_squares(score, 1.0) + cycle + config.identity_weight * distance(own, same)
                for score, own, same in ((score_a, a, same_a), (score_b, b, same_b))
            ]
            losses = [
                (least_squares(real, 1.0) + least_squares(fake, 0.0)) / 2.0
                for real, fake in ((real_a, score_a), (real_b, score_b))
            ]
        networks = [network for network, _ in self.optimizers_of]
        gradients = [
            tape.gradient(value, network.trainable_variables)
            for value, network in zip((*costs, *losses), networks, strict=True)
        ]
        for place, one in enumerate(gradients):
            self.moved(place, one)
        # The cycle is in both costs, once for each of the two that pay it.
        return self.told(2.0 * tf.add_n(losses), tf.add_n(costs) - cycle)

    def careful_step(self, a, b):
        config, count = self.config, a.shape[0]
        drawing = [
            variable.value
            for network in (self.to_a, self.to_b)
            for variable in network.trainable_variables
        ]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(drawing)
            of_b = self.to_b(tf.concat([a, b], 0), training=True)
            of_a = self.to_a(tf.concat([b, a], 0), training=True)
            fake_b, same_b, fake_a, same_a = of_b[:count], of_b[count:], of_a[:count], of_a[count:]
            again_a, again_b = self.to_a(fake_b, training=True), self.to_b(fake_a, training=True)
            cost = (
                least_squares(self.judge_a(fake_a, training=True), 1.0)
                + least_squares(self.judge_b(fake_b, training=True), 1.0)
                + config.cycle_weight * (distance(a, again_a) + distance(b, again_b))
                + config.identity_weight * (distance(a, same_a) + distance(b, same_b))
            )
        gradients = tape.gradient(cost, drawing)
        first = len(self.to_a.trainable_variables)
        judged = 0.0
        for place, network, real, fake in (
            (2, self.judge_a, a, fake_a),
            (3, self.judge_b, b, fake_b),
        ):
            variables = [variable.value for variable in network.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(variables)
                loss = (
                    least_squares(network(real, training=True), 1.0)
                    + least_squares(network(tf.stop_gradient(fake), training=True), 0.0)
                ) / 2.0
            self.moved(place, tape.gradient(loss, variables))
            judged += 2.0 * loss
        self.moved(0, gradients[:first])
        self.moved(1, gradients[first:])
        return self.told(judged, cost)


def fit(task, precision, windows, careful=False):
    """Trains until the windows are complete."""
    if precision != "float32":
        raise ValueError(f"precision must be float32, got {precision!r}.")
    images, _ = task.data()
    images = images.astype("float32") / 127.5 - 1.0
    half = len(images) // 2
    dataset = tf.data.Dataset.from_tensor_slices((images[:half], images[half:]))
    dataset = dataset.shuffle(SHUFFLED).batch(task.config.batch_size, drop_remainder=True)
    model = CycleGAN(task, careful)
    model.compile()
    while not windows.complete:
        model.fit(dataset, verbose=0, callbacks=[Watch(windows)])
