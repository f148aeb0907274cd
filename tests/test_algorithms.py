"""Every algorithm's command, from training to pictures; runs without labels."""

import json

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps import systems
from gan_apps.conditions import Nothing
from gan_apps.drawing import runtimes
from gan_apps.drawing.latents import requested
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import building, diagnosis, train
from tests import tiny_models
from tests.conftest import FOLDERS, SHIPPED_FILES, TINY

# Those that draw without being asked for anything. In the fast tests one is trained by
# tests/test_systems.py.
SYSTEMS = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in tiny_models.MODELS
    if not systems.find(name).conditional
]
DCGAN, CGAN = systems.find("dcgan"), systems.find("cgan")
FEW = {**TINY, "num_epochs": 1, "batch_size": 70, "log_steps": 2}


@pytest.fixture(scope="module", params=SYSTEMS)
def trained(request, tmp_path_factory):
    """A run of each algorithm with its own defaults, a few iterations long."""
    system = systems.find(request.param)
    run = tmp_path_factory.mktemp("runs") / f"{system.name}_tiny"
    return system.name, train.train(system, system.config(**FEW), run)


def test_a_training_leaves_every_file(trained):
    name, run = trained
    assert {path.name for path in run.iterdir()} == SHIPPED_FILES | FOLDERS
    rows = [json.loads(line) for line in (run / run_dir.METRICS).read_text().splitlines()]
    # These pictures have no labels, of which classes could be covered.
    watched = set(diagnosis.FIGURES) - {"classes_covered"}
    assert set(rows[0]) == {"step", "epoch"} | tiny_models.metric_names(name) | watched
    recipe = run_dir.read_recipe(run)
    assert recipe.system == name and recipe.draw.condition == Nothing()
    card = (run / run_dir.CARD).read_text()
    assert "Draws 28x28 gray images." in card and "labels" not in card


def test_rounds_show_what_became_of_the_same_latents(trained):
    _, run = trained
    (last,) = (run / run_dir.SAMPLES_WHILE_TRAINING).iterdir()
    with Image.open(last) as samples, Image.open(run / run_dir.ROUNDS) as rounds:
        assert rounds.size == (5 * 28 * 4, 28 * 4)
        first_few = np.asarray(samples)[::4, ::4][:28, : 5 * 28]
        np.testing.assert_array_equal(np.asarray(rounds)[::4, ::4], first_few)


def test_every_export_draws_the_same(trained):
    _, run = trained
    recipe = run_dir.read_recipe(run)
    inputs = requested(recipe.draw, recipe.draw.condition.every(), 3, 0)
    images = [runtimes.open_generator(run, recipe, name)(inputs) for name in ("litert", "keras")]
    loaded = tf.saved_model.load(str(run / run_dir.SAVED_MODEL / "1"))
    served = loaded.signatures["latents"](latents=tf.constant(inputs["latents"]))["images"]
    assert images[0].shape == (3, 28, 28, 1) and images[0].std() > 1e-3
    assert_allclose(images[0], images[1], atol=1e-5)
    assert_allclose(served, (images[1] + 1.0) / 2.0, atol=1e-5)


def test_the_command_draws_from_it(trained, gan_apps, tmp_path):
    name, run = trained
    result = gan_apps(name, f"--run_dir={run}", "--num_images=6")
    assert result.stdout == f"{name}_tiny.png\n", result.stderr
    with Image.open(tmp_path / f"{name}_tiny.png") as image:
        assert image.size == (3 * 28 * 4, 2 * 28 * 4)


