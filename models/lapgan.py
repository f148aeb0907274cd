"""LAPGAN: a pyramid of GANs that draws coarse to fine.

Notation: x_k is a picture at level k, x_0 the whole; d halves a picture (the mean of 2x2 pixels), u
doubles it (each pixel four times). What the coarser level lacks is

    h_k = x_k - u(x_k+1),    x_k+1 = d(x_k),

so that x_k = u(x_k+1) + h_k, and the coarsest picture with all h_k is the pyramid of x_0. At the
coarsest level there is a plain GAN; at every other one a generator draws h_k from noise and from
l_k = u(x_k+1), and a discriminator judges l_k + h_k, knowing l_k. Levels are trained apart, each on
real l_k; a picture is drawn by all of them, each from what the coarser ones drew. With a condition
(CC-LAPGAN) all networks are told it.

Reference: Denton et al. 2015 (arXiv 1506.05751), section 3.
"""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from models.adversary import Adversary
from models.conditions import Condition
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import Objective
from models.networks import (
    DCGAN_INITIALIZER,
    MOMENTUM,
    AbstractNetwork,
    DiscriminatorBody,
    Generator,
    Projection,
    SpectralProjection,
    refuse_others,
)
from models.normalization import BatchNormalization, SpectralDense

NORMALIZATIONS = ("none", "batch")


def reduced(images: tf.Tensor) -> tf.Tensor:
    """d: float32 [n, 2 h, 2 w, c] to the means of 2x2 pixels [n, h, w, c]."""
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")


def enlarged(images: tf.Tensor) -> tf.Tensor:
    """u: float32 [n, h, w, c] with each pixel four times, [n, 2 h, 2 w, c]."""
    return tf.repeat(tf.repeat(images, 2, axis=1), 2, axis=2)


def pyramid(images: tf.Tensor, levels: int) -> list[tf.Tensor]:
    """The coarsest picture and then each h, coarse to fine: `put_together` is the inverse."""
    found = []
    for _ in range(levels - 1):
        coarse = reduced(images)
        found.append(images - enlarged(coarse))
        images = coarse
    return [images, *reversed(found)]


def put_together(levels: Sequence[tf.Tensor]) -> tf.Tensor:
    """A picture from the coarsest one and each h, coarse to fine."""
    images, *details = levels
    for detail in details:
        images = enlarged(images) + detail
    return images


