"""A generator as a SavedModel, and from there to every other form."""

import functools

import keras
import tensorflow as tf

from gan_apps.machine import files, quiet
from gan_apps.serving import warm_up
from models.adversarial import LATENT_DISTRIBUTIONS
from models.text import Labels, Prompts

# Signatures: what is drawn from latents; from prompts and seeds as pictures and as PNG files.
LATENTS = "latents"
IMAGES = "images"
DEFAULT = "serving_default"


def write(generator, path, batch=None):
    """Writes a SavedModel with the signature `latents` alone, images in [-1, 1].

    Args:
      generator: a network of models.networks.GENERATORS.
      path: path. A folder that is empty or not there.
      batch: int or None. The fixed batch, or any.
    """

    def latents(inputs):
        return {"images": generator(inputs, training=False)}

    _write(path, generator, {LATENTS: (latents, _inputs(generator, batch))})


def write_version(generator, recipe, folder):
    """Writes `folder`/<version>/, TF-Serving's layout, and returns the path written.

    The version is the next free integer; it appears whole, since TF-Serving polls for it.

      serving_default  prompt string [n], seed int64 [n] -> image_bytes string [n], PNG files
      images           the same -> images float32 [n, h, w, c] in [0, 1]
      latents          the generator's inputs -> images float32 [n, h, w, c] in [0, 1]

    A picture is a function of its own prompt and seed alone. A run without conditions takes seeds
    alone. A prompt that is not understood fails the request with INVALID_ARGUMENT, which quotes it.

    Args:
      generator: the run's network with its weights.
      recipe: run_dir.Recipe of the run.
      folder: pathlib.Path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    read = _reader(recipe)
    asked = {"seed": tf.TensorSpec((None,), tf.int64, name="seed")}
    if read is not None:
        asked["prompt"] = tf.TensorSpec((None,), tf.string, name="prompt")

    def latents(inputs):
        return {"images": (generator(inputs, training=False) + 1.0) / 2.0}

    def images(inputs):
        noise, draws = _noise(inputs["seed"], generator.latent_dim, recipe.latent_distribution)
        conditions = {} if read is None else read(inputs["prompt"], draws)
        return latents({"latents": noise, **conditions})

    def image_bytes(inputs):
        pixels = tf.cast(tf.round(images(inputs)["images"] * 255.0), tf.uint8)
        return {"image_bytes": tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)}

    with files.new_folder(path) as beside:
        signatures = {
            DEFAULT: (image_bytes, asked),
            IMAGES: (images, asked),
            LATENTS: (latents, _inputs(generator, None)),
        }
        _write(beside, generator, signatures)
        warm_up.write(beside, warm_up_requests(recipe))
    return path


def warm_up_requests(recipe):
    """What a server is to answer before it takes requests: (signature, inputs) pairs."""
    inputs = {"seed": tf.constant([0], tf.int64)}
    if recipe.labels is not None:
        inputs["prompt"] = tf.constant([recipe.label_names[0]])
    if recipe.vocabulary is not None:
        inputs["prompt"] = tf.constant([recipe.vocabulary.slots[0].attributes[0]])
    return [(DEFAULT, inputs), (IMAGES, inputs)]


def _write(path, generator, signatures):
    archive = keras.export.ExportArchive()
    archive.track(generator)
    for name, (function, inputs) in signatures.items():
        archive.add_endpoint(name, function, input_signature=[inputs])
    with quiet.stderr():
        archive.write_out(files.in_utf8(path), verbose=False)


def _inputs(generator, batch):
    return {
        name: tf.TensorSpec((batch, *tensor.shape[1:]), tensor.dtype, name=name)
        for name, tensor in generator.input.items()
    }


def _reader(recipe):
    """A function of prompts and uniform draws that gives the generator's condition; or None."""
    if recipe.vocabulary is not None:
        known = recipe.vocabulary
        prompts = Prompts(**known.reading)

        def attributes(asked, draws):
            understood = prompts.understood(asked)
            with tf.control_dependencies([_refusal(asked, understood, known.known())]):
                return {"attributes": prompts(asked, draws)}

        return attributes
    if recipe.labels is not None:
        labels = Labels(recipe.label_names)

        def numbers(asked, draws):
            del draws
            found = labels(asked)
            known = ", ".join(recipe.label_names)
            with tf.control_dependencies([_refusal(asked, found >= 0, known)]):
                return {"labels": tf.identity(found)}

        return numbers
    return None


def _refusal(prompts, understood, known):
    refused = tf.boolean_mask(prompts, ~understood)
    words = ["not understood:", refused, f"known are {known}"]
    return tf.debugging.Assert(tf.reduce_all(understood), words, summarize=8)


def _noise(seeds, latent_dim, distribution):
    """Latents [n, latent_dim] and uniform draws [n], row by row a function of its seed."""
    draw = functools.partial(LATENT_DISTRIBUTIONS[distribution], (1, latent_dim))

    def row(seed):
        return (
            draw(tf.stack([seed, 0]))[0],
            tf.random.stateless_uniform((), tf.stack([seed, 1])),
        )

    return tf.map_fn(row, seeds, fn_output_signature=(tf.float32, tf.float32))
