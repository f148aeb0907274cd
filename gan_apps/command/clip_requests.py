"""Requests to a run that goes on with a clip that is given."""

import os
import pathlib
import sys

import numpy as np

from gan_apps.drawing import pictures
from gan_apps.drawing.draw import Request
from gan_apps.pictures import clip_files, reading
from gan_apps.settings import Refused
from gan_apps.settings.drawing import ANIMATION, DEFAULT_NEXT


def request(draw, asked):
    """The drawing.draw.Request of the frames that come after those of a clip.

    Args:
      draw: runs.draws.Draw that goes on with clips.
      asked: settings.drawing.FromClips.

    Raises:
      Refused: there is no clip, it cannot be read, or it is too short.
    """
    if asked.input is None:
        raise Refused(
            "--input: name a clip to go on with: an animation, or a folder of numbered frames."
        )
    given, history = pathlib.Path(asked.input), draw.pictures.frames
    frames = _read(given, draw.shape)
    needed = history + asked.side_by_side
    if len(frames) < needed:
        plural = "" if len(frames) == 1 else "s"
        beside = ", the last to be drawn beside" if asked.side_by_side else ""
        raise Refused(
            f"--input={given}: has {len(frames)} frame{plural}; this run goes on from {history}, "
            f"so {needed} are needed{beside}."
        )
    count, begin = asked.frames or DEFAULT_NEXT, len(frames) - history
    if asked.side_by_side:
        begin, left = 0, len(frames) - history
        count = asked.frames or left
        if count > left:
            raise Refused(
                f"--frames={count}: the clip has {left} after its first {history}, which "
                "--side_by_side draws beside them."
            )
    output = pathlib.Path(asked.output or f"{given.resolve().stem}_goes_on{ANIMATION}")
    if output.resolve() == given.resolve():
        raise Refused(f"--output={output}: would overwrite what --input names.")
    seen = frames[begin : begin + history]
    return Request(
        inputs={draw.pictures.column: pictures.to_signed(pictures.on_channels(seen[None]))},
        columns=count,
        output=output,
        target=frames[history : history + count] if asked.side_by_side else None,
        going_on=draw.pictures,
    )


def _read(given, shape):
    """The frames of a clip as uint8 [n, h, w, c]; says on stderr if they had another size.

    Raises:
      Refused: it is no clip.
    """
    height, width, _ = shape
    flag = f"--input={given}"
    if advice := clip_files.advice(given):
        raise Refused(f"{flag}: {advice}")
    try:
        if given.is_dir():
            names = clip_files.in_order(
                path.name for path in given.iterdir() if path.suffix.lower() in reading.SUFFIXES
            )
            if not names:
                raise Refused(f"{flag}: holds no picture ({', '.join(reading.SUFFIXES)}).")
            in_files = {name: os.fspath(given / name) for name in names}
            frames, size = clip_files.read_numbered(in_files, height)
        elif given.is_file():
            frames, size = reading.read_frames(os.fspath(given), height)
        else:
            raise Refused(f"{flag}: there is no such file or folder.")
    except reading.Unreadable as error:
        raise Refused(f"{flag}: cannot be used ({error}).") from None
    if size != (width, height):
        sides = f"{size[0]}x{size[1]}"
        print(f"Cropped and resized to {width}x{height}: {given.name} ({sides}).", file=sys.stderr)
    stacked = np.stack([reading.colour(frame) for frame in frames])
    return pictures.fitted(stacked, shape)
