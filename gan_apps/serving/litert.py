"""A generator as a LiteRT (.tflite) file, in several precisions."""

import json
import tempfile
import warnings

import tensorflow as tf

import gan_apps
from gan_apps.drawing import runtimes
from gan_apps.operating_system import files, quiet
from gan_apps.runs.draws import IMAGES
from gan_apps.serving import saved_model
from models import sketches

# Variant -> what it does to weights and sums.
VARIANTS = {
    "float32": "as trained",
    "float16": "weights in 16 bits, sums in float32",
    "dynamic_int8": "weights in 8 bits, and their factors rounded to 8 bits picture by picture",
    "int8": "weights and all that is between them in 8 bits, scaled by what many pictures need",
}
# The entry of the file's metadata that holds `metadata`.
METADATA = "gan_apps"


def write(network, path, draw, variant="float32", examples=None):
    """Writes a network with the fixed batch 1; images in [-1, 1].

    A fixed batch keeps the whole graph in one XNNPACK partition, and makes a picture independent
    of those that are drawn with it.

    Args:
      network: keras.Model. What draws.
      path: pathlib.Path.
      draw: runs.draws.Draw. What it takes.
      variant: str. A key of VARIANTS. Default "float32".
      examples: {input: array [n, ...]} or None. What it is given, whose numbers set int8's scales.
    """
    with tempfile.TemporaryDirectory() as folder, quiet.stderr():
        saved_model.write(network, draw, folder, batch=1)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[draw.signature]
        )
        if variant != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if variant == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if variant == "int8":
            converter.representative_dataset = lambda: _rows(examples)
        with warnings.catch_warnings():
            # The converter's own way to try int8, of which it says that it will change.
            warnings.filterwarnings("ignore", "[\\s\\S]*tf.lite.Interpreter is deprecated")
            content = converter.convert()
    content = _with_metadata(content, metadata(draw, variant))
    with files.replacing(path) as beside:
        beside.write_bytes(content)


def write_sketch(path, draw):
    """Writes what makes the pictures that a network draws from of finished ones.

    Args:
      path: pathlib.Path.
      draw: runs.draws.Draw with `pictures.made_by`.
    """
    made = sketches.SOURCES[draw.pictures.made_by]

    @tf.function(
        autograph=False,
        input_signature=[tf.TensorSpec((1, *draw.shape), name=IMAGES)],
    )
    def sketch(images):
        return {runtimes.SKETCHED: made(images)}

    module = tf.Module()
    module.sketch = sketch
    with tempfile.TemporaryDirectory() as folder, quiet.stderr():
        tf.saved_model.save(module, folder, signatures={runtimes.SKETCHED: sketch})
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[runtimes.SKETCHED]
        )
        content = converter.convert()
    with files.replacing(path) as beside:
        beside.write_bytes(content)


def metadata(draw, variant):
    """What a program must know to use the file, as JSON values."""
    values = {
        "project": "gan_apps",
        "version": gan_apps.__version__,
        "variant": variant,
        "value_range": [-1.0, 1.0],
    }
    if draw.latents is not None:
        values["latent_dim"] = draw.latents.size
        values["latent_distribution"] = draw.latents.distribution
        if draw.latents.codes:
            values["codes"] = list(draw.latents.codes)
    if draw.pictures is not None:
        values["pictures"] = draw.to_json()["pictures"]
    return {**values, **draw.condition.metadata()}


def read_metadata(content):
    """The `metadata` in a .tflite file of bytes; None if it has none."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    for entry in model.metadata or ():
        if entry.name == METADATA.encode():
            return json.loads(bytes(model.buffers[entry.buffer].data))
    return None


def _with_metadata(content, values):
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    buffer = schema.BufferT()
    buffer.data = list(json.dumps(values).encode())
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA.encode(), len(model.buffers) - 1
    model.metadata = [*(model.metadata or ()), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _rows(examples):
    for row in range(len(next(iter(examples.values())))):
        yield {name: values[row : row + 1] for name, values in examples.items()}
