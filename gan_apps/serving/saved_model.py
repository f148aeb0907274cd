"""A network that draws as a SavedModel, and from there to every other form."""

import functools

import keras
import tensorflow as tf

from gan_apps.operating_system import files, quiet
from gan_apps.runs.draws import FILE, IMAGES, LATENTS, REACH
from gan_apps.serving import picture_files, warm_up
from models import codes, sketches
from models.game import LATENT_DISTRIBUTIONS

# Signatures beside that of the network's own inputs and IMAGES: PNG files, and those of finished
# pictures, of which what is drawn from is made first.
DEFAULT, SKETCH_FIRST = "serving_default", "sketch_first"


def write(network, draw, path, batch=None):
    """Writes a SavedModel with the network's own signature alone, images in [-1, 1].

    Where what it draws is coded for another draw, the codes are an output beside them.

    Args:
      network: keras.Model. What draws.
      draw: runs.draws.Draw. What it takes.
      path: path. A folder that is empty or not there.
      batch: int or None. The fixed batch, or any.
    """

    def drawn(inputs):
        outputs = {IMAGES: network(inputs, training=False)}
        if draw.coded_for is not None:
            outputs[LATENTS] = network.code(inputs[draw.pictures.column])["mean"]
        return outputs

    _write(path, network, {draw.signature: (drawn, _inputs(draw, batch))})


def write_version(network, draw, folder):
    """Writes `folder`/<version>/, TF-Serving's layout, and returns the path written.

    The version is the next free integer; it appears whole, since TF-Serving polls for it.

      serving_default  what is asked for -> image_bytes string [n], PNG files
      images           the same -> images float32 [n, h, w, c] in [0, 1]
      latents          the network's inputs -> images float32 [n, h, w, c] in [0, 1]; pictures if
                       it takes no latents
      sketch_first     image_bytes string [n], finished pictures -> image_bytes: where what it draws
                       from is made of such ones, as a sketch is, it is made first

    What is asked for is what the network takes: seed int64 [n] where it takes latents, prompt
    string [n] where it has a condition, image_bytes string [n], PNG or JPEG files, where it takes
    pictures (serving.picture_files), or [n, frames], the earliest first, where those are the last
    frames of a clip. A picture is a function of its own row alone. A prompt that is
    not understood fails the request with INVALID_ARGUMENT, which quotes it, and so does a file that
    is no picture. What draws from pictures of any size takes them as they are, up to
    picture_files.MOST_WHOLE pixels each; of one request for numbers all have one size.

    Args:
      network: keras.Model. What draws.
      draw: runs.draws.Draw. What it takes.
      folder: pathlib.Path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    path = folder / str(max(versions, default=0) + 1)
    asked = _asked(draw)

    def own(inputs):
        if draw.is_any_size:
            return {IMAGES: (_mirrored_around(network, draw, inputs) + 1.0) / 2.0}
        return {IMAGES: (network(inputs, training=False) + 1.0) / 2.0}

    def images(inputs, sketch_first=False):
        return own(_taken(draw, inputs, sketch_first))

    def image_bytes(inputs, sketch_first=False):
        pixels = tf.cast(tf.round(images(inputs, sketch_first)[IMAGES] * 255.0), tf.uint8)
        return {FILE: tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)}

    signatures = {
        DEFAULT: (image_bytes, asked),
        IMAGES: (images, asked),
        draw.signature: (own, _inputs(draw, None)),
    }
    if draw.is_any_size:
        signatures |= {name: (made, asked) for name, made in _of_any_size(draw, own).items()}
    if draw.is_from_made:
        signatures[SKETCH_FIRST] = (functools.partial(image_bytes, sketch_first=True), asked)
    with files.new_folder(path) as beside:
        _write(beside, network, signatures)
        warm_up.write(beside, warm_up_requests(draw))
    return path


def _mirrored_around(network, draw, inputs):
    """What a network makes of pictures [n, h, w, c] beyond whose border is their mirror image.

    As drawing.tiles has it, so that what is served is what the command draws.
    """
    given = inputs[draw.pictures.column]
    for axis in (1, 2):
        side = tf.shape(given)[axis]
        places = tf.range(-REACH, side + REACH) % (2 * side)
        given = tf.gather(given, tf.where(places < side, places, 2 * side - 1 - places), axis=axis)
    drawn = network({draw.pictures.column: given}, training=False)
    rim = draw.scale * REACH
    return drawn[:, rim:-rim, rim:-rim]


def _of_any_size(draw, own):
    """DEFAULT and IMAGES of files that have each a size of its own; IMAGES, if it is one."""
    column, channels = draw.pictures.column, draw.shape[2]

    def drawn(content):
        given = picture_files.whole(content, channels) / 127.5 - 1.0
        return own({column: given[None]})[IMAGES][0]

    def png(content):
        return tf.io.encode_png(tf.cast(tf.round(drawn(content) * 255.0), tf.uint8))

    def images(inputs):
        one = tf.TensorSpec((None, None, channels))
        return {
            IMAGES: tf.map_fn(drawn, inputs[FILE], parallel_iterations=1, fn_output_signature=one)
        }

    def image_bytes(inputs):
        # One after the other: TensorFlow's convolutions crash on several sizes at once.
        return {
            FILE: tf.map_fn(png, inputs[FILE], parallel_iterations=1, fn_output_signature=tf.string)
        }

    return {DEFAULT: image_bytes, IMAGES: images}


def warm_up_requests(draw):
    """What a server is to answer before it takes requests: (signature, inputs) pairs."""
    asked = {}
    if draw.latents is not None:
        asked["seed"] = tf.constant([0], tf.int64)
    if draw.condition.example is not None:
        asked["prompt"] = tf.constant([draw.condition.example])
    if draw.pictures is not None:
        content = tf.io.encode_png(tf.zeros(draw.pictures.shape_of_one, tf.uint8))
        asked[FILE] = tf.fill((1, *_frames(draw)), content)
    made = [SKETCH_FIRST] if draw.is_from_made else []
    return [(signature, asked) for signature in (DEFAULT, IMAGES, *made)]


def _asked(draw):
    """The specification of what is asked of it."""
    kinds = {}
    if draw.latents is not None:
        kinds["seed"] = (), tf.int64
    if draw.condition.column is not None:
        kinds["prompt"] = (), tf.string
    if draw.pictures is not None:
        kinds[FILE] = _frames(draw), tf.string
    return {
        name: tf.TensorSpec((None, *shape), kind, name=name)
        for name, (shape, kind) in kinds.items()
    }


def _frames(draw):
    """The shape of the files that a picture is drawn from: one, or those of a clip's frames."""
    return (draw.pictures.frames,) if draw.goes_on else ()


