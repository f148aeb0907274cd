"""What a run draws, as its config.json says it; and runs that were written before it said so."""

import copy
import json

import numpy as np
import pytest

from gan_apps import settings, systems
from gan_apps.conditions import Attributes, Labels, Nothing
from gan_apps.evaluation import forms
from gan_apps.prompts.vocabulary import Vocabulary
from gan_apps.runs import format_1, run_dir
from gan_apps.runs.draws import Draw, Latents, Pictures
from gan_apps.settings import Refused
from models import networks
from tests.conftest import SHIPPED_RUNS

VOCABULARY = {
    "slots": [["hair", ["blue", "red", "green"]], ["eyes", ["aqua", "brown"]]],
    "combinations": [[0, 0], [2, 1]],
    "counts": [3, 1],
}
NETWORK = {"class": "networks.Generator", "config": {"latent_dim": 5}}
LATENTS, SOURCES = Latents(size=5), Pictures(column="sources", shape=(16, 8, 1))
DIGITS = Labels(tuple("0123456789"), "digit")
FACES = Attributes(Vocabulary.from_json(VOCABULARY))


def draw(**parts):
    return Draw(**{"network": NETWORK, "shape": (8, 8, 1), **parts})


DRAWS = {
    "noise": draw(latents=LATENTS),
    "labels": draw(latents=Latents(size=3, distribution="uniform"), condition=DIGITS),
    "attributes": draw(latents=LATENTS, condition=FACES),
    "pictures": draw(pictures=SOURCES),
    "sketches": draw(
        pictures=Pictures(column="sources", shape=(16, 8, 1), made_by="edges"), shape=(16, 8, 3)
    ),
    "sides": draw(pictures=Pictures(column="sources", shape=(8, 8, 1), side="b")),
    "all": draw(latents=LATENTS, condition=FACES, pictures=SOURCES, shape=(32, 16, 3)),
    "parts": draw(pictures=SOURCES, parts=("encoder", "generator")),
}


@pytest.mark.parametrize("name", DRAWS)
def test_json_round_trip(name):
    values = json.loads(json.dumps(DRAWS[name].to_json()))
    assert Draw.from_json(values) == DRAWS[name]
    # What a run does without is not spoken of.
    parts = ("latents", "pictures", "parts")
    without = {part for part in parts if not getattr(DRAWS[name], part)}
    without |= {"condition"} if DRAWS[name].condition == Nothing() else set()
    assert values.keys() == {"network", "shape", "condition", *parts} - without


def test_of_two_sets_the_other_one_is_drawn_and_no_target_is_known():
    assert (DRAWS["sides"].side, DRAWS["pictures"].side, DRAWS["noise"].side) == ("a", None, None)
    assert DRAWS["pictures"].has_target and not DRAWS["sides"].has_target


def test_inputs_are_what_the_network_takes():
    latents, pictures = ((5,), "float32"), ((16, 8, 1), "float32")
    assert {name: one.inputs for name, one in DRAWS.items()} == {
        "noise": {"latents": latents},
        "labels": {"latents": ((3,), "float32"), "labels": ((), "int32")},
        "attributes": {"latents": latents, "attributes": ((5,), "float32")},
        "pictures": {"sources": pictures},
        "sketches": {"sources": pictures},
        "all": {"latents": latents, "attributes": ((5,), "float32"), "sources": pictures},
        "parts": {"sources": pictures},
        "sides": {"sources": ((8, 8, 1), "float32")},
    }
    signatures = {name: one.signature for name, one in DRAWS.items()}
    given = dict.fromkeys(("pictures", "sketches", "parts", "sides"), "pictures")
    assert signatures == {**dict.fromkeys(DRAWS, "latents"), **given}


@pytest.mark.parametrize("size", [0, -1, 5.0, "5", True, None])
def test_latents_have_a_whole_size(size):
    with pytest.raises(ValueError, match=f"size must be a whole number of 1 or more, got {size!r}"):
        Latents(size=size)


def test_latents_have_a_distribution():
    with pytest.raises(ValueError, match="one of normal, spherical, uniform"):
        Latents(size=5, distribution="cauchy")


@pytest.mark.parametrize(
    "shape", [(8, 8), (8, 8, 1, 1), (8, 8, 0), (8.0, 8, 1), "881", (8, 8, True)]
)
@pytest.mark.parametrize(
    "make", [lambda shape: Pictures(column="sources", shape=shape), lambda shape: draw(shape=shape)]
)
def test_a_picture_has_a_height_a_width_and_channels(make, shape):
    with pytest.raises(ValueError, match="a picture has a height, a width and channels, got"):
        make(shape)


