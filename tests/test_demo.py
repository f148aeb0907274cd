"""The demo page: how it is built, how it is given away, and what a real browser draws with it."""

import http.client
import json
import os
import pathlib

import numpy as np
import pytest

from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.runs import run_dir
from gan_apps.serving import http_site, site
from gan_apps.settings import Failed, Refused
from tests import browsing
from tests.browsing import loaded, pixels, served

RUNS = ("cgan_digits", "cgan_anime", "dcgan_faces")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    output = tmp_path_factory.mktemp("demo") / "site"
    return browsing.build([run_dir.shipped(name) for name in RUNS], output)


@pytest.fixture
def stood_in(monkeypatch):
    """Building without a network: the runtime's archives are made here."""
    import io
    import tarfile

    def archive(package):
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as packed:
            for member in (*package.files, "../outside", "package/other"):
                info = tarfile.TarInfo(member)
                info.size = 4
                packed.addfile(info, io.BytesIO(b"code"))
        return content.getvalue()

    monkeypatch.setattr(site, "_fetched", archive)


def test_a_site_is_the_page_the_runtime_and_the_models(stood_in, tmp_path):
    size = site.build([run_dir.shipped("cgan_anime")], tmp_path / "a" / "site")
    found = {
        path.relative_to(tmp_path / "a").as_posix(): path.stat().st_size
        for path in (tmp_path / "a").rglob("*")
        if path.is_file()
    }
    assert sum(found.values()) == size
    runtime = {f"site/{place}" for package in site.PACKAGES for place in package.files.values()}
    page = {"site/index.html", *(f"site/{path.name}" for path in site.SCRIPTS.iterdir())}
    assert set(found) == runtime | page | {"site/site.json", "site/models/cgan_anime.tflite"}
    (model,) = json.loads((tmp_path / "a" / "site" / "site.json").read_text())["models"]
    assert (model["title"], model["size"], model["channels"]) == ("Anime", 64, 3)
    assert model["vocabulary"]["slots"][0][0] == "hair" and model["labels"] is None


def test_runs_are_titled_by_what_they_draw():
    systems = {
        "cgan_anime": "cgan",
        "next_frame_sprites": "next_frame",
        "srresnet_photos": "srgan",
        "cgan_my_cats": "cgan",
        "cats": "cgan",
        "infogan_digits": "infogan",
        "bigan_digits": "bigan",
    }
    titles = ["Anime", "Sprites", "Photos", "My cats", "cats", "Digits, infogan", "Digits, bigan"]
    assert site.titles(systems.keys(), systems.values()) == titles


def test_directions_are_what_moves_the_first_layer_most():
    import h5py

    run = run_dir.shipped("cgan_digits")
    path, size = run / "generator.weights.h5", run_dir.read_recipe(run).draw.latents.size
    found = np.asarray(site.directions(path, size))
    assert found.shape == (4, size)
    np.testing.assert_allclose(found @ found.T, np.eye(4), atol=1e-4)
    with h5py.File(path) as weights:
        kernel = np.asarray(weights["layers/dense/vars/0"])[:size]
    moved = np.linalg.norm(found @ kernel, axis=1)
    singular = np.linalg.svd(kernel, compute_uv=False)
    np.testing.assert_allclose(moved, singular[:4], rtol=1e-4)


def test_a_site_is_replaced_as_a_whole_and_nothing_else_is(stood_in, tmp_path):
    runs = [run_dir.shipped("fgan_digits")]
    site.build(runs, tmp_path / "site")
    (tmp_path / "site" / "models" / "stale.tflite").write_text("")
    site.build(runs, tmp_path / "site")
    assert not (tmp_path / "site" / "models" / "stale.tflite").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("my own page")
    with pytest.raises(Refused, match="holds something else than a site of ours"):
        site.build(runs, tmp_path / "mine")
    assert (tmp_path / "mine" / "index.html").read_text() == "my own page"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "site"]


