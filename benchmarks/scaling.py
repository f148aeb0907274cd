"""Time and memory as the data grow, and as workers do.

  python -m benchmarks.scaling
  python -m benchmarks.scaling --images=64 --epochs=1 --runs=1    only to see that it runs

Data: folders of 1, 4 and 16 times --images synthetic pictures of 64x64. Workers: the smallest
folder with one process on two cores, and with two processes (`--distribute=multi_worker`) of one
core each, which share the same minibatches. Every figure is of whole commands, `python -m
gan_apps.dcgan --mode=train ...`, which take turns: images/s as the command tells them at its end
(without its first iteration), seconds from its start to its exit, and the largest resident size of
a process.
"""

import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZE = 64
GROWTH = (1, 4, 16)
TRAINING = [
    "--mode=train",
    "--generator_widths=64,48,32",
    "--discriminator_widths=32,64,128",
    "--batch_size=32",
    "--precision=float32",
]

_IMAGES = flags.DEFINE_integer("images", 512, "Pictures in the smallest folder.", 64)
_EPOCHS = flags.DEFINE_integer("epochs", 4, "Passes over the data.", 1)
_RUNS = flags.DEFINE_integer("runs", 3, "Trainings of each kind; medians are told.", 1)


def write_pictures(folder, count):
    """A folder of smooth random pictures."""
    random = np.random.RandomState(0)
    folder.mkdir()
    for number in range(count):
        small = Image.fromarray(random.randint(0, 256, (8, 8, 3), np.uint8))
        small.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(folder / f"{number:06d}.png")


def tf_configs(num_workers):
    """TF_CONFIG of each of some workers on this machine."""
    held = [socket.socket() for _ in range(num_workers)]
    for one in held:
        one.bind(("localhost", 0))
    addresses = [f"localhost:{one.getsockname()[1]}" for one in held]
    for one in held:
        one.close()
    tasks = [{"type": "worker", "index": index} for index in range(num_workers)]
    return [json.dumps({"cluster": {"worker": addresses}, "task": task}) for task in tasks]


def started(arguments, output, cores, environment):
    """A training on some cores, its stdout in a file."""
    own = os.sched_getaffinity(0)
    # A process begins on the cores of the one that starts it.
    os.sched_setaffinity(0, cores)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "gan_apps.dcgan", *TRAINING, *arguments],
            stdout=output.open("w"),
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
    finally:
        os.sched_setaffinity(0, own)


def measured(data, num_workers=1):
    """Images/s, seconds of the whole command, and megabytes of its largest process."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        arguments = [f"--dataset={data}", f"--run_dir={folder / 'run'}"]
        arguments.append(f"--num_epochs={_EPOCHS.value}")
        places = [(cores, {})]
        if num_workers > 1:
            arguments.append("--distribute=multi_worker")
            configs = [{"TF_CONFIG": text} for text in tf_configs(num_workers)]
            places = [([core], config) for core, config in zip(cores, configs, strict=True)]
        begun = time.perf_counter()
        processes = [
            started(arguments, folder / f"{number}.txt", *place)
            for number, place in enumerate(places)
        ]
        megabytes = []
        for process in processes:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if status:
                sys.exit(f"{' '.join(process.args)} ended with {process.returncode}")
            megabytes.append(usage.ru_maxrss / 1024)
        seconds = time.perf_counter() - begun
        told = re.findall(r" (\d+) images/s", (folder / "0.txt").read_text())
        return float(told[-1]), seconds, max(megabytes)


def medians(kinds):
    """The medians of what some trainings, taking turns, are measured to: {name: figures}."""
    figures = {name: [] for name in kinds}
    for _ in range(_RUNS.value):
        for name, arguments in kinds.items():
            figures[name].append(measured(*arguments))
    return {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in figures.items()
    }


def main(argv):
    del argv
    with tempfile.TemporaryDirectory() as folder:
        folders = {growth: pathlib.Path(folder) / str(growth) for growth in GROWTH}
        for growth, path in folders.items():
            write_pictures(path, growth * _IMAGES.value)
        by_data = medians({growth: (str(path),) for growth, path in folders.items()})
        by_workers = medians(
            {name: (str(folders[1]), count) for name, count in (("1 x 2", 1), ("2 x 1", 2))}
        )
    print("| images | x | s an epoch | x | s in all | x | MB | x |")
    print("| --- " * 8 + "|")
    for growth, (speed, seconds, megabytes) in by_data.items():
        epoch = growth * _IMAGES.value / speed
        first_speed, first_seconds, first_megabytes = by_data[1]
        print(
            f"| {growth * _IMAGES.value:,} | {growth} "
            f"| {epoch:.1f} | {epoch / (_IMAGES.value / first_speed):.2f} "
            f"| {seconds:.0f} | {seconds / first_seconds:.2f} "
            f"| {megabytes:.0f} | {megabytes / first_megabytes:.2f} |"
        )
    print()
    print("| workers x cores | images/s | x | s in all | x | MB, the larger | x |")
    print("| --- " * 7 + "|")
    for name, figures in by_workers.items():
        cells = " | ".join(
            f"{figure:.0f} | {figure / first:.2f}"
            for figure, first in zip(figures, by_workers["1 x 2"], strict=True)
        )
        print(f"| {name} | {cells} |")


if __name__ == "__main__":
    app.run(main)
