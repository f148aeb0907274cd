"""DVBPR: a recommender that learns from pictures what users like, and designs for them."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import judging
from gan_apps.games.two_players import POLICIES
from gan_apps.settings import Training, changed, setting
from gan_apps.systems import System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Training):
    """Settings of the recommender."""

    dataset: str = changed(
        Training,
        "dataset",
        "shop",
        help="What to learn: a folder or zip with pictures of items, and feedback.csv, whose lines "
        "user,item say who chose what.",
    )
    image_size: int = changed(
        Training,
        "image_size",
        0,
        help="Side of the pictures in pixels, a multiple of 4, to which they are cropped and "
        "resized; 0: 64. Designs need a run that draws pictures of this size.",
    )
    taste_dim: int = setting(
        16, "Length of a user's vector of tastes, and of what is seen of a picture.", minimum=1
    )
    taste_weight: float = setting(
        1e-3, "Weight of the squared length of the users' vectors.", minimum=0
    )
    recommender_widths: tuple = setting(
        (), "Feature maps of the network, fine to coarse; none: what fits the pictures.", minimum=1
    )
    num_epochs: int = changed(Training, "num_epochs", 20, help="Passes over the choices.")
    batch_size: int = changed(Training, "batch_size", 64, help="Choices per update.")
    beta_1: float = changed(Training, "beta_1", 0.9)
    beta_2: float = changed(Training, "beta_2", 0.999)
    decay_fraction: float = changed(Training, "decay_fraction", 1.0)
    # It judges in float32.
    precision: str = changed(Training, "precision", "float32")
    recommender_learning_rate: float = setting(2e-3, "The optimizer's step size.", above=0)

    def check(self) -> None:
        if self.judges_share:
            raise ValueError(
                f"judges_share must stay 0, got {self.judges_share}: of every user a choice is "
                "kept apart as it is."
            )


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models.dvbpr import DVBPR, Recommender
    from models.networks import named

    _, width, channels = data.shape
    network = named(
        "recommender",
        Recommender,
        num_users=data.condition.sizes[0],
        image_size=width,
        channels=channels,
        taste_dim=config.taste_dim,
        widths=config.recommender_widths,
        dtype=POLICIES[config.precision],
    )
    return DVBPR({"recommender": network}, taste_weight=config.taste_weight, seed=config.seed)


def tested(game: "AbstractGame", data: "Data") -> dict:
    """As gan_apps.evaluation.preferences.measured."""
    from gan_apps.evaluation import preferences

    choices = data.columns["images"].choices
    return preferences.measured(choices, game.networks["recommender"], game.seed)


SYSTEM = System(
    name="dvbpr",
    title="learns what users like of what they chose, and designs for them (DVBPR)",
    config=Config,
    game=game,
    judges=judging.judges,
    tested=tested,
    conditional=True,
    learns=("users",),
    takes=frozenset(("tastes",)),
    shipped="dvbpr_fashion",
)
