"""A folder or a zip of images with a file that says in words what each shows.

    tags.csv         filename,prompt
                     images/0.jpg,blue hair red eyes
    metadata.csv     file_name,text and any other columns (Hugging Face's imagefolder)
    metadata.jsonl   {"file_name": "images/0.jpg", "text": "blue hair red eyes"}, a line each

Nothing outside of the folder is read, whatever the file says.
"""

import codecs
import csv
import dataclasses
import io
import json
import pathlib
import sys
import zipfile
from collections.abc import Callable

from gan_apps.data import folders
from gan_apps.pictures import reading
from gan_apps.prompts import vocabulary
from gan_apps.settings import Refused

TAGS = "tags.csv"
# Columns of a tags.csv, and of Hugging Face's files, which may have others beside.
TAGS_HEADER = ["filename", "prompt"]
FILE_NAME, TEXT = "file_name", "text"
# What a member of a zip may unpack to: images are refused by their pixels, these by their bytes.
MAX_WORDS_BYTES = 500_000_000
MAX_IMAGE_BYTES = 100_000_000
# How the message begins of data that were there when a training began.
LOST = "its prepared copy can no longer be read"


@dataclasses.dataclass(frozen=True)
class Tagged:
    """The images that a file of words lists.

    Args:
      path: pathlib.Path. The folder or the zip.
      filenames: tuple of str, relative to the folder, or to that of the file of words in the zip.
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
    """Whether a path is a folder with a file of words, or a zip."""
    has_words = any((path / name).is_file() for name in WORDS)
    return has_words or (path.is_file() and path.suffix.lower() == ".zip")


def listed(path):
    """What the file of words of a folder or a zip lists.

    Raises:
      Refused: there is none, it is not of this form, names a file twice or one outside of the
        folder, or lists nothing that can be used.
    """
    flag = f"--dataset={path}"
    with _opened(path) as files:
        words = files.words
        rows = WORDS[words](files.text(), f"{flag}: {words}")
        names, prompts, skipped, first_line = [], [], [], {}
        for line, (name, prompt) in rows:
            if _leads_outside(name) or not files.is_inside(name):
                raise Refused(f"{flag}: line {line} of {words} names {name!r}, outside the folder.")
            if name in first_line:
                raise Refused(
                    f"{flag}: {words} names {name!r} twice, in lines {first_line[name]} and {line}."
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
        raise Refused(f"{flag}: {words} lists no image that can be used{some}.")
    try:
        known, attributes = vocabulary.learned(prompts)
    except ValueError as error:
        raise Refused(f"{flag}: {words}: {error}") from None
    if not any(len(slot.values) > 1 for slot in known.slots):
        raise Refused(f"{flag}: {words} says the same of every image: {known.known()}.")
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
        listing = folders.named(skipped)
        print(f"{len(skipped)} of {count} lines skipped: {listing}.", file=sys.stderr)


def _rows_of_tags(text, what):
    """The lines of a tags.csv: (number of the line, (filename, prompt))."""
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader, [])
        if [name.strip().casefold() for name in header] != TAGS_HEADER:
            raise Refused(
                f"{what}: its first line must be {','.join(TAGS_HEADER)!r}, is "
                f"{','.join(header)[:60]!r}."
            )
        for row in reader:
            if not row:
                continue
            # A prompt may have commas of its own, quoted or not.
            yield reader.line_num, (row[0].strip(), ",".join(row[1:]))
    except csv.Error as error:
        raise Refused(f"{what} cannot be read: {error}.") from None


def _rows_of_metadata_csv(text, what):
    reader = csv.reader(text, strict=True)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        if FILE_NAME not in header or TEXT not in header:
            raise Refused(
                f"{what}: its first line must name the columns {FILE_NAME} and {TEXT}, is "
                f"{','.join(header)[:60]!r}."
            )
        places = header.index(FILE_NAME), header.index(TEXT)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise Refused(
                    f"{what}: line {reader.line_num} has {len(row)} columns, not {len(header)}; "
                    "a text with commas needs quotes."
                )
            name, prompt = (row[place] for place in places)
            yield reader.line_num, (name.strip(), prompt)
    except csv.Error as error:
        raise Refused(f"{what} cannot be read: {error}.") from None


def _rows_of_metadata_jsonl(text, what):
    for line, content in enumerate(text, 1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
            name, prompt = row[FILE_NAME], row[TEXT]
        except (ValueError, RecursionError, TypeError, KeyError):
            name = prompt = None
        if not isinstance(name, str) or not isinstance(prompt, str):
            raise Refused(
                f"{what}: line {line} must be a JSON object with the texts {FILE_NAME} and {TEXT}, "
                f"is {content.strip()[:60]!r}."
            )
        yield line, (name, prompt)


# A file of words -> function of its text and of how it is called in a message -> its lines, (number
# of the line, (file, prompt)).
WORDS: dict[str, Callable] = {
    TAGS: _rows_of_tags,
    "metadata.csv": _rows_of_metadata_csv,
    "metadata.jsonl": _rows_of_metadata_jsonl,
}
LISTED = "tags.csv, metadata.csv or metadata.jsonl"


def _only(found, path):
    """The one file of words of a folder or a zip."""
    if not found:
        raise Refused(f"--dataset={path}: has no {LISTED}.")
    if len(found) > 1:
        raise Refused(
            f"--dataset={path}: has {' and '.join(found)}, of which one must go: nobody can know "
            "which to believe."
        )
    return found[0]


def decoded(content):
    """The bytes of a file of words as text; ValueError for those of another encoding."""
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
        self.words = _only([name for name in WORDS if (path / name).is_file()], path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def text(self):
        try:
            return decoded((self.path / self.words).read_bytes())
        except (OSError, ValueError) as error:
            raise Refused(f"--dataset={self.path}: {self.words} cannot be read: {error}.") from None

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
        found = [name for name in names if name.split("/")[-1] in WORDS and name.count("/") < 2]
        found = _only(found, path)
        self.words = found.split("/")[-1]
        self.prefix = found.removesuffix(self.words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.archive.close()

    def text(self):
        if self.sizes[self.prefix + self.words] > MAX_WORDS_BYTES:
            raise Refused(f"--dataset={self.path}: its {self.words} is larger than any real one.")
        try:
            return decoded(self.archive.read(self.prefix + self.words))
        except Exception as error:
            # What a damaged zip leads to is of many kinds.
            raise Refused(f"--dataset={self.path}: {self.words} cannot be read: {error}.") from None

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
