"""Run directories: what is read back, and what is refused."""

import json
import shutil

import pytest

from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from tests.conftest import FOLDERS, SHIPPED_FILES

GENERATOR_FILES = ("generator" + run_dir.KERAS_WEIGHTS, "generator" + run_dir.LITERT)
RECORD = {"num_images": 3, "sha256": "", "test": "none", "num_held_out": 0, "seed": 0}


@pytest.fixture
def run(tiny_run, tmp_path):
    """A copy of a finished run that a test may harm."""
    return shutil.copytree(tiny_run, tmp_path / "run")


def edit(path, **changes):
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, **changes}))


def test_recipe_round_trip(run, tmp_path):
    recipe = run_dir.read_recipe(run)
    run_dir.create(tmp_path / "new" / "nested", recipe)
    assert run_dir.read_recipe(tmp_path / "new" / "nested") == recipe
    assert recipe.draw.condition.names == tuple("0123456789")
    assert recipe.draw.latents.size == 8


def test_new_paths_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(run_dir.new_path("cgan")) == "checkpoints/cgan_001"
    for name in ("cgan_001", "cgan_007", "dcgan_009", "cgan_digits"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert str(run_dir.new_path("cgan")) == "checkpoints/cgan_008"


def test_a_finished_run_has_every_file(run):
    assert {path.name for path in run.iterdir()} == SHIPPED_FILES | FOLDERS
    for name in GENERATOR_FILES:
        assert run_dir.checked(run, name) == run / name


def test_every_file_of_a_run_is_in_the_documentation():
    for name in SHIPPED_FILES | FOLDERS:
        assert name in run_dir.__doc__


@pytest.mark.parametrize("name", GENERATOR_FILES)
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing"])
def test_a_damaged_generator_is_refused(run, name, damage):
    path = run / name
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        path.unlink()
    words = f"{name} is missing" if damage == "missing" else f"{name} is damaged or altered"
    with pytest.raises(Refused, match=words):
        run_dir.checked(run, name)


def test_a_run_without_a_generator_is_refused(run):
    (run / run_dir.MANIFEST).unlink()
    with pytest.raises(Refused, match="no generator in it yet"):
        run_dir.checked(run, GENERATOR_FILES[1])


@pytest.mark.parametrize("manifest", ['{"format": 1}', '{"format": 1, "files": [1]}', "[]", "{"])
def test_a_manifest_of_another_shape_is_refused(run, manifest):
    (run / run_dir.MANIFEST).write_text(manifest)
    with pytest.raises(Refused, match=str(run)):
        run_dir.checked(run, GENERATOR_FILES[1])


def test_no_run_directory(tmp_path):
    with pytest.raises(Refused, match="no such folder"):
        run_dir.read_recipe(tmp_path / "absent")
    with pytest.raises(Refused, match="not a run directory"):
        run_dir.read_recipe(tmp_path)


def test_a_newer_format_is_refused(run):
    edit(run / run_dir.CONFIG, format=run_dir.FORMAT + 1)
    with pytest.raises(Refused, match=f"format {run_dir.FORMAT + 1}, written by a newer gan_apps"):
        run_dir.read_recipe(run)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"format": "1"}, "does not say its format"),
        ({"extra": 1}, "extra"),
        ({"generator": []}, "does not describe a run"),
        ({"generator": {"class": "conditional"}}, "does not describe a run"),
        ({"label_names": 3}, "does not describe a run"),
        ({"label_names": []}, "does not describe a run"),
        ({"label_names": [None]}, "does not describe a run"),
        ({"condition": "flagfile"}, "does not describe a run"),
        ({"settings": "all"}, "does not describe a run"),
        ({"data": 3}, "does not describe a run"),
        ({"data": {"num_images": 3}}, "does not describe a run"),
        ({"data": {**RECORD, "seed": -1}}, "does not describe a run"),
        ({"data": {**RECORD, "earlier": [3]}}, "does not describe a run"),
    ],
)
def test_a_config_of_another_shape_is_refused(run, changes, words):
    edit(run / run_dir.CONFIG, **changes)
    with pytest.raises(Refused, match=words):
        run_dir.read_recipe(run)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", "[" * 100_000])
def test_a_config_that_is_not_json_is_refused(run, text):
    (run / run_dir.CONFIG).write_text(text)
    with pytest.raises(Refused, match="config.json"):
        run_dir.read_recipe(run)
