"""Clips: pictures that follow each other, of which the last ones say what comes next.

They lie in a folder or a zip in one of three layouts, or have a name:

    a folder of numbered frames for each clip (walk/0001.png, walk/0002.png, ...)
    animations (GIF, APNG, WebP), a clip each
    sheets, pictures of so many rows and columns of frames, a clip each row

All may have train/ and a test split, as data.folders has them. An example is a stretch of a clip:
its history, and the frame that comes next. No stretch goes from one clip into another.
"""

import contextlib
import dataclasses
import functools
import hashlib

import numpy as np

from gan_apps.data import archives, folders, moving
from gan_apps.data.columns import Data
from gan_apps.pictures import clip_files, reading
from gan_apps.settings import CLIPS, Refused, is_named
from gan_apps.settings.training import rows_and_columns

# Clips that are made of MNIST's digits: of its training part, and of its test part.
MADE_CLIPS = {"train": 4_000, "test": 500}
SEEDS = {"train": 0, "test": 1}


class Frames:
    """Pictures in memory, that columns of stretches share.

    Args:
      values: uint8 [n, h, w, c].
    """

    def __init__(self, values):
        self.values = values

    @functools.cached_property
    def held(self):
        """The same for a graph, copied once."""
        # TensorFlow, not needed to find out what a folder holds.
        import tensorflow as tf

        # Not in the graph that asks for it first, which would hold all of them itself.
        with tf.init_scope():
            return tf.constant(self.values)

    @functools.cached_property
    def digests(self):
        """A SHA-256 of each."""
        return [hashlib.sha256(np.ascontiguousarray(one)).digest() for one in self.values]


class Stretches:
    """Frames that follow each other as one picture, on its channels, the earliest first.

    It is indexed like the array uint8 [n, h, w, len(places) * c] that it stands for, by a slice or
    by whole numbers; what that gives is an array.

    Args:
      frames: Frames.
      firsts: int64 [n]. Where the stretches begin.
      ends: int64 [n]. Where the clips of each end, the first frame that is not theirs.
      places: range. Which frames of a stretch.
    """

    def __init__(self, frames, firsts, ends, places):
        self.frames, self.firsts, self.ends, self.places = frames, firsts, ends, places
        *size, channels = frames.values.shape[1:]
        self.shape = (len(firsts), *size, len(places) * channels)

    def __len__(self):
        return len(self.firsts)

    def __getitem__(self, chosen):
        found = self.frames.values[self._numbers(chosen)]
        return np.moveaxis(found, 1, -2).reshape(len(found), *self.shape[1:])

    def _numbers(self, chosen):
        return np.atleast_1d(self.firsts[chosen])[:, None] + np.asarray(self.places)

    def subset(self, chosen):
        return Stretches(self.frames, self.firsts[chosen], self.ends[chosen], self.places)

    def encoded(self, chosen):
        """What tells some stretches from others: a list of bytes."""
        digests = self.frames.digests
        return [b"".join(digests[one] for one in row) for row in self._numbers(chosen)]

    def gathered(self, indices):
        """The stretches of int64 indices of any shape, in a graph: uint8 [..., h, w, k * c]."""
        import tensorflow as tf

        numbers = tf.gather(tf.constant(self.firsts), indices)
        parts = [tf.gather(self.frames.held, numbers + place) for place in self.places]
        return tf.concat(parts, axis=-1)

    def going_on(self, count):
        """What comes next of those stretches whose clips go on long enough.

        Args:
          count: int. Frames after the last of a stretch.

        Returns:
          (ints [m], Stretches): which those are; the frames after them.
        """
        last = self.places[-1]
        long_enough = np.flatnonzero(self.firsts + last + count < self.ends)
        places = range(last + 1, last + 1 + count)
        return long_enough, Stretches(
            self.frames, self.firsts[long_enough], self.ends[long_enough], places
        )


@dataclasses.dataclass(frozen=True)
class Cutting:
    """How examples are cut from clips.

    Args:
      history: int. Frames that are given.
      sheet: str. ROWSxCOLUMNS of pictures that are sheets of frames; "" for pictures that are none.
    """

    history: int
    sheet: str = ""

    @classmethod
    def of(cls, settings):
        """That of the settings of a run, a dict; None for a run that learns no clips."""
        return cls(settings["history"], settings["sheet"]) if "history" in settings else None

    # The side of the frames, for want of another.
    default_size = 64

    def reads(self, name):
        """Whether the data are read as clips, whatever they are."""
        del name
        return True

    def load(self, name, split, size):
        """The Data of clips, as `load` of this module."""
        return load(name, split, size, self)

    def has_test(self, name):
        """Whether clips have a test split of their own."""
        return has_test(name, self)


def load(name, split, size, cutting):
    """The Data of clips: "sources", what is given, and "images", what comes next.

    What cannot be read, and clips that are too short, are skipped, counted and named.

    Args:
      name: str. One of settings.CLIPS, or the path of a folder or a zip.
      split: "train" or "test".
      size: int. The side to which frames are cropped and resized, or, of digits that move, of
        the square in which they do.
      cutting: Cutting.

    Raises:
      Refused: there are no clips; names the file.
    """
    if name in CLIPS:
        found = {str(number): clip for number, clip in enumerate(_made(name, split, size))}
    else:
        found = _read(name, split, size, cutting)
    return cut(found, cutting.history, name)


