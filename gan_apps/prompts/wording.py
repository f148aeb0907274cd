"""Sentences as numbers of their words, in order: what captions say, and what a prompt asks for.

A sentence is put in lower case, what stands between words becomes spaces, and each word is its
number in the wording: BLANK after the last one, UNKNOWN for a word that is none of it. The same
rule runs in a SavedModel (models.text.Sentences) and in the page (serving/scripts/sentences.js).
"""

import collections
import dataclasses
import functools
import re

from gan_apps.prompts.captions import shortened
from gan_apps.prompts.vocabulary import MAX_PROMPT
from gan_apps.prompts.words import PUNCTUATION, SEPARATORS, split
from gan_apps.settings import Refused

BLANK, UNKNOWN = 0, 1
# The number of the first word.
FIRST = 2
# Whatever stands between words.
BETWEEN = f"[{SEPARATORS}{PUNCTUATION[1:]}"
# A word that occurs but once is learned by nobody.
LEAST = 2
# Words at most of a wording, and of a sentence: what data have beyond them is left out, and told.
MOST_WORDS, LONGEST = 4_096, 32
# Captions of a picture that are learned.
MOST_CAPTIONS = 8
# Words of a wording that a message lists.
NAMED = 12
# Words that tell how things stand to each other, which attributes have no need of.
OF_SENTENCES = frozenset(
    "above across against along among around at before behind below beneath beside between by down "
    "during for from inside into near off onto out outside over past through to toward towards "
    "under up upon while".split()
)


@dataclasses.dataclass(frozen=True)
class Wording:
    """The words of a data set's captions.

    Args:
      words: tuple of str, the most frequent first.
      counts: tuple of ints. How often each occurs.
      longest: int. Words of the longest sentence.
    """

    words: tuple
    counts: tuple
    longest: int

    @property
    def size(self):
        """How many numbers there are."""
        return FIRST + len(self.words)

    def known(self):
        """What can be asked for, for a message."""
        some = ", ".join(self.words[:NAMED])
        return f"sentences of {len(self.words):,} words, such as {some}"

    def numbers(self, sentence):
        """The number of each word of a sentence, a tuple of any length."""
        return tuple(self.places.get(word, UNKNOWN) for word in words_of(sentence))

    @functools.cached_property
    def places(self):
        """{word: its number}."""
        return {word: FIRST + number for number, word in enumerate(self.words)}

    def named(self, numbers):
        """Numbers as words."""
        return " ".join(
            self.words[number - FIRST] if number >= FIRST else "?"
            for number in numbers
            if number != BLANK
        )

    def read(self, prompt):
        """What a prompt asks for.

        Returns:
          (numbers, unknown): a tuple of ints, and a list of the words that the data do not have.

        Raises:
          Refused: it is empty, too long, or no word of it is known.
        """
        flag = f"--prompt={shortened(prompt)}"
        if len(prompt) > MAX_PROMPT:
            raise Refused(f"{flag}: has {len(prompt):,} characters, more than {MAX_PROMPT:,}.")
        words, numbers = words_of(prompt), self.numbers(prompt)
        if not words:
            raise Refused(f"{flag}: asks for nothing; known are {self.known()}.")
        if not any(number >= FIRST for number in numbers):
            raise Refused(f"{flag}: holds no known word; known are {self.known()}.")
        if len(words) > self.longest:
            raise Refused(
                f"{flag}: has {len(words)} words; the longest sentence that it learned from has "
                f"{self.longest}."
            )
        pairs = zip(words, numbers, strict=True)
        return numbers, list(dict.fromkeys(word for word, number in pairs if number == UNKNOWN))

    def to_json(self):
        return {
            "words": list(self.words),
            "counts": list(self.counts),
            "longest": self.longest,
        }

    @classmethod
    def from_json(cls, values):
        """The inverse of `to_json`; ValueError, TypeError or KeyError for what is none."""
        words, counts = tuple(values["words"]), tuple(values["counts"])
        if not words or len(words) != len(counts) or len(set(words)) < len(words):
            raise ValueError("a wording has words, each once, and a count for each.")
        for word in words:
            if type(word) is not str or words_of(word) != [word]:
                raise ValueError(f"{word!r} is no word of a sentence.")
        for number in (*counts, values["longest"]):
            if type(number) is not int or number < 1:
                raise ValueError(f"{number!r} is no count.")
        return cls(words, counts, values["longest"])


def words_of(sentence):
    """The words of a sentence: a list of str."""
    return split(re.sub(BETWEEN, " ", sentence.lower()))


def are_sentences(prompts):
    """Whether the lines of a data set are sentences, not attributes.

    They are where at least half of the distinct ones have one of the words OF_SENTENCES.
    """
    distinct = list(dict.fromkeys(prompts))
    having = sum(not OF_SENTENCES.isdisjoint(words_of(prompt)) for prompt in distinct)
    return 2 * having >= len(distinct)


def learned(captions):
    """The wording of the captions of a data set.

    Args:
      captions: list of lists of str. What is said of each picture, at least once.

    Returns:
      (Wording, numbers, cut): numbers is a list, for each picture, of a list of tuples of ints, as
      long as sentences are at most; it is empty where no word is known. cut: how many captions were
      longer than LONGEST words, of which the first are learned.

    Raises:
      ValueError: no word occurs twice.
    """
    said = [[words_of(caption) for caption in of_one[:MOST_CAPTIONS]] for of_one in captions]
    counted = collections.Counter(word for of_one in said for words in of_one for word in words)
    # The most frequent first, and of equals in the order of their letters.
    kept = sorted(
        (word for word, count in counted.items() if count >= LEAST),
        key=lambda word: (-counted[word], word),
    )[:MOST_WORDS]
    if not kept:
        raise ValueError(f"no word of its captions occurs {LEAST} times.")
    lengths = [len(words) for of_one in said for words in of_one]
    known = Wording(tuple(kept), tuple(counted[word] for word in kept), min(max(lengths), LONGEST))
    places = known.places
    numbers = [
        [tuple(places.get(word, UNKNOWN) for word in words[: known.longest]) for words in of_one]
        for of_one in said
    ]
    numbers = [
        [one for one in of_one if any(number >= FIRST for number in one)] for of_one in numbers
    ]
    return known, numbers, sum(length > LONGEST for length in lengths)
