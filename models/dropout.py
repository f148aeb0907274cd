"""Dropout whose noise a saved game goes on with."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_apps")
class Dropout(keras.layers.Layer):
    """A random share of the values is 0 in training, the others are divided by what is left.

    Keras's own draws from a state that is no weight, and would be lost on the way. This one draws
    from the game that its network is put into, which sets `uniform`.

    Args:
      rate: float in [0, 1). The share.

    Reference: Srivastava et al. 2014 (JMLR 15, 1929-1958).
    """

    # Function of a shape -> uniform numbers in [0, 1), new at every call.
    uniform = None

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, values: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return values
        if self.uniform is None:
            raise ValueError("a network with dropout is trained in a game, whose noise it takes.")
        left = self.uniform(values.shape) >= self.rate
        return tf.where(left, values / (1.0 - self.rate), tf.zeros_like(values))

    def compute_output_shape(self, shape: tuple) -> tuple:
        return shape

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate}