def test_a_network_draws_from_something():
    with pytest.raises(ValueError, match="from latents, from pictures or from both"):
        draw(condition=DIGITS)


GOOD = DRAWS["all"].to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "networks.Generator"},
        {"network": {"class": "networks.Generator"}},
        {"network": {**NETWORK, "weights": "elsewhere.h5"}},
        {"shape": 8},
        {"shape": None},
        {"latents": None},
        {"latents": 5},
        {"latents": {"size": 5, "seed": 0}},
        {"latents": {"distribution": "normal"}},
        {"latents": {"size": 5, "distribution": "cauchy"}},
        {"condition": None},
        {"condition": {"kind": "colours"}},
        {"condition": {"names": ["a"], "flag": "label"}},
        {"pictures": {"column": "sources"}},
        {"pictures": {"column": "sources", "shape": [8, 8]}},
        {"parts": 2},
        {"parts": [2]},
        {"pictures": {"column": "sources", "shape": [8, 8, 1], "made_by": "hand"}},
        {"pictures": {"column": "sources", "shape": [8, 8, 1], "side": "c"}},
        {"extra": 1},
    ],
    ids=str,
)
def test_what_is_no_draw_is_refused(changes):
    assert Draw.from_json(GOOD) == DRAWS["all"]
    with pytest.raises((ValueError, TypeError, KeyError)):
        Draw.from_json({**GOOD, **changes})


# Runs of format 1.
OLD_GENERATOR = {"latent_dim": 5, "image_size": 8, "channels": 3, "widths": [8], "dtype": "float32"}
OLD = {
    "app": "cgan",
    "settings": {"latent_distribution": "uniform", "seed": 3},
    "label_names": ["0", "1"],
    "condition": "digit",
    "generator": {"class": "conditional", "config": {"num_classes": 2, **OLD_GENERATOR}},
    "versions": {"keras": "3"},
}
OLD_RUNS = {
    "nothing": {
        **OLD,
        "app": "dcgan",
        "label_names": [],
        "condition": None,
        "generator": {"class": "unconditional", "config": OLD_GENERATOR},
    },
    "labels": OLD,
    "attributes": {
        **OLD,
        "label_names": [],
        "condition": "prompt",
        "generator": {
            "class": "attributes",
            "config": {"vocabulary": VOCABULARY, **OLD_GENERATOR},
        },
    },
}
CONDITIONS = {
    "nothing": Nothing(),
    "labels": Labels(("0", "1"), "digit"),
    "attributes": FACES,
}


@pytest.mark.parametrize("kind", OLD_RUNS)
def test_a_run_of_format_1_says_what_it_draws(kind):
    before = copy.deepcopy(OLD_RUNS[kind])
    values = format_1.upgraded(OLD_RUNS[kind])
    assert OLD_RUNS[kind] == before
    recipe = run_dir.Recipe.from_json(values)
    assert (recipe.system, recipe.settings) == (before["app"], before["settings"])
    assert recipe.versions == before["versions"] and list(recipe.draws) == ["generator"]
    network = CONDITIONS[kind].network
    config = {**OLD_GENERATOR, **({} if network is None else {"condition": network})}
    assert recipe.draw == Draw(
        network={"class": "networks.Generator", "config": config},
        shape=(8, 8, 3),
        latents=Latents(size=5, distribution="uniform"),
        condition=CONDITIONS[kind],
    )


def test_the_first_runs_drew_from_the_normal_distribution():
    values = format_1.upgraded({**OLD, "settings": {}})
    assert run_dir.Recipe.from_json(values).draw.latents == Latents(size=5)


UNCOUNTED = {**VOCABULARY, "counts": 1}


def config_of(values, **changes):
    generator = values["generator"]
    return {"class": generator["class"], "config": {**generator["config"], **changes}}


