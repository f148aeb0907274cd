"""Every algorithm on the same data, MNIST by default, for the same budget and by the same judge.

  python -m benchmarks.quality --folder=FOLDER                    about ten minutes a row
  python -m benchmarks.quality --folder=FOLDER --iterations=2000  the same steps for each
  python -m benchmarks.quality --folder=FOLDER --share=0.3 --rows=dcgan,wgan
  python -m benchmarks.quality --folder=ANOTHER --precision=float32
  python -m benchmarks.quality --folder=FACES --dataset=anime_faces.zip --iterations=900

A row is one command of this project, trained in its own process into FOLDER/<row>. A row that is
finished is not run again, one that was stopped goes on. The table of all finished rows is printed
after each. Processor time is told beside wall time, since other work slows only the second.
"""

import functools
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

from absl import app, flags

from gan_apps import systems
from gan_apps.data import parts, sources
from gan_apps.settings import rows

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What MODEL_CARD.md says is measured on 2,000; the table takes more, for steadier figures.
NUM_IMAGES = 5_000
# In MNIST: what the passes below are of.
IMAGES = 60_000
RESULT = "quality.json"
PLAYERS = ("discriminator", "generator")
# Row -> (passes over MNIST in about ten minutes of two cores, command, flags).
ROWS = {
    "minimax": (8, "dcgan", ["--objective=minimax"]),
    "dcgan": (8, "dcgan", []),
    "dcgan, paper": (8, "dcgan", ["--recipe=paper"]),
    "dcgan, batch": (8, "dcgan", ["--normalization=batch"]),
    "dcgan, spectral": (8, "dcgan", ["--normalization=spectral"]),
    "dcgan, 2e-4": (8, "dcgan", [f"--{player}_learning_rate=2e-4" for player in PLAYERS]),
    "dcgan, 5e-4": (8, "dcgan", [f"--{player}_learning_rate=5e-4" for player in PLAYERS]),
    "mlp": (30, "dcgan", ["--architecture=mlp"]),
    "lsgan": (8, "dcgan", ["--objective=least_squares"]),
    "lsgan, spectral": (8, "dcgan", ["--objective=least_squares", "--normalization=spectral"]),
    "sn_gan": (8, "dcgan", ["--objective=hinge", "--normalization=spectral"]),
    "wgan": (15, "wgan", []),
    "wgan, 2e-4": (15, "wgan", [f"--{player}_learning_rate=2e-4" for player in PLAYERS]),
    "wgan, paper": (15, "wgan", ["--recipe=paper"]),
    "wgan_gp": (10, "wgan_gp", []),
    "wgan_gp, 5e-4": (10, "wgan_gp", [f"--{player}_learning_rate=5e-4" for player in PLAYERS]),
    "wgan_gp, paper": (10, "wgan_gp", ["--recipe=paper"]),
    "cgan": (9, "cgan", []),
    "cgan, 1e-3": (9, "cgan", [f"--{player}_learning_rate=1e-3" for player in PLAYERS]),
    "cgan, 2e-4": (9, "cgan", [f"--{player}_learning_rate=2e-4" for player in PLAYERS]),
    "cgan, paper": (9, "cgan", ["--recipe=paper"]),
    "fgan, 2e-4": (9, "fgan", [f"--{player}_learning_rate=2e-4" for player in PLAYERS]),
    "fgan, 5e-4": (9, "fgan", [f"--{player}_learning_rate=5e-4" for player in PLAYERS]),
    "fgan, paper": (9, "fgan", ["--recipe=paper"]),
}
ROWS |= {f"fgan, {name}": (9, "fgan", [f"--divergence={name}"]) for name in rows.divergences()}

