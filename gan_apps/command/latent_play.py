"""What the flags ask a run to draw: pictures of a seed, the way between two, or a sum of them."""

import pathlib
import re

import numpy as np
from absl import flags

from gan_apps.command.adversarial import ANIMATION_FRAMES, MAX_FRAMES, STRIP_FRAMES
from gan_apps.drawing import latents, pictures
from gan_apps.drawing.draw import ANIMATION
from gan_apps.settings import MAX_SEED, Refused


def request(recipe, labels, name):
    """The inputs of the generator that the flags ask for.

    Args:
      recipe: run_dir.Recipe.
      labels: list of ints, or None.
      name: str. What the pictures are of, for a file name.

    Returns:
      (inputs, columns, name), inputs and columns as in drawing.draw.draw.
    """
    values = flags.FLAGS
    animated = pathlib.Path(values.output or "").suffix.lower() == ANIMATION
    if values.interpolate is not None and values.arithmetic is not None:
        raise Refused(f"--arithmetic={values.arithmetic} means nothing with --interpolate.")
    if values.frames is not None and values.interpolate is None:
        raise Refused(f"--frames={values.frames} means nothing without --interpolate.")
    if values.interpolate is not None:
        return _interpolation(recipe, labels, name, animated)
    if values.arithmetic is not None:
        if animated:
            raise Refused(f"--output={values.output}: --arithmetic draws a .png or a folder.")
        return _sum(recipe, labels, name)
    columns = values.num_images
    if (labels is None or len(labels) == 1) and not animated:
        columns = pictures.square(columns)
    return latents.requested(recipe, labels, values.num_images, values.seed), columns, name


def _interpolation(recipe, labels, name, animated):
    values = flags.FLAGS
    flag = f"--interpolate={values.interpolate}"
    seeds = [_seed(word, flag) for word in values.interpolate.split(",")]
    if len(seeds) != 2:
        raise Refused(f"{flag}: must be two seeds, such as 1,2.")
    frames = values.frames
    if frames is None:
        frames = ANIMATION_FRAMES if animated else STRIP_FRAMES
    if not 2 <= frames <= MAX_FRAMES:
        raise Refused(f"--frames={frames}: must be 2 to {MAX_FRAMES}.")
    shares = np.linspace(0.0, 1.0, frames)
    if animated:
        # There and back, slower at both ends, so that it repeats without a jump.
        shares = (1.0 - np.cos(2.0 * np.pi * np.arange(frames) / frames)) / 2.0
    inputs = latents.interpolated(recipe, labels, seeds, shares)
    return inputs, frames, f"{name}_interpolate_{seeds[0]}_{seeds[1]}"


def _sum(recipe, labels, name):
    asked = flags.FLAGS.arithmetic
    flag = f"--arithmetic={asked}"
    parts = re.findall(r"([+-]?)([^+-]+)", "".join(asked.split()))
    if "".join(sign + group for sign, group in parts) != "".join(asked.split()) or not parts:
        raise Refused(f"{flag}: must be seeds with + and - between them, such as 1-2+3.")
    terms = [
        (-1 if sign == "-" else 1, [_seed(word, flag) for word in group.split(",")])
        for sign, group in parts
    ]
    if labels is not None and len(labels) > 1:
        raise Refused(f"{flag}: this run needs one --{recipe.condition} to draw it with.")
    lengths = [len(seeds) + (len(seeds) > 1) for _, seeds in terms]
    # Single seeds and their sum are one row.
    rows = [len(terms) + 1] if max(lengths) == 1 else [*lengths, 1]
    words = "_".join(
        f"{'minus_' if sign < 0 else 'plus_' if number else ''}{'_'.join(map(str, seeds))}"
        for number, (sign, seeds) in enumerate(terms)
    )
    return latents.arithmetic(recipe, labels, terms), rows, f"{name}_{words}"


def _seed(word, flag):
    word = word.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 11 and int(word) <= MAX_SEED):
        raise Refused(f"{flag}: {word!r} is not a seed, 0 to {MAX_SEED}.")
    return int(word)
