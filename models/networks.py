"""Generators and discriminators. A network with a condition owns what the condition means.

Images are float32 [n, image_size, image_size, channels] in [-1, 1]. Each class is a keras.Model
with a functional body, so that it can be summarised, exported and rebuilt from its `get_config()`.
What is between the condition and the picture is a row of ARCHITECTURES, the same with and without a
condition. Networks compute in `dtype` (a Keras dtype policy) but for their last layer, which is
float32.
"""

import dataclasses
import importlib
import math
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

import keras
import tensorflow as tf

import models
from models.conditions import Condition
from models.normalization import (
    BatchNormalization,
    DropReference,
    PrependReference,
    SpectralConv2D,
    SpectralDense,
    SpectrallyNormalized,
    VirtualBatchNormalization,
)

# DCGAN's N(0, .02) suits layers that are normalised afterwards (Radford et al. 2016, section 4).
DCGAN_INITIALIZER = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}
# The moving statistics must keep up with a generator that changes quickly.
MOMENTUM = 0.9
SLOPE = 0.2
# What is normalised in a generator, and in a discriminator.
GENERATOR_NORMALIZATIONS = ("none", "batch", "virtual_batch")
NORMALIZATIONS = ("none", "batch", "virtual_batch", "spectral")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a generator and a discriminator are made of.

    Args:
      generator: (features [n, d], image_size, channels, widths, normalization, dtype) -> images.
      discriminator: (images, widths, normalization, dtype) -> features [n, d].
      generator_widths: image_size -> ints. Units of the generator's layers, coarse to fine.
      discriminator_widths: image_size -> ints. The discriminator's, fine to coarse.
    """

    generator: Callable
    discriminator: Callable
    generator_widths: Callable
    discriminator_widths: Callable


def _initializer(normalization: str) -> str | dict:
    return DCGAN_INITIALIZER if normalization in ("batch", "virtual_batch") else "glorot_uniform"


def _normalized(x: keras.KerasTensor, normalization: str, dtype: str) -> keras.KerasTensor:
    if normalization == "batch":
        return BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
    if normalization == "virtual_batch":
        return VirtualBatchNormalization(dtype=dtype)(x)
    return x


def _enlarged(
    features: keras.KerasTensor,
    size: int,
    widths: Sequence[int],
    strides: Sequence[int],
    normalization: str,
    dtype: str,
    kernel_size: int,
) -> keras.KerasTensor:
    """A dense layer to size x size x widths[0], then transposed convolutions, one for a stride."""
    layers = keras.layers
    # A normalisation has an offset of its own.
    options = {
        "kernel_initializer": _initializer(normalization),
        "use_bias": normalization == "none",
        "dtype": dtype,
    }
    x = layers.Dense(size * size * widths[0], **options)(features)
    x = layers.Reshape((size, size, widths[0]), dtype=dtype)(x)
    x = layers.ReLU(dtype=dtype)(_normalized(x, normalization, dtype))
    for width, stride in zip(widths[1:], strides, strict=True):
        x = layers.Conv2DTranspose(width, kernel_size, strides=stride, padding="same", **options)(x)
        x = layers.ReLU(dtype=dtype)(_normalized(x, normalization, dtype))
    return x


def _convolutional_generator(
    features: keras.KerasTensor,
    image_size: int,
    channels: int,
    widths: Sequence[int],
    normalization: str,
    dtype: str,
) -> keras.KerasTensor:
    """A dense layer, then transposed convolutions that double the resolution."""
    strides = (2,) * (len(widths) - 1)
    size = image_size // 2 ** len(widths)
    x = _enlarged(features, size, widths, strides, normalization, dtype, kernel_size=4)
    # Four sub-pixels a position are a transposed convolution of kernel 6 and stride 2 (Shi et al.
    # 2016, arXiv 1609.07009), with no feature map of full resolution to normalise.
    x = keras.layers.Conv2D(
        4 * channels, 3, padding="same", kernel_initializer=DCGAN_INITIALIZER, dtype=dtype
    )(x)
    return DepthToSpace(2, dtype=dtype)(x)


def _convolutional_discriminator(
    images: keras.KerasTensor, widths: Sequence[int], normalization: str, dtype: str
) -> keras.KerasTensor:
    """Strided convolutions; the first one is not normalised (Radford et al. 2016, section 3)."""
    layers = keras.layers
    convolution = SpectralConv2D if normalization == "spectral" else layers.Conv2D
    options = {"kernel_initializer": _initializer(normalization), "dtype": dtype}
    x = images
    for depth, width in enumerate(widths):
        x = convolution(width, 4, strides=2, padding="same", **options)(x)
        if depth:
            x = _normalized(x, normalization, dtype)
        x = layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
    return layers.Flatten(dtype=dtype)(x)


# Strides of the lecture's layers, coarse to fine; the finest two double, before them every second.
_STRIDES = (2, 1, 2, 1, 2, 2)


def _strides(widths: Sequence[int]) -> tuple[int, ...]:
    """The strides of a "dvbpr" generator's layers after its first."""
    count = len(widths) - 1
    longer = (2, 1) * max((count - len(_STRIDES) + 1) // 2, 0)
    return (*longer, *_STRIDES)[len(longer) + len(_STRIDES) - count :]


def _lecture_generator(
    features: keras.KerasTensor,
    image_size: int,
    channels: int,
    widths: Sequence[int],
    normalization: str,
    dtype: str,
) -> keras.KerasTensor:
    """A dense layer, then transposed 5x5 convolutions, of which some keep the resolution."""
    strides = _strides(widths)
    size = image_size // math.prod(strides)
    x = _enlarged(features, size, widths, strides, normalization, dtype, kernel_size=5)
    return keras.layers.Conv2DTranspose(
        channels, 5, padding="same", kernel_initializer=DCGAN_INITIALIZER, dtype=dtype
    )(x)


def _lecture_discriminator(
    images: keras.KerasTensor, widths: Sequence[int], normalization: str, dtype: str
) -> keras.KerasTensor:
    """Strided 5x5 convolutions, and a dense layer, the last width.

    The lecture gives the class to every layer; here it meets the features that come of them, as in
    all discriminators (Projection), so that an image is looked at once for several classes.
    """
    layers = keras.layers
    spectral = normalization == "spectral"
    convolution, dense = (
        (SpectralConv2D, SpectralDense) if spectral else (layers.Conv2D, layers.Dense)
    )
    options = {"kernel_initializer": _initializer(normalization), "dtype": dtype}
    x = images
    for depth, width in enumerate(widths[:-1]):
        x = convolution(width, 5, strides=2, padding="same", **options)(x)
        if depth:
            x = _normalized(x, normalization, dtype)
        x = layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
    x = dense(widths[-1], dtype=dtype)(layers.Flatten(dtype=dtype)(x))
    return layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)


