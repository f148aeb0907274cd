"""The order of training data: which examples an iteration sees is a function of its number.

An epoch visits the examples in a permutation keyed by [seed, epoch], another one for each player;
nothing has to be remembered to go on in the middle of one. Foreign values are drawn the same way.

Columns may be sets apart, of examples that have nothing to do with each other's. Each is gone
through in permutations of its own, one after the other, however many examples it has.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import tensorflow as tf

from models.conditions import Condition

if TYPE_CHECKING:
    from models.game import AbstractGame, Player

# How a column is named that holds other examples' values of another column, none of its own.
FOREIGN = "foreign_"
# Examples that are read at a time.
_READ = 1024
_WANTED = 'minibatches takes a tf.data.Dataset of single examples {"images": ..., "labels": ...}'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Minibatches:
    """The minibatches of a training.

    Args:
      gatherers: {column: function of int64 indices [...] -> its values [..., ...], in a graph}.
        Those of `condition` are whole numbers.
      count: int. How many examples there are, in all sets together.
      players: models.game.Players, in the order of their turns. The first one's steps are an
        iteration's examples.
      batch_size: int. Examples per update.
      seed: int.
      condition: models.conditions.Condition or None, the default.
      horizontal_flips: bool. Whether a random half of the examples is mirrored. Default False.
      sets: {column: int}. Which columns are sets apart, and how many examples each has. Default:
        none.
      foreigners: {column: function of (int64 indices [...], key int64 [2]) -> values [..., ...], in
        a graph}. What a column of FOREIGN + that name holds, where the column is not the
        condition's: something that is not the example's own, drawn by the key. Default: none.
    """

    gatherers: dict[str, Callable[[tf.Tensor], tf.Tensor]]
    count: int
    players: "tuple[Player, ...]"
    batch_size: int
    seed: int
    condition: Condition | None = None
    horizontal_flips: bool = False
    sets: dict[str, int] = dataclasses.field(default_factory=dict)
    foreigners: dict[str, Callable] = dataclasses.field(default_factory=dict)

    @property
    def images_per_iteration(self) -> int:
        first = self.players[0]
        apart = sum(column in self.sets for column in first.columns)
        return self.batch_size * first.steps * max(apart, 1)

    @property
    def steps_per_epoch(self) -> int:
        """Iterations per epoch; the remainder of an epoch is left to the others."""
        return self.count // self.images_per_iteration

    def iterations(self, first: int = 0, parts: range = range(1), of: int = 1) -> tf.data.Dataset:
        """The iterations from number `first` on, as a tf.data.Dataset without an end.

        Args:
          first: int. Iterations are counted from 0, over all epochs.
          parts: range. Which parts of each minibatch to give, each an element of its own. All
            conditions are looked up and all noise is drawn for the whole; pictures of these alone.
          of: int. Into how many equal parts, consecutive rows, a minibatch is divided. Default 1.

        Returns:
          Elements {player: {column: [steps, batch_size / of, ...]}}.
        """

        def element(place: tf.Tensor) -> dict[str, dict[str, tf.Tensor]]:
            number, part = first + place // len(parts), parts[0] + place % len(parts)
            epoch, step = number // self.steps_per_epoch, number % self.steps_per_epoch
            own = functools.partial(self._own_rows, part, of)
            return {
                player.name: self._columns(at, player, epoch, step, own)
                for at, player in enumerate(self.players)
            }

        # It works in a graph as it is written; to translate it takes a second.
        element = tf.autograph.experimental.do_not_convert(element)
        numbers = tf.data.Dataset.counter()
        return numbers.map(element, num_parallel_calls=1, deterministic=True).prefetch(2)

    def _own_rows(self, part: tf.Tensor, of: int, values: tf.Tensor) -> tf.Tensor:
        """The rows [updates, batch_size / of, ...] of one part of [updates, batch_size, ...]."""
        updates, _, *rest = values.shape
        return tf.reshape(values, (updates, of, self.batch_size // of, *rest))[:, part]

    def _columns(
        self,
        place: int,
        player: "Player",
        epoch: tf.Tensor,
        step: tf.Tensor,
        own: Callable[[tf.Tensor], tf.Tensor],
    ) -> dict[str, tf.Tensor]:
        if not player.columns:
            return {}
        # The first two players' streams are keyed as they were when there were no others.
        stream = tf.constant(self.seed + (place << 32 if place > 1 else 0), tf.int64)
        salt = 2 * epoch + (place if place < 2 else 0)
        size = player.steps * self.batch_size
        positions = (step * size + tf.range(size, dtype=tf.int64)) % self.count
        key = tf.stack([stream, salt])
        indices = tf.random.experimental.index_shuffle(positions, key, self.count - 1)
        indices = tf.reshape(indices, (player.steps, self.batch_size))
        stream = tf.constant(self.seed + (place << 32), tf.int64)
        key = tf.stack([stream, epoch * self.steps_per_epoch + step])
        # Every column of pictures is mirrored alike, by other numbers than `key` draws elsewhere.
        draws = tf.random.stateless_uniform(indices.shape, tf.bitwise.invert(key))
        condition = self.condition
        found = {}
        for column in player.columns:
            name = column.removeprefix(FOREIGN)
            if column in self.sets:
                found[column] = self._of_set(place, player, column, epoch, step, own)
            elif condition is not None and name == condition.column:
                numbers = self.gatherers[name](indices)
                if column != name:
                    numbers = condition.foreign(numbers, key)
                numbers = condition.chosen(numbers, key)
                found[column] = condition.taken(own(numbers))
            elif column != name:
                # Drawn for the whole minibatch, whoever has which part of it.
                strangers = own(self.foreigners[name](indices, key))
                found[column] = self._mirrored(strangers, own(draws))
            else:
                found[column] = self._pictures(name, own(indices), own(draws))
        return found

    def _of_set(
        self,
        place: int,
        player: "Player",
        column: str,
        epoch: tf.Tensor,
        step: tf.Tensor,
        own: Callable[[tf.Tensor], tf.Tensor],
    ) -> tf.Tensor:
        """The pictures of a set apart for a player's turn."""
        count, size = self.sets[column], player.steps * self.batch_size
        # A stream of its own for each set and player, none of which keys anything else.
        stream = self.seed + (place << 32) + ((1 + list(self.sets).index(column)) << 48)
        stream = tf.constant(stream, tf.int64)
        iteration = epoch * self.steps_per_epoch + step
        positions = iteration * size + tf.range(size, dtype=tf.int64)
        # A minibatch may end one pass over the set and begin the next, whose keys are others. They
        # are drawn at random: of two that are alike the kernel makes permutations that are too,
        # and it heeds the lower 32 bits of each number alone.
        passes = positions // count
        keys = [
            tf.random.stateless_uniform((3,), [stream, passes[0] + one], None, None, tf.int64)
            for one in range(2 + size // count)
        ]
        indices = tf.raw_ops.RandomIndexShuffle(
            index=positions % count,
            seed=tf.gather(tf.stack(keys), passes - passes[0]),
            max_index=count - 1,
        )
        draws = tf.random.stateless_uniform(
            (size,), tf.bitwise.invert(tf.stack([stream, iteration]))
        )
        shape = (player.steps, self.batch_size)
        indices, draws = (own(tf.reshape(one, shape)) for one in (indices, draws))
        return self._pictures(column, indices, draws)

    def _pictures(self, name: str, indices: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """Pictures of a column, those mirrored whose number of `draws` is below .5, if any are."""
        return self._mirrored(self.gatherers[name](indices), draws)

    def _mirrored(self, pictures: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        if not self.horizontal_flips or pictures.shape.rank <= draws.shape.rank:
            return pictures
        return tf.where(draws[..., None, None, None] < 0.5, pictures[..., ::-1, :], pictures)


def minibatches(dataset: tf.data.Dataset, model: "AbstractGame", batch_size: int) -> Minibatches:
    """What `fit` of a game takes: minibatches for each of its players.

    The examples are read once, now, and held in memory (uint8 images in a quarter of what float32
    ones need); their order is shuffled anew for each epoch, keyed by the model's seed and its
    iteration. So a model that is loaded goes on with the minibatches that it would have seen.
    An epoch of `fit` is a pass over the examples, or as many iterations as `steps_per_epoch` says.

        model.fit(models.minibatches(dataset, model, batch_size=64), epochs=10)

    Args:
      dataset: tf.data.Dataset of single examples {"images": uint8 [h, w, c] in [0, 255], or float
        in [-1, 1]; "labels": whole number; ...}: the columns that the model's players ask for, and
        any others, which are left out. Or {column: tf.data.Dataset of single pictures}, for columns
        that are sets apart.
      model: models.game.AbstractGame.
      batch_size: int. Examples per update.

    Returns:
      Minibatches.

    Raises:
      TypeError: it is no such dataset, or no such model.
      ValueError: the examples are not what the model's networks take; names the column.
    """
    if not hasattr(model, "players"):
        raise TypeError(f"model must be a game of models, got {type(model).__name__}.")
    if isinstance(dataset, dict):
        return _checked(_of_sets(dataset, model, batch_size), model)
    if not isinstance(dataset, tf.data.Dataset):
        raise TypeError(f"{_WANTED}, got {type(dataset).__name__}.")
    if not isinstance(dataset.element_spec, dict):
        kind = type(dataset.element_spec).__name__
        raise TypeError(f"{_WANTED}, got one of {kind}s: map them to that dict.")
    if int(dataset.cardinality()) == tf.data.INFINITE_CARDINALITY:
        raise ValueError("dataset must end, got one that repeats without end.")
    players = model.players
    conditions = (getattr(network, "condition", None) for network in model.networks.values())
    condition = next((found for found in conditions if found is not None), None)
    asked = None if condition is None else condition.column
    names = {}
    for player in players:
        for column in player.columns:
            if column.startswith(FOREIGN) and column != FOREIGN + str(asked):
                raise ValueError(
                    f"the {player.name} asks for {column!r}, which examples of a dataset do not "
                    "say; gan_apps.data makes such minibatches of a folder."
                )
        for name in (column.removeprefix(FOREIGN) for column in player.columns):
            if name not in dataset.element_spec:
                found = ", ".join(dataset.element_spec) or "nothing"
                raise ValueError(
                    f"dataset must have {name!r}, which the {player.name} asks for; it has {found}."
                )
            names[name] = dataset.element_spec[name]
    for name, spec in names.items():
        slots = None if condition is None else condition.slots
        _refuse_shape(name, spec, slots if name == asked else model.input_shape_of(name))
        _refuse_type(name, spec.dtype, name == asked)
    columns = _read(dataset, tuple(names))
    for name, values in columns.items():
        if condition is not None and name == asked:
            condition.check(values)
            columns[name] = tf.cast(values, tf.int32)
        else:
            _refuse_range(name, values)
    stream = Minibatches(
        gatherers={name: functools.partial(tf.gather, held) for name, held in columns.items()},
        count=len(next(iter(columns.values()))),
        players=players,
        batch_size=batch_size,
        seed=model.seed,
        condition=condition,
    )
    return _checked(stream, model)


def _of_sets(datasets: dict, model: "AbstractGame", batch_size: int) -> Minibatches:
    """Minibatches of sets apart: {column: tf.data.Dataset of its single pictures}."""
    wanted = sorted({column for player in model.players for column in player.columns})
    if sorted(datasets) != wanted:
        raise ValueError(
            f"dataset must have a set for each of {', '.join(wanted)}, got "
            f"{', '.join(datasets) or 'none'}."
        )
    columns: dict[str, tf.Tensor] = {}
    for name, pictures in datasets.items():
        spec = getattr(pictures, "element_spec", None)
        if not isinstance(spec, tf.TensorSpec):
            raise TypeError(f"{name} must be a tf.data.Dataset of single pictures, got {spec}.")
        if int(pictures.cardinality()) == tf.data.INFINITE_CARDINALITY:
            raise ValueError(f"{name} must end, got one that repeats without end.")
        _refuse_shape(name, spec, model.input_shape_of(name))
        _refuse_type(name, spec.dtype, False)
        named = functools.partial(lambda column, picture: {column: picture}, name)
        columns |= _read(pictures.map(named), (name,))
        _refuse_range(name, columns[name])
    sizes = {name: len(held) for name, held in columns.items()}
    return Minibatches(
        gatherers={name: functools.partial(tf.gather, held) for name, held in columns.items()},
        count=sum(sizes.values()),
        players=model.players,
        batch_size=batch_size,
        seed=model.seed,
        sets=sizes,
    )


def _checked(stream: Minibatches, model: "AbstractGame") -> Minibatches:
    """Minibatches; ValueError for more than there are, or such as replicas cannot share."""
    first, batch_size = stream.players[0], stream.batch_size
    if not 1 <= stream.images_per_iteration <= stream.count:
        times = f" times the {first.steps} steps of the {first.name}" if first.steps > 1 else ""
        raise ValueError(
            f"batch_size{times} must be from 1 to the {stream.count} examples that dataset has, "
            f"got batch_size={batch_size}."
        )
    replicas = 1 if model.strategy is None else model.strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise ValueError(
            f"batch_size must be a multiple of the {replicas} replicas that share every minibatch, "
            f"got {batch_size}."
        )
    return stream


def _refuse_shape(name: str, spec: tf.TensorSpec, shape: tuple | None) -> None:
    found = tuple(spec.shape) if spec.shape.rank is not None else None
    if shape is not None and found and found == (None, *shape):
        raise ValueError(
            f"dataset must be of single examples, got {name} of shape {list(found)}: give "
            "dataset.unbatch()."
        )
    if found is None or None in found:
        raise ValueError(
            f"{name} must all have one shape that is known before they are read, got "
            f"{spec.shape}: resize them, or say it with tf.ensure_shape."
        )
    if shape is not None and found != tuple(shape):
        raise ValueError(
            f"{name} must be of shape {list(shape)}, as the model's networks take them, got "
            f"{list(found)}."
        )


def _refuse_type(name: str, dtype: tf.DType, whole: bool) -> None:
    if whole and not dtype.is_integer:
        raise ValueError(f"{name} must be whole numbers, got {dtype.name}.")
    if not (whole or dtype == tf.uint8 or dtype.is_floating):
        raise ValueError(f"{name} must be uint8 in [0, 255] or float in [-1, 1], got {dtype.name}.")


def _refuse_range(name: str, pictures: tf.Tensor) -> None:
    if pictures.dtype == tf.uint8:
        return
    lowest, highest = float(tf.reduce_min(pictures)), float(tf.reduce_max(pictures))
    # Pictures none of which has anything darker than middle gray are in [0, 1]. So written that
    # what is not a number is refused too.
    if not (-1.0 <= lowest < 0.0 and highest <= 1.0):
        raise ValueError(
            f"{name} must be uint8 in [0, 255] or float in [-1, 1], got float from {lowest:g} to "
            f"{highest:g}."
        )


def _read(dataset: tf.data.Dataset, names: tuple[str, ...]) -> dict[str, tf.Tensor]:
    """{name: values [count, ...]}, floats as float32.

    All of them in one pass: the next one may be in another order.
    """

    def taken(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        kinds = {name: example[name].dtype for name in names}
        return {
            name: tf.cast(example[name], tf.float32) if kind.is_floating else example[name]
            for name, kind in kinds.items()
        }

    # In the memory of the processor, wherever the networks are.
    with tf.device("CPU"):
        parts = list(dataset.map(taken).batch(_READ))
        if not parts:
            raise ValueError("dataset must have examples, got none.")
        return {name: tf.concat([part[name] for part in parts], axis=0) for name in names}
