"""CycleGAN: its losses, its pool, the turn that all players share, and what its runs draw."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

import models
from models.cyclegan import OTHER, SIDES, Pool
from tests import tiny_models

SIDE = 8


def built(**settings):
    keras.utils.set_random_seed(0)
    networks = {}
    for side in SIDES:
        for prefix in ("", "averaged_"):
            networks[f"{prefix}generator_{side}"] = models.PictureTranslator(
                image_size=SIDE,
                source_channels=1,
                channels=1,
                translator="residual",
                widths=(4, 4),
                blocks=1,
                dropout=0.0,
            )
        networks[f"discriminator_{side}"] = models.PatchDiscriminator(
            image_size=SIDE, source_channels=0, channels=1, patch=16, widths=(4, 4)
        )
    options = {"objective": models.OBJECTIVES["least_squares"], "pool_size": 4}
    return models.CycleGAN(networks, **{**options, **settings})


def compiled(**settings):
    return tiny_models.descending(built(**settings))


def minibatch(count=2, seed=0):
    random = np.random.RandomState(seed)
    return {
        side: tf.constant(random.uniform(-1, 1, (count, SIDE, SIDE, 1)), tf.float32)
        for side in SIDES
    }


def step(game, data):
    stacked = {side: pictures[None] for side, pictures in data.items()}
    logs = game.train_step({"generator": stacked})
    return {name: float(value) for name, value in logs.items()}


def translated(game, side, pictures):
    return game.networks[f"generator_{side}"]({"sources": pictures}).numpy()


def scores(game, side, pictures):
    return game.networks[f"discriminator_{side}"]({"images": pictures}).numpy()


def away(one, other):
    return np.abs(np.asarray(one) - np.asarray(other)).mean()


def test_the_losses_are_the_paper_s():
    game, real = compiled(cycle_weight=7.0, identity_weight=3.0, pool_size=0), minibatch()
    fake = {side: translated(game, side, real[OTHER[side]]) for side in SIDES}
    drawing = game.drawn(real)
    for side in SIDES:
        assert_allclose(drawing[1][side], fake[side], atol=1e-6)
        judged = (
            ((scores(game, side, real[side]) - 1) ** 2).mean()
            + (scores(game, side, fake[side]) ** 2).mean()
        ) / 2
        assert_allclose(game.judged(side, drawing), judged, rtol=1e-5)
    adversarial = {side: ((scores(game, side, fake[side]) - 1) ** 2).mean() for side in SIDES}
    cycle = sum(away(translated(game, side, fake[OTHER[side]]), real[side]) for side in SIDES)
    identity = sum(away(translated(game, side, real[side]), real[side]) for side in SIDES)
    expected = sum(adversarial.values()) + 7.0 * cycle + 3.0 * identity
    assert_allclose(game.cost(drawing), expected, rtol=1e-5)
    told = {"cycle": cycle, "identity": identity}
    told |= {f"adversarial_cost_{side}": cost for side, cost in adversarial.items()}
    for name, value in told.items():
        assert_allclose(game.means[name].result(), value, rtol=1e-5, err_msg=name)


def test_translators_that_undo_each_other_pay_for_the_discriminators_alone():
    """The picture itself, by either: nothing is lost on the way there and back."""
    game, real = compiled(pool_size=0), minibatch()
    for side in SIDES:
        game.networks[f"generator_{side}"] = lambda given, training: given["sources"]
    cost = game.cost(game.drawn(real))
    expected = sum(((scores(game, side, real[OTHER[side]]) - 1) ** 2).mean() for side in SIDES)
    assert_allclose(cost, expected, rtol=1e-5)
    # Negatives undo each other too, and the identity term is what they cost: mean|-x - x| each.
    for side in SIDES:
        game.networks[f"generator_{side}"] = lambda given, training: -given["sources"]
    identity = sum(2 * np.abs(real[side]).mean() for side in SIDES)
    expected = sum(((scores(game, side, -real[OTHER[side]]) - 1) ** 2).mean() for side in SIDES)
    assert_allclose(game.cost(game.drawn(real)), expected + 5.0 * identity, rtol=1e-5)


@pytest.mark.parametrize("without", ["cycle_weight", "identity_weight"])
def test_a_term_can_be_left_out(without):
    game, real = compiled(pool_size=0), minibatch()
    bare = compiled(pool_size=0, **{without: 0.0})
    name = without.removesuffix("_weight")
    whole, rest = game.cost(game.drawn(real)), bare.cost(bare.drawn(real))
    weight = {"cycle": 10.0, "identity": 5.0}[name]
    assert_allclose(whole - rest, weight * game.means[name].result(), rtol=1e-4)
    assert ("identity" in step(bare, real)) == (name != "identity")


def test_each_player_moves_its_own_networks_by_its_own_loss():
    game, real = compiled(pool_size=0), minibatch()
    assert [player.name for player in game.players] == [
        "generator",
        "discriminator_a",
        "discriminator_b",
    ]
    # In a plain tape, of what is drawn before anybody has moved.
    with tf.GradientTape(persistent=True) as tape:
        drawing = game.drawn(real)
        losses = {
            "generator": game.cost(drawing),
            **{f"discriminator_{side}": game.judged(side, drawing) for side in SIDES},
        }
    expected = {}
    for player in game.players:
        variables = game.trainable_variables_of(player)
        gradients = tape.gradient(losses[player.name], variables)
        expected[player.name] = [v - 0.01 * g for v, g in zip(variables, gradients, strict=True)]
    calls = []
    for side in SIDES:
        network = game.networks[f"generator_{side}"]
        call = network.call
        network.call = lambda *args, call=call, **kwargs: calls.append(1) or call(*args, **kwargs)
    step(game, real)
    # One drawing of either, of both kinds of pictures at once, and the way back.
    assert len(calls) == 4
    for player in game.players:
        pairs = zip(game.trainable_variables_of(player), expected[player.name], strict=True)
        for variable, value in pairs:
            assert_allclose(variable, value, atol=1e-6, err_msg=player.name)


@pytest.fixture(scope="module")
def pool_of():
    """A function of a size: a pool of pictures of one pixel, and what is shown for numbers."""
    game = built(pool_size=0)

    def made(size):
        found = Pool(game, "pool", (1, 1, 1), size)
        # Traced once for each number of pictures.
        exchanged = tf.function(found.exchanged)

        def shown(*numbers):
            pictures = tf.reshape(tf.constant(numbers, tf.float32), (-1, 1, 1, 1))
            return exchanged(pictures).numpy().reshape(-1).astype(int)

        return found, shown

    return made


def held_by(found):
    return sorted(found.pictures.numpy().reshape(-1).astype(int))


def test_a_pool_is_filled_first_and_loses_no_picture(pool_of):
    found, shown_of = pool_of(6)
    for start in (1, 3, 5):
        assert_array_equal(shown_of(start, start + 1), [start, start + 1])
    assert held_by(found) == [1, 2, 3, 4, 5, 6]
    for start in range(7, 207, 2):
        before, new = held_by(found), [start, start + 1]
        shown = shown_of(*new)
        # Whatever is shown is new or was there; the rest is there afterwards.
        assert sorted([*before, *new]) == sorted([*held_by(found), *shown])
        for own, one in zip(new, shown, strict=True):
            assert one == own or one in before


def test_a_full_pool_shows_an_old_picture_half_of_the_time_each_as_often(pool_of):
    size, turns = 5, 1500
    _, shown_of = pool_of(size)
    for number in range(size):
        shown_of(number)
    ages = []
    for turn in range(size, size + turns):
        (shown,) = shown_of(turn)
        if shown != turn:
            ages.append(turn - shown)
    # The deviation of a mean of so many coins is .013.
    assert abs(len(ages) / turns - 0.5) < 0.065
    # A picture that is there leaves in each turn with probability 1/(2 size): after 10 in the mean.
    assert abs(np.mean(ages) - 2 * size) < 1.7


def test_only_whole_minibatches_fill_a_pool(pool_of):
    found, shown_of = pool_of(5)
    for start in range(1, 45, 2):
        shown_of(start, start + 1)
        # A third minibatch does not fit: two go in for two of the four, and the fifth stays open.
        held = held_by(found)
        assert held[0] == 0 and (start == 1 or len(set(held)) == 5)


def test_the_discriminator_is_shown_the_pool_s_pictures_and_the_generator_pays_for_its_own():
    game = compiled(pool_size=2)
    first, second = minibatch(seed=1), minibatch(seed=2)
    game.judged("b", game.drawn(first))
    old = game.pools["b"].pictures.numpy().copy()
    assert_allclose(old, translated(game, "b", first["a"]), atol=1e-6)
    found = {}
    loss = game.adversaries["b"].loss
    game.adversaries["b"].loss = lambda real, draw: found.update(draw(real)) or loss(real, draw)
    new = translated(game, "b", second["a"])
    game.judged("b", game.drawn(second))
    for shown, own in zip(found["images"].numpy(), new, strict=True):
        distances = [np.abs(shown - one).max() for one in (own, *old)]
        assert min(distances) < 1e-6


def test_a_state_keeps_the_pool():
    from gan_apps.training import states

    game = compiled()
    kept = {name for name in states.variables(game) if name.startswith("kept/")}
    assert kept == {f"kept/{word}pool_{side}" for side in SIDES for word in ("", "filled_")}
    step(game, minibatch())
    assert int(game.pools["a"].filled.numpy()) == 2


@pytest.mark.slow
def test_it_is_trained_by_fit_and_saved_as_a_model(tmp_path):
    random = np.random.RandomState(0)
    sets = {
        side: tf.data.Dataset.from_tensor_slices(
            random.randint(0, 256, (count, SIDE, SIDE, 1)).astype(np.uint8)
        )
        for side, count in (("a", 6), ("b", 10))
    }
    game = compiled()
    batches = models.minibatches(sets, game, batch_size=2)
    assert batches.steps_per_epoch == 4
    game.fit(batches, epochs=1, verbose=0)
    game.save(tmp_path / "game.keras")
    loaded = keras.models.load_model(tmp_path / "game.keras")
    for one in (game, loaded):
        one.fit(models.minibatches(sets, one, batch_size=2), epochs=1, verbose=0)
    for ours, theirs in zip(game.weights, loaded.weights, strict=True):
        assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="a set for each of a, b, got a"):
        models.minibatches({"a": sets["a"]}, game, 2)
    with pytest.raises(ValueError, match=r"b must be of shape \[8, 8, 1\]"):
        other = tf.data.Dataset.from_tensors(np.zeros((4, 4, 1), np.uint8))
        models.minibatches({**sets, "b": other}, game, 2)
    with pytest.raises(TypeError, match="b must be a tf.data.Dataset of single pictures"):
        models.minibatches({**sets, "b": sets["b"].map(lambda one: {"images": one})}, game, 2)
    with pytest.raises(ValueError, match="a must end"):
        models.minibatches({**sets, "a": sets["a"].repeat()}, game, 2)


def test_a_discriminator_of_single_pictures_takes_no_sources():
    network = models.PatchDiscriminator(image_size=16, source_channels=0, channels=3, patch=16)
    assert list(network.input) == ["images"]
    assert network({"images": np.zeros((1, 16, 16, 3), np.float32)}).shape[:2] == (1, 1)


@pytest.mark.parametrize("adds", [False, True])
def test_settings_say_whether_networks_add_to_a_picture(adds):
    from gan_apps import systems
    from gan_apps.data.columns import OF_SIDES, Data
    from gan_apps.training import building

    columns = {
        "images": np.random.RandomState(0).randint(0, 256, (8, SIDE, SIDE, 3), np.uint8),
        OF_SIDES: np.arange(8, dtype=np.int32) % 2,
    }
    system = systems.find("cyclegan")
    config = system.config(
        adds=adds, patch="16", generator_widths=(4, 4), residual_blocks=1, precision="float32"
    )
    game = building.build(system, config, Data(columns))
    for network in ("generator_a", "averaged_generator_b"):
        assert game.networks[network].arguments["adds"] is adds
