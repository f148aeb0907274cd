"""Pictures asked for by several attributes: networks, losses, data, and a run from end to end."""

import csv
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import models
from gan_apps import systems
from gan_apps.conditions import Attributes
from gan_apps.data import sources
from gan_apps.drawing import latents
from gan_apps.prompts.vocabulary import Vocabulary
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw, Latents
from gan_apps.settings import Refused
from gan_apps.training import states
from models import losses, networks
from models.conditions import Condition, foreign_attributes, one_hot
from models.game import FOREIGN
from tests import tiny_models, toy_faces
from tests.conftest import run_here

VOCABULARY = {
    "slots": [["hair", ["blue", "red", "green"]], ["eyes", ["aqua", "brown"]]],
    "combinations": [[0, 0], [0, 1], [1, 0], [2, 1]],
    "counts": [3, 1, 1, 1],
}
SIZES = (3, 2)
CONDITION = Condition("attributes", SIZES)
BODY = {"image_size": 8, "widths": (8,)}


def attributes(*numbers):
    return one_hot(tf.constant(numbers), SIZES)


def drawn(generator, *numbers):
    noise = np.random.RandomState(0).standard_normal((1, 5)).astype(np.float32)
    inputs = {
        "latents": np.repeat(noise, len(numbers), 0),
        "attributes": attributes(*numbers).numpy(),
    }
    return generator(inputs, training=False).numpy()


def test_one_hot_is_zero_where_a_slot_is_open():
    expected = [[0, 1, 0, 1, 0], [0, 0, 0, 0, 1]]
    assert_allclose(attributes((1, 0), (-1, 1)), expected, atol=0)


@pytest.mark.parametrize("normalization", networks.GENERATOR_NORMALIZATIONS)
def test_every_attribute_changes_the_picture(normalization):
    keras.utils.set_random_seed(0)
    generator = networks.Generator(
        condition=CONDITION, latent_dim=5, normalization=normalization, **BODY
    )
    images = drawn(generator, (0, 0), (1, 0), (0, 1), (-1, 0))
    for first in range(4):
        for second in range(first):
            assert np.abs(images[first] - images[second]).max() > 1e-6
    again = networks.rebuilt(networks.described(generator))
    again.set_weights(generator.get_weights())
    assert_allclose(drawn(again, (0, 0)), images[:1], atol=1e-6)


@pytest.mark.parametrize("normalization", ["none", "spectral"])
def test_the_discriminator_scores_each_description_and_reads_the_image(normalization):
    keras.utils.set_random_seed(0)
    discriminator = networks.Discriminator(
        condition=CONDITION, classifier=True, normalization=normalization, **BODY
    )
    images = tf.random.stateless_normal((4, 8, 8, 1), (1, 2))
    asked = tf.stack([attributes(*[(0, 0)] * 4), attributes(*[(0, 1)] * 4)], axis=1)
    outputs = discriminator({"images": images, "attributes": asked})
    assert outputs["scores"].shape == (4, 2) and outputs["logits"].shape == (4, 5)
    for column in range(2):
        one = discriminator({"images": images, "attributes": asked[:, column : column + 1]})
        assert_allclose(one["scores"][:, 0], outputs["scores"][:, column], rtol=1e-5)
    # What the image shows is read off the image alone.
    assert_allclose(one["logits"], outputs["logits"], rtol=1e-5)
    assert np.abs(outputs["scores"][:, 0] - outputs["scores"][:, 1]).min() > 1e-6
    without = networks.Discriminator(condition=CONDITION, **BODY)
    assert without({"images": images, "attributes": asked}).shape == (4, 2)


def test_cross_entropy_of_attributes_by_hand():
    logits = tf.constant([[2.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 3.0]])
    value = losses.attribute_cross_entropy(logits, attributes((0, 1), (-1, 1)), SIZES)
    e = np.e
    first = -np.log(e**2 / (e**2 + 2)) - np.log(1 / (e + 1))
    second = -np.log(e**3 / (e**3 + 1))
    assert_allclose(value, (first + second) / 2, rtol=1e-6)


