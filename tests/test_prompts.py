"""What prompts say: a vocabulary from data, requests read by it, and the same in a graph."""

import random

import numpy as np
import pytest

from gan_apps.prompts import vocabulary
from gan_apps.prompts.vocabulary import MISSING, Vocabulary
from gan_apps.settings import Refused

TAGS = [
    *["blue hair red eyes"] * 6,
    *["blue hair gray eyes"] * 3,
    "gray hair red eyes",
    "blonde hair aqua eyes",
    "purple hair yellow eyes",
]


@pytest.fixture(scope="module")
def known():
    return vocabulary.learned(TAGS)[0]


def test_the_vocabulary_is_what_the_data_say(known):
    hair, eyes = known.slots
    assert (hair.noun, hair.values) == ("hair", ("blonde", "blue", "gray", "purple"))
    assert (eyes.noun, eyes.values) == ("eyes", ("aqua", "gray", "red", "yellow"))
    assert dict(zip(known.combinations, known.counts, strict=True)) == {
        (1, 2): 6,
        (1, 1): 3,
        (2, 2): 1,
        (0, 0): 1,
        (3, 3): 1,
    }
    assert Vocabulary.from_json(known.to_json()) == known
    # As runs that were written earlier have it.
    assert Vocabulary.from_json(known.listed()) == known


def test_combinations_are_stored_by_the_gaps_between_them():
    slots = (vocabulary.Slot("hair", ("blue", "red")), vocabulary.Slot("eyes", ("aqua",)))
    # In any order; of the two digits the second is 0 or 1.
    known = Vocabulary(slots, ((MISSING, 0), (0, MISSING), (1, 0), (0, 0)), (1, 2, 3, 4))
    stored = known.to_json()
    assert stored["gaps"] == [1, 1, 3, -2] and "combinations" not in stored
    assert Vocabulary.from_json(stored) == known


def test_attributes_that_an_image_may_have_at_once_are_slots_of_their_own():
    known, attributes = vocabulary.learned(
        [
            "blue hair short hair",
            "red hair short hair",
            "red hair long hair",
            "light blue hair, x y",
        ]
    )
    values = {slot.values for slot in known.slots if slot.noun == "hair"}
    assert ("long", "short") in values
    assert any({"blue", "red", "light_blue"} <= set(group) for group in values)
    assert set(known.named(attributes[3]).split(" ")) == set("light blue hair x y".split())
    both = known.named(known.read("LIGHT BLUE hair with short hair")[0])
    assert both in ("light blue hair short hair", "short hair light blue hair")


@pytest.mark.parametrize("prompts", [["hair"], [], ["", "  "]])
def test_data_without_attributes_have_no_vocabulary(prompts):
    with pytest.raises(ValueError, match="no prompt holds an attribute"):
        vocabulary.learned(prompts)


def test_sentences_are_no_attributes():
    with pytest.raises(ValueError, match="more than 16 slots of 256"):
        vocabulary.learned([f"word{number} thing" for number in range(300)])


@pytest.mark.parametrize(
    "prompt, meant",
    [
        ("blue hair red eyes", "blue hair red eyes"),
        ("red eyes blue hair", "blue hair red eyes"),
        ("a girl with BLUE hair, and red eyes!", "blue hair red eyes"),
        ("hair blue eyes red", "blue hair red eyes"),
        ("hair blue, red eyes", "blue hair red eyes"),
        ("hair blue and red eyes", "blue hair red eyes"),
        ("blue-haired red-eyed girl", "blue hair red eyes"),
        ("grey hair", "gray hair"),
        ("Silver hair, silver eyes", "gray hair gray eyes"),
        ("blond hair cyan eyes", "blonde hair aqua eyes"),
        ("golden hair golden eyes", "blonde hair yellow eyes"),
        ("violet hair", "purple hair"),
        ("eyes red", "red eyes"),
        ("  blue\thair\n", "blue hair"),
        ("blue hair blue hair", "blue hair"),
    ],
)
def test_a_request_is_read_whatever_its_form(known, prompt, meant):
    attributes, ignored = known.read(prompt)
    assert known.named(attributes) == meant
    assert ignored == []


