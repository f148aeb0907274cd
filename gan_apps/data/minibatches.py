"""The order of training data: which examples an iteration sees is a function of its number.

An epoch visits the examples in a permutation keyed by [seed, epoch], another one for each player;
nothing has to be remembered to go on in the middle of one. Foreign values are drawn the same way.
"""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from gan_apps.data.columns import Data
from gan_apps.settings import Refused
from models.conditions import Condition
from models.game import FOREIGN


@dataclasses.dataclass(frozen=True)
class Minibatches:
    """The minibatches of a training.

    Args:
      data: Data.
      players: models.game.Players, in the order of their turns. The first one's steps are an
        iteration's examples.
      batch_size: int. Examples per update.
      seed: int.
      horizontal_flips: bool. Whether a random half of the examples is mirrored. Default False.
    """

    data: Data
    players: tuple
    batch_size: int
    seed: int
    horizontal_flips: bool = False

    def __post_init__(self):
        first, count = self.players[0], len(self.data)
        if self.images_per_iteration > count:
            times = f" times --{first.name}_steps={first.steps}" if first.steps > 1 else ""
            raise Refused(
                f"--batch_size={self.batch_size}{times} is {self.images_per_iteration} images an "
                f"iteration; the data set has {count}."
            )

    @property
    def images_per_iteration(self):
        return self.batch_size * self.players[0].steps

    @property
    def steps_per_epoch(self):
        """Iterations per epoch; the remainder of an epoch is left to the others."""
        return len(self.data) // self.images_per_iteration

    @functools.cached_property
    def _gatherers(self):
        return {name: gatherer(values) for name, values in self.data.columns.items()}

    def epoch(self, number, first_step=0, parts=range(1), of=1):
        """The iterations of epoch `number` (from 0) from `first_step` on, as a tf.data.Dataset.

        Args:
          number, first_step: ints.
          parts: range. Which parts of each minibatch to give, each an element of its own. All
            conditions are looked up and all noise is drawn for the whole; pictures of these alone.
          of: int. Into how many equal parts, consecutive rows, a minibatch is divided. Default 1.
        """
        # Made here, outside of the graph that `element` becomes.
        gatherers = self._gatherers

        def element(place):
            step, part = place // len(parts), parts[0] + place % len(parts)
            own = functools.partial(self._own_rows, part, of)
            return {
                player.name: self._columns(place_of_player, player, gatherers, number, step, own)
                for place_of_player, player in enumerate(self.players)
            }

        ends = first_step * len(parts), self.steps_per_epoch * len(parts)
        elements = tf.data.Dataset.range(*ends)
        return elements.map(element, num_parallel_calls=1, deterministic=True).prefetch(2)

    def _own_rows(self, part, of, values):
        """The rows [updates, batch_size / of, ...] of one part of [updates, batch_size, ...]."""
        updates, _, *rest = values.shape
        return tf.reshape(values, (updates, of, self.batch_size // of, *rest))[:, part]

    def _columns(self, place, player, gatherers, epoch, step, own):
        """What a player needs of iteration `step`: {column: [steps, n, ...]}."""
        if not player.columns:
            return {}
        # The first two players' streams are keyed as they were when there were no others.
        stream = tf.constant(self.seed + (place << 32 if place > 1 else 0), tf.int64)
        salt = 2 * epoch + (place if place < 2 else 0)
        size = player.steps * self.batch_size
        positions = (step * size + tf.range(size, dtype=tf.int64)) % len(self.data)
        key = tf.stack([stream, salt])
        indices = tf.random.experimental.index_shuffle(positions, key, len(self.data) - 1)
        indices = tf.reshape(indices, (player.steps, self.batch_size))
        stream = tf.constant(self.seed + (place << 32), tf.int64)
        key = tf.stack([stream, epoch * self.steps_per_epoch + step])
        # Every column of pictures is mirrored alike, by other numbers than `key` draws elsewhere.
        draws = tf.random.stateless_uniform(indices.shape, tf.bitwise.invert(key))
        found = {}
        for column in player.columns:
            name = column.removeprefix(FOREIGN)
            if name == self.data.condition.column:
                numbers = gatherers[name](indices)
                if column != name:
                    numbers = self._condition.foreign(numbers, key)
                found[column] = self._condition.taken(own(numbers))
            else:
                pictures = gatherers[name](own(indices))
                if self.horizontal_flips:
                    flipped = own(draws)[..., None, None, None] < 0.5
                    pictures = tf.where(flipped, pictures[..., ::-1, :], pictures)
                found[column] = pictures
        return found

    @property
    def _condition(self):
        return Condition.of(self.data.condition.network)


def gatherer(values):
    """A function of int64 indices [...] that gives their values [..., ...] in a graph.

    Args:
      values: an array, which is copied into memory once, or data.tagged_faces.StoredImages.
    """
    if not isinstance(values, np.ndarray):
        return values.gathered
    held = tf.constant(values)
    return lambda indices: tf.gather(held, indices)
