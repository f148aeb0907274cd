"""The f-GAN: a GAN for every f-divergence."""

import dataclasses

from gan_apps.games import gan
from gan_apps.settings import GAN, Divergence, rows, setting
from gan_apps.systems import System


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GAN, Divergence):
    """Settings of the f-GAN."""

    divergence: str = setting(
        "jensen_shannon", "Which f-divergence to minimise.", choices=rows.divergences
    )

    @property
    def minimises(self):
        return self.divergence


def game(config, data, iterations):
    from models import FGAN

    return gan.built(
        FGAN,
        config,
        data,
        iterations,
        divergence=gan.divergence(config.divergence, config),
        generator_objective=config.generator_objective,
    )


SYSTEM = System(
    name="fgan",
    title="draws from noise, minimising any of eleven f-divergences",
    config=Config,
    game=game,
    draws=gan.draws,
    shipped="fgan_digits",
)
