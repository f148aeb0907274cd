"""What turns latents, conditions and pictures into images: LiteRT or Keras."""

import importlib.util
import os
import sys
import warnings
import zipfile
import zlib

import numpy as np

import gan_apps
from gan_apps.drawing import tiles
from gan_apps.operating_system import files, quiet
from gan_apps.runs import run_dir, saved_states
from gan_apps.runs.draws import IMAGES, LATENTS
from gan_apps.settings import Refused
from gan_apps.settings.drawing import RUNTIMES

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
# The signature and the output of what makes a sketch of IMAGES.
SKETCHED = "sources"
# Images per call of the Keras network: enough to be fast, little memory.
KERAS_BATCH = 100


def open_generator(run, recipe, runtime="auto", state=None, name=None):
    """What a run draws with, as a function {input: [n, ...]} -> images [n, h, w, c] in [-1, 1].

    Args:
      run: path of a run directory.
      recipe: run_dir.Recipe of the run.
      runtime: "litert", "keras", or "auto": LiteRT where it is installed, else Keras, with a word
        about it on stderr.
      state: as in `weights`; a state is drawn from with Keras.
      name: str or None. Which of the recipe's draws; None for the first.

    Raises:
      Refused: the run draws nothing, or not that; the runtime is unknown or not installed; or the
        run's file is missing or damaged.
    """
    if runtime not in RUNTIMES:
        raise Refused(f"--runtime={runtime}: must be one of {', '.join(RUNTIMES)}.")
    name, draw = named_draw(run, recipe, name)
    if state is not None:
        if runtime == "litert":
            raise Refused(f"--runtime=litert: --state={state} is drawn from with Keras.")
        return keras_generator(keras_network(weights(run, name, state), name, draw), draw)
    installed = _litert_is_installed()
    if runtime == "litert" and not installed:
        raise Refused("--runtime=litert: ai-edge-litert is not installed for this platform.")
    if runtime == "auto" and not installed:
        print(
            "ai-edge-litert is not installed: drawing with Keras, which starts slower.",
            file=sys.stderr,
        )
    if runtime == "keras" or not installed:
        return keras_generator(keras_network(weights(run, name), name, draw), draw)
    return litert_generator(run_dir.checked(run, name + run_dir.LITERT), draw)


def named_draw(run, recipe, name=None):
    """(name, runs.draws.Draw) of what a run is asked to draw; the first one if name is None.

    Raises:
      Refused: the run draws nothing, or not that.
    """
    if not recipe.draws:
        raise Refused(f"--run_dir={run}: gan_apps.{recipe.system} judges pictures and draws none.")
    name = next(iter(recipe.draws)) if name is None else name
    if name not in recipe.draws:
        raise Refused(f"--draw={name}: this run draws by {', '.join(recipe.draws)}.")
    return name, recipe.draws[name]


def open_sketch(run, name, draw, runtime="auto", state=None):
    """What makes the pictures that a run draws from of finished ones, as a function.

    Args:
      run: path of a run directory.
      name, draw: one of its draws: str, runs.draws.Draw with `pictures.made_by`.
      runtime, state: as in `open_generator`. A run that has not ended has its states alone.

    Returns:
      Function of float32 [n, h, w, c] in [-1, 1], of the drawn pictures' shape, that gives
      float32 [n, h, w, c] in [-1, 1]. Nothing is opened before it is called.
    """

    def sketch(images):
        if runtime == "keras" or state is not None or not _litert_is_installed():
            quiet.import_tensorflow()
            sketches = importlib.import_module(f"{gan_apps.MODELS}.sketches")
            return np.asarray(sketches.SOURCES[draw.pictures.made_by](images))
        return litert_sketch(run_dir.checked(run, name + run_dir.SKETCH), draw)(images)

    return sketch


def open_coder(run, recipe, name, runtime="auto", state=None):
    """What says the latents of pictures to one of a run's draws, as a function.

    Args:
      run: path of a run directory.
      recipe: run_dir.Recipe of the run.
      name: str. The draw that takes the latents.
      runtime, state: as in `open_generator`.

    Returns:
      Function of float32 [n, h, w, c] in [-1, 1] that gives float32 [n, size]; None if the run has
      none. Nothing is opened before it is called.
    """
    found = [one for one, draw in recipe.draws.items() if draw.coded_for == name]
    if not found:
        return None
    (coder,), draw = found, recipe.draws[found[0]]

    def code(images):
        if runtime == "keras" or state is not None or not _litert_is_installed():
            network = keras_network(weights(run, coder, state), coder, draw)
            return np.asarray(network.code(images)["mean"])
        path = run_dir.checked(run, coder + run_dir.LITERT)
        draws = litert_generator(path, draw, LATENTS)
        return draws({draw.pictures.column: images})

    return code


