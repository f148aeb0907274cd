"""What is read from files and flags, fed with what nobody would write: read, or refused."""

import contextlib
import copy
import json
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gan_apps import settings as train_settings
from gan_apps import systems
from gan_apps.data import tagged
from gan_apps.drawing import latents
from gan_apps.prompts.vocabulary import MISSING, Vocabulary, learned
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from tests.conftest import ROOT

CGANConfig = systems.find("cgan").config

# The same examples every time: a failure is a fault of the change that is tested.
few = settings(
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# One that is asked in words is kept as it was written first.
FOLDERS = [ROOT / "tests" / "words_of_format_1", *sorted(run_dir.SHIPPED.iterdir())]
SHIPPED = {
    folder.name: json.loads((folder / run_dir.CONFIG).read_text("utf-8"))
    for folder in FOLDERS
    if folder.is_dir() and '"app"' in (folder / run_dir.CONFIG).read_text("utf-8")
}
# The same runs as they would be written now.
NOW = {
    f"{folder.name} now": {"format": run_dir.FORMAT, **run_dir.read_recipe(folder).to_json()}
    for folder in FOLDERS
    if folder.name in SHIPPED
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value, path=()):
    """The paths of every part of a JSON value, itself first."""
    yield path
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value[:3]) if isinstance(value, list) else parts
    for name, part in parts:
        yield from places(part, (*path, name))


def replaced(value, path, other):
    """A copy of a JSON value with another value at one place."""
    if not path:
        return other
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], other)
    return changed


CONFIGS = {**SHIPPED, **NOW}
PLACES = [(name, path) for name, config in CONFIGS.items() for path in places(config)]


def read(folder, content):
    """The recipe that bytes in a config.json are, or None if they are refused."""
    (folder / run_dir.CONFIG).write_bytes(content)
    try:
        recipe = run_dir.read_recipe(folder)
    except Refused as refusal:
        assert str(folder) in str(refusal) and "\n" not in str(refusal)
        return None
    return recipe


@few
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_config_is_refused(tmp_path, content):
    assert read(tmp_path, content) is None


SLOTS = ("generator", "config", "vocabulary", "slots")
CONDITION = ("draws", "generator", "condition")


@few
# Faults that were found so.
@example(("words_of_format_1", (*SLOTS, 0, 0)), "[")
@example(("words_of_format_1", (*SLOTS, 0, 1, 0)), "\\9")
@example(("words_of_format_1", (*SLOTS[:3], "counts", 0)), float("inf"))
@example(("words_of_format_1 now", (*CONDITION, "slots", 0, 0)), "[")
@example(("words_of_format_1 now", (*CONDITION, "slots", 0, 1, 0)), "\\9")
@example(("words_of_format_1 now", (*CONDITION, "counts", 0)), float("inf"))
@example(("cgan_digits now", (*CONDITION, "names", 0)), None)
@example(("cgan_digits now", ("draws",)), {})
@given(st.sampled_from(PLACES), JSON)
def test_a_config_with_any_part_changed_is_a_run_s_or_refused(tmp_path, place, other):
    name, path = place
    config = replaced(CONFIGS[name], path, other)
    recipe = read(tmp_path, json.dumps(config).encode())
    if recipe is None:
        return
    # What everyone who draws asks of it.
    for draw in recipe.draws.values():
        condition = draw.condition
        for flag in filter(None, [condition.flag]):
            with contextlib.suppress(Refused):
                condition.read("blue hair red eyes", f"--{flag}")
        if draw.latents is not None:
            inputs = latents.requested(draw, condition.every(), 2, seed=1)
            found = {name: values.shape[1:] for name, values in inputs.items()}
            taken = {name: shape for name, (shape, _) in draw.inputs.items()}
            assert taken.items() >= found.items() and inputs["latents"].dtype == "float32"
    # What a training that goes on asks of it.
    with contextlib.suppress(ValueError):
        train_settings.from_json(CGANConfig, recipe.settings)


@few
@given(st.sampled_from(sorted(train_settings.to_json(CGANConfig()))), JSON)
def test_settings_with_any_value_are_valid_or_a_value_error_that_names_it(name, other):
    try:
        config = train_settings.from_json(
            CGANConfig, {**train_settings.to_json(CGANConfig()), name: other}
        )
    except ValueError as error:
        assert name in str(error)
    else:
        assert train_settings.from_json(CGANConfig, train_settings.to_json(config)) == config


LINES = st.lists(
    st.sampled_from(["a.png", "b.png", "../a.png", "/a.png", "", "filename"]) | st.text(max_size=6),
    max_size=3,
).map(",".join)
PROMPTS = st.lists(
    st.sampled_from(
        "blue red grey hair eyes eyed , ; | and no with short dark a ! <hair > \u0130".split()
    )
    | st.text(max_size=5),
    max_size=8,
).map(" ".join)


@few
@given(st.binary(max_size=80) | st.lists(LINES | PROMPTS, max_size=5).map("\n".join))
def test_any_tags_are_read_or_refused(tmp_path, content):
    if isinstance(content, str):
        content = f"filename,prompt\n{content}\na.png,red hair\n".encode("utf-8", "replace")
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    (tmp_path / tagged.TAGS).write_bytes(content)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("a.png", "b.png", tagged.TAGS):
            archive.write(tmp_path / name, name)
    for path in (tmp_path, tmp_path / "all.zip"):
        try:
            found = tagged.listed(path)
        except Refused as refusal:
            assert str(path) in str(refusal)
        else:
            assert set(found.filenames) <= {"a.png", "b.png"}
            assert len(found.filenames) == len(found.prompts) == len(found.attributes)


@few
@given(st.binary(max_size=80))
def test_any_zip_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(Refused, match="a.zip"):
        tagged.listed(tmp_path / "a.zip")


@few
@given(PROMPTS | st.text(max_size=40))
def test_any_prompt_is_read_or_refused(prompt):
    known = VOCABULARY
    try:
        attributes, ignored = known.read(prompt)
    except Refused as refusal:
        assert str(refusal).startswith("--prompt=") and "\n" not in str(refusal)
    else:
        assert attributes != (MISSING,) * len(known.slots)
        for slot, number in zip(known.slots, attributes, strict=True):
            assert MISSING <= number < len(slot.values)


VOCABULARY = Vocabulary.from_json(SHIPPED["words_of_format_1"]["generator"]["config"]["vocabulary"])


@few
@given(st.lists(PROMPTS, max_size=4))
def test_what_any_data_say_can_be_stored_and_asked_for(prompts):
    try:
        known, attributes = learned(prompts)
    except ValueError:
        return
    assert Vocabulary.from_json(json.loads(json.dumps(known.to_json()))) == known
    for numbers in attributes:
        if numbers is not None:
            with contextlib.suppress(Refused):
                known.read(known.named(numbers))
