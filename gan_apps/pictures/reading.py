"""A picture of any kind as a square of uint8, upright, on one scale, on white."""

import warnings

import numpy as np
from PIL import ExifTags, Image, ImageSequence, UnidentifiedImageError

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".gif"),
    *(".tif", ".tiff", ".jp2", ".tga", ".ppm", ".pgm", ".pbm", ".pnm"),
)
# Those of files that may hold several frames.
MOVING_SUFFIXES = (".gif", ".apng", ".webp")
# A picture of more pixels than this is not opened: a small file can hold gigabytes.
MAX_PIXELS = 50_000_000
GRAY_MODES = ("1", "L", "LA", "La")
# The largest value of a picture of whole numbers of more than 8 bits, and of one of floats.
DEEP, FLOAT = 65_535, 1
# Rounding may lead a float picture so far beyond.
ROUNDING = 1e-3
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unreadable(Exception):
    """A picture that cannot be used; the message says why in a few words."""


def square(image, size):
    """The central square of a picture, uint8 [size, size] if it is gray, else [size, size, 3].

    Raises:
      ValueError: its values are not finite, or beyond the one scale that all pictures have.
    """
    image = _on_white(image)
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    box = (left, top, left + side, top + side)
    if side != size:
        image = image.resize((size, size), Image.Resampling.LANCZOS, box=box)
    else:
        image = image.crop(box)
    return np.asarray(image)


def whole(image):
    """A picture at its own size, uint8 [h, w] if it is gray, else [h, w, 3]; raises as `square`."""
    return np.asarray(_on_white(image))


def _apart(image):
    if image.mode.startswith("I") or image.mode == "F":
        # What is transparent of it, if anything, is white then.
        image = _of_8_bits(image)
    alpha, is_gray = None, image.mode in GRAY_MODES
    if _is_transparent(image):
        image = _with_alpha(image)
        alpha = np.asarray(image.getchannel("A"))
        alpha = None if alpha.min() == 255 else alpha
        image = image.convert("RGB")
    return np.asarray(image.convert("L" if is_gray else "RGB")), alpha


