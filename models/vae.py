"""The autoencoder and the variational autoencoder: pictures into a short code, and back.

Notation: x is a picture and z its code. An encoder says q(z|x) = N(mean, exp(log_deviation)**2),
each number of the code by itself, a generator p(x|z), and p(z) = N(0, I).

    -ELBO = E_q[-log p(x|z)] + KL(q(z|x) || p(z))

is at least -log p(x); the mean of more codes' weights p(x, z) / q(z|x) is nearer to p(x) than one.
All is in nats, summed over the pixels. Where the mean alone is the code, and the second term is
left out, it is a plain autoencoder.

Reference: Kingma & Welling 2014 (arXiv 1312.6114), equations 3, 7 and 10; Burda et al. 2016 (arXiv
1509.00519), equation 8, for the mean of several weights.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from models import replicas
from models.game import AbstractGame, Examples, Networks, Player
from models.networks import AbstractNetwork, DiscriminatorBody, GeneratorBody, refuse_others
from models.normalization import BatchNormalization

# Codes [k, n, d] -> log p(x|z) [k, n]; a shape and the number of a chunk -> normal numbers.
LogProbability = Callable[[tf.Tensor], tf.Tensor]
Noise = Callable[[tuple[int, ...], int], tf.Tensor]
# Of what draws from codes the name is a generator's, so that all that draws from latents does.
NETWORKS = ("encoder", "generator")
# A number of the code is used if its mean varies by more than this over the pictures (Burda et al.
# 2016, section 5.2).
ACTIVE = 0.01
LOG_2PI = math.log(2.0 * math.pi)
# Codes of a picture that are decoded at a time.
CHUNK = 50


def bernoulli(
    images: tf.Tensor, activations: tf.Tensor, log_deviation: tf.Tensor | None = None
) -> tf.Tensor:
    """log p of bits -1 and 1, each 1 with probability sigmoid(2 a): sum(a (x + 1) - softplus(2 a)).

    The mean of such a bit is tanh(a), which is the picture that is drawn. Between -1 and 1 it is
    the expectation over bits of which x is the mean.

    Args:
      images: float32 [..., h, w, c] in [-1, 1].
      activations: float32, the same shape. a.

    Returns:
      float32 [...].
    """
    del log_deviation
    terms = activations * (images + 1.0) - tf.nn.softplus(2.0 * activations)
    return tf.reduce_sum(terms, axis=(-3, -2, -1))


def gaussian(images: tf.Tensor, activations: tf.Tensor, log_deviation: tf.Tensor) -> tf.Tensor:
    """log of the density N(x; tanh(a), exp(log_deviation)**2) of each pixel, summed.

    Args:
      images, activations: as in `bernoulli`.
      log_deviation: float32 scalar, the same for all pixels.
    """
    distance = (images - tf.tanh(activations)) * tf.exp(-log_deviation)
    terms = -0.5 * (distance**2 + LOG_2PI) - log_deviation
    return tf.reduce_sum(terms, axis=(-3, -2, -1))


# log p(x|z) of a picture, given what the generator's tanh makes a picture of.
LIKELIHOODS = {"bernoulli": bernoulli, "gaussian": gaussian}


def divergence_from_prior(mean: tf.Tensor, log_deviation: tf.Tensor) -> tf.Tensor:
    """KL(N(m, s**2) || N(0, I)) = sum(m**2 + s**2 - 1 - log(s**2)) / 2, over the last axis."""
    terms = mean**2 + tf.exp(2.0 * log_deviation) - 1.0 - 2.0 * log_deviation
    return 0.5 * tf.reduce_sum(terms, axis=-1)


def log_weights(
    log_probability: LogProbability, mean: tf.Tensor, log_deviation: tf.Tensor, noise: tf.Tensor
) -> tf.Tensor:
    """log p(x|z) + log p(z) - log q(z|x) at the codes z = mean + exp(log_deviation) noise.

    Args:
      log_probability: function of codes float32 [k, n, d] -> log p(x|z) float32 [k, n].
      mean, log_deviation: float32 [n, d]. Of q.
      noise: float32 [k, n, d], normal.

    Returns:
      float32 [k, n].
    """
    codes = mean + tf.exp(log_deviation) * noise
    # Both densities have the same constant, and z - mean over the deviation is the noise.
    terms = 0.5 * (noise**2 - codes**2) + log_deviation
    return log_probability(codes) + tf.reduce_sum(terms, axis=-1)


def log_mean_exp(log_values: tf.Tensor) -> tf.Tensor:
    """log(mean(exp(v))) over the first axis."""
    count = tf.cast(tf.shape(log_values)[0], log_values.dtype)
    return tf.reduce_logsumexp(log_values, axis=0) - tf.math.log(count)


def log_likelihoods(
    log_probability: LogProbability,
    mean: tf.Tensor,
    log_deviation: tf.Tensor,
    noise: Noise,
    *,
    counts: Sequence[int],
    chunk: int = CHUNK,
) -> dict[int, tf.Tensor]:
    """log p(x) as importance weights tell it: E[log(mean(p(x, z_k) / q(z_k|x)))] over K codes.

    For K = 1 that is the ELBO; it grows with K, and log p(x) is its limit (Burda et al. 2016,
    theorem 1). As many codes are drawn as the largest K; for a smaller one the value is the mean
    over as many groups of them as there are, so that it grows for every picture.

    Args:
      log_probability, mean, log_deviation: as in `log_weights`.
      noise: function of a shape [k, n, d] and the number of the chunk -> normal numbers.
      counts: ints, each of which divides the largest. The K.
      chunk: int. Codes of a picture that are decoded at a time. Default CHUNK.

    Returns:
      {K: float32 [n]}.
    """
    most = max(counts)
    if odd := [count for count in counts if count < 1 or most % count]:
        raise ValueError(f"counts must divide the largest of them, {most}, got {odd[0]}.")
    weights = []
    for number, start in enumerate(range(0, most, chunk)):
        shape = (min(chunk, most - start), *mean.shape)
        weights.append(log_weights(log_probability, mean, log_deviation, noise(shape, number)))
    weights = tf.concat(weights, axis=0)
    # Groups of K weights each: [most / K, K, n].
    groups = {count: tf.reshape(weights, (most // count, count, -1)) for count in counts}
    return {
        count: tf.reduce_mean(log_mean_exp(tf.transpose(one, (1, 0, 2))), axis=0)
        for count, one in groups.items()
    }


@keras.saving.register_keras_serializable("gan_apps")
class Deviation(keras.layers.Layer):
    """Images as they are; beside them one number that is learned, the logarithm of a deviation."""

    def build(self, shape: tuple) -> None:
        self.log_deviation = self.add_weight(shape=(), initializer="zeros", name="log_deviation")

    def call(self, images: tf.Tensor) -> tf.Tensor:
        return tf.identity(images)

    def compute_output_shape(self, shape: tuple) -> tuple:
        return shape


@keras.saving.register_keras_serializable("gan_apps")
class Encoder(AbstractNetwork):
    """Pictures to the mean and the deviation of their codes, each a number of the code by itself.

    Inputs: {"images": float32 [n, image_size, image_size, channels] in [-1, 1]}. Output: {"mean":
    float32 [n, latent_dim], "log_deviation": the same}. Without noise there is a mean alone, whose
    numbers are normalised to mean 0 and variance 1 over the minibatch: nothing else would say how
    large codes are that one may draw from. A game that says it leaves them as they are.

    Args:
      latent_dim: int. Default 50.
      noise: bool. Whether codes have a deviation. Default True.
      levelled: bool. Whether means without deviations are normalised. Default True.
      **body: as in models.networks.DiscriminatorBody, which is what comes before.
    """

    def __init__(
        self,
        *,
        latent_dim: int = 50,
        noise: bool = True,
        levelled: bool = True,
        name: str | None = None,
        **body: Any,
    ) -> None:
        made = DiscriminatorBody(**body)
        images = made.input()
        features = made.features(images)
        dense = keras.layers.Dense
        outputs = {"mean": dense(latent_dim, name="mean", dtype="float32")(features)}
        if noise:
            head = dense(latent_dim, name="log_deviation", dtype="float32")
            outputs["log_deviation"] = head(features)
        elif levelled:
            # Not trainable: its scale and offset stay 1 and 0, and its statistics move.
            normalized = BatchNormalization(trainable=False, dtype="float32")
            outputs["mean"] = normalized(outputs["mean"])
        arguments = {"latent_dim": latent_dim, "noise": noise, **made.arguments}
        if not levelled:
            arguments["levelled"] = levelled
        super().__init__({"images": images}, outputs, arguments, name)
        self.has_noise = noise


@keras.saving.register_keras_serializable("gan_apps")
class CodeGenerator(AbstractNetwork):
    """Codes to pictures, the means of p(x|z).

    Inputs: {"latents": float32 [n, latent_dim]}. Output: images float32
    [n, image_size, image_size, channels] in [-1, 1].

    Args:
      latent_dim: int. Default 50.
      likelihood: str. A key of LIKELIHOODS. Default "bernoulli".
      **body: as in models.networks.GeneratorBody.
    """

    def __init__(
        self,
        *,
        latent_dim: int = 50,
        likelihood: str = "bernoulli",
        name: str | None = None,
        **body: Any,
    ) -> None:
        refuse_others("likelihood", likelihood, LIKELIHOODS)
        made = GeneratorBody(**{"normalization": "none", **body})
        latents = keras.Input((latent_dim,), name="latents")
        images = made.images([("normal", latents)])
        if likelihood == "gaussian":
            images = Deviation(name="deviation", dtype="float32")(images)
        arguments = {"latent_dim": latent_dim, "likelihood": likelihood, **made.arguments}
        super().__init__({"latents": latents}, images, arguments, name)
        self.latent_dim = latent_dim
        self.likelihood = likelihood
        # Held by its method: as a layer of this one it would be saved a second time.
        self.activations = keras.Model(latents, self.get_layer("images").input).__call__

    def observed(
        self, images: tf.Tensor, uniform: Callable[[Sequence[int]], tf.Tensor]
    ) -> tf.Tensor:
        """What of pictures in [-1, 1] the likelihood is of: for Bernoulli's, bits of that mean.

        Args:
          images: float32 [n, h, w, c].
          uniform: function of a shape -> uniform numbers in [0, 1).
        """
        if self.likelihood != "bernoulli":
            return images
        return tf.where(2.0 * uniform(images.shape) - 1.0 < images, 1.0, -1.0)

    def log_probability(self, images: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """log p(x|z) float32 [k, n] of images [n, h, w, c] given codes [k, n, latent_dim]."""
        k, n = codes.shape[:2]
        drawn = self.activations(tf.reshape(codes, (k * n, self.latent_dim)), training=True)
        activations = tf.reshape(tf.cast(drawn, tf.float32), (k, *images.shape))
        log_deviation = None
        if self.likelihood == "gaussian":
            log_deviation = tf.convert_to_tensor(self.get_layer("deviation").log_deviation)
        return LIKELIHOODS[self.likelihood](images, activations, log_deviation)


@keras.saving.register_keras_serializable("gan_apps")
class Reconstruction(AbstractNetwork):
    """Pictures to the mean of their code, and back.

    Inputs: {"images": float32 [n, image_size, image_size, channels]}. Output: images of the same
    shape. Its weights are the encoder's, then the generator's.

    Args:
      encoder, generator: dicts. Arguments of an Encoder and a CodeGenerator.
      dtype: str. What both compute in. Default "float32".
    """

    def __init__(
        self, *, encoder: dict, generator: dict, dtype: str = "float32", name: str | None = None
    ) -> None:
        parts = {
            "encoder": Encoder(**{**encoder, "name": "encoder", "dtype": dtype}),
            "generator": CodeGenerator(**{**generator, "name": "generator", "dtype": dtype}),
        }
        images = keras.Input(parts["encoder"].input["images"].shape[1:], name="images")
        code = parts["encoder"]({"images": images})["mean"]
        drawn = parts["generator"]({"latents": code})
        arguments = {"encoder": dict(encoder), "generator": dict(generator), "dtype": dtype}
        super().__init__({"images": images}, drawn, arguments, name)

    @property
    def encoder(self) -> Encoder:
        return self.get_layer("encoder")

    @property
    def generator(self) -> CodeGenerator:
        return self.get_layer("generator")

    def code(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the encoder says of what is observed of pictures: {"mean", "log_deviation"}."""
        return self.encoder({"images": images}, training=False)

    def log_likelihoods(
        self, images: tf.Tensor, noise: Noise, *, counts: Sequence[int]
    ) -> dict[int, tf.Tensor]:
        """`log_likelihoods` of images [n, h, w, c], bits where the likelihood is of such."""
        code = self.code(images)

        def log_probability(codes: tf.Tensor) -> tf.Tensor:
            return self.generator.log_probability(images, codes)

        return log_likelihoods(
            log_probability, code["mean"], code["log_deviation"], noise, counts=counts
        )


