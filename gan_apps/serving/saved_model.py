"""A network that draws as a SavedModel, and from there to every other form."""

import functools

import keras
import tensorflow as tf

from gan_apps.operating_system import files, quiet
from gan_apps.serving import picture_files, warm_up
from models.game import LATENT_DISTRIBUTIONS

# Signatures beside that of the network's own inputs: pictures, and as PNG files.
IMAGES = "images"
DEFAULT = "serving_default"
# The input of a picture's file.
FILE = "image_bytes"


def write(network, draw, path, batch=None):
    """Writes a SavedModel with the network's own signature alone, images in [-1, 1].

    Args:
      network: keras.Model. What draws.
      draw: runs.draws.Draw. What it takes.
      path: path. A folder that is empty or not there.
      batch: int or None. The fixed batch, or any.
    """

    def drawn(inputs):
        return {"images": network(inputs, training=False)}

    _write(path, network, {draw.signature: (drawn, _inputs(draw, batch))})


def write_version(network, draw, folder):
    """Writes `folder`/<version>/, TF-Serving's layout, and returns the path written.

    The version is the next free integer; it appears whole, since TF-Serving polls for it.

      serving_default  what is asked for -> image_bytes string [n], PNG files
      images           the same -> images float32 [n, h, w, c] in [0, 1]
      latents          the network's inputs -> images float32 [n, h, w, c] in [0, 1]; pictures if
                       it takes no latents

    What is asked for is what the network takes: seed int64 [n] where it takes latents, prompt
    string [n] where it has a condition, image_bytes string [n], PNG or JPEG files, where it takes
    pictures (serving.picture_files). A picture is a function of its own row alone. A prompt that is
    not understood fails the request with INVALID_ARGUMENT, which quotes it, and so does a file that
    is no picture.

    Args:
      network: keras.Model. What draws.
      draw: runs.draws.Draw. What it takes.
      folder: pathlib.Path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    taken, asked = _asked(draw)

    def own(inputs):
        return {"images": (network(inputs, training=False) + 1.0) / 2.0}

    def images(inputs):
        return own(taken(inputs))

    def image_bytes(inputs):
        pixels = tf.cast(tf.round(images(inputs)["images"] * 255.0), tf.uint8)
        return {FILE: tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)}

    with files.new_folder(path) as beside:
        signatures = {
            DEFAULT: (image_bytes, asked),
            IMAGES: (images, asked),
            draw.signature: (own, _inputs(draw, None)),
        }
        _write(beside, network, signatures)
        warm_up.write(beside, warm_up_requests(draw))
    return path


def warm_up_requests(draw):
    """What a server is to answer before it takes requests: (signature, inputs) pairs."""
    asked = {}
    if draw.latents is not None:
        asked["seed"] = tf.constant([0], tf.int64)
    if draw.condition.example is not None:
        asked["prompt"] = tf.constant([draw.condition.example])
    if draw.pictures is not None:
        asked[FILE] = tf.io.encode_png(tf.zeros(draw.pictures.shape, tf.uint8))[None]
    return [(DEFAULT, asked), (IMAGES, asked)]


def _asked(draw):
    """(what is asked for -> the network's inputs, the specification of what is asked for)"""
    asked, reader = {}, draw.condition.reader()
    if draw.latents is not None:
        asked["seed"] = tf.TensorSpec((None,), tf.int64, name="seed")
    if reader is not None:
        asked["prompt"] = tf.TensorSpec((None,), tf.string, name="prompt")
    if draw.pictures is not None:
        asked[FILE] = tf.TensorSpec((None,), tf.string, name=FILE)

    def taken(inputs):
        given, chances = {}, None
        if draw.latents is not None:
            given["latents"], chances = _noise(inputs["seed"], draw.latents)
        if reader is not None:
            given[draw.condition.column] = _read(reader, inputs["prompt"], chances, draw.condition)
        if draw.pictures is not None:
            pixels = picture_files.squares(inputs[FILE], draw.pictures.shape)
            given[draw.pictures.column] = pixels / 127.5 - 1.0
        return given

    return taken, asked


def _read(reader, prompts, chances, condition):
    """Prompts as the condition's column; what they leave open is as uniform numbers [n] have it.

    Without noise, chances None, it is as the first combination that agrees has it.
    """
    chances = tf.zeros(tf.shape(prompts)) if chances is None else chances
    with tf.control_dependencies([_refusal(prompts, reader.understood(prompts), condition)]):
        return tf.identity(reader(prompts, chances))


def _write(path, network, signatures):
    archive = keras.export.ExportArchive()
    archive.track(network)
    for name, (function, inputs) in signatures.items():
        archive.add_endpoint(name, function, input_signature=[inputs])
    with quiet.stderr():
        archive.write_out(files.in_utf8(path), verbose=False)


def _inputs(draw, batch):
    return {
        name: tf.TensorSpec((batch, *shape), dtype, name=name)
        for name, (shape, dtype) in draw.inputs.items()
    }


def _refusal(prompts, understood, condition):
    refused = tf.boolean_mask(prompts, ~understood)
    words = ["not understood:", refused, f"known are {condition.known()}"]
    return tf.debugging.Assert(tf.reduce_all(understood), words, summarize=8)


def _noise(seeds, latents):
    """Latents [n, size] and uniform draws [n], row by row a function of its seed."""
    draw = functools.partial(LATENT_DISTRIBUTIONS[latents.distribution], (1, latents.size))

    def row(seed):
        return (
            draw(tf.stack([seed, 0]))[0],
            tf.random.stateless_uniform((), tf.stack([seed, 1])),
        )

    return tf.map_fn(row, seeds, fn_output_signature=(tf.float32, tf.float32))
