"""Requests: settings that contradict each other, what a run is asked for, by labels' names."""

import dataclasses
import statistics
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_apps import conditions
from gan_apps.command import requests
from gan_apps.conditions import Labels as LabelCondition
from gan_apps.runs.draws import Draw, Latents, Pictures
from gan_apps.settings import Refused
from gan_apps.settings.drawing import (
    AnyDrawing,
    AskedFor,
    BetweenSides,
    FromClips,
    FromEither,
    FromLatents,
    FromSketches,
    OfRun,
    asked_of,
)
from models.text import Labels


@pytest.fixture
def asked(tmp_path):
    """A function of --label=VALUE and the names of a run's labels; the numbers that it asks for."""

    def numbers(value, names):
        draw = types.SimpleNamespace(condition=LabelCondition(names))
        return requests.requested_values(tmp_path, draw, AskedFor(label=value))[0]

    return numbers


@pytest.mark.parametrize(
    "value, names, expected",
    [
        ("dog,cat", ("cat", "dog"), [1, 0]),
        ("1, CAT", ("cat", "dog"), [1, 0]),
        ("cafe\u0301", ("Café", "dog"), [0]),
        ("très long", ("dog", "très long"), [1]),
        ("cats, dogs", ("a", "cats, dogs"), [1]),
        ("Cat,cat", ("Cat", "cat"), [0, 1]),
        # Folders called by numbers: the names are what is asked for.
        ("10,2", ("1", "10", "2"), [1, 2]),
        ("07", tuple("0123456789"), [7]),
    ],
)
def test_labels_are_asked_for_by_name(asked, value, names, expected):
    assert asked(value, names) == expected


@pytest.mark.parametrize(
    "value, names, words",
    [
        ("cow", ("cat", "dog"), "--label=cow: 'cow' is not one of 0 to 1 or cat, dog."),
        ("cat,cow", ("cat", "dog"), "--label=cat,cow: 'cow' is not"),
        ("0", ("1", "10", "2"), "--label=0: '0' is not one of 1, 10, 2."),
        ("x", tuple(f"c{i}" for i in range(99)), "c28, c29 and 69 more."),
    ],
)
def test_what_is_no_label_is_refused(asked, value, names, words):
    with pytest.raises(Refused) as refusal:
        asked(value, names)
    assert words in str(refusal.value)


def test_a_server_reads_labels_as_the_command_does():
    for names, words, numbers in (
        (["cat", "dog"], ["DOG", " 0 ", "2"], [1, 0, -1]),
        (["1", "10", "2"], ["10", "2", "0"], [1, 2, -1]),
    ):
        assert Labels(names)(tf.constant(words)).numpy().tolist() == numbers


