"""The adversarial loop, once.

An iteration is k discriminator updates on fresh real minibatches and fresh latents, then j
generator updates on fresh latents and fresh conditions (Goodfellow et al. 2014, algorithm 1; with
conditions, Reed et al. 2016, algorithm 1). All noise is drawn statelessly from [seed, draw number],
and the draw number is a saved variable: a restored model goes on with the noise it would have had.

Under a strategy of tf.distribute `train_step` runs on every replica with its part of the minibatch.
Noise is drawn for the whole minibatch, losses are means over it, and what else is computed from
those is the same on every replica: as many replicas as you like train the same networks.
"""

import abc

import keras
import tensorflow as tf

from models import penalties, replicas
from models.losses import attribute_cross_entropy
from models.normalization import BatchNormalization, PrependReference, SpectrallyNormalized

# How a minibatch names the condition of a real image that is not its own.
MISMATCHED = "mismatched_"


def _on_the_sphere(shape, key):
    normal = tf.random.stateless_normal(shape, key)
    return tf.math.l2_normalize(normal, axis=-1) * float(shape[-1]) ** 0.5


# What latents are drawn from: name -> function of a shape [n, latent_dim] and a key.
LATENT_DISTRIBUTIONS = {
    "normal": tf.random.stateless_normal,
    # The sphere of radius sqrt(latent_dim), near which normal latents lie.
    "spherical": _on_the_sphere,
    "uniform": lambda shape, key: tf.random.stateless_uniform(shape, key, -1.0, 1.0),
}


class _Mean(keras.metrics.Mean):
    """A running mean of what every replica has alike: it is read without asking the others."""

    def add_variable(self, *args, **kwargs):
        return super().add_variable(*args, **{**kwargs, "aggregation": "only_first_replica"})


