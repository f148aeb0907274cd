"""Sentences: a picture has one or several captions, whose words count in their order."""

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from gan_apps.conditions.attributes import PROMPT, as_file_name
from gan_apps.conditions.condition import AbstractCondition, Spec
from gan_apps.prompts.wording import BETWEEN, BLANK, Wording
from gan_apps.settings import Refused

# The number of each word, in order.
Numbers = tuple[int, ...]
# Pictures of each example in a sheet.
SHEET = 8


@dataclasses.dataclass(frozen=True)
class Sentences(AbstractCondition[Numbers]):
    """The numbers of a sentence's words in order, int32, BLANK after the last one.

    Args:
      wording: prompts.wording.Wording.
      captions: int. How many captions a picture of the data has at most.
      examples: tuple of str. Sentences that are drawn where nothing is asked for.
    """

    kind: ClassVar[str] = "sentences"
    column: ClassVar[str] = "sentences"
    possible_flags: ClassVar[tuple] = (PROMPT,)

    wording: Wording
    captions: int
    examples: tuple[str, ...]

    flag = PROMPT
    slots = ()

    @property
    def spec(self) -> Spec | None:
        return (self.wording.longest,), "int32"

    @property
    def network(self) -> dict | None:
        sizes = [self.wording.size, self.captions, self.wording.longest]
        return {"column": self.column, "sizes": sizes}

    def known(self) -> str:
        return self.wording.known()

    def every(self) -> list[Numbers]:
        return [self.wording.numbers(example) for example in self.examples]

    def sheet(self) -> tuple[list[Numbers], int, int]:
        return self.every(), SHEET, SHEET

    def read(self, text: str, flag: str) -> list[Numbers]:
        del flag
        return [self.read_one(prompt) for prompt in text.split(";")]

    def read_one(self, prompt: str) -> Numbers:
        """The words that a prompt has; those that are not known are told on stderr."""
        numbers, unknown = self.wording.read(prompt)
        if unknown:
            listed = ", ".join(map(repr, unknown))
            print(f"Unknown: {listed}; this run knows {self.known()}.", file=sys.stderr)
        return numbers

    def matching(self, text: str, flag: str, numbers: np.ndarray) -> np.ndarray:
        raise Refused(f"{flag}={text}: the data have sentences, which name no set of pictures.")

    def named(self, value: Numbers) -> str:
        return self.wording.named(value)

    def file_name(self, values: Sequence[Numbers]) -> str:
        plural = "s" if len(values) > 1 else ""
        words = "_and_".join(self.named(one) for one in values)
        return f"prompt{plural}_{as_file_name(words)}"

    def key(self, value: Numbers) -> tuple[int, ...]:
        return value

    def values(self, rows: np.ndarray) -> list[Numbers]:
        """Rows int [n, longest] of the data as values."""
        return [tuple(int(number) for number in row if number != BLANK) for row in rows]

    def inputs(self, values: Sequence[Numbers]) -> dict[str, np.ndarray]:
        """int32 [n, longest]."""
        rows = np.full((len(values), self.wording.longest), BLANK, np.int32)
        for row, numbers in zip(rows, values, strict=True):
            row[: len(numbers)] = numbers
        return {self.column: rows}

    def numbers(self, column: np.ndarray) -> np.ndarray:
        return np.asarray(column)

    def card(self) -> tuple[str, str]:
        return (
            f" from {self.known()}",
            f"`{self.column}` int32 [1, {self.wording.longest}] (numbers of words: 2 for the "
            "first of `words` in the file's metadata, 1 for one that is none of them, 0 after the "
            "last)",
        )

    def metadata(self) -> dict:
        """What a program needs in order to number the words of a sentence."""
        return {
            "sentences": {
                "words": list(self.wording.words),
                "longest": self.wording.longest,
                "between": BETWEEN,
                "examples": list(self.examples),
            }
        }

    def reader(self) -> Any:
        from models import text

        return text.Sentences(list(self.wording.words), self.wording.longest, BETWEEN)

    @property
    def example(self) -> str | None:
        return self.examples[0]

    def to_json(self) -> dict:
        return {
            "kind": self.kind,
            **self.wording.to_json(),
            "captions": self.captions,
            "examples": list(self.examples),
        }

    @classmethod
    def from_json(cls, values: dict) -> "Sentences":
        wording, examples = Wording.from_json(values), tuple(values["examples"])
        if not examples or not all(isinstance(one, str) for one in examples):
            raise ValueError("sentences have examples, texts.")
        if not all(0 < len(wording.numbers(one)) <= wording.longest for one in examples):
            raise ValueError("an example has no words, or too many.")
        if type(values["captions"]) is not int or values["captions"] < 1:
            raise ValueError(f"{values['captions']!r} is no count of captions.")
        return cls(wording, values["captions"], examples)
