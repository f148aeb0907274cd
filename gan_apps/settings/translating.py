"""Settings of what draws pictures from pictures, and of discriminators of patches."""

import dataclasses

from gan_apps.settings.adversarial import Adversarial
from gan_apps.settings.setting import Settings, changed, setting

# Names of rows of models.translators, spelled here because settings are read without TensorFlow.
TRANSLATORS = ("unet", "residual")
TRANSLATOR_NORMALIZATIONS = ("none", "instance")
PATCHES = ("1", "16", "34", "70")
PATCH_NORMALIZATIONS = ("none", "instance", "spectral")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Translating(Settings):
    """Settings of a translator, a network that draws a picture from another one."""

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
        "instance", "What is normalised in the translator.", choices=TRANSLATOR_NORMALIZATIONS
    )
    residual_blocks: int = setting(
        6,
        "Blocks of a residual translator.",
        minimum=1,
        only_if=("--translator is residual", lambda config: config.translator == "residual"),
    )
    generator_learning_rate: float = setting(
        2e-4, "The optimizer's step size for the translator.", above=0
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patched(Adversarial):
    """Settings of a discriminator that scores patches, and learns from what the generator does."""

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
        choices=PATCH_NORMALIZATIONS,
    )
    discriminator_steps: int = changed(
        Adversarial,
        "discriminator_steps",
        1,
        help="Updates of the discriminator per iteration; all networks learn from one drawing.",
        maximum=1,
    )
    discriminator_learning_rate: float = changed(Adversarial, "discriminator_learning_rate", 2e-4)
    real_gradient_weight: float = changed(Adversarial, "real_gradient_weight", 0.0)
