"""How near enlarged photos are to their originals, as the field measures it.

A test photo, cut to a multiple of the scale, is reduced by bicubic weights, enlarged again and
compared with itself: on the luma of ITU-R BT.601 in [16, 235], without a border as wide as the
scale (Ledig et al. 2017, section 3.1). Pillow's bicubic filter is MATLAB's: plain enlargement reads
28.43 dB on Set5 at 4 x, as it is printed everywhere, and 26.09 on Set14, whose one gray photo is
taken for a coloured one here; taken in [0, 255] it makes that 26.00.
"""

import numpy as np
import tensorflow as tf

from gan_apps.data import folders, photos
from gan_apps.data.photos import Reduction
from gan_apps.drawing import pictures, runtimes
from gan_apps.evaluation import appearance

# R, G and B of 255 each to luma less 16.
_LUMA = np.array([65.481, 128.553, 24.966]) / 255.0
# Sets that have no name of their own.
UNNAMED = "test photos"


def measured(run, recipe, name, dataset, runtime="auto"):
    """What is said of the test photos of a run that enlarges; None of any other run.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      name: str. Of one of its draws.
      dataset: str. Where its data are now.
      runtime: as in drawing.runtimes.open_generator.

    Returns:
      {set: {"psnr", "ssim", "sharpness": values of each photo of the network, "plain_psnr",
      "plain_ssim", "plain_sharpness": of bicubic enlargement}}, by the folders that the photos lie
      in; None also where no photo is kept apart.
    """
    reduction = Reduction.of(recipe.settings)
    if reduction is None or not reduction.reads(dataset) or not reduction.has_test(dataset):
        return None
    generator = runtimes.open_generator(run, recipe, runtime, None, name)
    found = {}
    for path, photo in photos.read(dataset, folders.TEST):
        if isinstance(photo, str):
            continue
        photo = photos.whole_steps(photo, reduction.scale)
        if min(photo.shape[:2]) < appearance.WINDOW + 2 * reduction.scale:
            continue
        drawn, plain = enlargements(photo, reduction.scale, generator)
        folder = path.rpartition("/")[0].rpartition("/")[2]
        name = folder if folder.casefold() not in ("", *folders.TESTS, folders.TRAIN) else UNNAMED
        of_set = found.setdefault(name, {})
        of_photo = {
            **compared(drawn, photo, reduction.scale),
            **{f"plain_{n}": v for n, v in compared(plain, photo, reduction.scale).items()},
        }
        for measure, value in of_photo.items():
            of_set.setdefault(measure, []).append(value)
    return {name: {n: np.array(v) for n, v in of_set.items()} for name, of_set in found.items()}


def enlargements(photo, scale, generator):
    """A photo reduced and enlarged again, by a network and by bicubic weights: like the photo.

    Args:
      photo: uint8 [h, w] or [h, w, 3], both multiples of the scale.
      scale: int.
      generator: drawing.tiles.Tiled.
    """
    small = photos.reduced(photo, scale)
    channels = generator.draw.shape[2]
    given = pictures.fitted(small.reshape(1, *small.shape[:2], -1), (*small.shape[:2], channels))
    drawn = pictures.to_bytes(generator({generator.column: pictures.to_signed(given)}))
    drawn = pictures.fitted(drawn, (*photo.shape[:2], 1 if photo.ndim == 2 else 3))[0]
    return drawn.reshape(photo.shape), photos.enlarged(small, scale)


def compared(drawn, photo, border):
    """An enlarged photo beside the original: {"psnr": dB, "ssim", "sharpness"}, floats.

    Args:
      drawn, photo: uint8 [h, w] or [h, w, 3], of the same shape.
      border: int. Rows and columns on each side that do not count.
    """
    ours, theirs = (_luma(one)[border:-border, border:-border] for one in (drawn, photo))
    error = np.mean((ours - theirs) ** 2)
    both = (tf.constant(one[None, ..., None], tf.float32) for one in (ours, theirs))
    edges = [appearance.edges(one.reshape(1, *one.shape[:2], -1))[0] for one in (drawn, photo)]
    return {
        "psnr": min(10.0 * np.log10(255.0**2 / max(error, 1e-12)), appearance.MOST_DB),
        "ssim": float(tf.image.ssim(*both, 255.0, filter_size=appearance.WINDOW)[0]),
        "sharpness": edges[0] / edges[1] if edges[1] else 1.0,
    }


def _luma(photo):
    """float64 [h, w] in [16, 235]."""
    values = photo.astype(np.float64)
    return 16.0 + (values * _LUMA.sum() if values.ndim == 2 else values @ _LUMA)
