"""The frames of clips in files: their order, their size, and what is no clip here."""

import pathlib
import re

from gan_apps.pictures.reading import Unreadable

# How the names of films end, of which frames must be made first.
FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv")


def in_order(names):
    """Names of frames by their numbers, whatever their digits: frame_2 before frame_10."""
    return sorted(names, key=_numbered)


def _numbered(name):
    parts = re.split(r"([0-9]+)", str(name))
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], str(name)


def of_one_size(names, read):
    """The squares of frames that have one size.

    Args:
      names: names of the frames.
      read: (square, size) of each, as reading.read_with_size gives them.

    Raises:
      Unreadable: they have two; names the frames.
    """
    first = read[0][1]
    for name, (_, size) in zip(names, read, strict=True):
        if size != first:
            one, other = ("x".join(map(str, sides)) for sides in (first, size))
            raise Unreadable(
                f"{names[0]} is {one} and {name} {other}, where the frames of a clip have one size"
            )
    return [square for square, _ in read]


def advice(name):
    """What to do with a film, in words; "" for what is none."""
    path = pathlib.Path(name)
    if path.suffix.lower() not in FILMS or path.is_dir():
        return ""
    return (
        f"is a film; make frames of it: mkdir {path.stem} && ffmpeg -i {path.name} "
        f"{path.stem}/%04d.png, and name the folder."
    )
