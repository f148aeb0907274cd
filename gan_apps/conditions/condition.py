"""What every condition can do, and the one that asks for nothing."""

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from gan_apps.settings import Refused

# What one picture is asked for: () for nothing, an int for a label, a tuple of ints for attributes.
Value = TypeVar("Value")
Slots = Sequence[Sequence]
# The shape of one value, and its dtype.
Spec = tuple[tuple[int, ...], str]


class AbstractCondition(abc.ABC, Generic[Value]):
    """What a picture is asked for by: how it is read, filled, drawn with and written down.

    All methods are free of TensorFlow but `foreign` and `one_hot`.

    Class attributes:
      kind: str. Its name in JSON.
      column: str or None. The column of the minibatch and the input of the networks.
      possible_flags: names of the flags that may ask for it.
    """

    kind: ClassVar[str]
    column: ClassVar[str | None]
    possible_flags: ClassVar[tuple[str, ...]]

    @property
    @abc.abstractmethod
    def flag(self) -> str | None:
        """The flag that asks for it, or None."""

    @property
    @abc.abstractmethod
    def slots(self) -> Slots:
        """[[noun, [value, ...]], ...]: what a judge reads of a picture; labels are one slot."""

    @abc.abstractmethod
    def known(self) -> str:
        """What can be asked for, for a message."""

    @abc.abstractmethod
    def every(self) -> list[Value]:
        """The values that are drawn where nothing is asked for, a list of one or more."""

    @abc.abstractmethod
    def sheet(self) -> tuple[list[Value], int, int]:
        """What shows all of it: (values, pictures of each, columns of the grid)."""

    @abc.abstractmethod
    def read(self, text: str, flag: str) -> list[Value]:
        """The values that the text of a flag asks for, a list.

        Raises:
          Refused: it asks for what is not known; names the flag.
        """

    @abc.abstractmethod
    def matching(self, text: str, flag: str, numbers: np.ndarray) -> np.ndarray:
        """Which pictures are of what the text of a flag asks for: bool [n].

        Args:
          numbers: int [n] or [n, slots]. The condition's column of the data.

        Raises:
          Refused: it asks for what is not known; names the flag.
        """

    @abc.abstractmethod
    def file_name(self, values: Sequence[Value]) -> str:
        """Words for a file's name, of values that were asked for."""

    @property
    def default_name(self) -> str:
        """The same where nothing was asked for; "" for the run's own name."""
        return ""

    def key(self, value: Any) -> tuple[int, ...]:
        """Whole numbers, none negative, that key the latents of a value's pictures."""
        return (value,)

    def filled(self, value: Value, random: Callable[[tuple[int, ...]], Any]) -> Value:
        """A value with what it leaves open drawn as the data have it.

        Args:
          random: function of the value's key -> numpy.random.RandomState, called only if needed.
        """
        del random
        return value

    def completed(self, value: Value, other: Value) -> Value:
        """A value with what it leaves open as in another."""
        del other
        return value

    def opened(self, value: Value) -> list[Value]:
        """A value once for everything that its first open slot could be, or itself alone."""
        return [value]

    @abc.abstractmethod
    def inputs(self, values: Sequence[Value]) -> dict[str, np.ndarray]:
        """The network's input of values: {column: array [n, ...]}."""

    def numbers(self, column: np.ndarray) -> np.ndarray:
        """The network's input as whole numbers int [n, slots], -1 in a slot that is open."""
        raise NotImplementedError("nothing was asked for.")

    @abc.abstractmethod
    def card(self) -> tuple[str, str]:
        """(what is drawn on request, the input of a file) as words of a model card, or ("", "")."""

    def metadata(self) -> dict:
        """What a .tflite file says of it, {name: JSON value}."""
        return {}

    def reader(self) -> Any:
        """The layer of models.text that reads prompts as it is read; None if nothing is asked."""
        return None

    @property
    def example(self) -> str | None:
        """A prompt that is understood, or None."""
        return None

    @abc.abstractmethod
    def to_json(self) -> dict:
        """JSON values with the `kind`."""

    @property
    @abc.abstractmethod
    def spec(self) -> Spec | None:
        """(shape of one value, dtype) of the network's input, or None."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each slot has."""
        return tuple(len(values) for _, values in self.slots)

    @property
    def network(self) -> dict | None:
        """What a network must know of it: the arguments of models.conditions.Condition, or None."""
        if self.column is None:
            return None
        return {"column": self.column, "sizes": list(self.sizes)}


@dataclasses.dataclass(frozen=True)
class Nothing(AbstractCondition[tuple[()]]):
    """Pictures that nothing is asked of."""

    kind: ClassVar[str] = "nothing"
    column: ClassVar[None] = None
    possible_flags: ClassVar[tuple] = ()

    flag = None
    slots = ()
    spec = None

    def known(self) -> str:
        return ""

    def every(self) -> list[tuple[()]]:
        return [()]

    def sheet(self) -> tuple[list[tuple[()]], int, int]:
        return self.every(), 25, 5

    def read(self, text: str, flag: str) -> list[tuple[()]]:
        raise NotImplementedError("nothing can be asked for.")

    def matching(self, text: str, flag: str, numbers: np.ndarray) -> np.ndarray:
        raise Refused(f"{flag}={text}: the data have neither labels nor words.")

    def file_name(self, values: Sequence[tuple[()]]) -> str:
        return ""

    def key(self, value: tuple[()]) -> tuple[int, ...]:
        return (0,)

    def inputs(self, values: Sequence[tuple[()]]) -> dict[str, np.ndarray]:
        return {}

    def card(self) -> tuple[str, str]:
        return "", ""

    def to_json(self) -> dict:
        return {"kind": self.kind}

    @classmethod
    def from_json(cls, values: dict) -> "Nothing":
        return cls(**values)
