"""What every system does, whichever it is: a system is tested by being there.

A system of the tests' own (tests/negatives: two networks, no latents, three files) goes the same
way, in a copy of the suite of which no other file was touched.
"""

import atexit
import dataclasses
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest
from PIL import Image

from gan_apps import systems
from gan_apps.settings import Refused
from tests import clip_files, negatives, said_pictures, shops
from tests.conftest import ROOT

# The smallest training of any system; settings that it does not have are left out.
TINY = {
    "dataset": "digits",
    "num_epochs": 1,
    "batch_size": 64,
    "log_steps": 5,
    "save_steps": 8,
    "precision": "float32",
    "latent_dim": 8,
    "generator_widths": (16, 8),
    "discriminator_widths": (8, 16),
    "discriminator_steps": 1,
    "sources": "edges",
    "patch": "16",
    "side_a": "0,1,2,3,4",
    "side_b": "5,6,7,8,9",
    "pool_size": 64,
}
IN_THE_FAST_TESTS = "dcgan"
ROWS = [
    pytest.param(name, marks=[] if name == IN_THE_FAST_TESTS else [pytest.mark.slow])
    for name in systems.names()
]


def tiny(system):
    """TINY, as far as the settings of a system have it, on data that it learns."""
    known = {field.name for field in dataclasses.fields(system.config)}
    values = {name: value for name, value in TINY.items() if name in known}
    # What has no such blocks refuses their number.
    if "residual_blocks" in known and getattr(system.config, "translator", None) != "unet":
        values["residual_blocks"] = 1
    # Digits stand still, nobody has chosen any, and nothing is said of them.
    values |= tiny_clips() if "history" in known else {}
    values |= tiny_shop() if "taste_dim" in known else {}
    return values if {"labels", "users"} & set(system.learns) else values | tiny_sentences()


@functools.cache
def tiny_clips():
    """The settings of a training on a few clips, written when they are first asked for."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gan_apps-clips-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = clip_files.data_set(folder / "clips")
    few = {"batch_size": 8, "num_epochs": 2}
    return {"dataset": str(data), "image_size": clip_files.SIDE, **few}


@functools.cache
def tiny_shop():
    """The settings of a training on a few choices, written when they are first asked for."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gan_apps-shop-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shops.write(folder / "shop")
    return {"dataset": str(folder / "shop"), "image_size": shops.SIDE, "num_epochs": 5}


@functools.cache
def tiny_sentences():
    """The settings of a training on a few pictures of which something is said."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gan_apps-sentences-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = said_pictures.folder(folder / "said")
    few = {"batch_size": 8, "num_epochs": 2}
    return {"dataset": str(data), "image_size": said_pictures.SIZE, **few}


def as_flags(values):
    return [
        f"--{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in values.items()
    ]


def test_systems_are_found_by_their_files():
    files = {path.stem for path in (ROOT / "gan_apps" / "systems").glob("[a-z]*.py")}
    assert set(systems.names()) == files
    for name in systems.names():
        system = systems.find(name)
        assert system.name == name and system.title and system.title[0].islower()
        assert (ROOT / "models" / f"{name}.py").is_file()
        assert (ROOT / "gan_apps" / f"{name}.py").is_file()
    with pytest.raises(Refused, match="no system 'nogan'; there are bigan, "):
        systems.find("nogan")


def test_no_list_of_systems_stands_anywhere():
    """Nothing but a system's own files, pages and what is shipped knows its name."""
    own = {f"{name}.py" for name in systems.names()}
    for path in sorted((ROOT / "gan_apps").rglob("*.py")):
        if path.name in own or "experiments" in path.parts:
            continue
        words = path.read_text()
        named = [name for name in systems.names() if f'"{name}"' in words]
        # Objectives, architectures and what is shipped may be called as a system is.
        assert len(named) < 3, (path, named)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function of a system's name: the run of its tiny training, made once."""
    from gan_apps.training import train

    @functools.cache
    def run_of(name):
        system = systems.find(name)
        run = tmp_path_factory.mktemp(name) / "run"
        return train.train(system, system.config(**tiny(system)), run)

    return run_of


