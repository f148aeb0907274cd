"""Who may import whom, read from the sources."""

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

STANDARD = set(sys.stdlib_module_names)
TENSORFLOW = {"tensorflow", "keras"}
# Room -> the rooms of this project and the packages that it may import, anywhere in its files.
ALLOWED = {
    "models": {"models", *TENSORFLOW, "abc", "collections", "dataclasses", "math"}
    # Networks are found by the name of their class, games written down by their arguments.
    | {"contextlib", "functools", "importlib", "inspect", "itertools", "pkgutil", "typing"},
    "gan_apps.settings": {"gan_apps", "gan_apps.settings", "absl"} | STANDARD,
    "gan_apps.prompts": {"gan_apps.prompts", "gan_apps.settings"} | STANDARD,
    "gan_apps.conditions": {
        "gan_apps.conditions",
        "gan_apps.prompts",
        "gan_apps.settings",
        "models",
        "numpy",
    }
    | STANDARD,
    # What a system is made of, before anything is trained: TensorFlow is imported inside.
    "gan_apps.systems": {
        "gan_apps.systems",
        "gan_apps.evaluation",
        "gan_apps.games",
        "gan_apps.runs",
        "gan_apps.settings",
        "models",
    }
    | STANDARD,
    # How often a judge is right, it says itself.
    "gan_apps.games": {
        "gan_apps.games",
        "gan_apps.evaluation",
        "gan_apps.runs",
        "gan_apps.settings",
        "models",
    }
    | STANDARD,
    "gan_apps.pictures": {"gan_apps.pictures", "numpy", "PIL"} | STANDARD,
    "gan_apps.operating_system": {"gan_apps.operating_system", "tqdm", *TENSORFLOW} | STANDARD,
    "gan_apps.runs": {
        "gan_apps",
        "gan_apps.conditions",
        "gan_apps.runs",
        "gan_apps.operating_system",
        "gan_apps.settings",
    }
    | STANDARD,
    "gan_apps.drawing": {
        "gan_apps",
        "gan_apps.drawing",
        "gan_apps.runs",
        "gan_apps.operating_system",
        "gan_apps.settings",
        "numpy",
        "PIL",
    }
    | STANDARD,
    "gan_apps.data": {
        "gan_apps.conditions",
        "gan_apps.data",
        "gan_apps.operating_system",
        "gan_apps.pictures",
        "gan_apps.prompts",
        # What a run directory is, which is no data.
        "gan_apps.runs",
        "gan_apps.settings",
        "models",
        "numpy",
        "PIL",
        "sklearn",
        "tensorflow",
        "tensorflow_datasets",
    }
    | STANDARD,
    "gan_apps.clients": {
        "gan_apps.clients",
        "gan_apps.drawing",
        "gan_apps.runs",
        "gan_apps.settings",
        "numpy",
        "grpc",
        "tensorflow",
        "tensorflow_serving",
    }
    | STANDARD,
    "gan_apps.serving": {
        "gan_apps",
        "gan_apps.serving",
        "gan_apps.drawing",
        "gan_apps.evaluation",
        "gan_apps.operating_system",
        "gan_apps.pages",
        "gan_apps.pictures",
        "gan_apps.runs",
        "gan_apps.settings",
        "models",
        "h5py",
        "numpy",
        *TENSORFLOW,
    }
    | STANDARD,
    "gan_apps.evaluation": {
        "gan_apps.evaluation",
        "gan_apps.data",
        "gan_apps.drawing",
        "gan_apps.operating_system",
        "gan_apps.runs",
        "gan_apps.settings",
        "models",
        "numpy",
        *TENSORFLOW,
    }
    | STANDARD,
    # Gradients: it is imported where something is searched for.
    "gan_apps.searching": {
        "gan_apps.searching",
        "gan_apps.conditions",
        "gan_apps.drawing",
        "gan_apps.evaluation",
        "gan_apps.operating_system",
        "gan_apps.prompts",
        "gan_apps.runs",
        "gan_apps.settings",
        "models",
        "numpy",
        *TENSORFLOW,
    }
    | STANDARD,
    # The only room that imports matplotlib.
    "gan_apps.plots": {"gan_apps.plots", "gan_apps.operating_system", "matplotlib", "numpy", "PIL"}
    | STANDARD,
    # The only room that makes HTML.
    "gan_apps.pages": {"gan_apps.pages", "jinja2"} | STANDARD,
    "gan_apps.experiments": {
        "gan_apps.experiments",
        "gan_apps.data",
        "gan_apps.drawing",
        "gan_apps.evaluation",
        "gan_apps.operating_system",
        "gan_apps.pages",
        "gan_apps.plots",
        "gan_apps.settings",
        "models",
        "numpy",
        "scipy",
        "sklearn",
        *TENSORFLOW,
    }
    | STANDARD,
    # Of the training room only the diagnosis, which is the standard library's, and of evaluation
    # only the rows of what is measured, which are NumPy's.
    "gan_apps.reports": {
        "gan_apps.reports",
        "gan_apps.evaluation",
        "gan_apps.operating_system",
        "gan_apps.pages",
        "gan_apps.plots",
        "gan_apps.runs",
        "gan_apps.settings",
        "gan_apps.systems",
        "gan_apps.training",
        "PIL",
    }
    | STANDARD,
    "gan_apps.training": {
        "gan_apps",
        "gan_apps.training",
        "gan_apps.data",
        "gan_apps.drawing",
        "gan_apps.evaluation",
        "gan_apps.operating_system",
        "gan_apps.runs",
        "gan_apps.serving",
        "gan_apps.settings",
        "gan_apps.systems",
        "models",
        "h5py",
        "numpy",
        "PIL",
        *TENSORFLOW,
    }
    | STANDARD,
}
# Drawing from a .tflite loads these rooms and must not load TensorFlow with them.
LIGHT = (
    "gan_apps.settings",
    "gan_apps.prompts",
    "gan_apps.conditions",
    "gan_apps.systems",
    "gan_apps.games",
    "gan_apps.pictures",
    "gan_apps.operating_system",
    "gan_apps.runs",
    "gan_apps.drawing",
    "gan_apps.command",
)