_FOLDER = flags.DEFINE_string("folder", None, "Where the runs are kept.", required=True)
_ROWS = flags.DEFINE_list("rows", [], "The rows to run, without blanks; none: all.")
_ITERATIONS = flags.DEFINE_integer(
    "iterations", None, "Train every row for about so many iterations instead of ten minutes.", 1
)
_SHARE = flags.DEFINE_float("share", 1.0, "Share of ten minutes that a row is trained for.", 0.0)
_DATASET = flags.DEFINE_string("dataset", "mnist", "As in the rows' commands.")
_PRECISION = flags.DEFINE_enum(
    "precision", "auto", ["auto", "float32", "bfloat16"], "As in the rows' commands."
)


def measured(name, folder):
    """Trains and judges one row, or goes on with it; returns its figures."""
    epochs, command, arguments = ROWS[name]
    epochs *= _SHARE.value
    if _ITERATIONS.value is not None:
        system = systems.find(command)
        recipe = system.recipes["paper"].values if "--recipe=paper" in arguments else {}
        per_iteration = system.config(**recipe).examples_per_iteration
        epochs = _ITERATIONS.value * per_iteration / images()
    elif _DATASET.value != "mnist":
        sys.exit("--dataset: the minutes are MNIST's; give --iterations.")
    run = folder / key(name)
    if (run / RESULT).is_file():
        return json.loads((run / RESULT).read_text())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    training = [f"gan_apps.{command}", "--mode=train", f"--run_dir={run}", *arguments]
    training += [f"--num_epochs={max(round(epochs), 1)}", f"--precision={_PRECISION.value}"]
    training += [f"--dataset={_DATASET.value}"]
    subprocess.run([sys.executable, "-m", *training], env=environment, check=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    judging = ["gan_apps.evaluate", f"--run_dir={run}", f"--num_images={NUM_IMAGES}"]
    subprocess.run([sys.executable, "-m", *judging], env=environment, check=True)
    report = json.loads((run / "metrics.json").read_text())
    figures = {
        "iterations": json.loads((run / "manifest.json").read_text())["iterations"],
        "wall_minutes": wall / 60,
        "processor_minutes": sum(after[:2]) / 60 - sum(before[:2]) / 60,
        "frechet_distance": report["frechet_distance"],
        "frechet_ratio": report["frechet_ratio"],
        # Of data that a classifier knows.
        "classifier_score": report.get("classifier_score"),
        **report["manifold"],
    }
    (run / RESULT).write_text(json.dumps(figures, indent=2) + "\n")
    return figures


@functools.cache
def images():
    """How many images an epoch sees."""
    if _DATASET.value == "mnist":
        return IMAGES
    data_set = sources.DataSet(_DATASET.value)
    data = data_set.load()
    return len(parts.train_part(data, parts.recorded(data_set, data)))


def key(name):
    """A row's name as a folder's, and as --rows takes it."""
    return name.replace(", ", "_")


def table(figures):
    """Figures {name: figures} as a table of Markdown."""
    lines = [
        "| row | iterations | processor min | Frechet | x floor | score | precision | recall | "
        "density | coverage |",
        "| --- " * 10 + "|",
    ]
    for name, row in figures.items():
        score = row["classifier_score"]
        lines.append(
            f"| {name} | {row['iterations']:,} | {row['processor_minutes']:.1f} "
            f"| {row['frechet_distance']:.2f} | {row['frechet_ratio']:.1f} "
            f"| {'' if score is None else format(score, '.2f')} | {row['precision']:.3f} "
            f"| {row['recall']:.3f} | {row['density']:.3f} | {row['coverage']:.3f} |"
        )
    return "\n".join(lines)


def main(argv):
    del argv
    known = {key(name): name for name in ROWS}
    asked = _ROWS.value or list(known)
    if unknown := [name for name in asked if name not in known]:
        sys.exit(f"--rows: {unknown[0]!r} is not one of {', '.join(known)}")
    folder = pathlib.Path(_FOLDER.value).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in asked:
        measured(known[name], folder)
        finished = [row for row in ROWS if (folder / key(row) / RESULT).is_file()]
        print(table({row: measured(row, folder) for row in finished}), flush=True)


if __name__ == "__main__":
    app.run(main)
