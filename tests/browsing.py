"""A real browser on the demo's pages: what reaches nothing but them, and what it shows."""

import contextlib
import shutil
import threading

import numpy as np
import pytest

from gan_apps.serving import http_site, site
from gan_apps.settings import Failed

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WAIT = 60_000


def build(runs, output):
    """The site of runs, with the real runtime; a skip where that cannot be had."""
    try:
        site.build(runs, output)
    except Failed as error:
        pytest.skip(str(error))
    return output


def served(folder):
    server = http_site.server(folder, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextlib.contextmanager
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextlib.contextmanager
def page_of(browser, folder, **options):
    """A page that reaches nothing but the site in `folder`, and the errors of its console."""
    server = served(folder)
    url = "http://{}:{}/".format(*server.server_address)
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
    context.route(
        "**/*",
        lambda route: route.continue_() if route.request.url.startswith(url) else route.abort(),
    )
    opened = context.new_page()
    errors = []
    opened.on("console", lambda line: line.type == "error" and errors.append(line.text))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.errors, opened.url_of_site = errors, url
    yield opened
    context.close()
    server.shutdown()
    server.server_close()


def loaded(page, query=""):
    page.goto(page.url_of_site + query)
    page.wait_for_function("document.documentElement.dataset.state", timeout=WAIT)


def pixels(page, number=0, selector="#pictures canvas"):
    """Picture `number` of those on the page: uint8 [h, w, 3]."""
    values = page.evaluate(
        """([selector, number]) => {
          const canvas = document.querySelectorAll(selector)[number];
          const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.height, canvas.width, Array.from(image.data)];
        }""",
        [selector, number],
    )
    height, width, data = values
    return np.asarray(data, np.uint8).reshape(height, width, 4)[..., :3]
