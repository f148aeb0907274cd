"""SRResNet and SRGAN: the network of any size, the losses, the squares that are learned from."""

import itertools
import shutil

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

import models
from gan_apps import systems
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import states, train
from models.srgan import Enlarged, Enlarger
from tests import tiny_models

CROP = 4
TINY = {
    "dataset": "digits",
    "num_epochs": 1,
    "batch_size": 64,
    "generator_widths": (8, 4),
    "residual_blocks": 1,
    "discriminator_widths": (4, 8),
    "patch": "16",
    "crop": CROP,
    "precision": "float32",
    "log_steps": 10,
}


def built(**settings):
    networks = {
        name: Enlarger(channels=1, widths=(8, 4), blocks=1)
        for name in ("generator", "averaged_generator")
    }
    if settings.get("adversarial_weight", 1.0):
        networks["discriminator"] = models.PatchDiscriminator(
            image_size=4 * CROP, channels=1, patch=16, widths=(4, 8), normalization="none"
        )
    objective = models.OBJECTIVES["non_saturating"]
    return models.SRGAN(networks, objective=objective, crop=CROP, **settings)


def compiled(**settings):
    return tiny_models.descending(built(**settings))


def minibatch(count=3, side=6, seed=0):
    random = np.random.RandomState(seed)
    draw = lambda side: tf.constant(random.uniform(-1, 1, (count, side, side, 1)), tf.float32)
    return {"images": draw(4 * side), "sources": draw(side)}


def softplus(x):
    return np.logaddexp(0.0, x)


# ---- the network ----


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_pictures_of_any_size_become_so_many_times_as_large(scale):
    network = Enlarger(scale=scale, channels=3, widths=(8,), blocks=1)
    for height, width in ((1, 1), (3, 7)):
        given = tf.zeros((2, height, width, 3))
        assert network({"sources": given}).shape == (2, scale * height, scale * width, 3)
    again = Enlarger.from_config(network.get_config())
    again.set_weights(network.get_weights())
    given = tf.random.stateless_uniform((1, 5, 4, 3), (0, 0), -1.0, 1.0)
    assert_array_equal(again({"sources": given}), network({"sources": given}))


def test_it_begins_near_the_plain_enlargement_and_adds_to_it():
    network = Enlarger(channels=1, widths=(8, 4), blocks=2)
    sources = minibatch()["sources"]
    drawn, plain = network({"sources": sources}, training=True), Enlarged(4)(sources)
    assert 0 < np.abs(drawn - plain).mean() < 0.15
    network.set_weights([0 * weight for weight in network.get_weights()])
    assert_array_equal(network({"sources": sources}), plain)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_smoothed_it_draws_no_lattice_into_what_is_plain(scale):
    plain = 0.3 * tf.ones((1, 24, 24, 3))
    middle = slice(10 * scale, 14 * scale)
    spread = {}
    for smoothed in (False, True):
        network = Enlarger(scale=scale, widths=(8,), blocks=1, smoothed=smoothed)
        drawn = network({"sources": plain}).numpy()[0, middle, middle]
        spread[smoothed] = np.ptp(drawn, axis=(0, 1)).max()
    assert spread[False] > 1e-4
    assert spread[True] < 1e-6


def test_plain_enlargement_is_straight_between_pixels():
    ramp = tf.range(5.0)[None, None, :, None] * tf.ones((1, 3, 1, 1))
    wide = Enlarged(4)(ramp).numpy()[0, :, :, 0]
    assert wide.shape == (12, 20)
    assert_allclose(wide[:, 2:-2], (np.arange(16) / 4 + 1 / 8) * np.ones((12, 1)), atol=1e-6)


def test_what_is_drawn_is_within_bounds_but_in_training():
    network = Enlarger(channels=1, widths=(8, 4), blocks=1)
    network.set_weights([20 * weight for weight in network.get_weights()])
    sources = minibatch()["sources"]
    free, bounded = (network({"sources": sources}, training=kind).numpy() for kind in (True, False))
    assert np.abs(free).max() > 1.0
    assert_array_equal(bounded, np.clip(free, -1.0, 1.0))


def test_widths_that_are_not_named_are_as_the_last_one():
    assert Enlarger(widths=(8,), blocks=1).count_params() == (
        Enlarger(widths=(8, 8, 8), blocks=1).count_params()
    )
    with pytest.raises(ValueError, match="widths must be at most 3 numbers for a scale of 4, got"):
        Enlarger(widths=(8, 8, 8, 8))
    with pytest.raises(ValueError, match="scale must be 2, 4 or 8, got 3"):
        Enlarger(scale=3)


