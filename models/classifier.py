"""The classifier: reads what a picture shows, in order to judge others that are asked to show it.

It is a game of one player, whose network draws nothing.
"""

from typing import Any

import keras
import tensorflow as tf

from models.conditions import Condition
from models.dropout import Dropout
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import attribute_cross_entropy
from models.networks import MOMENTUM, AbstractNetwork
from models.normalization import BatchNormalization

FEATURES = 64
# Feature maps of a network for images of less than 64 pixels, and for larger ones.
WIDTHS = (24, 48)
LARGE_WIDTHS = (24, 48, 72, 96)
DROPOUT = 0.3


@keras.saving.register_keras_serializable("gan_apps")
class AttributeClassifier(AbstractNetwork):
    """Images to what they show; a label is one attribute.

    Two convolutions per resolution, the second of which halves it; the penultimate layer gives the
    features that distances are taken on.

    Inputs: {"images": float32 [n, image_size, image_size, channels] in [-1, 1]}. Output: {"logits":
    float32 [n, sum(sizes)], the slots one after the other; "features": float32 [n, 64]}.

    Args:
      condition: models.conditions.Condition, or its dict. What there is to be read.
      image_size: int. Default 28.
      channels: int. Default 1.
      dtype: str. Keras dtype policy of all but the last two layers. Default "float32".
    """

    def __init__(
        self,
        *,
        condition: Any,
        image_size: int = 28,
        channels: int = 1,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        condition = Condition.of(condition)
        layers = keras.layers
        images = keras.Input((image_size, image_size, channels), name="images")
        x = images
        for width in WIDTHS if image_size < 64 else LARGE_WIDTHS:
            for strides in (1, 2):
                x = layers.Conv2D(
                    width, 3, strides=strides, padding="same", use_bias=False, dtype=dtype
                )(x)
                x = BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
                x = layers.ReLU(dtype=dtype)(x)
        x = Dropout(DROPOUT, dtype=dtype)(layers.Flatten(dtype=dtype)(x))
        features = layers.Dense(FEATURES, activation="relu", name="features", dtype="float32")(x)
        logits = layers.Dense(sum(condition.sizes), name="logits", dtype="float32")(features)
        arguments = {
            "condition": condition.to_json(),
            "image_size": image_size,
            "channels": channels,
            "dtype": dtype,
        }
        outputs = {"logits": logits, "features": features}
        super().__init__({"images": images}, outputs, arguments, name)
        self.condition = condition


@keras.saving.register_keras_serializable("gan_apps")
class Classifier(AbstractGame):
    """A network that learns what images show, each of them moved a little.

    classifier loss = mean(sum over slots of -log p(own value | shifted image))

    Args:
      networks: {"classifier": AttributeClassifier}.
      shift: int. By how many pixels at most an image is moved along each axis, since what it shows
        is not always in the middle. Default 2.
      seed: int. Default 0.
    """

    def __init__(self, networks: Networks, *, shift: int = 2, seed: int = 0) -> None:
        super().__init__(networks, seed=seed)
        self.shift = shift

    @property
    def condition(self) -> Condition:
        return self.networks["classifier"].condition

    @property
    def players(self) -> tuple[Player, ...]:
        return (
            Player(
                name="classifier",
                networks=("classifier",),
                loss=self.misread,
                columns=("images", self.condition.column),
                figures=("classifier_accuracy",),
            ),
        )

    def misread(self, minibatch: Examples) -> tf.Tensor:
        """Returns the cross-entropy of what is read; tells the share that is read right in all."""
        own = self.condition.one_hot(minibatch[self.condition.column])
        images = self.shifted(minibatch["images"])
        logits = self.networks["classifier"]({"images": images}, training=True)["logits"]
        sizes = list(self.condition.sizes)
        right = [
            tf.equal(tf.argmax(read, axis=1), tf.argmax(value, axis=1))
            # A slot that is open has no value to be read.
            | (tf.reduce_sum(value, axis=1) == 0.0)
            for value, read in zip(
                tf.split(own, sizes, axis=1), tf.split(logits, sizes, axis=1), strict=True
            )
        ]
        all_right = tf.reduce_all(tf.stack(right), axis=0)
        self.tell("classifier_accuracy", tf.reduce_mean(tf.cast(all_right, tf.float32)))
        return attribute_cross_entropy(logits, own, sizes)

    def shifted(self, images: tf.Tensor) -> tf.Tensor:
        """Images in [-1, 1], each moved by itself by up to `shift` pixels, in black (-1)."""
        shift, count = self.shift, images.shape[0]
        padded = tf.pad(
            images, [[0, 0], [shift, shift], [shift, shift], [0, 0]], constant_values=-1.0
        )
        begin = self.noise(
            lambda shape, key: tf.random.stateless_uniform(shape, key, 0, 2 * shift + 1, tf.int32),
            (count, 2),
        )
        for axis in (1, 2):
            places = begin[:, axis - 1, None] + tf.range(images.shape[axis])
            padded = tf.gather(padded, places, axis=axis, batch_dims=1)
        return padded