@pytest.mark.parametrize("objective", sorted(losses.CLASSIFIER_OBJECTIVES))
def test_an_open_slot_has_no_slope(objective):
    """What is not said of an image teaches nothing, and what is said as much as without it."""
    row = losses.CLASSIFIER_OBJECTIVES[objective]
    logits = tf.random.stateless_normal((3, row.outputs * sum(SIZES)), (0, 0))
    asked = attributes((0, -1), (-1, 1), (-1, -1))
    first = row.outputs * SIZES[0]
    discriminator = lambda one: row.discriminator(one, one, asked, asked, SIZES)
    for loss in (discriminator, lambda one: row.generator(one, asked, SIZES)):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        slope = tape.gradient(value, logits).numpy()
        assert np.abs(slope[0, :first]).max() > 1e-3 < np.abs(slope[1, first:]).max()
        for open_slot in (slope[0, first:], slope[1, :first], slope[2]):
            assert_array_equal(open_slot, 0.0)


def test_half_of_the_foreign_descriptions_differ_in_exactly_one_slot():
    own = tf.random.stateless_uniform((5000, 3), (0, 1), 0, 4, tf.int32)
    foreign = foreign_attributes(own, (4, 4, 4), tf.constant([7, 8], tf.int64))
    differing = (own != foreign).numpy()
    counts = np.bincount(differing.sum(axis=1), minlength=4)
    assert counts[0] == counts[2] == 0
    assert 0.47 < counts[1] / 5000 < 0.53
    one = differing[differing.sum(axis=1) == 1]
    assert_allclose(one.mean(axis=0), 1 / 3, atol=0.04)
    # Each other value as often.
    shift = ((foreign - own) % 4).numpy()[differing]
    assert_allclose(np.bincount(shift, minlength=4)[1:] / len(shift), 1 / 3, atol=0.02)
    assert int(tf.reduce_min(foreign)) == 0 and int(tf.reduce_max(foreign)) == 3


def test_open_slots_and_slots_of_one_value_stay_as_they_are():
    own = tf.constant([[0, -1, 2], [0, 1, -1]] * 200)
    foreign = foreign_attributes(own, (1, 4, 4), tf.constant([1, 2], tf.int64)).numpy()
    assert (foreign[:, 0] == 0).all()
    assert (foreign[::2, 1] == -1).all() and (foreign[1::2, 2] == -1).all()
    assert ((foreign != own.numpy()).sum(axis=1) == 1).all()


def test_foreign_attributes_are_the_same_in_a_graph():
    """As they are written, without what AutoGraph makes of Python."""
    own = tf.constant(np.random.RandomState(0).randint(0, 4, (50, 3)), tf.int32)
    key = tf.constant([7, 8], tf.int64)
    drawn = lambda own: foreign_attributes(own, (4, 4, 4), key)
    assert_array_equal(tf.function(drawn, autograph=False)(own), drawn(own))


def built(classifier_weight=1.0, seed=0, discriminator_widths=(8,), objective="ac"):
    keras.utils.set_random_seed(seed)
    row = losses.CLASSIFIER_OBJECTIVES[objective]
    networks = models.pair(
        image_size=8,
        condition=CONDITION,
        generator={"latent_dim": 5, "widths": (8,)},
        discriminator={
            "widths": discriminator_widths,
            "classifier": row.outputs if classifier_weight else 0,
        },
    )
    model = models.CGAN(
        networks,
        objective=models.OBJECTIVES["non_saturating"],
        classifier_weight=classifier_weight,
        classifier_objective=row,
        seed=seed,
    )
    adam = lambda: keras.optimizers.Adam(1e-2, 0.0)
    model.compile({"discriminator": adam(), "generator": adam()})
    return model


def iteration(step=0, count=6):
    own = tf.random.stateless_uniform((1, count, 2), (step, 0), 0, 2, tf.int32)
    images = tf.random.stateless_uniform((1, count, 8, 8, 1), (step, 1), 0, 256, tf.int32)
    return minibatches(tf.cast(images, tf.uint8), own, (own + 1) % 2)


def minibatches(images, own, foreign):
    """One iteration of images with their attributes, in which the generator is asked for them."""
    own, foreign = CONDITION.taken(own), CONDITION.taken(foreign)
    return {
        "discriminator": {
            "images": images,
            "attributes": own,
            f"{FOREIGN}attributes": foreign,
        },
        "generator": {"attributes": own},
    }


