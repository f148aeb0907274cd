"""The Wasserstein GAN with weight clipping."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import two_players
from gan_apps.settings import GAN, changed
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GAN):
    """Settings of the Wasserstein GAN (Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1)."""

    clip: float = changed(GAN, "clip", 0.01, minimum=None, above=0)
    discriminator_steps: int = changed(GAN, "discriminator_steps", 5)
    optimizer: str = changed(GAN, "optimizer", "rmsprop")
    discriminator_learning_rate: float = changed(GAN, "discriminator_learning_rate", 5e-5)
    generator_learning_rate: float = changed(GAN, "generator_learning_rate", 5e-5)
    normalization: str = changed(GAN, "normalization", "auto")
    real_gradient_weight: float = changed(GAN, "real_gradient_weight", 0.0)


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models import WGAN

    return two_players.built(WGAN, config, data, iterations)


SYSTEM = System(
    name="wgan",
    title="draws from noise: the Wasserstein GAN, its discriminator's weights clipped",
    config=Config,
    game=game,
    draws=two_players.draws,
    recipes={
        "paper": Recipe(
            reference="Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1",
            values={
                # The networks are the DCGAN's; the decay of RMSprop is not told.
                **two_players.WITHOUT,
                "architecture": "dcgan",
                "normalization": "batch",
                "generator_normalization": "batch",
                "batch_size": 64,
                "optimizer": "rmsprop",
                "beta_1": 0.0,
                "discriminator_learning_rate": 5e-05,
                "generator_learning_rate": 5e-05,
                "clip": 0.01,
                "discriminator_steps": 5,
            },
        )
    },
)