@pytest.mark.parametrize("name", ROWS)
def test_it_is_trained_drawn_from_exported_judged_and_reported(name, trained, tmp_path):
    from gan_apps.drawing import runtimes
    from gan_apps.evaluation import judgement
    from gan_apps.reports import run_record, run_report
    from gan_apps.runs import run_dir
    from gan_apps.serving import exports

    run = shutil.copytree(trained(name), tmp_path / "run")
    recipe = run_dir.read_recipe(run)
    assert recipe.system == name and run_dir.read_recipe(run) == recipe
    assert run_dir.Recipe.from_json(recipe.to_json()) == recipe
    rows = run_dir.read_metrics(run)
    assert [row["step"] for row in rows] == [*range(5, rows[-1]["step"] + 1, 5)]
    assert all(np.isfinite(value) for row in rows for value in row.values() if value != [])
    assert (run / run_dir.CARD).read_text().startswith("# run\n")
    for draw_name, draw in recipe.draws.items():
        drawn = [
            runtimes.open_generator(run, recipe, runtime, name=draw_name)
            for runtime in ("litert", "keras")
        ]
        inputs = {
            column: np.zeros((2, *shape), dtype) for column, (shape, dtype) in draw.inputs.items()
        }
        images = [generator(inputs) for generator in drawn]
        assert images[0].shape == (2, *draw.shape)
        np.testing.assert_allclose(*images, atol=1e-4)
        made = exports.export(run, recipe, tmp_path / draw_name, "all", name=draw_name)
        assert [form.difference < 2.0 for form in made[:3]] == [True] * 3
    if recipe.draws:
        report = judgement.judge(run, recipe, num_images=100)
        assert json.loads((run / run_dir.EVALUATION).read_text()) == json.loads(json.dumps(report))
    page = tmp_path / "report.html"
    run_report.write(page, [run_record.read(run)])
    assert f"gan_apps.{name} --mode=train" in page.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", systems.names())
def test_killed_and_gone_on_with_it_ends_bit_for_bit(name, trained, tmp_path):
    killed_and_gone_on_with(name, tiny(systems.find(name)), tmp_path, ROOT, trained(name))


def killed_and_gone_on_with(name, values, folder, home, whole=None):
    """Trains a run that is killed by SIGKILL and gone on with; it ends as the `whole` one did.

    If there is none yet, it is trained into the folder `whole`.
    """
    where = {"cwd": folder, "env": {**os.environ, "PYTHONPATH": str(home)}}
    command = [sys.executable, "-m", f"gan_apps.{name}", "--mode=train", *as_flags(values)]
    if whole is None:
        whole = folder / "whole"
        subprocess.run([*command, "--run_dir=whole"], check=True, capture_output=True, **where)
    process = subprocess.Popen([*command, "--run_dir=killed"], **where)
    # Minutes, of which a machine that does other things needs one to load TensorFlow.
    deadline = time.monotonic() + 600
    try:
        while not list((folder / "killed" / "states").glob("step_0*.npz")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (folder / "killed" / "MODEL_CARD.md").exists()
    subprocess.run([*command, "--run_dir=killed"], check=True, capture_output=True, **where)
    ends = []
    for run in (whole, folder / "killed"):
        newest = sorted((run / "states").glob("step_0*.npz"))[-1]
        with np.load(newest) as archive:
            ends.append({key: archive[key] for key in archive.files if key != "seconds"})
    assert ends[0].keys() == ends[1].keys()
    for key, value in ends[0].items():
        np.testing.assert_array_equal(value, ends[1][key], err_msg=key)
    for file in ("metrics.jsonl", "samples.png"):
        if (whole / file).exists():
            ours, theirs = ((run / file).read_bytes() for run in (whole, folder / "killed"))
            assert ours == theirs, file


@pytest.mark.slow
def test_a_system_of_three_files_is_a_system(tmp_path):
    home = tmp_path / "suite"
    home.mkdir()
    environment = {**os.environ, **negatives.installed(home)}
    work = tmp_path / "work"
    work.mkdir()
    values = {
        name: TINY[name]
        for name in ("dataset", "batch_size", "log_steps", "save_steps", "precision")
    }
    killed_and_gone_on_with("negatives", {**values, "num_epochs": 8}, work, home)

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", f"gan_apps.{arguments[0]}", *arguments[1:]],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
        )

    digit = np.zeros((40, 40), np.uint8)
    digit[8:32, 16:24] = 255
    Image.fromarray(digit).save(work / "one.png")
    result = command("negatives", "--run_dir=whole", "--input=one.png", "--output=drawn.png")
    assert (result.returncode, result.stdout) == (0, "drawn.png\n"), result.stderr
    with Image.open(work / "drawn.png") as image:
        drawn = np.asarray(image)
    assert drawn.shape == (28, 28)
    # It has learned: what was black is light, what was white is dark.
    assert drawn[:3].mean() > 170 and drawn[8:20, 12:16].mean() < 85
    result = command("negatives", "--run_dir=whole", "--input=one.png", "--draw=to_positive")
    assert result.stdout == "one_drawn.png\n", result.stderr
    result = command("export", "--run_dir=whole", "--output_dir=out", "--draw=to_negative")
    assert result.returncode == 0, result.stderr
    assert (work / "out" / "litert" / "float16.tflite").is_file()
    result = command("evaluate", "--run_dir=whole", "--num_images=100")
    assert result.returncode == 0 and "Frechet distance" in result.stdout, result.stderr
    result = command("report", "--run_dir=whole", "--output=page.html")
    assert result.returncode == 0, result.stderr
    assert "to negative&#39;s loss" in (work / "page.html").read_text()
    help_page = command("negatives", "--help").stdout
    assert "--to_negative_learning_rate" in help_page and "--input" in help_page
    for stranger in ("--clip", "--interpolate", "--discriminator_learning_rate", "--digit"):
        assert stranger not in help_page
    result = command("negatives", "--run_dir=whole")
    assert result.returncode == 2 and "--input: name a picture" in result.stderr
