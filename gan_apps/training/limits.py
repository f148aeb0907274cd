"""Where a machine ends: too little memory, a full disk, data that are gone, said in one line."""

import contextlib
import math
import re

import tensorflow as tf

from gan_apps.data.tagged import LOST
from gan_apps.operating_system import memory
from gan_apps.settings import Failed, Refused

ADVICE = "Take a smaller one, or narrower networks."


def refuse_what_does_not_fit(batch_size, game):
    """Refuses a minibatch that certainly needs more memory than is left.

    Beyond it a processor's kernels end the process without a word, or Linux does; a GPU's memory is
    not looked at, since TensorFlow says there when it is full.

    Raises:
      Refused: names --batch_size.
    """
    left, needed = memory.free(), least_bytes(game) * batch_size
    if left is not None and needed > left and not tf.config.list_physical_devices("GPU"):
        raise Refused(
            f"--batch_size={batch_size}: needs {needed / 1e9:.1f} GB of memory and more, "
            f"and {left / 1e9:.1f} GB are left. {ADVICE}"
        )


def least_bytes(game):
    """The bytes for an example of a minibatch that an update cannot do without.

    What every layer with weights makes of it is kept for the gradient, in each network that it goes
    through.
    """
    return max(
        sum(_kept(game.networks[name]) for name in player.through or player.networks)
        for player in game.players
    )


def _kept(network):
    # A side that is open, such as the number of labels an image is scored with, is at least 1.
    return sum(
        math.prod(side or 1 for side in layer.output.shape[1:])
        * tf.as_dtype(layer.compute_dtype).size
        for layer in network.layers
        if layer.weights
    )


@contextlib.contextmanager
def said_in_one_line(config, run):
    """Turns what TensorFlow raises at such an end into one line.

    Raises:
      Failed: what is full or gone, and what to do.
    """
    try:
        yield
    except tf.errors.OpError as error:
        lost = re.search(rf"({LOST}.*)", error.message)
        if lost:
            raise Failed(
                f"--dataset={config.dataset}: {lost[1]} The same command goes on with "
                f"--run_dir={run} once the data are there."
            ) from None
        if "No space left on device" in error.message:
            raise Failed(f"--run_dir={run}: no space left on device.") from None
        if isinstance(error, tf.errors.ResourceExhaustedError):
            raise Failed(
                f"--batch_size={config.batch_size}: the memory is full. {ADVICE}"
            ) from None
        raise
    except MemoryError:
        raise Failed(f"--batch_size={config.batch_size}: the memory is full. {ADVICE}") from None
