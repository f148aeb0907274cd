"""The Wasserstein GAN with gradient penalty."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import two_players
from gan_apps.settings import GAN, PENALTIES, changed
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GAN):
    """Settings of WGAN-GP."""

    penalty: str = changed(GAN, "penalty", "two_sided", choices=PENALTIES[1:])
    discriminator_steps: int = changed(GAN, "discriminator_steps", 2)
    discriminator_learning_rate: float = changed(GAN, "discriminator_learning_rate", 1e-3)
    generator_learning_rate: float = changed(GAN, "generator_learning_rate", 1e-3)
    real_gradient_weight: float = changed(GAN, "real_gradient_weight", 0.0)


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models import WGANGP

    return two_players.built(WGANGP, config, data, iterations)


SYSTEM = System(
    name="wgan_gp",
    title="draws from noise: the Wasserstein GAN with a gradient penalty",
    config=Config,
    game=game,
    draws=two_players.draws,
    shipped="wgan_gp_fashion",
    recipes={
        "paper": Recipe(
            reference="Gulrajani et al. 2017, arXiv 1704.00028, algorithm 1",
            values={
                **two_players.WITHOUT,
                "architecture": "dcgan",
                "normalization": "none",
                "generator_normalization": "batch",
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0001,
                "generator_learning_rate": 0.0001,
                "beta_1": 0.0,
                "beta_2": 0.9,
                "penalty": "two_sided",
                "penalty_weight": 10.0,
                "discriminator_steps": 5,
            },
        )
    },
)
