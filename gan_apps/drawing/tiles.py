"""Pictures of any size, drawn square by square, so that memory does not grow with them.

A network that enlarges looks at what is around each pixel, at few pixels to speak of beyond
runs.draws.REACH. So squares overlap by as many on each side, of which the drawing is thrown away;
beyond the border of the picture there is its mirror image. What a picture's pixels become does not
depend on how large it is, nor on what draws.
"""

import dataclasses
import pathlib
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from gan_apps.drawing import pictures
from gan_apps.operating_system import files
from gan_apps.runs.draws import REACH
from gan_apps.settings import Failed
from gan_apps.settings.drawing import GRID

_PNG = b"\x89PNG\r\n\x1a\n"
# What PNG calls a picture of so many channels: gray, gray and alpha, colours, these and alpha.
_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}
# How many pixels around bicubic enlargement looks at.
BICUBIC = 4
# Bytes of a PNG that are compressed at a time.
_BLOCK = 1 << 20


class Tiled:
    """A network of one size as a function of pictures of any: {input: [n, h, w, c]} -> images.

    Args:
      network: function of {input: float32 [1, tile, tile, c]} in [-1, 1] -> images
        [1, s tile, s tile, c], s the draw's scale.
      draw: runs.draws.Draw with pictures of any size.
    """

    def __init__(self, network, draw):
        self.network, self.draw = network, draw
        self.column, self.tile = draw.pictures.column, draw.pictures.tile
        # What of a square is kept.
        self.step = self.tile - 2 * REACH

    def __call__(self, inputs):
        images = [np.concatenate(list(self.strips(one))) for one in inputs[self.column]]
        return np.stack(images)

    def strips(self, picture):
        """The drawing of a picture [h, w, c], from top to bottom: float32 [rows, s w, c] each.

        Args:
          picture: float32 in [-1, 1], or uint8, which takes a quarter of the memory.
        """
        height, width, _ = picture.shape
        for top in range(0, height, self.step):
            drawn = [self._drawn(picture, top, left) for left in range(0, width, self.step)]
            yield np.concatenate(drawn, axis=1)

    def squares(self, picture):
        """What of a picture the network is given: float32 [n, tile, tile, c]."""
        height, width, _ = picture.shape
        return np.stack(
            [
                self._square(picture, top, left)
                for top in range(0, height, self.step)
                for left in range(0, width, self.step)
            ]
        )

    def _square(self, picture, top, left):
        rows, columns = (
            _mirrored(first - REACH, self.tile, side)
            for first, side in zip((top, left), picture.shape, strict=False)
        )
        square = picture[rows[:, None], columns]
        return pictures.to_signed(square) if square.dtype == np.uint8 else square

    def _drawn(self, picture, top, left):
        images = self.network({self.column: self._square(picture, top, left)[None]})
        height, width = (
            min(self.step, side - first)
            for first, side in zip((top, left), picture.shape, strict=False)
        )
        scale = self.draw.scale
        begin = scale * REACH
        return np.asarray(images)[0, begin : begin + scale * height, begin : begin + scale * width]


def _mirrored(first, count, side):
    """The places from `first` on, [count], of a side beyond whose ends there is its mirror."""
    places = np.arange(first, first + count) % (2 * side)
    return np.where(places < side, places, 2 * side - 1 - places)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """Pictures of any size to be enlarged, and where they go.

    Args:
      given: {name: function that gives the picture: (uint8 [h, w, 1 or 3], its transparency uint8
        [h, w] or None)}. They are read one at a time.
      output: pathlib.Path. A .png for one picture, else a folder, of NAME.png each.
      side_by_side: bool. Whether the plain enlargement is drawn to the left of each.
    """

    given: dict[str, Callable]
    output: pathlib.Path
    side_by_side: bool = False


