"""Run directories: what is read back, and what is refused."""

import json
import shutil

import pytest

from gan_apps import conditions
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Latents
from gan_apps.settings import Refused
from tests.conftest import FOLDERS, ROOT, SHIPPED_FILES

GENERATOR_FILES = ("generator" + run_dir.KERAS_WEIGHTS, "generator" + run_dir.LITERT)
JUDGE = {
    "network": {
        "class": "networks.AttributeClassifier",
        "config": {"condition": {"column": "labels", "sizes": [2]}},
    },
    "shape": [8, 8, 1],
    "condition": {"kind": "labels", "names": ["a", "b"], "flag": "label"},
}
RECORD = {"num_images": 3, "sha256": "", "test": "none", "num_held_out": 0, "seed": 0}


@pytest.fixture
def run(tiny_run, tmp_path):
    """A copy of a finished run that a test may harm."""
    return shutil.copytree(tiny_run, tmp_path / "run")


def edit(path, **changes):
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, **changes}))


@pytest.fixture
def first_format(tmp_path):
    """A copy of a shipped run, whose config.json is of format 1."""
    run = shutil.copytree(run_dir.shipped("cgan_digits"), tmp_path / "cgan_digits")
    assert json.loads((run / run_dir.CONFIG).read_text())["format"] == 1
    return run


def test_recipe_round_trip(run, tmp_path):
    recipe = run_dir.read_recipe(run)
    run_dir.create(tmp_path / "new" / "nested", recipe)
    assert run_dir.read_recipe(tmp_path / "new" / "nested") == recipe
    assert recipe.draw.condition.names == tuple("0123456789")
    assert recipe.draw.latents.size == 8


def test_what_a_judge_is_is_read(run):
    edit(run / run_dir.CONFIG, draws={}, judges={"judge": JUDGE})
    recipe = run_dir.read_recipe(run)
    assert recipe.judges["judge"].to_json() == JUDGE
    assert recipe.condition.names == ("a", "b")
    with pytest.raises(Refused, match="judges pictures and draws none"):
        recipe.draw  # noqa: B018, which asks


