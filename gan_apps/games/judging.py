"""What the runs of games that judge pictures keep, and how such a judge is tested.

TensorFlow is imported inside, since a command reads its system before it is known to train.
"""

from gan_apps.runs.judge import Judge


def judges(config, data, game):
    """What its runs judge with: {name: Judge}, every network of the game."""
    from models import networks

    return {
        name: Judge(network=networks.described(network), shape=data.shape, condition=data.condition)
        for name, network in game.networks.items()
    }


def read_right(game, data):
    """How often the classifier of a game reads what data show: {noun, or "all": share}."""
    from gan_apps.evaluation import judges

    return judges.accuracy(game.networks["classifier"], data)
