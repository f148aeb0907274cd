"""Saved states: everything that a training needs to go on as if it had never stopped.

A state is one .npz of plain arrays (no pickle): the three networks, both optimizers, the counters
that key all noise, and the running means of the metrics. The archive's own CRC tells a damaged one.
"""

import re
import sys
import zipfile
import zlib

import numpy as np

from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

KEPT = 3
SECONDS = "seconds"
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def variables(model):
    """Every variable of a compiled model that training changes, by a name that orders it."""
    groups = {
        "generator": model.generator.weights,
        "averaged_generator": model.averaged_generator.weights,
        "discriminator": model.discriminator.weights,
        "generator_optimizer": model.generator_optimizer.variables,
        "discriminator_optimizer": model.discriminator_optimizer.variables,
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
        for name, variable in targets.items():
            variable.assign(arrays[name])
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


def _read(path, targets):
    arrays = _arrays(path)
    if arrays.keys() != {*targets, SECONDS}:
        raise ValueError("it holds other variables than this model has")
    for name, variable in targets.items():
        if arrays[name].shape != tuple(variable.shape):
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {tuple(variable.shape)}")
    return arrays
