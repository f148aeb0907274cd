"""A run directory: what a training leaves behind, and what drawing, evaluation and export read.

config.json            the recipe: command, settings, data, networks, versions
metrics.jsonl          one object per log_steps iterations, and one for each time training went back
samples/               pictures of one fixed set of latents while training
events/                TensorBoard
states/                the newest states, for resuming, and the best; not shipped
NAME.weights.h5        the averaged weights of each network that draws or judges, for Keras
NAME.tflite            the same for LiteRT; a GAN's is called generator
NAME.sketch.tflite     what makes the pictures that it draws from of finished ones, where it does
NAME.sources.png       some of the pictures that it is given, if it draws from pictures
manifest.json          sizes and checksums of weights and files for LiteRT
samples.png MODEL_CARD.md metrics.json
rounds.png, rounds.gif how the pictures of a few latents came about
NAME.metrics.json      what gan_apps.evaluate --draw=NAME measured, not of the first network
metrics_fid.json       what gan_apps.evaluate --metric=fid measured; not shipped
saved_model/1/         for TF-Serving; not shipped
"""

import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import gan_apps
from gan_apps.conditions import AbstractCondition
from gan_apps.operating_system import files, locks
from gan_apps.runs import format_1
from gan_apps.runs.draws import Draw
from gan_apps.runs.judge import Judge
from gan_apps.settings import MAX_SEED, Refused

CONFIG = "config.json"
MANIFEST = "manifest.json"
METRICS = "metrics.jsonl"
SAMPLES_WHILE_TRAINING = "samples"
EVENTS = "events"
STATES = "states"
KERAS_WEIGHTS = ".weights.h5"
LITERT = ".tflite"
SKETCH = ".sketch.tflite"
SOURCES = ".sources.png"
SAMPLES = "samples.png"
ROUNDS = "rounds.png"
ROUNDS_MOVING = "rounds.gif"
CARD = "MODEL_CARD.md"
EVALUATION = "metrics.json"
FID_EVALUATION = "metrics_fid.json"
# Of another network than the first one.
EVALUATION_OF_DRAW = ".metrics.json"
SAVED_MODEL = "saved_model"

# Raised when a file of a run changes its meaning; older programs then refuse the run. Runs of
# every earlier format are read (runs.format_1).
FORMAT = 2
# Fields of a recipe that older runs do not have.
_LATER = {"earlier_versions", "data", "judges"}

SHIPPED = gan_apps.HOME / "checkpoints"
NEW_RUNS = "checkpoints"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """The content of config.json.

    Args:
      system: str. The command that made the run, such as "cgan".
      settings: dict. The fields of the system's settings.
      draws: {name: runs.draws.Draw}. What it draws, the first one by default; empty for a judge.
      judges: {name: runs.judge.Judge}. What it judges with, for a judge.
      versions: dict. Library versions and the processor that the run was last trained with.
      earlier_versions: tuple of dicts. Those that it was trained with before, oldest first.
      data: dict or None. How many images the run's data have, their digest, and which part of them
        it is never trained on, as data.parts says; None for a run that began before that was kept.
    """

    system: str
    settings: dict[str, Any]
    draws: dict[str, Draw]
    versions: dict[str, Any]
    judges: dict[str, Judge] = dataclasses.field(default_factory=dict)
    earlier_versions: tuple[dict[str, Any], ...] = ()
    data: dict[str, Any] | None = None

    def versions_of(self, name: str) -> tuple[str, ...]:
        """The versions of a library that trained the run, one after the other; () if not known."""
        known = [str(one[name]) for one in (*self.earlier_versions, self.versions) if name in one]
        return tuple(version for version, _ in itertools.groupby(known))

    @property
    def draw(self) -> Draw:
        """What the run draws unless told otherwise; Refused if it draws nothing."""
        if not self.draws:
            raise Refused(f"gan_apps.{self.system} judges pictures and draws none.")
        return next(iter(self.draws.values()))

    @property
    def condition(self) -> AbstractCondition:
        """What its first network is asked for, or reads."""
        networks: list[Draw | Judge] = [*self.draws.values(), *self.judges.values()]
        return networks[0].condition

    def to_json(self) -> dict:
        values = {**vars(self)}
        for kind in ("draws", "judges"):
            values[kind] = {name: one.to_json() for name, one in values[kind].items()}
        # What says nothing is not written, as it was not before there was such a field.
        return {name: value for name, value in values.items() if value or name not in _LATER}

    @classmethod
    def from_json(cls, values: dict) -> "Recipe":
        """The inverse of `to_json`; ValueError, TypeError or KeyError for what is none."""
        draws = {name: Draw.from_json(draw) for name, draw in values["draws"].items()}
        judges = {name: Judge.from_json(one) for name, one in values.get("judges", {}).items()}
        earlier = tuple(values.get("earlier_versions", ()))
        own = {"draws": draws, "judges": judges, "earlier_versions": earlier}
        recipe = cls(**{**values, **own})
        for kind, found in (
            (str, [recipe.system]),
            (dict, [recipe.settings, recipe.versions, *recipe.earlier_versions]),
        ):
            if not all(isinstance(one, kind) for one in found):
                raise TypeError("a field is of another type.")
        if recipe.data is not None and not _is_record(recipe.data):
            raise ValueError("what it says of its data is no record of them.")
        if not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in (*draws, *judges)):
            raise ValueError("the name of a network is the name of a file.")
        if not draws and not judges:
            raise ValueError("a run draws or judges.")
        return recipe