def _lecture_generator_widths(image_size: int) -> tuple[int, ...]:
    # From 8x8 to 128x128 as it is printed, and from 4x4 to 64x64; smaller ones lack the first.
    doublings = min(halvings(image_size), 4)
    return (256, 256, 256, 256, 256, 128, 64)[max(2 * (4 - doublings), 0) :]


def _lecture_discriminator_widths(image_size: int) -> tuple[int, ...]:
    return (64, 128, 256, 512)[: max(math.ceil(math.log2(image_size / 4)), 1)] + (1024,)


def _dense_generator(
    features: keras.KerasTensor,
    image_size: int,
    channels: int,
    widths: Sequence[int],
    normalization: str,
    dtype: str,
) -> keras.KerasTensor:
    layers = keras.layers
    x = features
    for width in widths:
        x = layers.Dense(width, use_bias=normalization == "none", dtype=dtype)(x)
        x = layers.ReLU(dtype=dtype)(_normalized(x, normalization, dtype))
    x = layers.Dense(image_size * image_size * channels, dtype=dtype)(x)
    return layers.Reshape((image_size, image_size, channels), dtype=dtype)(x)


def _dense_discriminator(
    images: keras.KerasTensor, widths: Sequence[int], normalization: str, dtype: str
) -> keras.KerasTensor:
    layers = keras.layers
    dense = SpectralDense if normalization == "spectral" else layers.Dense
    x = layers.Flatten(dtype=dtype)(images)
    for depth, width in enumerate(widths):
        x = dense(width, dtype=dtype)(x)
        if depth:
            x = _normalized(x, normalization, dtype)
        x = layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
    return x