@pytest.fixture(scope="module")
def dcgan(tmp_path_factory):
    """A run in colour on a folder of images, with every trick that goes with it."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.RandomState(0)
    for number in range(40):
        colour = tuple(int(value) for value in random.randint(0, 256, 3))
        Image.new("RGB", (20, 12), colour).save(folder / f"{number}.png")
    config = DCGAN.config(
        dataset=str(folder),
        image_size=16,
        horizontal_flips=True,
        latent_dim=8,
        latent_distribution="uniform",
        generator_widths=(8, 8),
        discriminator_widths=(8, 8),
        normalization="virtual_batch",
        generator_normalization="virtual_batch",
        penalty="one_sided",
        objective="least_squares",
        label_smoothing=0.1,
        flipped_labels=0.05,
        input_noise=0.1,
        input_noise_fraction=0.5,
        discriminator_steps=2,
        generator_steps=2,
        initial_discriminator_steps=4,
        initial_iterations=1,
        optimizer="rmsprop",
        beta_1=0.0,
        batch_size=10,
        num_epochs=2,
        precision="float32",
    )
    return train.train(DCGAN, config, folder.parent / "dcgan_colour")


@pytest.mark.slow
def test_a_folder_of_colour_pictures_with_every_trick(dcgan):
    recipe = run_dir.read_recipe(dcgan)
    inputs = requested(recipe.draw, recipe.draw.condition.every(), 4, 0)
    assert np.abs(inputs["latents"]).max() <= 1.0
    litert, keras = (
        runtimes.open_generator(dcgan, recipe, name)(inputs) for name in ("litert", "keras")
    )
    assert litert.shape == (4, 16, 16, 3)
    assert_allclose(litert, keras, atol=1e-5)
    assert "uniform in [-1, 1]" in (dcgan / run_dir.CARD).read_text()


@pytest.mark.slow
def test_latent_play(dcgan, gan_apps, tmp_path):
    run = f"--run_dir={dcgan}"
    side = 16 * 4
    strip = gan_apps("dcgan", run, "--interpolate=1,2")
    assert strip.stdout == "dcgan_colour_interpolate_1_2.png\n", strip.stderr
    with Image.open(tmp_path / strip.stdout.strip()) as image:
        assert image.size == (10 * side, side)
        pixels = np.asarray(image)
    # Both ends are the first pictures of the two seeds.
    for seed, end in ((1, pixels[:, :side]), (2, pixels[:, -side:])):
        gan_apps("dcgan", run, f"--seed={seed}", "--num_images=1", "--output=one.png")
        with Image.open(tmp_path / "one.png") as image:
            np.testing.assert_array_equal(np.asarray(image), end)
    gan_apps("dcgan", run, "--interpolate=1,2", "--frames=6", "--output=walk.gif")
    with Image.open(tmp_path / "walk.gif") as image:
        assert image.n_frames == 6
    total = gan_apps("dcgan", run, "--arithmetic=1,4,7-2,3,5+6,8,9")
    assert total.stdout == "dcgan_colour_1_4_7_minus_2_3_5_plus_6_8_9.png\n", total.stderr
    with Image.open(tmp_path / total.stdout.strip()) as image:
        # Three members and their mean in each of three rows, and the sum below.
        assert image.size == (4 * side, 4 * side)
        assert np.asarray(image)[3 * side :, side:].max() == 0


def test_latent_play_with_labels(gan_apps, tmp_path):
    result = gan_apps("cgan", "--digit=3,5", "--interpolate=1,2", "--frames=4")
    assert result.stdout == "digits_3_5_interpolate_1_2.png\n", result.stderr
    with Image.open(tmp_path / result.stdout.strip()) as image:
        assert image.size == (4 * 28 * 4, 2 * 28 * 4)
    assert gan_apps("cgan", "--digit=3", "--arithmetic=1-2+3").returncode == 0


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--interpolate=1"], ["--interpolate=1", "two seeds"]),
        (["--interpolate=1,2,3"], ["--interpolate=1,2,3", "two seeds"]),
        (["--interpolate=1,x"], ["--interpolate=1,x", "'x' is not a seed"]),
        (["--interpolate="], ["--interpolate=", "'' is not a seed"]),
        (["--interpolate=1,4294967296"], ["'4294967296' is not a seed, 0 to 4294967295"]),
        (["--interpolate=1,2", "--frames=1"], ["--frames must be at least 2, got 1"]),
        (["--frames=5"], ["--frames=5", "--interpolate"]),
        (["--arithmetic=1-"], ["--arithmetic=1-", "such as 1-2+3"]),
        (["--arithmetic="], ["--arithmetic=", "such as 1-2+3"]),
        (["--arithmetic=1--2"], ["--arithmetic=1--2"]),
        (["--arithmetic=1,,2"], ["--arithmetic=1,,2", "'' is not a seed"]),
        (["--arithmetic=one"], ["--arithmetic=one", "'one' is not a seed"]),
        (["--arithmetic=1", "--interpolate=1,2"], ["--arithmetic=1", "--interpolate"]),
        (["--arithmetic=1", "--output=a.gif"], ["--output=a.gif", "--arithmetic"]),
        (["--arithmetic=1", "--digit=1,2"], ["--arithmetic=1", "one --digit"]),
        (["--mode=train", "--interpolate=1,2"], ["--interpolate=1,2", "--mode=train"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_latent_play_is_one_line(refused, tmp_path, arguments, words):
    line = refused("cgan", *arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "app, arguments, words",
    [
        ("fgan", ["--divergence=kullback"], ["--divergence", "total_variation", "'kullback'"]),
        ("fgan", ["--pi=1"], ["--pi must be less than 1, got 1"]),
        ("fgan", ["--alpha=1"], ["--alpha must be neither 0 nor 1, got 1"]),
        ("wgan", ["--clip=0"], ["--clip must be greater than 0, got 0"]),
        ("wgan_gp", ["--penalty_weight=-1"], ["--penalty_weight must be greater than 0, got -1"]),
        ("wgan_gp", ["--normalization=batch"], ["--normalization", "--penalty=two_sided"]),
        ("dcgan", ["--objective=wasserstein"], ["--objective", "Lipschitz"]),
        ("dcgan", ["--digit=3"], ["digit"]),
        ("dcgan", ["--dataset=absent/folder"], ["--dataset=absent/folder", "no such folder"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_bad_settings_are_one_line(refused, tmp_path, app, arguments, words):
    line = refused(app, "--mode=train", *arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_a_command_without_a_run_of_its_own_says_so(refused):
    assert "--mode=train" in refused("wgan")


@pytest.mark.parametrize(
    "values, words",
    [
        ({"generator_widths": (8, 8, 8)}, "--generator_widths must be at most 2 numbers"),
        (
            {"objective": "wasserstein", "normalization": "spectral", "label_smoothing": 0.1},
            "--label_smoothing must be 0 with the objective wasserstein",
        ),
    ],
)
def test_what_only_the_networks_can_tell_is_refused_too(values, words, tmp_path):
    config = DCGAN.config(**{**FEW, **values})
    with pytest.raises(Refused, match=words):
        train.train(DCGAN, config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_conditional_gan_needs_labels(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        Image.new("L", (8, 8), number).save(folder / f"{number}.png")
    config = CGAN.config(dataset=str(folder), precision="float32")
    with pytest.raises(Refused, match=f"--dataset={folder}: has no labels"):
        train.train(CGAN, config, tmp_path / "run")


def test_optimizers_are_what_the_settings_say(tiny_images):
    def made(name, **values):
        small = {"precision": "float32", "generator_widths": (8, 8), "discriminator_widths": (8,)}
        system = systems.find(name)
        game = building.build(system, system.config(**small, **values), tiny_images.unconditional())
        assert set(game.optimizers) == {player.name for player in game.players}
        return game.optimizers

    optimizer = made("wgan", normalization="none", batch_size=8)["discriminator"]
    assert type(optimizer).__name__ == "RMSprop"
    assert optimizer.rho == 0.99
    optimizer = made("wgan_gp", batch_size=8)["generator"]
    assert type(optimizer).__name__ == "Adam"
    assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.99)
    assert float(optimizer.learning_rate) == pytest.approx(1e-3)