def _taken(draw, asked, sketch_first):
    """What is asked for as the network takes it."""
    taken, chances = {}, None
    if draw.latents is not None:
        taken["latents"], chances = _noise(asked["seed"], draw.latents)
    if draw.condition.column is not None:
        taken[draw.condition.column] = _read(asked["prompt"], chances, draw.condition)
    if draw.pictures is not None:
        shape = draw.shape if sketch_first else draw.pictures.shape_of_one
        given = _squares(asked[FILE], shape, draw.pictures.frames)
        made = sketches.SOURCES[draw.pictures.made_by](given) if sketch_first else given
        taken[draw.pictures.column] = made
    return taken


def _squares(contents, shape, frames):
    """Files as float32 [n, h, w, frames * c] in [-1, 1]."""
    squares = picture_files.squares(tf.reshape(contents, (-1,)), shape) / 127.5 - 1.0
    if frames == 1:
        return squares
    height, width, channels = shape
    of_clips = tf.transpose(tf.reshape(squares, (-1, frames, *shape)), (0, 2, 3, 1, 4))
    return tf.reshape(of_clips, (-1, height, width, frames * channels))


def _read(prompts, chances, condition):
    """Prompts as the condition's column; what they leave open is as uniform numbers [n] have it.

    Without noise, chances None, it is as the first combination that agrees has it.
    """
    reader = condition.reader()
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
    if batch is None and draw.is_any_size:
        column, channels = draw.pictures.column, draw.pictures.shape[2]
        return {column: tf.TensorSpec((None, None, None, channels), name=column)}
    return {
        name: tf.TensorSpec((batch, *shape), dtype, name=name)
        for name, (shape, dtype) in draw.tiled.inputs.items()
    }


def _refusal(prompts, understood, condition):
    refused = tf.boolean_mask(prompts, ~understood)
    words = ["not understood:", refused, f"known are {condition.known()}"]
    return tf.debugging.Assert(tf.reduce_all(understood), words, summarize=8)


def _noise(seeds, latents):
    """Latents [n, size] and uniform draws [n], row by row a function of its seed."""
    draw = functools.partial(LATENT_DISTRIBUTIONS[latents.distribution], (1, latents.noise))

    def row(seed):
        values = draw(tf.stack([seed, 0]))
        if latents.codes:
            shares = tf.random.stateless_uniform((1, len(latents.codes)), tf.stack([seed, 2]))
            values = tf.concat([values, codes.drawn(latents.codes, shares)], axis=1)
        return (
            values[0],
            tf.random.stateless_uniform((), tf.stack([seed, 1])),
        )

    return tf.map_fn(row, seeds, fn_output_signature=(tf.float32, tf.float32))
