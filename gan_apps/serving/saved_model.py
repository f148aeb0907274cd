"""A generator as a SavedModel, and from there to every other form."""

import keras
import tensorflow as tf

from gan_apps.machine import files, quiet

SIGNATURE = "latents"


def write_version(generator, folder):
    """Writes `folder`/<version>/, TF-Serving's layout, with images in [0, 1].

    The version is the next free integer; it appears whole, since TF-Serving polls for it. Returns
    the path written.
    """
    folder.mkdir(exist_ok=True)
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    with files.new_folder(path) as beside:
        write(generator, beside, lambda images: (images + 1.0) / 2.0)
    return path


def write(generator, path, images_of=lambda images: images, batch=None):
    """Writes a SavedModel with the signature `latents`: the generator's inputs -> {"images"}.

    Args:
      generator: a network of models.networks.GENERATORS.
      path: path. A folder that is empty or not there.
      images_of: function. What is done to the images in [-1, 1].
      batch: int or None. The fixed batch, or any.
    """

    def latents(inputs):
        return {"images": images_of(generator(inputs, training=False))}

    inputs = {
        name: tf.TensorSpec((batch, *tensor.shape[1:]), tensor.dtype, name=name)
        for name, tensor in generator.input.items()
    }
    archive = keras.export.ExportArchive()
    archive.track(generator)
    archive.add_endpoint(SIGNATURE, latents, input_signature=[inputs])
    with quiet.stderr():
        archive.write_out(path, verbose=False)
