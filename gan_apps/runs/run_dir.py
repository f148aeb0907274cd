"""A run directory: what a training leaves behind, and what drawing, evaluation and export read.

config.json            the recipe: command, settings, data, networks, versions
metrics.jsonl          one object per log_steps iterations, and one for each time training went back
samples/               pictures of one fixed set of latents while training
events/                TensorBoard
states/                the newest states, for resuming, and the best; not shipped
generator.weights.h5   the averaged generator, for Keras
generator.tflite       the same for LiteRT
manifest.json          sizes and checksums of the two
samples.png MODEL_CARD.md metrics.json
rounds.png, rounds.gif how the pictures of a few latents came about
metrics_fid.json       what gan_apps.evaluate --metric=fid measured; not shipped
saved_model/1/         for TF-Serving; not shipped
"""

import contextlib
import dataclasses
import functools
import itertools
import json
import pathlib
import re

import gan_apps
from gan_apps.machine import files, locks
from gan_apps.prompts.vocabulary import MISSING, Vocabulary
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings.config import LATENT_DISTRIBUTIONS

CONFIG = "config.json"
MANIFEST = "manifest.json"
METRICS = "metrics.jsonl"
SAMPLES_WHILE_TRAINING = "samples"
EVENTS = "events"
STATES = "states"
KERAS_WEIGHTS = "generator.weights.h5"
LITERT = "generator.tflite"
SAMPLES = "samples.png"
ROUNDS = "rounds.png"
ROUNDS_MOVING = "rounds.gif"
CARD = "MODEL_CARD.md"
EVALUATION = "metrics.json"
FID_EVALUATION = "metrics_fid.json"
SAVED_MODEL = "saved_model"

GENERATOR_FILES = (KERAS_WEIGHTS, LITERT)

# The flags that ask for a picture: by a label, or in words.
LABEL_CONDITIONS = ("digit", "label")
PROMPT = "prompt"
CONDITIONS = (*LABEL_CONDITIONS, PROMPT)

# Raised when a file of a run changes its meaning; older programs then refuse the run.
FORMAT = 1
# Fields of a recipe that older runs do not have; they are not written where they say nothing.
_LATER = {"earlier_versions", "data"}

SHIPPED = pathlib.Path(gan_apps.__file__).resolve().parent.parent / "checkpoints"
NEW_RUNS = "checkpoints"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """The content of config.json.

    Args:
      app: str. The command that made the run, such as "cgan".
      settings: dict. The fields of the command's settings.
      label_names: tuple of str. What the labels 0, 1, ... are called; empty without labels.
      condition: str or None. The flag that asks for a picture: one of CONDITIONS.
      generator: dict. {"class": name, "config": keyword arguments} of the generator network.
      versions: dict. Library versions and the processor that the run was last trained with.
      earlier_versions: tuple of dicts. Those that it was trained with before, oldest first.
      data: dict or None. How many images the run's data have, their digest, and which part of them
        it is never trained on, as data.parts says; None for a run that began before that was kept.
    """

    app: str
    settings: dict
    label_names: tuple
    condition: str
    generator: dict
    versions: dict
    earlier_versions: tuple = ()
    data: dict | None = None

    def versions_of(self, name):
        """The versions of a library that trained the run, one after the other; () if not known."""
        known = [str(one[name]) for one in (*self.earlier_versions, self.versions) if name in one]
        return tuple(version for version, _ in itertools.groupby(known))

    @property
    def latent_dim(self):
        return self.generator["config"]["latent_dim"]

    @property
    def latent_distribution(self):
        return self.settings.get("latent_distribution", "normal")

    @property
    def labels(self):
        """All labels, or None if the run draws without."""
        return range(len(self.label_names)) if self.label_names else None

    @property
    def conditions(self):
        """All labels; for a run that draws from prompts, one that leaves everything open."""
        if self.vocabulary is not None:
            return [(MISSING,) * len(self.vocabulary.slots)]
        return self.labels

    @functools.cached_property
    def vocabulary(self):
        """The prompts.vocabulary.Vocabulary of a run that draws from prompts, else None."""
        if self.condition != PROMPT:
            return None
        return Vocabulary.from_json(self.generator["config"]["vocabulary"])


def shipped(name):
    """The path of a shipped run, found beside the package."""
    return SHIPPED / name


