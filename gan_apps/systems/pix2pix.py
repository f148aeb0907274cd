"""Pictures from pictures: pairs, or sketches that become what they were drawn from."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games.two_players import POLICIES, WITHOUT
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.settings import MADE, Adversarial, Averaged, Paired, Training, changed, rows, setting
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame

# Names of rows of models.translators, spelled here because settings are read without TensorFlow.
TRANSLATORS = ("unet", "residual")
PATCHES = ("1", "16", "34", "70")
GENERATOR_NORMALIZATIONS = ("none", "instance")
NORMALIZATIONS = ("none", "instance", "spectral")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Paired, Adversarial, Averaged, Training):
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
    translator: str = setting(
        "unet",
        "The network that draws: halvings and doublings with skips between them (unet), or two "
        "halvings, --residual_blocks and two doublings (residual).",
        choices=TRANSLATORS,
    )
    generator_widths: tuple = setting(
        (), "Feature maps of the translator, coarse to fine; none: what fits.", minimum=1
    )
    generator_normalization: str = setting(
        "instance", "What is normalised in the translator.", choices=GENERATOR_NORMALIZATIONS
    )
    residual_blocks: int = setting(
        6,
        "Blocks of a residual translator.",
        minimum=1,
        only_if=("--translator is residual", lambda config: config.translator == "residual"),
    )
    dropout: float = setting(
        0.5,
        "Share of the values left out while training, in a unet's first three doublings or in the "
        "blocks of a residual; drawing leaves none out.",
        minimum=0,
        below=1,
    )
    generator_learning_rate: float = setting(
        2e-4, "The optimizer's step size for the generator.", above=0
    )
    left_out: float = setting(
        0.0,
        "Most of a sketch that is left blank while training, each time a random share in squares: "
        "what has seen sparse sketches draws from sparse ones, such as people's.",
        minimum=0,
        maximum=1,
        only_if=("--sources is edges", lambda config: config.sources == "edges"),
    )
    patch: str = setting(
        "34",
        "Side in pixels of the patches that the discriminator scores, each by itself.",
        choices=PATCHES,
    )
    normalization: str = changed(
        Adversarial,
        "normalization",
        "instance",
        help="What is normalised in the discriminator.",
        choices=NORMALIZATIONS,
    )
    discriminator_steps: int = changed(
        Adversarial,
        "discriminator_steps",
        1,
        help="Updates of the discriminator per iteration; both networks learn from one drawing.",
        maximum=1,
    )
    discriminator_learning_rate: float = changed(Adversarial, "discriminator_learning_rate", 2e-4)
    real_gradient_weight: float = changed(Adversarial, "real_gradient_weight", 0.0)
    beta_1: float = changed(Training, "beta_1", 0.5)
    beta_2: float = changed(Training, "beta_2", 0.999)

    def check(self) -> None:
        if not self.l1_weight and not self.adversarial_weight:
            raise ValueError(
                "l1_weight must be above 0 with --adversarial_weight=0: nothing else is minimised."
            )


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models
    from models.networks import named

    _, size, channels = data.shape
    common = {
        "image_size": size,
        "channels": channels,
        "source_channels": data.columns["sources"].shape[-1],
    }
    policy = POLICIES[config.precision]
    networks, adversary = {}, {}
    for prefix, dtype in (("", policy), ("averaged_", "float32")):
        networks[f"{prefix}generator"] = named(
            "generator",
            models.PictureTranslator,
            translator=config.translator,
            widths=config.generator_widths,
            blocks=config.residual_blocks,
            normalization=config.generator_normalization,
            dropout=config.dropout,
            dtype=dtype,
            **common,
        )
    if config.adversarial_weight:
        adversary = config.adversary(iterations)
        networks["discriminator"] = named(
            "discriminator",
            models.PatchDiscriminator,
            patch=int(config.patch),
            widths=config.discriminator_widths,
            normalization=config.normalization,
            dtype=policy,
            **common,
        )
    return models.Pix2Pix(
        networks,
        objective=models.OBJECTIVES[config.objective],
        l1_weight=config.l1_weight,
        adversarial_weight=config.adversarial_weight,
        left_out=config.left_out,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
        **adversary,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from models import networks

    pictures = Pictures(
        column="sources",
        shape=tuple(data.columns["sources"].shape[1:]),
        made_by=config.sources if config.sources in MADE else None,
    )
    network = networks.described(game.drawn_by("generator"))
    return {"generator": Draw(network=network, shape=data.shape, pictures=pictures)}


SYSTEM = System(
    name="pix2pix",
    title="draws pictures from pictures, such as faces from sketches: pix2pix",
    config=Config,
    game=game,
    draws=draws,
    takes="pictures",
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
