"""A clip that goes on: each frame drawn from the last ones, drawn ones among them."""

import numpy as np

from gan_apps.drawing import pictures


def going_on(generator, taken, histories, count):
    """The frames that come after those that are given.

    Every frame is rounded to what a file holds before the next is drawn from it, so that whoever
    has the files, a server or a page, goes on as is done here.

    Args:
      generator: function of {input: [n, h, w, frames * c]} -> images [n, h, w, c] in [-1, 1], as
        drawing.runtimes.open_generator gives it.
      taken: runs.draws.Pictures. What it takes.
      histories: uint8 [n, h, w, frames * c]. The last frames, the earliest first.
      count: int. How many frames to draw.

    Returns:
      uint8 [n, count, h, w, c].
    """
    drawn = []
    for _ in range(count):
        given = {taken.column: pictures.to_signed(histories)}
        drawn.append(pictures.to_bytes(generator(given)))
        channels = drawn[-1].shape[-1]
        histories = np.concatenate([histories[..., channels:], drawn[-1]], axis=-1)
    return np.stack(drawn, axis=1)
