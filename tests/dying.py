"""Runs gan_apps.cgan, and dies as by SIGKILL in the midst of writing a state.

python -m tests.dying MOMENT COUNT FLAGS...: in the COUNT-th write of a state, at one of MOMENTS.
"""

import os
import pathlib
import runpy
import signal
import sys

import numpy as np


def replaced(module, name, is_it):
    """Puts a function in the place of module.name that dies where `is_it` of its arguments says."""
    real = getattr(module, name)

    def dying(*arguments, **named):
        if is_it(real, *arguments, **named):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    setattr(module, name, dying)


def half_written(count):
    """The file beside the state's holds half of it."""

    def is_it(real, path, **arrays):
        if next_of(count):
            real(path, **arrays)
            os.truncate(path, os.path.getsize(path) // 2)
            return True

    replaced(np, "savez", is_it)


def not_yet_named(count):
    """The file is whole, and not yet the state."""
    replaced(os, "replace", lambda real, beside, path: is_state(path) and next_of(count))


def old_ones_still_there(count):
    """The state is there, and one more than are kept."""
    replaced(pathlib.Path, "unlink", lambda real, path, **_: is_state(path) and next_of(count))


MOMENTS = {f.__name__: f for f in (half_written, not_yet_named, old_ones_still_there)}


def is_state(path):
    return pathlib.Path(path).name.startswith("step_0") and str(path).endswith(".npz")


def next_of(count):
    """Whether this is the last of so many calls."""
    count[0] -= 1
    return count[0] == 0


if __name__ == "__main__":
    moment, count, *flags = sys.argv[1:]
    MOMENTS[moment]([int(count)])
    sys.argv[1:] = flags
    runpy.run_module("gan_apps.cgan", run_name="__main__", alter_sys=True)
