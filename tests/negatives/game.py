"""Pictures into their negatives and back: two networks, two players, no latents."""

import keras
import tensorflow as tf

from models.game import AbstractGame, Player
from models.networks import AbstractNetwork


@keras.saving.register_keras_serializable("gan_apps")
class Pointwise(AbstractNetwork):
    """{"images": [n, side, side, 1]} -> images of the same size, each pixel by itself."""

    def __init__(self, *, side, width=4, dtype="float32", name=None):
        images = keras.Input((side, side, 1), name="images")
        x = keras.layers.Conv2D(width, 1, activation="tanh", dtype=dtype)(images)
        x = keras.layers.Conv2D(1, 1, activation="tanh", dtype="float32")(x)
        arguments = {"side": side, "width": width, "dtype": dtype}
        super().__init__({"images": images}, x, arguments, name)


class Negatives(AbstractGame):
    """N(x) is to be -x, and P(-x) to be x: mean(abs(N(x) + x)) and mean(abs(P(-x) - x))."""

    @property
    def players(self):
        return tuple(
            Player(name=name, networks=(name,), loss=loss, columns=("images",))
            for name, loss in (("to_negative", self.negated), ("to_positive", self.restored))
        )

    def negated(self, minibatch):
        images = minibatch["images"]
        drawn = self.networks["to_negative"]({"images": images}, training=True)
        return tf.reduce_mean(tf.abs(drawn + images))

    def restored(self, minibatch):
        images = minibatch["images"]
        drawn = self.networks["to_positive"]({"images": -images}, training=True)
        return tf.reduce_mean(tf.abs(drawn - images))
