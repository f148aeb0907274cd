"""The page that enlarges: how it is built, and what a real browser makes of a photo."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from gan_apps.drawing import pictures, runtimes
from gan_apps.runs import run_dir
from gan_apps.runs.draws import REACH
from gan_apps.serving import site
from tests import browsing
from tests.browsing import WAIT, loaded, pixels
from tests.picture_runs import SIZE, TILE, encoded, scene


@pytest.fixture(scope="module")
def built(enlarging_run, tmp_path_factory):
    return browsing.build([enlarging_run], tmp_path_factory.mktemp("enlarge") / "site")


def test_the_site_knows_how_photos_are_drawn(enlarging_run, picture_run, monkeypatch, tmp_path):
    monkeypatch.setattr(site, "PACKAGES", ())
    site.build([picture_run, enlarging_run], tmp_path / "site")
    sketches, photos = json.loads((tmp_path / "site" / "site.json").read_text())["models"]
    side = SIZE // 4
    assert photos["photos"] == {
        "input": "sources",
        "tile": TILE,
        "reach": REACH,
        "scale": 4,
        "channels": 3,
        "shape": [side, side, 3],
    }
    # Either page asks for its own alone.
    assert "photos" not in sketches and "pictures" not in photos
    index = (tmp_path / "site" / "index.html").read_text()
    assert "enlarge.js" in index and '<a href="canvas.html">' in index
    assert '<a href="index.html">Photos made larger</a>' in (
        (tmp_path / "site" / "canvas.html").read_text()
    )


def settled(page):
    page.wait_for_function("document.documentElement.dataset.state === 'drawn'", timeout=WAIT)
    assert page.errors == []


def given(page, content):
    """Gives the page a file, and waits until it is drawn."""
    page.evaluate("document.documentElement.dataset.state = 'waiting'")
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": content})
    settled(page)


@pytest.mark.slow
def test_a_photo_is_drawn_as_the_command_draws_it(page, enlarging_run):
    loaded(page)
    settled(page)
    photo = scene(60)[:35]
    given(page, encoded(photo))
    assert page.locator("#status").inner_text() == "a.png: 60 x 35 became 240 x 140."
    generator = runtimes.open_generator(enlarging_run, run_dir.read_recipe(enlarging_run))
    expected = pictures.to_bytes(generator({"sources": pictures.to_signed(photo[None])}))[0]
    drawn = pixels(page, selector="#drawn")
    assert drawn.shape == (140, 240, 3)
    assert np.abs(drawn.astype(int) - expected).max() <= 1
    # Beneath it is the plain enlargement, near Pillow's.
    plain = pixels(page, selector="#plain").astype(int)
    bicubic = Image.fromarray(photo).resize((240, 140), Image.Resampling.BICUBIC)
    assert np.abs(plain - np.asarray(bicubic)).mean() < 4
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    with Image.open(io.BytesIO(download.value.path().read_bytes())) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), drawn)


@pytest.mark.slow
def test_the_slider_uncovers_what_the_network_draws(page):
    loaded(page)
    settled(page)
    given(page, encoded(scene(40)))
    # A pixel of the picture for each of the screen: what the browser enlarges once more it rounds
    # otherwise where only a part of a canvas is seen.
    page.evaluate("document.getElementById('both').style.width = '160px'")
    shown = {}
    for share in (0, 50, 100):
        page.locator("#slider").fill(str(share))
        image = Image.open(io.BytesIO(page.locator("#both").screenshot()))
        shown[share] = np.asarray(image.convert("RGB")).astype(int)
    width = shown[0].shape[1]
    left, right = np.s_[:, 4 : width // 2 - 4], np.s_[:, width // 2 + 4 : -4]
    assert np.abs(shown[0] - shown[100]).mean() > 1
    assert np.array_equal(shown[50][left], shown[100][left])
    assert np.array_equal(shown[50][right], shown[0][right])


@pytest.mark.slow
def test_what_cannot_be_enlarged_is_said(page):
    loaded(page)
    settled(page)
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": b"nothing"})
    status = page.locator("#status")
    status.filter(has_text="a.png cannot be used: it is no picture").wait_for(timeout=WAIT)
    large = encoded(Image.new("1", (2000, 1001)))
    page.set_input_files("#file", {"name": "b.png", "mimeType": "image/png", "buffer": large})
    status.filter(has_text="b.png cannot be used: more than 2,000,000").wait_for(timeout=WAIT)
    # What was there is still there, and others can be given.
    given(page, encoded(scene(9)))
    assert pixels(page, selector="#drawn").shape == (36, 36, 3)


@pytest.mark.slow
def test_it_begins_from_a_picture_that_the_run_keeps(page, enlarging_run):
    loaded(page)
    settled(page)
    assert page.locator("#kept button").count() == 16
    assert pixels(page, selector="#drawn").shape == (SIZE, SIZE, 3)
    page.get_by_role("button", name="Enlarge picture 3").click()
    settled(page)
    status = page.locator("#status")
    status.filter(has_text=f"Picture 3: 8 x 8 became {SIZE} x {SIZE}.").wait_for(timeout=WAIT)
