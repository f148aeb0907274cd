"""LAPGAN: the pyramid, its levels' games, and the one network that is made of all generators."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps import systems
from models import LAPGAN, OBJECTIVES, Condition, Discriminator, Generator, lapgan, networks
from models.lapgan import DetailDiscriminator, DetailGenerator, Pyramid

RANDOM = np.random.RandomState(0)
LABELS = {"column": "labels", "sizes": [3]}
SHAPE = {"channels": 1}
COARSEST = {"latent_dim": 4, "image_size": 8, "widths": (8,), **SHAPE}
DETAIL = {"latent_dim": 4, "image_size": 16, "widths": (8,), **SHAPE}


def pictures(count=5, size=16):
    return RANDOM.uniform(-1.0, 1.0, (count, size, size, 1)).astype(np.float32)


def made(condition=None, **arguments):
    keras.utils.set_random_seed(0)
    told = {"condition": condition}
    found = {}
    for prefix in ("", "averaged_"):
        found[f"{prefix}generator_at_8"] = Generator(**COARSEST, **told)
        found[f"{prefix}generator_at_16"] = DetailGenerator(**DETAIL, **told)
    found["discriminator_at_8"] = Discriminator(image_size=8, widths=(8,), **told)
    found["discriminator_at_16"] = DetailDiscriminator(image_size=16, widths=(8,), **told)
    model = LAPGAN(found, sides=(8, 16), objective=OBJECTIVES["non_saturating"], **arguments)
    model.compile()
    model.minibatch_size = 5
    return model


def minibatch(condition=None):
    columns = {"images": tf.constant(pictures())}
    return columns if condition is None else {**columns, "labels": tf.constant([0, 1, 2, 1, 0])}


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_a_pyramid_puts_every_picture_together_again(levels):
    images = pictures(size=32)
    found = lapgan.pyramid(images, levels)
    assert [one.shape[1] for one in found] == [32 // 2**one for one in reversed(range(levels))]
    assert_allclose(lapgan.put_together(found), images, atol=1e-6)


def test_halving_is_the_mean_of_four_and_doubling_its_inverse():
    images = pictures()
    means = images.reshape(5, 8, 2, 8, 2, 1).mean(axis=(2, 4))
    assert_allclose(lapgan.reduced(images), means, atol=1e-6)
    assert_allclose(lapgan.reduced(lapgan.enlarged(means)), means, atol=1e-6)
    # What a level lacks has no mean of its own.
    assert_allclose(lapgan.reduced(lapgan.pyramid(images, 2)[1]), 0.0, atol=1e-6)


def test_sides_of_levels():
    assert lapgan.sides(64, 3) == [16, 32, 64]
    for size, levels in ((64, 5), (28, 2), (30, 2)):
        with pytest.raises(ValueError, match=f"^levels must leave .* of {size}, got {levels}"):
            lapgan.sides(size, levels)


@pytest.mark.parametrize("condition", [None, LABELS])
def test_each_level_s_losses_are_its_formulas(condition):
    model, given = made(condition), minibatch(condition)
    for player in model.players:
        name, side = player.name.rsplit("_at_", 1)
        real = model.real(int(side), given)
        model.draws.assign(5)
        fake = model.drawn(int(side), real)
        judge = model.networks[f"discriminator_at_{side}"]

        def scores(examples, judge=judge):
            taken = {key: value for key, value in examples.items() if key in judge.input}
            if "labels" in taken:
                taken["labels"] = taken["labels"][:, None]
            return judge(taken, training=True)

        expected = tf.reduce_mean(tf.nn.softplus(-scores(fake)))
        if name == "discriminator":
            expected = tf.reduce_mean(tf.nn.softplus(-scores(real)) + tf.nn.softplus(scores(fake)))
        model.draws.assign(5)
        assert_allclose(float(player.loss(given)), float(expected), rtol=1e-5)


def test_a_level_is_given_the_coarser_one_enlarged():
    model, given = made(), minibatch()
    fine, coarse = model.real(16, given), model.real(8, given)
    assert_array_equal(fine["images"], given["images"])
    assert_allclose(fine["sources"], lapgan.enlarged(coarse["images"]), atol=1e-6)
    assert "sources" not in coarse
    fake = model.drawn(16, fine)
    assert_array_equal(fake["sources"], fine["sources"])


@pytest.mark.parametrize("condition", [None, LABELS])
def test_every_player_moves_its_own_network_alone(condition):
    model = made(condition, adversary={"real_gradient_weight": 1.0, "real_gradient_interval": 1})
    assert [player.name for player in model.players] == [
        "discriminator_at_8", "generator_at_8", "discriminator_at_16", "generator_at_16",
    ]  # fmt: skip
    for player in model.players:
        before = {name: network.get_weights() for name, network in model.networks.items()}
        model.update(player, minibatch(condition))
        for name, network in model.networks.items():
            pairs = zip(before[name], network.get_weights(), strict=True)
            trained = network.trainable_weights if name == player.name else []
            moved = any(np.abs(was - now).max() > 0 for was, now in pairs)
            # Statistics of a generator that only draws move too.
            assert moved or not trained, (player.name, name)
            if name.startswith("discriminator") or name.startswith("averaged"):
                assert moved == (name == player.name), (player.name, name)


@pytest.mark.parametrize("condition", [None, LABELS])
def test_one_network_draws_what_the_levels_draw_one_after_the_other(condition):
    network = Pyramid(coarsest=COARSEST, details=[DETAIL], condition=condition)
    again = networks.rebuilt(networks.described(network))
    levels = [network.get_layer(f"level_{number}") for number in (0, 1)]
    # As strong as trained ones.
    levels[1].set_weights([3 * weight for weight in levels[1].get_weights()])
    again.set_weights([weight for level in levels for weight in level.get_weights()])
    latents = tf.constant(RANDOM.standard_normal((4, 8)), tf.float32)
    asked = {} if condition is None else {"labels": tf.constant([0, 1, 2, 0])}
    coarse = levels[0]({"latents": latents[:, :4], **asked})
    sources = lapgan.enlarged(coarse)
    detail = levels[1]({"latents": latents[:, 4:], "sources": sources, **asked})
    expected = np.clip(sources + detail, -1.0, 1.0)
    assert_allclose(network({"latents": latents, **asked}), expected, atol=1e-6)
    assert_allclose(again({"latents": latents, **asked}), expected, atol=1e-6)
    assert network.condition == Condition.of(condition)


def test_settings():
    config = systems.find("lapgan").config
    assert not config().is_conditional and config(classes=True).is_conditional
    with pytest.raises(ValueError, match="augmentations must be one of none, got 'cutout'"):
        config(augmentations="cutout")


@pytest.mark.slow
@pytest.mark.parametrize("classes", [False, True])
def test_a_run_with_and_without_classes(classes, tmp_path):
    from gan_apps.drawing import latents, runtimes
    from gan_apps.runs import run_dir
    from gan_apps.training import train
    from tests.conftest import TINY

    system = systems.find("lapgan")
    values = {**TINY, "num_epochs": 1, "log_steps": 10, "classes": classes, "detail_widths": (8,)}
    run = train.train(system, system.config(**values), tmp_path / "run")
    recipe = run_dir.read_recipe(run)
    assert recipe.draw.condition.column == ("labels" if classes else None)
    assert recipe.draw.parts == ("generator_at_16", "generator_at_32")
    asked = recipe.draw.condition.every()
    inputs = latents.requested(recipe.draw, asked, 1, 0)
    draw = functools.partial(runtimes.open_generator, run, recipe)
    images = [draw(runtime)(inputs) for runtime in ("litert", "keras")]
    assert images[0].shape == (10 if classes else 1, 32, 32, 1)
    assert_allclose(*images, atol=1e-4)
    assert len(run_dir.read_metrics(run)) > 0
