"""Normalisation of activations and of weights."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_apps")
class BatchNormalization(keras.layers.Layer):
    """Batch normalisation over the last axis of images [n, h, w, c], by TensorFlow's fused kernel.

    The same function as keras.layers.BatchNormalization, which composes it of a dozen elementwise
    operations: on a CPU the fused kernel makes a whole GAN step a fifth faster. Statistics are
    float32 whatever the layer computes in. With training=True the minibatch's statistics are used
    and the moving ones updated (with the unbiased variance); else the moving ones are used.

    Args:
      momentum: float. Share of the moving statistics that each update keeps. Default 0.9.
      epsilon: float. Added to the variance. Default 1e-3.

    Reference: Ioffe & Szegedy 2015 (arXiv 1502.03167), algorithms 1 and 2.
    """

    def __init__(self, momentum=0.9, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, shape):
        def weight(name, initializer, trainable):
            return self.add_weight(
                shape=(shape[-1],),
                initializer=initializer,
                trainable=trainable,
                name=name,
                autocast=False,
            )

        self.gamma = weight("gamma", "ones", True)
        self.beta = weight("beta", "zeros", True)
        self.moving_mean = weight("moving_mean", "zeros", False)
        self.moving_variance = weight("moving_variance", "ones", False)

    def call(self, images, training=False):
        if not training:
            scale = self.gamma * tf.math.rsqrt(self.moving_variance + self.epsilon)
            offset = self.beta - self.moving_mean * scale
            return images * tf.cast(scale, images.dtype) + tf.cast(offset, images.dtype)
        normalized, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            images,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1.0 - self.momentum) * value)
        return normalized

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


class SpectrallyNormalized(keras.layers.Layer):
    """Mixin of layers that use their kernel divided by its largest singular value.

    The stored kernel stays as it is and gradients flow through the division, as in the paper; the
    singular value comes from a vector u that `power_iteration` refines, which the training loop
    calls once per discriminator update. A layer calls `track_kernel` when it is built and `divided`
    wherever it would use its kernel, seen as a matrix [inputs, outputs].

    Reference: Miyato et al. 2018 (arXiv 1802.05957), algorithm 1.
    """

    def track_kernel(self, kernel):
        self._whole_kernel = kernel
        self.u = self.add_weight(
            shape=(kernel.shape[-1],),
            initializer="random_normal",
            trainable=False,
            autocast=False,
            name="u",
        )

    def power_iteration(self):
        """One step of the power method: u <- normalize(W^T normalize(W u))."""
        matrix = _matrix(self._whole_kernel)
        left = tf.math.l2_normalize(tf.linalg.matvec(matrix, self.u))
        self.u.assign(tf.math.l2_normalize(tf.linalg.matvec(matrix, left, transpose_a=True)))

    def sigma(self, kernel):
        """v^T W u, which tends to the largest singular value; differentiable in the kernel."""
        matrix = _matrix(kernel)
        u = tf.math.l2_normalize(self.u)
        v = tf.stop_gradient(tf.math.l2_normalize(tf.linalg.matvec(matrix, u)))
        return tf.tensordot(v, tf.linalg.matvec(matrix, u), axes=1)

    def divided(self, kernel):
        return kernel / tf.cast(self.sigma(kernel), kernel.dtype)


@keras.saving.register_keras_serializable("gan_apps")
class SpectralConv2D(SpectrallyNormalized, keras.layers.Conv2D):
    """A Conv2D whose kernel is divided by its largest singular value."""

    def build(self, shape):
        super().build(shape)
        self.track_kernel(self._kernel)

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, self.divided(kernel))


def _matrix(kernel):
    kernel = tf.cast(tf.convert_to_tensor(kernel), tf.float32)
    return tf.reshape(kernel, (-1, kernel.shape[-1]))
