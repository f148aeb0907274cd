"""InfoGAN: its two losses by their formulas, what is drawn by codes, and a run of it."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps import systems
from gan_apps.command import requests
from gan_apps.drawing import latents
from gan_apps.runs.draws import Draw, Latents
from gan_apps.settings import Refused
from gan_apps.settings.drawing import AnyDrawing, FromCodes
from models import OBJECTIVES, InfoGAN, codes, networks
from models.augmentations import AUGMENTATIONS
from models.infogan import ReadingDiscriminator, Typical

CODES = (3, 1)
NOISE, SIZE = 4, 8
GENERATOR = {"latent_dim": NOISE + 4, "widths": (8,), "image_size": SIZE}
READER = {"codes": CODES, "learned_deviation": True, "widths": (8,), "image_size": SIZE}


def made(**arguments):
    keras.utils.set_random_seed(0)
    found = networks.pair(
        generator={"latent_dim": NOISE + 4, "widths": (8,)},
        discriminator={"codes": CODES, "learned_deviation": True, "widths": (8,)},
        judged_by=ReadingDiscriminator,
        image_size=SIZE,
    )
    model = InfoGAN(found, objective=OBJECTIVES["non_saturating"], **arguments)
    model.compile()
    model.minibatch_size = 6
    return model


def test_latents_are_noise_and_then_codes():
    rows = made().latents(2_000, NOISE + 4).numpy()
    assert_allclose(rows[:, :NOISE].std(axis=0), 1.0, atol=0.08)
    assert_array_equal(rows[:, NOISE : NOISE + 3].sum(axis=1), 1.0)
    assert -1.0 <= rows[:, -1].min() < -0.98 and 0.98 < rows[:, -1].max() < 1.0


@pytest.mark.parametrize("player", [0, 1])
def test_both_losses_pay_what_cannot_be_read(player):
    """Twice the same draws: with weights, and with none."""
    images = tf.constant(np.random.RandomState(0).uniform(-1, 1, (6, SIZE, SIZE, 1)), tf.float32)
    losses, terms = [], None
    for weights in ({"information_weight": 0.0, "uniform_weight": 0.0}, {
        "information_weight": 2.0, "uniform_weight": 0.5,
    }):  # fmt: skip
        model = made(**weights)
        if terms is None:
            model.draws.assign(7)
            fake = model.drawn({})
            said = model.discriminator({"images": fake["images"]}, training=True)["logits"]
            own = fake["latents"][:, NOISE:]
            terms = [float(tf.reduce_mean(t)) for t in codes.log_posteriors(CODES, said, own, True)]
        model = made(**weights)
        model.draws.assign(7)
        losses.append(float(model.players[player].loss({"images": images})))
    assert_allclose(losses[1] - losses[0], -2.0 * terms[0] - 0.5 * terms[1], rtol=1e-4)


IMAGES = tf.constant(np.random.RandomState(0).uniform(-1, 1, (6, SIZE, SIZE, 1)), tf.float32)


def losses_of(player, **arguments):
    """The loss of a turn by the paper, and with arguments, of the same draws; the second model."""
    games = made(), made(**arguments)
    for game in games:
        game.draws.assign(7)
    paper, ours = (float(game.players[player].loss({"images": IMAGES})) for game in games)
    games[1].draws.assign(7)
    return paper, ours, games[1]


def logits(model, pictures):
    return model.discriminator({"images": pictures}, training=True)["logits"]


def warped(model, pictures):
    return AUGMENTATIONS["warp"].changed(pictures, model.uniform((6, 4)))


def noisy(model, pictures, deviation):
    return pictures + deviation * model.noise(tf.random.stateless_normal, pictures.shape)


def mean_log_posteriors(said, fake):
    own = fake["latents"][:, NOISE:]
    return [float(tf.reduce_mean(t)) for t in codes.log_posteriors(CODES, said, own, True)]


def test_values_are_read_from_changed_pictures_and_numbers_through_noise():
    """The values weigh 1, the number .1."""
    arguments = {"code_augmentations": ("warp",), "number_noise": 0.5, "agreement_weight": 3.0}
    paper, ours, model = losses_of(1, **arguments)
    fake = model.drawn({"images": IMAGES})
    plain, changed, through_noise = (
        mean_log_posteriors(logits(model, pictures), fake)
        for pictures in (
            fake["images"],
            warped(model, fake["images"]),
            noisy(model, fake["images"], 0.5),
        )
    )
    expected = plain[0] - changed[0] + 0.1 * (plain[1] - through_noise[1])
    assert_allclose(ours - paper, expected, rtol=1e-3)


@pytest.mark.parametrize("seen", [("warp",), ("none", "warp"), ("warp", "none")])
def test_each_number_is_read_from_pictures_changed_as_is_said_for_it(seen):
    """Two numbers, of weights 1; what the last says holds for all that follow."""
    found = networks.pair(
        generator={"latent_dim": NOISE + 2, "widths": (8,)},
        discriminator={"codes": (1, 1), "learned_deviation": True, "widths": (8,)},
        judged_by=ReadingDiscriminator,
        image_size=SIZE,
    )
    games = [
        InfoGAN(found, objective=OBJECTIVES["non_saturating"], uniform_weight=weight,
                number_augmentations=[(name,) if name != "none" else () for name in seen])
        for weight in (0.0, 1.0)
    ]  # fmt: skip
    losses = []
    for game in games:
        game.compile()
        game.minibatch_size = 6
        game.draws.assign(7)
        losses.append(float(game.players[1].loss({"images": IMAGES})))
    games[1].draws.assign(7)
    fake = games[1].drawn({"images": IMAGES})
    views = {"none": fake["images"]}
    said = []
    for name in (*seen, seen[-1])[:2]:
        if name not in views:
            views[name] = warped(games[1], fake["images"])
        said.append(logits(games[1], views[name]))
    own = fake["latents"][:, NOISE:]
    terms = [codes.log_posteriors((1, 1), one, own, True)[place] for place, one in enumerate(said)]
    expected = -float(tf.reduce_mean(terms[0]) + tf.reduce_mean(terms[1]))
    assert_allclose(losses[1] - losses[0], expected, rtol=1e-3)


def test_the_discriminator_learns_values_from_real_pictures_where_they_are_to_agree():
    arguments = {"code_augmentations": ("warp",), "number_noise": 0.5, "agreement_weight": 3.0}
    paper, ours, model = losses_of(0, **arguments)
    fake = model.drawn({})
    real_logits = logits(model, IMAGES)
    (told,) = codes.agreements(CODES, real_logits, logits(model, warped(model, IMAGES)), True)
    plain = mean_log_posteriors(logits(model, fake["images"]), fake)
    through_noise = mean_log_posteriors(logits(model, noisy(model, fake["images"], 0.5)), fake)
    expected = plain[0] + 0.1 * (plain[1] - through_noise[1]) - 3.0 * float(told)
    assert_allclose(ours - paper, expected, rtol=1e-3)


def test_without_agreement_the_discriminator_learns_values_from_changed_drawn_ones():
    paper, ours, model = losses_of(0, code_augmentations=("warp",))
    fake = model.drawn({})
    plain, changed = (
        mean_log_posteriors(logits(model, pictures), fake)
        for pictures in (fake["images"], warped(model, fake["images"]))
    )
    assert_allclose(ours - paper, plain[0] - changed[0], rtol=1e-3)


@pytest.mark.parametrize(
    "kinds, without",
    [
        ((1, 1), {"code_augmentations": ("warp",), "agreement_weight": 3.0}),
        ((3, 2), {"number_noise": 1.0, "number_augmentations": (("warp",),)}),
    ],
)
def test_without_a_code_of_the_kind_nothing_is_looked_at_twice(kinds, without):
    found = networks.pair(
        generator={"latent_dim": NOISE + sum(kinds), "widths": (8,)},
        discriminator={"codes": kinds, "widths": (8,)},
        judged_by=ReadingDiscriminator,
        image_size=SIZE,
    )
    for arguments in ({}, without):
        model = InfoGAN(found, objective=OBJECTIVES["non_saturating"], **arguments)
        model.compile()
        model.minibatch_size = 6
        calls = []
        for player in model.players:
            player.loss({"images": IMAGES})
            calls.append(int(model.draws.numpy()))
        assert calls == [2, 4]


def test_names_of_changes_before_codes_are_checked():
    config = systems.find("infogan").config
    assert config().taken_code_augmentations == ("warp", "translation")
    with pytest.raises(ValueError, match="^code_augmentations must be none, .* got 'turn'"):
        config(code_augmentations="turn")
    assert config().taken_number_augmentations == ((), ("warp",))
    assert config(number_augmentations="none").taken_number_augmentations == ((),)
    for wrong, named in (("none;turn", "'turn'"), ("none;", "''"), ("", "''")):
        with pytest.raises(ValueError, match=f"^number_augmentations must be .* got {named}"):
            config(number_augmentations=wrong)


def test_it_tells_the_bound_and_learns_to_read():
    model = made(uniform_weight=1.0)
    optimizer = keras.optimizers.Adam(5e-3)
    model.compile({"discriminator": keras.optimizers.Adam(5e-3), "generator": optimizer})
    images = tf.zeros((1, 6, SIZE, SIZE, 1), tf.uint8)
    step = tf.function(model.train_step, autograph=False)
    told = []
    for _ in range(120):
        for mean in model.metrics:
            mean.reset_state()
        logs = step({"discriminator": {"images": images}, "generator": {}})
        told.append({name: float(value) for name, value in logs.items()})
    assert {"information", "uniform_information"} <= told[0].keys()
    assert all(row["information"] <= math.log(3.0) for row in told)
    first, last = (np.mean([row["information"] for row in rows]) for rows in (told[:5], told[-20:]))
    assert first < 0.2 and last > 0.8


def test_a_reader_is_rebuilt_from_its_description():
    network = ReadingDiscriminator(**READER)
    again = networks.rebuilt(networks.described(network))
    again.set_weights(network.get_weights())
    images = np.random.RandomState(1).uniform(-1, 1, (2, SIZE, SIZE, 1)).astype(np.float32)
    for name, values in network({"images": images}).items():
        assert_allclose(again({"images": images})[name], values)
    assert network({"images": images})["logits"].shape == (2, 3 + 2)


def test_what_is_typical_is_drawn_without_noise_by_the_codes_that_are_read():
    network = Typical(discriminator=READER, generator=GENERATOR)
    images = np.random.RandomState(1).uniform(-1, 1, (3, SIZE, SIZE, 1)).astype(np.float32)
    said = network.reader({"images": images})["logits"]
    assert_allclose(network.code(images), codes.expected(CODES, said, True))
    rows = np.concatenate([np.zeros((3, NOISE)), network.code(images)], axis=1)
    generator = network.get_layer("generator")
    assert_allclose(network({"images": images}), generator({"latents": rows}), rtol=1e-6)
    again = networks.rebuilt(networks.described(network))
    parts = [*network.reader.get_weights(), *generator.get_weights()]
    again.set_weights(parts)
    assert_allclose(again({"images": images}), network({"images": images}), rtol=1e-6)


def test_settings_without_a_code_are_refused():
    config = systems.find("infogan").config
    assert config(values=(10, 4), numbers=1).codes == (10, 4, 1)
    with pytest.raises(ValueError, match="^numbers must be 1 or more without --values"):
        config(values=(), numbers=0)


# ---- what is asked for ----


def coded_draw(distribution="normal", kinds=(3, 1)):
    return Draw(
        network={"class": "networks.Generator", "config": {}},
        shape=(8, 8, 1),
        latents=Latents(size=NOISE + sum(kinds), distribution=distribution, codes=kinds),
    )


def test_a_draw_with_codes_is_written_and_read():
    draw = coded_draw()
    assert draw.to_json()["latents"]["codes"] == [3, 1]
    assert Draw.from_json(json.loads(json.dumps(draw.to_json()))) == draw
    assert draw.latents.noise == NOISE
    assert "codes" not in Latents(size=3).to_json()
    for odd, words in (((0,), "whole numbers of 1 or more"), ((9,), "among 3 numbers")):
        with pytest.raises(ValueError, match=words):
            Latents(size=3, codes=odd)


def test_codes_are_drawn_by_the_seed_and_noise_stays_what_it_was():
    draw = coded_draw()
    rows = latents.requested(draw, [()], 500, seed=5)["latents"]
    assert_array_equal(rows[:3, :NOISE], latents.latents(5, (0,), range(3), NOISE))
    assert_allclose(rows[:, NOISE : NOISE + 3].mean(axis=0), 1 / 3, atol=0.08)
    assert_array_equal(rows[:, NOISE : NOISE + 3].sum(axis=1), 1.0)
    assert abs(rows[:, -1].mean()) < 0.1 and np.abs(rows[:, -1]).max() <= 1.0
    one = latents.requested(draw, [()], 1, seed=5)["latents"]
    assert_array_equal(one, rows[:1])
    cut = latents.requested(draw, [()], 50, seed=5, truncation=0.5)["latents"]
    assert np.abs(cut[:, :NOISE]).max() <= 0.5
    assert_array_equal(cut[:, NOISE:], rows[:50, NOISE:])


def test_rows_of_codes_are_of_one_noise(tmp_path):
    asked = FromCodes(codes="2,0.5;any,-1", num_images=3)
    request = requests.request(tmp_path / "run", coded_draw(), asked)
    assert (request.columns, request.output.name) == (3, "run_codes_2_0_5_any_minus_1.png")
    free = latents.requested(coded_draw(), [()], 3, seed=0)["latents"]
    rows = request.inputs["latents"].reshape(2, 3, -1)
    for row in rows:
        assert_array_equal(row[:, :NOISE], free[:, :NOISE])
    assert_array_equal(rows[0, :, NOISE:], [[0, 0, 1, 0.5]] * 3)
    assert_array_equal(rows[1, :, NOISE:-1], free[:, NOISE:-1])
    assert_array_equal(rows[1, :, -1], -1.0)
    # Fewer than there are: the rest is the seed's.
    fewer = requests.request(tmp_path, coded_draw(), FromCodes(codes="1", num_images=3))
    assert_array_equal(fewer.inputs["latents"][:, -1], free[:, -1])


def test_a_sheet_walks_through_each_code_alone(tmp_path):
    request = requests.request(tmp_path / "run", coded_draw(), FromCodes(sheet=True, codes="1"))
    assert (request.columns, request.output.name) == ([3, 10], "run_sheet.png")
    rows = request.inputs["latents"]
    assert_array_equal(rows[:3, NOISE:-1], np.eye(3))
    assert_allclose(rows[3:, -1], np.linspace(-1.0, 1.0, 10), rtol=1e-6)
    assert_array_equal(rows[3:, NOISE:-1], [[0, 1, 0]] * 10)
    assert len(np.unique(rows[:, :NOISE], axis=0)) == 1
    with pytest.raises(Refused, match="--codes=1;2: a sheet is of one row"):
        requests.request(tmp_path, coded_draw(), FromCodes(sheet=True, codes="1;2"))


@pytest.mark.parametrize(
    "text, words",
    [
        ("3", "'3' must be one of 0 to 2, -1 to 1"),
        ("1.5", "'1.5' must be one of 0 to 2"),
        ("1,1.01", "'1.01' must be"),
        ("1,nan", "'nan' must be"),
        ("", "'' must be"),
        ("1,0,0", r"there are 2 codes \(0 to 2, -1 to 1\), not 3"),
    ],
)
def test_codes_that_there_are_not_are_refused(text, words, tmp_path):
    with pytest.raises(Refused, match=f"--codes={text}: {words}"):
        requests.request(tmp_path, coded_draw(), FromCodes(codes=text))


def test_codes_are_asked_of_runs_that_have_them(tmp_path):
    plain = coded_draw(kinds=())
    with pytest.raises(Refused, match="--codes=1: this run draws from noise without codes"):
        requests.request(tmp_path, plain, AnyDrawing(codes="1"))
    with pytest.raises(ValueError, match="^codes=1 means nothing with --input=a.png"):
        FromCodes(codes="1", input="a.png")


def test_codes_on_the_way_and_in_sums_stay_codes():
    draw = coded_draw()
    way = latents.interpolated(draw, [()], (1, 2), (0.0, 0.5, 1.0))["latents"]
    ends = np.concatenate([latents.requested(draw, [()], 1, seed)["latents"] for seed in (1, 2)])
    assert_allclose(way[[0, 2]], ends, atol=1e-6)
    assert_allclose(way[1, NOISE:], ends[:, NOISE:].mean(axis=0), atol=1e-6)
    total = latents.arithmetic(draw, (), [(1, [1]), (-1, [2]), (1, [3, 4])])["latents"]
    for row in total:
        assert sorted(row[NOISE:-1]) == [0, 0, 1] and -1.0 <= row[-1] <= 1.0


# ---- a run ----


@pytest.mark.slow
def test_a_run_measures_its_codes_and_draws_by_them_in_every_form(tmp_path):
    from gan_apps.drawing import runtimes
    from gan_apps.runs import run_dir
    from gan_apps.serving import saved_model
    from gan_apps.training import train
    from tests.conftest import TINY

    system = systems.find("infogan")
    config = system.config(**{**TINY, "num_epochs": 12, "log_steps": 20, "values": (10,)})
    run = train.train(system, config, tmp_path / "run")
    report = json.loads((run / run_dir.EVALUATION).read_text())
    bounds = report["code_information"]
    assert [*bounds] == ["code 1, one of 10", "code 2, a number", "code 3, a number"]
    assert 0.3 < bounds["code 1, one of 10"] <= math.log(10.0)
    assert 0.1 < report["code_accuracy"] <= 1.0
    assert {"code 2, slant", "code 3, stroke width"} <= report["turned"].keys()
    assert all(-1.0 <= one <= 1.0 for one in report["turned"].values())
    words = "8 of them standard normal, then one of 10 values as 10 numbers; a number in [-1, 1]"
    assert words in (run / run_dir.CARD).read_text()
    recipe = run_dir.read_recipe(run)
    # What a server draws by a seed has codes too.
    latents_of = saved_model._noise(tf.range(40, dtype=tf.int64), recipe.draw.latents)[0].numpy()
    assert_array_equal(latents_of[:, 8:18].sum(axis=1), 1.0)
    assert len(np.unique(latents_of[:, 8:18].argmax(axis=1))) > 5
    assert 0.3 < latents_of[:, 18:].std() < 0.8 and latents_of.shape == (40, 20)
    inputs = latents.requested(recipe.draw, [()], 3, 0)
    images = [
        runtimes.open_generator(run, recipe, runtime)(inputs) for runtime in ("litert", "keras")
    ]
    assert_allclose(*images, atol=1e-4)
