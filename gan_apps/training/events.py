"""TensorBoard event files, without the TensorBoard package (which only the viewer needs)."""

import io

import tensorflow as tf
from PIL import Image

from gan_apps.operating_system import files
from gan_apps.runs import run_dir


class Events:
    """Writes scalars and images into a run's event file, for `tensorboard --logdir=checkpoints`."""

    def __init__(self, run):
        self._writer = tf.summary.create_file_writer(files.in_utf8(run / run_dir.EVENTS))

    def scalars(self, step, values):
        """values: {name: float}."""
        self._write(
            step,
            [
                tf.compat.v1.Summary.Value(tag=name, simple_value=value)
                for name, value in values.items()
            ],
        )

    def image(self, step, name, image):
        """image: uint8 [h, w, 1 or 3]."""
        height, width, channels = image.shape
        png = io.BytesIO()
        Image.fromarray(image[..., 0] if channels == 1 else image).save(png, "PNG")
        encoded = tf.compat.v1.Summary.Image(
            height=height, width=width, colorspace=channels, encoded_image_string=png.getvalue()
        )
        self._write(step, [tf.compat.v1.Summary.Value(tag=name, image=encoded)])

    def close(self):
        self._writer.close()

    def _write(self, step, values):
        summary = tf.compat.v1.Summary(value=values)
        with self._writer.as_default():
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=step)
