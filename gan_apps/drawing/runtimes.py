"""What turns latents and labels into images: LiteRT, or Keras with the run's weights."""

import importlib.util
import sys
import warnings

import numpy as np

from gan_apps.machine import quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

RUNTIMES = ("auto", "litert", "keras")
# Images per call of the Keras network: enough to be fast, little memory.
KERAS_BATCH = 100


def open_generator(run, recipe, runtime="auto", name=None):
    """What a run draws with, as a function {input: [n, ...]} -> images [n, h, w, c] in [-1, 1].

    Args:
      run: path of a run directory.
      recipe: run_dir.Recipe of the run.
      runtime: "litert", "keras", or "auto": LiteRT where it is installed, else Keras, with a word
        about it on stderr.
      name: str or None. Which of the recipe's draws; None for the first.

    Raises:
      Refused: the run draws nothing, the runtime is unknown or not installed, or the run's file is
        missing or damaged.
    """
    if runtime not in RUNTIMES:
        raise Refused(f"--runtime={runtime}: must be one of {', '.join(RUNTIMES)}.")
    if not recipe.draws:
        raise Refused(
            f"--run_dir={run}: a run of gan_apps.{recipe.system} judges pictures and draws none."
        )
    name = name or next(iter(recipe.draws))
    installed = importlib.util.find_spec("ai_edge_litert") is not None
    if runtime == "litert" and not installed:
        raise Refused("--runtime=litert: ai-edge-litert is not installed for this platform.")
    if runtime == "auto" and not installed:
        print(
            "ai-edge-litert is not installed: drawing with Keras, which starts slower.",
            file=sys.stderr,
        )
    if runtime == "keras" or not installed:
        weights = run_dir.checked(run, name + run_dir.KERAS_WEIGHTS)
        return _keras_generator(weights, recipe.draws[name])
    return litert_generator(run_dir.checked(run, name + run_dir.LITERT), recipe.draws[name])


def litert_generator(path, draw):
    """What a .tflite file draws, as `open_generator` gives it.

    Args:
      path: pathlib.Path of the file.
      draw: runs.draws.Draw.
    """
    with quiet.stderr():
        runner = _runner(path, draw)
    if runner is None:
        raise _disagreement(path)

    def images(inputs):
        # One picture a call: its pixels do not depend on which pictures are drawn with it.
        return np.concatenate([runner(**row)["images"].copy() for row in _parts(inputs, 1)])

    return images


def _runner(path, draw):
    """The signature of a .tflite file that takes what a draw does, or None if it has none."""
    interpreter_module = importlib.import_module("ai_edge_litert.interpreter")
    try:
        interpreter = interpreter_module.Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner(draw.signature)
        details = runner.get_input_details()
        taken = {name: tuple(detail["shape"])[1:] for name, detail in details.items()}
    except (ValueError, RuntimeError, KeyError):
        return None
    return runner if taken == {name: shape for name, (shape, _) in draw.inputs.items()} else None


def keras_network(path, draw):
    """The Keras network of a draw with the weights of the file `path`."""
    quiet.import_tensorflow()
    networks = importlib.import_module("models.networks")
    try:
        network = networks.rebuilt(draw.network)
        with warnings.catch_warnings():
            # Keras only warns of weights that it does not find, and leaves them random.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(path)
    except (OSError, ValueError, TypeError, KeyError, UserWarning):
        raise _disagreement(path) from None
    return network


def _keras_generator(path, draw):
    network = keras_network(path, draw)

    def images(inputs):
        batches = [network(part, training=False) for part in _parts(inputs, KERAS_BATCH)]
        return np.concatenate([np.asarray(batch) for batch in batches])

    return images


def _parts(inputs, size):
    """Inputs {name: [n, ...]}, `size` rows at a time."""
    for start in range(0, len(next(iter(inputs.values()))), size):
        yield {name: values[start : start + size] for name, values in inputs.items()}


def _disagreement(path):
    return Refused(
        f"--run_dir={path.parent}: {path.name} is not the network that {run_dir.CONFIG} describes."
    )