def test_a_step_trains_both_networks_and_tells_the_classifier_s_loss():
    model = built()
    before = [weight.numpy().copy() for weight in model.trainable_variables]
    logs = model.train_step(iteration())
    assert set(logs) == {*tiny_models.ALWAYS, "classifier_loss"}
    assert all(np.isfinite(float(value)) for value in logs.values())
    moved = [
        np.abs(a - b.numpy()).max() > 0
        for a, b in zip(before, model.trainable_variables, strict=True)
    ]
    assert all(moved)
    without = built(classifier_weight=0.0)
    assert set(without.train_step(iteration())) == tiny_models.ALWAYS


def moved(model, part, rate):
    """How far the variables of a part go in one step of plain gradient descent, by path."""
    rates = {player.name: 1e-12 for player in model.players} | {part: rate}
    model.compile({name: keras.optimizers.SGD(rate) for name, rate in rates.items()})
    variables = model.networks[part].trainable_variables
    before = {v.path: v.numpy().copy() for v in variables}
    model.train_step(iteration())
    return {v.path: v.numpy() - before[v.path] for v in variables}


@pytest.mark.parametrize("objective", losses.CLASSIFIER_OBJECTIVES)
def test_the_discriminator_pays_the_whole_weight(objective):
    rate, step = 1e-3, iteration()
    model, same = built(3.0, objective=objective), built(3.0, objective=objective)
    real = tf.cast(step["discriminator"]["images"][0], tf.float32) / 127.5 - 1.0
    own = step["discriminator"]["attributes"][0]
    logits = model.discriminator.get_layer("logits")
    asked = {"latents": same.latents(6, 5), "attributes": own}
    fake = same.generator(asked, training=True)
    with tf.GradientTape() as tape:
        of_real, of_fake = (
            model.discriminator({"images": images, "attributes": own[:, None]})["logits"]
            for images in (real, fake)
        )
        row = losses.CLASSIFIER_OBJECTIVES[objective]
        loss = row.discriminator(of_real, of_fake, own, own, SIZES)
    # The classifier's own weights hear of nothing else.
    expected = -rate * 3.0 * tape.gradient(loss, logits.kernel)
    assert_allclose(moved(model, "discriminator", rate)[logits.kernel.path], expected, atol=1e-6)


@pytest.mark.parametrize("objective", losses.CLASSIFIER_OBJECTIVES)
def test_the_generator_pays_half_of_the_weight(objective):
    rate = 1e-2
    asked = iteration()["generator"]["attributes"][0]
    model, same = built(3.0, objective=objective), built(3.0, objective=objective)
    model.generator_loss = lambda scores: 0.0 * tf.reduce_sum(scores)
    same.latents(6, 5)  # The discriminator's.
    with tf.GradientTape() as tape:
        images = same.generator({"latents": same.latents(6, 5), "attributes": asked}, training=True)
        outputs = same.discriminator({"images": images, "attributes": asked[:, None]})
        row = losses.CLASSIFIER_OBJECTIVES[objective]
        loss = row.generator(outputs["logits"], asked, SIZES)
    gradients = tape.gradient(loss, same.generator.trainable_variables)
    went = moved(model, "generator", rate)
    assert max(np.abs(step).max() for step in went.values()) > 1e-4
    for step, gradient in zip(went.values(), gradients, strict=True):
        assert_allclose(step, -rate * 1.5 * gradient, atol=1e-6)