def test_new_paths_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(run_dir.new_path("cgan")) == "checkpoints/cgan_001"
    for name in ("cgan_001", "cgan_007", "dcgan_009", "cgan_digits"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert str(run_dir.new_path("cgan")) == "checkpoints/cgan_008"


def test_a_finished_run_has_every_file(run):
    assert {path.name for path in run.iterdir()} == SHIPPED_FILES | FOLDERS
    for name in GENERATOR_FILES:
        assert run_dir.checked(run, name) == run / name


def test_every_file_of_a_run_is_in_the_documentation():
    # Of what a run draws, a GAN's is called generator.
    for name in {name.replace("generator.", "NAME.") for name in SHIPPED_FILES | FOLDERS}:
        assert f"\n{name}" in run_dir.__doc__ or f" {name}" in run_dir.__doc__


@pytest.mark.parametrize("name", GENERATOR_FILES)
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing"])
def test_a_damaged_generator_is_refused(run, name, damage):
    path = run / name
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "altered":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        path.unlink()
    words = f"{name} is missing" if damage == "missing" else f"{name} is damaged or altered"
    with pytest.raises(Refused, match=words):
        run_dir.checked(run, name)


def test_a_run_without_a_generator_is_refused(run):
    (run / run_dir.MANIFEST).unlink()
    with pytest.raises(Refused, match="no generator in it yet"):
        run_dir.checked(run, GENERATOR_FILES[1])


@pytest.mark.parametrize("manifest", ['{"format": 1}', '{"format": 1, "files": [1]}', "[]", "{"])
def test_a_manifest_of_another_shape_is_refused(run, manifest):
    (run / run_dir.MANIFEST).write_text(manifest)
    with pytest.raises(Refused, match=str(run)):
        run_dir.checked(run, GENERATOR_FILES[1])


def test_no_run_directory(tmp_path):
    with pytest.raises(Refused, match="no such folder"):
        run_dir.read_recipe(tmp_path / "absent")
    with pytest.raises(Refused, match="not a run directory"):
        run_dir.read_recipe(tmp_path)


def test_a_newer_format_is_refused(run):
    edit(run / run_dir.CONFIG, format=run_dir.FORMAT + 1)
    with pytest.raises(Refused, match=f"format {run_dir.FORMAT + 1}, written by a newer gan_apps"):
        run_dir.read_recipe(run)


@pytest.mark.parametrize(
    "old, network, condition",
    [
        (
            run_dir.shipped("cgan_digits"),
            {"column": "labels", "sizes": [10]},
            conditions.Labels(tuple("0123456789"), "digit"),
        ),
        (ROOT / "tests" / "faces_of_format_1", None, conditions.Nothing()),
    ],
)
def test_a_run_of_format_1_is_what_it_was(old, network, condition, tmp_path):
    recipe = run_dir.read_recipe(old)
    old = json.loads((old / run_dir.CONFIG).read_text())
    assert old["format"] == 1
    assert (recipe.system, recipe.settings, recipe.versions) == (
        old["app"],
        old["settings"],
        old["versions"],
    )
    draw, config = recipe.draw, old["generator"]["config"]
    assert list(recipe.draws) == ["generator"] and draw.condition == condition
    assert draw.latents == Latents(size=config["latent_dim"])
    assert draw.shape == (config["image_size"], config["image_size"], config["channels"])
    assert draw.network["class"] == "networks.Generator"
    assert draw.network["config"].get("condition") == network
    assert draw.network["config"]["widths"] == config["widths"]
    # Written again it is of the newest format, and the same.
    run_dir.write_recipe(tmp_path, recipe)
    assert json.loads((tmp_path / run_dir.CONFIG).read_text())["format"] == run_dir.FORMAT == 2
    assert run_dir.read_recipe(tmp_path) == recipe


def test_a_run_of_format_1_knows_its_words():
    run = ROOT / "tests" / "words_of_format_1"
    old = json.loads((run / run_dir.CONFIG).read_text())
    assert old["format"] == 1
    condition = run_dir.read_recipe(run).draw.condition
    assert condition.vocabulary.listed() == old["generator"]["config"]["vocabulary"]
    assert condition.flag == "prompt"


def test_latents_of_format_1_have_their_distribution(first_format):
    values = json.loads((first_format / run_dir.CONFIG).read_text())["settings"]
    edit(first_format / run_dir.CONFIG, settings={**values, "latent_distribution": "spherical"})
    latents = run_dir.read_recipe(first_format).draw.latents
    assert latents == Latents(size=values["latent_dim"], distribution="spherical")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"format": "1"}, "does not say its format"),
        ({"extra": 1}, "extra"),
        ({"generator": []}, "does not describe a run"),
        ({"generator": {"class": "conditional"}}, "does not describe a run"),
        ({"label_names": 3}, "does not describe a run"),
        ({"label_names": []}, "does not describe a run"),
        ({"label_names": [None]}, "does not describe a run"),
        ({"label_names": [None] * 10}, "does not describe a run"),
        ({"condition": "flagfile"}, "does not describe a run"),
        ({"condition": None}, "does not describe a run"),
        ({"settings": "all"}, "does not describe a run"),
        ({"data": 3}, "does not describe a run"),
        ({"data": {"num_images": 3}}, "does not describe a run"),
        ({"data": {**RECORD, "seed": -1}}, "does not describe a run"),
        ({"data": {**RECORD, "earlier": [3]}}, "does not describe a run"),
        ({"data": {**RECORD, "judges_share": 0.6}}, "does not describe a run"),
        ({"data": {**RECORD, "judges_share": "some"}}, "does not describe a run"),
    ],
)
def test_a_config_of_format_1_of_another_shape_is_refused(first_format, changes, words):
    edit(first_format / run_dir.CONFIG, **changes)
    with pytest.raises(Refused, match=words):
        run_dir.read_recipe(first_format)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"format": "2"}, "does not say its format"),
        ({"format": 2.0}, "does not say its format"),
        ({"extra": 1}, "extra"),
        ({"app": "cgan"}, "adds the fields app"),
        ({"system": 3}, "does not describe a run"),
        ({"settings": "all"}, "does not describe a run"),
        ({"versions": []}, "does not describe a run"),
        ({"earlier_versions": [3]}, "does not describe a run"),
        ({"earlier_versions": 3}, "does not describe a run"),
        ({"draws": []}, "does not describe a run"),
        ({"draws": {"generator": 3}}, "does not describe a run"),
        ({"draws": {"../generator": None}}, "does not describe a run"),
        ({"draws": {}}, "does not describe a run"),
        ({"draws": {}, "judges": {}}, "does not describe a run"),
        ({"judges": 3}, "does not describe a run"),
        ({"judges": {"judge": JUDGE, "../judge": JUDGE}}, "does not describe a run"),
        ({"judges": {"judge": {**JUDGE, "shape": [8, 8]}}}, "does not describe a run"),
        ({"judges": {"judge": {**JUDGE, "network": []}}}, "does not describe a run"),
        ({"judges": {"judge": {**JUDGE, "condition": {"kind": "nothing"}}}}, "not describe a run"),
        ({"data": 3}, "does not describe a run"),
        ({"data": {"num_images": 3}}, "does not describe a run"),
        ({"data": {**RECORD, "seed": -1}}, "does not describe a run"),
        ({"data": {**RECORD, "earlier": [3]}}, "does not describe a run"),
    ],
)
def test_a_config_of_another_shape_is_refused(run, changes, words):
    edit(run / run_dir.CONFIG, **changes)
    with pytest.raises(Refused, match=words):
        run_dir.read_recipe(run)