def cut(found, history, name):
    """The Data of some clips.

    Args:
      found: {name of a clip: uint8 [frames, h, w, c]}.
      history: int. Frames that are given.
      name: str. Of the data set.

    Raises:
      Refused: all are too short.
    """
    lengths = {clip: len(frames) for clip, frames in found.items()}
    short = [
        f"{clip or name} ({of_it} frames)" for clip, of_it in lengths.items() if of_it <= history
    ]
    if len(short) == len(found):
        raise Refused(
            f"--dataset={name}: of {folders.named(short)} none has the {history + 1} frames that "
            f"--history={history} needs."
        )
    if short:
        folders.say(
            name,
            f"{len(short)} of {len(found)} clips skipped, of less than {history + 1} frames: "
            f"{folders.named(short)}.",
        )
    kept = [frames for frames in found.values() if len(frames) > history]
    frames = Frames(np.concatenate(kept))
    lengths = np.array([len(one) for one in kept])
    ends = np.cumsum(lengths)
    groups = np.repeat(np.arange(len(kept)), lengths - history)
    firsts = np.concatenate(
        [np.arange(end - length, end - history) for end, length in zip(ends, lengths, strict=True)]
    )
    columns = {
        "images": Stretches(frames, firsts, ends[groups], range(history, history + 1)),
        "sources": Stretches(frames, firsts, ends[groups], range(history)),
    }
    return Data(columns, groups=groups)


def has_test(name, cutting):
    """Whether data of clips have a test split of their own."""
    if name in CLIPS:
        return True
    with _opened(name) as files:
        return folders.TEST in _splits(_clips(files, cutting))[0]


def _made(name, split, size):
    """Clips of digits that move: uint8 [n, moving.FRAMES, size, size, 1]."""
    from gan_apps.data import sources

    stills = sources.load("mnist", split).images
    if size <= stills.shape[1]:
        raise Refused(f"--image_size={size}: must be more than the {stills.shape[1]} of a digit.")
    turns = name == CLIPS[1]
    return moving.clips(stills, MADE_CLIPS[split], size, SEEDS[split], turns)


@contextlib.contextmanager
def _opened(name):
    if is_named(name):
        raise Refused(f"--dataset={name}: holds no clips; {' and '.join(CLIPS)} do.")
    if advice := clip_files.advice(name):
        raise Refused(f"--dataset={name}: {advice}")
    with archives.opened(name) as files:
        yield files


def _read(name, split, size, cutting):
    """{name of a clip: uint8 [frames, size, size, 3]} of a folder or a zip."""
    with _opened(name) as files:
        clips = _clips(files, cutting)
        splits, left_out = _splits(clips)
        if split not in splits:
            raise Refused(f"--dataset={name}: has no split {split!r}.")
        found, skipped = {}, []
        for clip in splits[split]:
            called = "/".join(clip)
            try:
                if cutting.sheet:
                    rows = _rows(name, files[clip], called, size, cutting.sheet)
                    found |= {f"{called} row {place}": row for place, row in enumerate(rows, 1)}
                else:
                    found[called] = _frames(files, clips[clip], size)
            except reading.Unreadable as error:
                skipped.append(f"{called} ({error})")
    sentences = []
    if skipped:
        listed = folders.named(skipped)
        sentences.append(f"{len(skipped)} of {len(splits[split])} clips skipped: {listed}.")
    if left_out:
        sentences.append(f"Left out: {folders.told(left_out)}.")
    folders.say(name, *sentences)
    if not found:
        raise Refused(f"--dataset={name}: none of its {len(splits[split])} clips can be read.")
    return found


def _clips(files, cutting):
    """{names of the folders and the file, or of the folders alone: names of what it is read from}.

    Args:
      files: as archives.opened gives them.
      cutting: Cutting.
    """
    found = {}
    for parts, opened in files.items():
        is_one = bool(cutting.sheet) or reading.is_animation(opened, parts[-1])
        found.setdefault(parts if is_one else parts[:-1], []).append(parts)
    return found


def _splits(clips):
    """({split: clips}, what was left out)."""
    # A clip that is a folder lies in itself, so that train/ may be one.
    lie_in = {clip: clip if clip in files else (*clip, "") for clip, files in clips.items()}
    splits, left_out, *_ = folders.parted(lie_in)
    return splits, left_out


def _frames(files, parts, size):
    """The frames of a clip, uint8 [frames, size, size, 3]."""
    if len(parts) == 1 and reading.is_animation(files[parts[0]], parts[0][-1]):
        frames, _ = reading.read_frames(files[parts[0]](), size)
    else:
        ordered = clip_files.in_order(one[-1] for one in parts)
        opened = {name: files[(*parts[0][:-1], name)]() for name in ordered}
        frames, _ = clip_files.read_numbered(opened, size)
    return np.stack([reading.colour(one) for one in frames])


def _rows(name, opened, called, size, sheet):
    """The clips of a sheet, uint8 [rows, columns, size, size, 3]."""
    rows, columns = rows_and_columns(sheet)
    cells = reading.read_cells(opened(), rows, columns, size)
    if isinstance(cells, str):
        raise Refused(
            f"--dataset={name}: {called} is {cells}, which are not {rows} rows and {columns} "
            "columns of frames of one size."
        )
    colours = np.stack([reading.colour(one) for one in cells])
    return colours.reshape(rows, columns, size, size, 3)
