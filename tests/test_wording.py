"""Sentences as numbers of words: read alike by Python and by a graph, refused by their words."""

import pytest

from gan_apps.conditions import Sentences, from_json
from gan_apps.prompts import wording
from gan_apps.prompts.wording import FIRST, UNKNOWN, Wording
from gan_apps.settings import Refused

WORDS = ("a", "dog", "runs", "été", "кот", "t")


@pytest.fixture
def known():
    return Wording(WORDS, (9, 8, 7, 6, 5, 4), 6)


def test_order_counts_and_unknown_words_keep_their_place(known):
    dog, runs = FIRST + 1, FIRST + 2
    assert known.numbers("A dog RUNS.") == (FIRST, dog, runs)
    assert known.numbers("runs dog") == (runs, dog) != known.numbers("dog runs")
    assert known.numbers("a zebra runs") == (FIRST, UNKNOWN, runs)
    assert known.read("a zebra runs") == ((FIRST, UNKNOWN, runs), ["zebra"])
    assert known.named((FIRST, UNKNOWN, runs, 0)) == "a ? runs"


@pytest.mark.parametrize(
    "sentence, words",
    [
        ("A T-shirt; it's (red)!", ["a", "t", "shirt", "it", "s", "red"]),
        ("  ÉTÉ，КОТ\t犬。 ", ["été", "кот", "犬"]),
        ("…", []),
    ],
)
def test_what_stands_between_words(sentence, words):
    assert wording.words_of(sentence) == words


@pytest.mark.parametrize(
    "prompt, words",
    [
        ("", "asks for nothing; known are sentences of 6 words, such as a, dog, runs"),
        (" ?! ", "asks for nothing"),
        ("zebra", "--prompt=zebra: holds no known word"),
        ("犬が走る", "holds no known word"),
        ("a dog runs a dog runs a", "has 7 words; the longest sentence .* has 6"),
        ("dog " * 10_000, "has 40,000 characters, more than 1,000"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_its_words(known, prompt, words):
    with pytest.raises(Refused, match=words):
        known.read(prompt)


def test_words_are_learned_by_how_often_they_occur():
    captions = [["a dog runs", "a dog"], ["a cat", "a cat sleeps"], ["zebra"]]
    found, numbers, cut = wording.learned(captions)
    # Of equals in the order of their letters; what occurs once is nobody's.
    assert (found.words, found.counts, found.longest, cut) == (("a", "cat", "dog"), (4, 2, 2), 3, 0)
    assert numbers == [[(2, 4, UNKNOWN), (2, 4)], [(2, 3), (2, 3, UNKNOWN)], []]
    _, numbers, cut = wording.learned([["dog " * 10_000, "dog"]])
    assert (len(numbers[0][0]), cut) == (wording.LONGEST, 1)
    with pytest.raises(ValueError, match="no word of its captions occurs 2 times"):
        wording.learned([["one two"], ["three"]])


@pytest.mark.parametrize(
    "lines, are_sentences",
    [
        (["blue hair red eyes", "a girl with green hair and red eyes"], False),
        (["a dog runs through the snow", "two men stand near a car"], True),
        # Half of them are enough, and lines that are equal count once.
        (["a dog runs", "a dog behind a tree"], True),
        (["a dog runs"] + ["a cat near a tree"] * 9 + ["a cow", "a pig"], False),
    ],
)
def test_what_lines_are_is_told_by_a_rule(lines, are_sentences):
    assert wording.are_sentences(lines) == are_sentences


def test_it_is_written_down_and_read_again(known):
    condition = Sentences(known, 3, ("a dog runs", "été"))
    assert from_json(condition.to_json()) == condition
    for values in (
        {"words": []},
        {"words": ["A dog"], "counts": [1]},
        {"counts": [1]},
        {"longest": 0},
        {"examples": []},
        {"examples": [""]},
        {"captions": 0},
    ):
        with pytest.raises((ValueError, TypeError)):
            from_json({**condition.to_json(), **values})


def test_requests_of_several_sentences(known, capsys):
    condition = Sentences(known, 1, ("a dog",))
    assert condition.read("a dog; a zebra", "--prompt") == [(2, 3), (2, UNKNOWN)]
    assert "Unknown: 'zebra'; this run knows sentences of 6 words" in capsys.readouterr().err
    rows = condition.inputs([(2, 3), (4,)])["sentences"]
    assert rows.tolist() == [[2, 3, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0]]
    assert condition.values(rows) == [(2, 3), (4,)]
    assert condition.file_name([(2, 3)]) == "prompt_a_dog"
    with pytest.raises(Refused, match="--side_a=dog: the data have sentences"):
        condition.matching("dog", "--side_a", rows)


def test_a_graph_reads_as_python_does(known):
    import tensorflow as tf

    condition = Sentences(known, 1, ("a dog",))
    prompts = ["A dog RUNS.", "t-shirt, dog!", "ÉTÉ кот ; a", "zebra a", "\tdog\ndog　a "]
    reader = condition.reader()
    expected = condition.inputs([known.numbers(prompt) for prompt in prompts])["sentences"]
    assert reader(tf.constant(prompts)).numpy().tolist() == expected.tolist()
    asked = ["a dog", "", "zebra", "?", "a a a a a a", "a a a a a a a"]
    understood = reader.understood(tf.constant(asked)).numpy().tolist()
    assert understood == [True, False, False, False, True, False]