@pytest.mark.slow
def test_the_classifier_learns_what_the_images_show():
    model = built()
    own = tf.constant([[[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]])
    # Attribute numbers as brightness of the upper and of the lower half.
    halves = tf.repeat(tf.cast(own, tf.uint8) * 80, 4, axis=2)
    images = tf.tile(halves[..., None, None], (1, 1, 1, 8, 1))
    step = minibatches(images, own, (own + 1) % 2)
    for _ in range(60):
        model.train_step(step)
    asked = one_hot(own[0][:, None], SIZES)
    shown = tf.cast(images[0], tf.float32) / 127.5 - 1.0
    logits = model.discriminator({"images": shown, "attributes": asked})["logits"]
    assert float(losses.attribute_cross_entropy(logits, asked[:, 0], SIZES)) < 0.5


def unconditional_run(tmp_path):
    """A run of a DCGAN after a few iterations, and its model."""
    model = tiny_models.built("dcgan")
    tiny_models.stepped(model, 3)
    run = tmp_path / "before"
    run.mkdir()
    states.save(run, model, 0.0)
    return run, model


def test_a_run_without_conditions_can_be_gone_on_with_by_one_that_has_them(tmp_path):
    run, before = unconditional_run(tmp_path)
    model = built(seed=9, discriminator_widths=(8, 8))
    head = model.discriminator.get_layer("logits").kernel.numpy().copy()
    states.begin_with(run, model)
    noise = tf.random.stateless_normal((4, 5), (0, 1))
    asked = attributes((0, 0), (1, 1), (2, 0), (-1, 1))
    for part in ("generator", "averaged_generator"):
        drawn_before = before.networks[part]({"latents": noise}, training=False)
        inputs = {"latents": noise, "attributes": asked}
        drawn_now = model.networks[part](inputs, training=False)
        assert_allclose(drawn_now, drawn_before, atol=1e-6)
    images = tf.random.stateless_normal((4, 8, 8, 1), (2, 3))
    scores = model.discriminator({"images": images, "attributes": asked[:, None]})["scores"]
    assert_allclose(scores, before.discriminator({"images": images}), atol=1e-5)
    # What only the new network has begins as it was.
    assert_allclose(model.discriminator.get_layer("logits").kernel, head, atol=0)
    logs = model.train_step(iteration())
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert np.abs(model.discriminator.get_layer("scores").kernel.numpy()[:, 1:]).max() > 0


@pytest.mark.parametrize(
    "before, after",
    [("ac", None), ("ac", "adc"), ("adc", "ac"), (None, "adc"), ("adc", "adc")],
)
def test_a_run_is_gone_on_with_by_one_of_another_classifier(tmp_path, before, after):
    def made(objective, seed):
        return built(float(objective is not None), seed=seed, objective=objective or "ac")

    theirs, model = made(before, 0), made(after, 9)
    (tmp_path / "run").mkdir()
    states.save(tmp_path / "run", theirs, 0.0)
    head = None if after is None else model.discriminator.get_layer("logits").kernel.numpy().copy()
    states.begin_with(tmp_path / "run", model)
    noise, asked = tf.random.stateless_normal((4, 5), (0, 1)), attributes((0, 0), (1, 1), (2, 0))
    drawn = [
        one.generator({"latents": noise[:3], "attributes": asked}, training=False)
        for one in (theirs, model)
    ]
    assert_allclose(*drawn, atol=1e-6)
    shown = {
        "images": tf.random.stateless_normal((3, 8, 8, 1), (2, 3)),
        "attributes": asked[:, None],
    }
    said = [one.discriminator(shown) for one in (theirs, model)]
    scores = [one["scores"] if isinstance(one, dict) else one for one in said]
    assert_allclose(*scores, atol=1e-6)
    if after is not None:
        kept = theirs if before == after else None
        expected = head if kept is None else kept.discriminator.get_layer("logits").kernel
        assert_allclose(model.discriminator.get_layer("logits").kernel, expected, atol=0)


def test_a_run_to_begin_with_must_be_one_and_have_the_same_bodies(tmp_path):
    model = built()
    with pytest.raises(Refused, match="absent: is no run to begin with"):
        states.begin_with(tmp_path / "absent", model)
    run, _ = unconditional_run(tmp_path)
    with pytest.raises(Refused, match="its discriminator has"):
        states.begin_with(run, model)
    (path,) = (run / run_dir.STATES).glob("*.npz")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Refused, match="is damaged"):
        states.begin_with(run, model)


@pytest.mark.slow
def test_a_weight_for_the_classifier_is_refused_where_nothing_is_to_be_classified(
    refused, tmp_path
):
    line = refused("cgan", "--mode=train", "--dataset=digits", "--classifier_weight=0.5")
    assert "--classifier_weight=0.5" in line and "no prompts" in line
    assert list(tmp_path.iterdir()) == []