def halvings(image_size: int) -> int:
    """How often an image may be halved before it is less than 4 pixels wide or odd."""
    count = 0
    while image_size % 2 == 0 and image_size >= 8:
        image_size, count = image_size // 2, count + 1
    return count


def _convolutional_generator_widths(image_size: int) -> tuple[int, ...]:
    # The finest layers see the most pixels: from 64x64 on they are thin.
    fine = (96, 64) if image_size < 64 else (64, 32)
    doublings = halvings(image_size)
    return ((128,) * max(doublings - 2, 0) + fine)[-doublings:]


def _convolutional_discriminator_widths(image_size: int) -> tuple[int, ...]:
    first = 48 if image_size < 64 else 32
    return tuple(
        min(first * 2**depth, 256) for depth in range(math.ceil(math.log2(image_size / 4)))
    )


ARCHITECTURES = {
    # Radford et al. 2016 (arXiv 1511.06434).
    "dcgan": Architecture(
        generator=_convolutional_generator,
        discriminator=_convolutional_discriminator,
        generator_widths=_convolutional_generator_widths,
        discriminator_widths=_convolutional_discriminator_widths,
    ),
    # Kang et al. 2017 (arXiv 1711.02231), figure 3, as the lecture prints it.
    "dvbpr": Architecture(
        generator=_lecture_generator,
        discriminator=_lecture_discriminator,
        generator_widths=_lecture_generator_widths,
        discriminator_widths=_lecture_discriminator_widths,
    ),
    # Dense layers alone, as in Goodfellow et al. 2014 (with other activations), to compare with.
    "mlp": Architecture(
        generator=_dense_generator,
        discriminator=_dense_discriminator,
        generator_widths=lambda image_size: (256, 512),
        discriminator_widths=lambda image_size: (512, 256),
    ),
}


