"""Clips of digits that move and bounce off the edges: made of still ones, by a seed alone.

With exact reflection everything that comes is in what has been. With a new direction at each bounce
it is not: nothing in a clip says where a digit goes from the edge.
"""

import numpy as np

# Digits in a clip; where they overlap the brighter one is seen (Srivastava et al. 2015, arXiv
# 1502.04681, section 3).
DIGITS = 2
FRAMES = 16
# What a digit moves from one frame to the next, as a share of the way from edge to edge.
SPEED = 0.2


def clips(stills, count, side, seed, turns_at_edges=False):
    """Clips of moving digits, the same ones for the same arguments.

    Args:
      stills: uint8 [n, h, w, 1]. What moves, on black.
      count: int. How many clips.
      side: int. Of a frame, more than h and w.
      seed: int.
      turns_at_edges: bool. Whether a digit at an edge takes a new direction, drawn uniformly from
        those that lead back; else it is reflected exactly. Default False.

    Returns:
      uint8 [count, FRAMES, side, side, 1].
    """
    random = np.random.RandomState(seed)
    chosen = random.randint(0, len(stills), (count, DIGITS))
    starts = random.uniform(0.0, 1.0, (count * DIGITS, 2))
    angles = random.uniform(0.0, 2.0 * np.pi, count * DIGITS)
    if turns_at_edges:
        ways = _turning(starts, angles, random)
    else:
        ways = reflected(starts[:, None] + np.arange(FRAMES)[:, None] * _steps(angles)[:, None])
    return drawn(stills[chosen], ways.reshape(count, DIGITS, FRAMES, 2), side)


def drawn(stills, ways, side):
    """Stills on their ways; of those that overlap the brighter one is seen.

    Args:
      stills: uint8 [n, digits, h, w, 1].
      ways: floats [n, digits, frames, 2] in [0, 1]. Where each is, down and to the right, as a
        share of the way from edge to edge.
      side: int.

    Returns:
      uint8 [n, frames, side, side, 1].
    """
    count, digits, height, width, _ = stills.shape
    places = np.round(ways * (side - np.array([height, width]))).astype(int)
    made = np.zeros((count, ways.shape[2], side, side, 1), np.uint8)
    for clip in range(count):
        for digit in range(digits):
            for frame, (top, left) in enumerate(places[clip, digit]):
                seen = made[clip, frame, top : top + height, left : left + width]
                np.maximum(seen, stills[clip, digit], out=seen)
    return made


def reflected(places):
    """Places on an endless line as a mirror at 0 and one at 1 show them: 1.1 is at 0.9.

    Reference: Srivastava et al. 2015; so does tensorflow_datasets.video.moving_sequence.
    """
    within = places % 2.0
    return np.minimum(2.0 - within, within)


def _steps(angles):
    return SPEED * np.stack([np.sin(angles), np.cos(angles)], axis=-1)


def _turning(places, angles, random):
    """Ways [n, FRAMES, 2] on which a step over an edge is one in a new direction instead."""
    ways = [places]
    for _ in range(FRAMES - 1):
        steps = _steps(angles)
        while (outside := np.any(np.abs(places + steps - 0.5) > 0.5, axis=1)).any():
            angles = np.where(outside, random.uniform(0.0, 2.0 * np.pi, len(angles)), angles)
            steps = _steps(angles)
        places = places + steps
        ways.append(places)
    return np.stack(ways, axis=1)
