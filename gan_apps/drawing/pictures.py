"""Pictures as arrays: bytes and [-1, 1], grids and sheets of them, and their files."""

import io
import math
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gan_apps.operating_system import files

# A grid of small images is enlarged by whole pixels up to about this many on its longer side.
GRID_PIXELS = 900
MAX_ZOOM = 4
# Height of letters above pictures, and about how high such pictures are made.
FONT, TARGET_OF_CAPTIONED = 14, 128


def to_bytes(images):
    """Images in [-1, 1] as uint8 in [0, 255], rounded to the nearest."""
    return np.clip(np.round((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def to_signed(images):
    """The inverse: uint8 images as float32 in [-1, 1]."""
    return np.asarray(images) / np.float32(127.5) - np.float32(1.0)


def frames_of(images, count):
    """Pictures that are `count` frames each, on their channels, as single ones.

    Args:
      images: [n, h, w, count * c].

    Returns:
      [n, count, h, w, c].
    """
    *size, channels = images.shape
    return np.moveaxis(images.reshape(*size, count, channels // count), -2, 1)


def on_channels(frames):
    """The inverse of `frames_of`."""
    count, _, height, width, _ = frames.shape
    return np.moveaxis(frames, 1, -2).reshape(count, height, width, -1)


def square(count):
    """The number of columns that makes `count` pictures a nearly square grid."""
    return math.ceil(math.sqrt(count))


def grid(images, columns):
    """One picture of many, row by row, without gaps; cells left over are black.

    Args:
      images: uint8 [n, h, w, c].
      columns: int, or a list of ints that say how many images are in each row.

    Returns:
      uint8 [rows * h, columns * w, c].
    """
    count, height, width, channels = images.shape
    if isinstance(columns, int):
        lengths = [columns] * (count // columns) + [count % columns] * (count % columns > 0)
    else:
        lengths, columns = columns, max(columns)
    rows = len(lengths)
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    places = [row * columns + place for row in range(rows) for place in range(lengths[row])]
    cells[places] = images
    cells = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return cells.reshape(rows * height, columns * width, channels)


def fitted(images, shape):
    """Images uint8 [n, h, w, c] at the size and in the colours of `shape`, (h, w, c)."""
    height, width, channels = shape
    rows = np.arange(height) * images.shape[1] // height
    columns = np.arange(width) * images.shape[2] // width
    resized = images[:, rows][:, :, columns]
    if resized.shape[-1] == channels:
        return resized
    if channels == 3:
        return resized.repeat(3, axis=-1)
    return np.round(resized.mean(axis=-1, keepdims=True)).astype(np.uint8)


def stacked(parts):
    """Pictures uint8 [h, w, c] one below the other; where one is narrower, black."""
    width, channels = (max(part.shape[axis] for part in parts) for axis in (1, 2))
    padded = [
        np.pad(
            part if part.shape[2] == channels else part.repeat(3, axis=-1),
            [(0, 0), (0, width - part.shape[1]), (0, 0)],
        )
        for part in parts
    ]
    return np.concatenate(padded)


def sheet_of_given(images, frames, columns):
    """A picture of given ones, each of `frames` on its channels, which are one beside the other.

    Args:
      images: uint8 [n, h, w, frames * c].
      frames, columns: ints. How many of the given ones are in a row.
    """
    single = frames_of(images, frames)
    return grid(single.reshape(-1, *single.shape[2:]), columns * frames)


def read_given(path, taken):
    """The inverse of `sheet_of_given` in a file: uint8 [n, *taken.shape].

    Args:
      path: path of a PNG that is not enlarged.
      taken: runs.draws.Pictures.
    """
    single = read_grid(path, taken.shape_of_one)
    return on_channels(single.reshape(-1, taken.frames, *taken.shape_of_one))


def cells(image, columns, size):
    """The inverse of `enlarged(grid(images, columns))`: uint8 [rows, columns, h, w, c].

    Args:
      image: uint8 [h, w] or [h, w, 3], as a PNG of `write_png` holds it.
      columns: int. Images in a row of the grid.
      size: (height, width) of one in pixels.
    """
    height, width = size
    zoom = image.shape[1] // (columns * width)
    small = image.reshape(*image.shape[:2], -1)[::zoom, ::zoom]
    return small.reshape(-1, height, columns, width, small.shape[-1]).swapaxes(1, 2)


def read_grid(path, shape):
    """The cells of a PNG of a grid that is not enlarged, row by row: uint8 [n, h, w, c]."""
    height, width, channels = shape
    with Image.open(path) as image:
        pixels = np.asarray(image)
    found = cells(pixels, pixels.shape[1] // width, (height, width))
    return found.reshape(-1, height, width, channels)


def captioned(words, rows):
    """Rows of pictures, each below its words: uint8 [h, w, 3].

    Args:
      words: list of str.
      rows: uint8 [n, columns, h, w, c].
    """
    zoom = max(1, min(MAX_ZOOM, TARGET_OF_CAPTIONED // rows.shape[2]))
    width = rows.shape[1] * rows.shape[3] * zoom
    font = ImageFont.load_default(FONT)
    parts = []
    for text, row in zip(words, rows, strict=True):
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if font.getlength(longer) > width - 4 and line:
                lines, longer = [*lines, line], word
            line = longer
        lines.append(line)
        label = Image.new("RGB", (width, (FONT + 4) * len(lines) + 4), "white")
        ImageDraw.Draw(label).multiline_text((2, 2), "\n".join(lines), "black", font, spacing=4)
        picture = np.broadcast_to(grid(row, len(row)), (*grid(row, len(row)).shape[:2], 3))
        parts += [np.asarray(label), picture.repeat(zoom, axis=0).repeat(zoom, axis=1)]
    return np.concatenate(parts)


def enlarged(image):
    """A grid uint8 [h, w, c], repeated to whole multiples of its pixels for the eye."""
    zoom = max(1, min(MAX_ZOOM, GRID_PIXELS // max(image.shape[:2])))
    return image.repeat(zoom, axis=0).repeat(zoom, axis=1)


def write_png(path, image):
    """Writes uint8 [h, w, 1 or 3] as a gray or colour PNG."""
    with files.replacing(path, durable=False) as beside:
        beside.write_bytes(png(image))


def png(image):
    """The content of a PNG file of uint8 [h, w, 1 or 3], gray or in colour."""
    content = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(content, "PNG")
    return content.getvalue()


def write_gif(path, frames, seconds=0.08):
    """Writes frames uint8 [h, w, 1 or 3] as a GIF that repeats, each shown for `seconds`."""
    first, *rest = (Image.fromarray(np.squeeze(frame)) for frame in frames)
    with files.replacing(path, durable=False) as beside:
        first.save(
            beside, "GIF", save_all=True, append_images=rest, duration=1000 * seconds, loop=0
        )


def write_folder(path, images, names=None):
    """Writes pictures into the folder `path`, which is made if it is not there.

    Args:
      path: path.
      images: uint8 [n, h, w, c].
      names: sequence of str, or None for 000, 001, ...; each gets a .png.
    """
    path = pathlib.Path(path)
    digits = max(3, len(str(len(images) - 1)))
    names = names or [f"{number:0{digits}d}" for number in range(len(images))]
    if path.exists():
        _write_named(path, images, names)
    else:
        with files.new_folder(path) as folder:
            _write_named(folder, images, names)


def _write_named(folder, images, names):
    for name, image in zip(names, images, strict=True):
        write_png(folder / f"{name}.png", image)
