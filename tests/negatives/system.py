"""Pictures into their negatives and back."""

import dataclasses

from gan_apps.runs.draws import Draw, Pictures
from gan_apps.settings import Averaged, Training, setting
from gan_apps.systems import System

NETWORKS = ("to_negative", "to_positive")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Averaged, Training):
    """Settings of the negatives."""

    width: int = setting(4, "Feature maps of both networks.", minimum=1)
    to_negative_learning_rate: float = setting(1e-2, "The first network's step size.", above=0)
    to_positive_learning_rate: float = setting(1e-2, "The second network's step size.", above=0)


def game(config, data, iterations):
    from models.negatives import Negatives, Pointwise

    networks = {}
    for name in NETWORKS:
        networks[name] = Pointwise(side=data.shape[0], width=config.width)
        networks[f"averaged_{name}"] = Pointwise(side=data.shape[0], width=config.width)
    return Negatives(networks, averaging_decay=config.averaging_decay, seed=config.seed)


def draws(config, data, game):
    from models import networks

    return {
        name: Draw(
            network=networks.described(game.networks[f"averaged_{name}"]),
            shape=data.shape,
            pictures=Pictures(column="images", shape=data.shape),
        )
        for name in NETWORKS
    }


SYSTEM = System(
    name="negatives",
    title="turns pictures into their negatives and back",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("pictures",)),
)