def litert_sketch(path, draw):
    """What a .tflite file makes of finished pictures, as `open_sketch` gives it."""
    with quiet.stderr():
        runner = _runner(path, SKETCHED, {IMAGES: draw.shape})
    if runner is None:
        raise _disagreement(path)

    def sketch(images):
        rows = _parts({IMAGES: images}, 1)
        return np.concatenate([runner(**row)[SKETCHED].copy() for row in rows])

    return sketch


def litert_generator(path, draw, output=IMAGES):
    """What a .tflite file draws, as `open_generator` gives it.

    Args:
      path: pathlib.Path of the file.
      draw: runs.draws.Draw.
      output: str. What of its outputs is wanted. Default: the images.
    """
    # A picture of any size is worth the time of all that is here; a small one is drawn at once.
    threads = os.cpu_count() if draw.is_any_size else 1
    shapes = {name: shape for name, (shape, _) in draw.tiled.inputs.items()}
    with quiet.stderr():
        runner = _runner(path, draw.signature, shapes, threads)
    if runner is None:
        raise _disagreement(path)

    def images(inputs):
        # One picture a call: its pixels do not depend on which pictures are drawn with it.
        return np.concatenate([runner(**row)[output].copy() for row in _parts(inputs, 1)])

    return tiles.Tiled(images, draw) if draw.is_any_size else images


def _litert_is_installed():
    return importlib.util.find_spec("ai_edge_litert") is not None


def _runner(path, signature, inputs, threads=1):
    """The signature of a .tflite file with inputs {name: shape of one}, or None if it has none."""
    interpreter_module = importlib.import_module("ai_edge_litert.interpreter")
    try:
        interpreter = interpreter_module.Interpreter(files.in_utf8(path), num_threads=threads)
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner(signature)
        details = runner.get_input_details()
        taken = {name: tuple(detail["shape"])[1:] for name, detail in details.items()}
    except (ValueError, RuntimeError, KeyError):
        return None
    return runner if taken == inputs else None


def weights(run, name, state=None):
    """The file of the weights of a run's network for Keras.

    Args:
      run: path of a run directory.
      name: str. Of one of its draws.
      state: str or None. A saved state, as `saved_states.named` finds it; None, what the training
        ended with.

    Raises:
      Refused: there is none, or the finished network is not the one that was written.
    """
    if state is not None:
        return saved_states.named(run, state)
    return run_dir.checked(run, name + run_dir.KERAS_WEIGHTS)


def keras_network(path, name, draw):
    """The Keras network of a draw with the weights of the file `path`, as `weights` gives it."""
    quiet.import_tensorflow()
    networks = importlib.import_module(f"{gan_apps.MODELS}.networks")
    try:
        network = networks.rebuilt(draw.network)
        if path.suffix == ".npz":
            parts = draw.parts or (name,)
            network.set_weights([one for part in parts for one in _arrays_of_state(path, part)])
            return network
        with warnings.catch_warnings():
            # Keras only warns of weights that it does not find, and leaves them random.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(path)
    except _NOT_READ:
        raise _disagreement(path) from None
    return network


def _arrays_of_state(path, name):
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        for group in (f"{saved_states.AVERAGED}{name}/", f"{name}/"):
            found = sorted(one for one in archive.files if one.startswith(group))
            if found:
                return [archive[one] for one in found]
    raise KeyError(name)


def keras_generator(network, draw):
    """A network of a draw as a function of its inputs, as `open_generator` gives it."""
    return tiles.Tiled(in_batches(network), draw) if draw.is_any_size else in_batches(network)


def in_batches(network):
    """A network as a function of any number of inputs of its own size."""

    def images(inputs):
        batches = [network(part, training=False) for part in _parts(inputs, KERAS_BATCH)]
        return np.concatenate([np.asarray(batch) for batch in batches])

    return images


def _parts(inputs, size):
    """Inputs {name: [n, ...]}, `size` rows at a time."""
    for start in range(0, len(next(iter(inputs.values()))), size):
        yield {name: values[start : start + size] for name, values in inputs.items()}


def _disagreement(path):
    run = path.parent.parent if path.parent.name == run_dir.STATES else path.parent
    return Refused(
        f"--run_dir={run}: {path.name} is not the network that {run_dir.CONFIG} describes."
    )
