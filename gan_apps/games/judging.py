"""What the runs of games that judge pictures keep, and how such a judge is tested.

TensorFlow is imported inside, since a command reads its system before it is known to train.
"""

from typing import TYPE_CHECKING

from gan_apps.runs.judge import Judge
from gan_apps.settings import Training

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


def judges(config: Training, data: "Data", game: "AbstractGame") -> dict[str, Judge]:
    """What its runs judge with: {name: Judge}, every network of the game."""
    from models import networks

    return {
        name: Judge(network=networks.described(network), shape=data.shape, condition=data.condition)
        for name, network in game.networks.items()
    }


def read_right(game: "AbstractGame", data: "Data") -> dict[str, dict[str, float]]:
    """How often the classifier of a game reads what data show.

    Returns:
      {"test_accuracy": {noun, or "all": share}}.
    """
    from gan_apps.evaluation import classifiers

    return {"test_accuracy": classifiers.accuracy(game.networks["classifier"], data)}


def matched(game: "AbstractGame", data: "Data") -> dict[str, dict[str, float]]:
    """How often the own sentence of a picture is the nearest among matchers.AMONG.

    Returns:
      {"r_precision": {among how many: share}}.
    """
    from gan_apps.evaluation import matchers

    found = matchers.Matcher.of(game.networks["matcher"], game.networks["encoder"])
    right = found.precision(data.images, data.numbers[:, 0], seed=0)
    return {"r_precision": {str(matchers.AMONG): float(right.mean())}}
