"""A folder or a zip of images with `tags.csv`, which says in words what each shows.

    filename,prompt
    images/0.jpg,blue hair red eyes

Nothing outside of the folder is read, whatever the file says.
"""

import codecs
import csv
import dataclasses
import io
import pathlib
import sys
import zipfile

from gan_apps.data import folders
from gan_apps.pictures import reading
from gan_apps.prompts import vocabulary
from gan_apps.settings import Refused

TAGS = "tags.csv"
HEADER = ["filename", "prompt"]
# What a member of a zip may unpack to: images are refused by their pixels, these by their bytes.
MAX_TAGS_BYTES = 500_000_000
MAX_IMAGE_BYTES = 100_000_000
# How the message begins of data that were there when a training began.
LOST = "its prepared copy can no longer be read"


@dataclasses.dataclass(frozen=True)
class Tagged:
    """The images that a tags.csv lists.

    Args:
      path: pathlib.Path. The folder or the zip.
      filenames: tuple of str, relative to the folder, or to that of tags.csv in the zip.
      prompts: tuple of str.
      vocabulary: prompts.vocabulary.Vocabulary of the prompts.
      attributes: tuple of tuples of ints. What each prompt says.
      skipped: tuple of str. Lines that cannot be used, and why.
    """

    path: pathlib.Path
    filenames: tuple
    prompts: tuple
    vocabulary: vocabulary.Vocabulary
    attributes: tuple
    skipped: tuple


def is_tagged(path):
    """Whether a path is a folder with a tags.csv, or a zip."""
    return (path / TAGS).is_file() or (path.is_file() and path.suffix.lower() == ".zip")


def listed(path):
    """What the tags.csv of a folder or a zip lists.

    Raises:
      Refused: there is none, it is not of this form, names a file twice or one outside of the
        folder, or lists nothing that can be used.
    """
    flag = f"--dataset={path}"
    with _opened(path) as files:
        rows = _rows(files.tags(), flag)
        names, prompts, skipped, first_line = [], [], [], {}
        for line, (name, prompt) in rows:
            if _leads_outside(name) or not files.is_inside(name):
                raise Refused(f"{flag}: line {line} of {TAGS} names {name!r}, outside the folder.")
            if name in first_line:
                raise Refused(
                    f"{flag}: {TAGS} names {name!r} twice, in lines {first_line[name]} and {line}."
                )
            first_line[name] = line
            if not prompt.strip():
                skipped.append(f"line {line} (no prompt)")
            elif not files.holds(name):
                skipped.append(f"{name} (missing)")
            else:
                names.append(name)
                prompts.append(prompt)
    if not names:
        some = f": {', '.join(skipped[: folders.NAMED])}" if skipped else ""
        raise Refused(f"{flag}: {TAGS} lists no image that can be used{some}.")
    try:
        known, attributes = vocabulary.learned(prompts)
    except ValueError as error:
        raise Refused(f"{flag}: {TAGS}: {error}") from None
    if not any(len(slot.values) > 1 for slot in known.slots):
        raise Refused(f"{flag}: {TAGS} says the same of every image: {known.known()}.")
    understood = [number for number, numbers in enumerate(attributes) if numbers is not None]
    skipped += [
        f"{name} (no attribute in {prompt!r})"
        for name, prompt, numbers in zip(names, prompts, attributes, strict=True)
        if numbers is None
    ]
    return Tagged(
        path,
        tuple(names[number] for number in understood),
        tuple(prompts[number] for number in understood),
        known,
        tuple(attributes[number] for number in understood),
        tuple(skipped),
    )


def squares(tagged, size):
    """The images of a `Tagged` in turn: (number, uint8 [size, size, 3] or why there is none)."""
    with _opened(tagged.path) as files:
        for number, name in enumerate(tagged.filenames):
            try:
                yield number, reading.colour(reading.read(files.open(name), size))
            except reading.Unreadable as error:
                yield number, str(error)


