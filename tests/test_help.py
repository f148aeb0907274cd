"""--help and the list of commands: what people read first is made of the settings."""

import ast
import dataclasses
import importlib
import os
import re
import subprocess
import sys

import pytest

from gan_apps import __main__ as listing
from gan_apps import settings, systems
from gan_apps.command import system_command
from gan_apps.settings import Training, setting, usage
from gan_apps.settings.setting import spelled
from tests.conftest import ROOT

MAINS = sorted(
    path.stem for path in (ROOT / "gan_apps").glob("*.py") if not path.stem.startswith("_")
)
OTHERS = [name for name in MAINS if name not in systems.names()]
# Of absl's own flags.
FOREIGN = ("--logtostderr", "--verbosity", "--pdb", "--only_check_args", "absl", "flagfile")


def sections_of(name):
    """The flags of a command: {title: settings classes}."""
    if name in systems.names():
        return system_command.sections(systems.find(name))
    return {"Flags": (importlib.import_module(f"gan_apps.{name}").Config,)}


def flags_in(text):
    return re.findall(r"^  --(?:\[no\])?(\w+)", text, re.MULTILINE)


@pytest.mark.parametrize("name", MAINS)
def test_every_flag_of_a_command_is_told_once(name):
    sections = sections_of(name)
    text = usage.text("A page.", sections)
    told = flags_in(text)
    fields = {
        spelled(field.name): field
        for kinds in sections.values()
        for field in settings.fields(*kinds)
    }
    assert sorted(told) == sorted(fields)
    assert max(map(len, text.splitlines())) <= usage.WIDTH
    for part in re.split(r"\n(?=  --)", text)[1:]:
        (flag,) = flags_in(part)
        part = " ".join(part.split())
        assert "Default: " in part or "Required." in part
        for choice in settings.allowed(fields[flag]) or ():
            assert choice in part


@pytest.mark.parametrize("name", ["cgan", "evaluate"])
def test_help_is_printed(gan_apps, name):
    result = gan_apps(name, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    page = ast.get_docstring(ast.parse((ROOT / "gan_apps" / f"{name}.py").read_text()))
    assert result.stdout.startswith(f"{page}\n\nFlags:\n  --")
    assert flags_in(result.stdout) == flags_in(usage.text(page, sections_of(name)))
    assert not [word for word in FOREIGN if word in result.stdout]


def test_flags_for_drawing_stand_apart_from_those_for_training():
    text = usage.text("A page.", system_command.sections(systems.find("cgan")))
    parts = re.split(r"^(\w+):$", text, flags=re.MULTILINE)
    told = {title: flags_in(part) for title, part in zip(parts[1::2], parts[2::2], strict=True)}
    assert list(told) == ["Flags", "Drawing", "Training"]
    assert told["Flags"] == ["mode", "run_dir", "seed"]
    assert {"digit", "num_images", "output", "runtime", "state"} <= set(told["Drawing"])
    assert {"num_epochs", "clip", "recipe", "accept_changed_data"} <= set(told["Training"])
    default = next(line for line in text.splitlines() if line.startswith("  --num_epochs="))
    assert default == "  --num_epochs=INTEGER"
    assert "may grow when a run is resumed. Default: 16." in text


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlainConfig(Training):
    """Settings of a system without a discriminator."""

    code_dim: int = setting(2, "Length of the code.", minimum=1)


def test_a_command_shows_only_what_its_system_has():
    plain = systems.System(
        name="plain",
        title="codes pictures",
        config=PlainConfig,
        game=None,
        draws=lambda config, data, game: {},
        takes=frozenset(("pictures",)),
    )
    told = flags_in(usage.text("A page.", system_command.sections(plain)))
    assert {"code_dim", "input", "num_epochs", "seed"} <= set(told)
    for flag in ("clip", "penalty", "recipe", "latent_dim", "interpolate", "num_images", "digit"):
        assert flag not in told
    judge = dataclasses.replace(plain, draws=None)
    assert "Drawing" not in system_command.sections(judge)
    told = flags_in(usage.text("A page.", system_command.sections(systems.find("dcgan"))))
    assert "interpolate" in told and not {"digit", "prompt", "input", "divergence"} & set(told)


def test_all_flags_are_made_of_settings():
    for path in sorted((ROOT / "gan_apps").rglob("*.py")):
        if path == ROOT / "gan_apps" / "settings" / "flags.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", None) or getattr(node, "id", None) or ""
            assert not name.startswith("DEFINE"), (path, node.lineno)
            # Who reads absl's flags takes a value that nobody checked.
            if name == "FLAGS" and ast.unparse(node) == "flags.FLAGS":
                assert path.name == "launch.py", (path, node.lineno)


