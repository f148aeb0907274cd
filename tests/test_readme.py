"""The README is true."""

import re

import numpy as np
from PIL import Image

import models
from gan_apps.evaluation import classifier
from gan_apps.runs import run_dir
from tests.conftest import FOLDERS, ROOT, SHIPPED_FILES
from tests.tiny_models import metric_names

TEXT = (ROOT / "README.md").read_text()


DEVICE, MODEL = sorted(
    re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL),
    key=lambda code: "import models" in code,
)


def test_its_model_can_be_made():
    names = {}
    exec(MODEL, names)
    assert {metric.name for metric in names["model"].metrics} == metric_names("wgan_gp")


def test_its_ten_lines_for_a_device_draw_a_nine(tmp_path, monkeypatch):
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    monkeypatch.chdir(tmp_path)
    exec(DEVICE, {})
    with Image.open("nine.png") as image:
        assert image.size == (28, 28) and image.mode == "L"
        digit = np.asarray(image)
    assert len(DEVICE.splitlines()) <= 10
    judge = classifier.load(run_dir.shipped("classifier_mnist"))
    probabilities, _ = judge.judged(digit[None, ..., None])
    assert probabilities[0].argmax() == 9


def test_its_table_has_every_algorithm():
    for app in models.MODELS:
        assert f"| `gan_apps.{app}` |" in TEXT


def test_its_two_set_up_commands_stand_alone():
    commands = re.findall(r"^python3 -m venv .*$", TEXT, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("-m gan_apps.cgan --digit=9")
    assert commands[1].endswith("-m pytest")


def test_its_table_names_every_file_of_a_run():
    folders = {f"{name}/" for name in FOLDERS - {run_dir.SAVED_MODEL}}
    for name in SHIPPED_FILES | folders | {f"{run_dir.SAVED_MODEL}/1/"}:
        assert f"`{name}`" in TEXT, name


def test_its_pictures_are_there():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", TEXT):
        assert (ROOT / path).is_file()