NAMES = list("0123456789")


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"network": []},
        {"network": {"class": "networks.Generator"}},
        {"network": {"class": "networks.Generator", "config": []}},
        {"network": {"class": "networks.Generator", "config": {}, "module": "os"}},
        {"shape": 28},
        {"shape": [28, 28]},
        {"shape": [28, 28, 0]},
        {"shape": [28, 28, 1.0]},
        {"latents": None},
        {"latents": 8},
        {"latents": {}},
        {"latents": {"size": 0}},
        {"latents": {"size": "8"}},
        {"latents": {"size": True}},
        {"latents": {"size": 8, "distribution": "gauss"}},
        {"condition": 3},
        {"condition": {}},
        {"condition": {"kind": "wishes"}},
        {"condition": {"kind": ["labels"]}},
        {"condition": {"kind": "nothing", "names": NAMES}},
        {"condition": {"kind": "labels", "names": 3, "flag": "digit"}},
        {"condition": {"kind": "labels", "names": [], "flag": "digit"}},
        {"condition": {"kind": "labels", "names": [None] * 10, "flag": "digit"}},
        {"condition": {"kind": "labels", "names": NAMES, "flag": "flagfile"}},
        {"condition": {"kind": "labels", "names": [*NAMES, "a tenth"], "flag": "digit"}},
        {"condition": {"kind": "attributes", "slots": []}},
        {"pictures": {"column": "images"}},
        {"pictures": {"column": "images", "shape": [8, 8]}},
        {"pictures": {"column": 3, "shape": [8, 8, 1]}},
    ],
    ids=str,
)
def test_a_draw_of_another_shape_is_refused(run, changes):
    values = json.loads((run / run_dir.CONFIG).read_text())["draws"]["generator"]
    edit(run / run_dir.CONFIG, draws={"generator": {**values, **changes}})
    with pytest.raises(Refused, match=f"--run_dir={run}: {run_dir.CONFIG} does not describe a run"):
        run_dir.read_recipe(run)


@pytest.mark.parametrize("name", ["network", "shape", "latents", "condition"])
def test_a_draw_that_lacks_something_is_refused(run, name):
    values = json.loads((run / run_dir.CONFIG).read_text())["draws"]["generator"]
    del values[name]
    edit(run / run_dir.CONFIG, draws={"generator": values})
    with pytest.raises(Refused, match="does not describe a run"):
        run_dir.read_recipe(run)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", "[" * 100_000])
def test_a_config_that_is_not_json_is_refused(run, text):
    (run / run_dir.CONFIG).write_text(text)
    with pytest.raises(Refused, match="config.json"):
        run_dir.read_recipe(run)
