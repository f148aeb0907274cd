"""Labels: each picture is of one of a few named classes."""

import dataclasses
from typing import ClassVar

import numpy as np

from gan_apps.conditions.condition import AbstractCondition
from gan_apps.settings import Refused

DIGIT, LABEL = "digit", "label"
# Pictures of each label in a sheet.
SHEET = 16


@dataclasses.dataclass(frozen=True)
class Labels(AbstractCondition):
    """A label, int32, the number of its name.

    Args:
      names: tuple of str. What the labels 0, 1, ... are called.
      flag: str. The flag that asks for one: "digit" or "label". Default "label".
    """

    kind: ClassVar[str] = "labels"
    column: ClassVar[str] = "labels"
    possible_flags: ClassVar[tuple] = (DIGIT, LABEL)

    names: tuple
    flag: str = LABEL

    spec = ((), "int32")

    @property
    def slots(self):
        return [["label", list(self.names)]]

    def known(self):
        return ", ".join(self.names)

    def every(self):
        return list(range(len(self.names)))

    def sheet(self):
        return self.every(), SHEET, SHEET

    def read(self, text, flag):
        return [self._number(word.strip(), text, flag) for word in text.split(",")]

    def _number(self, word, text, flag):
        names = [name.casefold() for name in self.names]
        if word.casefold() in names:
            return names.index(word.casefold())
        if word.isascii() and word.isdigit() and len(word) < 10 and int(word) < len(names):
            return int(word)
        known = f"0 to {len(self.names) - 1} or {self.known()}"
        if self.flag == DIGIT:
            known = "digits 0 to 9"
        raise Refused(f"{flag}={text}: {word!r} is not one of {known}.")

    def file_name(self, values):
        plural = "s" if len(values) > 1 else ""
        return f"{self.flag}{plural}_{'_'.join(str(label) for label in values)}"

    @property
    def default_name(self):
        return f"{self.flag}s"

    def inputs(self, values):
        return {self.column: np.asarray(values, np.int32)}

    def groups(self, values):
        return list(values)

    def card(self):
        return f" on request: {self.known()}", f", `{self.column}` int32 [1]"

    def to_json(self):
        return {"kind": self.kind, "names": list(self.names), "flag": self.flag}

    @classmethod
    def from_json(cls, values):
        found = cls(**{**values, "names": tuple(values["names"])})
        if found.flag not in cls.possible_flags or not found.names:
            raise ValueError(f"labels have names and a flag, got {values}.")
        if not all(isinstance(name, str) for name in found.names):
            raise ValueError("the name of a label is a text.")
        return found
