"""How good the digits are after how long: ours, and the recipe of keras.io's conditional_gan.

  python -m benchmarks.time_to_quality --folder=FOLDER                 one after the other
  python -m benchmarks.time_to_quality --folder=FOLDER --sides=ours    one alone

Ours is `gan_apps.cgan --mode=train` with its default settings, the other is the recipe as it is
(benchmarks/peers/keras_io.py: batch 64, float32), both on MNIST's training images on this machine.
Every so often 2,000 pictures, 200 of each digit, are drawn and judged by the shipped classifier:
how many it reads as asked, and their Frechet distance to the test images. The clock stands still
meanwhile; it runs from the call of `fit`, with what the first step compiles, and without the import
and the reading of the data.

FOLDER/<side>.json is written anew after each judgement; a side whose time is full is not run
again. FOLDER/time_to_quality.png shows all that is there.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

from gan_apps.operating_system import files, processor, quiet

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIDES = {"ours": "gan_apps.cgan", "keras_io": "keras.io's recipe"}
PICTURE = "time_to_quality.png"
PER_LABEL = 200
NUM_CLASSES = 10
# Seconds until the first judgement; each is a fifth later than the one before.
FIRST, GROWTH = 15.0, 1.2
SHARES = (0.90, 0.98, 0.99)

_FOLDER = flags.DEFINE_string("folder", None, "Where the results are kept.", required=True)
_MINUTES = flags.DEFINE_float("minutes", 12.0, "Training time of each side.", 0.01)
_SIDES = flags.DEFINE_list("sides", list(SIDES), "The sides, without blanks.")
_DATASET = flags.DEFINE_enum(
    "dataset", "mnist", ["mnist", "digits"], "digits is for trying this command: no download."
)


class Judge:
    """Reads pictures of 200 of each digit as the shipped classifier does."""

    def __init__(self, dataset):
        from gan_apps.data import sources
        from gan_apps.evaluation import classifiers
        from gan_apps.runs import run_dir

        self.classifier = classifiers.load(run_dir.shipped(classifiers.SHIPPED["mnist"]))
        _, self.reference = self.classifier.judged(sources.load(dataset, "test").images)
        self.labels = np.repeat(np.arange(NUM_CLASSES, dtype=np.int32), PER_LABEL)

    def latents(self, latent_dim):
        return np.float32(np.random.RandomState(1).randn(len(self.labels), latent_dim))

    def figures(self, images):
        """What is said of images uint8 [2000, 28, 28, 1], 200 of each digit."""
        from gan_apps.evaluation import metrics

        probabilities, features = self.classifier.judged(images)
        return {
            "conditional_accuracy": metrics.conditional_accuracy(probabilities, self.labels),
            "frechet_distance": metrics.frechet_distance(features, self.reference),
        }


class Clock:
    """The time of a training without its judgements, and when the next of these is due.

    Args:
      path: where the rows are kept.
      seconds: float. When it ends.
      drawn: () -> images uint8 as Judge.figures takes them.
      judge: Judge.
    """

    def __init__(self, path, seconds, drawn, judge):
        self.path, self.seconds, self.drawn, self.judge = path, seconds, drawn, judge
        self.due = min(FIRST, seconds)
        self.rows = []
        self.iteration = 0
        self.started = time.perf_counter()

    @property
    def complete(self):
        return bool(self.rows) and self.rows[-1]["seconds"] >= self.seconds

    def after_iteration(self):
        self.iteration += 1
        stopped = time.perf_counter()
        if stopped - self.started < self.due:
            return
        row = {"seconds": stopped - self.started, "iteration": self.iteration}
        row |= self.judge.figures(self.drawn())
        self.rows.append(row)
        files.write_json(self.path, {"minutes": self.seconds / 60, "rows": self.rows})
        print(
            f"{self.path.stem}: {row['seconds']:.0f} s, iteration {self.iteration:,}: "
            f"{row['conditional_accuracy']:.2%} read as asked, "
            f"Frechet distance {row['frechet_distance']:.2f}",
            flush=True,
        )
        while self.due <= row["seconds"] < self.seconds:
            self.due = min(self.due * GROWTH, self.seconds)
        self.started += time.perf_counter() - stopped


def train_ours(path, judge, data):
    """The command's training, with its default settings, for as long as asked."""
    from benchmarks.watch import Watch
    from gan_apps import systems
    from gan_apps.data.minibatches import minibatches
    from gan_apps.drawing import pictures
    from gan_apps.training import building

    system = systems.find("cgan")
    config = processor.resolved(system.config(dataset=_DATASET.value))
    model = building.build(system, config, data)
    order = minibatches(data, model.players, config.batch_size, config.seed)
    inputs = {"latents": judge.latents(config.latent_dim), "labels": judge.labels}
    drawn = lambda: pictures.to_bytes(model.averaged_generator(inputs, training=False))
    clock = Clock(path, _MINUTES.value * 60, drawn, judge)
    while not clock.complete:
        model.fit(order, verbose=0, callbacks=[Watch(clock)])


