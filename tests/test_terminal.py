"""Output that goes away, and output that has no letters for a path."""

import io
import os
import signal
import subprocess
import sys

import pytest

from gan_apps.operating_system import terminal
from gan_apps.runs import run_dir
from tests.conftest import ROOT

pty = pytest.importorskip("pty", reason="this system has no terminals of this kind")

PRINTS = """
import pathlib, signal, sys, time
from gan_apps.operating_system import terminal
hung_up = []
signal.signal(signal.SIGHUP, lambda *_: hung_up.append(1))
with terminal.that_may_go_away():
    print("begun", flush=True)
    while not hung_up:
        time.sleep(0.01)
    print("to nobody", flush=True)
    print("to nobody", file=sys.stderr, flush=True)
    pathlib.Path(sys.argv[1]).write_text("worked on")
sys.exit(7)
"""

# The terminal is the new session's own, and tells it when it is gone: also if these tests were
# started by nohup, which has that ignored for all that it starts.
OWNS = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def started_in_a_terminal(*arguments, **options):
    """(process, this end of its terminal)."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", OWNS, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        **options,
    )
    os.close(its)
    return process, ours


def test_what_nobody_reads_ends_no_work(tmp_path):
    process, ours = started_in_a_terminal("-c", PRINTS, str(tmp_path / "file"), cwd=ROOT)
    assert b"begun" in os.read(ours, 100)
    os.close(ours)
    assert process.wait(timeout=60) == 7
    assert (tmp_path / "file").read_text() == "worked on"


@pytest.mark.slow
def test_a_training_whose_terminal_goes_away_is_saved(tmp_path):
    flags = ["--mode=train", "--dataset=digits", "--num_epochs=500", "--run_dir=run"]
    widths = ["--generator_widths=16,8", "--discriminator_widths=8,16", "--latent_dim=8"]
    process, ours = started_in_a_terminal(
        *["-m", "gan_apps.dcgan", *flags, *widths],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    shown = b""
    while b"Epoch 2" not in shown:
        shown += os.read(ours, 1000)
    os.close(ours)
    # That of a signal which was answered; of one that killed, it is negative.
    assert process.wait(timeout=60) == 128 + signal.SIGHUP
    assert list((tmp_path / "run" / run_dir.STATES).glob("step_*.npz"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("name", ["青い髪 é", os.fsdecode(b"r\xff")])
def test_output_prints_the_name_that_the_file_has(monkeypatch, encoding, name):
    if os.name == "nt":
        pytest.skip("Windows writes to its terminals in another way")
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding=encoding))
    terminal.print_any_name()
    print(name, flush=True)
    known = [character.encode(encoding, "ignore") or os.fsencode(character) for character in name]
    assert content.getvalue() == b"".join(known) + b"\n"