class AbstractAdversarialModel(keras.Model, abc.ABC):
    """Two networks trained against each other; a subclass says only what each minimises.

    `fit` takes a dataset whose element is one iteration:
    `{"examples": {"images": uint8 or signed float32 [k, n, h, w, c], <condition>: [k, n, ...],
    "mismatched_<condition>": [k, n, ...]}, "conditions": {<condition>: [j, n, ...]}}`; a model
    without conditions gets the images alone.

    Args:
      generator: keras.Model. {"latents": [n, latent_dim], <condition>: [n]} -> images in [-1, 1].
      averaged_generator: keras.Model. The same network; it holds the moving average of the
        generator's weights and is what is sampled and exported.
      discriminator: keras.Model. {"images": [n, h, w, c], <condition>: [n, m]} -> scores [n, m] of
        each image with each of its m conditions ([n, 1] without conditions); or {"scores": those,
        "logits": those of its auxiliary classifier}.
      discriminator_steps: int. k, discriminator updates per iteration. Default 1.
      generator_steps: int. j, generator updates per iteration. Default 1.
      real_gradient_weight: float. gamma of R1, 0 for none. Default 0.
      real_gradient_interval: int. R1 is added in every so many iterations, weighted up in
        proportion (Karras et al. 2020, arXiv 1912.04958, "lazy regularization"). Default 16.
      penalty: str or None. A key of models.penalties.PENALTIES: the gradient penalty between real
        and generated images. Default None.
      penalty_weight: float. lambda of that penalty. Default 10.
      clip: float. Every discriminator weight is kept in [-clip, clip]; 0 for no clipping, the
        default.
      input_noise: float. Standard deviation of the Gaussian noise on every image that the
        discriminator is shown, at the first iteration. Default 0.
      input_noise_iterations: int. Iterations in which that noise falls linearly to 0. Default 1.
      initial_discriminator_steps: int. Discriminator updates before each of the first
        `initial_iterations` turns of the generator: a multiple of k, or 0 (the default) for k. An
        iteration stays k updates; the generator sits out those in between.
      initial_iterations: int. Default 25 (Gulrajani et al. 2017, released code: 100 updates each).
      classifier_weight: float. Weight of the auxiliary classifier's cross-entropy on real images,
        for a discriminator that has one; the generator's images pay half of it (Odena et al. 2017,
        arXiv 1610.09585). Default 0.
      latent_distribution: str. A key of LATENT_DISTRIBUTIONS. Default "normal".
      averaging_decay: float in [0, 1). Decay per iteration of the moving average. Default 0.999.
      seed: int. Seed of all noise. Default 0.
    """

    # Whether its examples and its generator have conditions.
    conditional = False
    # Whether its discriminator is also shown real images with conditions that are not theirs.
    mismatched = False

    def __init__(
        self,
        generator,
        averaged_generator,
        discriminator,
        *,
        discriminator_steps=1,
        generator_steps=1,
        real_gradient_weight=0.0,
        real_gradient_interval=16,
        penalty=None,
        penalty_weight=10.0,
        clip=0.0,
        input_noise=0.0,
        input_noise_iterations=1,
        initial_discriminator_steps=0,
        initial_iterations=25,
        classifier_weight=0.0,
        latent_distribution="normal",
        averaging_decay=0.999,
        seed=0,
    ):
        super().__init__()
        self.strategy = tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
        # Keras would reduce a minibatch of its strategy to one in order to build what is built.
        self._distribute_strategy = None
        if initial_discriminator_steps % discriminator_steps:
            raise ValueError(
                f"initial_discriminator_steps must be a multiple of discriminator_steps, "
                f"{discriminator_steps}, got {initial_discriminator_steps}."
            )
        looks_at_one_image = penalty is not None or real_gradient_weight
        if looks_at_one_image and _layers(discriminator, BatchNormalization):
            raise ValueError(
                "a gradient penalty takes the slope of one image's score, which batch "
                "normalisation in the discriminator makes depend on the whole minibatch."
            )
        self.generator = generator
        self.discriminator = discriminator
        self.averaged_generator = averaged_generator
        self.averaged_generator.trainable = False
        self.averaged_generator.set_weights(generator.get_weights())
        self.discriminator_steps = discriminator_steps
        self.generator_steps = generator_steps
        self.real_gradient_weight = real_gradient_weight
        self.real_gradient_interval = real_gradient_interval
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.clip = clip
        self.input_noise = input_noise
        self.input_noise_iterations = input_noise_iterations
        # Iterations to each turn of the generator at the start, and how many such turns.
        self.initial_turn = max(initial_discriminator_steps // discriminator_steps, 1)
        self.initial_iterations = initial_iterations
        self.classifier_weight = classifier_weight
        self.latent_distribution = latent_distribution
        self.averaging_decay = averaging_decay
        self.seed = seed
        self.spectral_layers = _layers(discriminator, SpectrallyNormalized)
        self.iteration = self._counter("iteration")
        self.draws = self._counter("draws")
        self.discriminator_loss_mean = _Mean(name="discriminator_loss")
        self.generator_loss_mean = _Mean(name="generator_loss")
        # mean(D(x)) - mean(D(G(z))): the earth mover's distance where D is kept Lipschitz.
        self.wasserstein_mean = _Mean(name="wasserstein_estimate")
        self.gradient_norm_mean = _Mean(name="gradient_norm")
        # What the auxiliary classifier makes of generated images.
        self.classifier_loss_mean = _Mean(name="classifier_loss")
        # What training is diagnosed by. The accuracy needs no threshold, which every objective has
        # elsewhere: it is the share of pairs of a real and a generated image that are told apart.
        self.accuracy_mean = _Mean(name="discriminator_accuracy")
        self.discriminator_norm_mean = _Mean(name="discriminator_gradient_norm")
        self.generator_norm_mean = _Mean(name="generator_gradient_norm")

    def compile(self, discriminator_optimizer, generator_optimizer, jit_compile=False):
        for layer in _layers(self.discriminator, PrependReference):
            if not tf.reduce_any(layer.reference != 0.0):
                raise ValueError(
                    "virtual batch normalisation has no reference batch yet; call set_reference "
                    "with real images before compile."
                )
        # optimizer=None: the default would be a third optimizer that is saved and never used.
        super().compile(optimizer=None, jit_compile=jit_compile)
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_optimizer = generator_optimizer
        # Built here and not at the first step, so that a saved state finds its slots.
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        generator_optimizer.build(self.generator.trainable_variables)
        self.built = True

    @property
    def metrics(self):
        metrics = [self.discriminator_loss_mean, self.generator_loss_mean]
        if self.penalty is not None or self.clip:
            metrics.append(self.wasserstein_mean)
        if self.penalty is not None:
            metrics.append(self.gradient_norm_mean)
        if self.classifier_weight:
            metrics.append(self.classifier_loss_mean)
        return [
            *metrics,
            self.accuracy_mean,
            self.discriminator_norm_mean,
            self.generator_norm_mean,
        ]

    @abc.abstractmethod
    def discriminator_loss(self, real_scores, fake_scores, mismatched_scores=None):
        """Returns the scalar the discriminator minimises.

        Args:
          real_scores: float32 [n]. Real images with their own conditions.
          fake_scores: float32 [n]. Generated images with the conditions they were asked for.
          mismatched_scores: float32 [n] or None. Real images with conditions that are not theirs;
            None in a model that is not `mismatched`.
        """

    @abc.abstractmethod
    def generator_loss(self, fake_scores):
        """Returns the scalar the generator minimises; fake_scores: float32 [n]."""

    def train_step(self, minibatches):
        examples, conditions = minibatches["examples"], minibatches["conditions"]
        minibatch_size = examples["images"].shape[1]
        for step in range(self.discriminator_steps):
            self._update_discriminator({name: stack[step] for name, stack in examples.items()})

        def update_generator():
            for step in range(self.generator_steps):
                self._update_generator(
                    {name: stack[step] for name, stack in conditions.items()}, minibatch_size
                )

        self._when_it_is_the_generators_turn(update_generator)
        self.iteration.assign_add(1)
        self._update_average()
        return {metric.name: metric.result() for metric in self.metrics}

    def make_train_function(self, force=False):
        """Under a strategy, one that calls `train_step` on every replica."""
        strategy = self.strategy
        if strategy is None:
            return super().make_train_function(force)
        if self.train_function is None or force:
            # Keras's own takes the mean of the logs over an axis that scalars do not have.
            @tf.function(autograph=False)
            def iteration(iterator):
                logs = strategy.run(self.train_step, (next(iterator),))
                # Alike on all.
                return {name: strategy.experimental_local_results(logs[name])[0] for name in logs}

            self.train_function = iteration
        return self.train_function

    def set_reference(self, images):
        """Gives the discriminator's virtual batch normalisation its reference batch.

        Args:
          images: uint8 [normalization.REFERENCE_SIZE, h, w, c]. Real images.
        """
        for layer in _layers(self.discriminator, PrependReference):
            layer.reference.assign(to_signed(images))

    def _when_it_is_the_generators_turn(self, update):
        if self.initial_turn == 1:
            update()
            return
        iteration = self.iteration.value
        begun = iteration >= self.initial_turn * self.initial_iterations
        tf.cond(begun | ((iteration + 1) % self.initial_turn == 0), update, lambda: None)

    def _update_discriminator(self, examples):
        real_images = self._shown(to_signed(examples["images"]))
        conditions = {
            name: values
            for name, values in examples.items()
            if name != "images" and not name.startswith(MISMATCHED)
        }
        # One pass over the real images scores them with their own and with a foreign condition.
        kinds = ("", MISMATCHED) if self.mismatched else ("",)
        pairs = {
            name: tf.stack([examples[kind + name] for kind in kinds], axis=1) for name in conditions
        }
        for layer in self.spectral_layers:
            layer.power_iteration()
        latents = self.latents(real_images.shape[0])
        fake_images = self._shown(self.generator({"latents": latents, **conditions}, training=True))
        with tf.GradientTape() as tape:
            real_scores, logits = self._judged(real_images, pairs)
            fake_scores, _ = self._scores(fake_images, conditions)
            mismatched_scores = real_scores[:, 1] if self.mismatched else None
            loss = self.discriminator_loss(real_scores[:, 0], fake_scores, mismatched_scores)
            penalised_loss = replicas.share(
                loss
                + self._real_gradient_term(real_images, conditions)
                + self._gradient_term(real_images, fake_images, conditions)
                + self.classifier_weight * self._classifier_loss(logits, conditions)
            )
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(penalised_loss, variables)
        self.discriminator_optimizer.apply(gradients, variables)
        if self.clip:
            for variable in variables:
                variable.assign(tf.clip_by_value(variable, -self.clip, self.clip))
        self.discriminator_loss_mean.update_state(replicas.mean(loss))
        self.discriminator_norm_mean.update_state(_norm(gradients))
        # One pair for each image: all pairs of a large minibatch would cost more than the update.
        told_apart = tf.cast(real_scores[:, 0] > fake_scores, tf.float32)
        self.accuracy_mean.update_state(replicas.mean(tf.reduce_mean(told_apart)))
        if self.wasserstein_mean in self.metrics:
            difference = tf.reduce_mean(real_scores[:, 0]) - tf.reduce_mean(fake_scores)
            self.wasserstein_mean.update_state(replicas.mean(difference))

    def _update_generator(self, conditions, minibatch_size):
        latents = self.latents(minibatch_size)
        with tf.GradientTape() as tape:
            fake_images = self.generator({"latents": latents, **conditions}, training=True)
            scores, logits = self._scores(self._shown(fake_images), conditions)
            loss = self.generator_loss(scores)
            classifier_loss = self._classifier_loss(logits, conditions)
            whole_loss = replicas.share(loss + self.classifier_weight / 2 * classifier_loss)
        variables = self.generator.trainable_variables
        gradients = tape.gradient(whole_loss, variables)
        self.generator_optimizer.apply(gradients, variables)
        self.generator_loss_mean.update_state(replicas.mean(loss))
        self.generator_norm_mean.update_state(_norm(gradients))
        if self.classifier_weight:
            self.classifier_loss_mean.update_state(replicas.mean(classifier_loss))

    def _shown(self, images):
        """Images as the discriminator is shown them: with the noise of this iteration."""
        if not self.input_noise:
            return images
        done = tf.cast(self.iteration.value, tf.float32) / self.input_noise_iterations
        deviation = self.input_noise * tf.nn.relu(1.0 - done)
        return images + deviation * self._noise(tf.random.stateless_normal, images.shape)

    def _scores(self, images, conditions):
        """Scores [n] of each image with its one condition, and the classifier's logits."""
        asked = {name: values[:, None] for name, values in conditions.items()}
        scores, logits = self._judged(images, asked)
        return scores[:, 0], logits

    def _judged(self, images, pairs):
        """Scores [n, m] of each image with each of m conditions, and logits of it or None."""
        outputs = self.discriminator({"images": images, **pairs}, training=True)
        return (
            (outputs["scores"], outputs["logits"]) if isinstance(outputs, dict) else (outputs, None)
        )

    def _classifier_loss(self, logits, conditions):
        if not self.classifier_weight:
            return 0.0
        return attribute_cross_entropy(logits, conditions["attributes"], self.discriminator.sizes)

    def _real_gradient_term(self, real_images, conditions):
        if not self.real_gradient_weight:
            return 0.0

        def penalty():
            weight = self.real_gradient_weight / 2 * self.real_gradient_interval
            score = lambda images: self._scores(images, conditions)[0]
            return weight * penalties.real_gradient_penalty(score, real_images)

        due = tf.equal(self.iteration.value % self.real_gradient_interval, 0)
        return tf.cond(due, penalty, lambda: 0.0)

    def _gradient_term(self, real_images, fake_images, conditions):
        if self.penalty is None:
            return 0.0
        mixing = self.uniform((real_images.shape[0], 1, 1, 1))
        score = lambda images: self._scores(images, conditions)[0]
        penalty, norms = penalties.gradient_penalty(
            score, real_images, fake_images, mixing, self.penalty
        )
        self.gradient_norm_mean.update_state(replicas.mean(tf.reduce_mean(norms)))
        return self.penalty_weight * penalty

    def _update_average(self):
        # A constant decay would show the blank initial generator for its first thousand iterations.
        iterations = tf.cast(self.iteration.value, tf.float32)
        decay = tf.minimum(self.averaging_decay, (1.0 + iterations) / (10.0 + iterations))
        for average, weight in zip(
            self.averaged_generator.weights, self.generator.weights, strict=True
        ):
            average.assign(weight + decay * (average - weight))

    def latents(self, count):
        """Latents [count, latent_dim], new at every call."""
        draw = LATENT_DISTRIBUTIONS[self.latent_distribution]
        return self._noise(draw, (count, self.generator.latent_dim))

    def uniform(self, shape):
        """Uniform numbers in [0, 1), new at every call."""
        return self._noise(tf.random.stateless_uniform, shape)

    def swapped(self, scores, other_scores, share):
        """Two sets of scores [n], a random share of whose pairs have changed places."""
        if not share:
            return scores, other_scores
        chosen = self.uniform(scores.shape) < share
        return tf.where(chosen, other_scores, scores), tf.where(chosen, scores, other_scores)

    def _noise(self, draw, shape):
        """Noise of `shape` [n, ...] from `draw` of a shape and a key, new at every call."""
        key = self._next_draw()
        return replicas.rows(lambda whole: draw(whole, key), shape)

    def _next_draw(self):
        self.draws.assign_add(1)
        return tf.stack([tf.constant(self.seed, tf.int64), self.draws.value])

    def _counter(self, name):
        return self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name=name
        )


def _norm(gradients):
    """The norm of a network's gradient; of several replicas the mean of the norms of their own."""
    return replicas.mean(replicas.count() * tf.linalg.global_norm(gradients))


def _layers(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


def to_signed(images):
    """uint8 images in [0, 255] as float32 in [-1, 1]; float images as they are."""
    if tf.as_dtype(images.dtype).is_floating:
        return images
    return tf.cast(images, tf.float32) / 127.5 - 1.0
