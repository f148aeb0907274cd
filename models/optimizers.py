"""What moves weights."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_apps")
class Adam(keras.optimizers.Adam):
    """keras.optimizers.Adam by TensorFlow's kernel, which reads and writes weights once.

    The same update: Keras composes it of a dozen operations for each variable, each of which
    goes through memory, and small networks wait for as many to be started. Of a table of which
    rows are looked up the gradient is that of the whole table; Keras squares what a row is looked
    up for twice before it is added up.

    Reference: Kingma & Ba 2015 (arXiv 1412.6980), algorithm 1, as reordered before section 2.1.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        dtype = variable.dtype
        number = lambda value: tf.cast(value, dtype)
        step = number(self.iterations.value + 1)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=number(self.beta_1) ** step,
            beta2_power=number(self.beta_2) ** step,
            lr=number(learning_rate),
            beta1=number(self.beta_1),
            beta2=number(self.beta_2),
            epsilon=number(self.epsilon),
            grad=number(tf.convert_to_tensor(gradient)),
        )