def test_what_names_a_path_is_a_path():
    paths = "run_dir run_dirs compare dataset classifier nearest initial_run_dir output output_dir"
    paths += " generator like judge"
    paths += " encoder_run_dir matcher captioned"
    for name in MAINS:
        for kinds in sections_of(name).values():
            for field in settings.fields(*kinds):
                named = field.name in (*paths.split(), "input")
                assert field.metadata["is_path"] == named, (name, field.name)


def test_the_list_of_commands(gan_apps):
    result = subprocess.run(
        [sys.executable, "-m", "gan_apps"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= usage.WIDTH
    told = dict(re.findall(r"^  (\w+) +(.*)$", result.stdout, re.MULTILINE))
    assert list(told) == [*systems.names(), *OTHERS]
    for name in systems.names():
        title = systems.find(name).title
        assert told[name].lower() == f"{title.lower()}."
    assert told["evaluate"] == "Judges a run's pictures and writes its metrics.json."
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in told.values())


def test_the_list_is_made_without_what_is_heavy():
    program = (
        "import runpy, sys; runpy.run_module('gan_apps', run_name='__main__');"
        "assert not {'tensorflow', 'keras', 'PIL', 'absl', 'models'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()


def run_of_commands(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "gan_apps", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_a_command_can_be_an_argument(gan_apps, tmp_path):
    result = run_of_commands("evaluate", "--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == gan_apps("evaluate", "--help").stdout
    refused = run_of_commands("evaluate", "--seed=-1", "--run_dir=.", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "error: --seed must be at least 0, got -1.\n"


def test_a_command_that_there_is_not_is_refused(tmp_path):
    for name in ("cgna", "__main__", "systems", "cgan.py", "--digit=9"):
        result = run_of_commands(name, cwd=tmp_path)
        assert (result.returncode, result.stdout) == (2, "")
        words = f"error: {name!r}: there is no such command; gan-apps lists them.\n"
        assert result.stderr == words


def test_a_program_s_own_name_may_end_in_its_command(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(listing.runpy, "run_module", lambda name, **rest: ran.append(name))
    for program in ("/venv/bin/gan-apps-wgan_gp", "gan-apps-wgan_gp.exe"):
        monkeypatch.setattr(sys, "argv", [program, "--seed=3"])
        listing.main()
        assert sys.argv[1:] == ["--seed=3"]
    assert ran == ["gan_apps.wgan_gp"] * 2
    monkeypatch.setattr(sys, "argv", ["/venv/bin/gan-apps"])
    listing.main()
    assert capsys.readouterr().out == listing.listing() + "\n"


@pytest.mark.parametrize(
    "page, sentence",
    [
        ('"""Writes a.json and more.\n\nThen rests."""', "Writes a.json and more."),
        ('"""One. Two."""', "One."),
        ('"""Over two\nlines."""', "Over two lines."),
    ],
)
def test_a_command_s_line_is_the_first_sentence_of_its_page(tmp_path, page, sentence):
    (tmp_path / "a.py").write_text(page)
    assert listing.first_sentence(tmp_path / "a.py") == sentence
