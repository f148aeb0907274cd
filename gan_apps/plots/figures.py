"""Figures in the style, as PNG, as frames of a GIF, or as SVG."""

import contextlib
import io

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot, ticker  # noqa: E402
from PIL import Image  # noqa: E402

from gan_apps.operating_system import files  # noqa: E402
from gan_apps.plots.style import LARGE  # noqa: E402

WIDTH = 12.0


@contextlib.contextmanager
def figure(rows=1, columns=1, width=WIDTH, height=None, style=LARGE, **subplots):
    """Yields (figure, axes as [rows][columns]) in the style; width and height in inches."""
    with pyplot.rc_context(style):
        height = height or rows * width / columns * 0.62
        drawn, axes = pyplot.subplots(
            rows, columns, figsize=(width, height), squeeze=False, **subplots
        )
        try:
            yield drawn, axes
        finally:
            pyplot.close(drawn)


@contextlib.contextmanager
def drawing(path, **layout):
    """Yields the same, and writes it as a PNG when the body is done."""
    with figure(**layout) as (drawn, axes):
        yield drawn, axes
        with files.replacing(path, durable=False) as beside:
            # No date and no version: the same numbers give the same file.
            drawn.savefig(beside, format="png", metadata={"Software": None})


def svg(drawn):
    """A figure as SVG: bytes, the same for the same numbers."""
    image = io.BytesIO()
    drawn.savefig(image, format="svg", metadata={"Date": None, "Creator": None})
    return image.getvalue()


def pixels(drawn):
    """A figure as uint8 [h, w, 3], a frame for `write_animation`."""
    drawn.canvas.draw()
    return np.asarray(drawn.canvas.buffer_rgba())[..., :3].copy()


def write_animation(path, frames, seconds_per_frame=0.2, seconds_at_end=2.0):
    """Writes uint8 RGB frames [h, w, 3] as a GIF that is shown again and again."""
    first, *others = [Image.fromarray(frame).quantize(64) for frame in frames]
    durations = [round(1000 * seconds_per_frame)] * len(others) + [round(1000 * seconds_at_end)]
    with files.replacing(path, durable=False) as beside:
        first.save(beside, "GIF", save_all=True, append_images=others, duration=durations, loop=0)


def shares_along(axis):
    """Writes the numbers along an axis, which are shares of 1, in percent."""
    axis.set_major_formatter(ticker.PercentFormatter(1.0, decimals=0))


def counts_along(axis):
    """Writes the numbers along an axis, which are counts, at six places and as 1k or 1M."""
    axis.set_major_formatter(ticker.EngFormatter(sep=""))
    axis.set_major_locator(ticker.MaxNLocator(6))
