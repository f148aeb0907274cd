"""Small real things that several tests look at."""

import contextlib
import functools
import io
import logging
import os
import pathlib
import runpy
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from absl import flags
from absl import logging as absl_logging

from gan_apps.operating_system import locks
from gan_apps.runs import run_dir
from gan_apps.settings import flags as settings_flags

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
def made_once(tmp_path_factory):
    """A function of a name and of what makes a folder: this process's own copy of the folder.

    The worker that asks first makes it, and all of them copy it.
    """
    home = tmp_path_factory.getbasetemp()
    shared = home if "PYTEST_XDIST_WORKER" not in os.environ else home.parent

    def copied(name, make):
        whole = shared / "made_once" / name
        while not whole.exists():
            (shared / "making" / name).mkdir(parents=True, exist_ok=True)
            try:
                with locks.held(shared / "making" / name):
                    if not whole.exists():
                        make(shared / "making" / name / name)
                        whole.parent.mkdir(exist_ok=True)
                        (shared / "making" / name / name).rename(whole)
            except BlockingIOError:
                time.sleep(0.1)
        return shutil.copytree(whole, tmp_path_factory.mktemp("runs") / name)

    return copied


@pytest.fixture(scope="session")
def tiny_run(tiny_config, made_once):
    """A run directory made by a real training on scikit-learn's digits."""
    from gan_apps import systems
    from gan_apps.training import train

    return made_once("tiny", lambda run: train.train(systems.find("cgan"), tiny_config, run))


@pytest.fixture(scope="session")
def picture_run(made_once):
    """A run that draws pictures in colour from sketches; not trained."""
    from tests import picture_runs

    return made_once("from_sketches", picture_runs.made)


@pytest.fixture(scope="session")
def enlarging_run(made_once):
    """A run that makes pictures of any size four times as large; not trained."""
    from tests import picture_runs

    return made_once("enlarging", picture_runs.enlarging)


@pytest.fixture(scope="session")
def clip_run(made_once):
    """A run that goes on with clips in colour from their last four frames; not trained."""
    from tests import picture_runs

    clips = {"source_channels": 12, "made_by": None, "frames": 4}
    return made_once("goes_on", lambda run: picture_runs.made(run, **clips))


@pytest.fixture(scope="session")
def exported_pictures(picture_run, made_once):
    """The folder of its SavedModel, as gan_apps.export writes it."""
    from gan_apps.serving import exports

    def export(output):
        recipe = run_dir.read_recipe(picture_run)
        (form,) = exports.export(picture_run, recipe, output, "saved_model")
        assert form.difference <= 0.1

    (version,) = (made_once("exported_pictures", export) / "saved_model").iterdir()
    return version


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


def run_here(*arguments, cwd, environment=None):
    """`run_command` without a process of its own, which would take seconds to load TensorFlow.

    For what a command does. What it imports, prints while it does, and leaves to the system is
    seen in a process alone.
    """
    known = flags.FLAGS
    # Those of benchmarks that other tests have imported, which a command does not have.
    strangers = [
        (module, flag)
        for module, found in known.flags_by_module_dict().items()
        if module.startswith("benchmarks.")
        for flag in found
    ]
    for _, flag in strangers:
        delattr(known, flag.name)
    handlers, verbosity = list(logging.root.handlers), absl_logging.get_verbosity()
    printed, said = io.StringIO(), io.StringIO()
    code = None
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", [arguments[0], *arguments[1:]])
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
                runpy.run_path(str(ROOT / "gan_apps" / f"{arguments[0]}.py"), run_name="__main__")
        except SystemExit as stop:
            code = stop.code
        finally:
            for flag in list(known.flags_by_module_dict().get(settings_flags.__name__, ())):
                delattr(known, flag.name)
            for module, flag in strangers:
                known[flag.name] = flag
                known.register_flag_by_module(module, flag)
            known.unparse_flags()
            logging.root.handlers[:] = handlers
            absl_logging.set_verbosity(verbosity)
    return subprocess.CompletedProcess(arguments, code or 0, printed.getvalue(), said.getvalue())


@pytest.fixture
def gan_apps(tmp_path):
    """`run_here` in an empty folder."""
    return functools.partial(run_here, cwd=tmp_path)


@pytest.fixture
def gan_apps_process(tmp_path):
    """`run_command` in an empty folder."""
    return functools.partial(run_command, cwd=tmp_path)


def refusal(result, code=2):
    """The one line on stderr of a command that was refused."""
    assert result.returncode == code, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]


@pytest.fixture
def refused(gan_apps):
    """Runs a command that must be refused; returns its one line on stderr."""
    return lambda *arguments, code=2, **kwargs: refusal(gan_apps(*arguments, **kwargs), code)


@pytest.fixture
def refused_process(gan_apps_process):
    """`refused` in a process of its own."""
    return lambda *arguments, code=2, **kwargs: refusal(
        gan_apps_process(*arguments, **kwargs), code
    )


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
