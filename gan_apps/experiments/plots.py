"""One style for every picture of the laboratory: to be projected, and readable in gray.

Lines differ by their dashes and markers as well as by their colours, whose lightness differs too;
areas use cividis, which grows lighter from end to end.
"""

import contextlib

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402
from PIL import Image  # noqa: E402

from gan_apps.machine import files  # noqa: E402

# From dark to light, each with its own dashes and marker.
LINES = (
    {"color": "#111111", "linestyle": "-", "marker": "o"},
    {"color": "#0b4f9e", "linestyle": "--", "marker": "s"},
    {"color": "#c0392b", "linestyle": "-.", "marker": "^"},
    {"color": "#2e8b6f", "linestyle": ":", "marker": "D"},
    {"color": "#8e5ea2", "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
    {"color": "#d98e04", "linestyle": (0, (3, 1)), "marker": "P"},
    {"color": "#7f8c8d", "linestyle": (0, (1, 1)), "marker": "X"},
    {"color": "#6fb7e0", "linestyle": (0, (8, 2)), "marker": "*"},
)
REAL, FAKE, EXACT = "#111111", "#d1662b", "#0b4f9e"
AREAS = "cividis"
WIDTH = 12.0
STYLE = {
    "figure.dpi": 120,
    "figure.constrained_layout.use": True,
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "legend.frameon": False,
    "legend.fontsize": 12,
    "image.cmap": AREAS,
    # No date and no version: the same numbers give the same file.
    "savefig.dpi": 120,
}


def line(number, markers=True):
    """Keywords of `Axes.plot` for the line with this number."""
    style = dict(LINES[number % len(LINES)])
    if not markers:
        del style["marker"]
    return style


@contextlib.contextmanager
def figure(rows=1, columns=1, width=WIDTH, height=None, **subplots):
    """Yields (figure, axes as [rows][columns]) in the style; width and height in inches."""
    with pyplot.rc_context(STYLE):
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
            drawn.savefig(beside, format="png", metadata={"Software": None})


def write_animation(path, frames, seconds_per_frame=0.2, seconds_at_end=2.0):
    """Writes uint8 RGB frames [h, w, 3] as a GIF that is shown again and again."""
    first, *others = [Image.fromarray(frame).quantize(64) for frame in frames]
    durations = [round(1000 * seconds_per_frame)] * len(others) + [round(1000 * seconds_at_end)]
    with files.replacing(path, durable=False) as beside:
        first.save(beside, "GIF", save_all=True, append_images=others, duration=durations, loop=0)


def pixels(drawn):
    """A figure as uint8 [h, w, 3], a frame for `write_animation`."""
    drawn.canvas.draw()
    return np.asarray(drawn.canvas.buffer_rgba())[..., :3].copy()
