"""Saved states: everything that a training needs to go on as if it had never stopped.

A state is one .npz of plain arrays (no pickle): the networks, the optimizers, the counters
that key all noise, and the running means of the metrics. The archive's own CRC tells a damaged one.
"""

import shutil
import sys
import zipfile
import zlib

import numpy as np

from gan_apps.drawing import runtimes
from gan_apps.evaluation import matchers
from gan_apps.operating_system import files
from gan_apps.runs import run_dir, saved_states
from gan_apps.runs.saved_states import best, iteration, saved
from gan_apps.settings import Refused
from models import gan

# Raised when an array of a state changes its name or its meaning. States of format 1, which do not
# say so, have the metrics' means by their place, not by their names.
FORMAT = 2
KEPT = 3
SECONDS = "seconds"
WRITTEN_AS = "format"
METRICS = "metrics/"
# The metrics that there were when they had no names, in their order.
METRICS_OF_FORMAT_1 = (
    "discriminator_loss",
    "generator_loss",
    "wasserstein_estimate",
    "gradient_norm",
    "classifier_loss",
    "discriminator_accuracy",
    "discriminator_gradient_norm",
    "generator_gradient_norm",
)
DRAWS = "counters/001"
# How far the noise counter moves on when training goes back: no training draws so often.
NEW_NOISE = 2**40
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    OverflowError,
    KeyError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


def variables(model):
    """Every variable of a compiled model that training changes, by its name in a state.

    Those of networks and optimizers are named by their place, since Keras numbers layers by what
    a process has made before; those of metrics, of which there may be more one day, by theirs.
    """
    groups = {
        **{name: network.weights for name, network in model.networks.items()},
        **{f"{name}_optimizer": one.variables for name, one in model.optimizers.items()},
        "counters": [model.iteration, model.draws],
    }
    named = {
        f"{group}/{number:03d}": variable
        for group, members in groups.items()
        for number, variable in enumerate(members)
    }
    means = {
        f"{METRICS}{metric.name}/{variable.name}": variable
        for metric in model.metrics
        for variable in metric.variables
    }
    kept = {f"kept/{name}": variable for name, variable in model.kept.items()}
    return {**named, **kept, **means}