@pytest.mark.parametrize(
    "prompt, meant, ignored",
    [
        ("short hair red eyes", "red eyes", ["short hair"]),
        ("short blue hair", "blue hair", ["short hair"]),
        ("blue hair smiling, with a hat", "blue hair", ["smiling", "hat"]),
        ("dark blue hair", "blue hair", ["dark hair"]),
    ],
)
def test_what_the_data_do_not_have_is_named_not_dropped(known, prompt, meant, ignored):
    attributes, told = known.read(prompt)
    assert known.named(attributes) == meant
    assert told == ignored


@pytest.mark.parametrize(
    "prompt, words",
    [
        ("", "asks for nothing"),
        (" \n", "asks for nothing"),
        ("cat dog", "holds no known word"),
        ("short hair", "holds no known word"),
        ("青い髪", "holds no known word"),
        ("rainbow hair", "'rainbow hair' is not known"),
        ("teal eyes, blue hair", "'teal eyes' is not known"),
        ("qwerty hair", "'qwerty hair' is not known"),
        ("blue hair, scarlet", "'scarlet' is not known"),
        ("purple eyes", "'purple eyes' is not known"),
        ("blue hair, gray hair", "'blue hair' and 'gray hair' at once"),
        ("blue gray hair", "'blue hair' and 'gray hair' at once"),
        ("blue hair " * 10_000, "100,000 characters"),
    ],
)
def test_what_would_not_be_drawn_is_refused(known, prompt, words):
    with pytest.raises(Refused) as refusal:
        known.read(prompt)
    message = str(refusal.value)
    assert words in message and len(message) < 400
    assert "\n" not in message.replace(prompt, "")


def test_a_refusal_says_what_is_known(known):
    with pytest.raises(Refused, match="known are blonde, blue, gray, purple hair; aqua, gray, red"):
        known.read("rainbow hair")


def test_combinations_that_agree_with_a_request(known):
    assert known.compatible((1, MISSING)) == ([(1, 1), (1, 2)], [3, 6])
    assert known.compatible((MISSING, 2)) == ([(1, 2), (2, 2)], [6, 1])
    # No purple hair has red eyes: nothing is left open, and nothing of it is refused.
    assert known.compatible((3, 2))[0] == list(known.combinations)


def reader(known):
    from models.text import Prompts

    return Prompts(**known.reading)


def is_read(known, prompt):
    try:
        known.read(prompt)
    except Refused:
        return False
    return True


def test_the_graph_reads_as_python_does(known):
    tf = pytest.importorskip("tensorflow")
    layer = reader(known)
    words = (
        "blue gray grey golden silver violet red hair eyes haired eyed hair eyes hair eyes a girl "
        "with and , ; . - ! short rainbow blonde 青い BLUE Eyes the\tx"
    ).split(" ")
    chosen = random.Random(0)
    prompts = [" ".join(chosen.choices(words, k=chosen.randint(0, 9))) for _ in range(400)]
    asked = layer.asked(tf.constant(prompts)).numpy()
    expected = np.zeros_like(asked)
    for row, prompt in zip(expected, prompts, strict=True):
        for first, numbers in zip((0, 4), known.found(prompt), strict=True):
            row[[first + number for number in numbers]] = 1.0
    np.testing.assert_array_equal(asked, expected)
    assert 0.1 < asked[:, :4].any(axis=1).mean() < 0.9
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(again.asked(tf.constant(prompts)), asked)


