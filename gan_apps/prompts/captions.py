"""What the lines of a data set say: attributes, read as `vocabulary` reads a request for them."""

import itertools
import re

from gan_apps.prompts.words import (
    COLOURS,
    COMMAS,
    FILLERS,
    MODIFIERS,
    NOUN_FORMS,
    PUNCTUATION,
    SEPARATORS,
    split,
)

# Nouns that end a word: "blue-haired".
PARTICIPLES = ("haired", "eyed")
# Words that part attributes, as commas do.
_PARTING = ("and", "with", "has", "have", "having")
_VERBS = ("is", "are")
_ADJECTIVES = COLOURS | MODIFIERS
# A hyphen joins the words of one value.
_BETWEEN_COMPOUNDS = PUNCTUATION.replace(r"\--/", "./")
ADVICE = (
    "Part attributes with commas, and join the words of one value with hyphens, such as "
    "'blue-green hair, red eyes'."
)
# How much of a prompt is quoted.
QUOTED = 60


def shortened(prompt):
    """A prompt in one line, for a message."""
    return " ".join((prompt if len(prompt) <= QUOTED else f"{prompt[:QUOTED]}...").split())


def quoted(prompt):
    return f"the prompt {shortened(prompt)!r}"


def attributes(prompt):
    """The (noun, value) pairs that a line of data says; words of a value are joined by "_".

    Between commas there is one attribute, of as many words as there are; without commas, a value
    is one word or several of COLOURS and MODIFIERS.

    Raises:
      ValueError: it cannot be told where one attribute ends.
    """
    is_list = any(comma in prompt for comma in COMMAS)
    pairs = []
    for segment in re.split(rf"[{SEPARATORS}|]", prompt.lower()):
        words = _compounds(segment)
        for is_parting, clause in itertools.groupby(words, lambda word: word in _PARTING):
            for part in () if is_parting else _parts(list(clause)):
                part = [word for word in part[:-1] if word not in FILLERS] + part[-1:]
                if is_list and not _is_inverted(part):
                    found = [(part[-1], part[:-1])]
                else:
                    found = _scanned(part, prompt)
                pairs += [pair for noun, values in found for pair in _pair(noun, values)]
    return tuple(dict.fromkeys(pairs))


def _compounds(segment):
    """The words of a text, of which those that a hyphen joins are one ("blue_green")."""
    for word in split(re.sub(_BETWEEN_COMPOUNDS, " ", segment)):
        parts = [part for part in word.split("-") if part]
        if len(parts) > 1:
            parts = [part for part in parts if part not in FILLERS]
        if parts[-1:] and parts[-1] in PARTICIPLES:
            yield from filter(None, ["_".join(parts[:-1])])
            yield parts[-1]
        elif parts:
            yield "_".join(parts)


def _parts(words):
    """Words of which each part has a noun of its own at its end.

    "blue haired smiling girl" is two, and so is "hair is blue eyes are red", put as "blue hair".
    """
    verbs = [number for number, word in enumerate(words) if word in _VERBS and number]
    plain = words[: verbs[0] - 1] if verbs else words
    ends = [number + 1 for number, word in enumerate(plain) if word in PARTICIPLES]
    for begin, end in itertools.pairwise([0, *ends, len(plain)]):
        if begin < end:
            yield plain[begin:end]
    for verb, following in itertools.pairwise([*verbs, len(words) + 1]):
        yield [*words[verb + 1 : following - 1], words[verb - 1]]


def _is_adjective(word):
    return word.rpartition("_")[2] in _ADJECTIVES


def _is_inverted(words):
    """Whether the noun comes first: "hair light blue"."""
    return len(words) > 1 and words[0] in NOUN_FORMS and all(map(_is_adjective, words[1:]))


def _scanned(words, prompt):
    """(noun, values) for each attribute of words without commas."""
    values, subject = [], None
    for word, following in itertools.pairwise([*words, None]):
        ends = following is None or not _is_adjective(following)
        if subject is None and not values and word in NOUN_FORMS and not ends:
            subject = word
        elif subject is not None:
            values.append(word)
            if ends:
                yield subject, values
                values, subject = [], None
        elif values and (following is None or not _is_adjective(word)):
            # What is no adjective, and stands before one, belongs to nothing.
            if sum(value.rpartition("_")[2] in COLOURS for value in values) > 1:
                both = " ".join([*values, word]).replace("_", "-")
                raise ValueError(
                    f"{quoted(prompt)} says {both!r}, of more than one colour. {ADVICE}"
                )
            yield word, values
            values = []
        elif values and _is_adjective(values[-1]):
            values.append(word)
        else:
            values = [word]
    # A compound by itself: "t-shirt".
    if len(values) == 1 and "_" in values[0]:
        yield values[0], []


def _pair(noun, values):
    """[(noun, value)], or [] where there is no value, or nothing of which to say it."""
    *more, noun = noun.split("_")
    return [(noun, "_".join([*values, *more]))] if values or more else []
