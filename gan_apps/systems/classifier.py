"""The classifier that judges generated pictures: a judge, whose runs draw nothing."""

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
    """Settings of the classifier."""

    image_size: int = changed(
        Training,
        "image_size",
        0,
        help="Side of the pictures to judge, a multiple of 4, if it is not that of a run by "
        "default: a run's --image_size.",
    )
    num_epochs: int = changed(Training, "num_epochs", 6)
    batch_size: int = changed(Training, "batch_size", 64, help="Images per update.")
    beta_1: float = changed(Training, "beta_1", 0.9)
    beta_2: float = changed(Training, "beta_2", 0.999)
    decay_fraction: float = changed(Training, "decay_fraction", 1.0)
    # It judges in float32.
    precision: str = changed(Training, "precision", "float32")
    classifier_learning_rate: float = setting(2e-3, "The optimizer's step size.", above=0)


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models import AttributeClassifier, Classifier

    _, width, channels = data.shape
    network = AttributeClassifier(
        condition=data.condition.network,
        image_size=width,
        channels=channels,
        dtype=POLICIES[config.precision],
        name="classifier",
    )
    return Classifier({"classifier": network}, seed=config.seed)


SYSTEM = System(
    name="classifier",
    title="learns to read pictures, in order to judge generated ones",
    config=Config,
    game=game,
    judges=judging.judges,
    tested=judging.read_right,
    conditional=True,
)
