"""Files that appear whole or not at all: written beside, flushed to the disk, renamed."""

import atexit
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import tempfile

# How the name of a file begins that is being written; one that a kill left behind keeps it.
UNFINISHED = ".writing-"


@contextlib.contextmanager
def named_in_errors(path):
    """Adds `path` to an OSError of the body that names no file: a full disk names none."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from error


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
        with named_in_errors(path):
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
        with named_in_errors(path):
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
        # A file's name may be of no encoding.
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path, value):
    text = json.dumps(value, indent=2, allow_nan=False)
    # A list of whole numbers is one line, not a line for each: a text holds no bare line break.
    rows = re.compile(r"\[\n\s+(-?\d+(?:,\n\s+-?\d+)*)\n\s*\]")
    write_text(path, rows.sub(lambda row: f"[{' '.join(row[1].split())}]", text) + "\n")


def in_utf8(path):
    """A spelling of `path` for libraries that take none but UTF-8: itself, or one over a link.

    The link is gone when the process ends.

    Returns:
      str.
    """
    whole = pathlib.Path(path).absolute()
    for place in (whole, *whole.parents):
        if not _is_utf8(place.name):
            return str(_link(place) / whole.relative_to(place))
    return str(path)


def _is_utf8(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _link(path):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gan_apps-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "link").symlink_to(path)
    return folder / "link"


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