def test_what_the_classifier_learns_is_refused_where_there_is_none():
    words = "classifier_objective must stay ac unless --classifier_weight is above 0, got adc"
    with pytest.raises(ValueError, match=words):
        systems.find("cgan").config(classifier_weight=0.0, classifier_objective="adc")
    with pytest.raises(ValueError, match="classifier_objective must be one of ac, adc, got 'tac'"):
        systems.find("cgan").config(classifier_objective="tac")


def test_labels_have_a_classifier_only_where_one_is_asked_for():
    system, data = systems.find("cgan"), sources.load("digits", image_size=8)
    tiny = {"dataset": "digits", "precision": "float32", "image_size": 8}
    tiny |= {"generator_widths": (8,), "discriminator_widths": (8,)}
    for given, outputs in (({}, 0), ({"classifier_objective": "adc"}, 20)):
        game = system.game(system.config(**tiny, **given), data, 10)
        names = [layer.name for layer in game.discriminator.layers]
        assert ("logits" in names) == bool(outputs)
        if outputs:
            assert game.discriminator.get_layer("logits").units == outputs


def test_a_run_to_begin_with_that_is_not_there_leaves_nothing(refused, tmp_path):
    asked = ["--mode=train", "--dataset=digits", "--initial_run_dir=absent", "--run_dir=new"]
    assert "--initial_run_dir=absent" in refused("cgan", *asked)
    assert list(tmp_path.iterdir()) == []


DRAW = Draw(
    network={"class": "networks.Generator", "config": {}},
    shape=(8, 8, 1),
    latents=Latents(size=4),
    condition=Attributes(Vocabulary.from_json(VOCABULARY)),
)


def test_a_prompt_s_pictures_do_not_depend_on_what_is_drawn_with_them():
    alone = latents.requested(DRAW, [(1, 0)], 3, 5)
    beside = latents.requested(DRAW, [(0, 0), (1, 0)], 3, 5)
    assert_allclose(beside["latents"][3:], alone["latents"], atol=0)
    assert np.abs(beside["latents"][:3] - alone["latents"]).max() > 0.1
    assert_allclose(alone["attributes"], [[0, 1, 0, 1, 0]] * 3, atol=0)


def test_open_slots_are_drawn_as_the_data_have_them():
    inputs = latents.requested(DRAW, [(0, -1)], 2000, 0)
    assert (inputs["attributes"][:, 0] == 1).all()
    # Three aqua to one brown among blue hair.
    assert_allclose(inputs["attributes"][:, 3:].mean(axis=0), [0.75, 0.25], atol=0.03)
    everything = latents.requested(DRAW, [(-1, -1)], 300, 0)["attributes"]
    assert (everything.sum(axis=1) == 2).all()


def test_truncated_latents_are_normal_ones_within_bounds():
    whole = latents.requested(DRAW, [(0, 0)], 2000, 0)["latents"]
    cut = latents.requested(DRAW, [(0, 0)], 2000, 0, truncation=1.0)["latents"]
    assert np.abs(cut).max() <= 1.0 < np.abs(whole).max()
    kept = np.abs(whole) <= 1.0
    assert_allclose(cut[kept], whole[kept], atol=0)
    # The variance of a normal variable within one deviation: 1 - 2 phi(1) / .6827 = .291.
    assert_allclose(cut.std(), 0.291**0.5, atol=0.02)


def test_one_character_has_one_set_of_latents_and_keeps_its_open_slots():
    asked = DRAW.condition.opened((-1, 1))
    assert asked == [(0, 1), (1, 1), (2, 1)]
    assert DRAW.condition.opened((0, -1)) == [(0, 0), (0, 1)]
    assert DRAW.condition.opened((0, 1)) == [(0, 1)]
    inputs = latents.of_one_character(DRAW, [(0, -1), (1, -1), (2, -1)], 2, 0)
    rows = inputs["latents"].reshape(2, 3, 4)
    assert (rows == rows[:, :1]).all() and np.abs(rows[0] - rows[1]).max() > 0.1
    eyes = inputs["attributes"].reshape(2, 3, 5)[:, :, 3:]
    assert (eyes == eyes[:, :1]).all()


