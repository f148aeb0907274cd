"""Searches in runs: chains for what a judge wants, likeness, requests with files of pictures."""

import types

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps.command import requests
from gan_apps.conditions import Attributes, Labels
from gan_apps.drawing import draw as drawing
from gan_apps.drawing import latents, pictures
from gan_apps.prompts.vocabulary import Slot, Vocabulary
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw
from gan_apps.runs.draws import Latents as LatentsOfRun
from gan_apps.searching import chains, likeness, wanted
from gan_apps.settings import Refused
from gan_apps.settings.drawing import AskedFor, FromLatents
from models import search

SIZE, SIDE = 3, 4
WAYS = np.linalg.qr(np.random.default_rng(0).normal(size=(SIDE * SIDE, SIZE)))[0]
WORDS = Attributes(
    Vocabulary((Slot("hair", ("red", "blue")), Slot("eyes", ("green", "brown"))), ((0, 0),), (1,))
)


class Network:
    """Pictures tanh(A z), of which half is turned to its negative by label 1."""

    def __call__(self, inputs, training=False):
        del training
        rows = tf.cast(inputs["latents"], tf.float32) @ tf.constant(WAYS.T, tf.float32)
        if "labels" in inputs:
            sign = 1.0 - 2.0 * tf.cast(inputs["labels"], tf.float32)[:, None]
            rows = tf.concat([rows[:, :8], sign * rows[:, 8:]], axis=1)
        return tf.tanh(tf.reshape(rows, (-1, SIDE, SIDE, 1)))


def draw_of(condition=None, size=SIZE):
    named = {} if condition is None else {"condition": condition}
    return Draw(
        network={"class": "networks.Generator", "config": {}},
        shape=(SIDE, SIDE, 1),
        latents=LatentsOfRun(size=size),
        **named,
    )


def bar(steps, words):
    del words
    return steps


def judge(enough=None):
    """Reads "dark" or "bright" of the mean of the first column."""
    margin = 40.0

    def reads(inputs):
        mean = tf.reduce_mean(inputs["images"][:, :, 0], axis=[1, 2])
        return {"logits": margin * tf.stack([-mean, mean], axis=1)}

    return wanted.Wanted(
        shape=(SIDE, SIDE, 1),
        condition=Labels(("dark", "bright")),
        goal=search.read_as(reads, (2,)),
        columns=lambda values: {"attributes": tf.one_hot(values, 2)},
        enough=enough,
    )


def searched(values, count, enough=None, **options):
    asked = {"steps": 12, "step_size": 0.1, "noise_scale": 1.0, **options}
    return chains.sampled(
        Network(), draw_of(), judge(enough), values, count, seed=4, options=asked, bar=bar
    )


@pytest.fixture(scope="module")
def both():
    return searched([0, 1], 5)


def test_what_is_wanted_is_found(both):
    means = Network()(both[0]).numpy()[:, :, 0].mean(axis=(1, 2))
    assert means[:5].max() < means[5:].min()


def test_a_picture_depends_neither_on_what_else_is_asked_nor_on_how_many(both):
    alone, _ = searched([1], 2)
    assert_allclose(alone["latents"], both[0]["latents"][5:7], atol=1e-5)


def test_a_path_begins_at_starts_of_the_seed_and_of_what_is_asked_for(both):
    inputs, path = both
    own = [latents.latents(4, (label,), range(5), SIZE) for label in (0, 1)]
    assert_allclose(path[0], np.concatenate(own))
    assert_allclose(path[-1], inputs["latents"])
    assert len(path) == 13


