"""Files of pictures as a graph reads them, beside what the commands make of the same files."""

import functools
import io

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps.drawing import pictures
from gan_apps.pictures import reading
from gan_apps.serving import picture_files
from tests.picture_runs import encoded, scene

SIDE = 24
COLOUR, ALPHA = scene(71), scene(71, 4)
GRAY = COLOUR[..., 0]
BITS = Image.fromarray(GRAY > 128)
PALETTE = Image.fromarray(GRAY // 8).convert("P")
# Kind of file -> its content.
FILES = {
    "gray": encoded(GRAY),
    "colour": encoded(COLOUR),
    "as large": encoded(scene(SIDE)),
    "smaller": encoded(scene(11)),
    "wide": encoded(np.concatenate([COLOUR, COLOUR[:, ::-1]], axis=1)),
    "high": encoded(np.concatenate([COLOUR, COLOUR[::-1]])),
    "alpha": encoded(ALPHA),
    "gray and alpha": encoded(Image.fromarray(np.ascontiguousarray(ALPHA[..., :2]), "LA")),
    "a colour that is transparent": encoded(GRAY, transparency=int(GRAY[0, 0])),
    "1 bit": encoded(BITS),
    "4 bits": encoded(PALETTE, bits=4),
    "palette": encoded(Image.fromarray(COLOUR).quantize(50)),
    "16 bits": encoded(Image.fromarray(GRAY.astype(np.uint16) * 257)),
    "JPEG": encoded(COLOUR, "JPEG"),
    "gray JPEG": encoded(GRAY, "JPEG"),
    "CMYK": encoded(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"),
    "large JPEG": encoded(scene(150), "JPEG"),
}


def held(orientation, byteorder):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif.endian = byteorder
    exif[0x0112] = orientation
    return encoded(np.concatenate([COLOUR, COLOUR[::-1]]), "JPEG", exif=exif)


FILES |= {f"held as {number}": held(number, "<") for number in range(1, 9)}
FILES |= {"held as 6, high bytes first": held(6, ">"), "held as 9": held(9, "<")}
# Pillow goes along the columns of high pictures first, and rounds in between.
OF_HIGH = 4.0


@pytest.fixture(scope="module")
def read():
    """A graph from files, and how many channels are wanted, to squares."""

    @functools.cache
    def graph(channels):
        return tf.function(
            lambda contents: picture_files.squares(contents, (SIDE, SIDE, channels)),
            input_signature=[tf.TensorSpec((None,), tf.string)],
        )

    return lambda contents, channels=1: graph(channels)(contents)


@pytest.mark.parametrize("channels", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_graph_reads_what_the_commands_read(read, channels):
    found = read(list(FILES.values()), channels).numpy()
    assert found.shape == (len(FILES), SIDE, SIDE, channels)
    for (kind, content), pixels in zip(FILES.items(), found, strict=True):
        image, _ = reading.read_with_size(io.BytesIO(content), SIDE)
        expected = pictures.fitted(image.reshape(1, SIDE, SIDE, -1), (SIDE, SIDE, channels))[0]
        with Image.open(io.BytesIO(content)) as opened:
            atol = OF_HIGH if opened.height > opened.width else 1.0
        assert_allclose(pixels, expected, atol=atol, err_msg=kind)
        assert np.abs(pixels - expected).mean() < 0.5, kind
        assert (pixels == np.round(pixels)).all(), kind


@pytest.mark.slow
def test_a_graph_reads_whole_what_the_commands_read_whole():
    for kind, content in FILES.items():
        image = reading.read_whole(io.BytesIO(content))
        expected = reading.colour(image).astype(int)
        found = picture_files.whole(tf.constant(content), 3).numpy()
        assert found.shape == expected.shape, kind
        assert_allclose(found, expected, atol=1.0, err_msg=kind)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "neither a PNG nor a JPEG"),
        (b"a letter", "neither a PNG nor a JPEG"),
        (encoded(COLOUR, "GIF"), "neither a PNG nor a JPEG"),
        (FILES["colour"][:8], "PNG"),
        (FILES["colour"][:200], "PNG"),
        (FILES["JPEG"][:100], "JPEG"),
        (FILES["JPEG"][:700], "JPEG"),
        (FILES["gray"][:16] + (8000).to_bytes(4, "big") * 2 + FILES["gray"][24:], "50,000,000"),
    ],
    ids=["empty", "text", "GIF", "head", "half a PNG", "head of JPEG", "half a JPEG", "huge"],
)
def test_what_is_no_picture_is_an_invalid_argument(read, content, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        read(tf.constant([FILES["gray"], content]))


def test_no_pictures_are_none(read):
    assert read(tf.constant([], tf.string)).shape == (0, SIDE, SIDE, 1)