class AbstractNetwork(keras.Model):
    """A functional keras.Model that can be rebuilt from the arguments it was made with."""

    def __init__(
        self, inputs: dict, outputs: Any, arguments: dict, name: str | None = None
    ) -> None:
        super().__init__(inputs, outputs, name=name)
        self.arguments = arguments

    def get_config(self) -> dict:
        return {**self.arguments, "name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> "AbstractNetwork":
        return cls(**config)


def refuse_others(name: str, value: Any, choices: Collection) -> None:
    """ValueError for the value of an argument that is none of its choices."""
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise ValueError(f"{name} must be one of {listed}, got {value!r}.")


def refuse_size(image_size: int) -> None:
    """ValueError for a side of images that no network is made for."""
    if image_size < 8 or image_size % 4:
        raise ValueError(f"image_size must be 8 or more and divisible by 4, got {image_size}.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Body:
    image_size: int = 28
    channels: int = 1
    architecture: str = "dcgan"
    widths: tuple[int, ...] = ()
    dtype: str = "float32"

    # What a subclass can normalise.
    normalizations: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        for field, choices in (
            ("architecture", ARCHITECTURES),
            ("normalization", self.normalizations),
        ):
            refuse_others(field, getattr(self, field), choices)
        refuse_size(self.image_size)

    @property
    def row(self) -> Architecture:
        return ARCHITECTURES[self.architecture]

    @property
    def arguments(self) -> dict:
        return {**dataclasses.asdict(self), "widths": list(self.widths)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeneratorBody(_Body):
    """What every generator is made of, whatever its condition.

    Args:
      image_size: int, 8 or more and divisible by 4. Default 28.
      channels: int. 1 for gray, 3 for colour. Default 1.
      architecture: str. A key of ARCHITECTURES. Default "dcgan".
      widths: ints. Units of the layers, coarse to fine; in a "dcgan" each doubles the resolution.
        Default (): what the architecture takes for the size.
      normalization: str. One of GENERATOR_NORMALIZATIONS. Default "batch".
      dtype: str. Keras dtype policy. Default "float32".
    """

    normalization: str = "batch"
    normalizations = GENERATOR_NORMALIZATIONS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.architecture == "dcgan" and self.image_size % 2 ** len(self.widths):
            raise ValueError(
                f"widths must be at most {halvings(self.image_size)} numbers for images of "
                f"{self.image_size}x{self.image_size}, got {len(self.widths)}."
            )
        if self.architecture == "dvbpr" and self.image_size % math.prod(_strides(self.widths)):
            raise ValueError(
                f"widths must be at most {len(_lecture_generator_widths(self.image_size))} numbers "
                f"for images of {self.image_size}x{self.image_size}, got {len(self.widths)}."
            )

    def images(self, parts: Sequence[tuple[str, keras.KerasTensor]]) -> keras.KerasTensor:
        """Inputs [(kind of their reference, [n, d])] to images in [-1, 1]."""
        virtual = self.normalization == "virtual_batch"
        x = [
            PrependReference(kind, dtype=self.dtype)(part) if virtual else part
            for kind, part in parts
        ]
        x = keras.layers.Concatenate(dtype=self.dtype)(x) if len(x) > 1 else x[0]
        x = self.row.generator(
            x,
            self.image_size,
            self.channels,
            self.widths or self.row.generator_widths(self.image_size),
            self.normalization,
            self.dtype,
        )
        images = keras.layers.Activation("tanh", dtype="float32", name="images")(x)
        return DropReference(dtype="float32")(images) if virtual else images


@dataclasses.dataclass(frozen=True, kw_only=True)
class DiscriminatorBody(_Body):
    """What every discriminator is made of, whatever its condition.

    Args:
      image_size: int, 8 or more and divisible by 4. Default 28.
      channels: int. Default 1.
      architecture: str. A key of ARCHITECTURES. Default "dcgan".
      widths: ints. Units of the layers, fine to coarse; in a "dcgan" each halves the resolution.
        Default (): what the architecture takes for the size.
      normalization: str. One of NORMALIZATIONS. "spectral": every kernel is divided by its largest
        singular value; "batch": an image's score depends on its minibatch. Default "none".
      dtype: str. Keras dtype policy. Default "float32".
    """

    normalization: str = "none"
    normalizations = NORMALIZATIONS

    def input(self) -> keras.KerasTensor:
        return keras.Input((self.image_size, self.image_size, self.channels), name="images")

    def features(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Images to features [n, d] that a score is a linear function of."""
        virtual = self.normalization == "virtual_batch"
        x = PrependReference("zeros", dtype=self.dtype)(images) if virtual else images
        features = self.row.discriminator(
            x,
            self.widths or self.row.discriminator_widths(self.image_size),
            self.normalization,
            self.dtype,
        )
        return DropReference(dtype=self.dtype)(features) if virtual else features


@keras.saving.register_keras_serializable("gan_apps")
class Generator(AbstractNetwork):
    """Latents to an image; what else it is asked for enters beside them as a one-hot vector.

    Inputs: {"latents": float32 [n, latent_dim]}, and with a condition its column: "labels" int32
    [n], or "attributes" float32 [n, sum(sizes)]. Output: images
    [n, image_size, image_size, channels].

    Args:
      latent_dim: int. Default 32.
      condition: models.conditions.Condition, its dict, or None (the default).
      **body: as in GeneratorBody.
    """

    def __init__(
        self,
        *,
        latent_dim: int = 32,
        condition: Condition | dict | None = None,
        name: str | None = None,
        **body: Any,
    ) -> None:
        made = GeneratorBody(**body)
        condition = Condition.of(condition)
        latents = keras.Input((latent_dim,), name="latents")
        inputs, parts = {"latents": latents}, [("normal", latents)]
        arguments = {"latent_dim": latent_dim, **made.arguments}
        if condition is not None:
            asked = condition.input()
            inputs[condition.column] = asked
            parts.append(("one_hot", condition.vectors(asked, made.dtype)))
            arguments["condition"] = condition.to_json()
        super().__init__(inputs, made.images(parts), arguments, name)
        self.latent_dim = latent_dim
        self.condition = condition


@keras.saving.register_keras_serializable("gan_apps")
class Discriminator(AbstractNetwork):
    """An image to its score, or with each of m conditions to m scores by a projection.

    Inputs: {"images": [n, image_size, image_size, channels]}, and with a condition its column:
    "labels" int32 [n, m], or "attributes" float32 [n, m, sum(sizes)]. The image is looked at once,
    however often it is asked about. Output: raw scores [n, m] ([n, 1] without a condition); with a
    classifier {"scores": those, "logits": float32 [n, classifier sum(sizes)]}, the second what it
    would say of the image itself, on the same features (Odena et al. 2017, arXiv 1610.09585).

    Args:
      condition: models.conditions.Condition, its dict, or None (the default).
      classifier: int. Logits that its auxiliary classifier has for each value of a slot; 0, the
        default, for no classifier.
      **body: as in DiscriminatorBody.
    """

    def __init__(
        self,
        *,
        condition: Condition | dict | None = None,
        classifier: int = 0,
        name: str | None = None,
        **body: Any,
    ) -> None:
        made = DiscriminatorBody(**body)
        condition = Condition.of(condition)
        spectral = made.normalization == "spectral"
        dense = SpectralDense if spectral else keras.layers.Dense
        images = made.input()
        inputs, arguments = {"images": images}, made.arguments
        if condition is None:
            outputs = dense(1, name="scores", dtype="float32")(made.features(images))
        else:
            asked = condition.input(many=True)
            inputs[condition.column] = asked
            arguments |= {"condition": condition.to_json(), "classifier": classifier}
            projection = SpectralProjection if spectral else Projection
            features = made.features(images)
            vectors = condition.vectors(asked, "float32")
            outputs = projection(name="scores", dtype="float32")(features, vectors)
            if classifier:
                count = classifier * sum(condition.sizes)
                logits = dense(count, name="logits", dtype="float32")(features)
                outputs = {"scores": outputs, "logits": logits}
        super().__init__(inputs, outputs, arguments, name)
        self.condition = condition


@keras.saving.register_keras_serializable("gan_apps")
class Projection(keras.layers.Layer):
    """score(h, c) = w . h + b + (V c) . h, features h [n, d] and conditions c [n, m, k] to [n, m].

    Reference: Miyato & Koyama 2018 (arXiv 1802.05637), equation 3.
    """

    def build(self, features_shape: tuple, conditions_shape: Any = None) -> None:
        # Column 0 is w, the others are V. One product gives the affinity to every condition.
        self.kernel = self.add_weight(
            shape=(features_shape[-1], 1 + conditions_shape[-1]),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def affinities(self, features: tf.Tensor) -> tf.Tensor:
        """w . h, and h . V: [n, 1 + k]."""
        return tf.matmul(features, self.kernel)

    def call(self, features: tf.Tensor, conditions: tf.Tensor) -> tf.Tensor:
        affinities = self.affinities(features)
        asked = tf.linalg.matvec(conditions, affinities[:, 1:])
        return affinities[:, :1] + self.bias + asked

    def compute_output_shape(self, features_shape: tuple, conditions_shape: tuple) -> tuple:
        return tuple(conditions_shape[:2])


@keras.saving.register_keras_serializable("gan_apps")
class SpectralProjection(SpectrallyNormalized, Projection):
    """A Projection whose kernel is divided by its largest singular value."""

    def build(self, features_shape: tuple, conditions_shape: Any = None) -> None:
        super().build(features_shape, conditions_shape)
        self.track_kernel(self.kernel)

    def affinities(self, features: tf.Tensor) -> tf.Tensor:
        return tf.matmul(features, self.divided(tf.convert_to_tensor(self.kernel)))


@keras.saving.register_keras_serializable("gan_apps")
class Bounded(keras.layers.Layer):
    """Pictures cut off at [-1, 1], but in training, where what is beyond must find its way back."""

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        return images if training else tf.clip_by_value(images, -1.0, 1.0)

    def compute_output_shape(self, shape: tuple) -> tuple:
        return tuple(shape)


@keras.saving.register_keras_serializable("gan_apps")
class DepthToSpace(keras.layers.Layer):
    """Sub-pixels: [n, h, w, b * b * c] -> [n, b * h, b * w, c].

    Reference: Shi et al. 2016 (arXiv 1609.05158), section 2.2.
    """

    def __init__(self, block_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block_size = block_size

    def call(self, images: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(images, self.block_size)

    def compute_output_shape(self, shape: tuple) -> tuple:
        n, height, width, channels = shape
        block = self.block_size
        # A side that is open stays open.
        sides = (side and side * block for side in (height, width))
        return (n, *sides, channels // block**2)

    def get_config(self) -> dict:
        return {**super().get_config(), "block_size": self.block_size}


def pair(
    *,
    generator: Mapping | tuple[()] = (),
    discriminator: Mapping | tuple[()] = (),
    judged_by: type[AbstractNetwork] = Discriminator,
    dtype: str = "float32",
    **shared: Any,
) -> dict[str, AbstractNetwork]:
    """A generator, its equal for the moving average, and a discriminator.

    Args:
      generator, discriminator: dicts. Arguments that each has for itself.
      judged_by: class. What the discriminator is. Default Discriminator.
      dtype: str. What they compute in but for the average, which is float32. Default "float32".
      **shared: what both have: image_size, channels, architecture, condition.

    Returns:
      {"generator", "averaged_generator", "discriminator"}, the networks of models.gan.AbstractGAN.

    Raises:
      ValueError: names the argument and, before it, whose it is.
    """
    kinds: dict[str, tuple[type[AbstractNetwork], dict[str, Any]]] = {
        "generator": (Generator, {**shared, **dict(generator), "dtype": dtype}),
        "averaged_generator": (Generator, {**shared, **dict(generator)}),
        "discriminator": (judged_by, {**shared, **dict(discriminator), "dtype": dtype}),
    }
    return {name: named(name, kind, **arguments) for name, (kind, arguments) in kinds.items()}


def named(name: str, kind: Callable[..., AbstractNetwork], **arguments: Any) -> AbstractNetwork:
    """A network of a kind.

    Raises:
      ValueError: names the argument and, before it, whose it is, as the flags do.
    """
    try:
        return kind(**arguments)
    except ValueError as error:
        raise ValueError(f"{name}_{error}") from None


def described(network: keras.Model) -> dict:
    """A network as JSON values, from which `rebuilt` makes an equal, untrained one."""
    kind = type(network)
    module = kind.__module__.removeprefix(f"{models.__name__}.")
    return {"class": f"{module}.{kind.__name__}", "config": network.get_config()}


def class_of(description: dict) -> type[AbstractNetwork]:
    """The class of the network that `described` described.

    Only an AbstractNetwork of a module of `models` can come of it: a description is data, never
    code.

    Raises:
      ValueError: it names none.
    """
    module, _, name = str(description["class"]).partition(".")
    known = {found.name for found in pkgutil.iter_modules(models.__path__)}
    kind: Any = None
    if module in known:
        kind = getattr(importlib.import_module(f"{models.__name__}.{module}"), name, None)
    is_network = isinstance(kind, type) and issubclass(kind, AbstractNetwork)
    if not is_network or kind is AbstractNetwork:
        raise ValueError(f"{description['class']!r} is no network of models.")
    return kind


def rebuilt(description: dict, dtype: str = "float32") -> AbstractNetwork:
    """The network that `described` described, untrained, computing in `dtype`.

    Raises:
      ValueError: it names none.
    """
    return class_of(description)(**{**description["config"], "dtype": dtype})
