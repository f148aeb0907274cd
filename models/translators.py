"""Networks that draw a picture from a picture, and those that judge one beside the other.

What is given is "sources", float32 [n, image_size, image_size, source_channels] in [-1, 1]; what is
drawn has the same size. Each network is a keras.Model with a functional body, as in
models.networks. Normalisation is of each picture by itself, so that what is drawn does not depend
on what else is.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras

from models.convolutions import FewFiltersConv2D, ReflectionPadding
from models.dropout import Dropout
from models.networks import (
    DCGAN_INITIALIZER,
    SLOPE,
    AbstractNetwork,
    Bounded,
    DepthToSpace,
    halvings,
    refuse_others,
    refuse_size,
)
from models.normalization import InstanceNormalization, SpectralConv2D

# What is normalised in a translator, and in a discriminator of patches.
TRANSLATOR_NORMALIZATIONS = ("none", "instance")
PATCH_NORMALIZATIONS = ("none", "instance", "spectral")
# The side of what a discriminator's score sees -> the strides of the layers below it. Kernels are 4
# wide, or 1 where it sees a single pixel; the layer that scores has stride 1 (Isola et al. 2017,
# section 6.1.2, who has 286 for 256x256 pictures too).
PATCHES = {1: (1, 1), 16: (2, 1), 34: (2, 2, 1), 70: (2, 2, 2, 1)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Translator:
    """What is between the picture that is given and the one that is drawn.

    Args:
      body: (sources, channels, widths, blocks, normalization, dropout, dtype) -> what the last
        activation makes the picture of, [n, image_size, image_size, channels].
      widths: image_size -> ints. Maps of the layers that are drawn with, coarse to fine.
      whole: int. How many of those layers, the finest, are as large as the picture.
    """

    body: Callable
    widths: Callable
    whole: int


def _normalized(x: keras.KerasTensor, normalization: str, dtype: str) -> keras.KerasTensor:
    return InstanceNormalization(dtype=dtype)(x) if normalization == "instance" else x


def _unet(
    sources: keras.KerasTensor,
    channels: int,
    widths: Sequence[int],
    blocks: int,
    normalization: str,
    dropout: float,
    dtype: str,
) -> keras.KerasTensor:
    """Halvings and doublings, each of these beside what the halving of its size has seen.

    Reference: Ronneberger et al. 2015 (arXiv 1505.04597); Isola et al. 2017, section 6.1.1.
    """
    layers = keras.layers
    options = {"padding": "same", "kernel_initializer": DCGAN_INITIALIZER, "dtype": dtype}
    halvings = []
    x = sources
    for depth, width in enumerate(reversed(widths)):
        # A normalisation has an offset of its own; neither is for the first layer.
        plain = normalization == "none" or not depth
        x = layers.Conv2D(width, 4, strides=2, use_bias=plain, **options)(x)
        x = x if plain else _normalized(x, normalization, dtype)
        x = layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
        halvings.append(x)
    for depth, width in enumerate(widths[1:]):
        x = layers.Conv2DTranspose(
            width, 4, strides=2, use_bias=normalization == "none", **options
        )(x)
        x = _normalized(x, normalization, dtype)
        if dropout and depth < 3:
            x = Dropout(dropout, dtype=dtype)(x)
        x = layers.ReLU(dtype=dtype)(x)
        x = layers.Concatenate(dtype=dtype)([x, halvings[-2 - depth]])
    # The last doubling by sub-pixels, as in models.networks.
    return DepthToSpace(2, dtype=dtype)(layers.Conv2D(4 * channels, 3, **options)(x))


def _residual(
    sources: keras.KerasTensor,
    channels: int,
    widths: Sequence[int],
    blocks: int,
    normalization: str,
    dropout: float,
    dtype: str,
) -> keras.KerasTensor:
    """Two halvings, blocks that add to what they are given, two doublings.

    Reference: Johnson et al. 2016 (arXiv 1603.08155); Zhu et al. 2017 (arXiv 1703.10593),
    appendix 7.2.
    """
    layers = keras.layers
    options: dict[str, Any] = {"kernel_initializer": DCGAN_INITIALIZER, "dtype": dtype}
    inner = {"use_bias": normalization == "none", **options}
    padded = lambda x, reach: ReflectionPadding(reach, dtype=dtype)(x)
    normalized = lambda x: layers.ReLU(dtype=dtype)(_normalized(x, normalization, dtype))
    x = normalized(layers.Conv2D(widths[-1], 7, **inner)(padded(sources, 3)))
    for width in reversed(widths[:-1]):
        x = normalized(layers.Conv2D(width, 3, strides=2, padding="same", **inner)(x))
    for _ in range(blocks):
        added = normalized(layers.Conv2D(widths[0], 3, **inner)(padded(x, 1)))
        if dropout:
            added = Dropout(dropout, dtype=dtype)(added)
        added = layers.Conv2D(widths[0], 3, **inner)(padded(added, 1))
        x = layers.Add(dtype=dtype)([x, _normalized(added, normalization, dtype)])
    for width in widths[1:]:
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same", **inner)(x)
        x = normalized(x)
    return FewFiltersConv2D(channels, 7, **options)(x)


TRANSLATORS = {
    "unet": Translator(
        body=_unet,
        widths=lambda image_size: tuple(
            min(32 * 2**depth, 112) for depth in reversed(range(halvings(image_size)))
        ),
        whole=0,
    ),
    "residual": Translator(body=_residual, widths=lambda image_size: (96, 48, 24), whole=1),
}


@keras.saving.register_keras_serializable("gan_apps")
class PictureTranslator(AbstractNetwork):
    """A picture to a picture: {"sources": [n, h, w, s]} -> images [n, h, w, c] in [-1, 1].

    Args:
      image_size: int, 8 or more and divisible by 4. Default 64.
      source_channels: int. Of what is given. Default 1.
      channels: int. Of what is drawn. Default 3.
      translator: str. A key of TRANSLATORS. Default "unet".
      widths: ints. Maps of the layers, coarse to fine: in a "unet" each is twice as large as the
        one before it, and the drawn picture twice as large as the last; in a "residual" the last is
        as large as the picture. Default (): what the translator takes for the size.
      blocks: int. Of a "residual". Default 6.
      normalization: str. One of TRANSLATOR_NORMALIZATIONS. Default "instance".
      dropout: float in [0, 1). In training, of a "unet"'s first three doublings, and within the
        blocks of a "residual". Default 0.5.
      adds: bool. Whether what it makes is added to the given picture, which has as many channels
        then: a picture is left as it is but for what there is to change. While training images
        may be beyond [-1, 1] then. Default False.
      dtype: str. Keras dtype policy. Default "float32".
    """

    def __init__(
        self,
        *,
        image_size: int = 64,
        source_channels: int = 1,
        channels: int = 3,
        translator: str = "unet",
        widths: Sequence[int] = (),
        blocks: int = 6,
        normalization: str = "instance",
        dropout: float = 0.5,
        adds: bool = False,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        refuse_others("translator", translator, TRANSLATORS)
        refuse_others("normalization", normalization, TRANSLATOR_NORMALIZATIONS)
        refuse_size(image_size)
        row = TRANSLATORS[translator]
        taken = tuple(widths) or row.widths(image_size)
        if image_size % 2 ** (len(taken) - row.whole):
            most = halvings(image_size) + row.whole
            raise ValueError(
                f"widths must be at most {most} numbers for pictures of {image_size}x{image_size}, "
                f"got {len(widths)}."
            )
        if adds and source_channels != channels:
            raise ValueError(
                f"channels must be source_channels={source_channels} to add to what is given, got "
                f"{channels}."
            )
        sources = keras.Input((image_size, image_size, source_channels), name="sources")
        x = row.body(sources, channels, taken, blocks, normalization, dropout, dtype)
        if adds:
            drawn = keras.layers.Add(dtype="float32")([sources, x])
            images = Bounded(dtype="float32", name="images")(drawn)
        else:
            images = keras.layers.Activation("tanh", dtype="float32", name="images")(x)
        arguments = {
            "image_size": image_size,
            "source_channels": source_channels,
            "channels": channels,
            "translator": translator,
            "widths": list(widths),
            "blocks": blocks,
            "normalization": normalization,
            "dropout": dropout,
            "adds": adds,
            "dtype": dtype,
        }
        super().__init__({"sources": sources}, images, arguments, name)


@keras.saving.register_keras_serializable("gan_apps")
class PatchDiscriminator(AbstractNetwork):
    """Every patch of a picture beside what it was drawn from, to a score of its own.

    Inputs: {"images": [n, h, w, c], "sources": [n, h, w, s]}. Output: raw scores [n, 1, p, q], of
    p x q patches that overlap.

    Args:
      image_size: int, 8 or more and divisible by 4. Default 64.
      source_channels, channels: int. Defaults 1 and 3. No source channels: the picture alone is
        judged, and there is no input "sources".
      patch: int. The side of what a score sees, a key of PATCHES. Default 34.
      widths: ints. Maps of the layers below the scores, fine to coarse, one for each of PATCHES.
        Default (): 32, doubled up to 128.
      normalization: str. One of PATCH_NORMALIZATIONS; the first layer has none. Default "instance".
      dtype: str. Keras dtype policy. Default "float32".

    Reference: Isola et al. 2017 (arXiv 1611.07004), section 6.1.2.
    """

    def __init__(
        self,
        *,
        image_size: int = 64,
        source_channels: int = 1,
        channels: int = 3,
        patch: int = 34,
        widths: Sequence[int] = (),
        normalization: str = "instance",
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        refuse_others("patch", patch, PATCHES)
        refuse_others("normalization", normalization, PATCH_NORMALIZATIONS)
        refuse_size(image_size)
        strides = PATCHES[patch]
        if widths and len(widths) != len(strides):
            raise ValueError(
                f"widths must be {len(strides)} numbers with patches of {patch}, got {len(widths)}."
            )
        taken = widths or tuple(min(32 * 2**depth, 128) for depth in range(len(strides)))
        convolution = SpectralConv2D if normalization == "spectral" else keras.layers.Conv2D
        kernel = 1 if patch == 1 else 4
        options = {"padding": "same", "kernel_initializer": DCGAN_INITIALIZER}
        size = (image_size, image_size)
        images = keras.Input((*size, channels), name="images")
        inputs = {"images": images}
        x = images
        if source_channels:
            inputs["sources"] = keras.Input((*size, source_channels), name="sources")
            x = keras.layers.Concatenate(dtype=dtype)([images, inputs["sources"]])
        for depth, (width, stride) in enumerate(zip(taken, strides, strict=True)):
            normalize = depth and normalization == "instance"
            x = convolution(
                width, kernel, strides=stride, use_bias=not normalize, dtype=dtype, **options
            )(x)
            x = _normalized(x, normalization, dtype) if normalize else x
            x = keras.layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
        x = convolution(1, kernel, dtype="float32", **options)(x)
        scores = keras.layers.Reshape((1, *x.shape[1:3]), name="scores", dtype="float32")(x)
        arguments = {
            "image_size": image_size,
            "source_channels": source_channels,
            "channels": channels,
            "patch": patch,
            "widths": list(widths),
            "normalization": normalization,
            "dtype": dtype,
        }
        super().__init__(inputs, scores, arguments, name)