def test_what_is_not_yet_as_wanted_goes_on_and_the_rest_stays():
    _, once = searched([1], 8, steps=2)
    inputs, path = searched([1], 8, enough=np.log(0.9), steps=2)
    assert len(path) > len(once)
    assert_allclose(path[: len(once)], once, atol=1e-6)
    means = Network()({"latents": once[-1]}).numpy()[:, :, 0].mean(axis=(1, 2))
    sure = 1.0 / (1.0 + np.exp(-80.0 * means)) > 0.9
    assert sure.any() and not sure.all()
    assert_allclose(inputs["latents"][sure], once[-1][sure], atol=1e-6)
    assert np.abs(inputs["latents"][~sure] - once[-1][~sure]).max(axis=1).min() > 1e-3


def test_a_run_with_labels_of_its_own_is_asked_for_all_of_them():
    draw = draw_of(Labels(("a", "b")))
    inputs, _ = chains.sampled(
        Network(), draw, judge(), [1], 3, seed=0, bar=bar,
        options={"steps": 1, "step_size": 0.1, "noise_scale": 1.0},
    )  # fmt: skip
    assert inputs["labels"].tolist() == [0, 1, 0]


def test_an_animation_of_grids_has_a_frame_for_each(tmp_path):
    images = np.linspace(-1, 1, 6, dtype=np.float32)[:, None, None, None] * np.ones((6, 4, 4, 1))
    request = drawing.Request(
        inputs={"latents": images}, columns=2, output=tmp_path / "a.gif", grids=3
    )
    drawing.draw(lambda inputs: inputs["latents"], request)
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.n_frames, animation.width, animation.height) == (3, 32, 16)


def test_classifiers_are_asked_by_digit_label_or_words():
    def flag(slots):
        return wanted.condition_of(slots).flag

    assert flag([["label", [str(digit) for digit in range(10)]]]) == "digit"
    assert flag([["label", ["cat", "dog"]]]) == "label"
    words = wanted.condition_of([["hair", ["red", "blue"]], ["eyes", ["green", "brown"]]])
    assert words.read("blue hair", "--prompt") == [(1, -1)]


def test_the_shipped_judge_is_of_the_data_or_of_words():
    def default(run, flag):
        recipe = run_dir.read_recipe(run_dir.shipped(run))
        found = wanted.default_judge(recipe, recipe.draws["generator"], flag)
        return found and found.name

    assert default("fgan_digits", "digit") == "classifier_mnist"
    assert default("wgan_gp_fashion", "label") == "classifier_fashion"
    assert default("dcgan_faces", "prompt") == "classifier_anime"
    assert default("dcgan_faces", "digit") is None


def found_of(images, condition=None, **options):
    draw = draw_of(condition)
    return likeness.nearest(Network(), draw, images, seed=1, bar=bar, starts=2, **options)


@pytest.fixture(scope="module")
def own():
    """Pictures of the network, of labels 0, 1, 1, and what is found for them."""
    random = np.random.default_rng(3)
    inputs = {
        "latents": random.normal(size=(3, SIZE)).astype(np.float32),
        "labels": np.array([0, 1, 1], np.int32),
    }
    images = pictures.to_bytes(Network()(inputs))
    with pytest.MonkeyPatch.context() as patched:
        # Sixteen pixels alone: the prior would weigh as much.
        patched.setattr(likeness, "DEVIATION", 0.02)
        return inputs, images, found_of(images, Labels(("a", "b")))


def test_a_picture_of_ones_own_is_found_again(own):
    inputs, _, found = own
    assert found.errors[:, 0].max() < 0.01
    assert_allclose(found.latents[:, 0], inputs["latents"], atol=0.15)
    assert [values[0] for values in found.values] == [0, 1, 1]


def test_the_nearest_is_the_first_and_is_as_near_as_it_says(own):
    _, images, found = own
    assert (np.diff(found.errors, axis=1) >= 0).all()
    inputs = {
        "latents": found.latents[:, 0],
        "labels": np.array([values[0] for values in found.values]),
    }
    drawn = pictures.to_bytes(Network()(inputs))
    apart = np.abs(drawn.astype(float) - images).mean(axis=(1, 2, 3)) / 255.0
    assert_allclose(apart, found.errors[:, 0], rtol=1e-5)


