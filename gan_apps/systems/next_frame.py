"""The next frame of a clip."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games.two_players import POLICIES
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.settings import (
    CLIPS,
    Adversarial,
    Averaged,
    OfClips,
    Training,
    changed,
    rows,
    setting,
)
from gan_apps.systems import System
from gan_apps.systems.pix2pix import (
    GENERATOR_NORMALIZATIONS,
    NORMALIZATIONS,
    PATCHES,
    TRANSLATORS,
)

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(OfClips, Adversarial, Averaged, Training):
    """Settings of the next frame."""

    dataset: str = changed(
        Training,
        "dataset",
        CLIPS[0],
        help="What to learn: a folder or zip of clips, each a folder of numbered frames, an "
        "animation (GIF, APNG, WebP) or, with --sheet, a row of a picture; or digits that move: "
        "moving_digits, which the edges reflect, or stochastic_digits, which turn there at random.",
    )
    objective: str = setting(
        "non_saturating", "What a score costs the two networks.", choices=rows.objectives
    )
    power: float = setting(
        2.0, "p of the distance of pixels, mean(abs(x - y)**p).", minimum=1, maximum=4
    )
    lp_weight: float = setting(1.0, "Weight of that distance.", minimum=0)
    gradient_difference_weight: float = setting(
        1.0, "Weight of the distance of edges to the true ones.", minimum=0
    )
    adversarial_weight: float = setting(
        0.05, "Weight of what the discriminator's scores cost; 0 to train without one.", minimum=0
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
    generator_learning_rate: float = setting(
        5e-4, "The optimizer's step size for the generator.", above=0
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
    batch_size: int = changed(Training, "batch_size", 16, help="Examples per update.")
    beta_1: float = changed(Training, "beta_1", 0.5)
    beta_2: float = changed(Training, "beta_2", 0.999)

    def check(self) -> None:
        weights = self.lp_weight, self.gradient_difference_weight, self.adversarial_weight
        if not any(weights):
            raise ValueError(
                "lp_weight must be above 0 with --gradient_difference_weight=0 and "
                "--adversarial_weight=0: nothing else is minimised."
            )


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models
    from models.networks import named

    _, size, channels = data.shape
    common = {
        "image_size": size,
        "channels": channels,
        "source_channels": config.history * channels,
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
            dropout=0.0,
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
    return models.NextFrame(
        networks,
        objective=models.OBJECTIVES[config.objective],
        power=config.power,
        lp_weight=config.lp_weight,
        gradient_difference_weight=config.gradient_difference_weight,
        adversarial_weight=config.adversarial_weight,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
        **adversary,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from models import networks

    pictures = Pictures(
        column="sources",
        shape=tuple(data.columns["sources"].shape[1:]),
        frames=config.history,
    )
    network = networks.described(game.drawn_by("generator"))
    return {"generator": Draw(network=network, shape=data.shape, pictures=pictures)}


SYSTEM = System(
    name="next_frame",
    title="goes on with clips: the next frame, and from it the ones after",
    config=Config,
    game=game,
    draws=draws,
    takes="clips",
    shipped="next_frame_sprites",
)