def test_between_two_prompts_the_attributes_are_on_the_line():
    inputs = latents.interpolated(DRAW, [(0, 0)], [3, 3], [0.0, 0.25, 1.0], end=(2, -1))
    assert_allclose(inputs["latents"], inputs["latents"][[0, 0, 0]], atol=0)
    expected = [[1, 0, 0, 1, 0], [0.75, 0, 0.25, 1, 0], [0, 0, 1, 1, 0]]
    assert_allclose(inputs["attributes"], expected, atol=1e-6)
    moving = latents.interpolated(DRAW, [(0, 0)], [3, 4], [0.0, 0.25, 1.0], end=(2, -1))
    assert np.abs(moving["latents"][2] - moving["latents"][0]).max() > 0.1


@pytest.mark.parametrize(
    "arguments, size",
    [
        (["--prompt=blue hair; red hair brown eyes", "--num_images=3"], (192, 128)),
        (["--prompt=brown eyes", "--fix_latents"], (768, 64)),
        (["--prompt=brown eyes", "--fix_latents", "--num_images=2"], (768, 128)),
        (["--fix_latents", "--prompt=blue hair brown eyes; red hair brown eyes"], (128, 64)),
        (["--prompt=red hair", "--truncation=0.5", "--num_images=4"], (128, 128)),
        (["--interpolate=1,2", "--frames=5", "--prompt=red hair"], (320, 64)),
        (["--arithmetic=1-2+3", "--prompt=red hair aqua eyes"], (256, 64)),
        ([f"--run_dir={run_dir.shipped('cgan_anime')}"], (256, 256)),
    ],
)
def test_grids_of_faces(gan_apps, tmp_path, arguments, size):
    result = gan_apps("cgan", *arguments, "--output=grid.png")
    assert result.returncode == 0 and result.stderr == "", result.stderr
    with Image.open(tmp_path / "grid.png") as image:
        zoom = image.size[0] // size[0]
        assert image.size == (size[0] * zoom, size[1] * zoom)


def test_from_one_prompt_to_another_is_an_animation(gan_apps, tmp_path):
    asked = ["--prompt=red hair brown eyes", "--interpolate_to=blue hair aqua eyes", "--frames=9"]
    result = gan_apps("cgan", *asked)
    assert result.returncode == 0, result.stderr
    name = "prompt_red_hair_brown_eyes_to_blue_hair_aqua_eyes.gif"
    assert result.stdout == f"{name}\n"
    # There and back, as where the file is named.
    gan_apps("cgan", *asked, "--output=named.gif")
    assert (tmp_path / name).read_bytes() == (tmp_path / "named.gif").read_bytes()


