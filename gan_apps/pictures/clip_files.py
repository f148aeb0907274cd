"""The frames of clips in files: their order, their size, and what is no clip here."""

import pathlib
import re

from gan_apps.pictures.reading import Unreadable, read_with_size

# How the names of films end, of which frames must be made first.
FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv")


def in_order(names):
    """Names of frames by their numbers, whatever their digits: frame_2 before frame_10."""
    return sorted(names, key=_numbered)


def _numbered(name):
    parts = re.split(r"([0-9]+)", str(name))
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], str(name)


def read_numbered(files, size):
    """The frames of a clip, one in a file, as reading.read_frames gives those of an animation.

    Args:
      files: {name: path, or open binary file}, in their order.
      size: int. The side to which their central squares are resized.

    Raises:
      Unreadable: one cannot be used, or they have two sizes; names the file.
    """
    squares, sizes = [], {}
    for name, file in files.items():
        try:
            square, of_it = read_with_size(file, size)
        except Unreadable as error:
            raise Unreadable(f"{name}: {error}") from None
        squares.append(square)
        sizes.setdefault(of_it, name)
    if len(sizes) > 1:
        (one, first), (other, second), *_ = (
            ("x".join(map(str, sides)), name) for sides, name in sizes.items()
        )
        raise Unreadable(
            f"{first} is {one} and {second} {other}, where the frames of a clip have one size"
        )
    return squares, next(iter(sizes))


def advice(name):
    """What to do with a film, in words; "" for what is none."""
    path = pathlib.Path(name)
    if path.suffix.lower() not in FILMS or path.is_dir():
        return ""
    return (
        f"is a film; make frames of it: mkdir {path.stem} && ffmpeg -i {path.name} "
        f"{path.stem}/%04d.png, and name the folder."
    )
