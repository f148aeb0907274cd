"""Learning rates over a training."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_apps")
class LinearEnd(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linear to zero: rate * min(1, (updates - step) / (fraction * updates)).

    Args:
      learning_rate: float. The rate of the constant part.
      updates: int. Optimizer updates of the whole training.
      fraction: float in [0, 1]. The part of them in which the rate falls; 0 for never.
    """

    def __init__(self, learning_rate, updates, fraction):
        self.learning_rate = learning_rate
        self.updates = updates
        self.fraction = fraction

    def __call__(self, step):
        if not self.fraction:
            return tf.constant(self.learning_rate, tf.float32)
        left = (self.updates - tf.cast(step, tf.float32)) / (self.fraction * self.updates)
        return self.learning_rate * tf.clip_by_value(left, 0.0, 1.0)

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "updates": self.updates,
            "fraction": self.fraction,
        }