def tell_skipped(skipped, count):
    """Says on stderr which of `count` lines could not be used."""
    if skipped:
        rest = f" and {len(skipped) - folders.NAMED} more" if len(skipped) > folders.NAMED else ""
        listing = ", ".join(skipped[: folders.NAMED])
        print(f"{len(skipped)} of {count} lines skipped: {listing}{rest}.", file=sys.stderr)


def _rows(text, flag):
    """The lines of tags.csv: (number of the line, (filename, prompt))."""
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader, [])
        if [name.strip().casefold() for name in header] != HEADER:
            raise Refused(
                f"{flag}: the first line of {TAGS} must be {','.join(HEADER)!r}, is "
                f"{','.join(header)[:60]!r}."
            )
        for row in reader:
            if not row:
                continue
            # A prompt may have commas of its own, quoted or not.
            yield reader.line_num, (row[0].strip(), ",".join(row[1:]))
    except csv.Error as error:
        raise Refused(f"{flag}: {TAGS} cannot be read: {error}.") from None


def _decoded(content):
    """The bytes of a tags.csv as text; ValueError for those of another encoding."""
    encoding = (
        "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    )
    try:
        return io.StringIO(content.decode(encoding), newline=None)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"its line {line} is not UTF-8; save it as UTF-8, or as UTF-16 with a byte order mark"
        ) from None


def _leads_outside(name):
    """Whether a name is no plain relative path, on any system."""
    posix, windows = pathlib.PurePosixPath(name), pathlib.PureWindowsPath(name)
    return (
        not name
        or "\0" in name
        or posix.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in windows.parts
    )


def _opened(path):
    if path.is_dir():
        return _Folder(path)
    return _Zip(path)


class _Folder:
    def __init__(self, path):
        self.path = path
        self.root = path.resolve()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def tags(self):
        try:
            return _decoded((self.path / TAGS).read_bytes())
        except (OSError, ValueError) as error:
            raise Refused(f"--dataset={self.path}: {TAGS} cannot be read: {error}.") from None

    def is_inside(self, name):
        return (self.path / name).resolve().is_relative_to(self.root)

    def holds(self, name):
        return (self.path / name).is_file()

    def open(self, name):
        return self.path / name


class _Zip:
    def __init__(self, path):
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise Refused(f"--dataset={path}: is no zip that can be read: {error}.") from None
        names = self.archive.namelist()
        for name in names:
            if _leads_outside(name):
                raise Refused(f"--dataset={path}: holds {name!r}, a path outside of the zip.")
        self.sizes = {info.filename: info.file_size for info in self.archive.infolist()}
        # At the top, or in the one folder that was zipped.
        found = [name for name in names if name.split("/")[1:] in ([], [TAGS]) and TAGS in name]
        found = [name for name in found if name.split("/")[-1] == TAGS]
        if len(found) != 1:
            raise Refused(f"--dataset={path}: has no {TAGS}.")
        self.prefix = found[0].removesuffix(TAGS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.archive.close()

    def tags(self):
        if self.sizes[self.prefix + TAGS] > MAX_TAGS_BYTES:
            raise Refused(f"--dataset={self.path}: its {TAGS} is larger than any real one.")
        try:
            return _decoded(self.archive.read(self.prefix + TAGS))
        except Exception as error:
            # What a damaged zip leads to is of many kinds.
            raise Refused(f"--dataset={self.path}: {TAGS} cannot be read: {error}.") from None

    def is_inside(self, name):
        return True

    def holds(self, name):
        return self.prefix + name in self.sizes

    def open(self, name):
        if self.sizes[self.prefix + name] > MAX_IMAGE_BYTES:
            raise reading.Unreadable(f"more than {MAX_IMAGE_BYTES:,} bytes")
        try:
            return io.BytesIO(self.archive.read(self.prefix + name))
        except MemoryError:
            raise
        except Exception as error:
            raise reading.Unreadable(str(error)) from None
