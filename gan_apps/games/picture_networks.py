"""Networks that draw pictures from pictures, and those that score patches of them.

TensorFlow is imported inside, since a command reads its system before it is known to train.
"""

from typing import TYPE_CHECKING, Any

from gan_apps.games.two_players import POLICIES
from gan_apps.runs.draws import Draw, Pictures

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame
    from models.networks import AbstractNetwork


def with_average(
    name: str, kind: type["AbstractNetwork"], precision: str, **arguments: Any
) -> dict[str, "AbstractNetwork"]:
    """A network that draws, and the one that keeps its average, by their names in a game.

    Args:
      name: str. Its name.
      kind: class of models.
      precision: str. A key of POLICIES; the average is kept in float32.
      **arguments: what `kind` takes.
    """
    from models.networks import named

    return {
        f"{prefix}{name}": named(name, kind, dtype=dtype, **arguments)
        for prefix, dtype in (("", POLICIES[precision]), ("averaged_", "float32"))
    }


def translator(
    name: str, config: Any, *, dropout: float = 0.0, adds: bool = False, **common: Any
) -> dict[str, "AbstractNetwork"]:
    """The models.PictureTranslator that settings name, and its average.

    Args:
      name: str. Its name.
      config: settings.translating.Translating, with `precision` resolved.
      dropout: float. Share of the values left out while training. Default 0.
      adds: bool. Whether it adds to what it is given. Default False.
      **common: image_size, channels and source_channels.
    """
    import models

    return with_average(
        name,
        models.PictureTranslator,
        config.precision,
        translator=config.translator,
        widths=config.generator_widths,
        blocks=config.residual_blocks,
        normalization=config.generator_normalization,
        dropout=dropout,
        adds=adds,
        **common,
    )


def patch_discriminator(name: str, config: Any, **common: Any) -> "AbstractNetwork":
    """The models.PatchDiscriminator that settings name.

    Args:
      name: str. Its name.
      config: settings.translating.Patched, with `precision` resolved.
      **common: image_size, channels and source_channels.
    """
    import models
    from models.networks import named

    return named(
        name,
        models.PatchDiscriminator,
        patch=int(config.patch),
        widths=config.discriminator_widths,
        normalization=config.normalization,
        dtype=POLICIES[config.precision],
        **common,
    )


def against_patches(config: Any, iterations: int, **common: Any) -> tuple[dict, dict]:
    """A discriminator of patches, where a weight asks for one.

    Args:
      config: the same, with an `adversarial_weight`.
      iterations: int. How long the training will be.
      **common: image_size, channels and source_channels.

    Returns:
      ({"discriminator": network}, the arguments of its models.adversary.Adversary), both empty
      where the weight is 0.
    """
    if not config.adversarial_weight:
        return {}, {}
    network = patch_discriminator("discriminator", config, **common)
    return {"discriminator": network}, config.adversary(iterations)


def draws(data: "Data", game: "AbstractGame", **given: Any) -> dict[str, Draw]:
    """What runs of one generator of pictures draw: {"generator": Draw}.

    Args:
      data: data.columns.Data, with "sources".
      game: the game, with a "generator".
      **given: what runs.draws.Pictures says of the sources beside their column and shape.
    """
    from models import networks

    shape = tuple(data.columns["sources"].shape[1:])
    draw = Draw(
        network=networks.described(game.drawn_by("generator")),
        shape=data.shape,
        pictures=Pictures(column="sources", shape=shape, **given),
    )
    return {"generator": draw}
