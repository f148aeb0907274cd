"""A folder or a zip of images with a file that says in words what each shows.

    tags.csv         filename,prompt
                     images/0.jpg,blue hair red eyes
    metadata.csv     file_name,text and any other columns (Hugging Face's imagefolder)
    metadata.jsonl   {"file_name": "images/0.jpg", "text": "blue hair red eyes"}, a line each
    captions.jsonl   {"file": "images/0.jpg", "captions": ["a dog runs", ...], "split": "train"}, a
                     line each; the split may be left out

Nothing outside of the folder is read, whatever the file says.
"""

import codecs
import csv
import dataclasses
import io
import json
import pathlib
import posixpath
import sys
import zipfile
from collections.abc import Callable

from gan_apps.data import folders
from gan_apps.pictures import reading
from gan_apps.prompts import vocabulary, wording
from gan_apps.settings import Refused

TAGS, CAPTIONS = "tags.csv", "captions.jsonl"
# Columns of a tags.csv, and of Hugging Face's files, which may have others beside.
TAGS_HEADER = ["filename", "prompt"]
FILE_NAME, TEXT = "file_name", "text"
# Keys of a captions.jsonl: of the file, and of what is said of it; and the split, if there is one.
FILES, SAID, SPLIT = ("file", "file_name", "filename"), "captions", "split"
TESTS = (*folders.TESTS, "dev")
# What stands between the captions of a picture where they are one text.
BETWEEN_CAPTIONS = "\n"
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
      prompts: tuple of str. What is said of each; several captions stand in lines of their own.
      skipped: tuple of str. Lines that cannot be used, and why.
      unnamed: tuple of str. Images beside them of which no line says anything.
      vocabulary: prompts.vocabulary.Vocabulary of attributes, or None: prompts are sentences.
      splits: tuple of str. Of which part of the data each is; "" where nothing is said of it.
    """

    path: pathlib.Path
    filenames: tuple
    prompts: tuple
    skipped: tuple
    unnamed: tuple
    vocabulary: vocabulary.Vocabulary | None
    splits: tuple

    @property
    def are_sentences(self):
        return self.vocabulary is None


def is_tagged(path):
    """Whether a path is a folder with a file of words, or a zip."""
    has_words = any((path / name).is_file() for name in WORDS)
    return has_words or (path.is_file() and path.suffix.lower() == ".zip")


def listed(path, words_are="auto"):
    """What the file of words of a folder or a zip lists.

    Args:
      path: pathlib.Path.
      words_are: str. One of settings.WORDS: whether they are sentences, or "auto", as
        prompts.wording.are_sentences tells them.

    Raises:
      Refused: there is none, it is not of this form, names a file twice or one outside of the
        folder, or lists nothing that can be used.
    """
    flag = f"--dataset={path}"
    with _opened(path) as files:
        words = files.words
        rows = WORDS[words](files.text(), f"{flag}: {words}")
        names, captions, splits, skipped, first_line = [], [], [], [], {}
        for line, (name, said, split) in rows:
            if _leads_outside(name) or not files.is_inside(name):
                raise Refused(f"{flag}: line {line} of {words} names {name!r}, outside the folder.")
            if name in first_line:
                raise Refused(
                    f"{flag}: {words} names {name!r} twice, in lines {first_line[name]} and {line}."
                )
            first_line[name] = line
            said = [" ".join(one.split("\n")) for one in said if one.strip()]
            if not said:
                skipped.append(f"line {line} (no prompt)")
            elif not files.holds(name):
                skipped.append(f"{name} (missing)")
            else:
                names.append(name)
                captions.append(said)
                splits.append(split)
        told_of = {posixpath.normpath(name) for name in first_line}
        unnamed = [name for name in files.images() if name not in told_of]
    if not names:
        some = f": {', '.join(skipped[: folders.NAMED])}" if skipped else ""
        raise Refused(f"{flag}: {words} lists no image that can be used{some}.")
    if words == CAPTIONS and words_are == "attributes":
        raise Refused(f"--words=attributes: {words} of --dataset={path} holds sentences.")
    every = [one for of_one in captions for one in of_one]
    find = _with_words if _are_sentences(words, every, words_are) else _with_attributes
    try:
        known, understood, why_not = find(captions)
    except ValueError as error:
        raise Refused(f"{flag}: {words}: {error}") from None
    skipped += [
        f"{name} ({why_not} in {said[0]!r})"
        for name, said, is_understood in zip(names, captions, understood, strict=True)
        if not is_understood
    ]
    kept = [number for number, is_understood in enumerate(understood) if is_understood]
    return Tagged(
        path,
        tuple(names[number] for number in kept),
        tuple(BETWEEN_CAPTIONS.join(captions[number]) for number in kept),
        tuple(skipped),
        tuple(unnamed),
        known,
        tuple(splits[number] for number in kept),
    )


def _with_attributes(captions):
    """(the vocabulary, whether each prompt holds an attribute, what those lack that hold none)"""
    known, attributes = vocabulary.learned([said for (said,) in captions])
    if not any(len(slot.values) > 1 for slot in known.slots):
        raise ValueError(f"says the same of every image: {known.known()}.")
    return known, [numbers is not None for numbers in attributes], "no attribute"


def _with_words(captions):
    """(None, whether a word of each picture's captions is known, what others lack)"""
    _, numbers, _ = wording.learned(captions)
    if len({tuple(map(tuple, of_one)) for of_one in numbers}) < 2:
        raise ValueError(f"says the same of every image: {captions[0][0][:60]!r}.")
    return None, [bool(of_one) for of_one in numbers], "no known word"


def are_sentences(path, prompts, words_are="auto"):
    """Whether the prompts of a folder or a zip are sentences.

    Args:
      path: pathlib.Path.
      prompts: list of str, as in `Tagged`.
      words_are: str. As in `listed`.
    """
    with _opened(path) as files:
        return _are_sentences(
            files.words,
            [one for prompt in prompts for one in prompt.split(BETWEEN_CAPTIONS)],
            words_are,
        )


def _are_sentences(words, captions, words_are):
    if words_are != "auto":
        return words_are == "sentences"
    return words == CAPTIONS or wording.are_sentences(captions)


def has_test(path):
    """Whether a captions.jsonl of a folder or a zip says which pictures are to test by."""
    with _opened(path) as files:
        if files.words != CAPTIONS:
            return False
        rows = _rows_of_captions(files.text(), f"--dataset={path}: {CAPTIONS}")
        return test_split({split for _, (_, _, split) in rows}) is not None


def test_split(splits):
    """Which of the splits of a captions.jsonl is never trained on, or None: test, else dev, ..."""
    return next((name for name in TESTS if name in splits), None)


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


def tell_unnamed(unnamed):
    """Says on stderr which images were left out, since no line says what they show."""
    if unnamed:
        images = "image" if len(unnamed) == 1 else "images"
        print(
            f"{len(unnamed):,} {images} without a line left out: {folders.named(unnamed)}.",
            file=sys.stderr,
        )


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
            yield reader.line_num, (row[0].strip(), [",".join(row[1:])], "")
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
            yield reader.line_num, (name.strip(), [prompt], "")
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
        yield line, (name, [prompt], "")


def _rows_of_captions(text, what):
    for line, content in enumerate(text, 1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
            name = next(row[key] for key in FILES if key in row)
            said, split = row[SAID], row.get(SPLIT, "")
            is_fine = isinstance(name, str) and isinstance(said, list) and isinstance(split, str)
            is_fine = is_fine and all(isinstance(one, str) for one in said)
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError, StopIteration):
            is_fine = False
        if not is_fine:
            raise Refused(
                f"{what}: line {line} must be a JSON object with the text {FILES[0]} and {SAID}, a "
                f"list of texts, is {content.strip()[:60]!r}."
            )
        yield line, (name, said, split)


# A file of words -> function of its text and of how it is called in a message -> its lines, (number
# of the line, (file, prompts, split)).
WORDS: dict[str, Callable] = {
    TAGS: _rows_of_tags,
    "metadata.csv": _rows_of_metadata_csv,
    "metadata.jsonl": _rows_of_metadata_jsonl,
    CAPTIONS: _rows_of_captions,
}
LISTED = "tags.csv, metadata.csv, metadata.jsonl or captions.jsonl"


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

    def images(self):
        """The names of all images in the folder."""
        paths, _ = folders.listed(self.path)
        return [path.relative_to(self.path).as_posix() for path in paths]

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

    def images(self):
        """The names of all images beside the file of words and below."""
        return [
            name.removeprefix(self.prefix)
            for name in sorted(self.sizes)
            if name.startswith(self.prefix)
            and posixpath.splitext(name)[1].lower() in reading.SUFFIXES
            and not any(map(folders.is_hidden, name.split("/")))
        ]

    def open(self, name):
        if self.sizes[self.prefix + name] > MAX_IMAGE_BYTES:
            raise reading.Unreadable(f"more than {MAX_IMAGE_BYTES:,} bytes")
        try:
            return io.BytesIO(self.archive.read(self.prefix + name))
        except MemoryError:
            raise
        except Exception as error:
            raise reading.Unreadable(str(error)) from None
