"""What turns latents and labels into images: LiteRT, or Keras with the run's weights."""

import importlib.util
import sys
import warnings
import zipfile
import zlib

import numpy as np

from gan_apps.machine import files, quiet
from gan_apps.runs import run_dir, saved_states
from gan_apps.settings import Refused

RUNTIMES = ("auto", "litert", "keras")
# What reading a damaged file of weights raises, or one of another network's.
_NOT_READ = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    UserWarning,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
# Images per call of the Keras network: enough to be fast, little memory.
KERAS_BATCH = 100


def open_generator(run, recipe, runtime="auto", state=None):
    """The generator of a run as a function {"latents": [n, d], ...} -> images [n, h, w, c].

    Args:
      run: path of a run directory.
      recipe: run_dir.Recipe of the run.
      runtime: "litert", "keras", or "auto": LiteRT where it is installed, else Keras, with a word
        about it on stderr.
      state: as in `weights`; a state is drawn from with Keras.

    Raises:
      Refused: the runtime is unknown or not installed, or the run's file is missing or damaged.
    """
    if runtime not in RUNTIMES:
        raise Refused(f"--runtime={runtime}: must be one of {', '.join(RUNTIMES)}.")
    if state is not None:
        if runtime == "litert":
            raise Refused(f"--runtime=litert: --state={state} is drawn from with Keras.")
        return in_batches(keras_network(weights(run, state), recipe))
    installed = importlib.util.find_spec("ai_edge_litert") is not None
    if runtime == "litert" and not installed:
        raise Refused("--runtime=litert: ai-edge-litert is not installed for this platform.")
    if runtime == "auto" and not installed:
        print(
            "ai-edge-litert is not installed: drawing with Keras, which starts slower.",
            file=sys.stderr,
        )
    if runtime == "keras" or not installed:
        return in_batches(keras_network(weights(run), recipe))
    return litert_generator(run_dir.checked(run, run_dir.LITERT), recipe)


def litert_generator(path, recipe):
    """The generator of a .tflite file, as `open_generator` gives it."""
    with quiet.stderr():
        runner = _runner(path, (1, recipe.latent_dim))
    if runner is None:
        raise _disagreement(path)

    def images(inputs):
        # One picture a call: its pixels do not depend on which pictures are drawn with it.
        return np.concatenate([runner(**row)["images"].copy() for row in _parts(inputs, 1)])

    return images


def _runner(path, shape):
    """The signature `latents` of a .tflite file that takes that shape, or None if it has none."""
    interpreter_module = importlib.import_module("ai_edge_litert.interpreter")
    try:
        interpreter = interpreter_module.Interpreter(files.in_utf8(path), num_threads=1)
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner("latents")
        taken = tuple(runner.get_input_details()["latents"]["shape"])
    except (ValueError, RuntimeError, KeyError):
        return None
    return runner if taken == shape else None


def weights(run, state=None):
    """The file of a run's weights for Keras.

    Args:
      run: path of a run directory.
      state: str or None. A saved state, as `saved_states.named` finds it; None, the finished
        generator.

    Raises:
      Refused: there is none, or the finished generator is not the one that was written.
    """
    if state is not None:
        return saved_states.named(run, state)
    return run_dir.checked(run, run_dir.KERAS_WEIGHTS)


def keras_network(path, recipe):
    """The Keras network of a run with the weights of the file `path`, as `weights` gives it."""
    quiet.import_tensorflow()
    networks = importlib.import_module("models.networks")
    try:
        generator = networks.rebuilt(recipe.generator)
        if path.suffix == ".npz":
            generator.set_weights(_arrays_of_state(path))
            return generator
        with warnings.catch_warnings():
            # Keras only warns of weights that it does not find, and leaves them random.
            warnings.simplefilter("error", UserWarning)
            generator.load_weights(path)
    except _NOT_READ:
        raise _disagreement(path) from None
    return generator


def _arrays_of_state(path):
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        names = [name for name in archive.files if name.startswith(saved_states.DRAWN_FROM + "/")]
        return [archive[name] for name in sorted(names)]


def in_batches(network):
    """A network as a function of any number of inputs, as `open_generator` gives it."""

    def images(inputs):
        batches = [network(part, training=False) for part in _parts(inputs, KERAS_BATCH)]
        return np.concatenate([np.asarray(batch) for batch in batches])

    return images


def _parts(inputs, size):
    """Inputs {name: [n, ...]}, `size` rows at a time."""
    for start in range(0, len(inputs["latents"]), size):
        yield {name: values[start : start + size] for name, values in inputs.items()}


def _disagreement(path):
    run = path.parent.parent if path.parent.name == run_dir.STATES else path.parent
    return Refused(
        f"--run_dir={run}: {path.name} is not the generator that {run_dir.CONFIG} describes."
    )