# ---- the squares ----


def test_the_squares_of_both_are_of_one_place_and_turned_alike():
    side, count = 6, 300
    sources = np.arange(count * side**2, dtype=np.float32).reshape(count, side, side, 1)
    images = sources.repeat(4, axis=1).repeat(4, axis=2)
    cut, small = built().squares(tf.constant(images), tf.constant(sources))
    assert cut.shape == (count, 4 * CROP, 4 * CROP, 1) and small.shape == (count, CROP, CROP, 1)
    assert_array_equal(cut, small.numpy().repeat(4, axis=1).repeat(4, axis=2))
    seen = set()
    for number, square in enumerate(small.numpy()[..., 0] - sources[:, :1, :1, 0]):
        ways = [
            (top, left, turned, mirrored)
            for top, left, turned, mirrored in itertools.product(
                range(3), range(3), range(4), (False, True)
            )
            if np.array_equal(square, symmetry(sources[0, ..., 0], top, left, turned, mirrored))
        ]
        assert len(ways) == 1, number
        seen.add(ways[0])
    # All places, each in its eight symmetries: 72, of which 300 see nearly all.
    assert len(seen) > 65


def symmetry(picture, top, left, turned, mirrored):
    square = np.rot90(picture[top : top + CROP, left : left + CROP], turned)
    return square[:, ::-1] if mirrored else square


def test_smaller_pictures_are_taken_whole():
    cut, small = built().squares(*minibatch(side=3).values())
    assert (cut.shape[1], small.shape[1]) == (12, 3)


def test_a_discriminator_sees_all_of_a_pair_moved_alike_by_less_than_the_scale():
    count, side = 200, 8
    numbered = np.arange(side**2, dtype=np.float32).reshape(1, side, side, 1)
    pictures = tf.constant(np.repeat(numbered, count, axis=0))
    one, other = built().moved(pictures, -pictures)
    assert_array_equal(one, -other)
    ways = set()
    for picture in one.numpy():
        down, right = divmod(int(picture[0, 0, 0]), side)
        assert_array_equal(picture, np.roll(numbered[0], (-down, -right), axis=(0, 1)))
        ways.add((down, right))
    assert ways == set(itertools.product(range(4), range(4)))


def test_by_pixel_error_alone_nothing_is_moved(monkeypatch):
    moved = []
    monkeypatch.setattr(models.SRGAN, "moved", lambda self, *some: moved.append(self) or some)
    for weight in (0.0, 1.0):
        built(adversarial_weight=weight).pair(minibatch())
    assert [game.adversarial_weight for game in moved] == [1.0]


# ---- the losses ----


@pytest.mark.parametrize("error", ["absolute", "squared"])
def test_the_losses_are_what_they_say(error):
    game = compiled(pixel_weight=7.0, feature_weight=5.0, adversarial_weight=3.0, pixel_error=error)
    pair = real, fake = game.pair(minibatch())
    judge = game.networks["discriminator"]
    assert_allclose(fake["sources"], real["sources"])
    scores = [judge(one).numpy() for one in pair]
    judged = (softplus(-scores[0]).mean() + softplus(scores[1]).mean()) / 2
    assert_allclose(game.judged(pair), judged, rtol=1e-5)
    apart = np.abs(real["images"] - fake["images"])
    pixels = (apart**2 if error == "squared" else apart).mean()
    below = (
        [one.numpy() for one in game.features(real)],
        [one.numpy() for one in game.features(fake)],
    )
    assert [one.shape[-1] for one in below[0]] == [4, 8]
    features = np.mean([np.abs(a - b).mean() for a, b in zip(*below, strict=True)])
    expected = 7.0 * pixels + 5.0 * features + 3.0 * softplus(-scores[1]).mean()
    assert_allclose(game.cost(pair), expected, rtol=1e-5)
    assert_allclose(game.means["pixel_error"].result(), pixels, rtol=1e-5)
    assert_allclose(game.means["feature_cost"].result(), features, rtol=1e-5)


def test_by_pixel_error_alone_there_is_one_player_and_no_judge():
    game = compiled(adversarial_weight=0.0)
    assert [player.name for player in game.players] == ["generator"]
    pair = game.pair(minibatch())
    assert_allclose(game.cost(pair), np.abs(pair[0]["images"] - pair[1]["images"]).mean(), 1e-6)
    with pytest.raises(ValueError, match="pixel_error must be one of absolute, squared, got 'l3'"):
        built(pixel_error="l3")


