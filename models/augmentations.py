"""What a discriminator is shown instead of an image, so that it cannot learn the images by heart.

Real and generated images are changed alike, each by its own random numbers, and the generator's
gradient goes through: so it learns to draw images as they are, not as they are shown.

Each change is a pure function of images float32 [n, h, w, c] in [-1, 1] and of uniform numbers in
[0, 1), float32 [n, draws]. Where there is no picture, there is middle gray, 0.

Reference: Zhao et al. 2020 (arXiv 2006.10738), "DiffAugment"; ranges as in the authors' code.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import tensorflow as tf

# The share of the side by which an image is moved at most, and that of the square cut out of it.
REACH = 1 / 8
CUT = 1 / 2
# How far images are turned (radians) and slanted at most, and the most they are stretched.
TURN = math.pi / 9
SLANT = 0.4
STRETCH = 1.25


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation:
    """A change of images.

    Args:
      name: str. The row's name in `AUGMENTATIONS` and on the command line.
      draws: int. Uniform numbers that it takes for each image.
      changed: (images, uniform numbers [n, draws]) -> images of the same shape.
    """

    name: str
    draws: int
    changed: Callable


def translated(images: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Images moved by whole pixels, by up to REACH of the side along each axis."""
    for axis in (1, 2):
        side = images.shape[axis]
        reach = round(REACH * side)
        steps = tf.cast(tf.floor(uniform[:, axis - 1] * (2 * reach + 1)), tf.int32) - reach
        padded = tf.pad(images, [[reach, reach] if axis == one else [0, 0] for one in range(4)])
        places = reach + tf.range(side) - steps[:, None]
        images = tf.gather(padded, places, axis=axis, batch_dims=1)
    return images


def cut_out(images: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Images without a square of half their side, whose middle is anywhere in the image."""
    inside = tf.ones((1, 1, 1, 1))
    for axis in (1, 2):
        side = images.shape[axis]
        width = round(CUT * side)
        first = tf.floor(uniform[:, axis - 1] * side) - width // 2
        places = tf.range(side, dtype=tf.float32) - first[:, None]
        within = tf.cast((places >= 0.0) & (places < width), tf.float32)
        inside *= tf.expand_dims(within, 3 - axis)[..., None]
    return images * (1.0 - inside)


def recoloured(images: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Images of other brightness (up to .5 more or less), saturation (0 to 2 x) and contrast."""
    brightness, saturation, contrast = tf.split(uniform[:, :, None, None], 3, axis=1)
    images += brightness - 0.5
    gray = tf.reduce_mean(images, axis=3, keepdims=True)
    images = gray + (images - gray) * (2.0 * saturation)
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    # .5 to 1.5 x.
    return mean + (images - mean) * (contrast + 0.5)


def warped(images: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Images turned, slanted and stretched about their middle; beyond the rim its pixels go on.

    A pixel is read between four others. (TensorFlow's ImageProjectiveTransformV3 has for a gradient
    a picture that is turned back, which is another, and XLA does not know it.)
    """
    turn, slant, across, down = tf.unstack(2.0 * uniform[:, :, None, None] - 1.0, axis=1)
    cosine, sine = tf.cos(TURN * turn), tf.sin(TURN * turn)
    across, down, slant = STRETCH**across, STRETCH**down, SLANT * slant
    height, width = images.shape[1:3]
    y, x = (tf.range(side, dtype=tf.float32) - (side - 1) / 2 for side in (height, width))
    # Where it is read: turned by R what is stretched and then slanted.
    x, y = x * across + slant * y[:, None] * down, y[:, None] * down
    x, y = cosine * x - sine * y, sine * x + cosine * y
    parts, shares = [], []
    for place, side in ((y, height), (x, width)):
        place += (side - 1) / 2
        first = tf.floor(place)
        whole = tf.cast(first, tf.int32)
        parts.append([tf.clip_by_value(whole + one, 0, side - 1) for one in (0, 1)])
        shares.append([1.0 - (place - first), place - first])
    flat = tf.reshape(images, (-1, height * width, images.shape[3]))
    return tf.add_n(
        [
            (share_y * share_x)[..., None] * tf.gather(flat, y * width + x, batch_dims=1)
            for y, share_y in zip(parts[0], shares[0], strict=True)
            for x, share_x in zip(parts[1], shares[1], strict=True)
        ]
    )


# In the order in which they are done.
COLOUR = Augmentation(name="colour", draws=3, changed=recoloured)
TRANSLATION = Augmentation(name="translation", draws=2, changed=translated)
CUTOUT = Augmentation(name="cutout", draws=2, changed=cut_out)

WARP = Augmentation(name="warp", draws=4, changed=warped)

AUGMENTATIONS = {row.name: row for row in (COLOUR, WARP, TRANSLATION, CUTOUT)}


def named(names: Sequence[str]) -> list[Augmentation]:
    """Rows by their names, in the order in which they are done; ValueError for others."""
    if odd := [name for name in names if name not in AUGMENTATIONS]:
        raise ValueError(f"augmentations must be among {', '.join(AUGMENTATIONS)}, got {odd[0]!r}.")
    return [row for name, row in AUGMENTATIONS.items() if name in names]


def augmented(
    rows: Sequence[Augmentation], images: tf.Tensor, uniform: Callable[[tuple], tf.Tensor]
) -> tf.Tensor:
    """Images changed by rows, each with numbers that `uniform` draws for it by their shape."""
    for row in rows:
        images = row.changed(images, uniform((images.shape[0], row.draws)))
    return images