def save(run, model, seconds):
    """Writes the state of `model` into `run` and removes all but the newest `KEPT`.

    Args:
      run: path of the run directory.
      model: a compiled models.game.AbstractGame.
      seconds: float. Training time so far.

    Raises:
      FloatingPointError: a weight is not finite; nothing is written.
      OSError: the disk refuses; earlier states are as they were.
    """
    arrays = {name: variable.numpy() for name, variable in variables(model).items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise FloatingPointError(f"a value of {name.split('/')[0]} is not finite")
    folder = run / run_dir.STATES
    folder.mkdir(exist_ok=True)
    path = folder / saved_states.NAME.format(int(model.iteration.numpy()))
    also = {SECONDS: np.float64(seconds), WRITTEN_AS: np.int64(FORMAT)}
    with files.replacing(path) as beside:
        np.savez(beside, **arrays, **also)
    for old in saved(run)[KEPT:]:
        old.unlink()
    return path


def keep_best(run, path):
    """Keeps a copy of the state `path` beside the newest, in the place of the one before."""
    former, kept = best(run), path.with_name(saved_states.BEST + path.name)
    with files.replacing(kept) as beside:
        shutil.copyfile(path, beside)
    if former is not None and former != kept:
        former.unlink()


def before(run, healthy):
    """The states of a run that are not later than the iteration `healthy`, newest first."""
    kept = [*saved(run), *([best(run)] if best(run) else [])]
    good = [path for path in kept if iteration(path) <= healthy]
    return sorted(good, key=iteration, reverse=True)


def go_back(run, model, healthy, seconds):
    """Puts the newest state of `run` from before things went wrong into `model`, with new noise.

    It is saved again as it goes on from here, and what came after it is removed: what resumes the
    run from then on goes on from it too.

    Args:
      run, model, seconds: as in `save`.
      healthy: int. The last iteration at which all was well.

    Returns:
      int. The number of times that this training has now gone back; 0 if there is no such state.
    """
    targets = variables(model)
    times = int(model.draws.numpy()) // NEW_NOISE + 1
    for path in before(run, healthy):
        try:
            arrays = _read(path, targets)
        except _DAMAGE as error:
            print(f"{path} is damaged ({error}); trying the one before it.", file=sys.stderr)
            continue
        break
    else:
        return 0
    for later in (*saved(run), best(run)):
        if later is not None and iteration(later) > iteration(path):
            later.unlink()
    _assign(targets, arrays)
    model.draws.assign(int(arrays[DRAWS]) % NEW_NOISE + times * NEW_NOISE)
    save(run, model, seconds)
    return times


def restore(run, model):
    """Puts the newest undamaged state of `run` into `model`.

    Returns:
      float. The training time of that state in seconds; 0.0 if the run has no state yet.

    Raises:
      Refused: there are states but none can be used.
    """
    targets = variables(model)
    for path in saved(run):
        try:
            arrays = _read(path, targets)
        except _DAMAGE as error:
            print(f"{path} is damaged ({error}); trying the one before it.", file=sys.stderr)
            continue
        _assign(targets, arrays)
        return float(arrays[SECONDS])
    if saved(run):
        raise Refused(f"--run_dir={run}: none of its states can be read; start a new run.")
    return 0.0


def begin_with(run, model):
    """Puts the networks of another run's newest state into `model`, its optimizers left new.

    Of a run without states, such as a shipped one, it is what the run draws with: the averaged
    weights, for the network and for its average.

    The networks agree but for what they take as a condition: where a kernel is larger here by the
    rows or columns of a condition, the one that is there fills its first ones and the rest is zero.
    So a run without labels can be gone on with by one that learns them, and draws at first what the
    other drew. An auxiliary classifier of another kind begins anew, and so does a discriminator
    or an encoder where the other run was trained without one.

    Raises:
      Refused: it is no run, or its networks are others.
    """
    flag = f"--initial_run_dir={run}"
    if saved(run):
        try:
            arrays = _arrays(saved(run)[0])
        except _DAMAGE as error:
            raise Refused(f"{flag}: {saved(run)[0].name} is damaged ({error}).") from None
    elif run_dir.is_run(run):
        arrays = _drawn_with(run)
    else:
        raise Refused(f"{flag}: is no run to begin with.")
    for part, network in model.networks.items():
        theirs = [arrays[name] for name in sorted(arrays) if name.startswith(f"{part}/")]
        if not theirs and part in ("discriminator", *gan.ENCODERS):
            continue
        weights, theirs = _without_other_classifiers(network, theirs)
        if len(theirs) != len(weights):
            raise Refused(f"{flag}: its {part} has {len(theirs)} weights, not {len(weights)}.")
        entrance = next(weight for weight in weights if weight.path.endswith("/kernel"))
        for weight, values in zip(weights, theirs, strict=True):
            axis = None
            if part != "discriminator" and weight is entrance:
                axis = 0
            if part == "discriminator" and weight.path.startswith(("scores/", "logits/")):
                axis = len(weight.shape) - 1
            grown = _grown(values, tuple(weight.shape), axis)
            if grown is None:
                raise Refused(
                    f"{flag}: its {part} has a weight of shape {values.shape}, not "
                    f"{tuple(weight.shape)}."
                )
            weight.assign(grown)


def _drawn_with(run):
    """The weights of what a run draws with, by the names that a state would have them under."""
    arrays = {}
    for name, draw in run_dir.read_recipe(run).draws.items():
        network = runtimes.keras_network(runtimes.weights(run, name), name, draw)
        for part in (name, f"{saved_states.AVERAGED}{name}"):
            for number, values in enumerate(network.get_weights()):
                arrays[f"{part}/{number:03d}"] = values
    return arrays


def begin_with_encoder(run, game, condition):
    """Puts the encoder of a run of gan_apps.matcher into a game that learns the same sentences.

    Args:
      run: path.
      game: models.gan.AbstractGAN with an encoder.
      condition: conditions.sentences.Sentences of its data.

    Raises:
      Refused: it is no such run, or of other sentences or another width.
    """
    flag = f"--encoder_run_dir={run}"
    recipe = matchers.recipe_of(run, "--encoder_run_dir")
    if recipe.judges[matchers.SENTENCES].condition.network != condition.network or (
        recipe.judges[matchers.SENTENCES].condition.wording != condition.wording
    ):
        raise Refused(f"{flag}: its words are others; train it on the same data.")
    encoder = matchers.network_of(run, recipe, matchers.SENTENCES)
    own = game.networks[gan.ENCODER]
    if encoder.width != own.width:
        raise Refused(f"{flag}: its --encoder_width is {encoder.width}, not {own.width}.")
    for name in gan.ENCODERS:
        if name in game.networks:
            game.networks[name].set_weights(encoder.get_weights())


def _without_other_classifiers(network, theirs):
    """The weights of a network and those to begin with, without auxiliary classifiers that differ.

    One that only this network has, or that has twice or half as many logits for each value, begins
    as it is; one that only the other had is left out.
    """
    weights, config = network.weights, network.get_config()
    if "classifier" not in config:
        return weights, theirs
    twin = network
    if not config["classifier"]:
        twin = type(network)(**{**config, "classifier": 1})
    places = [n for n, weight in enumerate(twin.weights) if weight.path.startswith("logits/")]
    has_one = len(theirs) == len(twin.weights)
    if has_one and config["classifier"]:
        own, other = weights[places[0]].shape[-1], theirs[places[0]].shape[-1]
        if own not in (2 * other, other / 2):
            return weights, theirs
    if has_one:
        theirs = [values for n, values in enumerate(theirs) if n not in places]
    return [weight for weight in weights if not weight.path.startswith("logits/")], theirs


def _grown(values, shape, axis):
    """`values` with zeros after them along `axis` up to `shape`; None where that is not the way.

    Args:
      values: array.
      shape: tuple of ints.
      axis: int or None. The axis along which each value of a condition has its own place.
    """
    if values.shape == shape:
        return values
    # The bias of the scores is a vector of one in a network without conditions.
    if (values.shape, shape) == ((1,), ()):
        return values.reshape(shape)
    added = [b - a for a, b in zip(values.shape, shape, strict=False)]
    if values.ndim != len(shape) or any(
        count < 0 or (count and place != axis) for place, count in enumerate(added)
    ):
        return None
    return np.pad(values, [(0, count) for count in added])


def _arrays(path):
    # Opened here, since NumPy leaves the file of a damaged archive open.
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _assign(targets, arrays):
    for name, variable in targets.items():
        if name in arrays:
            variable.assign(arrays[name])


def _read(path, targets):
    """The arrays of a state, by the names of this FORMAT."""
    arrays = _arrays(path)
    written_as = int(arrays.pop(WRITTEN_AS, 1))
    if written_as > FORMAT:
        raise ValueError(f"format {written_as}, written by a newer gan_apps")
    if written_as == 1:
        arrays = _by_name(arrays, targets)
    # A metric that there was not yet lacks its mean, which then begins anew; one that there is no
    # longer has one that nobody misses.
    needed = {name for name in targets if not name.startswith(METRICS)}
    if not all(name in targets or name.startswith(METRICS) for name in arrays.keys() - {SECONDS}):
        raise ValueError("it holds other variables than this model has")
    if not {*needed, SECONDS} <= arrays.keys():
        raise ValueError("it holds other variables than this model has")
    for name, variable in targets.items():
        if name in arrays and arrays[name].shape != tuple(variable.shape):
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {tuple(variable.shape)}")
    return arrays


def _by_name(arrays, targets):
    """The arrays of a state of format 1, its metrics by the names of what stands in their places.

    Metrics came to be at the end of the list only while this was the format.
    """
    means = [
        f"{METRICS}{metric}/{name}"
        for metric in METRICS_OF_FORMAT_1
        for name in ("total", "count")
        if f"{METRICS}{metric}/{name}" in targets
    ]
    places = {f"{METRICS}{number:03d}": name for number, name in enumerate(means)}
    if any(name.startswith(METRICS) and name not in places for name in arrays):
        raise ValueError("it holds other variables than this model has")
    return {places.get(name, name): values for name, values in arrays.items()}
