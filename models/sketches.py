"""A picture as somebody might have drawn it: thin dark lines on white paper.

After Canny (1986, IEEE PAMI 8, 679-698): smoothing, derivatives, thinning to what stands out across
a line, and two thresholds, of which the lower one holds where a line goes on. What stands out is
not how steep a picture is but how much darker than its surroundings (a difference of two
smoothings; Marr & Hildreth 1980, Proc. R. Soc. B 207, 187-217): a stroke of the pen then is one
line, where its two edges would be two, and an edge is a line on its darker side.

Every number on the way is a whole one of at most 2**24, which float32 holds exactly. So a picture
has one sketch to the bit, whatever else is in the batch, and whether TensorFlow, XLA, LiteRT or a
browser draws it. Shapes are static, and all operations LiteRT's own.
"""

from collections.abc import Sequence

import tensorflow as tf

# By how many gray levels a line is darker than its surroundings where it begins, and goes on.
BEGINS, GOES_ON = 7, 3
# For how many pixels a line may go on without being as dark as where one begins.
REACH = 8
# What the weights of the two smoothings add up to.
_FINE, _COARSE = 4**2, 16**4
_LUMA = (0.299, 0.587, 0.114)


def sketch(images: tf.Tensor) -> tf.Tensor:
    """Pictures as line drawings.

    Args:
      images: float32 [n, h, w, c] in [-1, 1]; h, w and c static, h and w at least 3.

    Returns:
      float32 [n, h, w, 1], of 1, which is paper, and -1, which is a line of one or two pixels.
    """
    # In the darkest channel strong colours are dark, as is ink.
    levels = tf.floor((tf.reduce_min(images, axis=-1, keepdims=True) + 1.0) * 127.5 + 0.5)
    fine = _smoothed(levels, (1.0, 2.0, 1.0))
    coarse = _smoothed(_smoothed(levels, (1.0, 4.0, 6.0, 4.0, 1.0)), (1.0, 4.0, 6.0, 4.0, 1.0))
    darkness = coarse - _COARSE // _FINE * fine
    ridge = _stands_out(darkness, fine)
    lines = ridge * tf.cast(darkness >= _COARSE * BEGINS, tf.float32)
    may_go_on = ridge * tf.cast(darkness >= _COARSE * GOES_ON, tf.float32)
    for _ in range(REACH):
        lines = tf.nn.max_pool2d(lines, 3, 1, "SAME") * may_go_on
    return 1.0 - 2.0 * lines


def gray(images: tf.Tensor) -> tf.Tensor:
    """Pictures without their colours: the luma of BT.601, in the 256 levels of a file.

    Args:
      images: float32 [n, h, w, c] in [-1, 1], c static and 1 or 3.

    Returns:
      float32 [n, h, w, 1] in [-1, 1].
    """
    if images.shape[-1] == 1:
        return images
    luma = tf.reduce_sum(images * tf.constant(_LUMA), axis=-1, keepdims=True)
    return tf.floor((luma + 1.0) * 127.5 + 0.5) / 127.5 - 1.0


def _shifted(values: tf.Tensor, axis: int, reach: int) -> list[tf.Tensor]:
    """Values -reach to reach places further along an axis: a list of [n, h, w, c]."""
    paddings = [[0, 0]] * 4
    paddings[axis] = [reach, reach]
    padded = tf.pad(values, paddings, "REFLECT")
    size = [-1] * 4
    size[axis] = values.shape[axis]
    return [
        tf.slice(padded, [place if this == axis else 0 for this in range(4)], size)
        for place in range(2 * reach + 1)
    ]


def _smoothed(values: tf.Tensor, weights: Sequence[float]) -> tf.Tensor:
    """Sums of neighbours by whole weights, along both axes."""
    for axis in (1, 2):
        shifted = _shifted(values, axis, len(weights) // 2)
        values = tf.add_n([weight * one for weight, one in zip(weights, shifted, strict=True)])
    return values


def _stands_out(darkness: tf.Tensor, surface: tf.Tensor) -> tf.Tensor:
    """1 where neither neighbour across a line through `surface` is darker, else 0."""
    rows = _shifted(surface, 1, 1)
    (a, b, c), (d, _, f), (g, h, i) = (_shifted(row, 2, 1) for row in rows)
    # Of the second derivatives, all twice: down - right, and twice the mixed one. They are cosine
    # and sine of twice the angle at which the surface bends most, and four directions suffice.
    difference, product = 2.0 * (b + h - d - f), a + i - c - g
    vertical = tf.cast(difference >= tf.abs(product), tf.float32)
    horizontal = tf.cast(-difference > tf.abs(product), tf.float32)
    falling = tf.cast(product >= 0.0, tf.float32)
    around = [_shifted(row, 2, 1) for row in _shifted(darkness, 1, 1)]

    def darker_than(row: int, column: int) -> tf.Tensor:
        before, after = around[1 - row][1 - column], around[1 + row][1 + column]
        # Of two that are alike one is left.
        return tf.cast((darkness > before) & (darkness >= after), tf.float32)

    diagonal = falling * darker_than(1, 1) + (1.0 - falling) * darker_than(1, -1)
    return (
        vertical * darker_than(1, 0)
        + horizontal * darker_than(0, 1)
        + (1.0 - vertical - horizontal) * diagonal
    )


# What a source can be made by of a picture: name -> function of pictures.
SOURCES = {"edges": sketch, "gray": gray}