def train_keras_io(path, judge, data):
    """The recipe, for as long as asked."""
    from benchmarks.peers import keras_io
    from benchmarks.watch import Watch

    gan = keras_io.ConditionalGAN()
    gan.compile()
    minibatches = keras_io.dataset(data.images, data.numbers)
    one_hot = np.eye(NUM_CLASSES, dtype=np.float32)[judge.labels]
    inputs = np.concatenate([judge.latents(keras_io.LATENT_DIM), one_hot], axis=1)
    # Its images are in [0, 1].
    drawn = lambda: np.uint8(np.round(gan.generator.predict(inputs, verbose=0) * 255.0))
    clock = Clock(path, _MINUTES.value * 60, drawn, judge)
    while not clock.complete:
        gan.fit(minibatches, verbose=0, callbacks=[Watch(clock)])


TRAINED = {"ours": train_ours, "keras_io": train_keras_io}


def results(folder):
    """{side: rows} of what is in a folder."""
    return {
        side: json.loads((folder / f"{side}.json").read_text())["rows"]
        for side in SIDES
        if (folder / f"{side}.json").is_file()
    }


def is_complete(folder, side):
    """Whether a side has been trained for as long as asked."""
    rows = results(folder).get(side)
    return bool(rows) and rows[-1]["seconds"] >= _MINUTES.value * 60


def seconds_to(rows, share):
    """When so many were first read as asked, or None."""
    times = [row["seconds"] for row in rows if row["conditional_accuracy"] >= share]
    return times[0] if times else None


def draw(folder, found):
    from gan_apps import plots

    with plots.drawing(folder / PICTURE, columns=2) as (_, ((accuracy, distance),)):
        for number, (side, rows) in enumerate(found.items()):
            minutes = [row["seconds"] / 60 for row in rows]
            style = {"label": SIDES[side], **plots.line(number)}
            accuracy.plot(minutes, [row["conditional_accuracy"] for row in rows], **style)
            distance.plot(minutes, [row["frechet_distance"] for row in rows], **style)
        accuracy.set(title="Read as asked", xlabel="minutes of training", ylim=(0, 1.02))
        distance.set(title="Frechet distance", xlabel="minutes of training", yscale="log")
        accuracy.legend()


def summary(found):
    """Lines of text: when each share was reached."""
    lines = []
    for side, rows in found.items():
        for share in SHARES:
            seconds = seconds_to(rows, share)
            told = "not reached" if seconds is None else f"after {seconds:.0f} s"
            lines.append(f"{SIDES[side]}: {share:.0%} read as asked {told}")
        last = rows[-1]
        lines.append(
            f"{SIDES[side]}: at the end, after {last['seconds']:.0f} s, "
            f"{last['conditional_accuracy']:.2%}, Frechet distance {last['frechet_distance']:.2f}"
        )
    return "\n".join(lines)


def main(argv):
    del argv
    if unknown := [side for side in _SIDES.value if side not in SIDES]:
        sys.exit(f"--sides: {unknown[0]!r} is not one of {', '.join(SIDES)}")
    folder = pathlib.Path(_FOLDER.value).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    left = [side for side in _SIDES.value if not is_complete(folder, side)]
    if len(_SIDES.value) > 1:
        # Each in a process of its own.
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
        command = [sys.executable, "-m", "benchmarks.time_to_quality", f"--folder={folder}"]
        command += [f"--minutes={_MINUTES.value}", f"--dataset={_DATASET.value}"]
        for side in left:
            subprocess.run([*command, f"--sides={side}"], env=environment, check=True)
    elif left:
        quiet.import_tensorflow()
        from gan_apps.data import sources

        data = sources.load(_DATASET.value)
        TRAINED[left[0]](folder / f"{left[0]}.json", Judge(_DATASET.value), data)
    found = results(folder)
    draw(folder, found)
    if len(_SIDES.value) > 1 or len(found) == 1:
        print(summary(found))
        print(folder / PICTURE)


if __name__ == "__main__":
    app.run(main)