def test_only_values_that_are_asked_for_are_looked_among(own, monkeypatch):
    _, images, _ = own
    monkeypatch.setattr(likeness, "STEPS", 1)
    found = found_of(images, Labels(("a", "b")), values=[0])
    assert {value for values in found.values for value in values} == {0}


def test_an_encoders_latents_are_a_start(monkeypatch):
    """What is nearest among two starts, with no step to climb, is the one that is given."""
    monkeypatch.setattr(likeness, "STEP_SIZE", 0.0)
    monkeypatch.setattr(likeness, "STEPS", 1)
    rows = np.array([[2.0, -1.5, 1.0]], np.float32)
    images = pictures.to_bytes(Network()({"latents": rows}))
    assert_allclose(found_of(images, given=rows).latents[0, 0], rows[0])


@pytest.mark.slow
def test_a_judges_features_count(monkeypatch):
    """Of two pictures that are as near, by a judge that looks at one column alone."""

    def judged(images):
        features = np.asarray(images, np.float32)[:, :, 0].reshape(len(images), -1) / 255.0
        return None, features

    def network(inputs, training):
        del training
        return {"features": tf.reshape(inputs["images"][:, :, 0] / 2.0 + 0.5, (-1, SIDE))}

    seer = types.SimpleNamespace(judged=judged, network=network)
    monkeypatch.setattr(likeness, "FEATURE_DEVIATION", 1e-2)
    monkeypatch.setattr(likeness, "STEPS", 40)
    target = np.full((1, SIDE, SIDE, 1), 200, np.uint8)

    def apart(found):
        drawn = Network()({"latents": found.latents[:, 0]}).numpy()[0, :, 0]
        return np.abs(drawn - (200 / 127.5 - 1.0)).mean()

    assert apart(found_of(target, judge=seer)) < apart(found_of(target))


@pytest.fixture
def files(tmp_path):
    for name, level in (("one", 20), ("two", 120), ("three", 220)):
        Image.fromarray(np.full((SIDE, SIDE), level, np.uint8)).save(tmp_path / f"{name}.png")
    return tmp_path


def finds(values=((), ())):
    """A stand-in for command.finding.finder: latents are the level of a picture."""
    asked = []

    def find(images, wanted_values, starts):
        asked.append((wanted_values, starts))
        levels = images.mean(axis=(1, 2, 3)).astype(np.float32) / 100.0
        count = max(starts, 2)
        rows = np.tile(levels[:, None, None], (1, count, SIZE))
        own = [[values[place % len(values)]] * count for place in range(len(images))]
        return likeness.Found(rows, own, np.full((len(images), count), 0.034))

    return find, asked


def requested_of(draw, asked, find, run="run"):
    return requests.request(run_dir.shipped(run), draw, asked, None, None, find)


def test_like_draws_the_nearest_and_says_how_near(files, capsys):
    find, asked = finds()
    path = files / "two.png"
    request = requested_of(draw_of(), FromLatents(like=str(path), num_images=3), find)
    assert asked == [(None, 3)]
    assert request.output.name == "like_two.png" and len(request.inputs["latents"]) == 3
    assert_allclose(request.inputs["latents"][0], 1.2, rtol=1e-6)
    assert "Nearest to two.png: pixels differ by 3.4% of their range" in capsys.readouterr().err


def test_like_is_asked_of_the_values_that_are_asked_for(files, capsys):
    find, asked = finds((1,))
    draw, path = draw_of(Labels(("a", "b"))), str(files / "one.png")
    request = requested_of(draw, AskedFor(like=path), find)
    assert request.inputs["labels"].tolist() == [1]
    assert "Nearest to one.png (label 1)" in capsys.readouterr().err
    requested_of(draw, AskedFor(like=path, label="b"), find)
    assert [values for values, _ in asked] == [None, [1]]


