"""Pictures several times as large, by pixel error or against a discriminator as well."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import picture_networks
from gan_apps.runs.draws import Draw
from gan_apps.settings import Averaged, Training, changed, rows, setting
from gan_apps.settings.translating import Patched
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame

SCALES = (2, 4, 8)
# Names of models.srgan.PIXEL_ERRORS.
PIXEL_ERRORS = ("absolute", "squared")
# What both recipes have, since the second begins with the network of the first.
LEARNED_ALIKE = {"averaging_decay": 0.999, "batch_size": 16, "crop": 24, "smoothed": True}
# Side of the squares in which photos are drawn: a larger one takes more memory, a smaller one more
# time, since squares overlap.
TILE = 96


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Patched, Averaged, Training):
    """Settings of SRResNet and SRGAN, chosen by measurement (benchmarks/RESULTS.md)."""

    dataset: str = changed(
        Training,
        "dataset",
        "mnist",
        help="What to learn to enlarge: a folder or zip of photos of any size, with train/ and a "
        "test split or without; or mnist, fashion_mnist, digits, tfds:NAME.",
    )
    image_size: int = changed(
        Training,
        "image_size",
        0,
        help="Side in pixels of the squares that photos are cut into, a multiple of 4 and of "
        "--scale; 0: 192. Pictures of data sets with a name are resized to it; 0: 28, or 64 for "
        "tfds:NAME.",
    )
    scale: int = setting(
        4, "How many times larger the side becomes: 2, 4 or 8.", minimum=SCALES[0], maximum=8
    )
    crop: int = setting(
        24,
        "Side, in pixels of the reduced picture, of what is cut out of each square anew whenever "
        "it is seen.",
        minimum=4,
    )
    generator_widths: tuple = setting(
        (),
        "Feature maps of the network that draws: of its blocks, then behind each doubling; those "
        "that are not named are as the last one. None: what fits.",
        minimum=1,
    )
    residual_blocks: int = setting(10, "Blocks of the network that draws.", minimum=1)
    smoothed: bool = setting(
        False,
        "Average what each doubling makes over squares of 2x2 pixels, so that a network that "
        "learns against a discriminator draws no lattice.",
    )
    pixel_error: str = setting(
        "absolute",
        "What a pixel costs that is not the original's: the distance (absolute), or its square.",
        choices=PIXEL_ERRORS,
    )
    pixel_weight: float = setting(1.0, "Weight of the mean of that.", minimum=0)
    adversarial_weight: float = setting(
        0.01,
        "Weight of what the discriminator's scores cost; 0 to train without one, by the distance "
        "of pixels alone (SRResNet).",
        minimum=0,
    )
    feature_weight: float = setting(
        1.0,
        "Weight of the mean distance of the discriminator's features of a drawn picture to those "
        "of the original.",
        minimum=0,
        only_if=(
            "--adversarial_weight is above 0",
            lambda config: config.adversarial_weight > 0,
        ),
    )
    objective: str = setting(
        "non_saturating", "What a score costs the two networks.", choices=rows.objectives
    )
    initial_run_dir: str = setting(
        "",
        "A run whose networks the training begins with, such as one by pixel error alone; what "
        "that run has not, begins anew.",
        is_path=True,
    )
    generator_learning_rate: float = setting(
        1e-4, "The optimizer's step size for the generator.", above=0
    )
    normalization: str = changed(Patched, "normalization", "spectral")
    discriminator_learning_rate: float = changed(Patched, "discriminator_learning_rate", 1e-4)
    batch_size: int = changed(Training, "batch_size", 16, help="Squares per update.")
    beta_1: float = changed(Training, "beta_1", 0.9)
    beta_2: float = changed(Training, "beta_2", 0.999)
    decay_fraction: float = changed(Training, "decay_fraction", 1.0)
    log_steps: int = changed(Training, "log_steps", 500)

    def check(self) -> None:
        if self.scale not in SCALES:
            listed = ", ".join(map(str, SCALES))
            raise ValueError(f"scale must be one of {listed}, got {self.scale}.")
        if self.image_size % self.scale:
            raise ValueError(
                f"image_size must be a multiple of --scale={self.scale}, got {self.image_size}."
            )
        if not self.pixel_weight and not self.adversarial_weight:
            raise ValueError(
                "pixel_weight must be above 0 with --adversarial_weight=0: nothing else is "
                "minimised."
            )


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models

    *_, side, channels = data.columns["sources"].shape
    networks = picture_networks.with_average(
        "generator",
        models.Enlarger,
        config.precision,
        scale=config.scale,
        channels=channels,
        widths=config.generator_widths,
        blocks=config.residual_blocks,
        smoothed=config.smoothed,
    )
    judge, adversary = picture_networks.against_patches(
        config,
        iterations,
        image_size=config.scale * min(config.crop, side),
        channels=channels,
        source_channels=channels,
    )
    return models.SRGAN(
        {**networks, **judge},
        objective=models.OBJECTIVES[config.objective],
        pixel_error=config.pixel_error,
        pixel_weight=config.pixel_weight,
        feature_weight=config.feature_weight,
        adversarial_weight=config.adversarial_weight,
        crop=config.crop,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
        **adversary,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    return picture_networks.draws(data, game, tile=TILE)


SYSTEM = System(
    name="srgan",
    title="makes photos several times as large: SRResNet and SRGAN",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("pictures",)),
    shipped="srgan_photos",
    recipes={
        "srresnet": Recipe(
            reference="Ledig et al. 2017, arXiv 1609.04802, by the mean distance of pixels alone, "
            "as in Lim et al. 2017, arXiv 1707.02921",
            values={
                "adversarial_weight": 0.0,
                "pixel_error": "absolute",
                "pixel_weight": 1.0,
                "generator_learning_rate": 1e-3,
                "decay_fraction": 1.0,
                **LEARNED_ALIKE,
            },
        ),
        "srgan": Recipe(
            reference="Ledig et al. 2017, arXiv 1609.04802, against a discriminator of patches "
            "whose slope R1 bounds (Mescheder et al. 2018, arXiv 1801.04406), from the network of "
            "--recipe=srresnet",
            values={
                "adversarial_weight": 0.1,
                "patch": "34",
                "normalization": "none",
                "real_gradient_weight": 1.0,
                "discriminator_widths": (32, 64, 128),
                "generator_learning_rate": 3e-4,
                "discriminator_learning_rate": 4e-4,
                "decay_fraction": 0.5,
                **LEARNED_ALIKE,
            },
        ),
    },
)
