"""A run in the forms that servers and devices load, each compared with what Keras draws."""

import os
import pathlib
import shutil
import tempfile
import typing

import numpy as np

from gan_apps.drawing import pictures, runtimes
from gan_apps.evaluation import forms
from gan_apps.operating_system import files
from gan_apps.serving import litert, saved_model
from gan_apps.settings import Failed, Refused
from models import sketches

# What an export holds beside one another: a folder that holds anything else is not ours.
SAVED_MODEL, LITERT = "saved_model", "litert"
# Beside the variants, for what draws from pictures that are made of finished ones.
SKETCH = "sketch.tflite"
MODELS_CONFIG, BATCHING_CONFIG = "models.config", "batching.config"
CONTENTS = {SAVED_MODEL, LITERT, MODELS_CONFIG, BATCHING_CONFIG}
# Gray levels of 255 by which a form without rounding of its own may differ.
EXACT = 1.0
# Of the variety of the run's own pictures, what a form must keep.
LEAST_VARIETY = 0.9
# Gray levels of 255 by which it may differ in the mean where a given picture has one drawing.
MOST_DIFFERENCE = 8.0
BATCH = 64


class Form(typing.NamedTuple):
    """What became of a form of the generator.

    Args:
      path: pathlib.Path. Where it was written, or would have been.
      bytes: int.
      difference: float. The largest from Keras's pictures, in gray levels of 255.
      mean_difference: float. That of all pixels.
      variety: float. The spread within a label or prompt over that of Keras's pictures.
      read_as_asked: float or None. The share that the classifier of the run's data reads as asked.
      is_written: bool. False for one that was left out, since `is_kept` is not true of it.
    """

    path: pathlib.Path
    bytes: int
    difference: float
    mean_difference: float
    variety: float
    read_as_asked: float | None
    is_written: bool = True


def export(run, recipe, output, formats, state=None, name=None):
    """Writes a run's generator into `output`.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      output: pathlib.Path. A new or empty folder, or one that an earlier export made.
      formats: str. "saved_model", "litert" or "all".
      state: str or None. As in drawing.runtimes.weights.
      name: str or None. Which of the recipe's draws; None for the first.

    Returns:
      list of Form. What an earlier export had written of one that is left out is removed.

    Raises:
      Refused: the run has no whole generator, or the folder is not for this.
      Failed: a float32 form draws something else than Keras.
    """
    name, draw = runtimes.named_draw(run, recipe, name)
    weights = runtimes.weights(run, name, state)
    _check_output(output)
    network = runtimes.keras_network(weights, name, draw)
    reference = forms.Reference(run, recipe, name, runtimes.keras_generator(network, draw))
    output.mkdir(parents=True, exist_ok=True)
    files.clear_unfinished(output)
    written = []
    if formats in ("saved_model", "all"):
        path = saved_model.write_version(network, draw, output / SAVED_MODEL)
        drawn = runtimes.keras_generator(_served(path, draw), draw)(reference.inputs)
        written.append(_judged(path, path, drawn, reference, exact=True))
        called = output.resolve().name
        files.write_text(output / MODELS_CONFIG, _models_config(called))
        files.write_text(output / BATCHING_CONFIG, _BATCHING)
    if formats in ("litert", "all"):
        (output / LITERT).mkdir(exist_ok=True)
        for variant in litert.VARIANTS:
            path = output / LITERT / f"{variant}.tflite"
            written.append(_variant(network, path, draw, variant, reference))
        if draw.is_from_made:
            written.append(_sketch(output / LITERT / SKETCH, draw, reference))
    return written


def _sketch(path, draw, reference):
    """Writes what makes the pictures to draw from of finished ones, such as are drawn here."""
    litert.write_sketch(path, draw)
    # As a file would hold them.
    finished = pictures.to_signed(pictures.to_bytes(reference.images))
    expected = sketches.SOURCES[draw.pictures.made_by](finished)
    difference = np.abs(runtimes.litert_sketch(path, draw)(finished) - expected) * 127.5
    _refuse_inexact(path, difference.max())
    return Form(path, _bytes(path), difference.max(), difference.mean(), 1.0, None)


def _variant(network, path, draw, variant, reference):
    """Writes a variant to `path` if it draws as it should, and removes what is there if not."""
    with tempfile.TemporaryDirectory() as folder:
        tried = pathlib.Path(folder) / path.name
        litert.write(network, tried, draw, variant, reference.some)
        drawn = runtimes.litert_generator(tried, draw)(reference.inputs)
        form = _judged(path, tried, drawn, reference, exact=variant == "float32")
        if not is_kept(form, draw):
            path.unlink(missing_ok=True)
            return form._replace(is_written=False)
        with files.replacing(path) as beside:
            shutil.copyfile(tried, beside)
    return form


def is_kept(form, draw):
    """Whether a form draws what the run does.

    Args:
      form: Form. draw: runs.draws.Draw. From latents, other pictures that are as varied will do.
    """
    is_near = draw.latents is not None or form.mean_difference <= MOST_DIFFERENCE
    return form.variety >= LEAST_VARIETY and is_near


def _judged(path, written, drawn, reference, exact):
    """The Form of what stands at `written` and will at `path`."""
    difference = reference.difference(drawn)
    if exact:
        _refuse_inexact(path, difference)
    return Form(
        path,
        _bytes(written),
        difference,
        reference.mean_difference(drawn),
        reference.variety(drawn),
        reference.read_as_asked(drawn),
    )


def _refuse_inexact(path, difference):
    if not difference <= EXACT:
        raise Failed(
            f"{path}: draws pictures that differ from Keras's by {difference:.1f} of 255 levels."
        )


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


def _served(path, draw):
    """A SavedModel's signature of the network's own inputs, with images in [-1, 1]."""
    import tensorflow as tf

    signature = tf.saved_model.load(files.in_utf8(path)).signatures[draw.signature]

    def images(inputs, training):
        del training
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        return signature(**tensors)["images"] * 2.0 - 1.0

    return images


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
