"""A real browser on the demo's pages: what reaches nothing but them, and what it shows."""

import contextlib
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

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


@contextlib.contextmanager
def served(folder):
    with http_site.server(folder, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@contextlib.contextmanager
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with opened:
            yield opened


@contextlib.contextmanager
def page_of(browser, folder, **options):
    """A page that reaches nothing but the site in `folder`, and the errors of its console."""
    viewport = {"width": 1200, "height": 900}
    with (
        served(folder) as server,
        browser.new_context(**{"viewport": viewport, **options}) as context,
    ):
        url = "http://{}:{}/".format(*server.server_address)
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


@contextlib.contextmanager
def altered(file):
    """A file whose last bytes are others for a while."""
    genuine = file.read_bytes()
    file.write_bytes(genuine[:-4] + b"oops")
    try:
        yield
    finally:
        file.write_bytes(genuine)


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


def downloaded(page, button, folder):
    """(name, uint8 [h, w, 3]) of the picture that a button of the page gives away."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    with Image.open(path) as image:
        return path.name, np.asarray(image.convert("RGB"))
