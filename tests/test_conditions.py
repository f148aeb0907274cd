"""What a picture is asked for by: as a user and a file know it, and as a network takes it."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps import conditions
from gan_apps.conditions import Attributes, Labels, Nothing
from gan_apps.prompts.vocabulary import MISSING, Vocabulary
from gan_apps.settings import Refused
from models.conditions import KINDS, Condition, OneHot
from tests.conftest import ROOT

VOCABULARY = Vocabulary.from_json(
    {
        "slots": [["hair", ["blue", "light_red", "green"]], ["eyes", ["aqua", "brown"]]],
        "combinations": [[0, 0], [0, 1], [1, 0], [2, 1]],
        "counts": [3, 1, 1, 1],
    }
)
ONE_SLOT = Vocabulary.from_json(
    {"slots": [["hair", ["blue", "red"]]], "combinations": [[0], [1]], "counts": [1, 1]}
)
NOTHING, DIGITS = Nothing(), Labels(tuple("0123456789"), "digit")
CLOTHES = Labels(("T-shirt/top", "Bag", "Ankle boot"))
FACES, HAIR = Attributes(VOCABULARY), Attributes(ONE_SLOT)
EVERY = [NOTHING, DIGITS, CLOTHES, FACES, HAIR]
ASKED = [DIGITS, CLOTHES, FACES, HAIR]


def never(key):
    raise AssertionError("nothing was open, and still it was drawn")


def seeded(key):
    return np.random.RandomState([7, *key])


@pytest.mark.parametrize("condition", EVERY)
def test_json_round_trip(condition):
    values = json.loads(json.dumps(condition.to_json()))
    assert conditions.from_json(values) == condition
    assert values["kind"] == condition.kind
    assert conditions.KINDS[condition.kind] is type(condition)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "colours"},
        {"kind": ["labels"]},
        {"kind": "nothing", "names": ["a"]},
        {"kind": "labels", "flag": "digit"},
        {"kind": "labels", "names": [], "flag": "digit"},
        {"kind": "labels", "names": ["a", 1], "flag": "digit"},
        {"kind": "labels", "names": ["a"], "flag": "flagfile"},
        {"kind": "labels", "names": ["a"], "flag": None},
        {"kind": "labels", "names": 3, "flag": "label"},
        {"kind": "labels", "names": ["a"], "flag": "label", "extra": 1},
        {"kind": "attributes"},
        {"kind": "attributes", **VOCABULARY.to_json(), "counts": [3, 1, 1]},
        {"kind": "attributes", **VOCABULARY.to_json(), "slots": [["hair", [".*", "red"]]]},
        {"kind": "attributes", **VOCABULARY.to_json(), "gaps": [4, 1, 1]},
        {"kind": "attributes", **VOCABULARY.to_json(), "gaps": [4, 1, 1.0, 4]},
        {"kind": "attributes", **VOCABULARY.to_json(), "gaps": [4, 1, 1, 9]},
        {"kind": "attributes", **VOCABULARY.to_json(), "gaps": [4, 1, 1, -7]},
    ],
    ids=str,
)
def test_what_is_no_condition_is_refused(values):
    with pytest.raises((ValueError, TypeError, KeyError)):
        conditions.from_json(values)


def test_the_flags_that_ask():
    assert conditions.FLAGS == ("digit", "label", "prompt")
    assert [condition.flag for condition in EVERY] == [None, "digit", "label", "prompt", "prompt"]
    for condition in ASKED:
        assert condition.flag in condition.possible_flags


def test_conditions_are_known_without_tensorflow():
    program = (
        "import sys; from gan_apps import conditions; from gan_apps.runs import draws, format_1\n"
        "heavy = {'tensorflow', 'keras', 'models'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "text, meant",
    [("9", [9]), ("3,1,4", [3, 1, 4]), (" 0 , 0", [0, 0]), ("007", [7])],
)
def test_digits_are_read(text, meant):
    assert DIGITS.read(text, "--digit") == meant


@pytest.mark.parametrize(
    "text, meant",
    [("bag", [1]), ("ANKLE BOOT, 0", [2, 0]), ("T-Shirt/Top", [0]), ("2", [2])],
)
def test_labels_are_read_by_name_or_number(text, meant):
    assert CLOTHES.read(text, "--label") == meant


@pytest.mark.parametrize("word", ["10", "-1", "ten", "", "1.0", "²", "٣", "0" * 9 + "1"])
def test_another_digit_is_refused(word):
    with pytest.raises(Refused) as refusal:
        DIGITS.read(f"3,{word}", "--digit")
    expected = f"--digit=3,{word}: {word!r} is not one of digits 0 to 9."
    assert str(refusal.value) == expected


def test_another_label_is_refused_with_the_list():
    words = r"--label=shoe: 'shoe' is not one of 0 to 2 or T-shirt/top, Bag, Ankle boot"
    with pytest.raises(Refused, match=words):
        CLOTHES.read("shoe", "--label")


def test_prompts_are_read_and_what_is_ignored_is_said(capsys):
    assert FACES.read("Blue hair; light red hair, brown eyes", "--prompt") == [
        (0, MISSING),
        (1, 1),
    ]
    assert capsys.readouterr() == ("", "")
    assert FACES.read_one("short hair aqua eyes") == (MISSING, 0)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "Ignored: 'short hair'; this run knows blue, light red, green hair; aqua, brown eyes.\n"
    )


@pytest.mark.parametrize(
    "prompt, words",
    [
        ("", "--prompt=: asks for nothing; known are blue, light red, green hair; aqua"),
        ("blue hair;", "asks for nothing"),
        ("purple hair", "'purple hair' is not known"),
        ("blue hair green hair", "asks for 'blue hair' and 'green hair' at once"),
        ("dog", "holds no known word"),
    ],
)
def test_another_prompt_is_refused(prompt, words):
    with pytest.raises(Refused, match=words):
        FACES.read(prompt, "--prompt")


def test_nothing_cannot_be_asked_for():
    with pytest.raises(NotImplementedError):
        NOTHING.read("1", "--digit")
    assert (NOTHING.known(), NOTHING.file_name([()]), NOTHING.card()) == ("", "", ("", ""))
    assert NOTHING.network is None and NOTHING.spec is None and NOTHING.inputs([(), ()]) == {}
    assert NOTHING.sizes == ()


def test_file_names_say_what_was_asked_for():
    assert DIGITS.file_name([9]) == "digit_9"
    assert CLOTHES.file_name([2, 0]) == "labels_2_0"
    assert FACES.file_name([(1, MISSING)]) == "prompt_light_red_hair"
    both = FACES.file_name([(0, 1), (MISSING, 0)])
    assert both == "prompts_blue_hair_brown_eyes_and_aqua_eyes"
    long = FACES.file_name([(0, 1)] * 20)
    assert long.startswith("prompts_blue_hair_brown_eyes_and_blue") and len(long) <= 88
    assert not long.endswith("_")
    names = [condition.default_name for condition in EVERY]
    assert names == ["", "digits", "labels", "", ""]


@pytest.mark.parametrize("condition", EVERY)
def test_every_value_and_the_sheet_can_be_drawn(condition):
    values, count, columns = condition.sheet()
    assert (len(values) * count) % columns == 0
    for value in (*condition.every(), *values):
        key = condition.key(value)
        assert len(key) > 0 and all(type(part) is int and part >= 0 for part in key)
        filled = condition.filled(value, seeded)
        assert condition.filled(filled, never) == filled
    # Another value, other latents.
    assert len({condition.key(value) for value in values}) == len(set(values)) == len(values)


def test_sheets_show_everything():
    assert NOTHING.sheet() == ([()], 25, 5)
    assert DIGITS.sheet()[0] == DIGITS.every() == list(range(10))
    values, count, columns = FACES.sheet()
    assert values == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert (count, columns) == (1, 2)
    assert HAIR.sheet() == ([(0,), (1,)], 1, 2)
    assert FACES.every() == [(MISSING, MISSING)]


def test_what_is_open_is_filled_as_the_data_have_it():
    def drawn(value, number):
        return FACES.filled(value, lambda key: np.random.RandomState([number, *key]))

    found = [drawn((0, MISSING), number) for number in range(2000)]
    assert {value[0] for value in found} == {0}
    # Three aqua to one brown among blue hair.
    assert_allclose(np.mean([value[1] for value in found]), 0.25, atol=0.03)
    assert drawn((0, MISSING), 3) == drawn((0, MISSING), 3)
    everything = {drawn((MISSING, MISSING), number) for number in range(200)}
    assert everything == set(VOCABULARY.combinations)
    keys = []
    FACES.filled((2, MISSING), lambda key: keys.append(key) or seeded(key))
    assert keys == [(3, 0)]


@pytest.mark.parametrize("condition", [NOTHING, DIGITS, FACES])
def test_what_is_not_open_stays(condition):
    value = {NOTHING: (), DIGITS: 4, FACES: (2, 1)}[condition]
    other = {NOTHING: (), DIGITS: 5, FACES: (0, 0)}[condition]
    assert condition.filled(value, never) == value
    assert condition.completed(value, other) == value
    assert condition.opened(value) == [value]


def test_open_slots_are_completed_and_opened():
    assert FACES.completed((MISSING, 1), (2, 0)) == (2, 1)
    assert FACES.completed((MISSING, MISSING), (2, MISSING)) == (2, MISSING)
    assert FACES.opened((MISSING, 1)) == [(0, 1), (1, 1), (2, 1)]
    assert FACES.opened((0, MISSING)) == [(0, 0), (0, 1)]
    # The first that is open alone.
    assert FACES.opened((MISSING, MISSING)) == [(0, MISSING), (1, MISSING), (2, MISSING)]


def test_what_a_judge_reads_and_a_card_says():
    assert NOTHING.slots == ()
    assert CLOTHES.slots == [["label", ["T-shirt/top", "Bag", "Ankle boot"]]]
    assert FACES.slots == [["hair", ["blue", "light_red", "green"]], ["eyes", ["aqua", "brown"]]]
    assert (CLOTHES.sizes, FACES.sizes, HAIR.sizes) == ((3,), (3, 2), (2,))
    assert CLOTHES.known() == "T-shirt/top, Bag, Ankle boot"
    assert CLOTHES.card() == (f" on request: {CLOTHES.known()}", "`labels` int32 [1]")
    words, column = FACES.card()
    assert FACES.known() in words and "`attributes` float32 [1, 5]" in column


@pytest.mark.parametrize("condition", ASKED)
def test_a_network_takes_what_the_condition_gives(condition):
    # NumPy's way for drawing, TensorFlow's for training: one meaning.
    taken = Condition.of(condition.network)
    assert (taken.column, taken.sizes) == (condition.column, condition.sizes)
    assert condition.spec == KINDS[condition.column].spec(condition.sizes)
    values = [*condition.sheet()[0], condition.opened(condition.every()[0])[0]]
    (column,), (inputs,) = condition.inputs(values).keys(), condition.inputs(values).values()
    assert column == condition.column
    shape, dtype = condition.spec
    assert inputs.shape == (len(values), *shape) and inputs.dtype == dtype
    assert_array_equal(inputs, taken.taken(tf.constant(values)))
    asked = taken.input()
    assert (asked.name, asked.shape, asked.dtype) == (column, (None, *shape), dtype)
    many = taken.input(many=True)
    assert (many.name, many.shape, many.dtype) == (column, (None, None, *shape), dtype)


def test_a_condition_of_networks_survives_its_description():
    for condition in (Condition("labels", (10,)), Condition("attributes", [3, 2])):
        again = Condition.of(json.loads(json.dumps(condition.to_json())))
        assert again == condition and hash(again) == hash(condition)
        assert type(again.sizes) is tuple
        assert Condition.of(condition) is condition
    assert Condition.of(None) is None


@pytest.mark.parametrize("column", ["images", "foreign_labels", "", None])
def test_another_column_is_refused(column):
    with pytest.raises(
        ValueError, match=f"one of labels, attributes, sentences, encoded, users, got {column!r}"
    ):
        Condition(column, (2,))


LABELS, ATTRIBUTES = Condition("labels", (4,)), Condition("attributes", (3, 2))


def test_numbers_are_taken_by_networks():
    labels = tf.constant([[0, 3], [1, 2]])
    assert LABELS.taken(labels) is labels
    numbers = tf.constant([[[0, 1], [-1, 0]], [[2, -1], [-1, -1]]])
    expected = [[[1, 0, 0, 0, 1], [0, 0, 0, 1, 0]], [[0, 0, 1, 0, 0], [0] * 5]]
    assert_array_equal(ATTRIBUTES.taken(numbers), expected)
    assert ATTRIBUTES.taken(numbers).dtype == tf.float32


def test_values_are_one_hot_for_a_loss():
    assert_array_equal(LABELS.one_hot(tf.constant([2, 0])), [[0, 0, 1, 0], [1, 0, 0, 0]])
    # One that is no label is nothing; half of one stays half.
    assert_array_equal(LABELS.one_hot(tf.constant([4, -1])), np.zeros((2, 4)))
    vectors = tf.constant([[0.5, 0.5, 0.0, 1.0, 0.0]])
    assert ATTRIBUTES.one_hot(vectors) is vectors
    assert LABELS.one_hot(tf.constant([1])).dtype == tf.float32


def test_layers_see_vectors():
    labels = tf.constant([[1, 3], [0, 4]])
    for dtype in ("float32", "bfloat16"):
        vectors = LABELS.vectors(labels, dtype)
        assert vectors.dtype == dtype and vectors.shape == (2, 2, 4)
        assert_array_equal(tf.cast(vectors, tf.float32), tf.one_hot(labels, 4))
    asked = tf.zeros((2, 3, 5))
    assert ATTRIBUTES.vectors(asked, "bfloat16") is asked
    layer = OneHot(4, dtype="bfloat16")
    again = OneHot.from_config(layer.get_config())
    assert again.num_classes == 4 and again.compute_dtype == "bfloat16"
    assert layer.compute_output_shape((None, 2)) == (None, 2, 4)


@pytest.mark.parametrize("num_classes", [2, 3, 10])
def test_a_foreign_label_is_any_but_its_own(num_classes):
    condition = Condition("labels", (num_classes,))
    own = tf.random.stateless_uniform((2, 3000), (0, 1), 0, num_classes, tf.int32)
    key = tf.constant([5, 6], tf.int64)
    foreign = condition.foreign(own, key).numpy()
    assert foreign.shape == own.shape and foreign.dtype == np.int32
    assert (foreign != own.numpy()).all()
    assert 0 <= foreign.min() and foreign.max() < num_classes
    # Each other one as often.
    shift = (foreign - own.numpy()) % num_classes
    counts = np.bincount(shift.ravel(), minlength=num_classes)[1:] / shift.size
    assert_allclose(counts, 1 / (num_classes - 1), atol=0.03)
    assert_array_equal(condition.foreign(own, key), foreign)
    if num_classes > 2:
        other = condition.foreign(own, tf.constant([5, 7], tf.int64))
        assert (other.numpy() != foreign).any()


@pytest.mark.parametrize("sizes", [(2,), (3, 2), (1, 4), (2, 1, 5)])
def test_foreign_attributes_are_never_an_image_s_own(sizes):
    condition = Condition("attributes", sizes)
    random = np.random.RandomState(0)
    own = np.stack([random.randint(0, size, (2, 500)) for size in sizes], axis=-1)
    # Open slots, of which one that can change is left.
    widest = int(np.argmax(sizes))
    open_slots = random.random_sample(own.shape) < 0.3
    open_slots[..., widest] = False
    own = tf.constant(np.where(open_slots, MISSING, own), tf.int32)
    key = tf.constant([1, 2], tf.int64)
    foreign = condition.foreign(own, key).numpy()
    assert foreign.shape == own.shape
    assert (foreign != own.numpy()).any(axis=-1).all()
    assert_array_equal(foreign[open_slots], MISSING)
    assert ((foreign >= 0) | open_slots).all() and (foreign < np.array(sizes)).all()
    assert_array_equal(condition.foreign(own, key), foreign)
