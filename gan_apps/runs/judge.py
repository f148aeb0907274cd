"""A network that a run keeps and that draws nothing: it says something of pictures."""

import dataclasses

from gan_apps import conditions
from gan_apps.conditions import AbstractCondition
from gan_apps.runs.draws import check_network, image_shape


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judge:
    """A network that judges images in [-1, 1], as config.json declares it.

    Args:
      network: dict. {"class", "config"} of it, as models.networks.described gives them.
      shape: (h, w, c), ints. What it looks at.
      condition: conditions.AbstractCondition. What it reads of a picture.
    """

    network: dict
    shape: tuple[int, int, int]
    condition: AbstractCondition

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", image_shape(self.shape))
        check_network(self.network, self.condition)

    def to_json(self) -> dict:
        return {
            "network": self.network,
            "shape": list(self.shape),
            "condition": self.condition.to_json(),
        }

    @classmethod
    def from_json(cls, values: dict) -> "Judge":
        """The inverse of `to_json`; ValueError, TypeError or KeyError for what is none."""
        return cls(**{**values, "condition": conditions.from_json(values["condition"])})
