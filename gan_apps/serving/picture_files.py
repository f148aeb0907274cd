"""Files of pictures as a graph reads them: what pictures.reading makes of a PNG or a JPEG file."""

import tensorflow as tf

from gan_apps.pictures.reading import MAX_PIXELS

# A picture that is drawn from at its own size needs kilobytes of memory a pixel.
MOST_WHOLE = 1_000_000
# How a PNG file begins, where it says width and height, and the largest number of 1 to 8 bits.
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZE = 16
_OPAQUE = (1, 3, 15, 255)
# Where a JPEG file says how it was held, if it does: in this many bytes at its head.
_HEAD = 65_536
# An EXIF entry, with the lower byte of a number first and last: the orientation, a number of 16
# bits, one of them. Behind it stands its value.
_ENTRIES = (b"\x12\x01\x03\x00\x01\x00\x00\x00", b"\x01\x12\x00\x03\x00\x00\x00\x01\x00")


def squares(contents, shape):
    """The central squares of files, upright, on white, at one size.

    Args:
      contents: string [n]. PNG or JPEG files.
      shape: (h, w, c), ints. Of one; c is 1 or 3.

    Returns:
      float32 [n, h, w, c], whole numbers of [0, 255].

    Raises:
      InvalidArgumentError: one is neither, is damaged, or has more than MAX_PIXELS.
    """
    return tf.map_fn(
        lambda content: _square(content, shape), contents, fn_output_signature=tf.float32
    )


def whole(content, channels):
    """A file at its own size, upright, on white: float32 [h, w, channels], as `squares`.

    Args:
      content: string. A PNG or JPEG file of at most MOST_WHOLE pixels.
      channels: int. 1 or 3.
    """
    return _in_colours(tf.cast(_opened(content, MOST_WHOLE), tf.float32), channels)


def _square(content, shape):
    height, width, channels = shape
    pixels = _central_square(_opened(content, MAX_PIXELS), (height, width))
    return _in_colours(tf.ensure_shape(pixels, (height, width, 3)), channels)


def _in_colours(pixels, channels):
    # Gray is the mean of the colours, as in drawing.pictures.fitted.
    return pixels if channels == 3 else tf.round(tf.reduce_mean(pixels, axis=-1, keepdims=True))


def _opened(content, most):
    """A file as uint8 [h, w, 3], upright, on white; refused if it has more than `most` pixels."""
    is_png = tf.strings.substr(content, 0, len(_PNG)) == _PNG
    is_jpeg = tf.io.is_jpeg(content)
    kinds = tf.debugging.Assert(is_png | is_jpeg, ["a picture is neither a PNG nor a JPEG file"])
    with tf.control_dependencies([kinds]):
        size = tf.cond(is_png, lambda: _png_size(content), lambda: _jpeg_size(content))
    small = tf.debugging.Assert(
        tf.reduce_prod(tf.cast(size, tf.int64)) <= most,
        [f"a picture has more than {most:,} pixels, height and width", size],
    )
    with tf.control_dependencies([small]):
        return tf.cond(is_png, lambda: _on_white(content), lambda: _upright(content))


def _central_square(image, size):
    """That of uint8 [h, w, 3] as whole numbers float32 [*size, 3]."""
    # Pillow goes along rows, then along columns, and has bytes in between; at the edges of the
    # square it looks beyond.
    pixels, sides = image[None], tf.shape(image)[:2]
    for axis in (1, 0):
        scale = size[axis] / tf.reduce_min(sides)
        begin = (sides[axis] - tf.reduce_min(sides)) // 2
        resized = tf.shape(pixels)[1:3]
        ones, zeros = tf.ones(2), tf.zeros(2)
        pixels = tf.raw_ops.ScaleAndTranslate(
            images=pixels,
            size=tf.tensor_scatter_nd_update(resized, [[axis]], [size[axis]]),
            scale=tf.tensor_scatter_nd_update(ones, [[axis]], [tf.cast(scale, tf.float32)]),
            translation=tf.tensor_scatter_nd_update(
                zeros, [[axis]], [tf.cast(-scale * tf.cast(begin, scale.dtype), tf.float32)]
            ),
            kernel_type="lanczos3",
            antialias=True,
        )
        pixels = tf.clip_by_value(tf.round(pixels), 0.0, 255.0)
    return pixels[0]


def _png_size(content):
    """Height and width as the head of a PNG file says them, zeros if it ends there."""
    head = tf.strings.substr(tf.strings.join([content, b"\0" * 24]), _SIZE, 8)
    size = tf.io.decode_raw(head, tf.int32, little_endian=False)
    return tf.ensure_shape(size[::-1], (2,))


def _on_white(content):
    """A PNG file as uint8 [h, w, 3]."""
    image = tf.io.decode_png(content, channels=4)
    colours, alpha = image[..., :3], image[..., 3:]
    # Without transparency TensorFlow fills alpha up with the largest number of the file's bits.
    is_opaque = tf.reduce_any([tf.reduce_all(alpha == full) for full in _OPAQUE])

    def composed():
        share = tf.cast(alpha, tf.float32) / 255.0
        mixed = 255.0 + share * (tf.cast(colours, tf.float32) - 255.0)
        return tf.cast(tf.round(mixed), tf.uint8)

    return tf.cond(is_opaque, lambda: colours, composed)


def _jpeg_size(content):
    return tf.io.extract_jpeg_shape(content)[:2]


def _upright(content):
    """A JPEG file as uint8 [h, w, 3], as it was held."""
    image = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")
    held = _orientation(content)
    image = tf.cond(held >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    for axis, orientations in ((1, (2, 3, 6, 7)), (0, (3, 4, 7, 8))):
        turned = tf.reduce_any(held == tf.constant(orientations))
        image = tf.cond(
            turned,
            lambda image=image, axis=axis: tf.reverse(image, [axis]),
            lambda image=image: image,
        )
    return image


def _orientation(content):
    """The EXIF orientation of a JPEG file, 1 to 8; 1 if it says none."""
    length = tf.minimum(tf.strings.length(content), _HEAD)
    head = tf.io.decode_raw(tf.strings.substr(content, 0, length), tf.uint8)
    is_exif = tf.reduce_any(_found(head, b"Exif\0\0"))
    held = tf.constant(1)
    for entry in _ENTRIES:
        places = tf.where(_found(head[:-1], entry))[:, 0] + len(entry)
        value = tf.cast(tf.concat([tf.gather(head, places), [1]], 0)[0], tf.int32)
        held = tf.where(held == 1, value, held)
    return tf.where(is_exif & (held >= 1) & (held <= 8), held, 1)


def _found(values, pattern):
    """Whether `pattern`, bytes, begins at each place of uint8 [n]."""
    count = tf.maximum(tf.size(values) - len(pattern) + 1, 0)
    begins = [values[place : place + count] == byte for place, byte in enumerate(pattern)]
    return tf.reduce_all(tf.stack(begins), axis=0)
