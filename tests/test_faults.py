"""What may happen to a training: the rows of FAULTS.md's table that have no other place."""

import ast
import dataclasses
import os
import re
import shutil
import time

import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from gan_apps import settings, systems
from gan_apps.data import folders, sources, tagged
from gan_apps.training import states, train
from tests import toy_faces
from tests.conftest import ROOT
from tests.test_journey import assert_same_ending
from tests.tiny_models import built, stepped

CGAN = systems.find("cgan")
TABLE = (ROOT / "tests" / "FAULTS.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text, least", [(TABLE, 30), (RESULTS, 100)], ids=["FAULTS", "RESULTS"])
def test_every_test_in_a_table_exists(text, least):
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", text)
    assert len(named) >= least
    for file, name in named:
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_two_trainings_end_alike_bit_for_bit_also_if_the_clock_goes_backwards(
    tiny_config, tmp_path, monkeypatch, precision
):
    config = dataclasses.replace(tiny_config, precision=precision)
    train.train(CGAN, config, tmp_path / "first")
    now = iter(range(2_000_000_000, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    train.train(CGAN, config, tmp_path / "second")
    assert_same_ending(tmp_path / "first", tmp_path / "second", same_names=False)


def test_the_newest_state_is_that_of_most_iterations_whatever_the_clock_said(tmp_path):
    model = built()
    for age in (0, 5_000, 90_000):
        stepped(model, 1)
        path = states.save(tmp_path, model, 1.0)
        os.utime(path, (time.time() - age,) * 2)
    assert [path.stem[-1] for path in states.saved(tmp_path)] == ["3", "2", "1"]
    stepped(model, 1)
    states.save(tmp_path, model, 1.0)
    assert [path.stem[-1] for path in states.saved(tmp_path)] == ["4", "3", "2"]


def test_a_run_older_than_a_setting_has_its_default():
    values = settings.to_json(CGAN.config())
    del values["deterministic"]
    assert settings.from_json(CGAN.config, values).deterministic is False


def test_an_image_that_vanishes_while_a_folder_is_read_is_named(tmp_path, monkeypatch, capsys):
    for name in ("a.png", "b.png", "c.png"):
        Image.new("L", (16, 16)).save(tmp_path / name)
    read = folders.read

    def vanishing(path, size):
        (tmp_path / "b.png").unlink(missing_ok=True)
        return read(path, size)

    monkeypatch.setattr(folders, "read", vanishing)
    assert len(folders.load(tmp_path, 8)[0]) == 2
    assert "1 of 3 files skipped: b.png" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is read")
def test_data_on_disk_are_read_on_when_they_are_removed_and_named_when_they_are_torn(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    (tmp_path / "tfds").mkdir()
    toy_faces.write(tmp_path / "faces", count=20)
    images = sources.load(str(tmp_path / "faces"), image_size=8).images
    before = images[:]
    (stored,) = (path for path in (tmp_path / "tfds").rglob("*.array_record*"))
    content = stored.read_bytes()
    stored.write_bytes(bytes(len(content)))
    with pytest.raises(OSError, match=tagged.LOST):
        images[:]
    stored.write_bytes(content)
    assert_array_equal(images[:], before)
    stored.unlink()
    shutil.rmtree(tmp_path / "faces")
    assert_array_equal(images[:], before)
