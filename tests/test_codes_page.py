"""The page of a run with codes: its choices and sliders draw what --codes draws."""

import keras
import numpy as np
import pytest

from gan_apps.command import requests
from gan_apps.drawing import pictures, runtimes
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw, Latents
from gan_apps.serving import litert
from gan_apps.settings.drawing import FromCodes
from tests import browsing
from tests.browsing import loaded, pixels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a small generator with random weights and three codes."""
    from models import networks

    keras.utils.set_random_seed(0)
    network = networks.Generator(latent_dim=6 + 5, image_size=16, widths=(8,))
    # As strong as a trained one: its pictures are not all of one gray.
    network.set_weights([4 * weight for weight in network.get_weights()])
    draw = Draw(
        network=networks.described(network),
        shape=(16, 16, 1),
        latents=Latents(size=6 + 5, codes=(3, 1, 1)),
    )
    recipe = run_dir.Recipe(
        system="infogan", settings={"dataset": "mnist", "seed": 0}, draws={"generator": draw},
        versions={},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("runs") / "with_codes"
    run_dir.create(folder, recipe)
    network.save_weights(files.in_utf8(folder / ("generator" + run_dir.KERAS_WEIGHTS)))
    litert.write(network, folder / ("generator" + run_dir.LITERT), draw)
    run_dir.write_manifest(folder, recipe, 1)
    return folder


@pytest.fixture(scope="module")
def built(run, tmp_path_factory):
    return browsing.build([run], tmp_path_factory.mktemp("demo") / "site")


def drawn_here(run, codes, count, seed):
    recipe = run_dir.read_recipe(run)
    asked = FromCodes(codes=codes, num_images=count, seed=seed)
    request = requests.request(run, recipe.draw, asked)
    return pictures.to_bytes(runtimes.open_generator(run, recipe, "litert")(request.inputs))


def test_its_choices_and_sliders_draw_the_command_s_pictures(page, run):
    loaded(page)
    # Values are the seed's until one is chosen; numbers are where their sliders stand.
    expected = drawn_here(run, "any,0,0", 1, 0)[0]
    assert np.abs(pixels(page).astype(int) - expected).max() <= 1
    page.get_by_label("Seed", exact=True).fill("7")
    page.get_by_role("combobox", name="Code 1").select_option(label="2")
    page.get_by_label("Code 2").fill("-1")
    page.get_by_label("Code 3").fill("0.5")
    page.get_by_role("button", name="Draw sixteen").click()
    page.wait_for_function("document.querySelectorAll('#pictures canvas').length === 16")
    expected = drawn_here(run, "2,-1,0.5", 16, 7)
    assert len(np.unique(expected.reshape(16, -1), axis=0)) == 16
    for number in range(16):
        assert np.abs(pixels(page, number).astype(int) - expected[number]).max() <= 1
    # A row of them is another picture for each value.
    rows = drawn_here(run, "0,0,0;1,0,0;2,0,0", 1, 0)
    assert len(np.unique(rows.reshape(3, -1), axis=0)) == 3
    assert page.errors == []
