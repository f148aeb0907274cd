"""A generator as a LiteRT (.tflite) file."""

import tempfile

import tensorflow as tf

from gan_apps.machine import files, quiet
from gan_apps.serving import saved_model


def write(generator, path):
    """Writes `generator` in float32 with the fixed batch 1; images in [-1, 1].

    A fixed batch keeps the whole graph in one XNNPACK partition, and makes a picture independent
    of those that are drawn with it.
    """
    with tempfile.TemporaryDirectory() as folder, quiet.stderr():
        saved_model.write(generator, folder, batch=1)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[saved_model.SIGNATURE]
        )
        content = converter.convert()
    with files.replacing(path) as beside:
        beside.write_bytes(content)
