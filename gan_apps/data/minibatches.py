"""The minibatches of data that are here: models.order's, of the columns of a Data."""

import numpy as np
import tensorflow as tf

from gan_apps.data.columns import OF_SIDES
from gan_apps.settings import SIDES, Refused
from models import order
from models.conditions import Condition


def minibatches(data, players, batch_size, seed, horizontal_flips=False):
    """The models.order.Minibatches of data for the players of a game.

    Args:
      data: data.columns.Data.
      players: models.game.Players, in the order of their turns.
      batch_size: int. Examples per update.
      seed: int.
      horizontal_flips: bool. Whether a random half of the examples is mirrored. Default False.

    Raises:
      Refused: the data are fewer than an iteration needs.
    """
    columns, sets = data.columns, {}
    if OF_SIDES in columns:
        columns = {side: data.of_side(side).images for side in SIDES}
        sets = {side: len(pictures) for side, pictures in columns.items()}
    made = order.Minibatches(
        gatherers={name: gatherer(values) for name, values in columns.items()},
        count=len(data),
        players=players,
        batch_size=batch_size,
        seed=seed,
        condition=Condition.of(data.condition.network),
        horizontal_flips=horizontal_flips,
        sets=sets,
        foreigners={
            name: values.foreign for name, values in columns.items() if hasattr(values, "foreign")
        },
    )
    if made.images_per_iteration > len(data):
        first = players[0]
        times = f" times --{first.name}_steps={first.steps}" if first.steps > 1 else ""
        raise Refused(
            f"--batch_size={batch_size}{times} is {made.images_per_iteration} images an iteration; "
            f"the data set has {len(data)}."
        )
    return made


def gatherer(values):
    """A function of int64 indices [...] that gives their values [..., ...] in a graph.

    Args:
      values: an array, which is copied into memory once, or data.tagged_faces.StoredImages.
    """
    if not isinstance(values, np.ndarray):
        return values.gathered
    held = tf.constant(values)
    return lambda indices: tf.gather(held, indices)
