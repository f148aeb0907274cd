"""What the prompts of a data set say, and what a prompt asks for.

An attribute is a value of a noun ("blue hair"). Attributes that exclude each other are a slot; an
image has at most one attribute of each slot. Attributes are numbered within their slot, and MISSING
stands for none. How a prompt is read is a list of rules (pattern, replacement), applied one after
the other, which mean the same to Python's `re` and to RE2, so that a SavedModel reads alike.
"""

import collections
import dataclasses
import functools
import itertools
import re

from gan_apps.prompts import captions
from gan_apps.prompts.words import (
    COLOURS,
    FILLERS,
    KINDS_OF,
    MODIFIERS,
    NOUN_FORMS,
    PUNCTUATION,
    SEPARATORS,
    SPELLINGS,
    UNSPOKEN,
    split,
)
from gan_apps.settings import Refused

MISSING = -1
MAX_PROMPT = 1_000
# More slots or values than this are no attributes but sentences.
MAX_SLOTS, MAX_VALUES = 16, 256
# From so many images on, of which each says one value of a noun, its values exclude each other.
MANY = 1_000


@dataclasses.dataclass(frozen=True)
class Slot:
    """Attributes of which a picture has one: a noun and the values it may have."""

    noun: str
    values: tuple

    @property
    def attributes(self):
        return tuple(f"{value.replace('_', ' ')} {self.noun}" for value in self.values)

    def spelled(self, value):
        """The value of this slot that a word means, or None."""
        meant = (value, *SPELLINGS.get(value, ()))
        return next((word for word in meant if word in self.values), None)


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """The attributes of a data set, and how often they come together.

    Args:
      slots: tuple of Slot.
      combinations: tuple of tuples of ints: the number of the attribute in each slot, or MISSING.
      counts: tuple of ints. Images with each combination.
    """

    slots: tuple
    combinations: tuple
    counts: tuple

    def _values(self, noun):
        """What may be said of a noun."""
        return {value for slot in self.slots if slot.noun == noun for value in slot.values}

    def named(self, attributes):
        """Numbers as words: (1, 0) -> "blue hair red eyes"."""
        words = [
            slot.attributes[number]
            for slot, number in zip(self.slots, attributes, strict=True)
            if number != MISSING
        ]
        return " ".join(words)

    def known(self):
        """What can be asked for, for a message."""
        nouns = dict.fromkeys(slot.noun for slot in self.slots)
        listed = {
            noun: [value for slot in self.slots if slot.noun == noun for value in slot.values]
            for noun in nouns
        }
        return "; ".join(
            f"{', '.join(value.replace('_', ' ') for value in values)} {noun}"
            for noun, values in listed.items()
        )

    @functools.cached_property
    def rules(self):
        """The rules that mark the attributes of a lower-case prompt: "<blue hair ><red eyes >"."""
        nouns = list(dict.fromkeys(slot.noun for slot in self.slots))
        values = {value for slot in self.slots for value in slot.values}
        spelled = {
            word for word in SPELLINGS if any(slot.spelled(word) is not None for slot in self.slots)
        }
        noun = _any(nouns)
        # Of whom nothing more is said: "girl blue hair" says nothing of the girl.
        described = _any([noun for noun in nouns if noun not in FILLERS]) or noun
        # Values that the data do not have are marked too, lest their noun be taken for another's.
        value = _any((values | spelled | MODIFIERS | COLOURS) - set(nouns))
        rules = [
            (PUNCTUATION, " "),
            (rf"[{SEPARATORS}]", " , "),
            (r" +", " "),
            (r"^ ?(.*?) ?$", r" \1 "),
            # Each word has a space of its own on both sides: what stands between two spaces is a
            # whole word in any alphabet, where \b knows the letters of ASCII only.
            (r" ", "  "),
            (r" and ", " , "),
        ]
        fillers = FILLERS - values - set(nouns)
        rules.append((rf" (?:{_any(fillers)}) ", ""))
        for form, meant in NOUN_FORMS.items():
            found = next((word for word in meant if word in nouns), None)
            if found is not None and form not in nouns:
                rules.append((rf" {form} ", f" {found} "))
        for kind, meant in KINDS_OF.items():
            if meant in nouns and kind not in (*nouns, *values):
                rules.append((rf" {kind} ", f" {meant} "))
        for phrase in sorted((v for v in values if "_" in v), key=len, reverse=True):
            rules.append((rf" {re.escape(phrase.replace('_', '  '))} ", f" {phrase} "))
        for slot in self.slots:
            for word in sorted(set(nouns) & set(slot.values)):
                # "hair ornament", where hair has attributes of its own.
                rules.append(
                    (rf" {re.escape(word)}  {re.escape(slot.noun)} ", f" <{word} {slot.noun} > ")
                )
        rules += self._rules_of_the_unspoken(noun)
        values_before = rf"((?: (?:{value}) (?: , )*)+)( (?:{noun}) )"
        values_after = rf"( (?:{described}) )((?: (?:{value}) )+)"
        # Values go to the noun after them; a noun that has none takes those that follow it.
        rules.append((rf"{values_before}|{values_after}", r"<\1\4\2\3>"))
        rules += [(r" +", " "), (r"(^|[<>]) ", r"\1")]
        for slot in self.slots:
            for word in sorted(spelled - self._values(slot.noun)):
                meant = slot.spelled(word)
                if meant is not None:
                    before, after = "<((?:[^<>]* )?)", f"((?:[^<>]* )?{re.escape(slot.noun)} >)"
                    rules.append((rf"{before}{word} {after}", rf"<\1{meant} \2"))
        return rules

    def _rules_of_the_unspoken(self, noun):
        """The rules that mark values whose noun goes without saying; noun: a pattern of any."""
        said = collections.Counter(value for slot in self.slots for value in slot.values)
        meant = {}
        for slot in self.slots:
            if slot.noun in UNSPOKEN:
                words = {value: value for value in slot.values if said[value] == 1}
                spelled = {word: slot.spelled(word) for word in SPELLINGS if word not in said}
                words |= {word: value for word, value in spelled.items() if value in words}
                # A colour may be of anything.
                for word in sorted(words.keys() - COLOURS - MODIFIERS):
                    meant[word] = f"{words[word]} {slot.noun}"
        if not meant:
            return []
        # Where a noun follows it is of that one, whatever comes of it.
        rules = [(rf" ({_any(meant)})  ({noun}) ", r" <\1 \2 > ")]
        return rules + [(rf" {re.escape(word)} ", f" <{one} > ") for word, one in meant.items()]

    @functools.cached_property
    def objections(self):
        """The rules that put "!" into a rewritten prompt that asks for what would not be drawn.

        They say for a graph what `read` says in words.
        """
        nouns = list(dict.fromkeys(slot.noun for slot in self.slots))
        rules = []
        for noun in nouns:
            fine = _any(self._values(noun) | MODIFIERS)
            rules.append((rf"<(?:(?:{fine}) (?:, )*)+{re.escape(noun)} >", "<> "))
        return [
            *rules,
            (r"<[^<>]+>", "! "),
            (r"([^ ]+) ", r" \1 "),
            (rf" (?:{_any(COLOURS - set(nouns))}) ", " ! "),
            (rf" (?:{_any(MODIFIERS - set(nouns))}) ", ""),
            (rf" (?:{_any(nouns)}) ", " <> "),
            (r" [^ <>,!]+  <> ", " ! "),
        ]

    @functools.cached_property
    def patterns(self):
        """For each slot, for each of its values, what a rewritten prompt that has it matches."""
        return [
            [
                rf".*<(?:[^<>]* )?{re.escape(value)} (?:[^<>]* )?{re.escape(slot.noun)} >.*"
                for value in slot.values
            ]
            for slot in self.slots
        ]

    @property
    def reading(self):
        """How prompts are read, as the arguments of models.text.Prompts."""
        return {
            "rules": self.rules,
            "patterns": self.patterns,
            "objections": self.objections,
            "combinations": [list(numbers) for numbers in self.combinations],
            "counts": list(self.counts),
        }

    def rewritten(self, prompt):
        """A prompt with its attributes marked and its fillers gone."""
        text = prompt.lower()
        for pattern, replacement in self._compiled:
            text = pattern.sub(replacement, text)
        return text

    @functools.cached_property
    def _compiled(self):
        # As RE2 reads them: words and spaces are those of ASCII.
        return [(re.compile(pattern, re.ASCII), replacement) for pattern, replacement in self.rules]

    @functools.cached_property
    def _compiled_patterns(self):
        return [[re.compile(pattern, re.ASCII) for pattern in slot] for slot in self.patterns]

    def found(self, prompt):
        """The numbers of the attributes that a prompt names in each slot: a list of lists."""
        return self._found(self.rewritten(prompt))

    def _found(self, text):
        return [
            [number for number, pattern in enumerate(slot) if pattern.fullmatch(text)]
            for slot in self._compiled_patterns
        ]

    def read(self, prompt):
        """What a prompt asks for.

        Args:
          prompt: str. Words in any order and case, with any punctuation and fillers.

        Returns:
          (attributes, ignored): a tuple of ints, MISSING where the prompt leaves a slot open, and a
          list of what it says that the data do not have.

        Raises:
          Refused: nothing in it is known, it contradicts itself, or it names a colour that the data
          do not have.
        """
        flag = f"--prompt={captions.shortened(prompt)}"
        if len(prompt) > MAX_PROMPT:
            raise Refused(f"{flag}: has {len(prompt):,} characters, more than {MAX_PROMPT:,}.")
        if not prompt.strip():
            raise Refused(f"{flag}: asks for nothing; known are {self.known()}.")
        text = self.rewritten(prompt)
        odd, found = self._odd_words(text), self._found(text)
        for phrase, is_colour in odd:
            if is_colour:
                raise Refused(f"{flag}: {phrase!r} is not known; known are {self.known()}.")
        for slot, numbers in zip(self.slots, found, strict=True):
            if len(numbers) > 1:
                listed = " and ".join(repr(slot.attributes[number]) for number in numbers)
                raise Refused(f"{flag}: asks for {listed} at once.")
        if not any(found):
            raise Refused(f"{flag}: holds no known word; known are {self.known()}.")
        attributes = tuple(numbers[0] if numbers else MISSING for numbers in found)
        return attributes, list(dict.fromkeys(phrase for phrase, _ in odd))

    def _odd_words(self, text):
        """What a rewritten prompt says beside known attributes: (words, whether it is refused).

        A colour without a place, and any word before a noun that is not known to leave the
        colour open, ask for what would not be drawn.
        """
        nouns = {slot.noun for slot in self.slots}
        odd = []
        for group in re.findall(r"<([^<>]*)>", text):
            *values, noun = split(group.replace(",", " "))
            known = self._values(noun)
            odd += [
                (f"{value} {noun}", value in COLOURS or value not in MODIFIERS)
                for value in values
                if value not in known
            ]
        # Of a marked attribute the noun is left.
        tokens = split(re.sub(r"<[^<>]*?([^ ]+) >", r" <\1> ", text))
        for token, following in itertools.pairwise([*tokens, ""]):
            noun = following.strip("<>")
            # A noun of which nothing is said asks for nothing.
            if token == "," or token.strip("<>") in nouns:
                continue
            leaves_open = token in MODIFIERS or noun not in nouns
            phrase = f"{token} {noun}" if noun in nouns else token
            odd.append((phrase, token in COLOURS or not leaves_open))
        return odd

    def check_reads_back(self, caption, attributes):
        """Raises ValueError if a line of data, asked for, would not mean what it teaches.

        Args:
          caption: str.
          attributes: tuple of ints. What is learned from it.
        """
        text = self.rewritten(caption)
        unknown = next((phrase for phrase, refused in self._odd_words(text) if refused), None)
        learned = [[] if number == MISSING else [number] for number in attributes]
        if unknown is None and self._found(text) == learned:
            return
        why = f"would teach {self.named(attributes)!r}, and asked for would mean something else"
        if unknown is not None:
            why = f"says {unknown!r}, of which nothing is learned"
        raise ValueError(f"{captions.quoted(caption)} {why}. {captions.ADVICE}")

    def compatible(self, attributes):
        """The combinations that have what is asked for: (combinations, counts).

        Where the data have none, those slots that are open are filled from all of the data.
        """

        def agrees(combination, asked):
            return all(a in (MISSING, b) for a, b in zip(asked, combination, strict=True))

        pairs = list(zip(self.combinations, self.counts, strict=True))
        found = [pair for pair in pairs if agrees(pair[0], attributes)] or pairs
        return [combination for combination, _ in found], [count for _, count in found]

    def listed(self):
        """What can be asked for, as JSON values that any program reads: combinations as rows."""
        return {
            "slots": [[slot.noun, list(slot.values)] for slot in self.slots],
            "combinations": [list(combination) for combination in self.combinations],
            "counts": list(self.counts),
        }

    def to_json(self):
        """`listed`, but with the gaps between combinations instead of a row for each.

        A combination is a number with a digit for each slot, 0 where it is MISSING. Six slots come
        together in thousands of ways, of which most follow one another.
        """
        places = [0]
        for combination in self.combinations:
            place = 0
            for slot, number in zip(self.slots, combination, strict=True):
                place = place * (len(slot.values) + 1) + number - MISSING
            places.append(place)
        gaps = [after - before for before, after in itertools.pairwise(places)]
        listed = self.listed()
        return {"slots": listed["slots"], "gaps": gaps, "counts": listed["counts"]}

    @classmethod
    def from_json(cls, values):
        """The inverse of `to_json`; ValueError, TypeError or KeyError for what is none.

        Words must be such as `learned` makes them: they become parts of regular expressions.
        Runs that were written earlier have what `listed` gives.
        """
        slots = tuple(Slot(noun, tuple(words)) for noun, words in values["slots"])
        rows = _rows(slots, values["gaps"]) if "gaps" in values else values["combinations"]
        combinations = tuple(tuple(numbers) for numbers in rows)
        counts = tuple(values["counts"])
        if not slots or not combinations or len(combinations) != len(counts):
            raise ValueError("a vocabulary has slots, and a count for each combination.")
        for word in itertools.chain(*((slot.noun, *slot.values) for slot in slots)):
            if type(word) is not str or not _is_word(word):
                raise ValueError(f"{word!r} is no word of a prompt.")
        for number in itertools.chain(*combinations, counts):
            if type(number) is not int:
                raise ValueError(f"{number!r} is no whole number.")
        if min(counts) < 1:
            raise ValueError(f"{min(counts)} is no count of images.")
        for numbers in combinations:
            for slot, number in zip(slots, numbers, strict=True):
                if not MISSING <= number < len(slot.values):
                    raise ValueError(f"{number} is not a value of {slot.noun}.")
        return cls(slots, combinations, counts)