def test_the_graph_refuses_what_python_refuses(known):
    tf = pytest.importorskip("tensorflow")
    words = (
        "blue gray violet red hair eyes hair eyes a , . short dark rainbow teal hat 青い hair BLUE"
    )
    chosen = random.Random(1)
    prompts = [" ".join(chosen.choices(words.split(), k=chosen.randint(0, 6))) for _ in range(1500)]
    prompts += ["blue hair", "blue hair, gray hair", "hat blue hair", "blue hair hat", "a hat!"]
    expected = [is_read(known, prompt) for prompt in prompts]
    understood = reader(known).understood(tf.constant(prompts)).numpy()
    different = [
        prompt for prompt, a, b in zip(prompts, expected, understood, strict=True) if a != b
    ]
    assert different == []
    assert 0.05 < np.mean(expected) < 0.95


def test_the_graph_fills_open_slots_as_the_data_have_them(known):
    tf = pytest.importorskip("tensorflow")
    layer = reader(known)
    draws = tf.linspace(0.0, 0.999, 900)
    drawn = layer(tf.constant(["blue hair"] * 900), draws).numpy()
    np.testing.assert_array_equal(drawn[:, :4], [[0, 1, 0, 0]] * 900)
    # Three gray to six red, as in the data.
    np.testing.assert_allclose(drawn[:, 4:].mean(axis=0), [0, 1 / 3, 2 / 3, 0], atol=0.01)
    whole = layer(tf.constant(["purple hair red eyes", ""]), tf.constant([0.5, 0.0])).numpy()
    np.testing.assert_array_equal(whole[0], [0, 0, 0, 1, 0, 0, 1, 0])
    assert whole[1].sum() == 2


@pytest.fixture(scope="module")
def characters():
    said = [
        f"{hair} hair, {body} body, {top} topwear, {action} action, {direction} direction"
        for hair in ("green", "red")
        for body in ("light", "tan")
        for top in ("silver", "leather", "suit")
        for action in ("walking", "slashing")
        for direction in ("left", "front")
    ]
    # So many that what each of them says once is one slot: a suit is no colour, silver is.
    known, _ = vocabulary.learned(said * -(-vocabulary.MANY // len(said)))
    return known


@pytest.mark.parametrize(
    "prompt, meant",
    [
        (
            "green hair, silver armour, walking, seen from the left",
            "green hair silver topwear walking action left direction",
        ),
        ("walking, green hair", "green hair walking action"),
        ("Slash! tan skin; a suit", "tan body suit topwear slashing action"),
        ("a red-haired man in leather armor facing front", "red hair leather topwear front dir"),
        ("walking action", "walking action"),
    ],
)
def test_what_goes_without_saying_may_be_left_out(characters, prompt, meant):
    numbers, ignored = characters.read(prompt)
    assert characters.named(numbers).startswith(meant) and ignored == []
    assert [slot.noun for slot in characters.slots] == [
        "hair", "body", "topwear", "action", "direction",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "prompt, words",
    [
        ("leather hair", "'leather hair' is not known"),
        ("silver, walking", "'silver' is not known"),
        ("walking, slashing", "'walking action' and 'slashing action' at once"),
    ],
)
def test_what_is_said_of_another_noun_is_of_that_one(characters, prompt, words):
    with pytest.raises(Refused, match=words.replace("walking", ".*").replace("slashing", ".*")):
        characters.read(prompt)


def test_of_a_few_images_colours_and_others_are_two_slots():
    known, _ = vocabulary.learned(["red hair", "short hair", "blue hair", "long hair"])
    assert [slot.values for slot in known.slots] == [("blue", "red"), ("long", "short")]


def test_the_graph_reads_what_goes_without_saying_alike(characters):
    import tensorflow as tf

    from models import text

    reader = text.Prompts(**characters.reading)
    prompts = ["walking, green hair, seen from the left", "leather armour", "leather hair", "left"]
    understood = reader.understood(tf.constant(prompts)).numpy().tolist()
    assert understood == [True, True, False, True]
    asked = reader.asked(tf.constant(prompts[:1])).numpy()[0]
    assert asked.sum() == 3
