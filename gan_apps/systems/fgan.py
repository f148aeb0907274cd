"""The f-GAN: a GAN for every f-divergence."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import two_players
from gan_apps.settings import GAN, Divergence, changed, rows, setting
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Divergence, GAN):
    """Settings of the f-GAN."""

    divergence: str = setting(
        "jensen_shannon", "Which f-divergence to minimise.", choices=rows.divergences
    )

    # What learns best (benchmarks/RESULTS.md).
    discriminator_learning_rate: float = changed(GAN, "discriminator_learning_rate", 1e-3)
    generator_learning_rate: float = changed(GAN, "generator_learning_rate", 1e-3)

    @property
    def minimises(self) -> str:
        return self.divergence


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models import FGAN

    return two_players.built(
        FGAN,
        config,
        data,
        iterations,
        divergence=two_players.divergence(config.divergence, config),
        generator_objective=config.generator_objective,
    )


SYSTEM = System(
    name="fgan",
    title="draws from noise, minimising any of eleven f-divergences",
    config=Config,
    game=game,
    draws=two_players.draws,
    shipped="fgan_digits",
    recipes={
        "paper": Recipe(
            reference="Nowozin et al. 2016, arXiv 1606.00709, section 4",
            values={
                **two_players.WITHOUT,
                "architecture": "mlp",
                "generator_widths": (1200, 1200),
                "discriminator_widths": (240, 240),
                "normalization": "none",
                "generator_normalization": "batch",
                "latent_dim": 100,
                "latent_distribution": "uniform",
                "batch_size": 4096,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.0002,
                "beta_1": 0.5,
                "beta_2": 0.999,
            },
        )
    },
)
