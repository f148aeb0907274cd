"""Pictures from pictures: pairs, or sketches that become what they were drawn from."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import picture_networks
from gan_apps.games.two_players import WITHOUT
from gan_apps.runs.draws import Draw
from gan_apps.settings import MADE, Averaged, Paired, Training, changed, rows, setting
from gan_apps.settings.translating import Patched, Translating
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Paired, Translating, Patched, Averaged, Training):
    """Settings of pix2pix."""

    dataset: str = changed(
        Training,
        "dataset",
        "mnist",
        help="What to learn: a folder or zip of pairs (see --sources); or pictures of any kind, of "
        "which pairs are made: mnist, fashion_mnist, digits, tfds:NAME, a folder of images, a "
        "folder or zip with a tags.csv.",
    )
    objective: str = setting(
        "non_saturating", "What a score costs the two networks.", choices=rows.objectives
    )
    l1_weight: float = setting(
        100.0, "Weight of the mean distance of a pixel to the target's.", minimum=0
    )
    adversarial_weight: float = setting(
        1.0, "Weight of what the discriminator's scores cost; 0 to train without one.", minimum=0
    )
    dropout: float = setting(
        0.5,
        "Share of the values left out while training, in a unet's first three doublings or in the "
        "blocks of a residual; drawing leaves none out.",
        minimum=0,
        below=1,
    )
    left_out: float = setting(
        0.0,
        "Most of a sketch that is left blank while training, each time a random share in squares: "
        "what has seen sparse sketches draws from sparse ones, such as people's.",
        minimum=0,
        maximum=1,
        only_if=("--sources is edges", lambda config: config.sources == "edges"),
    )
    beta_1: float = changed(Training, "beta_1", 0.5)
    beta_2: float = changed(Training, "beta_2", 0.999)

    def check(self) -> None:
        if not self.l1_weight and not self.adversarial_weight:
            raise ValueError(
                "l1_weight must be above 0 with --adversarial_weight=0: nothing else is minimised."
            )


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models

    _, size, channels = data.shape
    common = {
        "image_size": size,
        "channels": channels,
        "source_channels": data.columns["sources"].shape[-1],
    }
    networks = picture_networks.translator("generator", config, dropout=config.dropout, **common)
    judge, adversary = picture_networks.against_patches(config, iterations, **common)
    return models.Pix2Pix(
        {**networks, **judge},
        objective=models.OBJECTIVES[config.objective],
        l1_weight=config.l1_weight,
        adversarial_weight=config.adversarial_weight,
        left_out=config.left_out,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
        **adversary,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    made_by = config.sources if config.sources in MADE else None
    return picture_networks.draws(data, game, made_by=made_by)


SYSTEM = System(
    name="pix2pix",
    title="draws pictures from pictures, such as faces from sketches: pix2pix",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("pictures",)),
    shipped="pix2pix_faces",
    recipes={
        "paper": Recipe(
            reference="Isola et al. 2017, arXiv 1611.07004, sections 3 and 6",
            values={
                **WITHOUT,
                "translator": "unet",
                "generator_widths": (),
                "generator_normalization": "instance",
                "dropout": 0.5,
                "patch": "70",
                "normalization": "instance",
                "batch_size": 4,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.0002,
                "beta_1": 0.5,
                "beta_2": 0.999,
                "objective": "non_saturating",
                "l1_weight": 100.0,
                "adversarial_weight": 1.0,
            },
        )
    },
)