def new_path(app):
    """The first free numbered run directory of `app`, such as checkpoints/cgan_001."""
    root = pathlib.Path(NEW_RUNS)
    taken = [
        int(match[1])
        for path in (root.iterdir() if root.is_dir() else ())
        if (match := re.fullmatch(rf"{app}_(\d+)", path.name))
    ]
    return root / f"{app}_{max(taken, default=0) + 1:03d}"


@contextlib.contextmanager
def held(run):
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
def new_held(app):
    """`held` of a folder that is made for it: the next number, which no other process has taken."""
    while True:
        run = new_path(app)
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


def create(path, recipe):
    """Makes the run directory `path` with its config.json; parents are made too."""
    path.mkdir(parents=True, exist_ok=True)
    write_recipe(path, recipe)


def is_run(path):
    return (pathlib.Path(path) / CONFIG).is_file()


def write_recipe(run, recipe):
    values = {"format": FORMAT, **dataclasses.asdict(recipe)}
    for name in _LATER:
        if not values[name]:
            values.pop(name)
    files.write_json(run / CONFIG, {**values, "label_names": list(recipe.label_names)})


def read_recipe(run):
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
    values.pop("format")
    expected = {field.name for field in dataclasses.fields(Recipe)}
    if values.keys() | _LATER != expected:
        odd = ", ".join(sorted((values.keys() | _LATER) ^ expected))
        raise Refused(f"--run_dir={run}: {CONFIG} lacks or adds the fields {odd}.")
    try:
        values["label_names"] = tuple(values["label_names"])
        values["earlier_versions"] = tuple(values.get("earlier_versions", ()))
        recipe = Recipe(**values)
        sound = (
            recipe.condition in (*CONDITIONS, None)
            and bool(recipe.label_names) == (recipe.condition in LABEL_CONDITIONS)
            and (recipe.condition != PROMPT or recipe.vocabulary is not None)
            and all(isinstance(name, str) for name in recipe.label_names)
            and isinstance(recipe.app, str)
            and isinstance(recipe.settings, dict)
            and all(isinstance(one, dict) for one in (recipe.versions, *recipe.earlier_versions))
            and (recipe.data is None or _is_record(recipe.data))
            and type(recipe.latent_dim) is int
            and recipe.latent_dim >= 1
            and recipe.latent_distribution in LATENT_DISTRIBUTIONS
        )
    except (TypeError, KeyError, ValueError, AttributeError):
        sound = False
    if not sound:
        raise Refused(f"--run_dir={run}: {CONFIG} does not describe a run.")
    return recipe


def _is_record(data):
    """Whether a value is a record as data.parts makes one."""
    return (
        all(type(data.get(name)) is int for name in ("num_images", "num_held_out", "seed"))
        and 0 <= data["seed"] <= MAX_SEED
        and all(isinstance(data.get(name), str) for name in ("sha256", "test"))
        and isinstance(data.get("earlier", []), list)
        and all(type(one["num_images"]) is int for one in data.get("earlier", []))
    )


def write_manifest(run, iterations):
    """Records the sizes and checksums of the generator's files, and how long it was trained."""
    entries = {
        name: {"bytes": (run / name).stat().st_size, "sha256": files.digest(run / name)}
        for name in GENERATOR_FILES
    }
    values = {"format": FORMAT, "iterations": iterations, "files": entries}
    files.write_json(run / MANIFEST, values)


def read_metrics(run):
    """The rows of metrics.jsonl, list of dicts; a row that was only half written is left out."""
    path = pathlib.Path(run) / METRICS
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("}\n")]


def iterations(run):
    """The iterations that the generator of `run` was trained for; None if there is no generator."""
    path = pathlib.Path(run) / MANIFEST
    return _read_json(path).get("iterations") if path.is_file() else None


def checked(run, name):
    """The path of a generator file of a run, once it is known to be whole.

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


def _read_json(path):
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise Refused(f"--run_dir={path.parent}: {path.name} cannot be read as JSON.") from None
    if not isinstance(values, dict):
        raise Refused(f"--run_dir={path.parent}: {path.name} must hold one JSON object.")
    return values


def _check_format(values, path):
    written = values.get("format")
    if type(written) is not int or written < 1:
        raise Refused(f"--run_dir={path.parent}: {path.name} does not say its format.")
    if written > FORMAT:
        raise Refused(
            f"--run_dir={path.parent}: {path.name} has format {written}, written by a newer "
            f"gan_apps; this one reads up to {FORMAT}."
        )
