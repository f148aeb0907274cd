"""Requests to a run that draws from pictures that are given."""

import os
import pathlib

import numpy as np

from gan_apps.drawing import pictures
from gan_apps.drawing.draw import Request
from gan_apps.pictures import reading
from gan_apps.settings import Refused
from gan_apps.settings.drawing import GRID


def request(draw, asked):
    """The drawing.draw.Request of the pictures that are named.

    Args:
      draw: runs.draws.Draw that takes pictures.
      asked: settings.drawing.FromPictures.

    Raises:
      Refused: there is no picture, one cannot be read, or two would have one name.
    """
    if asked.input is None:
        raise Refused("--input: name a picture to draw from, or a folder of them.")
    given = pathlib.Path(asked.input)
    paths = _listed(given)
    names = [path.stem for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(f"--input={given}: {twice[0]!r} names two pictures; rename one of them.")
    output = pathlib.Path(asked.output or f"{given.stem}_drawn{GRID if given.is_file() else ''}")
    if output.suffix.lower() == GRID and len(paths) > 1:
        raise Refused(f"--output={output}: {len(paths)} pictures need a folder.")
    if any(output.resolve() in (path.resolve(), path.parent.resolve()) for path in paths):
        raise Refused(f"--output={output}: would overwrite what --input names.")
    images = np.stack([_read(path, draw.pictures.shape) for path in paths])
    return Request(
        inputs={draw.pictures.column: images / np.float32(127.5) - 1.0},
        columns=1,
        output=output,
        names=tuple(names),
        beside=pictures.fitted(images, draw.shape) if asked.side_by_side else None,
    )


def _listed(given):
    if given.is_file():
        return [given]
    if not given.is_dir():
        raise Refused(f"--input={given}: there is no such file or folder.")
    paths = sorted(path for path in given.iterdir() if path.suffix.lower() in reading.SUFFIXES)
    if not paths:
        raise Refused(f"--input={given}: holds no picture ({', '.join(reading.SUFFIXES)}).")
    return paths


def _read(path, shape):
    """A picture file as uint8 [h, w, c]; Refused for what is none."""
    height, width, channels = shape
    try:
        image = reading.read(os.fspath(path), height)
    except reading.Unreadable as error:
        raise Refused(f"--input={path}: cannot be used ({error}).") from None
    return pictures.fitted(image.reshape(1, *image.shape[:2], -1), (height, width, channels))[0]
