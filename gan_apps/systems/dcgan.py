"""The DCGAN, and the GANs that differ from it by their objective."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps import settings
from gan_apps.games import two_players
from gan_apps.settings import GAN, Labelled, changed, rows, setting
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Labelled, GAN):
    """Settings of the DCGAN."""

    objective: str = setting(
        "non_saturating", "What a score costs the two networks.", choices=rows.objectives
    )
    # What learns best (benchmarks/RESULTS.md); --recipe=paper has the paper's networks and rates.
    real_gradient_weight: float = changed(
        GAN,
        "real_gradient_weight",
        None,
        help="gamma of R1, the gradient penalty on real images; 0 for none. Default: 1 where "
        "nothing else bounds the discriminator's slope and --normalization is not batch, else 0.",
    )
    discriminator_learning_rate: float = changed(GAN, "discriminator_learning_rate", 1e-3)
    generator_learning_rate: float = changed(GAN, "generator_learning_rate", 1e-3)

    def check(self) -> None:
        settings.refuse_steep(self)


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models import DCGAN

    return two_players.built(
        DCGAN,
        config,
        data,
        iterations,
        objective=two_players.objective(config),
        label_smoothing=config.label_smoothing,
        flipped_labels=config.flipped_labels,
    )


SYSTEM = System(
    name="dcgan",
    title="draws from noise: the DCGAN, and by a flag the GAN, the LSGAN and the SN-GAN",
    config=Config,
    game=game,
    draws=two_players.draws,
    shipped="dcgan_faces",
    recipes={
        "paper": Recipe(
            reference="Radford et al. 2016, arXiv 1511.06434, section 4",
            values={
                # How wide the networks are goes with the size of the pictures, in the paper too.
                **two_players.WITHOUT,
                "architecture": "dcgan",
                "normalization": "batch",
                "generator_normalization": "batch",
                "latent_dim": 100,
                "latent_distribution": "uniform",
                "batch_size": 128,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.0002,
                "beta_1": 0.5,
                "beta_2": 0.999,
                "objective": "non_saturating",
            },
        )
    },
)
