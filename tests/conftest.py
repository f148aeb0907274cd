"""Small real things that several tests look at."""

import functools
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from gan_apps.runs import run_dir

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A network small enough that its training is a matter of seconds.
TINY = {
    "dataset": "digits",
    "generator_widths": (16, 8),
    "discriminator_widths": (8, 16),
    "latent_dim": 8,
    "precision": "float32",
}

# What a run holds that is shipped; a run of one's own has folders beside these.
SHIPPED_FILES = {
    run_dir.CONFIG,
    run_dir.MANIFEST,
    run_dir.METRICS,
    "generator" + run_dir.KERAS_WEIGHTS,
    "generator" + run_dir.LITERT,
    run_dir.SAMPLES,
    run_dir.ROUNDS,
    run_dir.ROUNDS_MOVING,
    run_dir.CARD,
    run_dir.EVALUATION,
}
# The shipped runs that draw; a judge's run is none of them.
SHIPPED_RUNS = sorted(
    {path.parent.name for path in run_dir.SHIPPED.glob(f"*/generator*{run_dir.KERAS_WEIGHTS}")}
)
FOLDERS = {
    run_dir.SAMPLES_WHILE_TRAINING,
    run_dir.EVENTS,
    run_dir.STATES,
    run_dir.SAVED_MODEL,
}


@pytest.fixture(scope="session")
def tiny_config():
    from gan_apps import systems

    return systems.find("cgan").config(**TINY, num_epochs=1, log_steps=5, save_steps=8)


@pytest.fixture(scope="session")
def tiny_run(tiny_config, tmp_path_factory):
    """A run directory made by a real training on scikit-learn's digits."""
    from gan_apps import systems
    from gan_apps.training import train

    run = tmp_path_factory.mktemp("runs") / "tiny"
    return train.train(systems.find("cgan"), tiny_config, run)


@pytest.fixture(scope="session")
def picture_run(tmp_path_factory):
    """A run that draws pictures in colour from sketches; not trained."""
    from tests import picture_runs

    run = tmp_path_factory.mktemp("runs") / "from_sketches"
    picture_runs.made(run)
    return run


@pytest.fixture(scope="session")
def enlarging_run(tmp_path_factory):
    """A run that makes pictures of any size four times as large; not trained."""
    from tests import picture_runs

    run = tmp_path_factory.mktemp("runs") / "enlarging"
    picture_runs.enlarging(run)
    return run


@pytest.fixture(scope="session")
def clip_run(tmp_path_factory):
    """A run that goes on with clips in colour from their last four frames; not trained."""
    from tests import picture_runs

    run = tmp_path_factory.mktemp("runs") / "goes_on"
    picture_runs.made(run, source_channels=12, made_by=None, frames=4)
    return run


@pytest.fixture(scope="session")
def exported_pictures(picture_run, tmp_path_factory):
    """The folder of its SavedModel, as gan_apps.export writes it."""
    from gan_apps.serving import exports

    output = tmp_path_factory.mktemp("exports") / "from_sketches"
    recipe = run_dir.read_recipe(picture_run)
    (form,) = exports.export(picture_run, recipe, output, "saved_model")
    assert form.difference <= 0.1
    return form.path


@pytest.fixture(scope="module")
def browser():
    from tests import browsing

    with browsing.chromium() as opened:
        yield opened


@pytest.fixture
def page(browser, built):
    """A page of the site in the folder `built`, which a file of tests has of its own."""
    from tests import browsing

    with browsing.page_of(browser, built) as opened:
        yield opened


@pytest.fixture(scope="session")
def tiny_images():
    """Forty 28x28 images of four labels, image i filled with the value i."""
    from gan_apps.conditions import Labels
    from gan_apps.data.columns import Data

    images = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None, None], (40, 28, 28, 1))
    labels = np.arange(40, dtype=np.int32) % 4
    return Data({"images": images.copy(), "labels": labels}, Labels(tuple("abcd")))


def run_command(*arguments, cwd, timeout=300, environment=None):
    """Runs `python -m gan_apps.<command>`, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", f"gan_apps.{arguments[0]}", *arguments[1:]],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        # A path may be of no encoding.
        errors="surrogateescape",
        timeout=timeout,
    )


@pytest.fixture
def gan_apps(tmp_path):
    """`run_command` in an empty folder."""
    return functools.partial(run_command, cwd=tmp_path)


@pytest.fixture
def refused(gan_apps):
    """Runs a command that must be refused; returns its one line on stderr."""

    def run(*arguments, code=2, **kwargs):
        result = gan_apps(*arguments, **kwargs)
        assert result.returncode == code, result
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, result.stderr
        assert "Traceback" not in result.stderr
        return lines[0]

    return run


@pytest.fixture
def parser_of(monkeypatch):
    """A function of settings classes: what parses a command line into flags of them alone."""
    from absl import flags

    from gan_apps.settings import flags as settings_flags

    values = flags.FlagValues()
    monkeypatch.setattr(flags, "FLAGS", values)
    for definer in ("", "_bool", "_integer", "_float", "_string", "_list"):
        original = getattr(flags, f"DEFINE{definer}")

        def define(*args, original=original, **named):
            return original(*args, **{"flag_values": values, **named})

        monkeypatch.setattr(flags, f"DEFINE{definer}", define)

    def defined(*kinds):
        settings_flags.define(*kinds)
        return lambda *arguments: values(["program", *arguments])

    return defined


@pytest.fixture
def mnist_here(monkeypatch):
    """A prepared MNIST: the one that TFDS finds, or the one beside this checkout; else a skip."""
    folders = [
        os.environ.get("TFDS_DATA_DIR"),
        pathlib.Path.home() / "tensorflow_datasets",
        ROOT.parent / "shared" / "data" / "tfds",
    ]
    for folder in folders:
        if folder and (pathlib.Path(folder) / "mnist").is_dir():
            monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
            return
    pytest.skip("no prepared MNIST on this machine (TFDS_DATA_DIR)")
