"""Flags are the settings."""

import dataclasses

import pytest
from absl import flags

from gan_apps import settings, systems
from gan_apps.settings import flags as settings_flags

CGANConfig = systems.find("cgan").config


@pytest.fixture
def parsed(parser_of):
    """Parses a command line into flags of CGANConfig."""
    return parser_of(CGANConfig)


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Open(settings.Settings):
    """Settings that may be left open, and one that must be given."""

    run: str = settings.setting(None, "A run.", required="name a run", is_path=True)
    others: tuple = settings.setting((), "Other runs.", is_path=True)
    count: int = settings.setting(None, "How many.", minimum=1)
    share: float = settings.setting(None, "How much.", above=0)
    kind: str = settings.setting(None, "Which.", choices=("a", "b"))
    place: str = settings.setting(None, "Where.", is_path=True)


@pytest.mark.parametrize(
    "arguments, values",
    [
        (["--run=r"], {"run": "r"}),
        (
            ["--run=~", "--others=~/a,b", "--count=2", "--share=1", "--kind=b", "--place=~/c"],
            {
                "run": "/h",
                "others": ("/h/a", "b"),
                "count": 2,
                "share": 1.0,
                "kind": "b",
                "place": "/h/c",
            },
        ),
        (["--run=r", "--others="], {"run": "r"}),
    ],
)
def test_flags_that_may_be_left_open(parser_of, monkeypatch, arguments, values):
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setenv("USERPROFILE", "/h")
    parser_of(Open, Open)(*arguments)
    assert settings_flags.config_from_flags(Open) == Open(**values)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--run: name a run"),
        (["--run="], "--run: name a run"),
        (["--run=r", "--place="], "--place=: names no file or folder"),
        (["--run=r", "--count=0"], "--count must be at least 1, got 0"),
        (["--run=r", "--share=nan"], "--share must be finite, got nan"),
        (["--run=r", "--kind=c"], "--kind must be one of a, b, got 'c'"),
    ],
)
def test_what_must_be_given_and_what_is_out_of_bounds(parser_of, arguments, words):
    parser_of(Open)(*arguments)
    with pytest.raises(settings.Refused, match=f"^{words}"):
        settings_flags.config_from_flags(Open)


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
