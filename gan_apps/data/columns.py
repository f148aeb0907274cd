"""A set of examples: columns of equal length, and what the pictures can be asked for by."""

import dataclasses

import numpy as np

from gan_apps.conditions import AbstractCondition, Labels, Nothing
from gan_apps.conditions.users import Users
from gan_apps.settings import SIDES, Refused

# The column that says which of SIDES a picture is of, by its place there.
OF_SIDES = "sides"
# How many unknown labels are named.
NAMED = 10


@dataclasses.dataclass(frozen=True)
class Data:
    """Examples to learn from or to judge by.

    Args:
      columns: {name: values}. "images" are uint8 [n, h, w, c], as are other columns of pictures; an
        array in memory or what is indexed alike, such as tagged_faces.StoredImages. A condition's
        column holds its whole numbers: "labels" int32 [n], "attributes" int32 [n, slots] with -1
        where a slot is open. OF_SIDES, int32 [n], is there where pictures of one set are drawn
        from those of another.
      condition: conditions.AbstractCondition. Default: nothing can be asked for.
      groups: int [n] or None. Which examples belong together, so that some of them say what others
        are, such as those of a clip: numbers from 0 on. Default None: none do.
    """

    columns: dict
    condition: AbstractCondition = Nothing()
    groups: np.ndarray | None = None

    def __len__(self):
        return len(self.images)

    @property
    def images(self):
        return self.columns["images"]

    @property
    def shape(self):
        """(h, w, c) of the images."""
        return tuple(int(side) for side in self.images.shape[1:])

    @property
    def numbers(self):
        """The condition's column: int32 [n] or [n, slots]; None where nothing can be asked for."""
        return self.columns.get(self.condition.column)

    def subset(self, chosen):
        """The examples with the indices `chosen`, an int array."""
        parts = {
            name: values[chosen] if isinstance(values, np.ndarray) else values.subset(chosen)
            for name, values in self.columns.items()
        }
        groups = None if self.groups is None else self.groups[chosen]
        return dataclasses.replace(self, columns=parts, groups=groups)

    def unconditional(self):
        """The same pictures, of which nothing is asked."""
        columns = {
            name: values for name, values in self.columns.items() if name != self.condition.column
        }
        return Data(columns, groups=self.groups)

    def of_side(self, side):
        """The pictures of one of SIDES; all of them where there are no sides, or for None."""
        if side is None or OF_SIDES not in self.columns:
            return self
        columns = {name: values for name, values in self.columns.items() if name != OF_SIDES}
        return dataclasses.replace(self, columns=columns).subset(self.indices_of_side(side))

    def indices_of_side(self, side):
        """The indices of those, int [n]."""
        if side is None or OF_SIDES not in self.columns:
            return np.arange(len(self))
        return np.flatnonzero(self.columns[OF_SIDES] == SIDES.index(side))

    def given(self, pictures):
        """The pictures that a network is given; None if the data have none such.

        Args:
          pictures: runs.draws.Pictures.
        """
        if pictures.side is None:
            return self.columns.get(pictures.column)
        return self.of_side(pictures.side).images if OF_SIDES in self.columns else None

    def sample(self, size, seed):
        """`size` images, uint8 [size, h, w, c], chosen by the seed alone."""
        random = np.random.RandomState(seed)
        return self.images[random.choice(len(self), size, replace=size > len(self))]

    def of(self, value):
        """The indices of the examples of a value that a condition draws by itself: of a label."""
        if self.numbers is None or self.numbers.ndim > 1:
            return np.arange(len(self))
        return np.flatnonzero(self.numbers == value)

    def numbered_as(self, condition):
        """The same with labels numbered as those of a run are, which may know more of them.

        Args:
          condition: conditions.AbstractCondition. What the run draws by.

        Raises:
          Refused: there are labels that are none of the run's.
        """
        own = self.condition
        if isinstance(own, Users) and own != condition:
            raise Refused("--dataset: its users are not those of the run.")
        if not isinstance(own, Labels) or not isinstance(condition, Labels):
            return self
        if own.names == condition.names:
            return self
        if unknown := set(own.names) - set(condition.names):
            listed = ", ".join(sorted(unknown)[:NAMED])
            raise Refused(f"--dataset: has the labels {listed}, which the run does not know.")
        numbers = np.array([condition.names.index(name) for name in own.names], np.int32)
        columns = {**self.columns, "labels": numbers[self.numbers]}
        return dataclasses.replace(self, columns=columns, condition=condition)
