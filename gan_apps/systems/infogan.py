"""InfoGAN: the DCGAN with codes among its latents, which are read back from its pictures."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps import settings
from gan_apps.games import two_players
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.settings import GAN, Labelled, changed, rows, setting
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Labelled, GAN):
    """Settings of InfoGAN, chosen by measurement (benchmarks/RESULTS.md)."""

    objective: str = setting(
        "non_saturating", "What a score costs the two networks.", choices=rows.objectives
    )
    latent_dim: int = changed(
        GAN, "latent_dim", 32, help="Length of the noise; the codes are drawn beside it."
    )
    values: tuple = setting(
        (10,),
        "Codes that are one of several values: how many each has, such as 10 or 10,4.",
        minimum=2,
    )
    numbers: int = setting(2, "Codes that are a number from -1 to 1.", minimum=0)
    information_weight: float = setting(
        1.0, "Weight of the information about codes of several values.", minimum=0
    )
    uniform_weight: float = setting(
        0.2, "Weight of the information about codes that are numbers.", minimum=0
    )
    code_augmentations: str = setting(
        "warp,translation",
        "How pictures are changed before codes of several values are read, so that these come to "
        "be kinds: names as in --augmentations.",
    )
    agreement_weight: float = setting(
        4.0,
        "Weight of how alike those codes are read of a real picture and of the same one changed.",
        minimum=0,
    )
    number_noise: float = setting(
        1.5,
        "Deviation of the noise through which numbers are read, so that each comes to turn what is "
        "seen in spite of it; pixels go from -1 to 1.",
        minimum=0,
    )
    number_augmentations: str = setting(
        "none;warp",
        "How pictures are changed besides before a number is read: names as in --augmentations for "
        "each number, with ; between them, the last for all that follow. With warp a number turns "
        "what a warp leaves, such as the width of strokes.",
    )
    learned_deviation: bool = setting(
        True,
        "Let what reads a number say how sure it is, which makes each number turn one thing alone; "
        "without it, its deviation is 1.",
    )
    discriminator_learning_rate: float = changed(GAN, "discriminator_learning_rate", 1e-3)
    generator_learning_rate: float = changed(GAN, "generator_learning_rate", 1e-3)

    @property
    def codes(self) -> tuple[int, ...]:
        """The kinds of its codes, as in models.codes, in the order of --codes."""
        return (*self.values, *(1,) * self.numbers)

    @property
    def taken_code_augmentations(self) -> tuple[str, ...]:
        """What `code_augmentations` comes to: a tuple of names."""
        return settings.names_of_augmentations(self.code_augmentations)

    @property
    def taken_number_augmentations(self) -> tuple[tuple[str, ...], ...]:
        """What `number_augmentations` comes to: a tuple of names for each number."""
        return tuple(map(settings.names_of_augmentations, self.number_augmentations.split(";")))

    def check(self) -> None:
        settings.refuse_steep(self)
        settings.refuse_unknown_augmentations("code_augmentations", self.taken_code_augmentations)
        for names in self.taken_number_augmentations:
            settings.refuse_unknown_augmentations("number_augmentations", names)
        if not self.codes:
            raise ValueError("numbers must be 1 or more without --values: there is no code.")


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models.infogan import InfoGAN, ReadingDiscriminator

    return two_players.built(
        InfoGAN,
        config,
        data,
        iterations,
        judged_by={
            "kind": ReadingDiscriminator,
            "codes": config.codes,
            "learned_deviation": config.learned_deviation,
        },
        objective=two_players.objective(config),
        information_weight=config.information_weight,
        uniform_weight=config.uniform_weight,
        code_augmentations=config.taken_code_augmentations,
        agreement_weight=config.agreement_weight,
        number_noise=config.number_noise,
        number_augmentations=config.taken_number_augmentations,
        label_smoothing=config.label_smoothing,
        flipped_labels=config.flipped_labels,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from models import networks
    from models.infogan import Typical

    drawn = two_players.draws(config, data, game)
    reader = {**game.networks["discriminator"].arguments, "dtype": "float32"}
    whole = Typical(discriminator=reader, generator=drawn["generator"].network["config"])
    typical = Draw(
        network=networks.described(whole),
        parts=("discriminator", "generator"),
        shape=data.shape,
        pictures=Pictures(column="images", shape=data.shape),
    )
    return {**drawn, "typical": typical}


SYSTEM = System(
    name="infogan",
    title="finds kinds and directions that nobody named, and draws by them: InfoGAN",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("latents", "codes", "pictures")),
    shipped="infogan_digits",
    recipes={
        "paper": Recipe(
            reference="Chen et al. 2016, arXiv 1606.03657, appendix C.1 (MNIST)",
            values={
                **two_players.WITHOUT,
                "architecture": "dcgan",
                "normalization": "batch",
                "generator_normalization": "batch",
                "generator_widths": (128, 64),
                "discriminator_widths": (64, 128),
                "latent_dim": 62,
                "latent_distribution": "uniform",
                "values": (10,),
                "numbers": 2,
                "information_weight": 1.0,
                "uniform_weight": 0.1,
                "learned_deviation": False,
                "code_augmentations": "none",
                "agreement_weight": 0.0,
                "number_noise": 0.0,
                "number_augmentations": "none",
                "batch_size": 128,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.001,
                "beta_1": 0.5,
                "beta_2": 0.999,
                "objective": "non_saturating",
            },
        )
    },
)
