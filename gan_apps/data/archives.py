"""The pictures that lie in a folder or in a zip, whichever it is, by the names of their folders."""

import contextlib
import csv
import io
import pathlib
import zipfile

from gan_apps.data import folders, tagged
from gan_apps.pictures import reading
from gan_apps.settings import Refused


@contextlib.contextmanager
def opened(name):
    """The pictures of a folder or a zip: {names of folders and file: function that opens it}.

    What such a function gives is a path or an open binary file.

    Args:
      name: str. The path of a folder or a zip.

    Raises:
      Refused: there is none, or it holds no picture.
    """
    path = pathlib.Path(name)
    if path.is_dir():
        found, _ = folders.listed(path)
        files = {one.relative_to(path).parts: lambda one=one: one for one in found}
        yield _some(name, files)
        return
    if not path.is_file() or path.suffix.lower() != ".zip":
        raise Refused(f"--dataset={name}: there is no such folder or zip.")
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise Refused(f"--dataset={name}: is no zip that can be read: {error}.") from None
    with archive:
        files = {}
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            parts = pathlib.PurePosixPath(info.filename).parts
            if _is_picture(parts):
                files[parts] = lambda info=info: _member(archive, info)
        yield _some(name, files)


def table(name, file, header):
    """The lines of a CSV file beside those pictures, None if there is no such file.

    It lies at the top of the folder or zip, or in the one folder that was zipped.

    Args:
      name: str. The path of a folder or a zip.
      file: str. What it is called.
      header: list of str. What its first line must be, in any case.

    Returns:
      [(number of the line, its columns), ...], without empty lines.

    Raises:
      Refused: it cannot be read, or its first line is another.
    """
    path, what = pathlib.Path(name), f"--dataset={name}: {file}"
    try:
        content = _content(path, file)
        if content is None:
            return None
        reader = csv.reader(tagged.decoded(content), strict=True)
        first = next(reader, [])
        if [word.strip().casefold() for word in first] != header:
            raise Refused(
                f"{what}: its first line must be {','.join(header)!r}, is {','.join(first)[:60]!r}."
            )
        return [(reader.line_num, [word.strip() for word in row]) for row in reader if row]
    except (OSError, zipfile.BadZipFile, ValueError, csv.Error) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"{what} cannot be read: {error}.") from None


def _content(path, file):
    """The bytes of a file in a folder or zip; None if there is none."""
    if path.is_dir():
        return (path / file).read_bytes() if (path / file).is_file() else None
    if not path.is_file():
        return None
    with zipfile.ZipFile(path) as archive:
        found = [
            info
            for info in archive.infolist()
            if info.filename.split("/")[-1] == file and info.filename.count("/") < 2
        ]
        if not found:
            return None
        if found[0].file_size > tagged.MAX_WORDS_BYTES:
            raise ValueError("it is larger than any real one")
        return archive.read(found[0])


def _some(name, files):
    if not files:
        raise Refused(f"--dataset={name}: holds no picture ({', '.join(reading.SUFFIXES)}).")
    return files


def _is_picture(parts):
    names = [part.casefold() for part in parts]
    hidden = any(map(folders.is_hidden, names))
    return bool(parts) and pathlib.PurePath(names[-1]).suffix in reading.SUFFIXES and not hidden


def _member(archive, info):
    if info.file_size > tagged.MAX_IMAGE_BYTES:
        raise reading.Unreadable(f"more than {tagged.MAX_IMAGE_BYTES:,} bytes")
    try:
        return io.BytesIO(archive.read(info))
    except MemoryError:
        raise
    except Exception as error:
        # What a damaged zip leads to is of many kinds.
        raise reading.Unreadable(str(error)) from None
