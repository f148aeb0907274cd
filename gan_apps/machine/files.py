"""Files that appear whole or not at all: written beside, flushed to the disk, renamed."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil

# How the name of a file begins that is being written; one that a kill left behind keeps it.
UNFINISHED = ".writing-"


@contextlib.contextmanager
def replacing(path, durable=True):
    """Yields a path to write to, in the folder of `path`; on success it becomes `path`.

    The name keeps the suffix of `path`, for writers that go by it. If the body raises, `path` is
    as it was and nothing is left beside it. `durable` also waits for the disk, so that the file
    survives a loss of power.
    """
    path = pathlib.Path(path)
    beside = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    try:
        yield beside
        if durable:
            _flush(beside)
        os.replace(beside, path)
        if durable:
            _flush(path.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()


@contextlib.contextmanager
def new_folder(path):
    """Yields a folder to fill; on success it becomes `path`, which must not exist."""
    path = pathlib.Path(path)
    beside = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    try:
        beside.mkdir()
        yield beside
        os.rename(beside, path)
        _flush(path.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def clear_unfinished(folder):
    """Removes what processes that were killed had begun to write, in `folder` and below."""
    for path in list(pathlib.Path(folder).rglob(f"{UNFINISHED}*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def write_text(path, text):
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path, value):
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def digest(path):
    """SHA-256 of a file, as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path):
    # Folders cannot be opened for this on Windows, where a rename is flushed by the system.
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
