"""Sliced Wasserstein distance of patches: at which scale pictures differ, without any network.

Pictures are taken apart into a Laplacian pyramid (Burt & Adelson 1983), each of whose levels holds
the detail of one scale, and patches of a level are compared on random lines, where Wasserstein's
distance is that of sorted numbers. NumPy only.

Reference: Karras et al. 2018 (arXiv 1710.10196), section 5: patches of 7x7, normalised by the mean
and deviation of each channel among the patches of their own set. What does not change a pyramid's
normalised patches, such as less contrast, is not seen. Ours are fewer: 16 patches of a picture
instead of 128, on 128 lines instead of 512.
"""

import numpy as np

SIDE = 7
PATCHES, LINES = 16, 128
# The side of the coarsest level: a patch is half of it.
LEAST = 2 * SIDE
# The paper gives distances in thousandths.
SCALE = 1e3
_TAPS = np.array([1.0, 4.0, 6.0, 4.0, 1.0], np.float32) / 16.0
_ROWS = 250


def sides(side):
    """The sides of the levels of square pictures, the finest first; () if they hold no patch."""
    found = [side] if side >= SIDE else []
    while found and (found[-1] + 1) // 2 >= LEAST:
        found.append((found[-1] + 1) // 2)
    return found


def pyramid(images, count):
    """The first `count` levels of a Laplacian pyramid: float32 [n, side, side, c] each.

    All but the last hold what the next one, enlarged, lacks; the last is what is left.
    """
    levels = [np.asarray(images, np.float32)]
    for _ in range(count - 1):
        fine = levels[-1]
        coarse = _smoothed(fine)[:, ::2, ::2]
        levels[-1] = fine - _enlarged(coarse, fine.shape)
        levels.append(coarse)
    return levels


def patches(images, count, seed):
    """`count` patches of each level of pictures, normalised.

    Args:
      images: uint8 [n, side, side, c]. As many patches of each picture, but for one.
      count, seed: ints.

    Returns:
      {side of the level: float32 [count, SIDE * SIDE * c]}.
    """
    random = np.random.RandomState(seed)
    of_levels = sides(images.shape[1])
    owners = np.sort(np.arange(count) % len(images))
    found = {side: [] for side in of_levels}
    for start in range(0, len(images), _ROWS):
        mine = owners[(owners >= start) & (owners < start + _ROWS)] - start
        levels = pyramid(images[start : start + _ROWS], len(of_levels))
        for side, level in zip(of_levels, levels, strict=True):
            views = np.lib.stride_tricks.sliding_window_view(level, (SIDE, SIDE), (1, 2))
            tops, lefts = random.randint(0, side - SIDE + 1, (2, len(mine)))
            found[side].append(views[mine, tops, lefts])
    return {side: _normalised(np.concatenate(some)) for side, some in found.items()}


def distance(points, others, seed):
    """SCALE x the mean over LINES random directions of Wasserstein's distance of projections.

    Args:
      points, others: [n, d] each, of equal length.
      seed: int. Of the directions.
    """
    lines = np.random.RandomState(seed).standard_normal((LINES, points.shape[1]))
    lines = (lines / np.linalg.norm(lines, axis=1, keepdims=True)).astype(np.float32)
    ours, theirs = (np.sort(lines @ some.T) for some in (points, others))
    return SCALE * float(np.mean(np.abs(ours - theirs), dtype=np.float64))


def _smoothed(images):
    for axis in (1, 2):
        around = [(2, 2) if place == axis else (0, 0) for place in range(4)]
        padded = np.pad(images, around, mode="reflect")
        length = images.shape[axis]
        images = sum(
            tap * np.take(padded, range(place, place + length), axis)
            for place, tap in enumerate(_TAPS)
        )
    return images


def _enlarged(images, shape):
    """Twice as large, or as `shape` has it where its sides are odd."""
    stuffed = np.zeros(shape, np.float32)
    stuffed[:, ::2, ::2] = images
    return 4.0 * _smoothed(stuffed)


def _normalised(values):
    """Patches [n, c, SIDE, SIDE] as rows; a channel without any contrast stays 0."""
    values = values - values.mean(axis=(0, 2, 3), keepdims=True)
    spread = values.std(axis=(0, 2, 3), keepdims=True)
    return (values / np.where(spread > 0.0, spread, 1.0)).reshape(len(values), -1)
