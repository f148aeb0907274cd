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
    path = folder / f"step_{int(model.iteration.value):09d}.npz"
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


def _read(path, targets):
    # Opened here, since NumPy leaves the file of a damaged archive open.
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if arrays.keys() != {*targets, SECONDS}:
        raise ValueError("it holds other variables than this model has")
    for name, variable in targets.items():
        if arrays[name].shape != tuple(variable.shape):
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {tuple(variable.shape)}")
    return arrays
