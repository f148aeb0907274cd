"""Users: who chose a picture, or is to like it."""

import dataclasses
import difflib
from typing import ClassVar

from gan_apps.conditions.condition import Slots
from gan_apps.conditions.labels import Labels
from gan_apps.settings import Refused

USER = "user"
# Names that a refusal lists.
NAMED = 5


@dataclasses.dataclass(frozen=True)
class Users(Labels):
    """A user, int32, the number of its name; nobody is drawn or read, so no picture asks for one.

    Args:
      names: tuple of str. What the users 0, 1, ... are called.
    """

    kind: ClassVar[str] = "users"
    column: ClassVar[str] = "users"
    # By which pictures are asked for.
    possible_flags: ClassVar[tuple] = ()

    flag: str = USER

    @property
    def slots(self) -> Slots:
        return [[USER, list(self.names)]]

    def number(self, name: str) -> int:
        """The number of the user of that very name; Refused if there is none."""
        if name in self.names:
            return self.names.index(name)
        near = difflib.get_close_matches(name, self.names, NAMED) or self.names[:NAMED]
        raise Refused(
            f"--{USER}={name}: the run knows no such user; of its {len(self.names)} the nearest in "
            f"name are {', '.join(near)}."
        )

    def to_json(self) -> dict:
        return {"kind": self.kind, "names": list(self.names)}

    @classmethod
    def from_json(cls, values: dict) -> "Users":
        names = values["names"]
        if not isinstance(names, list | tuple) or not names:
            raise ValueError(f"the names of users are a list, got {names!r}.")
        if not all(isinstance(name, str) for name in names):
            raise ValueError("the name of a user is a text.")
        return cls(tuple(names))
