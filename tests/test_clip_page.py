"""The page that goes on with clips: how it is built, and what a real browser draws with it."""

import json

import numpy as np
import pytest

from gan_apps.drawing import pictures, recursion, runtimes
from gan_apps.runs import run_dir
from gan_apps.serving import site
from tests import browsing, clip_files, picture_runs
from tests.browsing import WAIT, downloaded, loaded, pixels

SIZE, HISTORY, NEXT = picture_runs.SIZE, 4, 10


@pytest.fixture(scope="module")
def built(clip_run, tmp_path_factory):
    return browsing.build([clip_run], tmp_path_factory.mktemp("clips") / "site")


def kept(run):
    """The clips that a run keeps, uint8 [16, HISTORY, h, w, 3]."""
    taken = run_dir.read_recipe(run).draw.pictures
    return pictures.frames_of(pictures.read_given(run / "generator.sources.png", taken), HISTORY)


def assert_goes_on(run, frames, given):
    """That each frame after `given` is the command's after those before it, but for rounding.

    Not those of the command's own clip: a network with random weights makes a level into many.
    """
    recipe = run_dir.read_recipe(run)
    generator = runtimes.open_generator(run, recipe, "litert")
    stretches = [frames[end - HISTORY : end] for end in range(given, len(frames))]
    histories = pictures.on_channels(np.stack(stretches))
    drawn = recursion.going_on(generator, recipe.draw.pictures, histories, 1)[:, 0]
    assert np.abs(frames[given:].astype(int) - drawn).max() <= 1


def settled(page, frames):
    page.wait_for_function(
        "(count) => document.documentElement.dataset.state === 'drawn' && "
        "document.querySelectorAll('#strip canvas').length === count",
        arg=frames,
        timeout=WAIT,
    )
    assert page.errors == []


def strip(page, count):
    return np.stack([pixels(page, number, "#strip canvas") for number in range(count)])


def test_a_site_has_a_page_for_clips(monkeypatch, clip_run, picture_run, tmp_path):
    monkeypatch.setattr(site, "PACKAGES", ())
    site.build([picture_run, clip_run], tmp_path / "site")
    clips = (tmp_path / "site" / "clip.html").read_text()
    assert "clip.js" in clips and '<a href="index.html">Pictures from what you draw</a>' in clips
    sketches, goes_on = json.loads((tmp_path / "site" / "site.json").read_text())["models"]
    assert goes_on["clips"] == {"input": "sources", "shape": [SIZE, SIZE, 12], "frames": HISTORY}
    # Neither page takes the other's runs.
    assert "pictures" not in goes_on and "clips" not in sketches
    assert (tmp_path / "site" / goes_on["sources"]).is_file()


@pytest.mark.slow
def test_a_clip_goes_on_as_the_command_s_does(page, clip_run, tmp_path):
    loaded(page)
    settled(page, HISTORY + NEXT)
    found = strip(page, HISTORY + NEXT)
    np.testing.assert_array_equal(found[:HISTORY], kept(clip_run)[0])
    assert_goes_on(clip_run, found, HISTORY)
    assert page.locator("#strip canvas.given").count() == HISTORY
    page.get_by_role("button", name="Go on").click()
    settled(page, HISTORY + 2 * NEXT)
    longer = strip(page, HISTORY + 2 * NEXT)
    np.testing.assert_array_equal(longer[: len(found)], found)
    assert_goes_on(clip_run, longer, HISTORY)
    name, row = downloaded(page, "Save the frames", tmp_path)
    assert name == "goes_on.png" and row.shape == (SIZE, (HISTORY + 2 * NEXT) * SIZE, 3)
    np.testing.assert_array_equal(row[:, SIZE : 2 * SIZE], longer[1])
    # It moves, and stands still when asked to.
    page.get_by_role("button", name="Pause").click()
    still = pixels(page)
    page.wait_for_timeout(400)
    np.testing.assert_array_equal(pixels(page), still)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        """(before) => {
          const canvas = document.getElementById('moving');
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return Array.from(data).some((value, place) => place % 4 < 3 && value !== before[place]);
        }""",
        arg=np.dstack([still, np.full((SIZE, SIZE), 255)]).ravel().tolist(),
        timeout=WAIT,
    )


@pytest.mark.slow
def test_it_begins_from_another_clip_and_from_frames_of_one_s_own(page, clip_run, tmp_path):
    loaded(page)
    settled(page, HISTORY + NEXT)
    page.get_by_role("button", name="Begin from clip 3", exact=True).click()
    page.wait_for_timeout(100)
    settled(page, HISTORY + NEXT)
    np.testing.assert_array_equal(strip(page, HISTORY), kept(clip_run)[2])
    frames = clip_files.moving_squares(1, 12, SIZE)[0]
    folder = clip_files.write(tmp_path / "own", frames)
    chosen = [str(path) for path in sorted(folder.iterdir())]
    page.locator("#files").set_input_files(chosen)
    # In the order of their numbers: 2 before 10.
    settled(page, 12 + NEXT)
    found = strip(page, 12 + NEXT)
    np.testing.assert_array_equal(found[:12], frames)
    assert_goes_on(clip_run, found, 12)
    page.locator("#files").set_input_files(chosen[:3])
    page.wait_for_function("document.getElementById('status').textContent.includes('too few')")
    assert "3 pictures are too few: choose 4 or more" in page.inner_text("#status")
    (folder / "torn.png").write_bytes(b"torn")
    page.locator("#files").set_input_files([*chosen, str(folder / "torn.png")])
    page.wait_for_function("document.getElementById('status').textContent.includes('torn.png')")
    assert strip(page, 12 + NEXT).shape[0] == 12 + NEXT
