"""A generator against a discriminator, from settings and data.

TensorFlow is imported inside, since a command reads its system before it is known to train.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gan_apps.runs.draws import Draw, Latents
from gan_apps.settings import GAN

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.divergences import FDivergence
    from models.gan import AbstractGAN
    from models.losses import Objective
    from models.networks import AbstractNetwork

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# The condition that an encoder makes vectors of.
SENTENCES = "sentences"
# What this suite adds to the papers, left out: falling rates, an average of the weights, R1.
WITHOUT = {"decay_fraction": 0.0, "averaging_decay": 0.0, "real_gradient_weight": 0.0}


def built(
    kind: type["AbstractGAN"],
    config: GAN,
    data: "Data",
    iterations: int,
    *,
    judged_by: Mapping | tuple[()] = (),
    encoder_width: int = 0,
    **own: Any,
) -> "AbstractGAN":
    """A game of two, not compiled, its weights as Keras draws them now.

    Args:
      kind: class. A models.gan.AbstractGAN.
      config: settings.GAN with `precision` resolved.
      data: data.Data that it will learn from.
      iterations: int. How long it will be trained.
      judged_by: dict. What the discriminator takes beside what all do; as "kind" its class, if it
        is no models.networks.Discriminator. Default ().
      encoder_width: int. Length of the vectors that sentences become, for data that have such.
      **own: what `kind` takes beside the networks and the loop's arguments.

    Raises:
      ValueError: the settings contradict each other, or the data; names the flag.
    """
    import models
    from models import gan, networks
    from models.normalization import REFERENCE_SIZE

    _, width, channels = data.shape
    judged_by = dict(judged_by)
    kind_of_judge = judged_by.pop("kind", networks.Discriminator)
    condition, encoders = data.condition.network, {}
    if condition is not None and condition["column"] == SENTENCES:
        encoders = {
            name: networks.named(
                "encoder", models.SentenceEncoder, condition=condition, width=encoder_width
            )
            for name in gan.ENCODERS
        }
        condition = {"column": "encoded", "sizes": [encoder_width]}
    made = networks.pair(
        image_size=width,
        channels=channels,
        architecture=config.architecture,
        **({} if condition is None else {"condition": condition}),
        generator={
            "latent_dim": config.latent_dim + sum(config.codes),
            "widths": config.generator_widths,
            "normalization": config.generator_normalization,
        },
        discriminator={
            "widths": config.discriminator_widths,
            "normalization": config.taken_normalization,
            **judged_by,
        },
        judged_by=kind_of_judge,
        dtype=POLICIES[config.precision],
    )
    game = kind({**made, **encoders}, **config.game(iterations), **own)
    if config.normalization == "virtual_batch":
        game.set_reference(data.sample(REFERENCE_SIZE, config.seed))
    return game


def draws(config: GAN, data: "Data", game: "AbstractGAN") -> dict[str, Draw]:
    """What its runs draw: {"generator": Draw}."""
    from models import SentenceGenerator, gan, networks

    network: AbstractNetwork = game.averaged_generator
    parts: tuple[str, ...] = ()
    if gan.ENCODER in game.networks:
        # From a sentence to a picture: what a file holds is both.
        encoder = game.drawn_by(gan.ENCODER)
        network = SentenceGenerator(
            condition=encoder.condition,
            encoder={"width": encoder.width},
            generator=network.get_config(),
        )
        parts = (gan.ENCODER, "generator")
    draw = Draw(
        network=networks.described(network),
        parts=parts,
        shape=data.shape,
        latents=Latents(
            size=config.latent_dim + sum(config.codes),
            distribution=config.latent_distribution,
            codes=config.codes,
        ),
        condition=data.condition,
    )
    return {"generator": draw}


def objective(config: Any) -> "Objective":
    """The models.losses.Objective that a config names."""
    import models

    if config.objective in models.OBJECTIVES:
        return models.OBJECTIVES[config.objective]
    row = divergence(config.objective, config)
    return models.variational(row, config.generator_objective)


def divergence(name: str, config: Any) -> "FDivergence":
    """The row of a divergence, with the config's parameter if it is a family."""
    import models

    parameter = {"jensen_shannon_weighted": config.pi, "alpha": config.alpha}.get(name)
    return models.DIVERGENCES[name] if parameter is None else models.FAMILIES[name](parameter)
