"""What Keras's convolutions lack: a faster order of evaluation, and borders that reflect."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_apps")
class FewFiltersConv2D(keras.layers.Conv2D):
    """A Conv2D with a wide kernel and a few filters, such as a generator's last one.

    The same function with the same weights, for stride 1 and "same" padding. A processor's kernels
    work on 16 filters at once, of which a single one leaves 15 idle. So the columns of the kernel
    are taken for filters of a convolution along the image's columns alone, and what they give is
    shifted and added up in float32: 7 x 7 to one map takes a quarter to a half of the time. A 3 x 3
    kernel gains nothing.

    Args:
      filters, kernel_size, **kwargs: as in keras.layers.Conv2D.

    Raises:
      ValueError: `strides`, `dilation_rate` or `groups` is not 1, or `padding` not "same".
    """

    def __init__(
        self, filters: int, kernel_size: int | tuple[int, int], padding: str = "same", **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        for name, value, allowed in (
            ("strides", self.strides, (1, 1)),
            ("dilation_rate", self.dilation_rate, (1, 1)),
            ("groups", self.groups, 1),
            ("padding", self.padding, "same"),
            ("data_format", self.data_format, "channels_last"),
        ):
            if value != allowed:
                raise ValueError(f"{name} must be {allowed!r}, got {value!r}.")

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        kernel = tf.convert_to_tensor(kernel)
        rows, columns, channels, filters = kernel.shape
        by_column = tf.reshape(
            tf.transpose(kernel, (0, 2, 1, 3)), (rows, 1, channels, columns * filters)
        )
        maps = tf.nn.conv2d(inputs, by_column, 1, "SAME")
        before = (columns - 1) // 2
        maps = tf.pad(
            tf.cast(maps, tf.float32), ((0, 0), (0, 0), (before, columns - 1 - before), (0, 0))
        )
        width = inputs.shape[2]
        shifted = [
            maps[:, :, column : column + width, column * filters : (column + 1) * filters]
            for column in range(columns)
        ]
        return tf.cast(tf.add_n(shifted), inputs.dtype)


@keras.saving.register_keras_serializable("gan_apps")
class ReflectionPadding(keras.layers.Layer):
    """Images [n, h, w, c] with `reach` more pixels on each side, those within reflected.

    Args:
      reach: int, less than h and w.
    """

    def __init__(self, reach: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reach = reach

    def call(self, images: tf.Tensor) -> tf.Tensor:
        sides = [self.reach, self.reach]
        return tf.pad(images, [[0, 0], sides, sides, [0, 0]], "REFLECT")

    def compute_output_shape(self, shape: tuple) -> tuple:
        n, height, width, channels = shape
        return (n, height + 2 * self.reach, width + 2 * self.reach, channels)

    def get_config(self) -> dict:
        return {**super().get_config(), "reach": self.reach}