def draw(generator, request):
    """Draws what is asked for; returns the path written.

    Args:
      generator: Tiled.
      request: Request.

    Raises:
      Failed: the output cannot be written.
    """
    output = request.output
    try:
        if output.suffix.lower() == GRID:
            (taken,) = request.given.values()
            _write(output, generator, *taken(), request.side_by_side)
        elif output.exists():
            _write_all(output, generator, request)
        else:
            with files.new_folder(output) as folder:
                _write_all(folder, generator, request)
    except OSError as error:
        raise Failed(f"--output={output}: cannot be written: {error.strerror or error}.") from None
    return output


def _write_all(folder, generator, request):
    for name, taken in request.given.items():
        _write(folder / f"{name}{GRID}", generator, *taken(), request.side_by_side)


def _write(path, generator, picture, alpha, side_by_side):
    """Writes the enlarged picture, from top to bottom as it is drawn.

    A gray one stays gray. Transparency is enlarged by bicubic weights.
    """
    channels = picture.shape[2] + (alpha is not None)
    scale, (height, width) = generator.draw.scale, picture.shape[:2]
    given = picture
    if picture.shape[2] != generator.draw.shape[2]:
        given = pictures.fitted(picture[None], (height, width, generator.draw.shape[2]))[0]
    across = 2 if side_by_side else 1
    with files.replacing(path, durable=False) as beside, open(beside, "wb") as file:
        png = _Png(file, scale * height, across * scale * width, channels)
        top = 0
        for strip in generator.strips(given):
            rows = len(strip) // scale
            shape = (*strip.shape[:2], picture.shape[2])
            drawn = pictures.fitted(pictures.to_bytes(strip)[None], shape)[0]
            if side_by_side:
                drawn = np.concatenate([_enlarged(picture, scale, top, rows), drawn], axis=1)
            if alpha is not None:
                clear = _enlarged(alpha[..., None], scale, top, rows)
                drawn = np.concatenate([drawn, np.tile(clear, (1, across, 1))], axis=2)
            png.write(drawn)
            top += rows
        png.close()


def _enlarged(picture, scale, top, rows):
    """`rows` of a picture uint8 [h, w, c] from `top` on, by bicubic weights: uint8 [h, w, c]."""
    width = picture.shape[1]
    # What lies around them is looked at, and a little more.
    first, last = max(top - BICUBIC, 0), min(top + rows + BICUBIC, len(picture))
    image = picture[first:last]
    image = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    size, box = (scale * width, scale * rows), (0, top - first, width, top - first + rows)
    strip = np.asarray(image.resize(size, Image.Resampling.BICUBIC, box=box))
    return strip.reshape(*strip.shape[:2], -1)


class _Png:
    """A PNG file that is written a few rows at a time.

    Each row is told from the one above it, by PNG's filter 2.
    """

    def __init__(self, file, height, width, channels):
        self.file, self.packed = file, zlib.compressobj()
        self.above = np.zeros((1, width * channels), np.uint8)
        file.write(_PNG)
        head = struct.pack(">IIBBBBB", width, height, 8, _KINDS[channels], 0, 0, 0)
        self._chunk(b"IHDR", head)

    def write(self, rows):
        """Writes uint8 [n, w, c]."""
        flat = rows.reshape(len(rows), -1)
        up = flat - np.concatenate([self.above, flat[:-1]])
        self.above = flat[-1:].copy()
        filtered = np.concatenate([np.full((len(flat), 1), 2, np.uint8), up], axis=1).tobytes()
        for start in range(0, len(filtered), _BLOCK):
            self._chunk(b"IDAT", self.packed.compress(filtered[start : start + _BLOCK]))

    def close(self):
        """Writes the end."""
        self._chunk(b"IDAT", self.packed.flush())
        self._chunk(b"IEND", b"")

    def _chunk(self, kind, content):
        # An empty IDAT says nothing.
        if kind == b"IDAT" and not content:
            return
        checksum = zlib.crc32(kind + content)
        self.file.write(struct.pack(">I", len(content)) + kind + content)
        self.file.write(struct.pack(">I", checksum))
