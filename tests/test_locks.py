"""The lock of a folder: one holder, and none once its process is dead."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from gan_apps.operating_system import locks
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from tests.conftest import ROOT

HOLD = """
import sys, time
from gan_apps.operating_system import locks
with locks.held(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_process_at_a_time(tmp_path):
    with locks.held(tmp_path):
        with pytest.raises(BlockingIOError):
            with locks.held(tmp_path):
                pass
        with pytest.raises(Refused, match=f"--run_dir={tmp_path}: another process is training"):
            with run_dir.held(tmp_path):
                pass
    with locks.held(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_commands_at_once_that_name_no_run_take_two_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Both have looked which number is free before either has taken it.
    free = [run_dir.new_path("cgan"), run_dir.new_path("cgan")]
    look = run_dir.new_path
    monkeypatch.setattr(run_dir, "new_path", lambda app: free.pop() if free else look(app))
    with run_dir.new_held("cgan") as first, run_dir.new_held("cgan") as second:
        assert [run.as_posix() for run in (first, second)] == [
            "checkpoints/cgan_001",
            "checkpoints/cgan_002",
        ]


def test_a_place_for_new_runs_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / run_dir.NEW_RUNS).write_text("a file")
    with pytest.raises(Refused, match="--run_dir=checkpoints.cgan_001: cannot be written: Not a"):
        with run_dir.new_held("cgan"):
            pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills no process so")
def test_it_dies_with_its_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError):
            with locks.held(tmp_path):
                pass
    finally:
        process.kill()
        process.communicate()
    # Its file is still there, and stops nobody.
    assert [path.name for path in tmp_path.iterdir()] == [locks.NAME]
    with locks.held(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_its_holder_has_removed_is_no_lock(tmp_path, monkeypatch):
    # Between opening the file and locking it, its holder lets go, and a third process takes it.
    take = locks._take

    def late(descriptor):
        (tmp_path / locks.NAME).unlink()
        (tmp_path / locks.NAME).touch()
        take(descriptor)

    monkeypatch.setattr(locks, "_take", late)
    with pytest.raises(BlockingIOError, match="let go of"):
        with locks.held(tmp_path):
            pass
    assert (tmp_path / locks.NAME).exists()


def test_a_file_system_without_locks_is_told_and_used(tmp_path, monkeypatch, capsys):
    def unknown(descriptor):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(locks, "_take", unknown)
    with locks.held(tmp_path):
        assert capsys.readouterr().err.startswith(f"{tmp_path} cannot be locked: ")
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_body_lets_go(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with locks.held(tmp_path):
            raise ZeroDivisionError
    with locks.held(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def refuses(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuses)
    with pytest.raises(Refused, match=f"--run_dir={tmp_path}: cannot be written: Read-only"):
        with run_dir.held(tmp_path):
            pass
