"""Files are whole or absent."""

import errno
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from gan_apps.drawing import latents
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from tests.conftest import ROOT


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_appears(tmp_path):
    files.write_text(tmp_path / "a.txt", "one\n")
    assert (tmp_path / "a.txt").read_text() == "one\n"
    assert names(tmp_path) == ["a.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(OSError, match="disk full"):
        with files.replacing(tmp_path / "a.txt") as beside:
            beside.write_text("half")
            raise OSError("disk full")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    with files.replacing(tmp_path / "a.txt") as beside:
        beside.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"
        assert beside.suffix == ".txt"
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError):
        with files.new_folder(tmp_path / "out") as folder:
            (folder / "000.png").write_bytes(b"x")
            raise RuntimeError
    assert names(tmp_path) == []
    with files.new_folder(tmp_path / "out") as folder:
        (folder / "000.png").write_bytes(b"x")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path / "out") == ["000.png"]


def test_digest(tmp_path):
    (tmp_path / "a").write_bytes(b"gan")
    assert files.digest(tmp_path / "a") == hashlib.sha256(b"gan").hexdigest()


def test_what_a_killed_process_had_begun_is_cleared(tmp_path):
    (tmp_path / "states").mkdir()
    (tmp_path / "states" / f"{files.UNFINISHED}7-step.npz").write_bytes(b"half")
    (tmp_path / f"{files.UNFINISHED}7-1").mkdir()
    (tmp_path / f"{files.UNFINISHED}7-1" / "saved_model.pb").write_bytes(b"half")
    (tmp_path / "config.json").write_text("{}")
    files.clear_unfinished(tmp_path)
    assert names(tmp_path) == ["config.json", "states"]
    assert names(tmp_path / "states") == []


LIMITED = """
import resource
from gan_apps.command import launch
from gan_apps.operating_system import files
from gan_apps.settings import Settings

def main(config):
    # As a full disk does: it names no file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    files.write_text("small.txt", "x" * 999)
    files.write_text("large.txt", "x" * 5000)

launch.launch(Settings, main)
"""


def test_what_the_disk_has_no_room_for_is_named(tmp_path):
    pytest.importorskip("resource")
    result = subprocess.run(
        [sys.executable, "-c", LIMITED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: large.txt: File too large.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["small.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_an_error_that_names_no_file_is_given_its_name(tmp_path):
    with pytest.raises(OSError) as failure:
        with files.named_in_errors(tmp_path / "a"), open("/dev/full", "w") as full:
            full.write("x")
    assert failure.value.errno == errno.ENOSPC
    assert failure.value.filename == str(tmp_path / "a")
    with pytest.raises(FileNotFoundError) as failure:
        with files.named_in_errors(tmp_path / "a"):
            (tmp_path / "b").read_bytes()
    assert failure.value.filename == str(tmp_path / "b")


@pytest.fixture
def unnamed(tmp_path):
    """A folder whose name is of no encoding."""
    path = tmp_path / os.fsdecode(b"\xff\xfe")
    try:
        path.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    return path


def test_a_name_of_no_encoding_has_a_spelling_in_utf8(unnamed, tmp_path):
    assert files.in_utf8(tmp_path / "a") == str(tmp_path / "a")
    for path in (unnamed, unnamed / "a" / "b", unnamed / unnamed.name):
        path.mkdir(parents=True, exist_ok=True)
        spelled = files.in_utf8(path)
        spelled.encode()
        assert os.path.samefile(spelled, path)
    # For a file that is not there yet, too.
    pathlib.Path(files.in_utf8(unnamed / unnamed.name / "new")).write_text("here")
    assert (unnamed / unnamed.name / "new").read_text() == "here"
    files.write_text(tmp_path / "a", f"# {unnamed.name}")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "# \\udcff\\udcfe"


def test_a_run_whose_name_is_of_no_encoding_is_written_and_drawn_from(unnamed, tiny_run):
    from gan_apps.drawing import runtimes
    from gan_apps.training.events import Events

    run = shutil.copytree(tiny_run, unnamed / unnamed.name)
    shutil.rmtree(run / run_dir.EVENTS)
    events = Events(run)
    events.scalars(1, {"loss": 1.0})
    events.close()
    assert list((run / run_dir.EVENTS).iterdir())
    recipe = run_dir.read_recipe(run)
    inputs = latents.requested(recipe.draw, [3], 2, 0)
    drawn = [runtimes.open_generator(run, recipe, name)(inputs) for name in ("litert", "keras")]
    np.testing.assert_allclose(*drawn, atol=1e-3)


@pytest.mark.slow
def test_a_run_whose_name_is_of_no_encoding_is_trained_and_exported(unnamed, gan_apps_process):
    widths = ["--generator_widths=16,8", "--discriminator_widths=8,16", "--num_epochs=1"]
    run = str(unnamed / "run")
    made = gan_apps_process(
        "dcgan", "--mode=train", "--dataset=digits", f"--run_dir={run}", *widths
    )
    assert made.returncode == 0 and made.stderr == "", made.stderr
    output = f"--output_dir={unnamed / 'exported'}"
    exported = gan_apps_process("export", f"--run_dir={run}", output, "--format=saved_model")
    assert exported.returncode == 0 and exported.stderr == "", exported.stderr


def test_rows_of_numbers_are_lines_of_json_and_texts_stay_as_they_are(tmp_path):
    value = {"a": [[1, -2], [3]], "b": ["[\n 1\n]", "[ 1 ]"], "c": [1.5, 2], "d": []}
    files.write_json(tmp_path / "a.json", value)
    written = (tmp_path / "a.json").read_text()
    assert json.loads(written) == value
    assert "[1, -2]" in written and "[3]" in written and written.count("\n") < 20
