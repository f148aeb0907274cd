"""Attributes in words: each picture has at most one value in each of several slots."""

import dataclasses
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from gan_apps.conditions.condition import AbstractCondition, Slots, Spec
from gan_apps.prompts.vocabulary import MISSING, Vocabulary
from gan_apps.settings import Refused

PROMPT = "prompt"
# The number of the value in each slot.
Numbers = tuple[int, ...]
# Bytes of what is asked for that go into a file's name.
NAME_LENGTH = 80


@dataclasses.dataclass(frozen=True)
class Attributes(AbstractCondition[Numbers]):
    """The number of the value in each slot, MISSING where it is open; float32 one-hot for networks.

    Args:
      vocabulary: prompts.vocabulary.Vocabulary.
    """

    kind: ClassVar[str] = "attributes"
    column: ClassVar[str] = "attributes"
    possible_flags: ClassVar[tuple] = (PROMPT,)

    vocabulary: Vocabulary

    flag = PROMPT

    @property
    def spec(self) -> Spec | None:
        return (sum(self.sizes),), "float32"

    @property
    def slots(self) -> Slots:
        return [[slot.noun, list(slot.values)] for slot in self.vocabulary.slots]

    def known(self) -> str:
        return self.vocabulary.known()

    def every(self) -> list[Numbers]:
        return [(MISSING,) * len(self.vocabulary.slots)]

    def sheet(self) -> tuple[list[Numbers], int, int]:
        """All values of the first two slots with each other, a row for each of the first."""
        first, *others = self.sizes
        if not others:
            return [(value,) for value in range(first)], 1, first
        rest = (MISSING,) * (len(others) - 1)
        values = [(row, column, *rest) for row in range(first) for column in range(others[0])]
        return values, 1, others[0]

    def read(self, text: str, flag: str) -> list[Numbers]:
        del flag
        return [self.read_one(prompt) for prompt in text.split(";")]

    def read_one(self, prompt: str) -> Numbers:
        """The attributes that a prompt asks for; what it ignores is told on stderr."""
        attributes, ignored = self.vocabulary.read(prompt)
        if ignored:
            listed = ", ".join(repr(phrase) for phrase in ignored)
            print(f"Ignored: {listed}; this run knows {self.known()}.", file=sys.stderr)
        return attributes

    def matching(self, text: str, flag: str, numbers: np.ndarray) -> np.ndarray:
        try:
            asked, ignored = self.vocabulary.read(text)
        except Refused as error:
            # Named as the flag that a prompt has by itself.
            raise Refused(str(error).replace(f"--{PROMPT}=", f"{flag}=", 1)) from None
        if ignored:
            listed = ", ".join(repr(phrase) for phrase in ignored)
            raise Refused(f"{flag}={text}: {listed} is not known; known are {self.known()}.")
        closed = [place for place, number in enumerate(asked) if number != MISSING]
        return (numbers[:, closed] == [asked[place] for place in closed]).all(axis=1)

    def named(self, value: Numbers) -> str:
        """A value in words: "blue hair red eyes"."""
        return self.vocabulary.named(value)

    def file_name(self, values: Sequence[Numbers]) -> str:
        plural = "s" if len(values) > 1 else ""
        words = "_and_".join(self.named(one) for one in values)
        return f"prompt{plural}_{as_file_name(words)}"

    def key(self, value: Numbers) -> tuple[int, ...]:
        # A slot that is left open is number -1, and seeds are not negative.
        return tuple(number + 1 for number in value)

    def filled(self, value: Numbers, random: Callable[[tuple[int, ...]], Any]) -> Numbers:
        if MISSING not in value:
            return value
        found, counts = self.vocabulary.compatible(value)
        chosen = random(self.key(value)).choice(len(found), p=np.asarray(counts) / np.sum(counts))
        return self.completed(value, found[chosen])

    def completed(self, value: Numbers, other: Numbers) -> Numbers:
        return tuple(b if a == MISSING else a for a, b in zip(value, other, strict=True))

    def opened(self, value: Numbers) -> list[Numbers]:
        if MISSING not in value:
            return [value]
        place = value.index(MISSING)
        return [(*value[:place], one, *value[place + 1 :]) for one in range(self.sizes[place])]

    def inputs(self, values: Sequence[Numbers]) -> dict[str, np.ndarray]:
        """float32 [n, values of all slots], zero in a slot that is MISSING."""
        firsts = np.cumsum([0, *self.sizes[:-1]])
        vectors = np.zeros((len(values), sum(self.sizes)), np.float32)
        for row, numbers in enumerate(values):
            for first, number in zip(firsts, numbers, strict=True):
                if number != MISSING:
                    vectors[row, first + number] = 1.0
        return {self.column: vectors}

    def numbers(self, column: np.ndarray) -> np.ndarray:
        bounds = np.cumsum(self.sizes[:-1])
        slots = np.split(np.asarray(column), bounds, axis=1)
        return np.stack(
            [np.where(slot.any(axis=1), slot.argmax(axis=1), MISSING) for slot in slots], axis=1
        )

    def card(self) -> tuple[str, str]:
        return (
            f" from words: {self.known()}",
            f"`{self.column}` float32 [1, {sum(self.sizes)}] (one-hot in each slot, in that order)",
        )

    def metadata(self) -> dict:
        return {"vocabulary": self.vocabulary.listed()}

    def reader(self) -> Any:
        from models import text

        return text.Prompts(**self.vocabulary.reading)

    @property
    def example(self) -> str | None:
        return self.vocabulary.slots[0].attributes[0]

    def to_json(self) -> dict:
        return {"kind": self.kind, **self.vocabulary.to_json()}

    @classmethod
    def from_json(cls, values: dict) -> "Attributes":
        return cls(Vocabulary.from_json(values))


def as_file_name(words: str) -> str:
    """Words of any alphabet as a part of a file's name."""
    name = re.sub(r"[\W_]+", "_", words).encode()[:NAME_LENGTH]
    return name.decode(errors="ignore").strip("_")
