"""One style for every figure: readable when projected, printed in gray, or small on a page.

Lines differ by their dashes and markers as well as by their colours, whose lightness differs too;
areas use cividis, which grows lighter from end to end.
"""

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
# A value to compare with, and a time at which something failed.
LEVEL, FAILED = "#777777", "#e8b4ae"
AREAS = "cividis"

_SHARED = {
    "figure.constrained_layout.use": True,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "image.cmap": AREAS,
    # Letters stay letters: the reader's own are sharp, and the file is small.
    "svg.fonttype": "none",
    # The same numbers give the same file.
    "svg.hashsalt": "gan_apps",
}
# For a lecture hall.
LARGE = {
    **_SHARED,
    "figure.dpi": 120,
    "savefig.dpi": 120,
    "font.size": 13,
    "axes.titlesize": 14,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "legend.fontsize": 12,
}
# For many beside each other on a page.
SMALL = {
    **_SHARED,
    "font.size": 9,
    "axes.titlesize": 10,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
}


def line(number, markers=True):
    """Keywords of `Axes.plot` for the line with this number."""
    style = dict(LINES[number % len(LINES)])
    if not markers:
        del style["marker"]
    return style