def sides(image_size: int, levels: int) -> list[int]:
    """The side of the pictures of each level, coarse to fine.

    Raises:
      ValueError: the coarsest would have fewer than 8 pixels, or no multiple of 4.
    """
    found = [image_size // 2**level for level in reversed(range(levels))]
    if image_size % 2 ** (levels - 1) or found[0] < 8 or found[0] % 4:
        raise ValueError(
            f"levels must leave the coarsest pictures 8 pixels or more, a multiple of 4, of "
            f"{image_size}, got {levels}."
        )
    return found


@keras.saving.register_keras_serializable("gan_apps")
class DetailGenerator(AbstractNetwork):
    """Noise and an enlarged picture to what the picture lacks.

    Inputs: {"latents": float32 [n, latent_dim], "sources": float32 [n, image_size, image_size,
    channels]}, and with a condition its column. Output: float32 like the sources, in [-2, 2].
    Latents, and the condition, become a plane of the picture's size each.

    Args:
      latent_dim: int. Default 32.
      image_size, channels: ints. Default 28 and 1.
      widths: ints. Feature maps of the layers. Default (64, 64).
      normalization: str. One of NORMALIZATIONS. Default "batch".
      condition: models.conditions.Condition, its dict, or None (the default).
      dtype: str. Keras dtype policy. Default "float32".
    """

    def __init__(
        self,
        *,
        latent_dim: int = 32,
        image_size: int = 28,
        channels: int = 1,
        widths: Sequence[int] = (64, 64),
        normalization: str = "batch",
        condition: Condition | dict | None = None,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        refuse_others("normalization", normalization, NORMALIZATIONS)
        condition = Condition.of(condition)
        layers = keras.layers
        latents = keras.Input((latent_dim,), name="latents")
        sources = keras.Input((image_size, image_size, channels), name="sources")
        inputs = {"latents": latents, "sources": sources}
        vectors = [latents]
        if condition is not None:
            asked = condition.input()
            inputs[condition.column] = asked
            vectors.append(condition.vectors(asked, dtype))
        planes = [
            layers.Reshape((image_size, image_size, 1), dtype=dtype)(
                layers.Dense(image_size * image_size, dtype=dtype)(vector)
            )
            for vector in vectors
        ]
        x = layers.Concatenate(dtype=dtype)([sources, *planes])
        for width in widths:
            # A normalisation has an offset of its own.
            x = layers.Conv2D(
                width, 3, padding="same", use_bias=normalization == "none", dtype=dtype
            )(x)
            if normalization == "batch":
                x = BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
            x = layers.ReLU(dtype=dtype)(x)
        x = layers.Conv2D(
            channels, 3, padding="same", kernel_initializer=DCGAN_INITIALIZER, dtype=dtype
        )(x)
        x = layers.Activation("tanh", dtype="float32")(x)
        detail = layers.Rescaling(2.0, dtype="float32", name="detail")(x)
        arguments = {
            "latent_dim": latent_dim,
            "image_size": image_size,
            "channels": channels,
            "widths": list(widths),
            "normalization": normalization,
            "dtype": dtype,
        }
        if condition is not None:
            arguments["condition"] = condition.to_json()
        super().__init__(inputs, detail, arguments, name)
        self.latent_dim = latent_dim
        self.condition = condition


@keras.saving.register_keras_serializable("gan_apps")
class DetailDiscriminator(AbstractNetwork):
    """A picture, beside the enlarged one that it was drawn from, to its score.

    Inputs: {"images", "sources": float32 [n, image_size, image_size, channels]}, and with a
    condition its column, as in models.networks.Discriminator. Output: raw scores [n, m].

    Args:
      condition: models.conditions.Condition, its dict, or None (the default).
      channels: int. Of each of the two. Default 1.
      **body: as in models.networks.DiscriminatorBody.
    """

    def __init__(
        self,
        *,
        condition: Condition | dict | None = None,
        channels: int = 1,
        name: str | None = None,
        **body: Any,
    ) -> None:
        made = DiscriminatorBody(**body, channels=2 * channels)
        condition = Condition.of(condition)
        layers = keras.layers
        spectral = made.normalization == "spectral"
        shape = (made.image_size, made.image_size, channels)
        inputs = {name: keras.Input(shape, name=name) for name in ("images", "sources")}
        both = layers.Concatenate(dtype=made.dtype)([inputs["images"], inputs["sources"]])
        features = made.features(both)
        arguments = {**made.arguments, "channels": channels}
        if condition is None:
            dense = SpectralDense if spectral else layers.Dense
            scores = dense(1, name="scores", dtype="float32")(features)
        else:
            asked = condition.input(many=True)
            inputs[condition.column] = asked
            arguments["condition"] = condition.to_json()
            projection = SpectralProjection if spectral else Projection
            vectors = condition.vectors(asked, "float32")
            scores = projection(name="scores", dtype="float32")(features, vectors)
        super().__init__(inputs, scores, arguments, name)
        self.condition = condition


@keras.saving.register_keras_serializable("gan_apps")
class LAPGAN(AbstractGame):
    """A GAN at each level of a pyramid, all trained at once and apart.

    At each level
      discriminator loss = mean(real(D_k(x_k, l_k))) + mean(fake(D_k(l_k + G_k(z, l_k), l_k)))
      generator loss     = mean(generator(D_k(l_k + G_k(z, l_k), l_k)))
    and at the coarsest the same without l_k.

    Args:
      networks: {"generator_at_SIDE", "discriminator_at_SIDE"} for the side of each level, and the
        averages of the generators where they are wanted: at the coarsest a models.networks pair, at
        the others a DetailGenerator and a DetailDiscriminator.
      sides: ints, as `sides` gives them.
      objective: models.losses.Objective. The row that says what a score costs.
      discriminator_steps: int. Discriminator updates per iteration. Default 1.
      adversary: dict. As in models.adversary.Adversary, for each of them. Default ().
      **loop: as in models.game.AbstractGame.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        sides: Sequence[int],
        objective: Objective,
        discriminator_steps: int = 1,
        adversary: dict | tuple[()] = (),
        **loop: Any,
    ) -> None:
        super().__init__(networks, **loop)
        self.sides = tuple(sides)
        self.discriminator_steps = discriminator_steps
        self.adversaries = [
            Adversary(self, f"discriminator_at_{side}", objective, **dict(adversary))
            for side in self.sides
        ]

    @property
    def players(self) -> tuple[Player, ...]:
        found: list[Player] = []
        for side, adversary in zip(self.sides, self.adversaries, strict=True):
            condition = adversary.condition
            columns = ("images", *(() if condition is None else (condition.column,)))
            name = f"generator_at_{side}"
            found += [
                adversary.player(
                    functools.partial(self.judged, side, adversary),
                    columns=columns,
                    steps=self.discriminator_steps,
                ),
                Player(
                    name=name,
                    networks=(name,),
                    loss=functools.partial(self.seen, side, adversary),
                    columns=columns,
                    through=(name, adversary.name),
                ),
            ]
        return tuple(found)

    def real(self, side: int, minibatch: Examples) -> Examples:
        """Examples of a level: pictures of its side, and what is drawn from where it is finer."""
        images = minibatch["images"]
        while images.shape[1] > side:
            images = reduced(images)
        if side == self.sides[0]:
            return {**minibatch, "images": images}
        return {**minibatch, "images": images, "sources": enlarged(reduced(images))}

    def drawn(self, side: int, asked: Examples) -> Examples:
        """Examples generated at a level from fresh latents and all that is asked but pictures."""
        generator = self.networks[f"generator_at_{side}"]
        given = {name: values for name, values in asked.items() if name != "images"}
        latents = self.latents(self.minibatch_size, generator.latent_dim)
        images = generator({"latents": latents, **given}, training=True)
        return {**given, "images": given["sources"] + images if "sources" in given else images}

    def judged(self, side: int, adversary: Adversary, minibatch: Examples) -> tf.Tensor:
        """What a level's discriminator minimises."""
        draw = functools.partial(self.drawn, side)
        return adversary.loss(self.real(side, minibatch), draw)

    def seen(self, side: int, adversary: Adversary, minibatch: Examples) -> tf.Tensor:
        """What a level's generator minimises."""
        return adversary.cost(self.drawn(side, self.real(side, minibatch)))


@keras.saving.register_keras_serializable("gan_apps")
class Pyramid(AbstractNetwork):
    """Latents of all levels to a picture: the generators, each from what the coarser ones drew.

    Inputs: {"latents": float32 [n, the sum of theirs]}, and with a condition its column. Output:
    images float32 [n, image_size, image_size, channels] in [-1, 1]. Its weights are those of the
    generators, coarse to fine.

    Args:
      coarsest: dict. Arguments of a models.networks.Generator.
      details: list of dicts. Those of a DetailGenerator each, coarse to fine.
      condition: models.conditions.Condition, its dict, or None (the default): theirs.
      dtype: str. What all compute in. Default "float32".
    """

    def __init__(
        self,
        *,
        coarsest: dict,
        details: Sequence[dict],
        condition: dict | Condition | None = None,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        condition = Condition.of(condition)
        told = {} if condition is None else {"condition": condition.to_json()}
        kinds = [Generator, *[DetailGenerator] * len(details)]
        levels = [
            kind(**{**one, **told, "name": f"level_{number}", "dtype": dtype})
            for number, (kind, one) in enumerate(zip(kinds, (coarsest, *details), strict=True))
        ]
        sizes = [level.latent_dim for level in levels]
        latents = keras.Input((sum(sizes),), name="latents")
        inputs = {"latents": latents}
        if condition is not None:
            inputs[condition.column] = condition.input()
        images, first = None, 0
        for level, size in zip(levels, sizes, strict=True):
            taken = {**inputs, "latents": Part(first, size, dtype="float32")(latents)}
            if images is None:
                images = level(taken)
            else:
                sources = keras.layers.UpSampling2D(2, dtype="float32")(images)
                detail = level({**taken, "sources": sources})
                images = InRange(dtype="float32")(
                    keras.layers.Add(dtype="float32")([sources, detail])
                )
            first += size
        arguments = {"coarsest": dict(coarsest), "details": list(map(dict, details)), **told}
        super().__init__(inputs, images, {**arguments, "dtype": dtype}, name)
        self.latent_dim = sum(sizes)
        self.condition = condition


@keras.saving.register_keras_serializable("gan_apps")
class Part(keras.layers.Layer):
    """`size` numbers of vectors [n, d] from the number `first` on."""

    def __init__(self, first: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.size = first, size

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        return vectors[:, self.first : self.first + self.size]

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (shape[0], self.size)

    def get_config(self) -> dict:
        return {**super().get_config(), "first": self.first, "size": self.size}


@keras.saving.register_keras_serializable("gan_apps")
class InRange(keras.layers.Layer):
    """Pictures whose pixels are kept in [-1, 1]."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(images, -1.0, 1.0)

    def compute_output_shape(self, shape: tuple) -> tuple:
        return shape
