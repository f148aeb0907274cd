"""What a run says of the library versions that trained it."""

import dataclasses
import json
import shutil

import pytest

from gan_apps import systems
from gan_apps.runs import run_dir
from gan_apps.training import artifacts, train


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