def _rows(slots, gaps):
    """The combinations, lists of ints, that have such gaps between them."""
    if not all(type(gap) is int for gap in gaps):
        raise ValueError("a gap between combinations is no whole number.")
    rows = []
    for place in itertools.accumulate(gaps):
        digits = []
        for slot in reversed(slots):
            place, digit = divmod(place, len(slot.values) + 1)
            digits.append(digit)
        if place:
            raise ValueError("a gap leads to no combination.")
        rows.append([digit + MISSING for digit in reversed(digits)])
    return rows


def _is_word(text):
    """Whether a text could be a noun or a value: words of lower case, joined by "_"."""
    bare = text.replace("_", "")
    between = rf"{PUNCTUATION}|[{SEPARATORS}]"
    return bool(bare) and text == text.lower() and not re.search(between, bare)


def learned(prompts):
    """The vocabulary of the prompts of a data set.

    A prompt is attributes, each a value and its noun: "blue hair red eyes", "a girl with blue hair
    and red eyes", or with commas between them where a value has several words: "light blue hair,
    red eyes"; a hyphen joins them too ("blue-green hair"). Attributes of a noun of which an image
    may have both ("blue hair short hair") come to be different slots.

    Args:
      prompts: iterable of str.

    Returns:
      (Vocabulary, attributes): attributes is a list, for each prompt, of a tuple of ints, or None
      where a prompt holds nothing that could be an attribute.

    Raises:
      ValueError: there are no attributes, or more than pictures could be drawn by, or a prompt
        would be understood as something else if it were asked for.
    """
    prompts = list(prompts)
    attributes = _attributes(prompts)
    said = [attributes[prompt] for prompt in prompts]
    slots = _slots(said)
    if not slots:
        raise ValueError("no prompt holds an attribute of two words, such as 'blue hair'.")
    places = {
        (slot.noun, value): (place, number)
        for place, slot in enumerate(slots)
        for number, value in enumerate(slot.values)
    }
    numbered = {}
    for prompt, pairs in attributes.items():
        numbers = [MISSING] * len(slots)
        for attribute in pairs:
            place, number = places[attribute]
            numbers[place] = number
        numbered[prompt] = tuple(numbers) if pairs else None
    counted = collections.Counter(numbered[prompt] for prompt in prompts)
    combinations = sorted(numbers for numbers in counted if numbers is not None)
    known = Vocabulary(tuple(slots), tuple(combinations), tuple(counted[c] for c in combinations))
    for prompt, numbers in numbered.items():
        if numbers is not None:
            known.check_reads_back(prompt, numbers)
    return known, [numbered[prompt] for prompt in prompts]


