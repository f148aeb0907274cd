"""The matcher: learns which sentence is said of which picture, in order to judge others by it.

It is a game of one player, whose networks draw nothing. Its encoder can be the one that a
conditional GAN begins with, as in Reed et al. 2016 (arXiv 1605.05396), section 4.1; to judge, take
a matcher that no training has begun with.
"""

from typing import Any

import keras
import tensorflow as tf

from models.conditions import Condition
from models.dropout import Dropout
from models.encoders import WIDTH, equal_rows, matching_both_ways, nearness, rank_first
from models.game import AbstractGame, Examples, Networks, Player
from models.networks import MOMENTUM, AbstractNetwork
from models.normalization import BatchNormalization

# Feature maps for images of less than 64 pixels, and for larger ones.
WIDTHS = (32, 64, 96)
LARGE_WIDTHS = (32, 64, 96, 128)
DROPOUT = 0.2
TEMPERATURE = 0.1


@keras.saving.register_keras_serializable("gan_apps")
class PictureEncoder(AbstractNetwork):
    """Images to the vectors of what can be said of them.

    Inputs: {"images": float32 [n, image_size, image_size, channels] in [-1, 1]}. Output: float32
    [n, width].

    Args:
      width: int. Default encoders.WIDTH.
      image_size: int. Default 64.
      channels: int. Default 3.
      dtype: str. Keras dtype policy of all but the last layer. Default "float32".
    """

    def __init__(
        self,
        *,
        width: int = WIDTH,
        image_size: int = 64,
        channels: int = 3,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        layers = keras.layers
        images = keras.Input((image_size, image_size, channels), name="images")
        x = images
        for maps in WIDTHS if image_size < 64 else LARGE_WIDTHS:
            x = layers.Conv2D(maps, 4, strides=2, padding="same", use_bias=False, dtype=dtype)(x)
            x = BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
            x = layers.ReLU(dtype=dtype)(x)
        x = Dropout(DROPOUT, dtype=dtype)(layers.Flatten(dtype=dtype)(x))
        vectors = layers.Dense(width, name="meaning", dtype="float32")(x)
        arguments = {
            "width": width,
            "image_size": image_size,
            "channels": channels,
            "dtype": dtype,
        }
        super().__init__({"images": images}, vectors, arguments, name)


@keras.saving.register_keras_serializable("gan_apps")
class Matcher(AbstractGame):
    """Two networks that learn to put a picture and its captions in one place.

    matcher loss = -mean log p(own sentence | image) / 2 - mean log p(own image | sentence) / 2,
    over the pairs of a minibatch, p the softmax of cosines over the temperature (Radford et al.
    2021, arXiv 2103.00020, figure 3; there the temperature is learned).

    Args:
      networks: {"matcher": PictureEncoder, "encoder": models.encoders.SentenceEncoder}, of one
        width.
      temperature: float. Default TEMPERATURE.
      seed: int. Default 0.
    """

    def __init__(
        self, networks: Networks, *, temperature: float = TEMPERATURE, seed: int = 0
    ) -> None:
        super().__init__(networks, seed=seed)
        self.temperature = temperature

    @property
    def condition(self) -> Condition:
        return self.networks["encoder"].condition

    @property
    def players(self) -> tuple[Player, ...]:
        return (
            Player(
                name="matcher",
                networks=("matcher", "encoder"),
                loss=self.mismatched,
                columns=("images", self.condition.column),
                figures=("matcher_accuracy",),
            ),
        )

    def mismatched(self, minibatch: Examples) -> tf.Tensor:
        """Returns the loss; tells how often the own sentence is the nearest of the minibatch."""
        images, sentences = self.vectors(minibatch, training=True)
        first = rank_first(nearness(images, sentences), equal_rows(sentences))
        self.tell("matcher_accuracy", tf.reduce_mean(tf.cast(first, tf.float32)))
        return matching_both_ways(images, sentences, self.temperature)

    def vectors(self, examples: Examples, **call: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """The vectors of images and of their sentences, float32 [n, width] each."""
        column = self.condition.column
        return (
            self.networks["matcher"]({"images": examples["images"]}, **call),
            self.networks["encoder"]({column: examples[column]}, **call),
        )
