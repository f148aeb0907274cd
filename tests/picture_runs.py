"""A run that draws from pictures, made without a training, and pictures to give to it."""

import io

import keras
import numpy as np
from PIL import Image

from gan_apps.drawing import pictures
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.serving import litert

SIZE = 32
# Of the squares in which a run that enlarges draws: more than one to a picture.
TILE = 48


def scene(size=SIZE, channels=3, seed=0):
    """A picture of three discs on a slope of brightness, uint8 [size, size, channels]."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:size, :size] / size
    image = np.repeat((200 + 50 * x * y)[..., None], channels, axis=-1)
    for _ in range(3):
        middle, radius = random.uniform(0.2, 0.8, 2), random.uniform(0.1, 0.3)
        share = np.clip((radius - np.hypot(x - middle[0], y - middle[1])) * size, 0, 1)[..., None]
        image = (1 - share) * image + share * random.uniform(0, 150, channels)
    return np.round(image).astype(np.uint8)


def encoded(image, kind="PNG", **options):
    """An array, or a picture of Pillow's, as a file: bytes."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(np.squeeze(image))
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def made(run, source_channels=1, made_by="edges", seed=0, frames=1):
    """Writes a run of a small translator with random weights into the folder `run`.

    Args:
      run: pathlib.Path.
      source_channels: int. Of what it draws from.
      made_by: str or None. As in runs.draws.Pictures.
      frames: int. The same: of a run that goes on with clips more than 1.

    Returns:
      run_dir.Recipe of it.
    """
    from models import networks, sketches
    from models.translators import PictureTranslator

    keras.utils.set_random_seed(seed)
    network = PictureTranslator(image_size=SIZE, source_channels=source_channels, widths=(8, 8))
    # As strong as a trained one: its pictures are not all of one gray.
    network.set_weights([5 * weight for weight in network.get_weights()])
    shape = (SIZE, SIZE, source_channels)
    draw = Draw(
        network=networks.described(network),
        shape=(SIZE, SIZE, 3),
        pictures=Pictures(column="sources", shape=shape, made_by=made_by, frames=frames),
    )
    system = "next_frame" if frames > 1 else "pix2pix"
    recipe = run_dir.Recipe(
        system=system, settings={"dataset": "mnist", "seed": 0}, draws={"generator": draw},
        versions={},
    )  # fmt: skip
    run_dir.create(run, recipe)
    scenes = np.stack([scene(seed=seed) for seed in range(16)])
    given = scenes if source_channels == 3 else scenes[..., :1]
    if frames > 1:
        # What moves: a scene further down from frame to frame.
        given = np.concatenate([np.roll(scenes, place, axis=1) for place in range(frames)], -1)
    if made_by is not None:
        signed = sketches.SOURCES[made_by](scenes / np.float32(127.5) - np.float32(1.0))
        given = pictures.to_bytes(signed)
    kept = pictures.sheet_of_given(given, frames, 4)
    pictures.write_png(run / ("generator" + run_dir.SOURCES), kept)
    network.save_weights(files.in_utf8(run / ("generator" + run_dir.KERAS_WEIGHTS)))
    litert.write(network, run / ("generator" + run_dir.LITERT), draw)
    if made_by is not None:
        litert.write_sketch(run / ("generator" + run_dir.SKETCH), draw)
    run_dir.write_manifest(run, recipe, 1)
    return recipe


def enlarging(run, channels=3, seed=0):
    """Writes a run that enlarges four times, small and not trained; returns its run_dir.Recipe."""
    from models import networks
    from models.srgan import Enlarger

    keras.utils.set_random_seed(seed)
    network = Enlarger(channels=channels, widths=(8, 4), blocks=1)
    # Strong enough to be told from a plain enlargement.
    network.set_weights([3 * weight for weight in network.get_weights()])
    side = SIZE // 4
    draw = Draw(
        network=networks.described(network),
        shape=(SIZE, SIZE, channels),
        pictures=Pictures(column="sources", shape=(side, side, channels), tile=TILE),
    )
    recipe = run_dir.Recipe(
        system="srgan", settings={"dataset": "mnist", "seed": 0}, draws={"generator": draw},
        versions={},
    )  # fmt: skip
    run_dir.create(run, recipe)
    kept = np.stack([scene(side, channels, seed) for seed in range(16)])
    pictures.write_png(run / ("generator" + run_dir.SOURCES), pictures.grid(kept, 4))
    network.save_weights(files.in_utf8(run / ("generator" + run_dir.KERAS_WEIGHTS)))
    litert.write(network, run / ("generator" + run_dir.LITERT), draw)
    run_dir.write_manifest(run, recipe, 1)
    return recipe