def _attributes(prompts):
    """The (noun, value) pairs of each prompt, as a dict."""
    said = {prompt: captions.attributes(prompt) for prompt in dict.fromkeys(prompts)}
    nouns = {noun for pairs in said.values() for noun, _ in pairs}
    # "haired" is the data's "hair", as it is when it is asked for.
    meant = {
        form: next((noun for noun in NOUN_FORMS[form] if noun in nouns), NOUN_FORMS[form][0])
        for form in captions.PARTICIPLES
    }
    return {
        prompt: tuple(dict.fromkeys((meant.get(noun, noun), value) for noun, value in pairs))
        for prompt, pairs in said.items()
    }


def _slots(said):
    """Attributes put into as few slots as keep those apart that occur together."""
    counts = collections.Counter(attribute for attributes in said for attribute in attributes)
    together = {
        frozenset(pair)
        for attributes in set(said)
        for pair in itertools.combinations(attributes, 2)
    }
    nouns = list(dict.fromkeys(noun for attributes in said for noun, _ in attributes))
    slots = []
    for noun in nouns:
        of_it = sum(count for attribute, count in counts.items() if attribute[0] == noun)
        is_one = len(said) >= MANY and of_it == len(said) == sum(
            any(other == noun for other, _ in attributes) for attributes in said
        )
        groups = []
        for attribute, _ in counts.most_common():
            if attribute[0] != noun:
                continue
            for group in groups:
                # A length does not exclude a colour, though no image of a few may have both.
                alike = is_one or _is_colour(attribute) == _is_colour(group[0])
                if alike and not any(frozenset((attribute, other)) in together for other in group):
                    group.append(attribute)
                    break
            else:
                groups.append([attribute])
        slots += [Slot(noun, tuple(sorted(value for _, value in group))) for group in groups]
    if len(slots) > MAX_SLOTS or any(len(slot.values) > MAX_VALUES for slot in slots):
        raise ValueError(
            f"{sum(len(slot.values) for slot in slots):,} attributes in {len(slots)} slots are "
            f"more than {MAX_SLOTS} slots of {MAX_VALUES}: write prompts of a value and a noun "
            "each, such as 'blue hair red eyes'."
        )
    return slots


def _is_colour(attribute):
    return attribute[1].rpartition("_")[2] in COLOURS


def _any(words):
    """A pattern for any of some words, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
