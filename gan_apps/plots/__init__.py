"""The one room that imports matplotlib: its style, and figures as PNG, GIF or SVG."""

from gan_apps.plots.figures import (
    counts_along,
    drawing,
    figure,
    pixels,
    shares_along,
    svg,
    write_animation,
)
from gan_apps.plots.style import AREAS, EXACT, FAILED, FAKE, LEVEL, REAL, SMALL, line
