"""The pictures that lie in a folder or in a zip, whichever it is, by the names of their folders."""

import contextlib
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


def _some(name, files):
    if not files:
        raise Refused(f"--dataset={name}: holds no picture ({', '.join(reading.SUFFIXES)}).")
    return files


def _is_picture(parts):
    names = [part.casefold() for part in parts]
    hidden = any(name.startswith(".") or name in folders.SYSTEM_FOLDERS for name in names)
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