def sources(room):
    return sorted((ROOT / room.replace(".", "/")).glob("*.py"))


def imported(tree):
    """The names that a tree imports, as `room.module` or `package`, but for types alone."""
    for_types = [
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for line in node.body
    ]
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(name):
    parts = name.split(".")
    if parts[0] != "gan_apps":
        return parts[0]
    is_room = len(parts) > 1 and (ROOT / "gan_apps" / parts[1]).is_dir()
    return ".".join(parts[:2]) if is_room else "gan_apps"


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_the_table_allows(room):
    assert sources(room)
    for path in sources(room):
        rooms = {room_of(name) for name in imported(ast.parse(path.read_text()))}
        # `from gan_apps import settings` is an import of the room.
        assert rooms <= ALLOWED[room], (path.name, rooms - ALLOWED[room])


@pytest.mark.parametrize("room", LIGHT)
def test_light_rooms_import_tensorflow_inside_functions_only(room):
    for path in sources(room):
        tree = ast.parse(path.read_text())
        top = ast.Module(
            [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], []
        )
        rooms = {room_of(name) for name in imported(top)}
        heavy = {"models", *TENSORFLOW, "gan_apps.training", "gan_apps.data", "gan_apps.evaluation"}
        assert not rooms & heavy, (path.name, rooms & heavy)


def test_light_rooms_load_no_tensorflow():
    modules = [f"{room}.{path.stem}" for room in LIGHT for path in sources(room)]
    program = (
        f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\n"
        "heavy = {'tensorflow', 'keras', 'models', 'gan_apps.data'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()


def test_every_room_is_in_the_table():
    folders = {
        f"gan_apps.{p.name}" for p in (ROOT / "gan_apps").iterdir() if (p / "__init__.py").is_file()
    }
    # The command room may import every room: it is what mains are made of.
    assert folders - {"gan_apps.command"} == set(ALLOWED) - {"models"}


def test_mains_hold_no_heavy_imports_at_their_top():
    for path in sources("gan_apps"):
        tree = ast.parse(path.read_text())
        top = ast.Module(
            [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], []
        )
        assert not {room_of(name) for name in imported(top)} & {*TENSORFLOW, "models", "numpy"}


def test_no_two_files_have_one_name():
    """But for the three of a system, which are called as it is."""
    own = {f"{path.stem}.py" for path in (ROOT / "gan_apps" / "systems").glob("[a-z]*.py")}
    names = [
        path.name
        for room in ("gan_apps", "models")
        for path in sorted((ROOT / room).rglob("*.py"))
        if not path.name.startswith("__")
    ]
    twice = {name for name in names if names.count(name) > 1}
    assert twice <= own
