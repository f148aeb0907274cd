"""A line that says how far a long loop is and how long it will take."""

import sys

from tqdm import tqdm


def progress(items, what):
    """Iterates over `items` (which have a length), with a bar on stderr; quiet under 2 seconds."""
    # To a file the bar is one line every half a minute, not ten a second.
    interval = 0.1 if sys.stderr.isatty() else 30.0
    return tqdm(items, desc=what, file=sys.stderr, mininterval=interval, delay=2.0)
