"""Pictures several times as large: SRResNet by pixel error, SRGAN with a discriminator as well.

The pixel error alone is least at the mean of all details that would be reduced to the same picture,
which is blur; the discriminator asks for one of them.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from models.game import Examples, Networks
from models.losses import Objective
from models.networks import AbstractNetwork, Bounded, DepthToSpace, refuse_others
from models.translation import AbstractTranslation, Pair

# What a pixel costs that differs by so much.
PIXEL_ERRORS = {"absolute": tf.abs, "squared": tf.square}
# Maps of the blocks, and behind each doubling.
WIDTHS = (64, 32, 16)


@keras.saving.register_keras_serializable("gan_apps")
class Enlarged(keras.layers.Layer):
    """Pictures [n, h, w, c], `scale` times as large, by straight lines between the pixels."""

    def __init__(self, scale: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, images: tf.Tensor) -> tf.Tensor:
        height, width = (
            side or tf.shape(images)[axis] for axis, side in enumerate(images.shape[1:3], 1)
        )
        return tf.image.resize(images, (self.scale * height, self.scale * width))

    def compute_output_shape(self, shape: tuple) -> tuple:
        n, height, width, channels = shape
        sides = (side and self.scale * side for side in (height, width))
        return (n, *sides, channels)

    def get_config(self) -> dict:
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable("gan_apps")
class Enlarger(AbstractNetwork):
    """SRResNet: {"sources": [n, h, w, c]} -> images [n, scale h, scale w, c], of any size.

    Residual blocks at the size of what is given, a doubling by sub-pixels for each factor of two,
    and what comes of it is added to the plainly enlarged picture. Two things are other than in the
    paper: there is no normalisation, which makes the range of a picture depend on what else is in
    its minibatch and costs accuracy (Lim et al. 2017, arXiv 1707.02921, section 3.1); and the sum
    with the plain enlargement leaves the blocks the detail alone, which they learn sooner (Kim et
    al. 2016, arXiv 1511.04587). While training images may be beyond [-1, 1].

    Args:
      scale: int. 2, 4 or 8. Default 4.
      channels: int. Default 3.
      widths: ints. Maps of the blocks, then behind each doubling; those that are not named are as
        the last one. Default (): WIDTHS.
      blocks: int. Default 10.
      smoothed: bool. Whether what a doubling makes is averaged over squares of 2x2, the zero-order
        hold of Sugawara et al. 2018 (arXiv 1806.02658): then sub-pixels that differ at every place
        by as much add no lattice to a picture, which a discriminator's slopes tempt them to.
        Default False.
      dtype: str. Keras dtype policy. Default "float32".

    Reference: Ledig et al. 2017 (arXiv 1609.04802), section 2.1.1.
    """

    def __init__(
        self,
        *,
        scale: int = 4,
        channels: int = 3,
        widths: Sequence[int] = (),
        blocks: int = 10,
        smoothed: bool = False,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        if scale not in (2, 4, 8):
            raise ValueError(f"scale must be 2, 4 or 8, got {scale}.")
        doublings = scale.bit_length() - 1
        taken = tuple(widths) or WIDTHS
        if len(taken) > 1 + doublings:
            raise ValueError(
                f"widths must be at most {1 + doublings} numbers for a scale of {scale}, got "
                f"{len(taken)}."
            )
        taken += taken[-1:] * (1 + doublings - len(taken))
        layers = keras.layers
        options: dict[str, Any] = {
            "padding": "same",
            "kernel_initializer": "he_normal",
            "dtype": dtype,
        }
        # Blocks, and the detail as a whole, begin near nothing: what is added is small.
        small = {**options, "kernel_initializer": keras.initializers.VarianceScaling(0.01)}
        sources = keras.Input((None, None, channels), name="sources")
        x = entrance = layers.Conv2D(taken[0], 3, **options)(sources)
        for _ in range(blocks):
            added = layers.ReLU(dtype=dtype)(layers.Conv2D(taken[0], 3, **options)(x))
            x = layers.Add(dtype=dtype)([x, layers.Conv2D(taken[0], 3, **small)(added)])
        x = layers.Add(dtype=dtype)([layers.Conv2D(taken[0], 3, **small)(x), entrance])
        for width in taken[1:]:
            x = DepthToSpace(2, dtype=dtype)(layers.Conv2D(4 * width, 3, **options)(x))
            if smoothed:
                x = layers.AveragePooling2D(2, strides=1, padding="same", dtype=dtype)(x)
            x = layers.ReLU(dtype=dtype)(x)
        detail = layers.Conv2D(channels, 3, **small)(x)
        plain = Enlarged(scale, dtype="float32")(sources)
        images = Bounded(dtype="float32", name="images")(
            layers.Add(dtype="float32")([plain, detail])
        )
        arguments = {
            "scale": scale,
            "channels": channels,
            "widths": list(widths),
            "blocks": blocks,
            "smoothed": smoothed,
            "dtype": dtype,
        }
        super().__init__({"sources": sources}, images, arguments, name)
        self.scale = scale


@keras.saving.register_keras_serializable("gan_apps")
class SRGAN(AbstractTranslation):
    """SRResNet, or SRGAN: min_G max_D E[log D(x)] + E[log(1 - D(G(s)))] + content.

    discriminator loss = (mean(real(D(x, s))) + mean(fake(D(G(s), s)))) / 2
    generator loss     = pixel_weight mean(error(x - G(s))) + feature_weight mean|f(x) - f(G(s))|
                         + adversarial_weight mean(generator(D(G(s), s)))

    f are the features below the discriminator's scores, each layer's mean apart, in the place of
    the paper's features of VGG19, which there are none of without a download (Wang et al. 2018,
    arXiv 1711.11585, section 3.2). Unlike the paper's, the discriminator scores patches and sees
    the plainly enlarged source beside the picture (Isola et al. 2017, arXiv 1611.07004).

    What is learned from are squares of examples, cut out, turned and mirrored anew at each sight;
    where there is a discriminator, it and its features see them moved by a few pixels as well.

    Args:
      networks: {"generator", "averaged_generator": Enlargers, "discriminator":
        models.translators.PatchDiscriminator}; the second where an average is wanted, the third
        where `adversarial_weight` is not 0.
      objective: models.losses.Objective. What a score costs.
      pixel_error: str. A key of PIXEL_ERRORS: the paper's is "squared"; the median that is best by
        "absolute", the default, keeps edges better than the mean (Lim et al. 2017, section 4.4).
      pixel_weight, feature_weight: float. Defaults 1 and 1.
      adversarial_weight: float. 0 for SRResNet. Default 1e-2.
      crop: int. The side, in pixels of the sources, of what is cut out; all of smaller ones.
        Default 24.
      **loop: as in models.translation.AbstractTranslation.

    Reference: Ledig et al. 2017 (arXiv 1609.04802).
    """

    cut = ("images", "sources")
    default_optimizer = {"class_name": "Adam", "config": {"learning_rate": 1e-4}}

    errors = ("pixel_error",)
    errors_seen = ("feature_cost",)

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        pixel_error: str = "absolute",
        pixel_weight: float = 1.0,
        feature_weight: float = 1.0,
        adversarial_weight: float = 1e-2,
        crop: int = 24,
        **loop: Any,
    ) -> None:
        super().__init__(
            networks, objective=objective, adversarial_weight=adversarial_weight, **loop
        )
        self.scale = networks["generator"].scale
        refuse_others("pixel_error", pixel_error, PIXEL_ERRORS)
        self.pixel_error = PIXEL_ERRORS[pixel_error]
        self.pixel_weight = pixel_weight
        self.feature_weight = feature_weight
        self.crop = crop
        if adversarial_weight:
            judge = self.networks["discriminator"]
            below = [
                layer.output for layer in judge.layers if isinstance(layer, keras.layers.LeakyReLU)
            ]
            # Held by its method: as a network of this one it would be saved a second time.
            self.features = keras.Model(judge.input, below).__call__

    def pair(self, minibatch: Examples) -> Pair:
        """(real, fake): squares of the same sources, with these plainly enlarged."""
        images, sources = self.squares(minibatch["images"], minibatch["sources"])
        fake = self.networks["generator"]({"sources": sources}, training=True)
        _, height, width, _ = images.shape
        plain = tf.image.resize(sources, (height, width))
        if self.adversarial_weight:
            images, fake, plain = self.moved(images, fake, plain)
        return {"images": images, "sources": plain}, {"images": fake, "sources": plain}

    def moved(self, *pictures: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Pictures [n, h, w, c], each moved round its borders by less than `scale`, all alike.

        A discriminator with strides looks at every second or fourth place in another way than at
        those between. Were these the same places of what is drawn at each sight, its slopes would
        draw their pattern into every picture, as a comb (Odena et al. 2016, "Deconvolution and
        Checkerboard Artifacts", distill.pub).
        """
        by = tf.cast(tf.floor(self.uniform((pictures[0].shape[0], 2)) * self.scale), tf.int32)
        for axis in (0, 1):
            pictures = tuple(_rolled(some, by[:, axis], axis + 1) for some in pictures)
        return pictures

    def squares(self, images: tf.Tensor, sources: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The same random square of each of two, in one of its eight symmetries."""
        count, *sides, _ = sources.shape
        side = min(self.crop, *sides)
        places, symmetries = self.uniform((count, 2)), self.uniform((count, 3, 1, 1, 1)) < 0.5
        for axis, length in enumerate(sides):
            first = tf.cast(tf.floor(places[:, axis] * (length - side + 1)), tf.int32)
            images = _cut(images, self.scale * first, self.scale * side, axis + 1)
            sources = _cut(sources, first, side, axis + 1)
        return _turned(images, symmetries), _turned(sources, symmetries)

    def error(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        error = tf.reduce_mean(self.pixel_error(real["images"] - fake["images"]))
        self.tell("pixel_error", error)
        cost = self.pixel_weight * error
        if self.adversarial_weight:
            seen = zip(self.features(real), self.features(fake), strict=True)
            features = [tf.reduce_mean(tf.abs(tf.cast(a - b, tf.float32))) for a, b in seen]
            feature_cost = tf.add_n(features) / len(features)
            self.tell("feature_cost", feature_cost)
            cost += self.feature_weight * feature_cost
        return cost


def _cut(pictures: tf.Tensor, first: tf.Tensor, length: int, axis: int) -> tf.Tensor:
    """`length` rows or columns of each picture, from its own `first` [n] on."""
    return tf.gather(pictures, first[:, None] + tf.range(length), axis=axis, batch_dims=1)


def _rolled(pictures: tf.Tensor, by: tf.Tensor, axis: int) -> tf.Tensor:
    """Each picture's rows or columns from its own `by` [n] on, behind them those before it."""
    length = pictures.shape[axis]
    return tf.gather(pictures, (by[:, None] + tf.range(length)) % length, axis=axis, batch_dims=1)


def _turned(pictures: tf.Tensor, symmetries: tf.Tensor) -> tf.Tensor:
    """Squares [n, s, s, c], mirrored each way and transposed where [n, 3, 1, 1, 1] says so."""
    for place, other in enumerate(
        (
            lambda some: some[:, ::-1],
            lambda some: some[:, :, ::-1],
            lambda some: tf.transpose(some, (0, 2, 1, 3)),
        )
    ):
        pictures = tf.where(symmetries[:, place], other(pictures), pictures)
    return pictures
