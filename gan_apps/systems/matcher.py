"""The matcher of pictures and sentences: a judge, whose runs draw nothing."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import judging
from gan_apps.games.two_players import POLICIES
from gan_apps.settings import Training, Worded, changed, setting
from gan_apps.systems import System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Worded, Training):
    """Settings of the matcher."""

    num_epochs: int = changed(Training, "num_epochs", 20)
    batch_size: int = changed(Training, "batch_size", 100, help="Images per update.")
    beta_1: float = changed(Training, "beta_1", 0.9)
    beta_2: float = changed(Training, "beta_2", 0.999)
    decay_fraction: float = changed(Training, "decay_fraction", 1.0)
    # It judges in float32.
    precision: str = changed(Training, "precision", "float32")
    encoder_width: int = setting(
        64, "Length of the vectors that pictures and sentences become.", minimum=2
    )
    matcher_learning_rate: float = setting(1e-3, "The optimizer's step size.", above=0)


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models

    _, width, channels = data.shape
    pictures = models.PictureEncoder(
        width=config.encoder_width,
        image_size=width,
        channels=channels,
        dtype=POLICIES[config.precision],
        name="matcher",
    )
    sentences = models.SentenceEncoder(
        condition=data.condition.network, width=config.encoder_width, name="encoder"
    )
    return models.Matcher({"matcher": pictures, "encoder": sentences}, seed=config.seed)


SYSTEM = System(
    name="matcher",
    title="learns which sentence is said of which picture, in order to judge generated ones",
    config=Config,
    game=game,
    judges=judging.judges,
    tested=judging.matched,
    conditional=True,
    learns=("sentences",),
)