def test_the_way_between_two_pictures(files):
    find, _ = finds()
    ends = f"{files / 'one.png'},{files / 'three.png'}"
    request = requested_of(draw_of(), FromLatents(interpolate=ends, frames=5), find)
    assert request.output.name == "run_interpolate_one_three.png"
    assert_allclose(request.inputs["latents"][[0, -1], 0], [0.2, 2.2], rtol=1e-5)


def test_the_way_between_two_labels_and_between_two_prompts(files):
    ends = f"{files / 'one.png'},{files / 'three.png'}"
    find, _ = finds((0, 1))
    asked = AskedFor(interpolate=ends, frames=4)
    request = requested_of(draw_of(Labels(("a", "b"))), asked, find)
    assert request.inputs["labels"].tolist() == [0, 0, 1, 1]
    find, _ = finds(((0, 1), (1, 1)))
    request = requested_of(draw_of(WORDS), AskedFor(interpolate=ends, frames=3), find)
    expected = [[1, 0, 0, 1], [0.5, 0.5, 0, 1], [0, 1, 0, 1]]
    assert_allclose(request.inputs["attributes"], expected, atol=1e-6)


def test_the_sum_of_pictures(files):
    find, _ = finds(((1, 0), (0, 0), (0, 1)))
    one, two, three = (files / f"{name}.png" for name in ("one", "two", "three"))
    asked = AskedFor(arithmetic=f"{three} - {two} + {one}")
    request = requested_of(draw_of(WORDS), asked, find)
    assert request.output.name == "run_three_minus_two_plus_one.png"
    assert request.columns == [4]
    assert_allclose(request.inputs["latents"][:, 0], [2.2, 1.2, 0.2, 1.2], rtol=1e-5)
    # (blue, green) - (red, green) + (red, brown): blue, and brown.
    assert_allclose(request.inputs["attributes"][-1], [0, 1, 0, 1])


def test_a_sum_of_labels_is_what_is_left_most_of():
    draw, rows = draw_of(Labels(("a", "b", "c"))), np.ones((3, SIZE), np.float32)
    terms = [(1, ()), (-1, ()), (1, ())]
    for own, expected in (((2, 0, 0), 2), ((0, 0, 1), 1), ((1, 2, 1), 1)):
        inputs = latents.arithmetic(draw, None, terms, rows, list(own))
        assert inputs["labels"].tolist() == [*own, expected]


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"like": "{files}"}, "--like=.*: is a folder; name one picture"),
        ({"like": "{files}/gone.png"}, "--like=.*gone.png: cannot be used"),
        ({"interpolate": "{files}/one.png"}, "must be two seeds, or two files of pictures"),
        ({"interpolate": "{files}/one.png,gone.png"}, "gone.png: cannot be used"),
        ({"arithmetic": "{files}/one.png -"}, "must be pictures with . and - between them"),
        ({"arithmetic": "{files}/one.png {files}/two.png"}, "spaces around those"),
        ({"arithmetic": "{files}/one.png - gone.png"}, "--arithmetic=gone.png: cannot be used"),
    ],
)
def test_what_is_no_picture_is_refused(files, asked, words):
    asked = {name: value.format(files=files) for name, value in asked.items()}
    with pytest.raises(Refused, match=words):
        requested_of(draw_of(), FromLatents(**asked), finds()[0])


@pytest.mark.parametrize(
    "asked, words",
    [
        (
            {"like": "a.png", "interpolate": "1,2"},
            "like=a.png means nothing with --interpolate=1,2",
        ),
        ({"like": "a.png", "truncation": 1.0}, "truncation=1.0 means nothing with --like=a.png"),
        ({"like": "a.png", "output": "a.gif"}, "output=a.gif: --like draws a .png or a folder"),
        ({"like": ""}, "like=: names no file"),
    ],
)
def test_like_says_what_it_cannot_be_asked_with(asked, words):
    with pytest.raises(ValueError, match=words):
        FromLatents(**asked)
