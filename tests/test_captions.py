"""Lines of data are read as requests are, in any alphabet, or refused by name."""

import numpy as np
import pytest

from gan_apps.conditions.attributes import as_file_name
from gan_apps.data import tagged
from gan_apps.prompts import vocabulary
from gan_apps.prompts.vocabulary import Vocabulary

OTHERS = ["blue hair red eyes", "red hair brown eyes"]


@pytest.mark.parametrize(
    "caption, taught",
    [
        ("blue hair and brown eyes", "blue hair brown eyes"),
        ("a girl with blue hair and red eyes", "blue hair red eyes"),
        ("a girl with blue hair, red eyes", "blue hair red eyes"),
        ("a smiling girl with blue hair, red eyes", "blue hair red eyes smiling girl"),
        ("blue-green hair", "blue green hair"),
        ("two-tone hair, red eyes", "two tone hair red eyes"),
        ("blue-haired red-eyed girl", "blue hair red eyes"),
        ("Blue haired girl, red eyes", "blue hair red eyes"),
        ("her hair is blue and her eyes are red", "blue hair red eyes"),
        ("hair is light blue, eyes are red", "light blue hair red eyes"),
        ("hair blue eyes red", "blue hair red eyes"),
        ("light blue hair red eyes", "light blue hair red eyes"),
        ("very long hair, red eyes", "long hair red eyes"),
        ("1girl, solo, blue hair, smile", "blue hair"),
        ("blue hair, hair ornament", "blue hair hair ornament"),
        ("blue hair, red t-shirt", "blue hair red t shirt"),
        ("blue hair; red eyes | wide mouth", "blue hair red eyes wide mouth"),
        ("blue\u00a0hair\u3000red eyes", "blue hair red eyes"),
        ("round face, blue eyes", "blue eyes round face"),
    ],
)
def test_a_caption_teaches_what_it_asks_for(caption, taught):
    known, attributes = vocabulary.learned([*OTHERS, caption])
    assert known.named(attributes[-1]) == taught
    assert known.read(caption)[0] == attributes[-1]
    assert Vocabulary.from_json(known.to_json()) == known


@pytest.mark.parametrize(
    "caption, words",
    [
        ("blue green hair red eyes", "'blue green hair', of more than one colour"),
        ("blue and green hair", "would teach 'green hair', and asked for would mean something"),
        ("blue hair, red", "says 'red', of which nothing is learned"),
        ("1girl blue hair", "says '1girl hair', of which nothing is learned"),
    ],
)
def test_the_first_caption_that_does_not_read_back_is_refused_by_name(caption, words):
    with pytest.raises(ValueError) as refusal:
        vocabulary.learned([*OTHERS, caption, "red, blue, red"])
    message = str(refusal.value)
    assert message.startswith(f"the prompt {caption!r} ") and words in message
    assert "commas" in message and "hyphens" in message


def test_two_spellings_that_the_data_have_at_once_are_not_taken_for_each_other():
    known, attributes = vocabulary.learned(["blonde hair, blue hair", "red hair, golden hair"])
    assert {known.named(numbers) for numbers in attributes} == {
        "blonde hair blue hair",
        "red hair golden hair",
    }


ALPHABETS = {
    "Cyrillic": ["Голубые волосы, красные глаза", "рыжие волосы зелёные глаза"],
    "Chinese": ["蓝色 头发，红色 眼睛", "黑色 头发 绿色 眼睛"],
    "Greek": ["ΓΑΛΑΖΙΑ ΜΑΛΛΙΑ, κόκκινα μάτια", "μαύρα μαλλια πράσινα μάτια"],
    "Hebrew": ["שיער כחול, עיניים אדומות", "שיער שחור, עיניים ירוקות"],
    "accents": ["blå hår, röda ögon", "rött hår, gröna ögon"],
}


@pytest.mark.parametrize("captions", ALPHABETS.values(), ids=ALPHABETS)
def test_words_of_any_alphabet_that_train_are_understood_when_asked(captions):
    tf = pytest.importorskip("tensorflow")
    from models.text import Prompts

    known, attributes = vocabulary.learned(captions)
    assert len(known.slots) >= 2 and all(numbers is not None for numbers in attributes)
    parts = [slot.attributes[0] for slot in known.slots]
    asked = [*captions, *parts, "; ".join(parts), captions[0].upper(), f"é{parts[0]}", "красная"]
    assert [known.read(caption)[0] for caption in captions] == attributes
    layer = Prompts(**known.reading)
    found = layer.asked(tf.constant(asked)).numpy()
    for prompt, row in zip(asked, found, strict=True):
        expected = [
            number in numbers
            for slot, numbers in zip(known.slots, known.found(prompt), strict=True)
            for number in range(len(slot.values))
        ]
        np.testing.assert_array_equal(row, expected, err_msg=prompt)
    read = [is_read(known, prompt) for prompt in asked]
    assert read[: len(captions) + len(parts)] == [True] * (len(captions) + len(parts))
    assert read[-1] is False
    assert layer.understood(tf.constant(asked)).numpy().tolist() == read


def test_a_tags_file_with_such_a_caption_is_refused(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    lines = "filename,prompt\na.png,red hair\nb.png,blue and green hair\n"
    (tmp_path / tagged.TAGS).write_text(lines, encoding="utf-8")
    with pytest.raises(vocabulary.Refused, match="tags.csv: the prompt 'blue and green hair' "):
        tagged.listed(tmp_path)


@pytest.mark.parametrize(
    "words, name",
    [
        ("light blue hair", "light_blue_hair"),
        ("голубые волосы", "голубые_волосы"),
        ("头" * 100, "头" * 26),
        ("a/b\\c: d", "a_b_c_d"),
    ],
)
def test_words_of_any_alphabet_name_a_file(words, name):
    assert as_file_name(words) == name


def is_read(known, prompt):
    try:
        known.read(prompt)
    except vocabulary.Refused:
        return False
    return True
