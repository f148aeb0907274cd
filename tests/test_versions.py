"""The versions that are installed, and what a run says of those that trained it."""

import dataclasses
import json
import shutil
import tomllib

import pytest
from packaging.requirements import Requirement

from gan_apps import systems
from gan_apps.runs import run_dir
from gan_apps.training import artifacts, train
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins(path):
    """{package: Requirement} of a file of requirements, without the files that it takes in."""
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith("-r ")]
    return {one.name: one for one in found}


def ranges(*extras):
    """{package: [Requirement]} of the plain installation with extras, and the extras in them."""
    found = {}
    for line in (*PROJECT["dependencies"], *(line for one in extras for line in EXTRAS[one])):
        one = Requirement(line)
        if one.name == PROJECT["name"]:
            for name, several in ranges(*one.extras).items():
                found.setdefault(name, []).extend(several)
        else:
            found.setdefault(one.name, []).append(one)
    return found


PRODUCT = pins(ROOT / "requirements.txt")
EVERYTHING = {**PRODUCT, **pins(ROOT / "tests" / "requirements.txt")}


def test_what_is_pinned_is_what_the_project_asks_for():
    assert set(PRODUCT) == set(ranges("train", "lab"))
    assert set(EVERYTHING) == set(ranges("test"))
    assert ranges("draw") == ranges()
    assert set(ranges()) == {"ai-edge-litert", "numpy", "pillow", "absl-py"}


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_every_pin_is_in_its_range(name):
    pinned = EVERYTHING[name].specifier
    for one in ranges("test")[name]:
        assert one.specifier, f"{name} has no range"
        for part in pinned:
            # A pin, or a range that is the same.
            allowed = part in set(one.specifier) or one.specifier.contains(part.version)
            assert allowed, (str(EVERYTHING[name]), str(one))


def test_every_python_that_is_told_of_is_allowed():
    told = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: 3." in line]
    assert told == ["3.11", "3.12", "3.13"]
    allowed = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert all(allowed.contains(f"{one}.0") for one in told) and not allowed.contains("3.10.9")


@pytest.fixture
def under(tiny_run, tiny_config, tmp_path, monkeypatch, capsys):
    """A training that is gone on with under other versions: (what it says, its recipe)."""
    run = shutil.copytree(tiny_run, tmp_path / "run")
    monkeypatch.setattr(artifacts, "write", lambda *arguments: None)
    real = train.importlib.metadata.version

    def resumed(num_epochs=1, back_to=16, **versions):
        monkeypatch.setattr(
            train.importlib.metadata, "version", lambda name: versions.get(name) or real(name)
        )
        for path in (run / run_dir.STATES).iterdir():
            if int(path.stem[-9:]) > back_to:
                path.unlink()
        capsys.readouterr()
        config = dataclasses.replace(tiny_config, num_epochs=num_epochs)
        train.train(systems.find("cgan"), config, run)
        return capsys.readouterr().err, run_dir.read_recipe(run)

    return resumed


@pytest.mark.slow
def test_other_versions_are_told_and_kept(under, tiny_run):
    before = run_dir.read_recipe(tiny_run)
    assert before.earlier_versions == ()
    assert "earlier_versions" not in json.loads((tiny_run / run_dir.CONFIG).read_text())
    said, recipe = under(keras="9.9.9")
    (line,) = [line for line in said.splitlines() if "trained with" in line]
    was = before.versions["keras"]
    assert f"trained with keras {was} and goes on with keras 9.9.9: it need not end" in line
    assert recipe.versions == {**before.versions, "keras": "9.9.9"}
    assert recipe.earlier_versions == (before.versions,)
    # Nothing is left to train, so that other versions train nothing.
    said, same = under(back_to=99, keras="1.0")
    assert "trained with" not in said
    assert (same.versions, same.earlier_versions) == (recipe.versions, recipe.earlier_versions)
    # And back again: each in its turn.
    _, recipe = under()
    assert recipe.versions_of("keras") == (was, "9.9.9", was)
    assert recipe.versions_of("python") == (before.versions["python"],)
    assert recipe.versions_of("jax") == ()
