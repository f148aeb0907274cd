"""The README is true, and so are the pages beside it."""

import functools
import json
import re
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

from gan_apps import systems
from gan_apps.command import system_command
from gan_apps.drawing import pictures
from gan_apps.evaluation import classifiers
from gan_apps.runs import run_dir
from gan_apps.settings import flags as settings_flags
from tests.conftest import FOLDERS, ROOT, SHIPPED_FILES, run_command
from tests.test_help import sections_of
from tests.test_keras import LINES

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
# What is written for users, and then what is written for those who go on with the project.
GUIDE = {"README.md": TEXT, **{f"docs/{name}": text for name, text in DOCS.items()}}
PAGES = GUIDE | {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "BUILD_NOTES.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "benchmarks/RESULTS.md",
        "tests/FAULTS.md",
    )
}
# The notebook's words: commands and links in it are promises too.
NOTEBOOK = "examples/lectures.ipynb"
PAGES[NOTEBOOK] = "\n\n".join(
    "".join(cell["source"])
    for cell in json.loads((ROOT / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "markdown"
)

# Python: for a device, and with Keras.
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
DEVICE, MODEL = (PYTHON.search(DOCS[page])[1] for page in ("serving.md", "python.md"))


def test_it_can_be_read_in_one_sitting():
    assert len(TEXT.splitlines()) <= 250


def test_no_python_on_a_page_is_never_run():
    found = [code for text in GUIDE.values() for code in PYTHON.findall(text)]
    assert sorted(found) == sorted([MODEL, DEVICE])


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
    judge = classifiers.load(run_dir.shipped("classifier_mnist"))
    probabilities, _ = judge.judged(digit[None, ..., None])
    assert probabilities[0].argmax() == 9


# The rows of the table of systems: command, the rest of the row.
ROWS = dict(re.findall(r"^\| \*\*.*? \| `python -m gan_apps\.([^`]*)` \| (.*) \|$", TEXT, re.M))
PICTURED = {
    command: re.search(r'<img src="(docs/pictures/\w+\.png)" width="\d+" alt="[^"]+">', rest)
    for command, rest in ROWS.items()
}


# Commands that draw from the runs of systems, in ways of their own.
SEARCHES = {"ppgn"}


def test_its_table_has_every_system():
    assert {command.split()[0] for command in ROWS} == {*systems.names(), *SEARCHES}
    for command, picture in PICTURED.items():
        # A judge draws none.
        name = command.split()[0]
        draws = name in SEARCHES or systems.find(name).is_drawn_from
        assert (picture is not None) == draws, command
    shipped = [
        run
        for system in map(systems.find, systems.names())
        for run in (system.shipped, system.shipped_prompt)
        if run is not None
    ]
    assert len([command for command in ROWS if "--mode=train" not in command]) >= len(shipped)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [command for command, found in PICTURED.items() if found and "--mode=train" not in command],
)
def test_its_pictures_are_those_that_the_commands_draw(command, gan_apps, tmp_path):
    # A command may be given a picture that the page shows.
    for name in ("docs", "checkpoints"):
        (tmp_path / name).symlink_to(ROOT / name)
    result = gan_apps(*shlex.split(command))
    assert result.returncode == 0, result.stderr
    paths = tmp_path / result.stdout.strip(), ROOT / PICTURED[command][1]
    if command == "ppgn --digit=9":
        # A search carries on how a processor rounds, and ends elsewhere on another one.
        judge = classifiers.load(run_dir.shipped("classifier_mnist"))
        for path in paths:
            sheet = pictures.cells(np.asarray(Image.open(path)), 4, (28, 28))
            probabilities, _ = judge.judged(sheet.reshape(16, 28, 28, 1))
            assert np.sum(probabilities.argmax(axis=1) == 9) >= 15
        return
    drawn, shown = (np.asarray(Image.open(path), np.float32) for path in paths)
    # In the page a picture in colour is not enlarged.
    zoom, rest = divmod(len(drawn), len(shown))
    assert rest == 0
    assert np.abs(drawn[::zoom, ::zoom] - shown).max() <= 2


def test_its_two_set_up_commands_stand_alone():
    commands = re.findall(r"^python3 -m venv .*$", TEXT, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("-m gan_apps.cgan --digit=9")
    assert commands[1].endswith("-m pytest")


def test_a_table_names_every_file_of_a_run():
    folders = {f"{name}/" for name in FOLDERS - {run_dir.SAVED_MODEL}}
    for name in SHIPPED_FILES | folders | {f"{run_dir.SAVED_MODEL}/1/"}:
        assert f"`{name}`" in DOCS["training.md"], name


def anchors(text):
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_its_links_and_pictures_are_there(page):
    text = PAGES[page]
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'<img src="([^"]+)"', text)
    for link in links:
        target, _, anchor = link.partition("#")
        if ":" in target:
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.is_file(), link
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_it_names_are_there(page):
    for name in re.findall(r"`((?:\.ci|benchmarks|docs|examples|tests)/[\w./]+)`", PAGES[page]):
        assert (ROOT / name).exists(), name


def test_every_page_can_be_reached_from_it():
    linked = set(re.findall(r"\]\(([^)#]+)\)", TEXT))
    assert {f"docs/{name}" for name in DOCS} | {NOTEBOOK} <= linked


def test_a_picture_of_a_page_is_small_and_shown():
    shown = "".join(GUIDE.values())
    for path in (ROOT / "docs" / "pictures").iterdir():
        assert path.stat().st_size <= 160_000, path.name
        assert f"pictures/{path.name}" in shown, path.name


def commands():
    """Module -> the lines of arguments that the pages give to `python -m MODULE`."""
    found = {}
    for text in PAGES.values():
        # A command in the midst of a sentence may be broken at the line's end, in a block by a \.
        text = re.sub(r"\\\n\s*|\n(?=[^`\n]*`)|(?<=\S)\n\s*(?=--)", " ", text)
        for module, rest in re.findall(r"python -m ((?:gan_apps|benchmarks)\.\w+)([^`\n]*)", text):
            found.setdefault(module, []).append(rest)
    return found


COMMANDS = commands()


@functools.cache
def flags_of(module):
    if module.startswith("benchmarks."):
        # Their --help would import TensorFlow.
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        return set(re.findall(r"DEFINE_\w+\(\s*\"(\w+)\"", source))
    shown = run_command(module.removeprefix("gan_apps."), "--help", cwd=ROOT).stdout
    flags = re.findall(r"^  --(\[no\])?(\w+)", shown, flags=re.MULTILINE)
    return {"help", *(name for _, name in flags)}


@pytest.mark.parametrize("module", sorted(COMMANDS))
def test_the_flags_of_its_commands_and_of_the_other_pages_exist(module):
    given = {flag for line in COMMANDS[module] for flag in re.findall(r"--(\w+)", line)}
    assert given <= flags_of(module)


def lines_of_guide():
    """The commands of the guide that stand by themselves: (page, command, arguments)."""
    for page, text in GUIDE.items():
        blocks = "\n".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
        tables = "\n".join(re.findall(r"^\| .*? \|$", text, re.MULTILINE))
        found = re.findall(r"^python -m gan_apps\.(\w+)(.*)$", blocks, re.MULTILINE)
        found += re.findall(r"`python -m gan_apps\.(\w+)([^`]*)`", tables)
        for name, rest in found:
            arguments = shlex.split(rest, comments=True)
            if "--help" not in arguments:
                yield page, name, arguments


LINES_OF_GUIDE = list(lines_of_guide())


@pytest.mark.parametrize(
    "page, name, arguments",
    LINES_OF_GUIDE,
    ids=[f"{page} {name} {' '.join(arguments)}" for page, name, arguments in LINES_OF_GUIDE],
)
def test_the_values_that_its_commands_give_are_allowed(
    page,
    name,
    arguments,
    parser_of,
    tmp_path,
    monkeypatch,
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    for argument in arguments:
        # Data that the reader has.
        if argument.startswith("--dataset=") and "mnist" not in argument:
            (tmp_path / argument.partition("=")[2]).mkdir(parents=True)
    sections = sections_of(name)
    kinds = [kind for kinds in sections.values() for kind in kinds]
    rest = parser_of(*kinds)(*arguments)
    assert len(rest) == 1, rest
    configs = [settings_flags.config_from_flags(kind) for kind in kinds]
    if name in systems.names():
        system_command._refuse_flags_of_other_modes(systems.find(name), configs[0].mode)


DRAWING = [
    (name, arguments)
    for _, name, arguments in LINES_OF_GUIDE
    if name in systems.names()
    and systems.find(name).is_drawn_from
    # Runs, and data, that the reader has.
    and not any(re.match("--(mode=train|run_dir|list_words|dataset)", one) for one in arguments)
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, arguments", DRAWING, ids=[f"{name} {' '.join(rest)}" for name, rest in DRAWING]
)
def test_its_commands_draw(name, arguments, gan_apps, tmp_path):
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    # Pictures that the reader has.
    shown = ROOT / "docs" / "pictures"
    with Image.open(shown / "pix2pix.png") as both:
        face = both.crop((64, 0, 128, 64))
    faces = "face portrait one other man_with_glasses man woman"
    for name_of_face in faces.split():
        face.save(tmp_path / f"{name_of_face}.png")
    for name_of_folder in ("photos", "portraits"):
        (tmp_path / name_of_folder).mkdir()
        shutil.copyfile(shown / "blonde.png", tmp_path / name_of_folder / "one.png")
    shutil.copyfile(shown / "blonde.png", tmp_path / "holiday.jpg")
    (tmp_path / "sketches").mkdir()
    shutil.copyfile(shown / "sketch.png", tmp_path / "sketches" / "one.png")
    result = gan_apps(name, *arguments)
    assert result.returncode == 0, result.stderr
    # A search for given pictures shows how far it is.
    is_search = any(re.match("--(like|interpolate|arithmetic)=.*[.]png", one) for one in arguments)
    assert is_search or not result.stderr
    written = tmp_path / result.stdout.splitlines()[-1]
    # Scores may lie beside the pictures.
    pictures = sorted(written.glob("*.png")) if written.is_dir() else [written]
    assert pictures
    for path in pictures:
        with Image.open(path) as image:
            assert np.asarray(image.convert("L"), np.float32).std() > 5


def test_the_commands_of_the_guide_are_many():
    assert len(DRAWING) >= 15 and len(LINES_OF_GUIDE) >= 35


def test_every_flag_that_it_names_is_one_of_a_command():
    modules = [module for module in COMMANDS if module.startswith("gan_apps.")]
    known = set().union(*(flags_of(module) for module in modules))
    prose = re.sub(r"^```\w*\n.*?^```", "", "\n".join(GUIDE.values()), flags=re.M | re.DOTALL)
    named = set(re.findall(r"`--(\w+)", prose))
    assert len(named) > 30 and named <= known, named - known


def test_every_measured_table_has_its_command_and_commit():
    text = PAGES["benchmarks/RESULTS.md"]
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
    assert len(PAGES["BUILD_NOTES.md"].splitlines()) <= 150


# What is in checkpoints/, and what the page of data and weights must say of each.
SAID = ("Learned from", "Kept apart", "Made by", "Credit")
WEIGHTS = DOCS["data_and_weights.md"]


def sections_of_page(text):
    return dict(re.findall(r"^### (.*)\n\n((?:(?!#).*\n)*)", text, re.MULTILINE))


def test_every_shipped_folder_has_its_section():
    found = sections_of_page(WEIGHTS)
    folders = {path.name for path in run_dir.SHIPPED.iterdir() if re.search(r"[^\d]$", path.name)}
    data = {"MNIST", "Fashion-MNIST", "Anime faces"}
    assert found.keys() - data >= folders
    for name in folders:
        for what in SAID:
            assert f"- **{what}:** " in found[name], (name, what)
    for name in data:
        for what in ("Whose", "Terms"):
            assert f"- **{what}:** " in found[name], (name, what)


def test_its_commands_made_what_the_results_say():
    results = " ".join(PAGES["benchmarks/RESULTS.md"].split())
    for name, section in sections_of_page(WEIGHTS).items():
        made = re.search(r"\*\*Made by:\*\* `([^`]*)` \(commit\s+`(\w+)`\)", section)
        if made:
            command = " ".join(made[1].split())
            assert f"| {name} | `{command}` | `{made[2]}` |" in results, name
