"""Runs that learn sentences: trained, judged, drawn from, exported and shown, on a few boxes."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_apps import systems
from gan_apps.command import requests
from gan_apps.drawing import pictures, runtimes
from gan_apps.evaluation import judgement, matchers
from gan_apps.runs import run_dir
from gan_apps.serving import exports, litert
from gan_apps.settings import Refused
from gan_apps.settings.drawing import FromNoise
from tests import browsing, said_pictures
from tests.browsing import loaded, pixels

pytestmark = pytest.mark.slow
TINY = {"image_size": said_pictures.SIZE, "batch_size": 20, "log_steps": 5, "precision": "float32"}
GENERATOR = {**TINY, "num_epochs": 2, "generator_widths": (16, 8), "discriminator_widths": (8, 16)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """data/, and the runs of a matcher and of a conditional GAN that began with its encoder."""
    from gan_apps.training import train

    folder = tmp_path_factory.mktemp("sentences")
    data = str(said_pictures.folder(folder / "data"))
    matcher = systems.find("matcher")
    train.train(matcher, matcher.config(dataset=data, num_epochs=12, **TINY), folder / "matcher")
    cgan = systems.find("cgan")
    config = cgan.config(
        dataset=data, encoder_run_dir=str(folder / "matcher"), fixed_encoder=True, **GENERATOR
    )
    train.train(cgan, config, folder / "cgan")
    return folder


def drawn(run, runtime="auto", **asked):
    recipe = run_dir.read_recipe(run)
    request = requests.request(run, recipe.draw, FromNoise(**asked))
    return pictures.to_bytes(runtimes.open_generator(run, recipe, runtime)(request.inputs))


def test_a_matcher_finds_what_is_said_of_pictures_that_it_never_saw(folder):
    found = json.loads((folder / "matcher" / run_dir.EVALUATION).read_text())
    assert found["num_images"] == 12 and found["r_precision"]["100"] > 0.9
    card = (folder / "matcher" / run_dir.CARD).read_text()
    assert "R-precision, the own sentence the nearest of 100: " in card
    assert "gan_apps.evaluate --matcher=<this folder>`" in card
    assert "`matcher` makes a vector of a " in card and "it knows sentences of " in card


def test_a_run_begins_with_its_encoder_and_leaves_it_if_asked(folder):
    matcher, run = folder / "matcher", folder / "cgan"
    recipe = run_dir.read_recipe(matcher)
    encoder = matchers.network_of(matcher, recipe, matchers.SENTENCES)
    draw = run_dir.read_recipe(run).draw
    path = run / ("generator" + run_dir.KERAS_WEIGHTS)
    network = runtimes.keras_network(path, "generator", draw)
    count = len(encoder.weights)
    for own, theirs in zip(network.get_weights()[:count], encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(own, theirs)


def test_the_order_of_words_is_asked_for(folder):
    run = folder / "cgan"
    one, other = (
        drawn(run, prompt=prompt, num_images=1, seed=3)
        for prompt in ("a red box on the left", "left the on box red a")
    )
    assert one.shape == (1, said_pictures.SIZE, said_pictures.SIZE, 3)
    # Their noise is another too; that of a key that is the same is seen in the file.
    generator = runtimes.open_generator(run, run_dir.read_recipe(run))
    condition = run_dir.read_recipe(run).draw.condition
    values = [condition.read_one("a red box on the left"), condition.read_one("left the on box")]
    inputs = {"latents": np.zeros((2, 32), np.float32), **condition.inputs(values)}
    images = generator(inputs)
    assert np.abs(images[0] - images[1]).max() > 1e-3
    assert not np.array_equal(one, other)
    keras = drawn(run, "keras", prompt="a red box on the left", num_images=1, seed=3)
    assert np.abs(keras.astype(int) - one).max() <= 1


def test_it_is_judged_by_the_matcher(folder, tmp_path):
    run, sheet = folder / "cgan", tmp_path / "sheet.png"
    report = judgement.judge(
        run,
        run_dir.read_recipe(run),
        num_images=100,
        matcher=folder / "matcher",
        captioned=sheet,
    )
    assert 0.0 <= report["r_precision"] <= 1.0 and report["r_precision_of_real"] > 0.9
    assert report["features"] == "64 of the matcher matcher"
    with Image.open(sheet) as image:
        # A real picture and four drawn ones.
        assert image.width == 5 * 4 * said_pictures.SIZE
    with pytest.raises(Refused, match="cgan: is a run of gan_apps.cgan, not of a matcher"):
        matchers.load(run, run_dir.read_recipe(run).draw)


def test_it_is_exported_and_reads_strings(folder, tmp_path):
    run = folder / "cgan"
    recipe = run_dir.read_recipe(run)
    made = exports.export(run, recipe, tmp_path / "export", "all")
    assert [form.difference < 2.0 for form in made[:2]] == [True] * 2
    served = tf.saved_model.load(str(tmp_path / "export" / "saved_model" / "1"))
    images = served.signatures["images"]
    ask = lambda prompt: images(seed=tf.constant([0], tf.int64), prompt=tf.constant([prompt]))
    one, other = (ask(prompt)["images"].numpy() for prompt in ("A red box!", "box red a"))
    assert np.abs(one - other).max() > 1e-3
    for prompt in ("", "zebra", "a " * 30):
        with pytest.raises(tf.errors.InvalidArgumentError, match="not understood"):
            ask(prompt)
    metadata = litert.read_metadata((run / ("generator" + run_dir.LITERT)).read_bytes())
    wording = recipe.draw.condition.wording
    assert metadata["sentences"]["words"] == list(wording.words)


@pytest.mark.parametrize(
    "values, words",
    [
        ({"classifier_objective": "adc"}, "--classifier_objective=adc: .* has sentences"),
        ({"encoder_run_dir": "nowhere"}, "--encoder_run_dir=nowhere: is no run of gan_apps.matc"),
        ({"encoder_run_dir": "matcher", "encoder_width": 8}, "its --encoder_width is 64, not 8"),
    ],
)
def test_what_does_not_fit_is_refused(folder, tmp_path, monkeypatch, values, words):
    from gan_apps.training import train

    monkeypatch.chdir(folder)
    cgan = systems.find("cgan")
    with pytest.raises(Refused, match=words):
        train.train(cgan, cgan.config(dataset="data", **GENERATOR, **values), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["classifier", "lapgan"])
def test_systems_that_learn_no_sentences_say_so(folder, tmp_path, name):
    from gan_apps.training import train

    system = systems.find(name)
    known = {"classes": True} if name == "lapgan" else {}
    config = system.config(dataset=str(folder / "data"), image_size=16, **known)
    with pytest.raises(Refused, match=f"has sentences; gan_apps.{name} learns labels and attri"):
        train.train(system, config, tmp_path / "run")


def test_the_page_numbers_words_as_python_does(folder, tmp_path):
    run = folder / "cgan"
    site = browsing.build([run], tmp_path / "site")
    wording = run_dir.read_recipe(run).draw.condition.wording
    said = [
        "A red BOX, on the left!",
        "zebra-red; «box»",
        "ÉTÉ red",
        "",
        "犬が走る box",
        "a\u3000box",
    ]
    with browsing.chromium() as browser, browsing.page_of(browser, site) as page:
        loaded(page)
        found = page.evaluate(
            """([said]) => Promise.all([import('./sentences.js'), fetch('site.json')]).then(
              async ([one, reply]) => {
                const {models} = await reply.json();
                return said.map((text) => one.numbered(text, models[0].sentences).numbers);
              })""",
            [said],
        )
        assert [tuple(numbers) for numbers in found] == [wording.numbers(text) for text in said]
        page.fill("#sentence", "a blue box on the left")
        page.locator("#sentence").press("Tab")
        page.fill("#seed", "5")
        page.get_by_role("button", name="Draw sixteen").click()
        page.wait_for_function("document.querySelectorAll('#pictures canvas').length === 16")
        expected = drawn(run, "litert", prompt="a blue box on the left", num_images=16, seed=5)
        assert np.abs(pixels(page, 3).astype(int) - expected[3]).max() <= 1
        page.fill("#sentence", "zebra")
        page.get_by_role("button", name="Draw one").click()
        page.wait_for_function(
            "document.querySelector('#status').textContent.startsWith('No word of it is known')"
        )
        assert page.errors == []
