"""The loop, once: networks by name, and players who take turns at moving their own.

An iteration is every player's turn, in their order: `steps` updates, each on fresh data and fresh
noise, of the networks that are the player's (Goodfellow et al. 2014, algorithm 1, is the game of a
discriminator and a generator). All noise is drawn statelessly from [seed, draw number], and the
draw number is a saved variable: a restored game goes on with the noise it would have had.

Under a strategy of tf.distribute `train_step` runs on every replica with its part of the minibatch.
Noise is drawn for the whole minibatch, losses are means over it, and what else is computed from
those is the same on every replica: as many replicas as you like train the same networks.
"""

import abc
import contextlib
import dataclasses
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import keras
import tensorflow as tf

from models import codes, replicas
from models.dropout import Dropout
from models.normalization import PrependReference
from models.order import FOREIGN as FOREIGN
from models.order import Minibatches

# Columns of a minibatch: {name: [n, ...]}.
Examples = dict[str, tf.Tensor]
Networks = dict[str, keras.Model]

# How the moving average of a network is named.
AVERAGED = "averaged_"
# What `fit` says when it is given something else.
_FIT = "fit of a game takes models.minibatches(dataset, model, batch_size)"
# What keras.Model.fit takes beside it and a game has no use for.
_NOT_OF_A_GAME = (
    "y",
    "batch_size",
    "class_weight",
    "sample_weight",
    "validation_data",
    "validation_split",
)


def _on_the_sphere(shape: Sequence[int], key: tf.Tensor) -> tf.Tensor:
    normal = tf.random.stateless_normal(shape, key)
    return tf.math.l2_normalize(normal, axis=-1) * float(shape[-1]) ** 0.5


