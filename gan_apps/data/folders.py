"""A folder of images, of any size and kind, as squares of one size."""

import sys
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gan_apps.settings import Refused

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# A picture of more pixels than this is not opened: a small file can hold gigabytes.
MAX_PIXELS = 50_000_000
# How many skipped files are named; the others are counted.
NAMED = 10
GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "F")
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


def load(folder, size):
    """The images of `folder` and of the folders in it, uint8 [n, size, size, 1 or 3].

    Each is cropped to its central square and resized. They are gray if all of them are; alpha lies
    on white; the camera's orientation is heeded. Files that cannot be used are skipped, counted and
    named on stderr.

    Args:
      folder: pathlib.Path.
      size: int. The side in pixels.

    Raises:
      Refused: the folder is missing, or holds no image that can be used.
    """
    if not folder.is_dir():
        raise Refused(f"--dataset={folder}: there is no such folder.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise Refused(f"--dataset={folder}: holds no image ({', '.join(SUFFIXES)}).")
    # Filled as the files are read: a list of squares would be the whole data again.
    images = np.empty((len(paths), size, size, 3), np.uint8)
    count, all_gray, skipped = 0, True, []
    for path in paths:
        try:
            image = read(path, size)
        except DAMAGE as error:
            skipped.append(f"{path.relative_to(folder)} ({reason(error)})")
            continue
        images[count] = colour(image)
        count, all_gray = count + 1, all_gray and image.ndim == 2
    if skipped:
        rest = f" and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
        print(
            f"{len(skipped)} of {len(paths)} files skipped: {', '.join(skipped[:NAMED])}{rest}.",
            file=sys.stderr,
        )
    if not count:
        raise Refused(f"--dataset={folder}: none of its {len(paths)} images can be read.")
    return images[:count, ..., :1].copy() if all_gray else images[:count]


def square(image, size):
    """The central square of a picture, uint8 [size, size] if it is gray, else [size, size, 3]."""
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    elif image.mode.startswith("I") or image.mode == "F":
        # 16 and 32 bits: the whole range of what is there.
        values = np.asarray(image, np.float32)
        low, high = float(values.min()), float(values.max())
        scaled = (values - low) * (255.0 / (high - low) if high > low else 0.0)
        image = Image.fromarray(scaled.astype(np.uint8))
    image = image.convert("L" if image.mode in GRAY_MODES else "RGB")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    box = (left, top, left + side, top + side)
    if side != size:
        image = image.resize((size, size), Image.Resampling.LANCZOS, box=box)
    else:
        image = image.crop(box)
    return np.asarray(image)


def colour(image):
    """An image uint8 [h, w] or [h, w, 3] with three channels."""
    return np.dstack([image] * 3) if image.ndim == 2 else image


def read(file, size):
    """The central square of an image file, as `square` gives it.

    Args:
      file: a path, or an open binary file.
      size: int. The side in pixels.

    Raises:
      One of DAMAGE.
    """
    with warnings.catch_warnings():
        # Pillow warns of sizes that could be an attack; ours are checked below.
        warnings.simplefilter("ignore")
        with Image.open(file) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError
            # JPEG alone can be read at a fraction of its size.
            image.draft(None, (2 * size, 2 * size))
            return square(ImageOps.exif_transpose(image), size)


def reason(error):
    """Why an image could not be read, for a message."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MAX_PIXELS:,} pixels"
    return str(error) or type(error).__name__