@pytest.mark.slow
def test_it_learns_what_it_is_shown():
    """Pictures that are their sources upside down in brightness: the detail must undo the skip."""
    game = built(adversarial_weight=0.0)
    game.compile({"generator": "adam"})
    data = minibatch(count=16)
    data["images"] = -tf.repeat(tf.repeat(data["sources"], 4, axis=1), 4, axis=2)
    update = tf.function(game.train_step)
    minibatches = {"generator": {name: values[None] for name, values in data.items()}}
    before = float(update(minibatches)["pixel_error"])
    for _ in range(150):
        update(minibatches)
    game.reset_metrics()
    assert float(update(minibatches)["pixel_error"]) < 0.5 * before


@pytest.mark.slow
def test_fit_takes_larger_pictures_than_the_networks_see():
    game = compiled()
    data = minibatch(count=8, side=9)
    dataset = tf.data.Dataset.from_tensor_slices(data)
    history = game.fit(models.minibatches(dataset, game, batch_size=4), verbose=0)
    assert np.isfinite(history.history["generator_loss"]).all()


# ---- the system ----


def test_settings_that_contradict_each_other_are_refused():
    config = systems.find("srgan").config
    for flags, words in (
        ({"scale": 3}, "scale must be one of 2, 4, 8, got 3"),
        ({"scale": 8, "image_size": 100}, "image_size must be a multiple of --scale=8, got 100"),
        ({"pixel_weight": 0.0, "adversarial_weight": 0.0}, "pixel_weight must be above 0 with"),
        (
            {"adversarial_weight": 0.0, "feature_weight": 2.0},
            "feature_weight must stay 1.0 unless --adversarial_weight is above 0",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            config(**flags)


def test_the_recipe_is_pixel_error_alone():
    system = systems.find("srgan")
    assert system.config(**system.recipes["srresnet"].values).adversarial_weight == 0.0


@pytest.fixture(scope="module")
def by_pixel_error(tmp_path_factory):
    """A run of SRResNet on digits."""
    system = systems.find("srgan")
    config = system.config(**TINY, adversarial_weight=0.0)
    return train.train(system, config, tmp_path_factory.mktemp("runs") / "srresnet")


@pytest.mark.slow
def test_the_adversarial_stage_begins_with_the_other_s_network(by_pixel_error, tmp_path):
    system = systems.find("srgan")
    config = system.config(**TINY, initial_run_dir=str(by_pixel_error))
    run = train.train(system, config, tmp_path / "run")
    rows = run_dir.read_metrics(run)
    assert {"pixel_error", "feature_cost", "adversarial_cost", "discriminator_loss"} <= {*rows[0]}
    # It began where the other had ended.
    assert rows[0]["pixel_error"] < 1.1 * run_dir.read_metrics(by_pixel_error)[-1]["pixel_error"]
    draw = run_dir.read_recipe(run).draw
    assert draw.is_any_size and (draw.scale, draw.shape) == (4, (28, 28, 1))


@pytest.mark.slow
def test_a_run_without_states_is_begun_with_by_what_it_draws_with(by_pixel_error, tmp_path):
    shipped = tmp_path / "shipped"
    shutil.copytree(by_pixel_error, shipped, ignore=shutil.ignore_patterns(run_dir.STATES))
    game, other = compiled(), compiled()
    states.begin_with(by_pixel_error, other)
    states.begin_with(shipped, game)
    expected = other.networks["averaged_generator"].get_weights()
    for part in ("generator", "averaged_generator"):
        for one, also in zip(game.networks[part].get_weights(), expected, strict=True):
            assert_array_equal(one, also)


@pytest.mark.slow
def test_what_another_run_lacks_begins_anew_and_other_networks_are_refused(by_pixel_error):
    game = compiled()
    before = game.networks["discriminator"].get_weights()
    states.begin_with(by_pixel_error, game)
    with np.load(sorted((by_pixel_error / "states").glob("step_*"))[-1]) as state:
        names = sorted(name for name in state.files if name.startswith("generator/"))
        theirs = [state[name] for name in names]
    for ours, other in zip(game.networks["generator"].get_weights(), theirs, strict=True):
        assert_array_equal(ours, other)
    for ours, other in zip(game.networks["discriminator"].get_weights(), before, strict=True):
        assert_array_equal(ours, other)
    networks = {"generator": Enlarger(channels=1, widths=(8, 4), blocks=2)}
    other = models.SRGAN(networks, objective=models.OBJECTIVES["hinge"], adversarial_weight=0.0)
    with pytest.raises(Refused, match="its generator has .* weights, not "):
        states.begin_with(by_pixel_error, other)
