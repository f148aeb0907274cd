"""Pictures of one set into those of another, without pairs."""

import dataclasses
from typing import TYPE_CHECKING, Any

from gan_apps.games import picture_networks
from gan_apps.games.two_players import WITHOUT
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.settings import SIDES, Averaged, Sided, Training, changed, rows, setting
from gan_apps.settings.translating import Patched, Translating
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Sided, Translating, Patched, Averaged, Training):
    """Settings of CycleGAN."""

    dataset: str = changed(
        Training,
        "dataset",
        "mnist",
        help="What to learn: a folder or zip with the folders trainA and trainB (and testA and "
        "testB), or tfds:cycle_gan/NAME; or, with --side_a and --side_b, mnist, fashion_mnist, "
        "digits, tfds:NAME, a folder with a folder in it for each label, a folder or zip with a "
        "tags.csv.",
    )
    batch_size: int = changed(
        Training, "batch_size", 4, help="Pictures of either set per update.", minimum=1
    )
    objective: str = setting(
        "least_squares", "What a score costs the networks.", choices=rows.objectives
    )
    cycle_weight: float = setting(
        10.0,
        "Weight of the distance of a pixel from what it is when its picture is drawn as one of the "
        "other set and back; 0 to train without.",
        minimum=0,
    )
    identity_weight: float = setting(
        5.0,
        "Weight of what a network changes in a picture of the set that it draws; 0 to train "
        "without.",
        minimum=0,
    )
    pool_size: int = setting(
        50,
        "Drawn pictures of either set that are kept, of which a discriminator is shown one for "
        "every other new one; 0 for none.",
        minimum=0,
    )
    translator: str = changed(Translating, "translator", "residual")
    adds: bool = setting(
        False,
        "Let the networks draw what is to be added to a picture, instead of a new one: for kinds "
        "that differ in a part of it.",
    )
    patch: str = changed(Patched, "patch", "70")
    beta_1: float = changed(Training, "beta_1", 0.5)
    beta_2: float = changed(Training, "beta_2", 0.999)

    @property
    def examples_per_iteration(self) -> int:
        return len(SIDES) * self.batch_size

    # The step sizes by the players' names.
    @property
    def discriminator_a_learning_rate(self) -> float:
        return self.discriminator_learning_rate

    discriminator_b_learning_rate = discriminator_a_learning_rate

    def check(self) -> None:
        if 0 < self.pool_size < self.batch_size:
            raise ValueError(
                f"pool_size must be 0 or at least --batch_size={self.batch_size}, got "
                f"{self.pool_size}."
            )
        if self.pool_size and self.distribute != "none":
            raise ValueError(
                f"pool_size must be 0 with --distribute={self.distribute}, got {self.pool_size}: "
                "each replica would have a pool of its own."
            )


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    import models

    _, size, channels = data.shape
    common = {"image_size": size, "channels": channels}
    networks: dict[str, Any] = {}
    for side in SIDES:
        name = f"generator_{side}"
        networks |= picture_networks.translator(
            name, config, adds=config.adds, source_channels=channels, **common
        )
    for side in SIDES:
        name = f"discriminator_{side}"
        networks[name] = picture_networks.patch_discriminator(
            name, config, source_channels=0, **common
        )
    return models.CycleGAN(
        networks,
        objective=models.OBJECTIVES[config.objective],
        cycle_weight=config.cycle_weight,
        identity_weight=config.identity_weight,
        pool_size=config.pool_size,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
        **config.adversary(iterations),
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from models import networks

    # From a to b first, the way that is looked at while training.
    return {
        f"generator_{drawn}": Draw(
            network=networks.described(game.drawn_by(f"generator_{drawn}")),
            shape=data.shape,
            pictures=Pictures(column="sources", shape=data.shape, side=given),
        )
        for given, drawn in zip(SIDES, reversed(SIDES), strict=True)
    }


SYSTEM = System(
    name="cyclegan",
    title="draws pictures of one kind as another, without pairs: CycleGAN",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("sides",)),
    shipped="cyclegan_hair",
    recipes={
        "paper": Recipe(
            reference="Zhu et al. 2017, arXiv 1703.10593, sections 4, 5.2 and 7.1, with the "
            "identity term that they take for paintings",
            values={
                **WITHOUT,
                "decay_fraction": 0.5,
                "translator": "residual",
                "generator_widths": (256, 128, 64),
                "generator_normalization": "instance",
                "residual_blocks": 6,
                "patch": "70",
                "discriminator_widths": (64, 128, 256, 512),
                "normalization": "instance",
                "batch_size": 1,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.0002,
                "beta_1": 0.5,
                "beta_2": 0.999,
                "objective": "least_squares",
                "cycle_weight": 10.0,
                "identity_weight": 5.0,
                "pool_size": 50,
            },
        )
    },
)