def test_what_is_ignored_is_said(gan_apps):
    result = gan_apps("cgan", "--prompt=short hair brown eyes")
    assert result.returncode == 0 and result.stdout == "prompt_brown_eyes.png\n"
    assert result.stderr.startswith("Ignored: 'short hair'; this run knows aqua, black, blonde")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--prompt="], ["--prompt=", "asks for nothing"]),
        (["--prompt=blue hair;"], ["asks for nothing"]),
        (["--prompt=dog"], ["holds no known word"]),
        (["--prompt=rainbow hair"], ["'rainbow hair'", "known are aqua, black, blonde, blue"]),
        (["--prompt=blue hair, red hair"], ["at once"]),
        (["--prompt=青い髪"], ["holds no known word"]),
        (["--prompt=" + "blue hair " * 10_000], ["100,000 characters"]),
        (["--prompt=red hair", "--digit=9"], ["--digit=9", "--prompt=red hair"]),
        (["--digit=9", f"--run_dir={run_dir.shipped('cgan_anime')}"], ["ask with --prompt"]),
        (["--prompt=red hair", "--interpolate_to=teal hair"], ["'teal hair'"]),
        (["--prompt=red hair", "--fix_latents", "--interpolate=1,2"], ["--fix_latents"]),
        (["--prompt=red hair", "--truncation=0"], ["--truncation must be at least 0.05, got 0.0"]),
        (["--prompt=red hair", "--truncation=nan"], ["--truncation must be finite, got nan"]),
        (["--prompt=red hair", "--mode=train"], ["--prompt=red hair", "--mode=train"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_bad_requests_are_one_line(refused, tmp_path, arguments, words):
    line = refused("cgan", *arguments)
    for word in words:
        assert word in line
    assert len(line) < 500
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory):
    """A run that the command made of 200 drawn faces, and the folder it was made in."""
    folder = tmp_path_factory.mktemp("toy")
    toy_faces.write(folder / "faces", size=32)
    arguments = [
        "--mode=train",
        "--dataset=faces",
        "--run_dir=run",
        "--image_size=32",
        "--num_epochs=70",
        "--batch_size=32",
        "--generator_widths=64,48,32",
        "--discriminator_widths=24,48,96",
    ]
    environment = {"TFDS_DATA_DIR": str(folder)}
    result = run_here("cgan", *arguments, cwd=folder, environment=environment)
    assert result.returncode == 0, result.stderr
    return folder / "run"


@pytest.mark.slow
def test_a_folder_of_tagged_faces_trains_to_faces_that_are_as_asked(toy_run, gan_apps, tmp_path):
    wanted = [(hair, eyes) for hair in toy_faces.HAIR for eyes in toy_faces.EYES]
    prompt = "; ".join(f"{hair} hair {eyes} eyes" for hair, eyes in wanted)
    result = gan_apps(
        "cgan", f"--run_dir={toy_run}", f"--prompt={prompt}", "--num_images=20", "--output=out"
    )
    assert result.returncode == 0 and result.stderr == "", result.stderr
    right = []
    for number, path in enumerate(sorted((tmp_path / "out").glob("*.png"))):
        with Image.open(path) as image:
            right.append(toy_faces.read_hair_and_eyes(image) == wanted[number // 20])
    assert len(right) == 120
    assert 0.9 < np.mean(right) <= 1.0


@pytest.mark.slow
def test_real_toy_faces_are_read_as_they_were_drawn(toy_run):
    folder = toy_run.parent / "faces"
    with (folder / "tags.csv").open(newline="", encoding="utf-8") as file:
        for row in list(csv.DictReader(file))[:50]:
            with Image.open(folder / row["filename"]) as image:
                hair, eyes = toy_faces.read_hair_and_eyes(image)
            assert f"{hair} hair {eyes} eyes" == row["prompt"]


@pytest.mark.slow
def test_the_run_holds_its_words(toy_run, gan_apps):
    condition = run_dir.read_recipe(toy_run).draw.condition
    assert condition.kind == "attributes" and condition.flag == "prompt"
    assert {slot.noun for slot in condition.vocabulary.slots} == {"hair", "eyes"}
    result = gan_apps("cgan", f"--run_dir={toy_run}", "--list_words")
    assert result.stdout == "hair: blue, green, red\neyes: aqua, brown\n"
    report = json.loads((toy_run / run_dir.EVALUATION).read_text())
    assert report["num_images"] == 2000 and report["frechet_floor"] > 0
    # A tenth of 200 faces.
    assert "20 images are too few to compare by 192 features" in report["no_ratio"]


@pytest.mark.slow
def test_the_saved_model_takes_strings(toy_run):
    loaded = tf.saved_model.load(str(toy_run / run_dir.SAVED_MODEL / "1"))
    images = loaded.signatures["images"]
    asked = ["blue hair aqua eyes", "A girl with RED hair, and brown eyes!", "green hair"]
    seeds = tf.constant([1, 2, 3], tf.int64)
    together = images(prompt=tf.constant(asked), seed=seeds)["images"].numpy()
    assert together.shape == (3, 32, 32, 3) and 0.0 <= together.min() < together.max() <= 1.0
    for row in range(3):
        alone = images(prompt=tf.constant(asked[row : row + 1]), seed=seeds[row : row + 1])
        assert_allclose(alone["images"][0], together[row], atol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not understood:. .rainbow hair"):
        images(prompt=tf.constant(["blue hair", "rainbow hair"]), seed=seeds[:2])
    read = [toy_faces.read_hair_and_eyes(image * 255)[0] for image in together]
    assert read == ["blue", "red", "green"]
