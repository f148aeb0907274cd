"""Flags are the settings."""

import dataclasses

import pytest
from absl import flags

from gan_apps import settings
from gan_apps.settings import CGANConfig
from gan_apps.settings import flags as settings_flags


@pytest.fixture
def parsed(monkeypatch):
    """Parses a command line into flags of CGANConfig, apart from those of other tests."""
    values = flags.FlagValues()
    monkeypatch.setattr(flags, "FLAGS", values)
    for definer in ("bool", "integer", "float", "string", "list"):
        original = getattr(flags, f"DEFINE_{definer}")

        def define(*args, original=original):
            return original(*args, flag_values=values)

        monkeypatch.setattr(flags, f"DEFINE_{definer}", define)
    settings_flags.define(CGANConfig)
    return lambda *arguments: values(["program", *arguments])


def test_no_flags_are_the_defaults(parsed):
    parsed()
    assert settings_flags.config_from_flags(CGANConfig) == CGANConfig()


def test_every_field_has_its_flag_and_help(parsed):
    parsed()
    for field in dataclasses.fields(CGANConfig):
        assert flags.FLAGS[field.name].help.strip()


def test_flags_of_every_type_arrive(parsed):
    parsed(
        "--generator_widths=32,16",
        "--beta_1=0.5",
        "--seed=9",
        "--objective=hinge",
        "--jit_compile",
    )
    assert settings_flags.config_from_flags(CGANConfig) == CGANConfig(
        generator_widths=(32, 16), beta_1=0.5, seed=9, objective="hinge", jit_compile=True
    )


def test_flags_not_given_are_the_stored_run_s(parsed):
    parsed("--num_epochs=50")
    stored = CGANConfig(batch_size=32, num_epochs=3)
    config = settings_flags.config_from_flags(CGANConfig, stored)
    assert config == CGANConfig(batch_size=32, num_epochs=50)
    assert settings_flags.given(["num_epochs", "batch_size"]) == {"num_epochs": 50}


def test_only_data_that_the_command_line_names_can_be_misspelt(parsed):
    stored = CGANConfig(dataset="gone.zip")
    parsed("--num_epochs=50")
    assert settings_flags.config_from_flags(CGANConfig, stored).dataset == "gone.zip"
    parsed("--dataset=mnits")
    with pytest.raises(settings.Refused, match="--dataset must be one of"):
        settings_flags.config_from_flags(CGANConfig, stored)


@pytest.mark.parametrize(
    "flag, words",
    [
        ("--generator_widths=32,wide", "--generator_widths must be whole numbers .* '32,wide'"),
        ("--num_epochs=0", "--num_epochs must be at least 1, got 0"),
        ("--dataset=mnits", "--dataset must be one of mnist, .*a folder of images, got 'mnits'"),
    ],
)
def test_refusals_name_the_flag(parsed, flag, words):
    parsed(flag)
    with pytest.raises(settings.Refused, match=words):
        settings_flags.config_from_flags(CGANConfig)
