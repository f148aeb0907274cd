"""How long a picture takes in a browser, on the page that is drawn on.

  python -m benchmarks.browser --run_dir=checkpoints/pix2pix_faces

Draws lines with the mouse in headless Chromium. "A picture" is from its bytes to the network's, as
the page tells it; "shown" is from the end of a line until what is drawn of it stands on the page.
"""

import pathlib
import tempfile
import time

import numpy as np
from absl import app, flags

_RUN = flags.DEFINE_string("run_dir", "checkpoints/pix2pix_faces", "The run.")
_LINES = flags.DEFINE_integer("lines", 50, "Lines that are counted, after five that are not.", 1)
NOT_COUNTED = 5


def main(argv):
    del argv
    from gan_apps.serving import site
    from tests import browsing

    pictures, shown = [], []
    random = np.random.RandomState(0)
    with tempfile.TemporaryDirectory() as folder, browsing.chromium() as browser:
        output = pathlib.Path(folder) / "site"
        site.build([pathlib.Path(_RUN.value)], output)
        with browsing.page_of(browser, output) as page:
            browsing.loaded(page)
            box = page.locator("#canvas").bounding_box()
            for number in range(NOT_COUNTED + _LINES.value):
                ends = random.uniform(0.05, 0.95, (2, 2)) * [box["width"], box["height"]]
                (x, y), (to_x, to_y) = ends + [box["x"], box["y"]]
                page.mouse.move(x, y)
                page.mouse.down()
                page.mouse.move(to_x, to_y, steps=5)
                started = time.perf_counter()
                page.mouse.up()
                page.wait_for_function("document.documentElement.dataset.state === 'drawn'")
                if number >= NOT_COUNTED:
                    shown.append((time.perf_counter() - started) * 1e3)
                    pictures.append(float(page.inner_text("#took").partition(" ")[0]))
            print(browser.version)
    for name, values in (("a picture", pictures), ("shown", shown)):
        low, middle, high = np.percentile(values, (5, 50, 95))
        print(f"{name}: {middle:.1f} ms ({low:.1f} to {high:.1f} for nine of ten)")


if __name__ == "__main__":
    app.run(main)
