"""A run in the forms that servers and devices load, each compared with what Keras draws."""

import os

import numpy as np

from gan_apps.drawing import latents, runtimes
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.serving import litert, saved_model
from gan_apps.settings import Failed, Refused

# What an export holds beside one another: a folder that holds anything else is not ours.
SAVED_MODEL, LITERT = "saved_model", "litert"
MODELS_CONFIG, BATCHING_CONFIG = "models.config", "batching.config"
CONTENTS = {SAVED_MODEL, LITERT, MODELS_CONFIG, BATCHING_CONFIG}
# Pictures that each form is compared on.
COMPARED = 8
# Gray levels of 255 by which a form without rounding of its own may differ.
EXACT = 1.0
BATCH = 64


def export(run, recipe, output, formats):
    """Writes a run's generator into `output`.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      output: pathlib.Path. A new or empty folder, or one that an earlier export made.
      formats: str. "saved_model", "litert" or "all".

    Returns:
      list of (path written, bytes, largest difference from Keras in gray levels of 255).

    Raises:
      Refused: the run has no whole generator, or the folder is not for this.
      Failed: a float32 form draws something else than Keras.
    """
    weights = run_dir.checked(run, run_dir.KERAS_WEIGHTS)
    _check_output(output)
    generator = runtimes.keras_network(weights, recipe)
    inputs = _some(recipe)
    expected = np.asarray(generator(inputs, training=False)) * 127.5
    output.mkdir(parents=True, exist_ok=True)
    files.clear_unfinished(output)
    written = []
    if formats in ("saved_model", "all"):
        path = saved_model.write_version(generator, recipe, output / SAVED_MODEL)
        drawn = _served(path, inputs) * 255.0 - 127.5
        written.append((path, _bytes(path), _difference(path, drawn, expected)))
        name = output.resolve().name
        files.write_text(output / MODELS_CONFIG, _models_config(name))
        files.write_text(output / BATCHING_CONFIG, _BATCHING)
    if formats in ("litert", "all"):
        (output / LITERT).mkdir(exist_ok=True)
        for variant in litert.VARIANTS:
            path = output / LITERT / f"{variant}.tflite"
            litert.write(generator, path, recipe, variant)
            drawn = runtimes.litert_generator(path, recipe)(inputs) * 127.5
            exact = variant == "float32"
            written.append((path, _bytes(path), _difference(path, drawn, expected, exact)))
    return written


def _check_output(output):
    if output.exists() and not output.is_dir():
        raise Refused(f"--output_dir={output}: is a file; name a folder.")
    if output.is_dir():
        foreign = sorted(
            path.name
            for path in output.iterdir()
            if path.name not in CONTENTS and not path.name.startswith(files.UNFINISHED)
        )
        if foreign:
            raise Refused(
                f"--output_dir={output}: holds {foreign[0]!r}, which no export wrote; name a new "
                "folder."
            )
    # The nearest folder that is there is the one that must be written to.
    nearest = next(path for path in (output, *output.resolve().parents) if path.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise Refused(f"--output_dir={output}: {nearest} is not writable.")


def _some(recipe):
    conditions = None if recipe.conditions is None else list(recipe.conditions)[:COMPARED]
    count = -(-COMPARED // len(conditions or (0,)))
    return latents.requested(recipe, conditions, count, 0)


def _served(path, inputs):
    import tensorflow as tf

    signature = tf.saved_model.load(files.in_utf8(path)).signatures[saved_model.LATENTS]
    return signature(**{name: tf.constant(values) for name, values in inputs.items()})[
        "images"
    ].numpy()


def _difference(path, drawn, expected, exact=True):
    difference = float(np.abs(drawn - expected).max())
    if exact and not difference <= EXACT:
        raise Failed(
            f"{path}: draws pictures that differ from Keras's by {difference:.1f} of 255 levels."
        )
    return difference


def _bytes(path):
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _models_config(name):
    """For tensorflow_model_server --model_config_file, with the export at /models/<name>."""
    return f"""model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}/{SAVED_MODEL}"
    model_platform: "tensorflow"
  }}
}}
"""


# For --batching_parameters_file: pictures of requests that come together are drawn together.
_BATCHING = f"""max_batch_size {{ value: {BATCH} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: 2 }}
"""