# What latents are drawn from: name -> function of a shape [n, latent_dim] and a key.
LATENT_DISTRIBUTIONS = {
    "normal": tf.random.stateless_normal,
    # The sphere of radius sqrt(latent_dim), near which normal latents lie.
    "spherical": _on_the_sphere,
    "uniform": lambda shape, key: tf.random.stateless_uniform(shape, key, -1.0, 1.0),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Player:
    """Who moves which networks, and by what.

    Args:
      name: str. Its optimizer's name, and its metrics' `<name>_loss` and `<name>_gradient_norm`.
      networks: names of the networks whose trainable variables it moves.
      loss: function of a minibatch {column: [n, ...]} -> float32 scalar, what it minimises; or of
        what `drawn` makes of that.
      columns: names of what it needs of the data. "foreign_labels" are labels, none of them the
        image's own.
      steps: int. Updates per turn, each on a minibatch of its own. Default 1.
      figures: names of what `loss` tells beside itself (`AbstractGame.tell`), declared so that
        metrics exist before anything is traced. With "<name>_loss" among them it tells that too:
        without its penalties, say.
      due: function of the iteration (int64 scalar) -> bool tensor, whether it has a turn at all; or
        None, the default, for always.
      after: function without arguments, called after each update; or None, the default.
      through: names of the networks that a minibatch goes through on its way to the loss, each as
        often as it does: what an update needs memory for. Default (): its own networks, once.
      drawn: function of a minibatch -> anything, or None, the default. Players that follow each
        other and name the same one share what it makes of the first one's minibatch, once: the
        others need no columns. Each has one update, in which it sees the networks as the players
        before it have moved them.
    """

    name: str
    networks: tuple[str, ...]
    # Of a minibatch, or of whatever `drawn` makes of it.
    loss: Callable[[Any], tf.Tensor]
    columns: tuple[str, ...] = ()
    steps: int = 1
    figures: tuple[str, ...] = ()
    due: Callable[[tf.Tensor], tf.Tensor] | None = None
    after: Callable[[], None] | None = None
    through: tuple[str, ...] = ()
    drawn: Callable[[Examples], Any] | None = None

    def __post_init__(self) -> None:
        for field, only in (("steps", 1), ("due", None)):
            if self.drawn is not None and getattr(self, field) != only:
                raise ValueError(
                    f"{field} must be {only} for the {self.name}, which has one update on what is "
                    f"drawn, got {getattr(self, field)}."
                )

    @property
    def loss_name(self) -> str:
        return f"{self.name}_loss"

    @property
    def norm_name(self) -> str:
        return f"{self.name}_gradient_norm"


@dataclasses.dataclass(frozen=True)
class _Arguments:
    """What a game was made with; no container, whose members Keras would track twice."""

    positional: tuple
    named: dict


class _Mean(keras.metrics.Mean):
    """A running mean of what every replica has alike: it is read without asking the others."""

    def add_variable(self, *args: Any, **kwargs: Any) -> keras.Variable:
        return super().add_variable(*args, **{**kwargs, "aggregation": "only_first_replica"})


class AbstractGame(keras.Model, abc.ABC):
    """Networks and the players that move them; a subclass says only who minimises what.

    `fit` takes what `models.minibatches` makes of a tf.data.Dataset of examples; or a dataset whose
    element is one iteration, `{player: {column: [steps, n, ...]}}`, the columns those that the
    player asks for, images uint8, or float32 in [-1, 1]. `save` writes everything that
    training changes, and what `keras.models.load_model` reads goes on as if it had never been
    saved, where `models` has been imported. `predict` draws.

    Args:
      networks: {name: built keras.Model}. Beside a network `generator` there may be its equal
        `averaged_generator`, which holds the moving average of its weights and is never trained.
      averaging_decay: float in [0, 1). Decay per iteration of those averages. Default 0.999.
      latent_distribution: str. A key of LATENT_DISTRIBUTIONS. Default "normal".
      seed: int. Seed of all noise. Default 0.
    """

    # Keras's.
    train_function: Callable | None
    # Columns that the game cuts to what its networks take, so that any larger pictures will do.
    cut: tuple[str, ...] = ()
    # The last numbers of latents, if they have kinds of their own: as in models.codes.
    codes: tuple[int, ...] = ()
    # What `compile` gives each player for want of another.
    default_optimizer = {
        "class_name": "Adam",
        "config": {"learning_rate": 5e-4, "beta_1": 0.0, "beta_2": 0.99},
    }

    def __new__(cls, *args: Any, **kwargs: Any) -> "AbstractGame":
        game = super().__new__(cls, *args, **kwargs)
        game._arguments = _Arguments(args, kwargs)
        return game

    def __init__(
        self,
        networks: Networks,
        *,
        averaging_decay: float = 0.999,
        latent_distribution: str = "normal",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.strategy = tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
        # Keras would reduce a minibatch of its strategy to one in order to build what is built.
        self._distribute_strategy = None
        _refuse_networks(networks)
        self.networks = dict(networks)
        for network in self.networks.values():
            for layer in layers_of(network, Dropout):
                layer.uniform = self.uniform
        self.averaging_decay = averaging_decay
        self.latent_distribution = latent_distribution
        self.seed = seed
        for name, network in self.averages:
            average = self.networks[AVERAGED + name]
            if [w.shape for w in average.weights] != [w.shape for w in network.weights]:
                raise ValueError(f"{AVERAGED}{name} must be the equal of {name}, it is another.")
            average.trainable = False
            average.set_weights(network.get_weights())
        self.iteration = self._counter("iteration")
        self.draws = self._counter("draws")
        # What else a saved state keeps: variables of the game's own, by `keep`.
        self.kept: dict[str, keras.Variable] = {}
        self.means: dict[str, _Mean] = {}
        # Rows of the minibatch of this turn: known when a step is traced.
        self.minibatch_size = 0
        # The networks are, and the rest has no weights.
        self.built = True

    @property
    @abc.abstractmethod
    def players(self) -> tuple[Player, ...]:
        """The Players, in the order of their turns."""

    @property
    def averages(self) -> list[tuple[str, keras.Model]]:
        """(name, network) of each network that has a moving average."""
        return [
            (name, network)
            for name, network in self.networks.items()
            if AVERAGED + name in self.networks
        ]

    def drawn_by(self, name: str) -> keras.Model:
        """The network of that name as it is drawn from: its average, where it has one."""
        return self.networks.get(AVERAGED + name, self.networks[name])

    def trainable_variables_of(self, player: Player) -> list[keras.Variable]:
        """What a player moves: the trainable variables of its networks."""
        return [v for name in player.networks for v in self.networks[name].trainable_variables]

    def compile(self, optimizers: dict | None = None, jit_compile: bool = False) -> None:
        """Gives each player its optimizer.

        Args:
          optimizers: {player's name: keras.optimizers.Optimizer, or what names one to Keras}.
            Default None: `default_optimizer` for each.
          jit_compile: bool. Whether XLA compiles the step. Default False.
        """
        for network in self.networks.values():
            for layer in layers_of(network, PrependReference):
                if not tf.reduce_any(layer.reference != 0.0):
                    raise ValueError(
                        "virtual batch normalisation has no reference batch yet; call "
                        "set_reference with real images before compile."
                    )
        self._compile(optimizers, jit_compile)

    def _compile(self, optimizers: dict | None, jit_compile: bool) -> None:
        names = [player.name for player in self.players]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"players must have names of their own, got {twice[0]!r} twice.")
        players = dict(zip(names, self.players, strict=True))
        if optimizers is None:
            optimizers = dict.fromkeys(players, self.default_optimizer)
        if not isinstance(optimizers, dict):
            raise TypeError(
                f"optimizers must be a dict of one for each of {', '.join(players)}, got "
                f"{optimizers!r}."
            )
        if optimizers.keys() != players.keys():
            raise ValueError(
                f"optimizers must be one for each of {', '.join(players)}, got "
                f"{', '.join(optimizers) or 'none'}."
            )
        optimizers = {name: keras.optimizers.get(optimizers[name]) for name in players}
        if len(set(map(id, optimizers.values()))) < len(optimizers):
            raise ValueError(
                f"optimizers must be one for each of {', '.join(players)}, got the same for two."
            )
        # optimizer=None: the default would be one more that is saved and never used.
        super().compile(optimizer=None, jit_compile=jit_compile)
        self.optimizers = optimizers
        for name, player in players.items():
            # Built here and not at the first step, so that a saved state finds its slots.
            optimizers[name].build(self.trainable_variables_of(player))
        figures = [figure for player in self.players for figure in player.figures]
        losses = [player.loss_name for player in self.players]
        norms = [player.norm_name for player in self.players]
        # A figure may be a loss that is told by the player itself.
        self.means = {name: _Mean(name=name) for name in dict.fromkeys((*losses, *figures, *norms))}

    def get_config(self) -> dict:
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        given = self._arguments
        arguments = {**dict(zip(names, given.positional, strict=False)), **given.named}
        return {name: keras.saving.serialize_keras_object(a) for name, a in arguments.items()}

    @classmethod
    def from_config(cls, config: dict) -> "AbstractGame":
        return cls(**{n: keras.saving.deserialize_keras_object(a) for n, a in config.items()})

    def get_compile_config(self) -> dict | None:
        if not self.compiled:
            return None
        optimizers = keras.saving.serialize_keras_object(dict(self.optimizers))
        return {"optimizers": optimizers, "jit_compile": self.jit_compile}

    def compile_from_config(self, config: dict) -> None:
        # A reference batch is among the weights, which are read later.
        self._compile(
            keras.saving.deserialize_keras_object(config["optimizers"]), config["jit_compile"]
        )

    @property
    def metrics(self) -> list[keras.Metric]:
        return list(self.means.values())

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As in keras.Model; what cannot be read again is refused before a file is there."""
        self.get_config()
        super().save(filepath, *args, **kwargs)

    def fit(self, x: Any = None, y: None = None, **options: Any) -> keras.callbacks.History:
        """Trains; x: what `models.minibatches` gives. Options as in keras.Model.

        Raises:
          TypeError: x holds no minibatches.
          ValueError: x holds those of other players, or something is given that no game takes.
        """
        options["y"] = y
        for name in _NOT_OF_A_GAME:
            if options.get(name) is not None:
                raise ValueError(f"{_FIT} and no {name}.")
        if isinstance(x, Minibatches):
            options["steps_per_epoch"] = options.get("steps_per_epoch") or x.steps_per_epoch
            x = self._iterations(x)
        self._refuse_other_than_minibatches(x)
        # They are shuffled, which Keras would warn that it does not do.
        return super().fit(x, **{"shuffle": False, **options})

    def _iterations(self, minibatches: Minibatches) -> Any:
        """Minibatches from this iteration on, each replica with its part of them."""
        first = int(self.iteration.numpy())
        if self.strategy is None:
            return minibatches.iterations(first)
        count = self.strategy.num_replicas_in_sync

        def parts(context: Any) -> tf.data.Dataset:
            here = count // context.num_input_pipelines
            start = here * context.input_pipeline_id
            return minibatches.iterations(first, range(start, start + here), count)

        return self.strategy.distribute_datasets_from_function(parts)

    def _refuse_other_than_minibatches(self, dataset: Any) -> None:
        given = getattr(dataset, "element_spec", None)
        if not isinstance(given, dict) or not all(isinstance(c, dict) for c in given.values()):
            what = type(dataset).__name__ if given is None else "a dataset of something else"
            raise TypeError(f"{_FIT}, got {what}.")
        for player in self.players:
            columns = given.get(player.name, {})
            for column in player.columns:
                if column not in columns:
                    raise ValueError(f"{_FIT}: the {player.name} lacks {column!r}.")
                spec = columns[column]
                # Replicas have a specification for each.
                if isinstance(spec, tf.TensorSpec) and spec.shape[:1] != [player.steps]:
                    raise ValueError(
                        f"{_FIT}: the {player.name} takes {player.steps} steps, and {column!r} is "
                        f"of shape {list(spec.shape)}."
                    )

    def evaluate(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: no loss of a game says how good it draws."""
        raise TypeError(
            "a game has no evaluate: its losses say how the players stand to each other, not how "
            "good the pictures are."
        )

    test_on_batch = evaluate

    def train_on_batch(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: a turn is several minibatches."""
        raise TypeError(f"a game has no train_on_batch: {_FIT}.")

    @property
    def drawing(self) -> keras.Model:
        """The network that `predict` draws with: the generator, its average if there is one."""
        for name in (f"{AVERAGED}generator", "generator"):
            if name in self.networks:
                return self.networks[name]
        raise TypeError(f"no generator draws, of {', '.join(self.networks)}; call one of them.")

    def call(self, inputs: Examples, training: bool = False) -> tf.Tensor:
        return self.drawing(inputs, training=training)

    def predict(self, x: Any, **options: Any) -> Any:
        """Draws; x: {input of the generator: array [n, ...]}. Options as in keras.Model.

        Raises:
          TypeError: x holds no inputs.
          ValueError: they are others, or of other values, than the generator's.
        """
        if not isinstance(x, tf.data.Dataset):
            _refuse_inputs(x, self.drawing)
        return super().predict(x, **options)

    def input_shape_of(self, column: str) -> tuple | None:
        """The shape of one value of a column as the first network with such an input takes it.

        None where no network has it, or any will do.
        """
        if column in self.cut:
            return None
        for network in self.networks.values():
            taken = getattr(network, "input", None)
            if isinstance(taken, dict) and column in taken:
                return tuple(taken[column].shape[1:])
        return None

    def train_step(self, minibatches: dict[str, Examples]) -> dict[str, tf.Tensor]:
        for drawn, players in itertools.groupby(self.players, lambda player: player.drawn):
            if drawn is not None:
                self._shared_turn(drawn, list(players), minibatches)
            else:
                for player in players:
                    self._turn(player, minibatches)
        self.iteration.assign_add(1)
        self._update_averages()
        return {name: mean.result() for name, mean in self.means.items()}

    def make_train_function(self, force: bool = False) -> Callable:
        """Under a strategy, one that calls `train_step` on every replica."""
        strategy = self.strategy
        if strategy is None:
            return super().make_train_function(force)
        if self.train_function is None or force:
            # Keras's own takes the mean of the logs over an axis that scalars do not have.
            @tf.function(autograph=False)
            def iteration(iterator: Any) -> dict:
                logs = strategy.run(self.train_step, (next(iterator),))
                # Alike on all.
                return {name: strategy.experimental_local_results(logs[name])[0] for name in logs}

            self.train_function = iteration
        return self.train_function

    def tell(self, name: str, value: tf.Tensor) -> None:
        """Adds a scalar of this replica to the running mean of a declared figure."""
        self.means[name].update_state(replicas.mean(value))

    def latents(self, count: int, size: int) -> tf.Tensor:
        """Latents [count, size], new at every call; the game's codes are the last of them."""
        shape = count, size - sum(self.codes)
        noise = self.noise(LATENT_DISTRIBUTIONS[self.latent_distribution], shape)
        if not self.codes:
            return noise
        drawn = codes.drawn(self.codes, self.uniform((count, len(self.codes))))
        return tf.concat([noise, drawn], axis=1)

    def uniform(self, shape: Sequence[int]) -> tf.Tensor:
        """Uniform numbers in [0, 1), new at every call."""
        return self.noise(tf.random.stateless_uniform, shape)

    def noise(self, draw: Callable, shape: Sequence[int]) -> tf.Tensor:
        """Noise of `shape` [n, ...] from `draw` of a shape and a key, new at every call."""
        self.draws.assign_add(1)
        key = tf.stack([tf.constant(self.seed, tf.int64), self.draws.value])
        return replicas.rows(lambda whole: draw(whole, key), shape)

    def keep(self, name: str, shape: Sequence[int], dtype: str = "float32") -> keras.Variable:
        """A variable of the game's own that is saved with its state, zero at first."""
        self.kept[name] = self.add_weight(
            shape=shape, dtype=dtype, initializer="zeros", trainable=False, name=name
        )
        return self.kept[name]

    def _turn(self, player: Player, minibatches: dict[str, Examples]) -> None:
        # A player may need nothing of the data; rows are as many as the others have.
        stacks = minibatches.get(player.name, {})
        every = [stack for columns in minibatches.values() for stack in columns.values()]
        if not every:
            raise ValueError("minibatches must hold a column of some player; they hold none.")
        self.minibatch_size = [*stacks.values(), *every][0].shape[1]

        def updates() -> None:
            for step in range(player.steps):
                self.update(player, {column: stack[step] for column, stack in stacks.items()})

        if player.due is None:
            updates()
        else:
            tf.cond(player.due(self.iteration.value), updates, lambda: None)

    def _shared_turn(
        self,
        drawn: Callable[[Examples], Any],
        players: Sequence[Player],
        minibatches: dict[str, Examples],
    ) -> None:
        """An update of each of `players` on what is drawn once for all of them."""
        stacks = minibatches[players[0].name]
        minibatch = _signed({column: stack[0] for column, stack in stacks.items()})
        self.minibatch_size = next(iter(minibatch.values())).shape[0]
        with contextlib.ExitStack() as recording:
            tapes = [recording.enter_context(self._tape(player)) for player in players]
            shared = drawn(minibatch)
        for player, tape in zip(players, tapes, strict=True):
            self._move(player, tape, shared)

    def update(self, player: Player, minibatch: Examples) -> None:
        """One update of a player's networks on a minibatch {column: [n, ...]}."""
        self._move(player, self._tape(player), _signed(minibatch))

    def _tape(self, player: Player) -> tf.GradientTape:
        """A GradientTape that watches what a player moves.

        Nothing else: what others draw for this turn has no part in its gradient.
        """
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape:
            tape.watch([variable.value for variable in self.trainable_variables_of(player)])
        return tape

    def _move(self, player: Player, tape: tf.GradientTape, given: Any) -> None:
        """Moves a player's networks by the gradient of its share of its loss, of what is given."""
        with tape:
            loss = player.loss(given)
            share = replicas.share(loss)
        variables = self.trainable_variables_of(player)
        gradients = tape.gradient(share, [variable.value for variable in variables])
        self.optimizers[player.name].apply(gradients, variables)
        if player.after is not None:
            player.after()
        if player.loss_name not in player.figures:
            self.tell(player.loss_name, loss)
        self.tell(player.norm_name, replicas.count() * tf.linalg.global_norm(gradients))

    def _update_averages(self) -> None:
        # A constant decay would show the blank initial network for its first thousand iterations.
        iterations = tf.cast(self.iteration.value, tf.float32)
        decay = tf.minimum(self.averaging_decay, (1.0 + iterations) / (10.0 + iterations))
        for name, network in self.averages:
            average = self.networks[AVERAGED + name]
            for mean, weight in zip(average.weights, network.weights, strict=True):
                # mean <- decay mean + (1 - decay) weight, in two passes over the weights.
                tf.raw_ops.ResourceApplyGradientDescent(
                    var=mean.value.handle, alpha=1.0 - decay, delta=mean - weight
                )

    def _counter(self, name: str) -> keras.Variable:
        return self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name=name
        )


def _signed(minibatch: Examples) -> Examples:
    return {
        column: to_signed(values) if values.dtype == tf.uint8 else values
        for column, values in minibatch.items()
    }


def _refuse_networks(networks: Networks) -> None:
    if not isinstance(networks, dict):
        raise TypeError(
            f"networks must be a dict of names and models, got {type(networks).__name__}."
        )
    names: dict[int, str] = {}
    for name, network in networks.items():
        if not isinstance(network, keras.Model):
            raise TypeError(f"{name} must be a keras.Model, got {type(network).__name__}.")
        if not network.built:
            raise ValueError(f"{name} must be built: it has no weights before it has been called.")
        for weight in network.weights:
            if names.setdefault(id(weight), name) != name:
                raise ValueError(
                    f"{names[id(weight)]} and {name} must be two networks, they share weights."
                )


def _refuse_inputs(given: Any, network: keras.Model) -> None:
    wanted = network.input
    if not isinstance(wanted, dict):
        return
    inputs = ", ".join(repr(name) for name in wanted)
    if not isinstance(given, dict):
        raise TypeError(f"predict takes a dict of {inputs}, got {type(given).__name__}.")
    if given.keys() != wanted.keys():
        found = ", ".join(map(repr, given)) or "nothing"
        raise ValueError(f"predict takes {inputs}, got {found}.")
    condition = getattr(network, "condition", None)
    counts = set()
    for name, values in given.items():
        values = tf.convert_to_tensor(values)
        shape = tuple(wanted[name].shape[1:])
        if tuple(values.shape[1:]) != shape or not values.shape.rank:
            raise ValueError(f"{name} must be of shape {['n', *shape]}, got {list(values.shape)}.")
        counts.add(values.shape[0])
        if condition is not None and name == condition.column and not condition.slots:
            condition.check(values)
    if len(counts) > 1:
        raise ValueError(f"predict takes equally many of {inputs}, got {sorted(counts)}.")


def layers_of(network: keras.Model, kind: type) -> list:
    """The layers of a network that are of a kind."""
    return [layer for layer in network.layers if isinstance(layer, kind)]


def to_signed(images: tf.Tensor) -> tf.Tensor:
    """uint8 images in [0, 255] as float32 in [-1, 1]; float images as they are."""
    if tf.as_dtype(images.dtype).is_floating:
        return images
    return tf.cast(images, tf.float32) / 127.5 - 1.0