def shipped(name: str) -> pathlib.Path:
    """The path of a shipped run, wherever the command stands."""
    return SHIPPED / name


def new_path(system: str) -> pathlib.Path:
    """The first free numbered run directory of a system, such as checkpoints/cgan_001."""
    root = pathlib.Path(NEW_RUNS)
    taken = [
        int(match[1])
        for path in (root.iterdir() if root.is_dir() else ())
        if (match := re.fullmatch(rf"{system}_(\d+)", path.name))
    ]
    return root / f"{system}_{max(taken, default=0) + 1:03d}"


@contextlib.contextmanager
def held(run: pathlib.Path) -> Iterator[pathlib.Path]:
    """Makes the folder of a run, if there is none, and keeps it for this process.

    Args:
      run: path.

    Yields:
      The path.

    Raises:
      Refused: it cannot be written, or another process trains in it.
    """
    with contextlib.ExitStack() as stack:
        try:
            run.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locks.held(run))
        except BlockingIOError:
            raise Refused(f"--run_dir={run}: another process is training in it.") from None
        except OSError as error:
            raise Refused(f"--run_dir={run}: cannot be written: {error.strerror}.") from None
        yield run


@contextlib.contextmanager
def new_held(system: str) -> Iterator[pathlib.Path]:
    """`held` of a folder that is made for it: the next number, which no other process has taken."""
    while True:
        run = new_path(system)
        try:
            run.mkdir(parents=True)
        except FileExistsError:
            # Another process was quicker.
            continue
        except OSError as error:
            raise Refused(f"--run_dir={run}: cannot be written: {error.strerror}.") from None
        break
    with held(run):
        yield run


def create(path: pathlib.Path, recipe: Recipe) -> None:
    """Makes the run directory `path` with its config.json; parents are made too."""
    path.mkdir(parents=True, exist_ok=True)
    write_recipe(path, recipe)


def is_run(path: str | os.PathLike) -> bool:
    return (pathlib.Path(path) / CONFIG).is_file()


def write_recipe(run: pathlib.Path, recipe: Recipe) -> None:
    files.write_json(run / CONFIG, {"format": FORMAT, **recipe.to_json()})


def read_recipe(run: str | os.PathLike) -> Recipe:
    """The recipe of a run directory.

    Raises:
      Refused: there is no such run, it cannot be read, or it was written by a newer format.
    """
    run = pathlib.Path(run)
    if not run.is_dir():
        raise Refused(f"--run_dir={run}: there is no such folder.")
    if not is_run(run):
        raise Refused(f"--run_dir={run}: not a run directory, it has no {CONFIG}.")
    values = _read_json(run / CONFIG)
    _check_format(values, run / CONFIG)
    written = values.pop("format")
    try:
        if written < FORMAT:
            values = format_1.upgraded(values)
        expected = {field.name for field in dataclasses.fields(Recipe)}
        if values.keys() | _LATER != expected:
            odd = ", ".join(sorted((values.keys() | _LATER) ^ expected))
            raise Refused(f"--run_dir={run}: {CONFIG} lacks or adds the fields {odd}.")
        return Recipe.from_json(values)
    except Refused:
        raise
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Refused(f"--run_dir={run}: {CONFIG} does not describe a run.") from None


