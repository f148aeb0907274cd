"""What a run draws, as its config.json declares it: a network, and what the network takes."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from gan_apps import conditions
from gan_apps.conditions import AbstractCondition, Nothing
from gan_apps.settings import LATENT_DISTRIBUTIONS, MADE, SIDES

# In exported files: the signature of pictures as numbers, and files of pictures, given or drawn.
IMAGES, FILE = "images", "image_bytes"
# Noise, or a code that stands for it.
LATENTS = "latents"
# Inputs that are no pictures.
RESERVED = (LATENTS, "labels", "attributes", "sentences")
# How many pixels around it the drawing of a pixel is taken to depend on, where pictures of any size
# are drawn in squares: these overlap by as many on each side.
REACH = 12
LEAST_TILE = 4 * REACH


@dataclasses.dataclass(frozen=True, kw_only=True)
class Latents:
    """Noise, the network's input `latents` [n, size].

    Args:
      size: int.
      distribution: str. One of settings.LATENT_DISTRIBUTIONS.
      codes: tuple of ints. Kinds of the codes that are the last sum(codes) of its numbers, as in
        models.codes: 1 for a number in [-1, 1], n for one of n values, as n numbers. Default ().
    """

    size: int
    distribution: str = "normal"
    codes: tuple = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", tuple(self.codes))
        if not all(type(kind) is int and kind > 0 for kind in self.codes):
            raise ValueError(f"codes must be whole numbers of 1 or more, got {self.codes}.")
        if type(self.size) is not int or self.size < 1:
            raise ValueError(f"size must be a whole number of 1 or more, got {self.size!r}.")
        if self.distribution not in LATENT_DISTRIBUTIONS:
            raise ValueError(f"distribution must be one of {', '.join(LATENT_DISTRIBUTIONS)}.")
        if self.noise < 0:
            raise ValueError(f"codes must be among {self.size} numbers, got {self.codes}.")

    @property
    def noise(self) -> int:
        """How many of the numbers are drawn from the distribution."""
        return self.size - sum(self.codes)

    def to_json(self) -> dict:
        values = dataclasses.asdict(self)
        codes = list(values.pop("codes"))
        return {**values, **({"codes": codes} if codes else {})}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pictures:
    """A picture that is given, float32 [n, h, w, c] in [-1, 1].

    Args:
      column: str. The network's input, and the column of the data that it is learned from.
      shape: (h, w, c), ints.
      frames: int. How many pictures it is, the last ones of a clip on its channels, the earliest
        first. Default 1.
      made_by: str or None. How such a picture is made of one of the kind that is drawn, one of
        settings.MADE; None, the default, where it is not.
      tile: int or None. Pictures of any size may be given, and what a form of the network has one
        size for is a square of this side; None, the default: they are of `shape`. What is drawn is
        as many times larger as that of the Draw is than `shape`.
      side: str or None. Which of settings.SIDES it is of, where the other one is drawn from it;
        None, the default, where there are no two sets.
    """

    column: str
    shape: tuple[int, int, int]
    made_by: str | None = None
    tile: int | None = None
    side: str | None = None
    frames: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", image_shape(self.shape))
        if type(self.frames) is not int or self.frames < 1 or self.shape[2] % self.frames:
            raise ValueError(f"frames must divide the {self.shape[2]} channels, got {self.frames}.")
        if not isinstance(self.column, str) or self.column in RESERVED:
            raise ValueError(f"column must be none of {', '.join(RESERVED)}, got {self.column!r}.")
        if self.made_by not in (None, *MADE):
            raise ValueError(f"made_by must be one of {', '.join(MADE)}, got {self.made_by!r}.")
        if self.tile is not None and (type(self.tile) is not int or self.tile < LEAST_TILE):
            raise ValueError(f"tile must be {LEAST_TILE} or more, got {self.tile!r}.")
        if self.side not in (None, *SIDES):
            raise ValueError(f"side must be one of {', '.join(SIDES)}, got {self.side!r}.")

    @property
    def shape_of_one(self) -> tuple[int, int, int]:
        """(h, w, c) of each of its frames."""
        height, width, channels = self.shape
        return height, width, channels // self.frames


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draw:
    """A network that draws images in [-1, 1], and what it is given.

    Args:
      network: dict. {"class", "config"} of it, as models.networks.described gives them.
      shape: (h, w, c), ints. What it draws.
      latents: Latents or None.
      condition: conditions.AbstractCondition. Default conditions.Nothing().
      pictures: Pictures or None.
      parts: names of the networks of the game whose weights the network has, one after the other.
        Default (): those of the network of its own name.
      coded_for: str or None. The draw from latents whose latents its network says of a picture that
        it is given, by its method `code`. Default None.
    """

    network: dict[str, Any]
    shape: tuple[int, int, int]
    latents: Latents | None = None
    condition: AbstractCondition = Nothing()
    pictures: Pictures | None = None
    parts: tuple = ()
    coded_for: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", image_shape(self.shape))
        object.__setattr__(self, "parts", tuple(self.parts))
        if not all(isinstance(part, str) for part in self.parts):
            raise ValueError(f"parts must be names of networks, got {self.parts}.")
        if not isinstance(self.coded_for, str | None):
            raise TypeError(f"coded_for must be the name of a draw, got {self.coded_for!r}.")
        check_network(self.network, self.condition)
        if self.latents is None and self.pictures is None:
            raise ValueError("a network draws from latents, from pictures or from both.")

    @property
    def inputs(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """{name: (shape of one, dtype)} of all that the network takes."""
        taken: dict[str, tuple[tuple[int, ...], str]] = {}
        if self.latents is not None:
            taken["latents"] = (self.latents.size,), "float32"
        column, spec = self.condition.column, self.condition.spec
        if column is not None and spec is not None:
            taken[column] = spec
        if self.pictures is not None:
            taken[self.pictures.column] = self.pictures.shape, "float32"
        return taken

    @property
    def is_any_size(self) -> bool:
        """Whether pictures of any size are given, and enlarged `scale` times."""
        return self.pictures is not None and self.pictures.tile is not None

    @property
    def scale(self) -> int:
        """How many times as large as what is given it draws, where that is of any size."""
        assert self.pictures is not None
        return self.shape[0] // self.pictures.shape[0]

    @property
    def tiled(self) -> "Draw":
        """The same at the one size that a form without any has: of squares of pictures.tile."""
        if self.pictures is None or self.pictures.tile is None:
            return self
        side = self.pictures.tile
        given = dataclasses.replace(self.pictures, shape=(side, side, self.pictures.shape[2]))
        drawn = (self.scale * side, self.scale * side, self.shape[2])
        return dataclasses.replace(self, shape=drawn, pictures=given)

    @property
    def has_target(self) -> bool:
        """Whether the data say what is to be drawn from a picture that they hold."""
        if self.pictures is None or self.pictures.side is not None:
            return False
        return self.pictures.column != "images"

    @property
    def side(self) -> str | None:
        """Which of settings.SIDES is drawn; None where there are no two sets."""
        if self.pictures is None or self.pictures.side is None:
            return None
        return next(side for side in SIDES if side != self.pictures.side)

    @property
    def is_from_made(self) -> bool:
        """Whether what it is given can be made of finished pictures."""
        return self.pictures is not None and self.pictures.made_by is not None

    @property
    def goes_on(self) -> bool:
        """Whether what it draws is the next frame of a clip, of which it may be given the last."""
        return self.pictures is not None and self.pictures.frames > 1

    @property
    def takes_files(self) -> bool:
        """Whether files of pictures are all that is to be given."""
        return self.pictures is not None and len(self.inputs) == 1

    @property
    def signature(self) -> str:
        """What the network's own inputs are called together in exported files."""
        return "latents" if self.latents is not None else "pictures"

    def to_json(self) -> dict:
        values: dict[str, Any] = {"network": self.network, "shape": list(self.shape)}
        if self.latents is not None:
            values["latents"] = self.latents.to_json()
        if self.condition.column is not None:
            values["condition"] = self.condition.to_json()
        if self.pictures is not None:
            values["pictures"] = {
                "column": self.pictures.column,
                "shape": list(self.pictures.shape),
            }
            for name in ("made_by", "tile", "side"):
                if getattr(self.pictures, name) is not None:
                    values["pictures"][name] = getattr(self.pictures, name)
            if self.pictures.frames > 1:
                values["pictures"]["frames"] = self.pictures.frames
        if self.parts:
            values["parts"] = list(self.parts)
        if self.coded_for is not None:
            values["coded_for"] = self.coded_for
        return values

    @classmethod
    def from_json(cls, values: dict) -> "Draw":
        """The inverse of `to_json`; ValueError, TypeError or KeyError for what is none."""
        parts: dict[str, Callable[[Any], Any]] = {
            "latents": lambda one: Latents(**one),
            "condition": conditions.from_json,
            "pictures": lambda one: Pictures(**one),
        }
        return cls(
            **{name: parts[name](one) if name in parts else one for name, one in values.items()}
        )


def check_network(network: Any, condition: AbstractCondition) -> None:
    """ValueError or TypeError for what describes no network, or one that takes another condition.

    Args:
      network: as in `Draw`; any JSON value.
      condition: conditions.AbstractCondition.
    """
    if not isinstance(network, dict) or network.keys() != {"class", "config"}:
        raise ValueError("a network has a class and a config.")
    if not isinstance(network["config"], dict):
        raise TypeError("the config of a network is an object.")
    if network["config"].get("condition", condition.network) != condition.network:
        raise ValueError("its network takes another condition.")


def image_shape(shape: Iterable) -> tuple[int, int, int]:
    """A shape as (h, w, c); ValueError if it is no picture's."""
    shape = tuple(shape)
    if len(shape) != 3 or not all(type(side) is int and side > 0 for side in shape):
        raise ValueError(f"a picture has a height, a width and channels, got {shape}.")
    return shape
