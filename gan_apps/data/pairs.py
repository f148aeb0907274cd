"""Pairs of pictures: one that is given, and one that is to be drawn from it.

They lie in a folder or a zip in one of two layouts, or are made of data of any other kind:

    double pictures     twice as wide as high: A is the left half, B the right one
    A/... and B/...     two pictures of one size and name, whatever kind of file each is

Both may have train/ and a test split, as data.folders has them, above A/ and B/ or below.
"""

import dataclasses
import pathlib

import numpy as np

from gan_apps.data import archives, folders
from gan_apps.data.columns import Data
from gan_apps.pictures import reading
from gan_apps.settings import PAIRS, Refused, is_named

SIDES = ("a", "b")
# Of how many pictures sources are made at a time.
_ROWS = 256


@dataclasses.dataclass(frozen=True)
class Pairing:
    """What is drawn from what.

    Args:
      sources: str. One of settings.SOURCES: PAIRS, which the data hold, or how they are made.
      direction: str. One of settings.DIRECTIONS, for pairs that the data hold.
    """

    sources: str
    direction: str

    @classmethod
    def of(cls, settings):
        """That of the settings of a run, a dict; None for a run that learns no pairs."""
        return cls(settings["sources"], settings["direction"]) if "sources" in settings else None

    # The side of the pictures, for want of another.
    default_size = 64

    def reads(self, name):
        """Whether the data hold the pairs."""
        del name
        return self.sources == PAIRS

    def load(self, name, split, size):
        """The Data of pairs that the data hold, as `load` of this module."""
        return load(name, split, size, self.direction)

    def has_test(self, name):
        """Whether a folder or zip of pairs has a test split of its own."""
        return has_test(name)

    def made(self, data):
        """Data of single pictures with their sources, as `made` of this module."""
        return made(data, self.sources)


def load(name, split, size, direction):
    """The Data of pairs that the data hold: "images" and "sources", uint8 [n, size, size, 3].

    What cannot be read is skipped, counted and named, with its partner.

    Args:
      name: str. The path of a folder or a zip.
      split: "train" or "test".
      size: int. The side to which pictures are cropped and resized.
      direction: str. "AtoB" or "BtoA".

    Raises:
      Refused: there are no pairs, or one is none; names the file.
    """
    with _opened(name) as files:
        splits, left_out = _splits(name, files)
        if split not in splits:
            raise Refused(f"--dataset={name}: has no split {split!r}.")
        # Filled as the files are read: a list of squares would be the whole data again.
        read, count, skipped = np.empty((2, len(splits[split]), size, size, 3), np.uint8), 0, []
        for pair in splits[split]:
            try:
                read[:, count] = [reading.colour(one) for one in _read(name, files, pair, size)]
                count += 1
            except reading.Unreadable as error:
                skipped.append(f"{'/'.join(pair[0])} ({error})")
    sentences = []
    if skipped:
        listed = folders.named(skipped)
        sentences.append(f"{len(skipped)} of {len(splits[split])} pairs skipped: {listed}.")
    if left_out:
        sentences.append(f"Left out: {folders.told(left_out)}.")
    folders.say(name, *sentences)
    if not count:
        raise Refused(f"--dataset={name}: none of its {len(splits[split])} pairs can be read.")
    sides = dict(zip("AB", read[:, :count], strict=True))
    source, target = direction.split("to")
    return Data({name: sides[side] for name, side in (("images", target), ("sources", source))})


def has_test(name):
    """Whether a folder or zip of pairs has a test split of its own."""
    with _opened(name) as files:
        return folders.TEST in _splits(name, files)[0]


def made(data, kind):
    """Data of single pictures, with the column "sources" that is made of those.

    Args:
      data: columns.Data.
      kind: str. A key of models.sketches.SOURCES.
    """
    # TensorFlow, not needed to find out what a folder holds.
    import tensorflow as tf

    from gan_apps.data.minibatches import gatherer
    from models import sketches
    from models.game import to_signed

    gather = gatherer(data.images)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((_ROWS,), tf.int64)])
    def sources(indices):
        signed = sketches.SOURCES[kind](to_signed(gather(indices)))
        return tf.cast(tf.round((signed + 1.0) * 127.5), tf.uint8)

    # Traced once: the last rows are made more by the last of them.
    traced, last = sources.get_concrete_function(), len(data) - 1
    rows = [
        tf.minimum(tf.range(start, start + _ROWS, dtype=tf.int64), last)
        for start in range(0, len(data), _ROWS)
    ]
    made = np.concatenate([traced(one).numpy() for one in rows])[: len(data)]
    columns = {**data.columns, "sources": made}
    return dataclasses.replace(data, columns=columns)


def _opened(name):
    """As archives.opened; data that have a name hold no pairs."""
    if is_named(name):
        raise Refused(
            f"--dataset={name}: holds no pairs; --sources=edges or gray makes them of its pictures."
        )
    return archives.opened(name)


def _splits(name, files):
    """({split: pairs}, what was left out); a pair is a double picture, or one of A and one of B."""
    sides = {parts: _side(parts) for parts in files}
    if {"a", "b"} <= set(sides.values()):
        pairs = _partners(name, sides)
    else:
        pairs = {parts: (parts,) for parts in files}
    splits, left_out, *_ = folders.parted({parts: parts for parts in pairs})
    return {split: [pairs[one] for one in some] for split, some in splits.items()}, left_out


def _side(parts):
    """Which of SIDES a picture lies in: the lowest of its folders that is called so, or None."""
    return next((name for part in parts[-2::-1] if (name := part.casefold()) in SIDES), None)


def _partners(name, sides):
    """{names without the side's: (A's picture, B's picture)}, in order."""
    found = {}
    for parts, side in sides.items():
        if side is None:
            continue
        place = max(n for n, part in enumerate(parts[:-1]) if part.casefold() == side)
        # Kinds of files may differ.
        key = (*parts[:place], *parts[place + 1 : -1], pathlib.PurePath(parts[-1]).stem)
        of_key = found.setdefault(key, {})
        if side in of_key:
            twice = "/".join(parts), "/".join(of_key[side])
            raise Refused(f"--dataset={name}: {twice[1]} and {twice[0]} are one picture of a pair.")
        of_key[side] = parts
    for of_key in found.values():
        for side, other in zip(SIDES, reversed(SIDES), strict=True):
            if side not in of_key:
                alone = "/".join(of_key[other])
                raise Refused(f"--dataset={name}: {alone} has no partner in {side.upper()}.")
    return {key: (found[key]["a"], found[key]["b"]) for key in sorted(found)}


def _read(name, files, pair, size):
    """The two pictures of a pair, uint8 [size, size] or [size, size, 3]."""
    if len(pair) == 1:
        double = reading.read_double(files[pair[0]](), size)
        if isinstance(double, str):
            raise Refused(
                f"--dataset={name}: {'/'.join(pair[0])} is no double picture, twice as wide as "
                f"high, but {double}; --sources=edges or gray makes pairs of single pictures."
            )
        return double
    (a, size_of_a), (b, size_of_b) = (reading.read_with_size(files[one](), size) for one in pair)
    if size_of_a != size_of_b:
        first, second = ("x".join(map(str, one)) for one in (size_of_a, size_of_b))
        raise Refused(
            f"--dataset={name}: {'/'.join(pair[0])} is {first} and {'/'.join(pair[1])} {second}; "
            "the two of a pair have one size."
        )
    return a, b
