"""A generator as a SavedModel, and from there to every other form."""

import keras
import tensorflow as tf

from gan_apps.machine import files, quiet
from models.text import Prompts

SIGNATURE = "latents"
PROMPTS = "prompts"


def write_version(generator, folder, vocabulary=None):
    """Writes `folder`/<version>/, TF-Serving's layout, with images in [0, 1].

    The version is the next free integer; it appears whole, since TF-Serving polls for it. Returns
    the path written.

    Args:
      generator, vocabulary: as in `write`.
      folder: pathlib.Path.
    """
    folder.mkdir(exist_ok=True)
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    with files.new_folder(path) as beside:
        write(generator, beside, lambda images: (images + 1.0) / 2.0, vocabulary=vocabulary)
    return path


def write(generator, path, images_of=lambda images: images, batch=None, vocabulary=None):
    """Writes a SavedModel with the signature `latents`: the generator's inputs -> {"images"}.

    With a vocabulary it has the signature `prompts` too: "prompts" string [n] and "seeds" int64
    [n] -> {"images"}. A picture is a function of its own prompt and seed.

    Args:
      generator: a network of models.networks.GENERATORS.
      path: path. A folder that is empty or not there.
      images_of: function. What is done to the images in [-1, 1].
      batch: int or None. The fixed batch, or any.
      vocabulary: prompts.vocabulary.Vocabulary or None. How prompts are read.
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
    if vocabulary is not None:
        reader = Prompts(
            rules=vocabulary.rules,
            patterns=vocabulary.patterns,
            combinations=[list(numbers) for numbers in vocabulary.combinations],
            counts=list(vocabulary.counts),
        )

        def prompts(inputs):
            noise, draws = _noise(inputs["seeds"], generator.latent_dim)
            attributes = reader(inputs["prompts"], draws)
            return latents({"latents": noise, "attributes": attributes})

        asked = {
            "prompts": tf.TensorSpec((batch,), tf.string, name="prompts"),
            "seeds": tf.TensorSpec((batch,), tf.int64, name="seeds"),
        }
        archive.add_endpoint(PROMPTS, prompts, input_signature=[asked])
    with quiet.stderr():
        archive.write_out(path, verbose=False)


def _noise(seeds, latent_dim):
    """Normal latents [n, latent_dim] and uniform draws [n], row by row a function of its seed."""

    def row(seed):
        key = tf.stack([seed, 0])
        return (
            tf.random.stateless_normal((latent_dim,), key),
            tf.random.stateless_uniform((), key + 1),
        )

    return tf.map_fn(row, seeds, fn_output_signature=(tf.float32, tf.float32))
