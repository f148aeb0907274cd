"""Normalisation of activations and of weights."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from models import replicas


class _PerChannel(keras.layers.Layer):
    """A layer that normalises each channel and has float32 weights for it."""

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def add_channels(
        self, shape: tuple, name: str, initializer: str, trainable: bool = False
    ) -> keras.Variable:
        return self.add_weight(
            shape=(shape[-1],),
            initializer=initializer,
            trainable=trainable,
            name=name,
            autocast=False,
        )

    def add_scale_and_offset(self, shape: tuple) -> None:
        self.gamma = self.add_channels(shape, "gamma", "ones", trainable=True)
        self.beta = self.add_channels(shape, "beta", "zeros", trainable=True)

    def compute_output_shape(self, shape: tuple) -> tuple:
        return shape

    def get_config(self) -> dict:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("gan_apps")
class BatchNormalization(_PerChannel):
    """Batch normalisation over the last axis of [n, h, w, c] or [n, c], by a fused kernel.

    The same function as keras.layers.BatchNormalization, which composes it of a dozen elementwise
    operations: on a CPU the fused kernel makes a whole GAN step a fifth faster. Statistics are
    float32 whatever the layer computes in. With training=True the minibatch's statistics are used
    and the moving ones updated (with the unbiased variance); else the moving ones are used. The
    minibatch is that of all replicas together.

    Args:
      momentum: float. Share of the moving statistics that each update keeps. Default 0.9.
      epsilon: float. Added to the variance. Default 1e-3.

    Reference: Ioffe & Szegedy 2015 (arXiv 1502.03167), algorithms 1 and 2.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)
        self.momentum = momentum

    def build(self, shape: tuple) -> None:
        self.add_scale_and_offset(shape)
        self.moving_mean = self.add_channels(shape, "moving_mean", "zeros")
        self.moving_variance = self.add_channels(shape, "moving_variance", "ones")

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            scale = self.gamma * tf.math.rsqrt(self.moving_variance + self.epsilon)
            offset = self.beta - self.moving_mean * scale
            return images * tf.cast(scale, images.dtype) + tf.cast(offset, images.dtype)
        normalize = self._fused if replicas.count() == 1 else self._over_replicas
        normalized, mean, variance = normalize(images)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1.0 - self.momentum) * value)
        return normalized

    def _fused(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Normalised images, and the mean and the unbiased variance of each channel."""
        flat = images.shape.rank == 2
        normalized, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            images[:, None, None] if flat else images,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            epsilon=self.epsilon,
            is_training=True,
        )
        return normalized[:, 0, 0] if flat else normalized, mean, variance

    def _over_replicas(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The same by the statistics of the whole minibatch, of which this replica has a part."""
        x = tf.cast(images, tf.float32)
        axes = list(range(x.shape.rank - 1))
        own = tf.stack([tf.reduce_mean(x, axes), tf.reduce_mean(x**2, axes)])
        mean, square = tf.unstack(replicas.mean(own))
        variance = tf.nn.relu(square - mean**2)
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        normalized = tf.cast((x - mean) * scale + self.beta, images.dtype)
        numbers = replicas.count() * x.shape.num_elements() / x.shape[-1]
        return normalized, mean, variance * numbers / (numbers - 1.0)

    def get_config(self) -> dict:
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable("gan_apps")
class InstanceNormalization(_PerChannel):
    """Normalises each channel of each picture [n, h, w, c] by itself, alike in training and after.

    Statistics are float32 whatever the layer computes in.

    Args:
      epsilon: float. Added to the variance. Default 1e-5.

    Reference: Ulyanov et al. 2016 (arXiv 1607.08022), equation 4.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)

    def build(self, shape: tuple) -> None:
        self.add_scale_and_offset(shape)

    def call(self, images: tf.Tensor) -> tf.Tensor:
        x = tf.cast(images, tf.float32)
        mean = tf.reduce_mean(x, (1, 2), keepdims=True)
        centred = x - mean
        variance = tf.reduce_mean(centred * centred, (1, 2), keepdims=True)
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast(centred * scale + self.beta, images.dtype)


# Examples in the reference batch of virtual batch normalisation.
REFERENCE_SIZE = 64


@keras.saving.register_keras_serializable("gan_apps")
class PrependReference(keras.layers.Layer):
    """Puts the reference batch before the minibatch while training: [n, ...] -> [R + n, ...].

    The reference is chosen once: a weight that nothing trains, saved with the others. With
    training=False the minibatch passes as it is, for what a network needs of its reference are
    then the statistics that VirtualBatchNormalization has kept.

    Args:
      kind: str. How the reference begins: "normal" (latents), "one_hot" (each label in turn), or
        "zeros" (real images, which `reference.assign` puts there before training).
    """

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def build(self, shape: tuple) -> None:
        initializers = {
            "normal": keras.initializers.RandomNormal(stddev=1.0),
            "zeros": "zeros",
            "one_hot": lambda shape, dtype: tf.one_hot(
                tf.range(shape[0]) % shape[1], shape[1], dtype=dtype
            ),
        }
        self.reference = self.add_weight(
            shape=(REFERENCE_SIZE, *shape[1:]),
            initializer=initializers[self.kind],
            trainable=False,
            name="reference",
        )

    def call(self, examples: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return examples
        return tf.concat([tf.cast(self.reference, examples.dtype), examples], axis=0)

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (None, *shape[1:])

    def get_config(self) -> dict:
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable("gan_apps")
class DropReference(keras.layers.Layer):
    """Takes the rows of the reference away again: [R + n, ...] -> [n, ...] while training."""

    def call(self, examples: tf.Tensor, training: bool = False) -> tf.Tensor:
        return examples[REFERENCE_SIZE:] if training else examples

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (None, *shape[1:])


@keras.saving.register_keras_serializable("gan_apps")
class VirtualBatchNormalization(_PerChannel):
    """Each example is normalised by the statistics of a fixed reference batch and of itself.

    With m_R, s_R the mean and mean square of the R reference examples (per channel, over their
    pixels) and m_i, s_i those of example i alone, it is normalised with
    mean = (R m_R + m_i) / (R + 1) and variance = (R s_R + s_i) / (R + 1) - mean**2: whatever else
    is in the minibatch has no part in it. The reference is normalised by its own statistics.

    While training, the first R rows are the reference, put there by PrependReference; their
    statistics are kept, and used with training=False.

    Args:
      epsilon: float. Added to the variance. Default 1e-3.

    Reference: Salimans et al. 2016 (arXiv 1606.03498), section 3.5.
    """

    def build(self, shape: tuple) -> None:
        self.add_scale_and_offset(shape)
        self.reference_mean = self.add_channels(shape, "reference_mean", "zeros")
        self.reference_square = self.add_channels(shape, "reference_square", "ones")

    def call(self, examples: tf.Tensor, training: bool = False) -> tf.Tensor:
        x = tf.cast(examples, tf.float32)
        pixels = list(range(1, x.shape.rank - 1))
        if not training:
            kept = self.reference_mean.value, self.reference_square.value
            return tf.cast(self._normalized(x, *kept, pixels), examples.dtype)
        reference, x = x[:REFERENCE_SIZE], x[REFERENCE_SIZE:]
        everywhere = [0, *pixels]
        mean = tf.reduce_mean(reference, everywhere)
        square = tf.reduce_mean(reference**2, everywhere)
        self.reference_mean.assign(mean)
        self.reference_square.assign(square)
        normalized = tf.concat(
            [
                self._scaled(reference, mean, square - mean**2),
                self._normalized(x, mean, square, pixels),
            ],
            axis=0,
        )
        return tf.cast(normalized, examples.dtype)

    def _normalized(
        self, x: tf.Tensor, mean: tf.Tensor, square: tf.Tensor, pixels: Sequence[int]
    ) -> tf.Tensor:
        """Examples x [n, ...] by the statistics of the reference and of each by itself."""
        share = 1.0 / (REFERENCE_SIZE + 1.0)
        own_mean, own_square = x, x**2
        if pixels:
            own_mean = tf.reduce_mean(x, pixels, keepdims=True)
            own_square = tf.reduce_mean(x**2, pixels, keepdims=True)
        mean = (1.0 - share) * mean + share * own_mean
        square = (1.0 - share) * square + share * own_square
        return self._scaled(x, mean, square - mean**2)

    def _scaled(self, x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
        scale = tf.math.rsqrt(tf.nn.relu(variance) + self.epsilon)
        return (x - mean) * scale * self.gamma + self.beta


class SpectrallyNormalized(keras.layers.Layer):
    """Mixin of layers that use their kernel divided by its largest singular value.

    The stored kernel stays as it is and gradients flow through the division, as in the paper; the
    singular value comes from a vector u that `power_iteration` refines, which the training loop
    calls once per discriminator update. A layer calls `track_kernel` when it is built and `divided`
    wherever it would use its kernel, seen as a matrix [inputs, outputs].

    Reference: Miyato et al. 2018 (arXiv 1802.05957), algorithm 1.
    """

    def track_kernel(self, kernel: keras.Variable) -> None:
        self._whole_kernel = kernel
        self.u = self.add_weight(
            shape=(kernel.shape[-1],),
            initializer="random_normal",
            trainable=False,
            autocast=False,
            name="u",
        )

    def save_own_variables(self, store: Any) -> None:
        # Keras's own of a kernel's layer would leave u out.
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        keras.layers.Layer.load_own_variables(self, store)

    def power_iteration(self) -> None:
        """One step of the power method: u <- normalize(W^T normalize(W u))."""
        matrix = _matrix(self._whole_kernel)
        left = tf.math.l2_normalize(tf.linalg.matvec(matrix, self.u))
        self.u.assign(tf.math.l2_normalize(tf.linalg.matvec(matrix, left, transpose_a=True)))

    def sigma(self, kernel: tf.Tensor) -> tf.Tensor:
        """v^T W u, which tends to the largest singular value; differentiable in the kernel."""
        matrix = _matrix(kernel)
        u = tf.math.l2_normalize(self.u)
        v = tf.stop_gradient(tf.math.l2_normalize(tf.linalg.matvec(matrix, u)))
        return tf.tensordot(v, tf.linalg.matvec(matrix, u), axes=1)

    def divided(self, kernel: tf.Tensor) -> tf.Tensor:
        return kernel / tf.cast(self.sigma(kernel), kernel.dtype)


@keras.saving.register_keras_serializable("gan_apps")
class SpectralConv2D(SpectrallyNormalized, keras.layers.Conv2D):
    """A Conv2D whose kernel is divided by its largest singular value."""

    def build(self, shape: tuple) -> None:
        super().build(shape)
        self.track_kernel(self._kernel)

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return super().convolution_op(inputs, self.divided(kernel))


@keras.saving.register_keras_serializable("gan_apps")
class SpectralDense(SpectrallyNormalized, keras.layers.Dense):
    """A Dense layer whose kernel is divided by its largest singular value."""

    def build(self, shape: tuple) -> None:
        super().build(shape)
        self.track_kernel(self._kernel)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        kernel = self.divided(tf.convert_to_tensor(self.kernel))
        return tf.matmul(inputs, kernel) + self.bias


def _matrix(kernel: tf.Tensor) -> tf.Tensor:
    kernel = tf.cast(tf.convert_to_tensor(kernel), tf.float32)
    return tf.reshape(kernel, (-1, kernel.shape[-1]))
