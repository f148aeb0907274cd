"""LAPGAN, and CC-LAPGAN by a flag: a pyramid of GANs that draws coarse to fine."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps import settings
from gan_apps.games.two_players import POLICIES
from gan_apps.runs.draws import Draw
from gan_apps.settings import Adversarial, Averaged, Latents, Training, changed, rows, setting
from gan_apps.systems import System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame

# What is normalised in the generators.
NORMALIZATIONS = ("none", "batch")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Latents, Adversarial, Averaged, Training):
    """Settings of LAPGAN."""

    classes: bool = setting(
        False,
        "Learn what is asked for, the labels or words of the data (CC-LAPGAN); without it they are "
        "left aside.",
    )
    image_size: int = changed(
        Training,
        "image_size",
        32,
        help="Side of the images in pixels, to which the data are cropped and resized; each level "
        "but the finest has half of the one before.",
    )
    levels: int = setting(
        2,
        "Levels of the pyramid, each of pictures half as large; the coarsest have 8 pixels or more "
        "along a side, a multiple of 4.",
        minimum=2,
    )
    objective: str = setting(
        "non_saturating", "What a score costs the networks.", choices=rows.objectives
    )
    latent_dim: int = changed(
        Latents, "latent_dim", 32, help="Length of the noise vector of each level."
    )
    generator_widths: tuple = setting(
        (), "Feature maps of the coarsest generator, coarse to fine; none: what fits.", minimum=1
    )
    detail_widths: tuple = setting(
        (64, 64), "Feature maps of the layers of every finer generator.", minimum=1
    )
    generator_normalization: str = setting(
        "batch", "What is normalised in the generators.", choices=NORMALIZATIONS
    )
    discriminator_widths: tuple = changed(
        Adversarial,
        "discriminator_widths",
        (),
        help="Feature maps of every discriminator, fine to coarse; none: what fits its size.",
    )
    normalization: str = changed(
        Adversarial, "normalization", "none", choices=("none", "batch", "spectral")
    )
    augmentations: str = changed(
        Adversarial,
        "augmentations",
        "none",
        help="None: a changed picture would no longer fit what it was drawn from.",
        choices=("none",),
    )
    discriminator_learning_rate: float = changed(
        Adversarial,
        "discriminator_learning_rate",
        1e-3,
        help="The optimizers' step size for the discriminators.",
    )
    generator_learning_rate: float = setting(
        1e-3, "The optimizers' step size for the generators.", above=0
    )

    @property
    def is_conditional(self) -> bool:
        return self.classes

    def check(self) -> None:
        settings.refuse_steep(self)


def _generators(config: Config, data: "Data", dtype: str) -> list[dict]:
    """The arguments of the generator of each level, coarse to fine."""
    from models.lapgan import sides

    _, size, channels = data.shape
    shared = {
        "latent_dim": config.latent_dim,
        "channels": channels,
        "normalization": config.generator_normalization,
        "dtype": dtype,
    }
    if data.condition.network is not None:
        shared["condition"] = data.condition.network
    coarsest, *finer = sides(size, config.levels)
    return [
        {**shared, "image_size": coarsest, "widths": config.generator_widths},
        *({**shared, "image_size": side, "widths": config.detail_widths} for side in finer),
    ]


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models
    from models.lapgan import DetailDiscriminator, DetailGenerator, sides
    from models.networks import named

    _, size, channels = data.shape
    policy, networks = POLICIES[config.precision], {}
    told = {} if data.condition.network is None else {"condition": data.condition.network}
    found = sides(size, config.levels)
    for prefix, dtype in (("", policy), ("averaged_", "float32")):
        for side, arguments in zip(found, _generators(config, data, dtype), strict=True):
            kind = models.Generator if side == found[0] else DetailGenerator
            networks[f"{prefix}generator_at_{side}"] = named("generator", kind, **arguments)
    for side in found:
        networks[f"discriminator_at_{side}"] = named(
            "discriminator",
            models.Discriminator if side == found[0] else DetailDiscriminator,
            image_size=side,
            channels=channels,
            widths=config.discriminator_widths,
            normalization=config.normalization,
            dtype=policy,
            **told,
        )
    return models.LAPGAN(
        networks,
        sides=found,
        objective=models.OBJECTIVES[config.objective],
        discriminator_steps=config.discriminator_steps,
        adversary=config.adversary(iterations),
        latent_distribution=config.latent_distribution,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from gan_apps.runs import draws as kinds
    from models import networks
    from models.lapgan import Pyramid

    arguments = _generators(config, data, "float32")
    for one in arguments:
        one.pop("condition", None)
    coarsest, *details = arguments
    whole = Pyramid(coarsest=coarsest, details=details, condition=data.condition.network)
    return {
        "generator": Draw(
            network=networks.described(whole),
            parts=tuple(f"generator_at_{side}" for side in game.sides),
            shape=data.shape,
            latents=kinds.Latents(
                size=config.levels * config.latent_dim, distribution=config.latent_distribution
            ),
            condition=data.condition,
        )
    }


SYSTEM = System(
    name="lapgan",
    title="draws coarse to fine, a GAN at each level: LAPGAN, and by a flag CC-LAPGAN",
    config=Config,
    game=game,
    draws=draws,
    conditional=True,
    shipped="lapgan_sprites",
)
