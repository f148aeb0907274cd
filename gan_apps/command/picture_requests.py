"""Requests to a run that draws from pictures that are given."""

import os
import pathlib
import sys

import numpy as np

from gan_apps.drawing import pictures, tiles
from gan_apps.drawing.draw import Request
from gan_apps.pictures import reading
from gan_apps.settings import Refused
from gan_apps.settings.drawing import GRID

# How many resized pictures are named; the others are counted.
NAMED = 5


def request(draw, asked, sketch):
    """The drawing.draw.Request of the pictures that are named, or the drawing.tiles.Request.

    Args:
      draw: runs.draws.Draw that takes pictures.
      asked: settings.drawing.FromAnyPictures.
      sketch: function of finished pictures float32 [n, h, w, c] in [-1, 1] that gives those to draw
        from.

    Raises:
      Refused: there is no picture, one cannot be read, or two would have one name.
    """
    if asked.input is None:
        raise Refused("--input: name a picture to draw from, or a folder of them.")
    if asked.sketch_first and not draw.is_from_made:
        raise Refused("--sketch_first: this run draws from no sketches.")
    if asked.to is not None and asked.to != draw.side:
        known = "draws no pictures of two sets" if draw.side is None else f"draws {draw.side} here"
        raise Refused(f"--to={asked.to}: this run {known}.")
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
    if draw.is_any_size:
        given = {name: _opener(path) for name, path in zip(names, paths, strict=True)}
        return tiles.Request(given=given, output=output, side_by_side=asked.side_by_side)
    images = read(paths, draw.shape if asked.sketch_first else draw.pictures.shape)
    sources, target = pictures.to_signed(images), None
    if asked.sketch_first:
        sources, target = sketch(sources), images
        images = pictures.to_bytes(sources)
    return Request(
        inputs={draw.pictures.column: sources},
        columns=1,
        output=output,
        names=tuple(names),
        beside=pictures.fitted(images, draw.shape) if asked.side_by_side else None,
        target=target if asked.side_by_side else None,
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


def _opener(path):
    """A function that gives the picture of a file at its own size, and its transparency.

    What is no picture is refused now, before any is drawn.

    Raises:
      Refused: it is no picture.
    """

    def looked_at(read):
        try:
            return read(os.fspath(path))
        except reading.Unreadable as error:
            raise Refused(f"--input={path}: cannot be used ({error}).") from None

    def taken():
        picture, alpha = looked_at(reading.read_apart)
        return picture.reshape(*picture.shape[:2], -1), alpha

    looked_at(reading.check)
    return taken


def read(paths, shape, flag="--input"):
    """Picture files as uint8 [n, h, w, c]; says on stderr which had another size.

    Raises:
      Refused: one is no picture.
    """
    height, width, channels = shape
    images, resized = [], []
    for path in paths:
        try:
            image, size = reading.read_with_size(os.fspath(path), height)
        except reading.Unreadable as error:
            raise Refused(f"{flag}={path}: cannot be used ({error}).") from None
        images.append(image.reshape(1, *image.shape[:2], -1))
        if size != (width, height):
            resized.append(f"{path.name} ({size[0]}x{size[1]})")
    if resized:
        more = f" and {len(resized) - NAMED} more" if len(resized) > NAMED else ""
        listed = ", ".join(resized[:NAMED])
        print(f"Cropped and resized to {width}x{height}: {listed}{more}.", file=sys.stderr)
    return np.concatenate([pictures.fitted(one, (height, width, channels)) for one in images])