def test_a_runtime_that_is_not_the_expected_one_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    url = (tmp_path / "core.tgz").as_uri()
    (tmp_path / "core.tgz").write_bytes(b"altered")
    package = site.Package(url=url, sha512=site._digest(b"genuine"), files={})
    with pytest.raises(Failed, match="its checksum is another"):
        site._fetched(package)
    assert not (tmp_path / "cache").exists()
    (tmp_path / "core.tgz").write_bytes(b"genuine")
    assert site._fetched(package) == b"genuine"
    (tmp_path / "core.tgz").unlink()
    assert site._fetched(package) == b"genuine"  # From the cache.
    (tmp_path / "cache" / "gan_apps" / "core.tgz").write_bytes(b"damaged")
    with pytest.raises(Failed, match="cannot be fetched"):
        site._fetched(package)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["--output_dir"]),
        (["--output_dir=site", "--run_dirs=absent"], ["absent", "no such folder"]),
        (["--output_dir=site", "--port=70000"], ["--port must be at most 65535, got 70000"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line(refused, tmp_path, arguments, words):
    line = refused("demo", *arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_only_files_of_the_site_are_given_away(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "site"
    (folder / "models").mkdir(parents=True)
    (folder / "index.html").write_text("page")
    (folder / "code.wasm").write_text("")

    def asked(path):
        connection = http.client.HTTPConnection(*server.server_address, timeout=10)
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.headers.get("Content-Type"), reply.read()

    with served(folder) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert asked("/")[0] == 200 and asked("/")[2] == b"page"
        assert asked("/code.wasm")[1] == "application/wasm"
        for path in (
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/models/../../secret.txt",
            "//etc/passwd",
        ):
            assert asked(path)[0] == 404, path
        assert asked("/models/")[0] == 404
        # A port that is taken is no error: another is chosen.
        other = http_site.server(folder, "127.0.0.1", server.server_address[1])
        assert other.server_address[1] != server.server_address[1]
        other.server_close()


def drawn_here(name, asked, count, seed):
    run = run_dir.shipped(name)
    recipe = run_dir.read_recipe(run)
    inputs = latents.requested(recipe.draw, asked(recipe.draw.condition), count, seed)
    return pictures.to_bytes(runtimes.open_generator(run, recipe, "litert")(inputs))


def test_a_digit_appears_and_is_the_command_s(page):
    loaded(page)
    assert "One picture of 9" in page.inner_text("#status")
    expected = drawn_here("cgan_digits", lambda condition: [9], 1, 0)[0]
    assert np.abs(pixels(page).astype(int) - expected).max() <= 1
    page.get_by_label("3", exact=True).check()
    page.get_by_label("Seed", exact=True).fill("4000000000")
    page.get_by_role("button", name="Draw sixteen").click()
    page.wait_for_function("document.querySelectorAll('#pictures canvas').length === 16")
    expected = drawn_here("cgan_digits", lambda condition: [3], 16, 4000000000)
    for number in range(16):
        assert np.abs(pixels(page, number).astype(int) - expected[number]).max() <= 1
    from gan_apps.evaluation import classifiers

    judge = classifiers.load(run_dir.shipped("classifier_mnist"))
    images = np.stack([pixels(page, number)[..., :1] for number in range(16)])
    assert (judge.judged(images)[0].argmax(axis=1) == 3).mean() >= 0.9
    assert page.errors == []


def test_faces_are_as_asked_and_left_open_as_the_command_does(page):
    loaded(page, "?model=cgan_anime")
    page.get_by_role("combobox", name="hair").select_option(label="blue")
    page.get_by_role("button", name="Draw sixteen").click()
    page.wait_for_function("document.querySelectorAll('#pictures canvas').length === 16")
    expected = drawn_here(
        "cgan_anime", lambda condition: condition.read("blue hair", "--prompt"), 16, 0
    )
    for number in range(16):
        assert np.abs(pixels(page, number).astype(int) - expected[number]).max() <= 1
    assert "16 pictures of blue hair" in page.inner_text("#status")
    assert page.errors == []


def test_sliders_and_the_way_to_another_seed_change_the_picture(page):
    loaded(page)
    first = pixels(page).astype(int)
    page.get_by_text("From one to another").click()
    page.get_by_label("To seed").fill("5")
    page.get_by_label("How far").fill("1")
    page.wait_for_timeout(500)
    expected = drawn_here("cgan_digits", lambda condition: [9], 1, 5)[0]
    assert np.abs(pixels(page).astype(int) - expected).max() <= 1
    page.get_by_label("How far").fill("0")
    page.get_by_text("Change it").click()
    page.get_by_label("Direction 1").fill("3")
    page.wait_for_timeout(500)
    assert np.abs(pixels(page).astype(int) - first).max() > 50


def test_a_picture_can_be_kept(page, tmp_path):
    loaded(page)
    name, image = browsing.downloaded(page, "Download PNG", tmp_path)
    assert name == "9_0.png"
    np.testing.assert_array_equal(image, pixels(page))


def test_it_is_used_with_a_keyboard_alone_and_named_for_a_screen_reader(page):
    loaded(page)
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"model", "condition", "seed", "one", "sixteen", "download"} <= set(reached)
    page.focus("#sixteen")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#pictures canvas').length === 16")
    name = page.get_by_role("img").first.get_attribute("aria-label")
    assert name == "9, seed 0, picture 1"
    assert page.get_by_role("status").inner_text().startswith("16 pictures of 9")


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    loaded(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_bad_seed_is_said(page):
    loaded(page)
    page.get_by_label("Seed", exact=True).fill("-1")
    page.get_by_role("button", name="Draw sixteen").click()
    page.wait_for_function("document.getElementById('status').textContent.includes('whole number')")


def test_an_altered_network_is_not_drawn_with(page, built):
    with browsing.altered(built / "models" / "cgan_digits.tflite"):
        loaded(page)
        assert "damaged or was altered" in page.inner_text("#status")
        assert page.locator("#pictures canvas").count() == 0


def test_a_browser_without_webassembly_is_told(page):
    page.add_init_script("delete window.WebAssembly")
    loaded(page)
    assert "no WebAssembly" in page.inner_text("#status")


@pytest.mark.slow
def test_the_command_serves_the_site_until_it_is_stopped(built, tmp_path):
    import signal
    import subprocess
    import sys
    import urllib.request

    from tests.conftest import ROOT

    # A shell starts what it puts into the background with Ctrl-C ignored, which is inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "gan_apps.demo", "--output_dir=site", "--serve", "--port=0"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            lines = [process.stdout.readline().strip() for _ in range(3)]
            assert lines[0].endswith(" MB") and lines[1] == "site"
            address = lines[2].split(" ")[0]
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(address + "site.json", timeout=30) as reply:
                names = [model["name"] for model in json.load(reply)["models"]]
            assert names == [*RUNS, "pix2pix_faces", "cyclegan_hair_to_b", "cyclegan_hair_to_a"]
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert pathlib.Path(tmp_path / "site" / "index.html").is_file()
