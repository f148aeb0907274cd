"""BiGAN, and ALI by a recipe: a generator with an encoder that finds the code of a picture."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps import settings
from gan_apps.games.two_players import POLICIES, WITHOUT
from gan_apps.runs.draws import Draw, Latents, Pictures
from gan_apps.settings import (
    ARCHITECTURES,
    Adversarial,
    Averaged,
    Training,
    changed,
    rows,
    setting,
)
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame

# What is normalised in the generator and in the encoder.
NORMALIZATIONS = ("none", "batch")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(settings.Latents, Adversarial, Averaged, Training):
    """Settings of BiGAN, chosen by measurement (benchmarks/RESULTS.md)."""

    objective: str = setting(
        "non_saturating", "What a score costs the networks.", choices=rows.objectives
    )
    latent_dim: int = changed(settings.Latents, "latent_dim", 50, help="Length of the code.")
    latent_distribution: str = changed(
        settings.Latents,
        "latent_distribution",
        "normal",
        help="What codes are drawn from, which the encoder's come to be like: a normal "
        "distribution, the sphere, or the cube [-1, 1].",
    )
    code_noise: bool = setting(
        False,
        "Let the encoder say a mean and a deviation, from which the code is drawn (ALI); without "
        "it the code is a function of the picture (BiGAN).",
    )
    architecture: str = setting(
        "dcgan",
        "The networks: convolutions (dcgan, dvbpr) or dense layers (mlp).",
        choices=ARCHITECTURES,
    )
    encoder_widths: tuple = setting(
        (), "Feature maps of the encoder, fine to coarse; none: what fits.", minimum=1
    )
    generator_widths: tuple = setting(
        (), "Feature maps of the generator, coarse to fine; none: what fits.", minimum=1
    )
    joint_width: int = setting(
        512, "Units of the discriminator that see the code, and that see it with the picture.",
        minimum=1,
    )  # fmt: skip
    generator_normalization: str = setting(
        "batch", "What is normalised in the generator.", choices=NORMALIZATIONS
    )
    encoder_normalization: str = setting(
        "batch", "What is normalised in the encoder.", choices=NORMALIZATIONS
    )
    normalization: str = changed(
        Adversarial, "normalization", "none", choices=("none", "batch", "spectral")
    )
    discriminator_learning_rate: float = changed(Adversarial, "discriminator_learning_rate", 1e-3)
    generator_learning_rate: float = setting(
        1e-3, "The optimizer's step size for the generator and the encoder.", above=0
    )

    def check(self) -> None:
        settings.refuse_steep(self)


def _networks(config: Config, shape: tuple[int, ...], dtype: str) -> tuple[dict, dict]:
    """The arguments of an Encoder and of a Generator."""
    _, size, channels = shape
    shared = {
        "latent_dim": config.latent_dim,
        "image_size": size,
        "channels": channels,
        "architecture": config.architecture,
        "dtype": dtype,
    }
    encoder = {
        **shared,
        "widths": config.encoder_widths,
        "noise": config.code_noise,
        # To mean 0 and variance 1, which the other priors have.
        "levelled": config.latent_distribution != "uniform",
        "normalization": config.encoder_normalization,
    }
    generator = {
        **shared,
        "widths": config.generator_widths,
        "normalization": config.generator_normalization,
    }
    return encoder, generator


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models
    from models.bigan import JointDiscriminator
    from models.networks import named

    _, size, channels = data.shape
    policy = POLICIES[config.precision]
    networks = {}
    for prefix, dtype in (("", policy), ("averaged_", "float32")):
        encoder, generator = _networks(config, data.shape, dtype)
        networks[f"{prefix}generator"] = named("generator", models.Generator, **generator)
        networks[f"{prefix}encoder"] = named("encoder", models.Encoder, **encoder)
    networks["discriminator"] = named(
        "discriminator",
        JointDiscriminator,
        latent_dim=config.latent_dim,
        joint_width=config.joint_width,
        image_size=size,
        channels=channels,
        architecture=config.architecture,
        widths=config.discriminator_widths,
        normalization=config.normalization,
        dtype=policy,
    )
    return models.BiGAN(
        networks,
        objective=models.OBJECTIVES[config.objective],
        discriminator_steps=config.discriminator_steps,
        adversary=config.adversary(iterations),
        latent_distribution=config.latent_distribution,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from models import networks
    from models.bigan import Redrawn

    encoder, generator = _networks(config, data.shape, "float32")
    return {
        "generator": Draw(
            network=networks.described(game.drawn_by("generator")),
            shape=data.shape,
            latents=Latents(size=config.latent_dim, distribution=config.latent_distribution),
        ),
        "reconstruction": Draw(
            network=networks.described(Redrawn(encoder=encoder, generator=generator)),
            parts=("encoder", "generator"),
            shape=data.shape,
            pictures=Pictures(column="images", shape=data.shape),
            coded_for="generator",
        ),
    }


SYSTEM = System(
    name="bigan",
    title="finds codes of pictures, and draws from codes: BiGAN, and by a recipe ALI",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("latents", "pictures")),
    shipped="bigan_digits",
    recipes={
        "paper": Recipe(
            reference="Donahue et al. 2017, arXiv 1605.09782, section 4.1 (permutation-invariant "
            "MNIST)",
            values={
                **WITHOUT,
                "code_noise": False,
                "latent_dim": 50,
                "latent_distribution": "uniform",
                "architecture": "mlp",
                "generator_widths": (1024, 1024),
                "encoder_widths": (1024, 1024),
                "discriminator_widths": (1024,),
                "joint_width": 1024,
                "generator_normalization": "batch",
                "encoder_normalization": "batch",
                "normalization": "batch",
                "batch_size": 128,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.0002,
                "beta_1": 0.5,
                "beta_2": 0.999,
                "objective": "non_saturating",
            },
        ),
        "ali": Recipe(
            reference="Dumoulin et al. 2017, arXiv 1606.00704, section 2, whose encoder has noise; "
            "networks and rates as chosen here",
            values={"code_noise": True, "latent_distribution": "normal"},
        ),
    },
)
