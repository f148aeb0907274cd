"""The next frame of a clip."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games import picture_networks
from gan_apps.runs.draws import Draw
from gan_apps.settings import CLIPS, Averaged, OfClips, Training, changed, rows, setting
from gan_apps.settings.translating import Patched, Translating
from gan_apps.systems import System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(OfClips, Translating, Patched, Averaged, Training):
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
    generator_learning_rate: float = changed(Translating, "generator_learning_rate", 5e-4)
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

    _, size, channels = data.shape
    common = {
        "image_size": size,
        "channels": channels,
        "source_channels": config.history * channels,
    }
    networks = picture_networks.translator("generator", config, **common)
    judge, adversary = picture_networks.against_patches(config, iterations, **common)
    return models.NextFrame(
        {**networks, **judge},
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
    return picture_networks.draws(data, game, frames=config.history)


SYSTEM = System(
    name="next_frame",
    title="goes on with clips: the next frame, and from it the ones after",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("clips",)),
    shipped="next_frame_sprites",
)
