"""How long a picture takes from a cold start, by runtime, and how much memory.

  python -m benchmarks.generate

Every figure is a whole process, `python -m gan_apps.cgan ...`, from its start to its exit; the
runtimes take turns, so that a machine that slows down slows both.
"""

import os
import pathlib
import statistics
import sys
import tempfile
import time

from absl import app, flags

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNTIMES = ("litert", "keras")

_RUNS = flags.DEFINE_integer(
    "runs", 7, "Counted runs of each command, after one that is not counted."
)


def measured(arguments, folder):
    """Seconds and peak resident megabytes of one process."""
    command = [sys.executable, "-m", "gan_apps.cgan", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    os.chdir(folder)
    process = os.posix_spawn(
        sys.executable,
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"{' '.join(command)} ended with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main(argv):
    del argv
    tasks = {
        "16 nines, a grid": ["--digit=9"],
        "1,000 digits, a folder": ["--num_images=100", "--output=out"],
    }
    print(f"{_RUNS.value} runs each: median (minimum to maximum) of the whole process")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in tasks.items():
            figures = {runtime: [] for runtime in RUNTIMES}
            for run in range(_RUNS.value + 1):
                for runtime in RUNTIMES:
                    figure = measured([*arguments, f"--runtime={runtime}"], folder)
                    if run:
                        figures[runtime].append(figure)
            for runtime in RUNTIMES:
                seconds, megabytes = zip(*figures[runtime], strict=True)
                print(
                    f"{name:24} {runtime:7} {statistics.median(seconds):6.2f} s "
                    f"({min(seconds):.2f} to {max(seconds):.2f}), {max(megabytes):5.0f} MB"
                )


if __name__ == "__main__":
    app.run(main)
