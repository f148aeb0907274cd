"""Files are whole or absent."""

import hashlib

import pytest

from gan_apps.machine import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_appears(tmp_path):
    files.write_text(tmp_path / "a.txt", "one\n")
    assert (tmp_path / "a.txt").read_text() == "one\n"
    assert names(tmp_path) == ["a.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(OSError, match="disk full"):
        with files.replacing(tmp_path / "a.txt") as beside:
            beside.write_text("half")
            raise OSError("disk full")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    files.write_text(tmp_path / "a.txt", "old")
    with files.replacing(tmp_path / "a.txt") as beside:
        beside.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"
        assert beside.suffix == ".txt"
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError):
        with files.new_folder(tmp_path / "out") as folder:
            (folder / "000.png").write_bytes(b"x")
            raise RuntimeError
    assert names(tmp_path) == []
    with files.new_folder(tmp_path / "out") as folder:
        (folder / "000.png").write_bytes(b"x")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path / "out") == ["000.png"]


def test_digest(tmp_path):
    (tmp_path / "a").write_bytes(b"gan")
    assert files.digest(tmp_path / "a") == hashlib.sha256(b"gan").hexdigest()


def test_what_a_killed_process_had_begun_is_cleared(tmp_path):
    (tmp_path / "states").mkdir()
    (tmp_path / "states" / f"{files.UNFINISHED}7-step.npz").write_bytes(b"half")
    (tmp_path / f"{files.UNFINISHED}7-1").mkdir()
    (tmp_path / f"{files.UNFINISHED}7-1" / "saved_model.pb").write_bytes(b"half")
    (tmp_path / "config.json").write_text("{}")
    files.clear_unfinished(tmp_path)
    assert names(tmp_path) == ["config.json", "states"]
    assert names(tmp_path / "states") == []
