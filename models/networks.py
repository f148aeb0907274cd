"""Generators and discriminators. A conditional network owns what its condition means.

Images are float32 [n, image_size, image_size, channels] in [-1, 1]. Each class is a keras.Model
with a functional body, so that it can be summarised, exported and rebuilt from its `get_config()`.
Networks compute in `dtype` (a Keras dtype policy) but for their last layer, which is float32.
"""

import keras
import tensorflow as tf

from models.normalization import BatchNormalization, SpectralConv2D, SpectrallyNormalized

# DCGAN's N(0, .02) suits layers that are normalised afterwards (Radford et al. 2016, section 4).
DCGAN_INITIALIZER = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02}}
# The moving statistics must keep up with a generator that changes quickly.
MOMENTUM = 0.9
SLOPE = 0.2
# What is normalised in a discriminator.
NORMALIZATIONS = ("none", "spectral")


@keras.saving.register_keras_serializable("gan_apps")
class ConditionalGenerator(keras.Model):
    """Latents and a label to an image: dense, then two doublings of resolution.

    Inputs: {"latents": float32 [n, latent_dim], "labels": int32 [n]}; output: images
    [n, image_size, image_size, channels]. The label enters beside the latents as a one-hot vector.

    Args:
      num_classes: int. Labels are 0 to num_classes - 1.
      latent_dim: int. Default 32.
      image_size: int, divisible by 4. Default 28.
      channels: int. 1 for gray, 3 for colour. Default 1.
      widths: (int, int). Feature maps at a quarter and at half of the resolution. Default (96, 64).
      dtype: str. Keras dtype policy. Default "float32".
    """

    def __init__(
        self,
        *,
        num_classes,
        latent_dim=32,
        image_size=28,
        channels=1,
        widths=(96, 64),
        dtype="float32",
        **kwargs,
    ):
        if image_size % 4:
            raise ValueError(f"image_size must be divisible by 4, got {image_size}.")
        layers = keras.layers
        latents = keras.Input((latent_dim,), name="latents")
        labels = keras.Input((), dtype="int32", name="labels")
        convolution = {
            "padding": "same",
            "kernel_initializer": DCGAN_INITIALIZER,
            "dtype": dtype,
        }
        quarter, half = widths
        size = image_size // 4
        x = layers.Concatenate(dtype=dtype)([latents, OneHot(num_classes, dtype=dtype)(labels)])
        x = layers.Dense(
            size * size * quarter,
            use_bias=False,
            kernel_initializer=DCGAN_INITIALIZER,
            dtype=dtype,
        )(x)
        x = layers.Reshape((size, size, quarter), dtype=dtype)(x)
        x = BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
        x = layers.ReLU(dtype=dtype)(x)
        x = layers.Conv2DTranspose(half, 4, strides=2, use_bias=False, **convolution)(x)
        x = BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
        x = layers.ReLU(dtype=dtype)(x)
        # Four sub-pixels a position: no feature map of full resolution has to be normalised.
        x = layers.Conv2D(4 * channels, 3, **convolution)(x)
        x = DepthToSpace(2, dtype=dtype)(x)
        images = layers.Activation("tanh", dtype="float32", name="images")(x)
        super().__init__({"latents": latents, "labels": labels}, images, **kwargs)
        self.num_classes = num_classes
        self.latent_dim = latent_dim
        self.image_size = image_size
        self.channels = channels
        self.widths = tuple(widths)
        self.policy = dtype

    def get_config(self):
        return {
            "num_classes": self.num_classes,
            "latent_dim": self.latent_dim,
            "image_size": self.image_size,
            "channels": self.channels,
            "widths": list(self.widths),
            "dtype": self.policy,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("gan_apps")
class ConditionalDiscriminator(keras.Model):
    """An image with each of m labels to m scores: strided convolutions and a projection.

    Inputs: {"images": [n, image_size, image_size, channels], "labels": int32 [n, m]}; output: raw
    scores [n, m]. The image is looked at once, however many labels are asked of it. Activations are
    not normalised: the loop's gradient penalties look at one image at a time.

    Args:
      num_classes: int. Labels are 0 to num_classes - 1.
      image_size: int, divisible by 4. Default 28.
      channels: int. Default 1.
      widths: ints. Feature maps of the convolutions, each of which halves the resolution.
        Default (48, 96, 192).
      normalization: str. "none", or "spectral": every kernel is divided by its largest singular
        value. Default "none".
      dtype: str. Keras dtype policy. Default "float32".
    """

    def __init__(
        self,
        *,
        num_classes,
        image_size=28,
        channels=1,
        widths=(48, 96, 192),
        normalization="none",
        dtype="float32",
        **kwargs,
    ):
        if normalization not in NORMALIZATIONS:
            raise ValueError(
                f"normalization must be one of {NORMALIZATIONS}, got {normalization!r}."
            )
        layers = keras.layers
        spectral = normalization == "spectral"
        convolution = SpectralConv2D if spectral else layers.Conv2D
        projection = SpectralProjection if spectral else Projection
        images = keras.Input((image_size, image_size, channels), name="images")
        labels = keras.Input((None,), dtype="int32", name="labels")
        x = images
        for width in widths:
            x = convolution(width, 4, strides=2, padding="same", dtype=dtype)(x)
            x = layers.LeakyReLU(negative_slope=SLOPE, dtype=dtype)(x)
        features = layers.Flatten(dtype=dtype)(x)
        scores = projection(num_classes, name="scores", dtype="float32")(features, labels)
        super().__init__({"images": images, "labels": labels}, scores, **kwargs)
        self.num_classes = num_classes
        self.image_size = image_size
        self.channels = channels
        self.widths = tuple(widths)
        self.normalization = normalization
        self.policy = dtype

    def get_config(self):
        return {
            "num_classes": self.num_classes,
            "image_size": self.image_size,
            "channels": self.channels,
            "widths": list(self.widths),
            "normalization": self.normalization,
            "dtype": self.policy,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("gan_apps")
class Projection(keras.layers.Layer):
    """score(h, c) = w . h + b + e_c . h for features h [n, d] and labels c [n, m] -> scores [n, m].

    Reference: Miyato & Koyama 2018 (arXiv 1802.05637), equation 3.
    """

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def build(self, features_shape, labels_shape=None):
        # Column 0 is w; column 1 + c is e_c. One product gives the affinity to every label.
        self.kernel = self.add_weight(
            shape=(features_shape[-1], 1 + self.num_classes),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def affinities(self, features):
        """w . h and e_c . h of every label c: [n, 1 + num_classes]."""
        return tf.matmul(features, self.kernel)

    def call(self, features, labels):
        affinities = self.affinities(features)
        asked = tf.gather(affinities[:, 1:], labels, axis=1, batch_dims=1)
        return affinities[:, :1] + self.bias + asked

    def compute_output_shape(self, features_shape, labels_shape):
        return tuple(labels_shape)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


@keras.saving.register_keras_serializable("gan_apps")
class SpectralProjection(SpectrallyNormalized, Projection):
    """A Projection whose kernel is divided by its largest singular value."""

    def build(self, features_shape, labels_shape=None):
        super().build(features_shape, labels_shape)
        self.track_kernel(self.kernel)

    def affinities(self, features):
        return tf.matmul(features, self.divided(tf.convert_to_tensor(self.kernel)))


@keras.saving.register_keras_serializable("gan_apps")
class OneHot(keras.layers.Layer):
    """Labels [n] as one-hot vectors [n, num_classes]; a label out of range gives zeros."""

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def call(self, labels):
        return tf.one_hot(labels, self.num_classes, dtype=self.compute_dtype)

    def compute_output_shape(self, labels_shape):
        return (*labels_shape, self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


@keras.saving.register_keras_serializable("gan_apps")
class DepthToSpace(keras.layers.Layer):
    """Sub-pixels: [n, h, w, b * b * c] -> [n, b * h, b * w, c].

    Reference: Shi et al. 2016 (arXiv 1609.05158), section 2.2.
    """

    def __init__(self, block_size, **kwargs):
        super().__init__(**kwargs)
        self.block_size = block_size

    def call(self, images):
        return tf.nn.depth_to_space(images, self.block_size)

    def compute_output_shape(self, shape):
        n, height, width, channels = shape
        block = self.block_size
        return (n, height * block, width * block, channels // block**2)

    def get_config(self):
        return {**super().get_config(), "block_size": self.block_size}


GENERATORS = {"conditional": ConditionalGenerator}


def described(generator):
    """A generator as JSON values, from which `rebuilt` makes an equal, untrained one."""
    (name,) = (name for name, network in GENERATORS.items() if type(generator) is network)
    return {"class": name, "config": generator.get_config()}


def rebuilt(description, dtype="float32"):
    """The generator that `described` described, untrained, computing in `dtype`.

    Only the classes of GENERATORS can come of it: a description is data, never code.
    """
    config = {**description["config"], "dtype": dtype}
    return GENERATORS[description["class"]](**config)
