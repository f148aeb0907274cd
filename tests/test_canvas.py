"""The page that is drawn on: how it is built, and what a real browser makes of strokes."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from gan_apps.drawing import pictures, runtimes
from gan_apps.operating_system import files
from gan_apps.pictures import reading
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Latents
from gan_apps.serving import site
from gan_apps.settings import MADE, Refused
from tests import browsing, picture_runs
from tests.browsing import WAIT, loaded, pixels

SIZE = picture_runs.SIZE


@pytest.fixture(scope="module")
def runs(picture_run, tmp_path_factory):
    """Runs that draw from sketches, and from pictures in colour."""
    colour = tmp_path_factory.mktemp("runs") / "from_colours"
    picture_runs.made(colour, source_channels=3, made_by=None)
    return {"from_sketches": picture_run, "from_colours": colour}


@pytest.fixture(scope="module")
def built(runs, tmp_path_factory):
    output = tmp_path_factory.mktemp("canvas") / "site"
    return browsing.build(runs.values(), output)


@pytest.fixture
def without_runtime(monkeypatch):
    """Building without a network: no runtime is written."""
    monkeypatch.setattr(site, "PACKAGES", ())


# ---- the site ----


def test_a_site_of_both_kinds_has_two_pages(without_runtime, picture_run, tmp_path):
    site.build([run_dir.shipped("fgan_digits"), picture_run], tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text()
    canvas = (tmp_path / "site" / "canvas.html").read_text()
    assert '<a href="canvas.html">Pictures from what you draw</a>' in index
    assert "page.js" in index and 'id="seed"' in index
    assert '<a href="index.html">Pictures that nobody drew</a>' in canvas and "canvas.js" in canvas
    latents, sketches = json.loads((tmp_path / "site" / "site.json").read_text())["models"]
    assert "pictures" not in latents and "latent_dim" not in sketches
    assert (sketches["paper"], sketches["ink"], sketches["two_tone"]) == ([255], [0], True)
    assert sketches["pictures"] == {"input": "sources", "shape": [SIZE, SIZE, 1]}
    for file in (sketches["file"], sketches["sources"], sketches["sketch"]["file"]):
        assert (tmp_path / "site" / file).is_file()


def test_both_ways_of_two_sets_are_on_the_page(without_runtime, tmp_path):
    site.build([run_dir.shipped("cyclegan_hair")], tmp_path / "site")
    models = json.loads((tmp_path / "site" / "site.json").read_text())["models"]
    assert [(one["name"], one["title"]) for one in models] == [
        ("cyclegan_hair_to_b", "Hair, to b"),
        ("cyclegan_hair_to_a", "Hair, to a"),
    ]
    kept = [(tmp_path / "site" / one["sources"]).read_bytes() for one in models]
    networks = [(tmp_path / "site" / one["file"]).read_bytes() for one in models]
    assert kept[0] != kept[1] and networks[0] != networks[1]
    for one, side in zip(models, "ba", strict=True):
        place = run_dir.shipped("cyclegan_hair") / f"generator_{side}.tflite"
        assert one["sha256"] == files.digest(place)


def test_a_site_of_one_kind_has_one_page(without_runtime, picture_run, tmp_path):
    site.build([picture_run], tmp_path / "site")
    assert "canvas.js" in (tmp_path / "site" / "index.html").read_text()
    assert not (tmp_path / "site" / "canvas.html").exists()
    site.build([run_dir.shipped("fgan_digits")], tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text()
    assert "page.js" in index and "canvas" not in index.partition("</style>")[2]


def test_what_is_made_of_a_picture_of_one_s_own_is_said(without_runtime, picture_run, tmp_path):
    picture_runs.made(tmp_path / "from_gray", made_by="gray")
    site.build([picture_run, tmp_path / "from_gray"], tmp_path / "site")
    models = json.loads((tmp_path / "site" / "site.json").read_text())["models"]
    words = [model["sketch"]["words"] for model in models]
    assert words == ["Turn it into a sketch first", "Take its colours away first"]
    assert site.MAKING.keys() == set(MADE)


def test_paper_and_ink_are_as_the_pictures_are():
    dark = np.zeros((2, 8, 8, 1), np.uint8)
    dark[:, 3] = 200
    assert site.paper_and_ink(dark) == {"paper": [0], "ink": [255], "two_tone": False}
    light = np.full((2, 8, 8, 3), 255, np.uint8)
    light[:, 3] = 0
    expected = {"paper": [255] * 3, "ink": [0] * 3, "two_tone": True}
    assert site.paper_and_ink(light) == expected


def test_a_run_that_the_page_cannot_show_is_refused(without_runtime, picture_run, tmp_path):
    import dataclasses

    run = shutil.copytree(picture_run, tmp_path / "run")
    (run / "generator.sources.png").write_bytes(b"no picture")
    with pytest.raises(Refused, match="has no generator.sources.png of its pictures"):
        site.build([run], tmp_path / "site")
    recipe = run_dir.read_recipe(run)
    draw = dataclasses.replace(recipe.draw, latents=Latents(size=3))
    run_dir.write_recipe(run, dataclasses.replace(recipe, draws={"generator": draw}))
    with pytest.raises(Refused, match="takes more than a page can ask for"):
        site.build([run], tmp_path / "site")
    assert not (tmp_path / "site").exists()


# ---- in a browser ----


def settled(page):
    page.wait_for_function("document.documentElement.dataset.state === 'drawn'", timeout=WAIT)
    assert page.errors == []


def given(page):
    """What is drawn from, as it is on the page: uint8 [size, size, 3]."""
    return pixels(page, selector="#canvas")


def command_s(run, sources):
    """What the command draws of uint8 [h, w, 3], the picture that it is given."""
    recipe = run_dir.read_recipe(run)
    fitted = pictures.fitted(sources[None], recipe.draw.pictures.shape)
    signed = fitted / np.float32(127.5) - np.float32(1.0)
    return pictures.to_bytes(runtimes.open_generator(run, recipe, "litert")({"sources": signed}))[0]


def is_the_command_s(page, run):
    settled(page)
    difference = pixels(page).astype(int) - command_s(run, given(page))
    return np.abs(difference).max() <= 1


def at(page, x, y):
    """A place on the paper, in pixels of the network, as one of the window."""
    box = page.locator("#canvas").bounding_box()
    return box["x"] + x / SIZE * box["width"], box["y"] + y / SIZE * box["height"]


def line(page, *points):
    """A stroke of the mouse."""
    page.mouse.move(*at(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, *point), steps=4)
    page.mouse.up()


def kept(run, number):
    recipe = run_dir.read_recipe(run)
    shape = recipe.draw.pictures.shape
    picture = pictures.read_grid(run / "generator.sources.png", shape)[number]
    return pictures.fitted(picture[None], (*shape[:2], 3))[0]


@pytest.mark.slow
def test_strokes_become_a_picture_as_the_command_draws_it(page, runs):
    loaded(page)
    settled(page)
    np.testing.assert_array_equal(given(page), kept(runs["from_sketches"], 0))
    assert is_the_command_s(page, runs["from_sketches"])
    page.get_by_role("button", name="Clear").click()
    settled(page)
    assert (given(page) == 255).all()
    line(page, (4.5, 6.5), (20.5, 6.5), (20.5, 12.5))
    settled(page)
    expected = np.full((SIZE, SIZE, 3), 255, np.uint8)
    # A line goes across at a corner.
    expected[6, 4:20] = expected[7:13, 20] = 0
    np.testing.assert_array_equal(given(page), expected)
    assert is_the_command_s(page, runs["from_sketches"])
    first = pixels(page).astype(int)
    # A slanting line has neither corners nor shades.
    line(page, (3.2, 25.2), (28.8, 14.9))
    settled(page)
    dark = given(page)[13:, :, 0] == 0
    assert set(np.unique(given(page))) == {0, 255} and (dark[:, 3:29].sum(axis=0) == 1).all()
    assert is_the_command_s(page, runs["from_sketches"])
    assert np.abs(pixels(page) - first).max() > 10
    page.get_by_role("button", name="Undo").click()
    settled(page)
    np.testing.assert_array_equal(given(page), expected)
    np.testing.assert_array_equal(pixels(page), first)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    settled(page)
    np.testing.assert_array_equal(given(page), kept(runs["from_sketches"], 0))
    assert page.get_by_role("button", name="Undo").is_disabled()


@pytest.mark.slow
def test_line_width_and_eraser(page, runs):
    loaded(page)
    settled(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Line width").fill("2")
    line(page, (4.5, 10.5), (27.5, 10.5))
    settled(page)
    dark = given(page)[..., 0] == 0
    assert (dark.sum(axis=0)[5:27] == 2).all() and dark.any(axis=0).sum() <= 26
    page.get_by_label("Line width").fill("7")
    line(page, (16.5, 22.5), (16.5, 22.5))
    settled(page)
    disc = given(page)[16:, :, 0] == 0
    assert disc.any(axis=0).sum() == disc.any(axis=1).sum() == 7 and not disc[3, 13]
    page.get_by_label("Eraser").check()
    assert page.get_by_label("Line width").input_value() == "3"
    line(page, (10.5, 4.5), (10.5, 30.5))
    settled(page)
    assert (given(page)[4:30, 9:12] == 255).all() and (given(page)[10, 5:9] == 0).all()
    page.get_by_label("Pen").check()
    assert page.get_by_label("Line width").input_value() == "7"
    assert not page.get_by_label("Colour", exact=True).is_visible()


@pytest.mark.slow
def test_a_finger_and_a_pen_draw_too(browser, built, runs):
    options = {"has_touch": True, "viewport": {"width": 360, "height": 740}}
    with browsing.page_of(browser, built, **options) as page:
        loaded(page)
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="Clear").tap()
        settled(page)
        page.locator("#canvas").scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        session = page.context.new_cdp_session(page)

        def touch(kind, *points):
            places = [dict(zip("xy", at(page, *point), strict=True)) for point in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        touch("touchStart", (5.5, 5.5))
        for y in (8.5, 14.5, 20.5):
            touch("touchMove", (5.5, y))
        touch("touchEnd")
        settled(page)
        # The page has not scrolled along.
        assert page.evaluate("scrollY") == before
        assert (given(page)[5:21, 5] == 0).all() and (given(page)[..., 0] == 0).sum() == 16
        # Of two fingers the first one draws.
        touch("touchStart", (12.5, 5.5), (25.5, 5.5))
        touch("touchMove", (12.5, 9.5), (25.5, 9.5))
        touch("touchEnd")
        settled(page)
        assert (given(page)[5:10, 12] == 0).all() and (given(page)[:, 25] == 255).all()

        def pen(kind, x, y, button="left"):
            place = dict(zip("xy", at(page, x, y), strict=True))
            options = {"button": button, "buttons": 1, "clickCount": 1, "pointerType": "pen"}
            session.send("Input.dispatchMouseEvent", {"type": kind, **place, **options})

        pen("mousePressed", 18.5, 20.5)
        pen("mouseMoved", 24.5, 20.5)
        pen("mouseReleased", 24.5, 20.5)
        settled(page)
        assert (given(page)[20, 18:25] == 0).all()
        assert is_the_command_s(page, runs["from_sketches"])


@pytest.mark.slow
def test_it_is_used_with_a_keyboard_alone(page, runs):
    loaded(page)
    settled(page)
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"canvas", "download", "tool", "width", "clear", "model"} <= set(reached)
    page.get_by_role("button", name="Clear").press("Enter")
    page.focus("#canvas")
    page.keyboard.press("ArrowUp")
    assert page.locator("#pen").is_visible()
    page.keyboard.press(" ")
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert "Drawing, column 15, row 21" in page.get_by_role("status").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    settled(page)
    expected = np.full((SIZE, SIZE, 3), 255, np.uint8)
    expected[15, 15:17] = expected[16:21, 14] = 0
    np.testing.assert_array_equal(given(page), expected)
    assert "The pen is up, column 16, row 21" in page.get_by_role("status").inner_text()
    # Undone while it is drawn, a stroke has ended.
    for key in (" ", "ArrowRight", "Control+z", "ArrowRight", "Control+z"):
        page.keyboard.press(key)
    settled(page)
    assert (given(page) == 255).all()
    assert page.get_by_role("application", name="Paper to draw on").count() == 1
    page.get_by_role("button", name="Begin from picture 3").press("Enter")
    settled(page)
    np.testing.assert_array_equal(given(page), kept(runs["from_sketches"], 2))


def chosen(page, name, content):
    page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": content})


@pytest.mark.slow
def test_a_picture_of_one_s_own_becomes_its_sketch(page, runs):
    run = runs["from_sketches"]
    recipe = run_dir.read_recipe(run)
    sketch = runtimes.open_sketch(run, "generator", recipe.draw, "litert")
    loaded(page)
    settled(page)
    large = picture_runs.scene(150, seed=20)
    wide = np.concatenate([large[:, :40], large, large[:, -40:]], axis=1)
    for image in (large, wide):
        chosen(page, "own.png", picture_runs.encoded(image))
        page.wait_for_function("document.getElementById('status').textContent.includes('own.png')")
        settled(page)
        finished = reading.square(Image.fromarray(image), SIZE)
        signed = finished[None] / np.float32(127.5) - np.float32(1.0)
        expected = pictures.to_bytes(sketch(signed))[0]
        assert 0.02 < (expected == 0).mean() < 0.5
        np.testing.assert_array_equal(given(page), np.repeat(expected, 3, axis=-1))
        assert is_the_command_s(page, run)
        page.get_by_role("button", name="Clear").click()
    page.get_by_label("Turn it into a sketch first").uncheck()
    chosen(page, "sketch.png", picture_runs.encoded(kept(run, 5)))
    page.wait_for_function("document.getElementById('status').textContent.includes('sketch.png')")
    settled(page)
    np.testing.assert_array_equal(given(page), kept(run, 5))


@pytest.mark.slow
def test_a_picture_is_dropped_and_what_is_none_is_said(page, runs):
    loaded(page)
    settled(page)
    before = given(page)
    chosen(page, "letter.png", b"a letter")
    page.wait_for_function("document.getElementById('status').textContent.includes('letter.png')")
    assert "is no picture that this browser can open" in page.inner_text("#status")
    np.testing.assert_array_equal(given(page), before)
    page.evaluate(
        """async (bytes) => {
          const transfer = new DataTransfer();
          const options = {type: 'image/png'};
          transfer.items.add(new File([Uint8Array.from(bytes)], 'dropped.png', options));
          const drop = new DragEvent('drop', {dataTransfer: transfer, bubbles: true});
          document.body.dispatchEvent(drop);
        }""",
        list(picture_runs.encoded(picture_runs.scene(60, 4, seed=4))),
    )
    page.wait_for_function("document.getElementById('status').textContent.includes('dropped.png')")
    settled(page)
    assert "trouble" not in (page.get_attribute("#status", "class") or "")
    assert (given(page) != before).any()
    assert is_the_command_s(page, runs["from_sketches"])


@pytest.mark.slow
def test_pictures_in_colour_are_drawn_on_in_colour_with_soft_edges(page, runs):
    loaded(page, "?model=from_colours")
    settled(page)
    np.testing.assert_array_equal(given(page), kept(runs["from_colours"], 0))
    assert is_the_command_s(page, runs["from_colours"])
    assert not page.get_by_label("Turn it into a sketch first").is_visible()
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Colour", exact=True).fill("#ff8000")
    page.get_by_label("Line width").fill("4")
    line(page, (5, 5), (27, 21))
    settled(page)
    drawn = given(page).astype(int)
    assert (drawn[13, 16] == [255, 128, 0]).all() and (drawn[30, 3] == 255).all()
    # Shades of one colour on white, about as much as the line is long and wide.
    share = (255 - drawn[..., 2]) / 255
    np.testing.assert_allclose(drawn[..., 1], 255 - 127 * share, atol=1)
    np.testing.assert_allclose(share.sum(), 4 * np.hypot(22, 16) + np.pi * 4, rtol=0.05)
    assert is_the_command_s(page, runs["from_colours"])


@pytest.mark.slow
def test_the_model_that_was_chosen_last_draws_whatever_arrives_first(page, runs):
    held, let_through = {}, set()

    def hold(route):
        name = route.request.url.rpartition("/")[2]
        route.continue_() if name in let_through else held.update({name: route})

    def arrives(name):
        let_through.add(name)
        held.pop(name).continue_()
        page.wait_for_timeout(300)

    page.route("**/models/from_colours.*", hold)
    loaded(page)
    settled(page)
    page.get_by_label("Colours").check()
    page.get_by_label("Sketches").check()
    settled(page)
    arrives("from_colours.sources.png")
    assert is_the_command_s(page, runs["from_sketches"])
    # With its pictures, and without its network: a line is drawn from once that is there.
    page.get_by_label("Colours").check()
    page.wait_for_function("document.getElementById('first').hidden")
    line(page, (5.5, 5.5), (20.5, 5.5))
    arrives("from_colours.tflite")
    assert is_the_command_s(page, runs["from_colours"])
    assert "trouble" not in (page.get_attribute("#status", "class") or "")


@pytest.mark.slow
def test_one_picture_is_drawn_at_a_time_and_the_newest_is_last(page, runs):
    counted = """
    export let most = 0, count = 0;
    let now = 0;
    async function watched(run) {
      now += 1; count += 1; most = Math.max(most, now);
      while (window.isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
      try { return await run(); } finally { now -= 1; }
    }
    """

    def altered(route):
        code = route.fetch().text()
        assert "await compiled.run(tensors)" in code
        code = code.replace(
            "await compiled.run(tensors)", "await watched(() => compiled.run(tensors))"
        )
        route.fulfill(body=code + counted, content_type="text/javascript")

    page.route("**/loading.js", altered)
    loaded(page)
    settled(page)
    counts = "import('./loading.js').then((one) => [one.most, one.count])"
    _, before = page.evaluate(counts)
    page.evaluate("window.isHeld = true")
    line(page, *((4 + number, 4 + 20 * (number % 2)) for number in range(9)))
    page.evaluate("window.isHeld = false")
    settled(page)
    # The one that was held, and the newest.
    assert page.evaluate(counts) == [1, before + 2]
    assert is_the_command_s(page, runs["from_sketches"])


@pytest.mark.slow
def test_the_picture_can_be_kept(page, tmp_path):
    loaded(page)
    settled(page)
    name, image = browsing.downloaded(page, "Save PNG", tmp_path)
    assert name == "from_sketches.png"
    np.testing.assert_array_equal(image, pixels(page))


@pytest.mark.slow
def test_an_altered_sketch_network_is_not_drawn_with(page, built):
    with browsing.altered(built / "models" / "from_sketches.sketch.tflite"):
        loaded(page)
        page.wait_for_function("document.documentElement.dataset.state === 'trouble'")
        assert "damaged or was altered" in page.inner_text("#status")


@pytest.mark.slow
def test_the_page_resizes_as_the_commands_do(page):
    loaded(page)
    for height, width, size in (
        (150, 150, 32),
        (33, 33, 32),
        (20, 20, 64),
        (64, 64, 64),
        (70, 301, 28),
    ):
        image = picture_runs.scene(301, seed=width)[:height, :width]
        found = page.evaluate(
            """([data, width, height, size]) => import('./resizing.js').then(
              ({centralSquare}) => Array.from(centralSquare({data, width, height}, size)))""",
            [np.dstack([image, image[..., :1]]).ravel().tolist(), width, height, size],
        )
        expected = reading.square(Image.fromarray(image), size).astype(int)
        difference = np.asarray(found).reshape(size, size, 3) - expected
        assert np.abs(difference).max() <= 1, (height, width, size)
        assert (difference != 0).mean() < 0.01, (height, width, size)
