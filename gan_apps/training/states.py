"""Saved states: everything that a training needs to go on as if it had never stopped.

A state is one .npz of plain arrays (no pickle): the three networks, both optimizers, the counters
that key all noise, and the running means of the metrics. The archive's own CRC tells a damaged one.
"""

import re
import shutil
import sys
import zipfile
import zlib

import numpy as np

from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

KEPT = 3
SECONDS = "seconds"
BEST = "best_"
DRAWS = "counters/001"
# How far the noise counter moves on when training goes back: no training draws so often.
NEW_NOISE = 2**40
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def variables(model):
    """Every variable of a compiled model that training changes, by a name that orders it."""
    groups = {
        **{name: network.weights for name, network in model.networks.items()},
        **{f"{name}_optimizer": one.variables for name, one in model.optimizers.items()},
        "counters": [model.iteration, model.draws],
        "metrics": [variable for metric in model.metrics for variable in metric.variables],
    }
    return {
        f"{group}/{number:03d}": variable
        for group, members in groups.items()
        for number, variable in enumerate(members)
    }


def save(run, model, seconds):
    """Writes the state of `model` into `run` and removes all but the newest `KEPT`.

    Args:
      run: path of the run directory.
      model: a compiled AbstractAdversarialModel.
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
    path = folder / f"step_{int(model.iteration.numpy()):09d}.npz"
    with files.replacing(path) as beside:
        np.savez(beside, **arrays, **{SECONDS: np.float64(seconds)})
    for old in saved(run)[KEPT:]:
        old.unlink()
    return path


def saved(run):
    """The states of a run, newest first."""
    folder = run / run_dir.STATES
    names = [path for path in folder.glob("step_*.npz") if re.fullmatch(r"step_\d{9}", path.stem)]
    return sorted(names, reverse=True)


def iteration(path):
    """The iteration of a state, from its file's name."""
    return int(path.stem[-9:])


def best(run):
    """The state that was kept for its metric, or None."""
    return next(iter((run / run_dir.STATES).glob(f"{BEST}step_*.npz")), None)


def keep_best(run, path):
    """Keeps a copy of the state `path` beside the newest, in the place of the one before."""
    former, kept = best(run), path.with_name(BEST + path.name)
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

    The networks agree but for what they take as a condition: where an array is larger here, the
    one that is there fills its first corner and the rest is zero. So a run without labels can be
    gone on with by one that learns them, and draws at first what the other drew.

    Raises:
      Refused: the run has no states, or its networks are others.
    """
    flag = f"--initial_run_dir={run}"
    if not saved(run):
        raise Refused(f"{flag}: has no saved states to begin with (a shipped run has none).")
    try:
        arrays = _arrays(saved(run)[0])
    except _DAMAGE as error:
        raise Refused(f"{flag}: {saved(run)[0].name} is damaged ({error}).") from None
    for part in ("generator", "averaged_generator", "discriminator"):
        theirs = [arrays[name] for name in sorted(arrays) if name.startswith(f"{part}/")]
        weights = getattr(model, part).weights
        if len(theirs) < len(weights):
            # An auxiliary classifier that only this model has begins as it is.
            weights = [weight for weight in weights if not weight.path.startswith("logits/")]
        if len(theirs) != len(weights):
            raise Refused(f"{flag}: its {part} has {len(theirs)} weights, not {len(weights)}.")
        for weight, values in zip(weights, theirs, strict=True):
            weight.assign(_in_the_corner(values, tuple(weight.shape), f"{flag}: its {part}"))


def _in_the_corner(values, shape, what):
    if values.size == np.prod(shape, dtype=int):
        return values.reshape(shape)
    if values.ndim != len(shape) or any(a > b for a, b in zip(values.shape, shape, strict=True)):
        raise Refused(f"{what} has a weight of shape {values.shape}, not {shape}.")
    return np.pad(values, [(0, b - a) for a, b in zip(values.shape, shape, strict=True)])


def _arrays(path):
    # Opened here, since NumPy leaves the file of a damaged archive open.
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _assign(targets, arrays):
    for name, variable in targets.items():
        if name in arrays:
            variable.assign(arrays[name])


def _read(path, targets):
    arrays = _arrays(path)
    # States of before there was a metric lack its mean, which then begins anew.
    needed = {name for name in targets if not name.startswith("metrics/")}
    if not {*needed, SECONDS} <= arrays.keys() <= {*targets, SECONDS}:
        raise ValueError("it holds other variables than this model has")
    for name, variable in targets.items():
        if name in arrays and arrays[name].shape != tuple(variable.shape):
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {tuple(variable.shape)}")
    return arrays