def _is_record(data: Any) -> bool:
    """Whether a value is a record as data.parts makes one."""
    return (
        isinstance(data, dict)
        and all(type(data.get(name)) is int for name in ("num_images", "num_held_out", "seed"))
        and 0 <= data["seed"] <= MAX_SEED
        and all(isinstance(data.get(name), str) for name in ("sha256", "test"))
        and type(data.get("judges_share", 0.0)) is float
        and 0.0 <= data.get("judges_share", 0.0) <= 0.5
        and isinstance(data.get("earlier", []), list)
        and all(type(one["num_images"]) is int for one in data.get("earlier", []))
    )


def drawing_files(recipe: Recipe) -> list[str]:
    """The names of the files that a run draws with, or judges with."""
    drawn = [name + suffix for name in recipe.draws for suffix in (KERAS_WEIGHTS, LITERT)]
    drawn += [name + SKETCH for name, draw in recipe.draws.items() if draw.is_from_made]
    return [*drawn, *(name + KERAS_WEIGHTS for name in recipe.judges)]


def write_manifest(run: pathlib.Path, recipe: Recipe, iterations: int) -> None:
    """Records the sizes and checksums of what a run draws with, and how long it was trained."""
    entries = {
        name: {"bytes": (run / name).stat().st_size, "sha256": files.digest(run / name)}
        for name in drawing_files(recipe)
    }
    values = {"format": FORMAT, "iterations": iterations, "files": entries}
    files.write_json(run / MANIFEST, values)


def read_metrics(run: str | os.PathLike) -> list[dict]:
    """The rows of metrics.jsonl, list of dicts; a row that was only half written is left out."""
    path = pathlib.Path(run) / METRICS
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("}\n")]


def iterations(run: str | os.PathLike) -> int | None:
    """The iterations that a run's networks were trained for; None if it was not finished."""
    path = pathlib.Path(run) / MANIFEST
    return _read_json(path).get("iterations") if path.is_file() else None


def checked(run: str | os.PathLike, name: str) -> pathlib.Path:
    """The path of a file that a run draws with, once it is known to be whole.

    Raises:
      Refused: the file or the manifest is missing, or the file is not the one that was written.
    """
    run = pathlib.Path(run)
    if not (run / MANIFEST).is_file():
        raise Refused(
            f"--run_dir={run}: there is no generator in it yet; its training has not ended."
        )
    manifest = _read_json(run / MANIFEST)
    _check_format(manifest, run / MANIFEST)
    path = run / name
    if not path.is_file():
        raise Refused(f"--run_dir={run}: {name} is missing.")
    entry = manifest.get("files", {}).get(name) if isinstance(manifest.get("files"), dict) else None
    if not isinstance(entry, dict) or entry.get("sha256") != files.digest(path):
        raise Refused(
            f"--run_dir={run}: {name} is damaged or altered: its checksum is not the one in "
            f"{MANIFEST}."
        )
    return path


def _read_json(path: pathlib.Path) -> dict:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise Refused(f"--run_dir={path.parent}: {path.name} cannot be read as JSON.") from None
    if not isinstance(values, dict):
        raise Refused(f"--run_dir={path.parent}: {path.name} must hold one JSON object.")
    return values


def _check_format(values: dict, path: pathlib.Path) -> None:
    written = values.get("format")
    if type(written) is not int or written < 1:
        raise Refused(f"--run_dir={path.parent}: {path.name} does not say its format.")
    if written > FORMAT:
        raise Refused(
            f"--run_dir={path.parent}: {path.name} has format {written}, written by a newer "
            f"gan_apps; this one reads up to {FORMAT}."
        )