@pytest.mark.parametrize(
    "kind, changes",
    [
        ("labels", {"condition": None}),
        ("labels", {"condition": "prompt"}),
        ("labels", {"condition": "flagfile"}),
        ("labels", {"condition": 1}),
        ("labels", {"label_names": []}),
        ("labels", {"label_names": [0, 1]}),
        ("labels", {"label_names": 3}),
        ("labels", {"settings": "all"}),
        ("labels", {"settings": {"latent_distribution": "cauchy"}}),
        ("labels", {"versions": []}),
        ("labels", {"app": 1}),
        ("labels", {"generator": []}),
        ("labels", {"generator": {"class": "conditional"}}),
        ("labels", {"generator": {"class": "conditional", "config": []}}),
        ("labels", {"generator": config_of(OLD) | {"class": "os.system"}}),
        ("labels", {"generator": config_of(OLD) | {"class": "networks.Generator"}}),
        ("labels", {"generator": config_of(OLD) | {"class": "unconditional"}}),
        ("labels", {"generator": config_of(OLD) | {"class": "attributes"}}),
        ("labels", {"generator": config_of(OLD, num_classes=3)}),
        ("labels", {"generator": config_of(OLD, num_classes=None)}),
        ("labels", {"label_names": ["0", "1", "2"]}),
        ("labels", {"generator": config_of(OLD, latent_dim="5")}),
        ("labels", {"generator": config_of(OLD, image_size=[8])}),
        ("labels", {"generator": config_of(OLD, channels=0)}),
        ("nothing", {"condition": "label"}),
        ("nothing", {"condition": "prompt"}),
        ("nothing", {"label_names": ["a", "b"]}),
        ("attributes", {"condition": "digit"}),
        ("attributes", {"label_names": ["a"], "condition": "label"}),
        ("attributes", {"generator": config_of(OLD_RUNS["attributes"], vocabulary=None)}),
        ("attributes", {"generator": config_of(OLD_RUNS["attributes"], vocabulary={})}),
        (
            "attributes",
            {"generator": config_of(OLD_RUNS["attributes"], vocabulary=UNCOUNTED)},
        ),
    ],
    ids=str,
)
def test_what_no_run_of_format_1_says_is_refused(kind, changes, tmp_path):
    written(tmp_path, OLD_RUNS[kind])
    run_dir.read_recipe(tmp_path)
    written(tmp_path, {**OLD_RUNS[kind], **changes})
    with pytest.raises(Refused, match=f"--run_dir={tmp_path}: config.json does not describe a run"):
        run_dir.read_recipe(tmp_path)


@pytest.mark.parametrize("name", ["generator", "settings", "versions", "app", "condition"])
def test_a_run_of_format_1_that_lacks_a_field_is_refused(name, tmp_path):
    written(tmp_path, {field: value for field, value in OLD.items() if field != name})
    with pytest.raises(Refused, match=f"--run_dir={tmp_path}: config.json"):
        run_dir.read_recipe(tmp_path)
    written(tmp_path, {**OLD, "extra": 1})
    with pytest.raises(Refused, match="lacks or adds the fields extra"):
        run_dir.read_recipe(tmp_path)


def written(run, values):
    (run / run_dir.CONFIG).write_text(json.dumps({"format": 1, **values}))


SHIPPED = [run_dir.shipped(name) for name in SHIPPED_RUNS]


def test_there_are_shipped_runs():
    names = {path.name for path in SHIPPED}
    assert {"cgan_digits", "cgan_anime", "dcgan_faces"} <= names


@pytest.mark.parametrize("run", SHIPPED, ids=lambda run: run.name)
def test_a_shipped_run_is_read_and_written_in_today_s_format(run, tmp_path):
    recipe = run_dir.read_recipe(run)
    run_dir.create(tmp_path / "new", recipe)
    assert json.loads((tmp_path / "new" / run_dir.CONFIG).read_text())["format"] == run_dir.FORMAT
    assert run_dir.read_recipe(tmp_path / "new") == recipe
    system = systems.find(recipe.system)
    # Its data need not be here.
    config = settings.from_json(system.config, {**recipe.settings, "dataset": "digits"})
    latents = recipe.draw.latents
    # A pyramid has noise of its own at each level; codes stand behind it.
    levels = getattr(config, "levels", 1)
    assert latents is None or latents.size == levels * config.latent_dim + sum(latents.codes)
    assert (latents is None) == ("latents" not in system.takes)
    assert (recipe.draw.condition != Nothing()) == system.conditional
    for file in run_dir.drawing_files(recipe):
        assert run_dir.checked(run, file).is_file()


@pytest.mark.parametrize("run", SHIPPED, ids=lambda run: run.name)
def test_a_shipped_run_s_weights_are_its_network_s(run):
    name, draw = next(iter(run_dir.read_recipe(run).draws.items()))
    network = networks.rebuilt(draw.network)
    taken = {
        column: (tuple(tensor.shape[1:]), tensor.dtype) for column, tensor in network.input.items()
    }
    if draw.is_any_size:
        channels = draw.pictures.shape[-1]
        assert taken == {draw.pictures.column: ((None, None, channels), "float32")}
        assert network.output.shape[-1] == draw.shape[-1]
    else:
        assert taken == draw.inputs
        assert tuple(network.output.shape[1:]) == draw.shape
    network.load_weights(run / (name + run_dir.KERAS_WEIGHTS))
    inputs, _ = forms.inputs(run, name, draw)
    inputs = {column: values[:4] for column, values in inputs.items()}
    assert np.std(network(inputs, training=False)) > 0.1