@pytest.mark.parametrize(
    "values, words",
    [
        ({"num_images": 0}, "num_images must be at least 1, got 0"),
        ({"num_images": 10_001}, "num_images must be at most 10000, got 10001"),
        ({"frames": 1, "interpolate": "1,2"}, "frames must be at least 2, got 1"),
        ({"frames": 5}, "frames=5 means nothing without --interpolate"),
        ({"frames": 0, "input": "a.gif"}, "frames must be at least 1, got 0"),
        ({"truncation": 0.0}, "truncation must be at least 0.05, got 0.0"),
        ({"truncation": float("nan")}, "truncation must be finite, got nan"),
        ({"truncation": 1.0, "arithmetic": "1"}, "truncation=1.0 means nothing with --arithmetic"),
        (
            {"arithmetic": "1", "interpolate": "1,2"},
            "arithmetic=1 means nothing with --interpolate",
        ),
        ({"arithmetic": "1", "interpolate_to": "x"}, "arithmetic=1 .* --interpolate_to=x"),
        ({"fix_latents": True, "arithmetic": "1"}, "fix_latents means nothing with --arithmetic=1"),
        ({"arithmetic": "1", "output": "a.GIF"}, "output=a.GIF: --arithmetic draws a .png"),
        ({"sheet": True, "arithmetic": "1"}, "sheet means nothing with --arithmetic=1"),
        ({"sheet": True, "num_images": 4}, "num_images=4 means nothing with --sheet"),
        ({"sheet": True, "truncation": 1.0}, "truncation=1.0 means nothing with --sheet"),
        ({"sheet": True, "output": "a.gif"}, "output=a.gif: --sheet draws a .png"),
        ({"digit": "9", "prompt": "red hair"}, "prompt=red hair means nothing with --digit=9"),
        ({"output": ""}, "output=: names no file or folder"),
        ({"input": ""}, "input=: names no file or folder"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_requests_that_contradict_themselves(values, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        AnyDrawing(**values)


def test_what_a_request_cannot_ask_is_as_where_it_is_not_asked():
    for kind in (FromLatents, AskedFor, FromClips, FromSketches, BetweenSides, FromEither):
        for field in dataclasses.fields(AnyDrawing):
            assert getattr(kind(), field.name) == field.default, (kind, field.name)


def test_every_flag_of_a_condition_can_be_given():
    assert set(conditions.FLAGS) <= AskedFor.__dataclass_fields__.keys()


@pytest.mark.parametrize(
    "takes, conditional, kind",
    [
        (["latents"], False, FromLatents),
        (["latents"], True, AskedFor),
        (["pictures"], False, FromSketches),
        (["sides"], False, BetweenSides),
        (["clips"], False, FromClips),
        (["latents", "pictures"], False, FromEither),
        (["pictures", "latents"], True, AnyDrawing),
    ],
)
def test_a_system_s_requests_have_what_its_runs_take(takes, conditional, kind):
    assert asked_of(takes, conditional) is kind
    assert not OfRun.__dataclass_fields__.keys() & AnyDrawing.__dataclass_fields__.keys()
    assert kind().beyond(kind) == {}


@pytest.mark.parametrize(
    "values, words",
    [
        ({"input": "a.png", "num_images": 3}, "num_images=3 means nothing with --input=a.png"),
        ({"input": "a.png", "sheet": True}, "sheet=True means nothing with --input=a.png"),
        ({"side_by_side": True}, "side_by_side means nothing without --input"),
    ],
)
def test_noise_and_a_picture_are_not_asked_for_at_once(values, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        FromEither(**values)
    FromEither(input="a.png", side_by_side=True)


def test_a_picture_that_is_given_says_which_network_draws():
    noise, whole = (types.SimpleNamespace(pictures=pictures) for pictures in (None, object()))
    recipe = types.SimpleNamespace(draws={"generator": noise, "reconstruction": whole})
    assert requests.draw_for(recipe, FromEither(input="a.png")) == "reconstruction"
    assert requests.draw_for(recipe, FromEither()) is None
    recipe = types.SimpleNamespace(draws={"generator": noise})
    assert requests.draw_for(recipe, FromEither(input="a.png")) is None


def side_draw(given):
    pictures = Pictures(column="sources", shape=(8, 8, 3), side=given)
    network = {"class": "translators.PictureTranslator", "config": {}}
    return Draw(network=network, shape=(8, 8, 3), pictures=pictures)


def test_a_side_says_which_network_draws(tmp_path):
    draws = {f"generator_{drawn}": side_draw(given) for given, drawn in ("ab", "ba")}
    recipe = types.SimpleNamespace(draws=draws)
    Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / "one.png")
    given = {"input": str(tmp_path / "one.png"), "output": str(tmp_path / "drawn.png")}
    for side, name in (("a", "generator_a"), ("b", "generator_b"), (None, "generator_b")):
        asked = BetweenSides(to=side, **given)
        assert requests.draw_for(recipe, asked) == name
        request = requests.request(tmp_path, draws[name], asked)
        assert request.inputs["sources"].shape == (1, 8, 8, 3)
    with pytest.raises(ValueError, match="to must be one of a, b, got 'c'"):
        BetweenSides(to="c")
    with pytest.raises(Refused, match="--to=a: this run draws b here"):
        requests.request(tmp_path, draws["generator_b"], BetweenSides(to="a", **given))
    plain = Draw(
        network={"class": "translators.PictureTranslator", "config": {}},
        shape=(8, 8, 3),
        pictures=Pictures(column="sources", shape=(8, 8, 3)),
    )
    with pytest.raises(Refused, match="--to=b: this run draws no pictures of two sets"):
        requests.request(tmp_path, plain, AnyDrawing(to="b", **given))


def latent_draw(size=2, distribution="normal", condition=None):
    return Draw(
        network={"class": "networks.Generator", "config": {}},
        shape=(8, 8, 1),
        latents=Latents(size=size, distribution=distribution),
        condition=condition or conditions.Nothing(),
    )


def test_a_sheet_is_all_latents_of_two_numbers(tmp_path):
    for distribution, quantile in (
        ("normal", statistics.NormalDist().inv_cdf),
        ("uniform", lambda share: 2.0 * share - 1.0),
    ):
        draw = latent_draw(distribution=distribution)
        request = requests.request(tmp_path / "run", draw, FromLatents(sheet=True))
        side = request.columns
        assert (str(request.output), side) == ("run_sheet.png", 20)
        sheet = request.inputs["latents"].reshape(side, side, 2)
        places = [quantile((number + 0.5) / side) for number in range(side)]
        for number in range(side):
            # To the right, and upwards.
            np.testing.assert_allclose(sheet[number, :, 0], places, rtol=1e-6)
            np.testing.assert_allclose(sheet[:, number, 1], places[::-1], rtol=1e-6)


@pytest.mark.parametrize(
    "draw, words",
    [
        (latent_draw(size=50), "--sheet: a sheet is of two numbers .* are 50, normal"),
        (latent_draw(distribution="spherical"), "--sheet: .* are 2, spherical"),
        (latent_draw(condition=LabelCondition(("a", "b"))), "--sheet: .* one --label to draw"),
    ],
)
def test_there_is_no_sheet_of_other_latents(draw, words, tmp_path):
    with pytest.raises(Refused, match=words):
        requests.request(tmp_path, draw, AskedFor(sheet=True))


def test_what_a_run_does_not_take_is_refused_by_name(tmp_path):
    pictures = types.SimpleNamespace(
        latents=None,
        pictures=Pictures(column="images", shape=(8, 8, 1)),
        condition=conditions.Nothing(),
    )
    asked = AnyDrawing(input="a.png", num_images=16)
    with pytest.raises(Refused, match="--num_images=16: .* draws from pictures: give --input"):
        requests.request(tmp_path, pictures, asked)
    noise = types.SimpleNamespace(latents=object(), condition=conditions.Nothing())
    with pytest.raises(Refused, match="--input=a.png: .* draws from noise"):
        requests.request(tmp_path, noise, AnyDrawing(input="a.png"))
    with pytest.raises(Refused, match="--digit=3: .* without being asked for anything"):
        requests.request(tmp_path, noise, AnyDrawing(digit="3"))
