"""The saved states of a run as files: which there are, and how one is asked for."""

import pathlib
import re

from gan_apps.runs import run_dir
from gan_apps.settings import Refused

# How a state's iteration stands in its name, and what the name of the best one begins with.
NAME = "step_{:09d}.npz"
BEST = "best_"
# What a state can be asked for by, beside its iteration.
NEWEST, OF_LEAST_DISTANCE = "last", "best"
# Arrays of a network are called by its name and their number; those of its average begin so.
AVERAGED = "averaged_"


def saved(run: pathlib.Path) -> list[pathlib.Path]:
    """The states of a run, newest first."""
    folder = run / run_dir.STATES
    names = [path for path in folder.glob("step_*.npz") if re.fullmatch(r"step_\d{9}", path.stem)]
    return sorted(names, reverse=True)


def iteration(path: pathlib.Path) -> int:
    """The iteration of a state, from its file's name."""
    return int(path.stem[-9:])


def best(run: pathlib.Path) -> pathlib.Path | None:
    """The state that was kept for its metric, or None."""
    return next(iter((run / run_dir.STATES).glob(f"{BEST}step_*.npz")), None)


def named(run: pathlib.Path, asked: str) -> pathlib.Path:
    """The path of the state of a run that `--state` asks for.

    Args:
      run: path of a run directory.
      asked: str. "best", the one of the least kernel distance while training; "last", the newest;
        or the number of an iteration.

    Raises:
      Refused: it is none of these, or the run has no such state.
    """
    flag = f"--state={asked}"
    if asked not in (NEWEST, OF_LEAST_DISTANCE) and not (asked.isascii() and asked.isdigit()):
        raise Refused(
            f"{flag}: must be {OF_LEAST_DISTANCE}, {NEWEST} or the number of an iteration."
        )
    newest, kept = saved(run), best(run)
    if not newest and kept is None:
        raise Refused(f"{flag}: {run} has no saved states (a shipped run has none).")
    if asked == NEWEST and newest:
        return newest[0]
    if asked == OF_LEAST_DISTANCE and kept is not None:
        return kept
    everything = [*newest, *([kept] if kept is not None else [])]
    for path in everything:
        if str(iteration(path)) == asked.lstrip("0"):
            return path
    known = ", ".join(map(str, sorted({iteration(path) for path in everything})))
    none = " and no best one yet" if kept is None else f", of which {iteration(kept)} is the best"
    raise Refused(f"{flag}: {run} has the states of iterations {known}{none}.")
