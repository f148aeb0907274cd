"""A network that draws as a SavedModel, and from there to every other form."""

import functools

import keras
import tensorflow as tf

from gan_apps.operating_system import files, quiet
from gan_apps.serving import warm_up
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

      serving_default  prompt string [n], seed int64 [n] -> image_bytes string [n], PNG files
      images           the same -> images float32 [n, h, w, c] in [0, 1]
      latents          the network's inputs -> images float32 [n, h, w, c] in [0, 1]

    A picture is a function of its own prompt and seed alone. A run without conditions takes seeds
    alone. A prompt that is not understood fails the request with INVALID_ARGUMENT, which quotes it.
    A run that draws from pictures takes image_bytes string [n], PNG or JPEG files, of which the
    central square is taken; its third signature is called pictures.

    Args:
      network: keras.Model. What draws.
      draw: runs.draws.Draw. What it takes.
      folder: pathlib.Path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    taken, asked = _from_pictures(draw) if draw.latents is None else _from_latents(draw)

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
    if draw.latents is None:
        blank = tf.zeros(draw.pictures.shape, tf.uint8)
        inputs = {FILE: tf.io.encode_png(blank)[None]}
    else:
        inputs = {"seed": tf.constant([0], tf.int64)}
        if draw.condition.example is not None:
            inputs["prompt"] = tf.constant([draw.condition.example])
    return [(DEFAULT, inputs), (IMAGES, inputs)]


def _from_latents(draw):
    """(prompts and seeds -> the network's inputs, their specification)"""
    asked = {"seed": tf.TensorSpec((None,), tf.int64, name="seed")}
    reader, known = draw.condition.reader(), draw.condition.known()
    if reader is not None:
        asked["prompt"] = tf.TensorSpec((None,), tf.string, name="prompt")

    def taken(inputs):
        noise, draws = _noise(inputs["seed"], draw.latents)
        if reader is None:
            return {"latents": noise}
        prompts = inputs["prompt"]
        with tf.control_dependencies([_refusal(prompts, reader.understood(prompts), known)]):
            values = tf.identity(reader(prompts, draws))
        return {"latents": noise, draw.condition.column: values}

    return taken, asked


def _from_pictures(draw):
    """(files of pictures -> the network's inputs, their specification)"""
    height, width, channels = draw.pictures.shape

    def picture(content):
        image = tf.io.decode_image(content, channels=channels, expand_animations=False)
        size = tf.shape(image)
        side = tf.minimum(size[0], size[1])
        square = tf.image.resize_with_crop_or_pad(image, side, side)
        small = tf.image.resize(square, (height, width), method="lanczos3", antialias=True)
        return tf.clip_by_value(tf.ensure_shape(small, draw.pictures.shape), 0.0, 255.0)

    def taken(inputs):
        pixels = tf.map_fn(picture, inputs[FILE], fn_output_signature=tf.float32)
        return {draw.pictures.column: pixels / 127.5 - 1.0}

    return taken, {FILE: tf.TensorSpec((None,), tf.string, name=FILE)}


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


def _refusal(prompts, understood, known):
    refused = tf.boolean_mask(prompts, ~understood)
    words = ["not understood:", refused, f"known are {known}"]
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
