"""Pictures in rows with words: a title over each row, a few figures under each picture."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# The side of a picture on the board, at least, and what lies between two.
SIDE, GAP = 84, 6
SIZE = 11
LINE = SIZE + 3
PAPER, INK = 255, 0


def board(rows, columns=10):
    """One picture of rows of pictures.

    Args:
      rows: [(title, images, captions), ...]: str; uint8 [n, h, w, 1 or 3]; n tuples of equally many
        lines of text.
      columns: int. Pictures side by side; a row goes on below. Default 10.

    Returns:
      uint8 [h, w, 1], or [h, w, 3] where a picture is in colour.
    """
    zoom = max(1, math.ceil(SIDE / rows[0][1].shape[2]))
    height, width = (zoom * side for side in rows[0][1].shape[1:3])
    channels = max(images.shape[-1] for _, images, _ in rows)
    # Pillow's own font, whatever the machine has.
    font = ImageFont.load_default(SIZE)
    lines = [
        (title, start, images[start : start + columns], captions[start : start + columns])
        for title, images, captions in rows
        for start in range(0, len(images), columns)
    ]
    across = max(len(images) for _, _, images, _ in lines)
    heights = [
        (LINE + GAP if not start else 0) + height + LINE * len(captions[0]) + GAP
        for _, start, _, captions in lines
    ]
    mode = "L" if channels == 1 else "RGB"
    paper = Image.new(mode, (across * (width + GAP) + GAP, sum(heights) + GAP), (PAPER,) * channels)
    pen, top = ImageDraw.Draw(paper), GAP
    for (title, start, images, captions), tall in zip(lines, heights, strict=True):
        below = top
        if not start:
            pen.text((GAP, top), title, fill=(INK,) * channels, font=font)
            below += LINE + GAP
        for place, (image, words) in enumerate(zip(images, captions, strict=True)):
            left = GAP + place * (width + GAP)
            large = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
            paper.paste(
                Image.fromarray(large[..., 0] if large.shape[-1] == 1 else large), (left, below)
            )
            for number, word in enumerate(words):
                at = (left, below + height + number * LINE)
                pen.text(at, word, fill=(INK,) * channels, font=font)
        top += tall
    return np.asarray(paper).reshape(paper.height, paper.width, channels)
