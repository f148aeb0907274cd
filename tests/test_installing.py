"""An installation: what it holds, that it works anywhere, and what it says of what it lacks."""

import ast
import importlib.util
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

import gan_apps as gan_apps_itself
from gan_apps import __main__ as listing
from gan_apps import systems
from tests.conftest import ROOT

# Beside the packages: what a wheel is built from.
BUILT_FROM = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")
# A wheel that holds all runs is to stay below the 100 MB that PyPI takes.
MOST_OF_RUNS, MOST_OF_ALL = 95e6, 285e6
# A module of the user's in the current folder, which has the name of ours.
OF_THE_USER = "raise RuntimeError('this is the user\\'s module')\n"


def loaded_setup(path):
    """The functions of a setup.py, which builds nothing when it is imported."""
    spec = importlib.util.spec_from_file_location("setup_of_the_project", path / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


setup = loaded_setup(ROOT)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the package as a wheel has it, and nothing of what it needs."""
    folder = tmp_path_factory.mktemp("site-packages")
    setup.lay_out(folder / "gan_apps")
    return folder


@pytest.fixture
def elsewhere(tmp_path):
    """A folder of the user's, with a `models` of his own."""
    (tmp_path / "models.py").write_text(OF_THE_USER)
    return tmp_path


def run(*command, cwd, path=(), timeout=600):
    """A command that knows the project by `path` alone."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def in_the_repository(*arguments, output):
    result = run(sys.executable, "-m", *arguments, f"--output={output}", cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return pixels(output)


@pytest.mark.parametrize(
    "line, becomes",
    [
        ("import models", "from gan_apps import models"),
        ("import models as m", "from gan_apps import models as m"),
        ("from models import a, b", "from gan_apps.models import a, b"),
        ("from models.a import models", "from gan_apps.models.a import models"),
        ("if x:\n    from models import a", "if x:\n    from gan_apps.models import a"),
        ("from models import (\n    a,\n)", "from gan_apps.models import (\n    a,\n)"),
        ("from models_of_mine import models", "from models_of_mine import models"),
        ("from . import models", "from . import models"),
        (
            "x = 'import models'  # from models import a",
            "x = 'import models'  # from models import a",
        ),
        ("import os; import models", "import os; from gan_apps import models"),
    ],
)
def test_imports_of_models_are_rewritten(line, becomes):
    assert setup.inside(line) == becomes
    assert setup.inside(becomes) == becomes


@pytest.mark.parametrize("line", ["import models.a", "import os, models", "import models, os"])
def test_what_cannot_be_rewritten_stops_the_build(line):
    with pytest.raises(ValueError, match=f"^'{line}': write `import models` or"):
        setup.inside(line)


def test_nothing_in_it_means_a_models_at_the_top(installed):
    paths = sorted((installed / "gan_apps").rglob("*.py"))
    assert len(paths) > 100
    for path in paths:
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in getattr(node, "names", ()) if hasattr(alias, "name")]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "models" not in [name.partition(".")[0] for name in names], path
        # By its name as a string it is known as gan_apps.MODELS.
        assert not re.search(r"(import_module|modules\.get)\(f?.models\b", source), path


def test_it_holds_what_the_repository_has(installed):
    tracked = run("git", "ls-files", "gan_apps", "models", "checkpoints", cwd=ROOT)
    if tracked.returncode:
        pytest.skip("not a checkout, so that it is not known which files are committed")
    package = installed / "gan_apps"
    held = {path.relative_to(package) for path in package.rglob("*") if path.is_file()}
    committed = map(pathlib.PurePath, tracked.stdout.splitlines())
    expected = {
        path.relative_to("gan_apps") if path.parts[0] == "gan_apps" else path for path in committed
    }
    assert {path for path in held if not str(path).startswith("checkpoints")} >= {
        path for path in expected if not str(path).startswith("checkpoints")
    }
    # But the pictures that show what a run is like.
    shown = {
        path for path in expected if path.parts[0] == "checkpoints" and path.name in setup.SHOWN
    }
    assert len(shown) > 30
    assert expected - shown <= held
    assert not [path for path in held if path.suffix == ".pyc" or path in shown]


def test_runs_of_one_s_own_stay_out_of_it():
    folder = ROOT / "checkpoints"
    assert setup.left_out(folder, ["cgan_digits", "cgan_001", ".lock", "x_1234"]) == {
        "cgan_001",
        ".lock",
    }
    run = folder / "cgan_digits"
    there = [".writing-1", "config.json", "samples.png", "generator.sources.png"]
    assert setup.left_out(run, there) == {".writing-1", "samples.png"}
    assert setup.left_out(ROOT / "gan_apps", ["__pycache__", "cgan.py"]) == {"__pycache__"}


def test_all_shipped_runs_together_are_small(installed):
    files = (installed / "gan_apps" / "checkpoints").rglob("*")
    size = sum(path.stat().st_size for path in files if path.is_file())
    assert 1e6 < size <= MOST_OF_RUNS


def test_there_is_a_program_for_every_command():
    programs = dict(line.split(" = ") for line in setup.programs())
    assert set(programs.values()) == {"gan_apps.__main__:main"}
    others = {"client", "demo", "evaluate", "export", "lab", "report"}
    commands = {*systems.names(), *others}
    assert commands <= set(listing.commands())
    assert set(programs) == {
        listing.PROGRAM,
        *(f"{listing.PROGRAM}-{name}" for name in listing.commands()),
    }


def test_it_draws_the_repository_s_pixels_from_anywhere(installed, elsewhere):
    result = run(
        sys.executable, "-m", "gan_apps", "cgan", "--digit=9", cwd=elsewhere, path=[installed]
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert result.stdout == "digit_9.png\n"
    expected = in_the_repository("gan_apps.cgan", "--digit=9", output=elsewhere / "ours.png")
    assert_array_equal(pixels(elsewhere / "digit_9.png"), expected)


@pytest.mark.slow
def test_one_line_imports_models_in_the_repository_too():
    program = "import models as ours\nfrom gan_apps import models\nassert models is ours"
    result = run(sys.executable, "-c", program, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    with pytest.raises(AttributeError, match="module 'gan_apps' has no attribute 'nothing'"):
        _ = gan_apps_itself.nothing


def test_the_user_s_models_and_ours_do_not_meet(installed, tmp_path):
    (tmp_path / "models.py").write_text("ANSWER = 42\n")
    program = (
        "import gan_apps, models\n"
        "assert gan_apps.MODELS == 'gan_apps.models' and models.ANSWER == 42\n"
        "from gan_apps import systems\n"
        "from gan_apps.settings import rows\n"
        "print(len(rows.divergences()), len(systems.names()))\n"
    )
    result = run(sys.executable, "-c", program, cwd=tmp_path, path=[installed])
    assert result.returncode == 0, result.stderr
    divergences, systems_there = map(int, result.stdout.split())
    assert divergences >= 10 and systems_there == len(systems.names())


@pytest.fixture
def without(tmp_path):
    """A folder whose modules are as if they were not installed."""

    def made(*names):
        folder = tmp_path / "absent"
        folder.mkdir()
        for name in names:
            error = f"raise ModuleNotFoundError('No module named {name}', name={name!r})\n"
            (folder / f"{name}.py").write_text(error)
        return folder

    return made


HEAVY = ("tensorflow", "keras", "scipy", "h5py", "matplotlib", "jinja2", "sklearn")


@pytest.mark.parametrize(
    "arguments, extra",
    [
        (["cgan", "--mode=train", "--dataset=digits"], "train"),
        (["cgan", "--digit=9", "--runtime=keras"], "train"),
        (["evaluate", "--run_dir={runs}/cgan_digits"], "train"),
        (["report", "--run_dir={runs}/cgan_digits"], "train"),
        (["export", "--run_dir={runs}/cgan_digits", "--output_dir=out"], "serve"),
        (["lab", "--experiment=optimal_transport", "--output_dir=out"], "lab"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_a_command_that_lacks_an_extra_says_how_to_get_it(
    installed, elsewhere, without, arguments, extra
):
    runs = installed / "gan_apps" / "checkpoints"
    named = [argument.format(runs=runs) for argument in arguments]
    absent = without(*HEAVY)
    result = run(sys.executable, "-m", "gan_apps", *named, cwd=elsewhere, path=[absent, installed])
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    ending = f"is not installed, which this needs: pip install 'gan-apps[{extra}]'"
    assert re.fullmatch(rf"error: ({'|'.join(HEAVY)}) {re.escape(ending)}", line)
    assert not list(elsewhere.glob("checkpoints")) and not list(elsewhere.glob("*.png"))


def test_in_the_repository_it_names_the_file_of_requirements(refused_process, without):
    path = os.pathsep.join(map(str, [without(*HEAVY), ROOT]))
    line = refused_process("dcgan", "--mode=train", environment={"PYTHONPATH": path})
    assert line.endswith(" is not installed, which this needs: pip install -r requirements.txt")


def test_a_missing_module_of_ours_is_no_matter_of_installing(tmp_path, gan_apps):
    program = (
        "import sys; sys.argv = ['cgan'];"
        "from gan_apps.command import launch;"
        "launch.run({}, lambda: __import__('gan_apps.nothing'))"
    )
    result = run(sys.executable, "-c", program, cwd=tmp_path, path=[ROOT])
    assert result.returncode == 1 and "No module named 'gan_apps.nothing'" in result.stderr
    assert "pip install" not in result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy, without a network."""
    copy = tmp_path_factory.mktemp("copy")
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, copy)
    for name in ("gan_apps", "models", "checkpoints"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    # An own run, and a module that an earlier build left, are no part of it.
    shutil.copytree(copy / "checkpoints" / "cgan_digits", copy / "checkpoints" / "cgan_001")
    (copy / "build" / "lib" / "gan_apps").mkdir(parents=True)
    (copy / "build" / "lib" / "gan_apps" / "left.py").touch()
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    result = run(sys.executable, "-m", "pip", "wheel", *offline, "-w", "dist", ".", cwd=copy)
    assert result.returncode == 0, result.stderr
    (path,) = (copy / "dist").glob("*.whl")
    return path


@pytest.mark.slow
def test_a_wheel_holds_what_was_laid_out(wheel, installed, tmp_path):
    shutil.unpack_archive(wheel, tmp_path / "unpacked", "zip")
    found, expected = (
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in (tmp_path / "unpacked" / "gan_apps", installed / "gan_apps")
    )
    expected = {path: content for path, content in expected.items() if path.suffix != ".pyc"}
    assert found == expected
    (metadata,) = (tmp_path / "unpacked").glob("*.dist-info")
    assert sorted(path.name for path in (tmp_path / "unpacked").iterdir()) == [
        "gan_apps",
        metadata.name,
    ]
    written = (metadata / "entry_points.txt").read_text().split("[console_scripts]\n")[1]
    assert sorted(written.split("\n")) == sorted(["", *setup.programs()])
    assert (metadata / "top_level.txt").read_text().split() == ["gan_apps"]


@pytest.mark.slow
def test_a_nine_from_an_empty_environment(wheel, elsewhere):
    """All of it as a user does it; pip asks the package index."""
    environment = elsewhere / "environment"
    assert run(sys.executable, "-m", "venv", environment, cwd=elsewhere).returncode == 0
    pip = (environment / "bin" / "python", "-m", "pip", "--retries=0", "--timeout=20")
    reached = run(*pip, "download", "--no-deps", "-q", "-d", "probe", "absl-py", cwd=elsewhere)
    if reached.returncode:
        pytest.skip(f"the package index cannot be reached: {reached.stderr.splitlines()[-1]}")
    # Those that are pinned: newer ones may draw other pixels, which is no fault of the wheel.
    pinned = ("-c", ROOT / "requirements.txt")
    result = run(*pip, "install", "-q", *pinned, wheel, cwd=elsewhere)
    assert result.returncode == 0, result.stderr
    assert run(*pip, "check", cwd=elsewhere).returncode == 0
    packages = environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert not list(packages.glob("site-packages/tensorflow*"))
    size = sum(path.stat().st_size for path in environment.rglob("*") if path.is_file())
    print(f"{size / 1e6:.0f} MB")
    assert size <= MOST_OF_ALL
    programs = {path.name for path in (environment / "bin").glob("gan-apps*")}
    assert programs == {line.partition(" ")[0] for line in setup.programs()}
    nines = in_the_repository("gan_apps.cgan", "--digit=9", output=elsewhere / "ours.png")
    for command in (("gan-apps-cgan",), ("gan-apps", "cgan"), ("python", "-m", "gan_apps.cgan")):
        program, *rest = command
        result = run(environment / "bin" / program, *rest, "--digit=9", cwd=elsewhere)
        assert (result.returncode, result.stdout, result.stderr) == (0, "digit_9.png\n", "")
        assert_array_equal(pixels(elsewhere / "digit_9.png"), nines)
        (elsewhere / "digit_9.png").unlink()
    blue = "--prompt=blue hair"
    result = run(environment / "bin" / "gan-apps-cgan", blue, "--output=a.png", cwd=elsewhere)
    assert result.returncode == 0, result.stderr
    expected = in_the_repository("gan_apps.cgan", blue, output=elsewhere / "b.png")
    assert_array_equal(pixels(elsewhere / "a.png"), expected)
    lacking = run(environment / "bin" / "gan-apps-wgan", "--mode=train", cwd=elsewhere)
    assert (lacking.returncode, lacking.stdout) == (2, "")
    assert "pip install 'gan-apps[train]'" in lacking.stderr
    assert len(lacking.stderr.splitlines()) == 1
    listed = run(environment / "bin" / "gan-apps", cwd=elsewhere)
    assert listed.stdout == f"{listing.listing()}\n"


SAVED = """
import keras, sys
from gan_apps import models
if sys.argv[1] == "save":
    networks = models.pair(image_size=8, condition=models.Condition("labels", (3,)))
    model = models.CGAN(networks, objective=models.OBJECTIVES["hinge"], seed=5)
    model.compile()
    model.save(sys.argv[2])
model = keras.models.load_model(sys.argv[2])
print(type(model).__module__, model.seed, len(model.weights))
"""


@pytest.mark.slow
def test_a_model_that_the_repository_saved_is_read_by_an_installation(installed, elsewhere):
    """And the other way round: Keras knows classes by names that are no modules'."""
    places = {"models.cgan": (ROOT, ROOT), "gan_apps.models.cgan": (installed, elsewhere)}
    for (own, (place, cwd)), (other, (place_2, cwd_2)) in itertools.permutations(places.items()):
        path = elsewhere / f"{own}.keras"
        said = [
            run(sys.executable, "-c", SAVED, what, path, cwd=cwd, path=[place])
            for what, place, cwd in (("save", place, cwd), ("load", place_2, cwd_2))
        ]
        assert [result.returncode for result in said] == [0, 0], said
        first, second = (result.stdout.split() for result in said)
        assert (first[0], second[0]) == (own, other) and first[1:] == second[1:]


@pytest.mark.slow
def test_an_installation_trains_what_the_repository_trains(installed, elsewhere):
    """Bit for bit, and each draws from the other's run: files name no module as it is imported."""
    tiny = ("--dataset=digits", "--num_epochs=1", "--latent_dim=8", "--precision=float32")
    narrow = ("--generator_widths=16,8", "--discriminator_widths=8,16")
    train = ("-m", "gan_apps.cgan", "--mode=train", *tiny, *narrow)
    runs = {}
    for name, place, cwd in (("theirs", installed, elsewhere), ("ours", ROOT, ROOT)):
        runs[name] = elsewhere / name
        command = (sys.executable, *train, f"--run_dir={runs[name]}")
        result = run(*command, cwd=cwd, path=[place])
        assert result.returncode == 0, result.stderr
    contents = [(runs[name] / "generator.tflite").read_bytes() for name in runs]
    assert contents[0] == contents[1]
    configs = [(runs[name] / "config.json").read_text() for name in runs]
    assert configs[0] == configs[1] and "gan_apps.models" not in configs[0]
    # A drawing by Keras rebuilds the network by its class's name.
    pictures = []
    for name, place, cwd in (("theirs", ROOT, ROOT), ("ours", installed, elsewhere)):
        drawn = ("-m", "gan_apps.cgan", f"--run_dir={runs[name]}", "--digit=3", "--runtime=keras")
        output = elsewhere / f"{name}.png"
        result = run(sys.executable, *drawn, f"--output={output}", cwd=cwd, path=[place])
        assert result.returncode == 0, result.stderr
        pictures.append(pixels(output))
        command = (sys.executable, *train, "--num_epochs=2", f"--run_dir={runs[name]}")
        result = run(*command, cwd=cwd, path=[place])
        assert result.returncode == 0, result.stderr
    assert_array_equal(*pictures)
