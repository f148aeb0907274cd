"""The README is true."""

import re

import models
from gan_apps.runs import run_dir
from tests.conftest import FOLDERS, ROOT, SHIPPED_FILES

TEXT = (ROOT / "README.md").read_text()


def test_its_python_runs():
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    names = {}
    exec(code, names)
    assert {metric.name for metric in names["model"].metrics} == {
        "discriminator_loss",
        "generator_loss",
        "wasserstein_estimate",
        "gradient_norm",
    }


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
