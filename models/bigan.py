"""BiGAN and ALI: a generator, and an encoder that comes to be its inverse.

Notation: x is a picture and z its code, p(z) the prior, E the encoder and G the generator. The
discriminator judges pairs, (x, E(x)) of a real picture and (G(z), z) of a drawn code:

    min_{G, E} max_D  E[log D(x, E(x))] + E[log(1 - D(G(z), z))]

At the best discriminator this is the Jensen-Shannon divergence of the two joint densities; where
they are equal E turns G around. G and E minimise with both labels turned, since what is left of the
gradient where D is sure is too little otherwise. In BiGAN the encoder is a function; in ALI it says
a mean and a deviation, and a code is drawn from it.

Reference: Donahue et al. 2017 (arXiv 1605.09782), equation 3 and section 3.4; Dumoulin et al. 2017
(arXiv 1606.00704), section 2.
"""

from typing import Any

import keras
import tensorflow as tf

from models.adversary import Adversary
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import Objective
from models.networks import SLOPE, AbstractNetwork, DiscriminatorBody, Generator
from models.normalization import SpectralDense
from models.vae import Encoder


@keras.saving.register_keras_serializable("gan_apps")
class JointDiscriminator(AbstractNetwork):
    """A picture and its code to their score.

    Inputs: {"images": float32 [n, image_size, image_size, channels], "latents": float32
    [n, latent_dim]}. Output: raw scores [n, 1].

    Args:
      latent_dim: int. Default 50.
      joint_width: int. Units that see the code, and as many that see it beside the picture's
        features. Default 512.
      **body: as in models.networks.DiscriminatorBody, which is what the picture goes through.
    """

    def __init__(
        self,
        *,
        latent_dim: int = 50,
        joint_width: int = 512,
        name: str | None = None,
        **body: Any,
    ) -> None:
        made = DiscriminatorBody(**body)
        layers, dtype = keras.layers, made.dtype
        dense = SpectralDense if made.normalization == "spectral" else layers.Dense
        images = made.input()
        latents = keras.Input((latent_dim,), name="latents")

        def seen(x: keras.KerasTensor) -> keras.KerasTensor:
            return layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(
                dense(joint_width, dtype=dtype)(x)
            )

        both = layers.Concatenate(dtype=dtype)([made.features(images), seen(latents)])
        scores = dense(1, name="scores", dtype="float32")(seen(both))
        arguments = {"latent_dim": latent_dim, "joint_width": joint_width, **made.arguments}
        super().__init__({"images": images, "latents": latents}, scores, arguments, name)


@keras.saving.register_keras_serializable("gan_apps")
class BiGAN(AbstractGame):
    """A generator and an encoder against a discriminator of pictures with their codes.

    discriminator loss        = mean(real(D(x, E(x)))) + mean(fake(D(G(z), z)))
    generator's and encoder's = mean(fake(D(x, E(x)))) + mean(real(D(G(z), z)))

    Args:
      networks: {"generator", "encoder", "discriminator"}: a models.networks.Generator, a
        models.vae.Encoder (with noise it is ALI's) and a JointDiscriminator, and the averages of
        the first two where they are wanted.
      objective: models.losses.Objective. The row that says what a score costs.
      discriminator_steps: int. Discriminator updates per iteration. Default 1.
      adversary: dict. As in models.adversary.Adversary. Default ().
      **loop: as in models.game.AbstractGame.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        discriminator_steps: int = 1,
        adversary: dict | tuple[()] = (),
        **loop: Any,
    ) -> None:
        super().__init__(networks, **loop)
        self.objective = objective
        self.discriminator_steps = discriminator_steps
        self.adversary = Adversary(self, "discriminator", objective, **dict(adversary))

    @property
    def players(self) -> tuple[Player, ...]:
        return (
            self.adversary.player(self.judged, columns=("images",), steps=self.discriminator_steps),
            Player(
                name="generator",
                networks=("generator", "encoder"),
                loss=self.turned,
                columns=("images",),
                through=("generator", "encoder", "discriminator", "discriminator"),
            ),
        )

    def coded(self, images: tf.Tensor) -> Examples:
        """Pictures with their codes."""
        code = self.networks["encoder"]({"images": images}, training=True)
        latents = code["mean"]
        if "log_deviation" in code:
            noise = self.noise(tf.random.stateless_normal, latents.shape)
            latents += tf.exp(code["log_deviation"]) * noise
        return {"images": images, "latents": latents}

    def drawn(self, asked: Examples) -> Examples:
        """Codes of the prior with their pictures."""
        del asked
        generator = self.networks["generator"]
        latents = self.latents(self.minibatch_size, generator.latent_dim)
        return {"images": generator({"latents": latents}, training=True), "latents": latents}

    def judged(self, minibatch: Examples) -> tf.Tensor:
        """What the discriminator minimises."""
        return self.adversary.loss(self.coded(minibatch["images"]), self.drawn)

    def turned(self, minibatch: Examples) -> tf.Tensor:
        """The same with both labels turned: what the generator and the encoder minimise."""
        objective, cost = self.objective, self.adversary.cost
        of_codes = cost(self.drawn(minibatch), price=lambda s: tf.reduce_mean(objective.real(s)))
        of_pictures = cost(
            self.coded(minibatch["images"]), price=lambda s: tf.reduce_mean(objective.fake(s))
        )
        return of_codes + of_pictures


@keras.saving.register_keras_serializable("gan_apps")
class Redrawn(AbstractNetwork):
    """Pictures to their code, its mean where it has noise, and back.

    Inputs: {"images": float32 [n, image_size, image_size, channels]}. Output: images of the same
    shape. Its weights are the encoder's, then the generator's.

    Args:
      encoder, generator: dicts. Arguments of a models.vae.Encoder and a models.networks.Generator.
      dtype: str. What both compute in. Default "float32".
    """

    def __init__(
        self, *, encoder: dict, generator: dict, dtype: str = "float32", name: str | None = None
    ) -> None:
        coder = Encoder(**{**encoder, "name": "encoder", "dtype": dtype})
        drawer = Generator(**{**generator, "name": "generator", "dtype": dtype})
        images = keras.Input(coder.input["images"].shape[1:], name="images")
        drawn = drawer({"latents": coder({"images": images})["mean"]})
        arguments = {"encoder": dict(encoder), "generator": dict(generator), "dtype": dtype}
        super().__init__({"images": images}, drawn, arguments, name)

    def code(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the encoder says of pictures: {"mean", and with noise "log_deviation"}."""
        return self.get_layer("encoder")({"images": images}, training=False)
