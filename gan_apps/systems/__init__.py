"""The systems: what a command trains and draws with, a file each, found by its name.

A system is models/NAME.py (its players), gan_apps/systems/NAME.py (its settings, and how it is made
of them) and gan_apps/NAME.py (its command). Nothing else knows its name. Imports no TensorFlow.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from gan_apps.settings import Refused, Training


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings that are taken together, by --recipe=NAME.

    Args:
      reference: str. Where they are printed.
      values: {setting: value}. All that it fixes, whatever the defaults are or become.
    """

    reference: str
    values: dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class System:
    """What a command trains and draws with.

    Args:
      name: str. The command, the prefix of its runs and the name of its three files.
      title: str. What it is, in a line.
      config: class. Its settings, a settings.Training.
      game: function of (config, data.Data, iterations) -> models.game.AbstractGame, not compiled.
        What it needs of `models` is imported inside.
      draws: function of (config, data, game) -> {network of the game: runs.draws.Draw}: what its
        runs draw, by the networks that draw it. None for a judge, whose runs draw nothing.
      judges: function of (config, data, game) -> {network of the game: runs.judge.Judge}: what its
        runs judge with. None, the default, for what draws.
      tested: function of (game, data.Data) -> {figures of evaluation.verdicts}: how well it judges
        data that it was never trained on. None, the default, for what draws.
      conditional: bool. Whether it needs data with labels or words, and learns them. Default
        False: they are left aside.
      learns: tuple of str. The kinds of conditions that it learns, if it is conditional. Default:
        labels and attributes.
      takes: set of what its networks draw from: "latents", the default, and with them "codes";
        "pictures", "clips", or "sides": pictures of two sets, a network for either way; or
        "tastes": its runs say what users like, which another run then draws.
      shipped: str or None. The run under checkpoints/ that is drawn from by default.
      shipped_prompt: str or None. The one that is drawn from if a prompt is given.
      recipes: {name: Recipe}. Settings by other names than the defaults.
    """

    name: str
    title: str
    config: type[Training]
    game: Callable
    draws: Callable | None = None
    judges: Callable | None = None
    tested: Callable | None = None
    conditional: bool = False
    learns: tuple[str, ...] = ("labels", "attributes")
    takes: frozenset[str] = frozenset(("latents",))
    shipped: str | None = None
    shipped_prompt: str | None = None
    recipes: dict[str, Recipe] = dataclasses.field(default_factory=dict)

    @property
    def is_drawn_from(self) -> bool:
        """Whether its command draws from its runs, by their networks or with another run's."""
        return self.draws is not None or "tastes" in self.takes


def names() -> list[str]:
    """The names of all systems, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str) -> System:
    """The System of that name.

    Raises:
      Refused: there is none.
    """
    if name not in names():
        raise Refused(f"there is no system {name!r}; there are {', '.join(names())}.")
    return importlib.import_module(f"{__name__}.{name}").SYSTEM
