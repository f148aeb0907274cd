"""Whether a generator copies: its pictures beside the training images that are nearest to them."""

import numpy as np
import tensorflow as tf

from gan_apps.drawing import pictures

# Images are compared as mosaics of this side, mirrored or not: a copy may be shifted a little.
SIDE = 16
PICTURES, NEAREST = 12, 5
_ROWS = 500


def sheet(images, real):
    """Pictures, each with its nearest real images to the right, as one picture.

    Args:
      images: uint8 [n, h, w, c]. Generated pictures, of which the first PICTURES are shown.
      real: uint8 [m, h, w, c], or what is indexed alike. The training images.

    Returns:
      uint8 [rows * h, (1 + NEAREST) * w, c].
    """
    shown = images[:PICTURES]
    distances = squared_distances(shown, real)
    nearest = np.argsort(distances, axis=1)[:, :NEAREST]
    rows = [np.concatenate([one[None], real[row]]) for one, row in zip(shown, nearest, strict=True)]
    return pictures.grid(np.concatenate(rows), 1 + NEAREST)


def nearest_distance(images, real, own=None):
    """The median over pictures of the distance to the nearest real image, in gray levels a cell.

    Args:
      images: uint8 [n, h, w, c].
      real: uint8 [m, h, w, c], or what is indexed alike.
      own: int [n] or None. Which of `real` each of `images` is, which is then not looked at.
    """
    distances = squared_distances(images, real)
    if own is not None:
        distances[np.arange(len(images)), own] = np.inf
    nearest = distances.min(axis=1)
    return float(np.median(np.sqrt(nearest / _mosaics(images[:1]).shape[1])))


def squared_distances(images, real):
    """Of each picture to each real image or its mirror image, whichever is nearer: [n, m]."""
    mosaics = _mosaics(images)
    columns = []
    for start in range(0, len(real), _ROWS):
        some = real[start : start + _ROWS]
        found = [_distances(mosaics, _mosaics(part)) for part in (some, some[:, :, ::-1])]
        columns.append(np.minimum(*found))
    return np.concatenate(columns, axis=1)


def _mosaics(images):
    small = tf.image.resize(images, (SIDE, SIDE), method="area").numpy()
    return small.reshape(len(images), -1)


def _distances(points, others):
    squares = np.sum(points**2, axis=1)[:, None] + np.sum(others**2, axis=1)
    return np.maximum(squares - 2.0 * points @ others.T, 0.0)


def labels_by_nearest(points, labels, others):
    """The label of the nearest of some points to each of others: int [m].

    Args:
      points: float32 [n, d].
      labels: int [n].
      others: float32 [m, d].
    """
    squares = tf.reduce_sum(points**2, axis=1)
    found = []
    for start in range(0, len(others), _ROWS):
        some = others[start : start + _ROWS]
        # But for what is the same for all points.
        distances = squares - 2.0 * tf.matmul(some, points, transpose_b=True)
        found.append(tf.argmin(distances, axis=1).numpy())
    return np.asarray(labels)[np.concatenate(found)]
