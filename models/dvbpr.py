"""DVBPR: what users like of what they see, learned from what they chose.

    x_ui = theta_u . Phi(picture of i)

A convolutional network Phi, shared by all items, and a vector theta_u of each user are learned by
Bayesian personalised ranking: for i that u chose and j that u did not,

    recommender loss = mean(-log sigma(x_ui - x_uj)) + weight mean(|theta_u|**2)

It is a game of one player, whose network draws nothing. A design is a picture of a generator whose
latents are searched for (models.search) so that

    theta_u . Phi(G(z, c)) - eta (D(G(z, c), c) - 1)**2

is large: the user likes it, and the discriminator of a least-squares GAN takes it for real.

Reference: Kang et al. 2017 (arXiv 1711.02231). Its Phi is a deeper network, of 224x224 pixels; here
it has two convolutions a resolution, and batch normalisation.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from models.conditions import Condition
from models.dropout import Dropout
from models.game import FOREIGN, AbstractGame, Examples, Networks, Player
from models.networks import MOMENTUM, AbstractNetwork, halvings, refuse_size
from models.normalization import BatchNormalization
from models.search import Goal

DROPOUT = 0.1
# Tastes begin small, so that all users agree at first.
TASTES = {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.1}}


def _scored(
    features: keras.KerasTensor, num_users: int, taste_dim: int
) -> tuple[dict[str, keras.KerasTensor], dict[str, keras.KerasTensor]]:
    """The input "users", and {"scores", "features"}: theta_u . features, and these."""
    users = keras.Input((), dtype="int32", name="users")
    tastes = keras.layers.Embedding(
        num_users, taste_dim, embeddings_initializer=TASTES, name="tastes", dtype="float32"
    )(users)
    scores = keras.ops.sum(tastes * features, axis=-1)
    return {"users": users}, {"scores": scores, "features": features}


class AbstractRecommender(AbstractNetwork):
    """x_ui = theta_u . Phi(i), whatever Phi sees of an item i.

    Class attributes:
      sees: str. The input, and the column of the data, that it knows items by.
    """

    sees: str
    condition: Condition

    @property
    def tastes(self) -> tf.Tensor:
        """theta: float32 [users, taste_dim]."""
        return tf.convert_to_tensor(self.get_layer("tastes").embeddings)

    def features(self, items: tf.Tensor) -> tf.Tensor:
        """Phi of items: float32 [n, taste_dim]."""
        items = tf.convert_to_tensor(items)
        anybody = tf.zeros((items.shape[0],), tf.int32)
        return self({self.sees: items, "users": anybody}, training=False)["features"]


@keras.saving.register_keras_serializable("gan_apps")
class Recommender(AbstractRecommender):
    """How much users like pictures.

    Two convolutions per resolution, the first of which halves it; the last layer is linear.

    Inputs: {"images": float32 [n, image_size, image_size, channels] in [-1, 1]; "users": int32
    [n]}. Output: {"scores": float32 [n]; "features": float32 [n, taste_dim], what theta is
    multiplied with}.

    Args:
      num_users: int.
      image_size: int, 8 or more and divisible by 4. Default 28.
      channels: int. Default 1.
      taste_dim: int. Length of theta and of Phi. Default 16.
      widths: ints. Feature maps of Phi, fine to coarse, each of which halves the resolution.
        Default (): 24, 48, 72, 96, as many as the size can be halved and two at least.
      dtype: str. Keras dtype policy of all but the last layer. Default "float32".
    """

    sees = "images"

    def __init__(
        self,
        *,
        num_users: int,
        image_size: int = 28,
        channels: int = 1,
        taste_dim: int = 16,
        widths: Sequence[int] = (),
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        refuse_size(image_size)
        layers = keras.layers
        images = keras.Input((image_size, image_size, channels), name="images")
        x = images
        for width in widths or (24, 48, 72, 96)[: max(halvings(image_size), 2)]:
            for strides in (2, 1):
                x = layers.Conv2D(
                    width, 3, strides=strides, padding="same", use_bias=False, dtype=dtype
                )(x)
                x = BatchNormalization(momentum=MOMENTUM, dtype=dtype)(x)
                x = layers.LeakyReLU(negative_slope=0.1, dtype=dtype)(x)
        x = Dropout(DROPOUT, dtype=dtype)(layers.Flatten(dtype=dtype)(x))
        features = layers.Dense(taste_dim, name="features", dtype="float32")(x)
        users, outputs = _scored(features, num_users, taste_dim)
        arguments = {
            "num_users": num_users,
            "image_size": image_size,
            "channels": channels,
            "taste_dim": taste_dim,
            "widths": list(widths),
            "dtype": dtype,
        }
        super().__init__({"images": images, **users}, outputs, arguments, name)
        self.condition = Condition("users", (num_users,))


@keras.saving.register_keras_serializable("gan_apps")
class ItemVectors(AbstractRecommender):
    """Matrix factorisation: Phi(i) is a free vector of item i, of which one number is its bias.

    What it says of an item that nobody chose means nothing.

    Inputs: {"items": int32 [n]; "users": int32 [n]}. Output: as of Recommender.

    Args:
      num_users, num_items: ints.
      taste_dim: int. Length of theta and of Phi. Default 16.

    Reference: Rendle et al. 2009 (arXiv 1205.2618), section 4.3.1.
    """

    sees = "items"

    def __init__(
        self,
        *,
        num_users: int,
        num_items: int,
        taste_dim: int = 16,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        items = keras.Input((), dtype="int32", name="items")
        features = keras.layers.Embedding(
            num_items, taste_dim, embeddings_initializer=TASTES, name="features", dtype="float32"
        )(items)
        users, outputs = _scored(features, num_users, taste_dim)
        bias = keras.layers.Embedding(
            num_items, 1, embeddings_initializer="zeros", name="biases", dtype="float32"
        )(items)
        outputs["scores"] = outputs["scores"] + keras.ops.sum(bias, axis=-1)
        arguments = {
            "num_users": num_users,
            "num_items": num_items,
            "taste_dim": taste_dim,
            "dtype": dtype,
        }
        super().__init__({"items": items, **users}, outputs, arguments, name)
        self.condition = Condition("users", (num_users,))


@keras.saving.register_keras_serializable("gan_apps")
class DVBPR(AbstractGame):
    """A recommender that learns from choices.

    Args:
      networks: {"recommender": AbstractRecommender}.
      taste_weight: float. Of the squared length of theta. Default .001.
      seed: int. Default 0.
    """

    def __init__(self, networks: Networks, *, taste_weight: float = 1e-3, seed: int = 0) -> None:
        super().__init__(networks, seed=seed)
        self.taste_weight = taste_weight

    @property
    def recommender(self) -> AbstractRecommender:
        return self.networks["recommender"]

    @property
    def players(self) -> tuple[Player, ...]:
        sees = self.recommender.sees
        return (
            Player(
                name="recommender",
                networks=("recommender",),
                loss=self.misordered,
                columns=("users", sees, FOREIGN + sees),
                figures=("recommender_accuracy",),
                # What was chosen, and what was not.
                through=("recommender", "recommender"),
            ),
        )

    def misordered(self, minibatch: Examples) -> tf.Tensor:
        """Returns the loss; tells the share of pairs of which the chosen item is liked more."""
        sees, users = self.recommender.sees, minibatch["users"]
        items = tf.concat([minibatch[sees], minibatch[FOREIGN + sees]], axis=0)
        both = {sees: items, "users": tf.concat([users, users], axis=0)}
        chosen, other = tf.split(self.recommender(both, training=True)["scores"], 2)
        self.tell("recommender_accuracy", tf.reduce_mean(tf.cast(chosen > other, tf.float32)))
        tastes = tf.gather(self.recommender.tastes, users)
        lengths = tf.reduce_sum(tf.square(tastes), axis=1)
        return bpr(chosen, other) + self.taste_weight * tf.reduce_mean(lengths)


def bpr(chosen: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """mean(-log sigma(chosen - other)), scores [n] of what users chose and of what they did not.

    Reference: Rendle et al. 2009 (arXiv 1205.2618), section 4.1.
    """
    return tf.reduce_mean(tf.nn.softplus(other - chosen))


def liked(recommender: Recommender) -> Goal:
    """theta_u . Phi(picture). Asked are "users" int32 [n]."""

    def value(images: tf.Tensor, asked: Any) -> tf.Tensor:
        given = {"images": images, "users": asked["users"]}
        return recommender(given, training=False)["scores"]

    return Goal("liked", value)


def taken_for_real(discriminator: keras.Model) -> Goal:
    """-(D(picture, c) - 1)**2, of a discriminator that learned 1 for real images.

    Asked are "labels" int32 [n], where the discriminator has a condition.
    """

    def value(images: tf.Tensor, asked: Any) -> tf.Tensor:
        return -tf.square(realness(discriminator, images, asked) - 1.0)

    return Goal("taken for real", value)


def realness(discriminator: keras.Model, images: tf.Tensor, asked: Any) -> tf.Tensor:
    """D(picture, c): float32 [n]."""
    given = {"images": images}
    if discriminator.condition is not None:
        # One condition for each image.
        column = discriminator.condition.column
        given[column] = asked[column][:, None]
    outputs = discriminator(given, training=False)
    scores = outputs["scores"] if isinstance(outputs, dict) else outputs
    return scores[:, 0]