@keras.saving.register_keras_serializable("gan_apps")
class VAE(AbstractGame):
    """An encoder and a generator that explain pictures together: one player.

    loss = E_q[-log p(x|z)] + kl_weight KL(q(z|x) || p(z))

    and with K importance samples, -E_q[log(mean(p(x, z_k) / q(z_k|x)))]. Whether codes have noise
    the encoder says; without it, and without the second term, this is a plain autoencoder.

    Args:
      networks: {"encoder": Encoder, "generator": CodeGenerator}, and the average of each where one
        is wanted.
      kl_weight: float. Default 1.
      importance_samples: int. K, codes of a picture. Default 1.
      averaging_decay, seed: as in models.game.AbstractGame.
    """

    default_optimizer = {"class_name": "Adam", "config": {"learning_rate": 1e-3}}

    def __init__(
        self,
        networks: Networks,
        *,
        kl_weight: float = 1.0,
        importance_samples: int = 1,
        **loop: Any,
    ) -> None:
        super().__init__(networks, **loop)
        encoder = self.networks["encoder"]
        if kl_weight and not encoder.has_noise:
            raise ValueError(
                f"kl_weight must be 0 where codes have no noise, whose divergence from the prior "
                f"is infinite, got {kl_weight}."
            )
        if importance_samples > 1 and kl_weight != 1.0:
            raise ValueError(
                f"importance_samples must be 1 unless kl_weight is 1, got {importance_samples}."
            )
        self.kl_weight = kl_weight
        self.importance_samples = importance_samples

    @property
    def players(self) -> tuple[Player, ...]:
        figures = ("reconstruction", "kl", "active_units")
        return (
            Player(
                name="autoencoder",
                networks=NETWORKS,
                loss=self.unexplained,
                columns=("images",),
                figures=figures if self.networks["encoder"].has_noise else figures[:1],
                through=("encoder", *["generator"] * self.importance_samples),
            ),
        )

    def unexplained(self, minibatch: Examples) -> tf.Tensor:
        """Returns what of pictures is unexplained, in nats a picture; tells its two parts."""
        encoder, generator = (self.networks[name] for name in NETWORKS)
        # Bits are drawn anew whenever a picture is seen.
        images = generator.observed(minibatch["images"], self.uniform)
        code = encoder({"images": images}, training=True)
        mean = code["mean"]
        if not encoder.has_noise:
            unexplained = -tf.reduce_mean(generator.log_probability(images, mean[None]))
            self.tell("reconstruction", unexplained)
            return unexplained
        log_deviation = code["log_deviation"]
        explained = []

        def log_probability(codes: tf.Tensor) -> tf.Tensor:
            explained.append(generator.log_probability(images, codes))
            return explained[0]

        shape = (mean.shape[0], self.importance_samples, mean.shape[1])
        noise = tf.transpose(self.noise(tf.random.stateless_normal, shape), (1, 0, 2))
        weights = log_weights(log_probability, mean, log_deviation, noise)
        kl = tf.reduce_mean(divergence_from_prior(mean, log_deviation))
        unexplained = -tf.reduce_mean(explained[0])
        self.tell("reconstruction", unexplained)
        self.tell("kl", kl)
        self.tell("active_units", active_units(mean))
        if self.importance_samples > 1:
            return -tf.reduce_mean(log_mean_exp(weights))
        # The divergence is known, and need not be drawn.
        return unexplained + self.kl_weight * kl


def active_units(means: tf.Tensor) -> tf.Tensor:
    """How many numbers of the code vary with the picture: Cov_x(E[z|x]) > ACTIVE, over a minibatch.

    Args:
      means: float32 [n, d]. E[z|x] of this replica's pictures.

    Returns:
      float32 scalar.
    """
    centre = replicas.mean(tf.reduce_mean(means, axis=0))
    variance = replicas.mean(tf.reduce_mean((means - centre) ** 2, axis=0))
    return tf.reduce_sum(tf.cast(variance > ACTIVE, tf.float32))
