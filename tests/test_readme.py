"""The README is true, and so are the pages beside it."""

import re

import numpy as np
import pytest
from PIL import Image

from gan_apps import systems
from gan_apps.evaluation import judges
from gan_apps.runs import run_dir
from tests.conftest import FOLDERS, ROOT, SHIPPED_FILES, run_command
from tests.test_keras import LINES

TEXT = (ROOT / "README.md").read_text()
PAGES = (
    "README.md",
    "BUILD_NOTES.md",
    "benchmarks/RESULTS.md",
    "tests/FAULTS.md",
    "docs/workers.md",
)

# Python: for a device, and with Keras.
DEVICE, MODEL = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


def test_its_lines_for_keras_are_those_that_are_run():
    """By test_keras.py::test_the_lines_of_the_readme."""
    assert MODEL == LINES.lstrip()


def test_its_ten_lines_for_a_device_draw_a_nine(tmp_path, monkeypatch):
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    monkeypatch.chdir(tmp_path)
    exec(DEVICE, {})
    with Image.open("nine.png") as image:
        assert image.size == (28, 28) and image.mode == "L"
        digit = np.asarray(image)
    assert len(DEVICE.splitlines()) <= 10
    judge = judges.load(run_dir.shipped("classifier_mnist"))
    probabilities, _ = judge.judged(digit[None, ..., None])
    assert probabilities[0].argmax() == 9


def test_its_table_has_every_algorithm():
    for name in systems.names():
        assert f"| `gan_apps.{name}` |" in TEXT


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


def commands():
    """Module -> the flags that the pages give to `python -m MODULE`."""
    found = {}
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        # A command in the midst of a sentence may be broken at the line's end, in a block by a \.
        text = re.sub(r"\\\n\s*|\n(?=[^`\n]*`)|(?<=\S)\n(?=--)", " ", text)
        for module, rest in re.findall(
            r"python -m ((?:gan_apps|benchmarks)\.[a-z_]+)([^`\n]*)", text
        ):
            found.setdefault(module, set()).update(re.findall(r"--(\w+)", rest))
    return found


COMMANDS = commands()


def flags_of(module, cwd):
    if module.startswith("benchmarks."):
        # Their --help would import TensorFlow.
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        return set(re.findall(r"DEFINE_\w+\(\s*\"(\w+)\"", source))
    shown = run_command(module.removeprefix("gan_apps."), "--help", cwd=cwd).stdout
    flags = re.findall(r"^  --(\[no\])?(\w+)", shown, flags=re.MULTILINE)
    return {"help", *(name for _, name in flags)}


@pytest.mark.parametrize("module", sorted(COMMANDS))
def test_the_flags_of_its_commands_and_of_the_other_pages_exist(module, tmp_path):
    assert COMMANDS[module] <= flags_of(module, tmp_path)


def test_every_flag_that_it_names_is_one_of_a_command(tmp_path):
    modules = [module for module in COMMANDS if module.startswith("gan_apps.")]
    known = set().union(*(flags_of(module, tmp_path) for module in modules))
    prose = re.sub(r"```\n.*?```", "", TEXT, flags=re.DOTALL)
    named = set(re.findall(r"`--(\w+)", prose))
    assert len(named) > 30 and named <= known, named - known


def test_every_measured_table_has_its_command_and_commit():
    text = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    assert "**Machine A**" in text
    measured = 0
    for section in re.split(r"^#+ ", text, flags=re.MULTILINE):
        title = section.partition("\n")[0]
        if "\n| ---" in section and not title.startswith("What real folders"):
            assert re.search(r"`(command .*)?python -m |`\.ci/run`", section), title
            assert re.search(r"commits?\b[^#]*`[0-9a-f]{7}`", section, flags=re.IGNORECASE), title
            measured += 1
    assert measured > 10


def test_the_build_notes_can_be_read_in_one_sitting():
    assert len((ROOT / "BUILD_NOTES.md").read_text(encoding="utf-8").splitlines()) <= 150
