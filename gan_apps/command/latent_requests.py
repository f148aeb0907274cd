"""What the flags ask a run to draw: pictures of a seed, the way between two, or a sum of them."""

import pathlib
import re

import numpy as np
from absl import flags

from gan_apps.conditions.attributes import PROMPT, as_file_name
from gan_apps.drawing import latents, pictures
from gan_apps.drawing.draw import ANIMATION, Request
from gan_apps.settings import MAX_SEED, Refused

MAX_FRAMES = 1_000
STRIP_FRAMES, ANIMATION_FRAMES = 10, 48
MIN_TRUNCATION = 0.05


def request(draw, asked, name):
    """The drawing.draw.Request of the pictures that the flags ask for.

    Args:
      draw: runs.draws.Draw with latents.
      asked: list of values of its condition.
      name: str. What the pictures are of, for a file name.
    """
    values = flags.FLAGS
    target = values.interpolate_to if "interpolate_to" in values else None
    fixed = "fix_latents" in values and values.fix_latents
    interpolating = values.interpolate is not None or target is not None
    way = f"--interpolate={values.interpolate}" if target is None else f"--interpolate_to={target}"
    plays = {
        way: interpolating,
        f"--arithmetic={values.arithmetic}": values.arithmetic is not None,
        "--fix_latents": fixed,
    }
    chosen = [play for play, asked_for in plays.items() if asked_for]
    if len(chosen) > 1:
        raise Refused(f"{chosen[1]} means nothing with {chosen[0]}.")
    if values.frames is not None and not interpolating:
        raise Refused(f"--frames={values.frames} means nothing without --interpolate.")
    _check_truncation(draw, chosen)
    suffix = ANIMATION if target is not None else ".png"
    animated = pathlib.Path(values.output or suffix).suffix.lower() == ANIMATION
    if interpolating:
        inputs, columns, name = _interpolation(draw, asked, name, animated, target)
    elif values.arithmetic is not None:
        if animated:
            raise Refused(f"--output={values.output}: --arithmetic draws a .png or a folder.")
        inputs, columns, name = _sum(draw, asked, name)
    elif fixed:
        inputs, columns, name = _one_character(draw, asked, name)
    else:
        columns = values.num_images
        if len(asked) == 1 and not animated:
            columns = pictures.square(columns)
        inputs = latents.requested(draw, asked, values.num_images, values.seed, values.truncation)
    output = f"{name}{suffix}" if values.output is None else values.output
    return Request(inputs=inputs, columns=columns, output=pathlib.Path(output))


def _check_truncation(draw, plays):
    truncation = flags.FLAGS.truncation
    if truncation is None:
        return
    flag = f"--truncation={truncation}"
    if not truncation >= MIN_TRUNCATION:
        raise Refused(f"{flag}: must be at least {MIN_TRUNCATION}.")
    if draw.latents.distribution != "normal":
        raise Refused(f"{flag}: this run's latents are {draw.latents.distribution}, not normal.")
    if plays and plays[0] != "--fix_latents":
        raise Refused(f"{flag} means nothing with {plays[0]}.")


def _one_character(draw, asked, name):
    values = flags.FLAGS
    if draw.condition.flag is None:
        raise Refused("--fix_latents: this run draws without being asked for anything.")
    if len(asked) == 1:
        asked = draw.condition.opened(asked[0])
    rows = values.num_images if values["num_images"].present else 1
    inputs = latents.of_one_character(draw, asked, rows, values.seed, values.truncation)
    return inputs, len(asked), f"{name}_fixed"


def _interpolation(draw, asked, name, animated, target):
    values = flags.FLAGS
    seeds = [values.seed] * 2
    if values.interpolate is not None:
        flag = f"--interpolate={values.interpolate}"
        seeds = [_seed(word, flag) for word in values.interpolate.split(",")]
        if len(seeds) != 2:
            raise Refused(f"{flag}: must be two seeds, such as 1,2.")
        name = f"{name}_interpolate_{seeds[0]}_{seeds[1]}"
    end = None
    if target is not None:
        if draw.condition.flag != PROMPT:
            raise Refused(f"--interpolate_to={target}: this run does not draw from prompts.")
        end = draw.condition.read_one(target)
        name = f"{name}_to_{as_file_name(draw.condition.named(end))}"
    frames = values.frames
    if frames is None:
        frames = ANIMATION_FRAMES if animated else STRIP_FRAMES
    if not 2 <= frames <= MAX_FRAMES:
        raise Refused(f"--frames={frames}: must be 2 to {MAX_FRAMES}.")
    shares = np.linspace(0.0, 1.0, frames)
    if animated:
        # There and back, slower at both ends, so that it repeats without a jump.
        shares = (1.0 - np.cos(2.0 * np.pi * np.arange(frames) / frames)) / 2.0
    return latents.interpolated(draw, asked, seeds, shares, end), frames, name


def _sum(draw, asked, name):
    formula = flags.FLAGS.arithmetic
    flag = f"--arithmetic={formula}"
    parts = re.findall(r"([+-]?)([^+-]+)", "".join(formula.split()))
    if "".join(sign + group for sign, group in parts) != "".join(formula.split()) or not parts:
        raise Refused(f"{flag}: must be seeds with + and - between them, such as 1-2+3.")
    terms = [
        (-1 if sign == "-" else 1, [_seed(word, flag) for word in group.split(",")])
        for sign, group in parts
    ]
    if len(asked) > 1:
        raise Refused(f"{flag}: this run needs one --{draw.condition.flag} to draw it with.")
    lengths = [len(seeds) + (len(seeds) > 1) for _, seeds in terms]
    # Single seeds and their sum are one row.
    rows = [len(terms) + 1] if max(lengths) == 1 else [*lengths, 1]
    words = "_".join(
        f"{'minus_' if sign < 0 else 'plus_' if number else ''}{'_'.join(map(str, seeds))}"
        for number, (sign, seeds) in enumerate(terms)
    )
    return latents.arithmetic(draw, asked[0], terms), rows, f"{name}_{words}"


def _seed(word, flag):
    word = word.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 11 and int(word) <= MAX_SEED):
        raise Refused(f"{flag}: {word!r} is not a seed, 0 to {MAX_SEED}.")
    return int(word)
