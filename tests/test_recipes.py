"""--recipe=NAME: settings that are taken together, with their reference."""

import dataclasses

import pytest
from absl import flags

from gan_apps import settings, systems
from gan_apps.command import system_command
from gan_apps.runs import run_dir
from gan_apps.settings import flags as settings_flags
from gan_apps.settings import usage
from gan_apps.training import artifacts

RECIPES = [(name, recipe) for name in systems.names() for recipe in systems.find(name).recipes]


@pytest.fixture
def settings_of(monkeypatch):
    """A function of a system's name and a command line: what a training would go by."""

    def chosen(name, *arguments, run=None):
        values = flags.FlagValues()
        monkeypatch.setattr(flags, "FLAGS", values)
        for definer in ("", "_bool", "_integer", "_float", "_string", "_list"):
            monkeypatch.setattr(flags, f"DEFINE{definer}", into(values, ORIGINAL[definer]))
        system = systems.find(name)
        kinds = system_command.sections(system).values()
        settings_flags.define(*(kind for group in kinds for kind in group))
        values(["program", "--mode=train", *arguments])
        start = settings_flags.config_from_flags(system_command.start_of(system))
        return system_command.settings_of(system, run, start)

    return chosen


ORIGINAL = {
    definer: getattr(flags, f"DEFINE{definer}")
    for definer in ("", "_bool", "_integer", "_float", "_string", "_list")
}


def into(values, original):
    return lambda *args, **named: original(*args, **{"flag_values": values, **named})


@pytest.mark.parametrize("name, recipe", RECIPES)
def test_a_recipe_is_what_is_not_given(settings_of, name, recipe):
    row = systems.find(name).recipes[recipe]
    config = settings_of(name, f"--recipe={recipe}")
    assert config == systems.find(name).config(**row.values)
    assert config != settings_of(name)
    given = settings_of(name, f"--recipe={recipe}", "--batch_size=32", "--seed=4")
    assert given == dataclasses.replace(config, batch_size=32, seed=4)


@pytest.mark.parametrize("name, recipe", RECIPES)
def test_a_recipe_says_where_it_is_printed(name, recipe):
    system = systems.find(name)
    text = usage.text("", system_command.sections(system))
    reference = system.recipes[recipe].reference
    assert f"{recipe}: {reference}" in " ".join(text.split())
    assert recipe != "paper" or "arXiv" in reference


@pytest.mark.parametrize(
    "name, values",
    [
        (
            "dcgan",
            {
                "normalization": "batch",
                "generator_normalization": "batch",
                "beta_1": 0.5,
                "beta_2": 0.999,
                "batch_size": 128,
                "latent_dim": 100,
                "latent_distribution": "uniform",
                "discriminator_learning_rate": 2e-4,
                "generator_learning_rate": 2e-4,
            },
        ),
        (
            "wgan",
            {"optimizer": "rmsprop", "clip": 0.01, "discriminator_steps": 5},
        ),
        ("wgan_gp", {"beta_1": 0.0, "beta_2": 0.9, "penalty_weight": 10.0}),
        (
            "fgan",
            {"beta_1": 0.5, "batch_size": 4096, "generator_widths": (1200, 1200)},
        ),
        ("cgan", {"beta_1": 0.5, "batch_size": 64, "classifier_weight": 0.0}),
    ],
)
def test_papers(name, values):
    system = systems.find(name)
    config = system.config(**system.recipes["paper"].values)
    assert {key: getattr(config, key) for key in values} == values
    # What the suite adds to them is left out.
    assert config.real_gradient_weight == config.averaging_decay == config.decay_fraction == 0.0


def test_an_unknown_recipe_is_refused(settings_of):
    with pytest.raises(settings.Refused, match="--recipe must be one of paper, got 'papr'"):
        settings_of("dcgan", "--recipe=papr")


def test_a_run_that_is_gone_on_with_has_its_settings(settings_of):
    run = run_dir.shipped("dcgan_faces")
    with pytest.raises(settings.Refused, match=f"--recipe=paper: {run} goes on with the settings"):
        settings_of("dcgan", "--recipe=paper", run=run)


def test_a_recipe_is_for_training(refused):
    line = refused("dcgan", "--recipe=paper")
    assert "--recipe=paper means nothing with --mode=generate" in line


@pytest.mark.slow
@pytest.mark.parametrize("name, recipe", RECIPES)
def test_a_run_records_what_its_recipe_was(gan_apps, monkeypatch, tmp_path, name, recipe):
    if recipe == "paper":
        # What a run leaves is tests/test_systems.py's; a recipe that draws otherwise leaves it.
        monkeypatch.setattr(artifacts, "write", lambda *arguments: None)
    tiny = {
        "dataset": "digits",
        "sources": "edges",
        "side_a": "0,1,2,3,4",
        "side_b": "5,6,7,8,9",
        "pool_size": 64,
        "num_epochs": 1,
        "batch_size": 64,
        "discriminator_steps": 1,
        "precision": "float32",
        "generator_widths": "16,8",
        # As many as the recipe's patches need.
        "discriminator_widths": {
            "cyclegan": "4,8,8,8",
            "pix2pix": "4,8,8,8",
            "srgan": "4,8,8",
        }.get(name, "8,16"),
    }
    if name in ("cyclegan", "srgan"):
        tiny["residual_blocks"] = 1
    known = systems.find(name).config.__dataclass_fields__
    flags = [f"--{flag}={value}" for flag, value in tiny.items() if flag in known]
    flags += [f"--run_dir={tmp_path / 'run'}"]
    result = gan_apps(name, "--mode=train", f"--recipe={recipe}", *flags)
    assert result.returncode == 0, result.stderr
    stored = run_dir.read_recipe(tmp_path / "run").settings
    row = systems.find(name).recipes[recipe]
    for setting in ("latent_dim", "beta_1", "generator_learning_rate", "averaging_decay"):
        if setting in row.values:
            assert stored[setting] == row.values[setting]
    assert stored["batch_size"] == 64
