"""Flags are the settings."""

import ast
import dataclasses

import pytest
from absl import flags

from gan_apps import settings, systems
from gan_apps.settings import flags as settings_flags
from tests.conftest import ROOT

CGANConfig = systems.find("cgan").config


@pytest.fixture
def parsed(monkeypatch):
    """Parses a command line into flags of CGANConfig, apart from those of other tests."""
    values = flags.FlagValues()
    monkeypatch.setattr(flags, "FLAGS", values)
    for definer in ("", "_bool", "_integer", "_float", "_string", "_list"):
        original = getattr(flags, f"DEFINE{definer}")

        def define(*args, original=original, **named):
            return original(*args, **{"flag_values": values, **named})

        monkeypatch.setattr(flags, f"DEFINE{definer}", define)
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


def test_the_home_folder_of_settings_that_are_paths(parsed, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    parsed("--dataset=~/faces", "--initial_run_dir=~")
    config = settings_flags.config_from_flags(CGANConfig)
    assert (config.dataset, config.initial_run_dir) == (f"{tmp_path}/faces", str(tmp_path))


@pytest.mark.parametrize(
    "command",
    [
        ["cgan", "--run_dir=~/absent"],
        ["cgan", "--output=~/absent/a.png"],
        ["classifier", "--output=~/absent/c"],
        ["client", "--server=s", "--model=m", "--run_dir=~/absent"],
        ["demo", "--output_dir=site", "--run_dirs=~/absent"],
        ["evaluate", "--run_dir=~/absent"],
        ["evaluate", "--run_dir=run", "--nearest=~/absent/a.png"],
        ["export", "--run_dir=~/absent", "--output_dir=out"],
        ["lab", "--experiment=all", "--output_dir=~/absent"],
        ["report", "--compare=~/absent,absent"],
        ["report", "--run_dir=run", "--output=~/absent/a.html"],
    ],
    ids=" ".join,
)
def test_the_home_folder_is_meant_in_every_path(refused, tmp_path, tmp_path_factory, command):
    home = tmp_path / "home"
    home.write_text("A file: nothing can be made in it.")
    # Matplotlib would say that it cannot keep its settings there.
    elsewhere = str(tmp_path_factory.mktemp("matplotlib"))
    environment = {"HOME": str(home), "USERPROFILE": str(home), "MPLCONFIGDIR": elsewhere}
    line = refused(*command, environment=environment)
    assert "~" not in line and str(home) in line
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_no_flag_that_names_a_path_is_an_ordinary_string():
    paths = "run_dir run_dirs compare dataset classifier nearest initial_run_dir output output_dir"
    for file in (ROOT / "gan_apps").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("flags.DEFINE_"):
                assert getattr(call.args[0], "value", None) not in paths.split(), (
                    file,
                    call.lineno,
                )
