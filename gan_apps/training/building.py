"""From a system, its settings and data to a compiled game."""

import keras
import tensorflow as tf

from gan_apps.operating_system import quiet
from gan_apps.settings import Refused
from gan_apps.training.schedules import LinearEnd
from models.optimizers import Adam


def build(system, config, data):
    """The compiled game of a system, untrained, its weights drawn from `config.seed`.

    Args:
      system: systems.System.
      config: its settings with `precision` resolved.
      data: data.columns.Data that it will learn from.

    Raises:
      Refused: the settings contradict each other, or the data.
    """
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    quiet.without_remapper()
    iterations = config.num_epochs * (len(data) // config.examples_per_iteration)
    try:
        game = system.game(config, data, iterations)
    except Refused:
        raise
    except ValueError as error:
        raise Refused(f"--{error}") from None

    def optimizer(player):
        # Those of a pyramid's levels, such as generator_at_16, have one for all levels.
        role = player.name.partition("_at_")[0]
        rate = getattr(config, f"{role}_learning_rate")
        schedule = LinearEnd(rate, iterations * player.steps, config.decay_fraction)
        if config.optimizer == "rmsprop":
            return keras.optimizers.RMSprop(schedule, rho=config.beta_2)
        return Adam(schedule, beta_1=config.beta_1, beta_2=config.beta_2)

    optimizers = {player.name: optimizer(player) for player in game.players}
    game.compile(optimizers, jit_compile=config.jit_compile)
    return game