def _on_white(image):
    """A picture of 8 bits, in gray or in colour, without transparency."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _of_8_bits(image)
    if _is_transparent(image):
        image = _with_alpha(image)
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image.convert("L" if image.mode in GRAY_MODES else "RGB")


def _is_transparent(image):
    return "A" in image.getbands() or "transparency" in image.info


def _with_alpha(image):
    """A transparent picture as RGBA."""
    transparent = image.info.get("transparency")
    if isinstance(transparent, tuple) and max(transparent) > 255:
        # Of a picture of 16 bits, whose lower eight Pillow has dropped.
        image.info["transparency"] = tuple(value >> 8 for value in transparent)
    return image.convert("RGBA")


def _of_8_bits(image):
    """A gray picture of whole numbers of 16 or 32 bits, or of floats, as one of 8 bits.

    Every picture has the same scale, which is that of a colour picture of 16 bits, whose lower
    eight Pillow drops: 0 to 65,535, and 0 to 1 for floats.
    """
    values = np.asarray(image)
    is_float = image.mode == "F"
    if not np.isfinite(values).all():
        raise ValueError("a value is not finite")
    low, high, largest = values.min(), values.max(), FLOAT if is_float else DEEP
    slack = ROUNDING if is_float else 0
    if low < -slack or high > largest + slack:
        raise ValueError(f"values of {low:,} to {high:,}, not of 0 to {largest:,}")
    small = np.round(np.clip(values, 0, 1) * 255) if is_float else values >> 8
    small = np.where(values == image.info.get("transparency"), 255, small)
    return Image.fromarray(small.astype(np.uint8))


def colour(image):
    """An image uint8 [h, w] or [h, w, 3] with three channels."""
    return np.dstack([image] * 3) if image.ndim == 2 else image


def read(file, size):
    """The central square of an image file, as `square` gives it.

    Args:
      file: a path, or an open binary file.
      size: int. The side in pixels.

    Raises:
      Unreadable: it is no picture, is damaged, or cannot be used.
    """
    return _opened(file, lambda image: square(image, size), size)


def read_whole(file):
    """The picture of a file at its own size, as `whole` gives it; raises as `read`."""
    return _opened(file, whole)


def read_apart(file):
    """The picture of a file at its own size, and what of it can be seen through.

    Returns:
      (uint8 [h, w] if it is gray, else [h, w, 3]; uint8 [h, w], 0 where nothing is to be seen, or
      None if all of it is): the colours are those of the file, on no ground.

    Raises:
      Unreadable: as in `read`.
    """
    return _opened(file, _apart)


def check(file):
    """Looks at the head of an image file alone: raises as `read` for what is none, or too large."""
    _opened(file, None)


def read_with_size(file, size):
    """The same, and the (width, height) that the picture has itself."""
    return _opened(file, lambda image: (square(image, size), image.size))


def read_double(file, size):
    """The central squares of the left and the right half of an image file, as `square` gives them.

    Returns:
      (left, right), or the picture's (width, height) as a string if it is not twice as wide as
      high.

    Raises:
      Unreadable: as in `read`.
    """
    return _opened(file, lambda image: _halves(image, size))


def _halves(image, size):
    width, height = image.size
    if width != 2 * height:
        return f"{width}x{height}"
    boxes = (0, 0, height, height), (height, 0, width, height)
    return tuple(square(image.crop(box), size) for box in boxes)


def read_cells(file, rows, columns, size):
    """The central squares of the cells of a sheet, row by row, as `square` gives them.

    Returns:
      list of rows * columns squares, or the picture's size as a string if it has no such rows and
      columns.

    Raises:
      Unreadable: as in `read`.
    """
    return _opened(file, lambda image: _cells(image, rows, columns, size))


def _cells(image, rows, columns, size):
    width, height = image.size
    if width % columns or height % rows:
        return f"{width}x{height}"
    width, height = width // columns, height // rows
    corners = [(width * column, height * row) for row in range(rows) for column in range(columns)]
    boxes = [(left, top, left + width, top + height) for left, top in corners]
    return [square(image.crop(box), size) for box in boxes]


def is_animation(opened, name):
    """Whether a picture file holds several frames.

    Args:
      opened: function that gives a path, or an open binary file.
      name: str. Of the file.
    """
    if not name.lower().endswith(MOVING_SUFFIXES):
        return False
    try:
        with Image.open(opened()) as image:
            return getattr(image, "n_frames", 1) > 1
    except Exception:
        # What is damaged is named when it is read.
        return False


def read_frames(file, size):
    """The central squares of the frames of an animation, as `square` gives them, and their size.

    Args:
      file, size: as in `read`.

    Returns:
      (list of squares, (width, height)); one square of a picture that is still.

    Raises:
      Unreadable: as in `read`.
    """

    def frames(image):
        return [square(one, size) for one in ImageSequence.Iterator(image)], image.size

    return _opened(file, frames)


def _opened(file, taken, size=None):
    """What `taken` makes of the picture in a file, upright.

    Args:
      file, size: as in `read`; without a size the picture is read at its own.
      taken: function of a PIL.Image, or None to read the head alone.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that could be an attack; ours are checked below.
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                if taken is None:
                    return None
                if size is not None:
                    # JPEG alone can be read at a fraction of its size.
                    image.draft(None, (2 * size, 2 * size))
                image.load()
                return taken(_upright(image))
    except MemoryError:
        raise
    except Exception as error:
        # Pillow's readers raise whatever a damaged file leads them to.
        raise Unreadable(_reason(error)) from None


def _upright(image):
    """A picture as it was held; only the orientation of its EXIF is looked at."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:
        # Viewers show a picture whose EXIF is damaged as it is.
        return image
    return image if turn is None else image.transpose(turn)


def _reason(error):
    """Why an image could not be read, for a message."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MAX_PIXELS:,} pixels"
    return " ".join(str(error).split()) or type(error).__name__
