"""Labels: each picture is of one of a few named classes."""

import dataclasses
import unicodedata
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from gan_apps.conditions.condition import AbstractCondition, Slots
from gan_apps.settings import Refused

DIGIT, LABEL = "digit", "label"
# Pictures of each label in a sheet.
SHEET = 16
# Names that a refusal lists.
NAMED = 30


@dataclasses.dataclass(frozen=True)
class Labels(AbstractCondition[int]):
    """A label, int32, the number of its name.

    Args:
      names: tuple of str. What the labels 0, 1, ... are called.
      flag: str. The flag that asks for one: "digit" or "label". Default "label".
    """

    kind: ClassVar[str] = "labels"
    column: ClassVar[str] = "labels"
    possible_flags: ClassVar[tuple] = (DIGIT, LABEL)

    names: tuple[str, ...]
    flag: str = LABEL

    spec = ((), "int32")

    @property
    def slots(self) -> Slots:
        return [["label", list(self.names)]]

    def known(self) -> str:
        return ", ".join(self.names)

    def every(self) -> list[int]:
        return list(range(len(self.names)))

    def sheet(self) -> tuple[list[int], int, int]:
        return self.every(), SHEET, SHEET

    def read(self, text: str, flag: str) -> list[int]:
        # A name may have a comma of its own.
        is_name = _plain(text) in map(_plain, self.names)
        words = [text] if is_name else text.split(",")
        return [self._number(word.strip(), text, flag) for word in words]

    def matching(self, text: str, flag: str, numbers: np.ndarray) -> np.ndarray:
        return np.isin(numbers, self.read(text, flag))

    def _number(self, word: str, text: str, flag: str) -> int:
        """The number of the label that a word names in any case, or that it is the number of."""
        names = self.names
        alike = [number for number, name in enumerate(names) if _plain(name) == _plain(word)]
        if alike:
            # Labels that differ in their case alone are told apart by it.
            return next((number for number in alike if names[number] == word), alike[0])
        # Where labels are called by numbers of their own, those alone are meant.
        counted = all(not name.isdigit() or name == str(place) for place, name in enumerate(names))
        is_number = counted and word.isascii() and word.isdigit() and len(word) < 10
        if is_number and int(word) < len(names):
            return int(word)
        some = ", ".join(names[:NAMED])
        listed = f"{some} and {len(names) - NAMED} more" if len(names) > NAMED else some
        if self.flag == DIGIT:
            listed = "digits 0 to 9"
        elif counted:
            listed = f"0 to {len(names) - 1} or {listed}"
        raise Refused(f"{flag}={text}: {word!r} is not one of {listed}.")

    def file_name(self, values: Sequence[int]) -> str:
        plural = "s" if len(values) > 1 else ""
        return f"{self.flag}{plural}_{'_'.join(str(label) for label in values)}"

    @property
    def default_name(self) -> str:
        return f"{self.flag}s"

    def inputs(self, values: Sequence[int]) -> dict[str, np.ndarray]:
        return {self.column: np.asarray(values, np.int32)}

    def numbers(self, column: np.ndarray) -> np.ndarray:
        return np.asarray(column)[:, None]

    def card(self) -> tuple[str, str]:
        return f" on request: {self.known()}", f"`{self.column}` int32 [1]"

    def metadata(self) -> dict:
        return {"labels": list(self.names)}

    def reader(self) -> Any:
        from models import text

        return text.Labels(self.names)

    @property
    def example(self) -> str | None:
        return self.names[0]

    def to_json(self) -> dict:
        return {"kind": self.kind, "names": list(self.names), "flag": self.flag}

    @classmethod
    def from_json(cls, values: dict) -> "Labels":
        if not isinstance(values["names"], list | tuple):
            raise ValueError(f"the names of labels are a list, got {values['names']!r}.")
        found = cls(**{**values, "names": tuple(values["names"])})
        if found.flag not in cls.possible_flags or not found.names:
            raise ValueError(f"labels have names and a flag, got {values}.")
        if not all(isinstance(name, str) for name in found.names):
            raise ValueError("the name of a label is a text.")
        return found


def _plain(name: str) -> str:
    """A label's name without what may differ when it is typed: case, and how accents are stored."""
    return unicodedata.normalize("NFC", name.strip()).casefold()
