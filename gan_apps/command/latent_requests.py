"""Requests to a run that draws from latents: of a seed, on the way between two, or of a sum."""

import math
import pathlib
import re
import sys

import numpy as np

from gan_apps.command.picture_requests import read
from gan_apps.conditions.attributes import PROMPT, as_file_name
from gan_apps.drawing import latents, pictures
from gan_apps.drawing.draw import Request
from gan_apps.pictures import reading
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings.drawing import (
    ANIMATION,
    ANIMATION_FRAMES,
    DEFAULT_IMAGES,
    GRID,
    SHEET_SIDE,
    STRIP_FRAMES,
)

# A code that is left open.
ANY = "any"
SIGNS = {"+": 1, "-": -1}


def request(draw, asked, values, name, code=None, find=None):
    """The drawing.draw.Request of the pictures that are asked for.

    Args:
      draw: runs.draws.Draw with latents.
      asked: settings.drawing.FromLatents.
      values: list of values of the draw's condition.
      name: str. What the pictures are of, for a file name.
      code: function of float32 images [n, h, w, c] in [-1, 1] -> latents float32 [n, size], as the
        run says them; or None.
      find: function of (uint8 images [n, h, w, c], values of the condition or None for any, k) ->
        the k nearest pictures of each, as searching.likeness.Found has them; or None.
    """
    if asked.truncation is not None and draw.latents.distribution != "normal":
        raise Refused(
            f"--truncation={asked.truncation}: this run's latents are "
            f"{draw.latents.distribution}, not normal."
        )
    codes = None if asked.codes is None else read_codes(draw, asked.codes)
    suffix = GRID if asked.interpolate_to is None else ANIMATION
    if asked.way is not None:
        animated = asked.animated if asked.output is not None else suffix == ANIMATION
        inputs, columns, name = _interpolation(draw, asked, values, name, animated, code, find)
    elif asked.arithmetic is not None:
        inputs, columns, name = _sum(draw, asked, values, name, find)
    elif asked.like is not None:
        inputs, columns, name = _like(draw, asked, values, find)
    elif asked.fix_latents:
        inputs, columns, name = _one_character(draw, asked, values, name)
    elif asked.sheet:
        inputs, columns, name = _sheet(draw, asked, values, codes, name)
    else:
        count = columns = asked.num_images or DEFAULT_IMAGES
        if len(values) * len(codes or [()]) == 1 and not asked.animated:
            columns = pictures.square(count)
        inputs = latents.requested(draw, values, count, asked.seed, asked.truncation)
    if codes is not None and not asked.sheet:
        inputs = latents.with_codes(inputs, draw.latents, codes)
        columns = columns if isinstance(columns, int) else columns * len(codes)
        # A name of a file has no signs: -1 must not take the place of 1.
        name = f"{name}_codes_{as_file_name(asked.codes.replace('-', 'minus '))}"
    output = f"{name}{suffix}" if asked.output is None else asked.output
    return Request(inputs=inputs, columns=columns, output=pathlib.Path(output))


def _like(draw, asked, values, find):
    path, count = pathlib.Path(asked.like), asked.num_images or 1
    if path.is_dir():
        raise Refused(f"--like={path}: is a folder; name one picture.")
    found = _found(draw, asked, values, [path], "--like", find, count)
    inputs = {"latents": found.latents[0, :count], **draw.condition.inputs(found.values[0][:count])}
    return inputs, pictures.square(count), f"like_{path.stem}"


def _found(draw, asked, values, paths, flag, find, count=1):
    """What is nearest to picture files, a searching.likeness.Found; says on stderr how near."""
    condition = draw.condition
    is_asked = condition.flag is not None and getattr(asked, condition.flag) is not None
    images = read(paths, draw.shape, flag)
    found = find(images, values if is_asked else None, count)
    for path, own, errors in zip(paths, found.values, found.errors, strict=True):
        words = condition.file_name(own[:1]).replace("_", " ")
        as_what = f" ({words})" if words and not is_asked else ""
        print(
            f"Nearest to {path.name}{as_what}: pixels differ by {errors[0]:.1%} of their range in "
            "the mean.",
            file=sys.stderr,
        )
    return found


def _are_pictures(words):
    """Whether words name files of pictures, though perhaps none that are there."""
    paths = [pathlib.Path(word) for word in words]
    return any(path.is_file() or path.suffix.lower() in reading.SUFFIXES for path in paths)


def _one_character(draw, asked, values, name):
    if draw.condition.flag is None:
        raise Refused("--fix_latents: this run draws without being asked for anything.")
    if len(values) == 1:
        values = draw.condition.opened(values[0])
    rows = asked.num_images or 1
    inputs = latents.of_one_character(draw, values, rows, asked.seed, asked.truncation)
    return inputs, len(values), f"{name}_fixed"


def read_codes(draw, text):
    """What --codes asks for: a list of rows, each a value for each code, None where it is open.

    Raises:
      Refused: names what is no value of its code.
    """
    flag, kinds = f"--codes={text}", draw.latents.codes
    if not kinds:
        raise Refused(f"{flag}: this run draws from noise without codes.")
    known = ", ".join("-1 to 1" if one == latents.NUMBER else f"0 to {one - 1}" for one in kinds)
    rows = []
    for row in text.split(";"):
        words = [word.strip() for word in row.split(",")]
        if len(words) > len(kinds):
            raise Refused(f"{flag}: there are {len(kinds)} codes ({known}), not {len(words)}.")
        words += [ANY] * (len(kinds) - len(words))
        rows.append([_code(*pair, flag, known) for pair in zip(kinds, words, strict=True)])
    return rows


def _code(kind, word, flag, known):
    if word == ANY:
        return None
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if kind == latents.NUMBER and -1.0 <= value <= 1.0:
        return value
    if kind != latents.NUMBER and value.is_integer() and 0 <= value < kind:
        return int(value)
    raise Refused(f"{flag}: {word!r} must be one of {known}, each in its place, or {ANY}.")


def _sheet(draw, asked, values, codes, name):
    if draw.latents.codes:
        if codes is not None and len(codes) > 1:
            raise Refused(f"--codes={asked.codes}: a sheet is of one row of codes.")
        own = () if codes is None else codes[0]
        inputs, lengths = latents.walked(draw, STRIP_FRAMES, asked.seed, own)
        return inputs, lengths, f"{name}_sheet"
    if draw.latents.size != 2 or draw.latents.distribution == "spherical":
        raise Refused(
            f"--sheet: a sheet is of two numbers that are normal or uniform; this run's latents "
            f"are {draw.latents.size}, {draw.latents.distribution}."
        )
    if len(values) > 1:
        raise Refused(f"--sheet: this run needs one --{draw.condition.flag} to draw it with.")
    return latents.sheet(draw, values[0], SHEET_SIDE), SHEET_SIDE, f"{name}_sheet"


def _interpolation(draw, asked, values, name, animated, code, find):
    seeds, end, given = [asked.seed] * 2, None, None
    if asked.interpolate is not None:
        flag = f"--interpolate={asked.interpolate}"
        words = [word.strip() for word in asked.interpolate.split(",")]
        paths = [pathlib.Path(word) for word in words]
        of_files = (code is not None or find is not None) and _are_pictures(words)
        if of_files and len(paths) == 2:
            ends = [path.stem for path in paths]
            if code is not None:
                given = code(pictures.to_signed(read(paths, draw.shape, "--interpolate")))
            else:
                found = _found(draw, asked, values, paths, "--interpolate", find)
                given, (values, (end,)) = found.latents[:, 0], (one[:1] for one in found.values)
        else:
            seeds = ends = words if of_files else [_seed(word, flag) for word in words]
        if len(ends) != 2:
            nothing = code is None and find is None
            kinds = "two seeds" if nothing else "two seeds, or two files of pictures"
            raise Refused(f"{flag}: must be {kinds}, such as 1,2.")
        name = f"{name}_interpolate_{ends[0]}_{ends[1]}"
    if asked.interpolate_to is not None:
        if draw.condition.flag != PROMPT:
            raise Refused(f"{asked.way}: this run does not draw from prompts.")
        if not draw.condition.slots:
            raise Refused(f"{asked.way}: there is no way from one sentence to another.")
        end = draw.condition.read_one(asked.interpolate_to)
        name = f"{name}_to_{as_file_name(draw.condition.named(end))}"
    frames = asked.frames or (ANIMATION_FRAMES if animated else STRIP_FRAMES)
    shares = np.linspace(0.0, 1.0, frames)
    if animated:
        # There and back, slower at both ends, so that it repeats without a jump.
        shares = (1.0 - np.cos(2.0 * np.pi * np.arange(frames) / frames)) / 2.0
    return latents.interpolated(draw, values, seeds, shares, end, given), frames, name


def _sum(draw, asked, values, name, find):
    formula = asked.arithmetic
    flag = f"--arithmetic={formula}"
    if find is not None and _are_pictures(formula.split()):
        return _sum_of_pictures(draw, asked, values, name, flag, find)
    parts = re.findall(r"([+-]?)([^+-]+)", "".join(formula.split()))
    if "".join(sign + group for sign, group in parts) != "".join(formula.split()) or not parts:
        raise Refused(f"{flag}: must be seeds with + and - between them, such as 1-2+3.")
    terms = [
        (-1 if sign == "-" else 1, [_seed(word, flag) for word in group.split(",")])
        for sign, group in parts
    ]
    if len(values) > 1:
        raise Refused(f"{flag}: this run needs one --{draw.condition.flag} to draw it with.")
    lengths = [len(seeds) + (len(seeds) > 1) for _, seeds in terms]
    # Single seeds and their sum are one row.
    rows = [len(terms) + 1] if max(lengths) == 1 else [*lengths, 1]
    words = "_".join(
        f"{'minus_' if sign < 0 else 'plus_' if number else ''}{'_'.join(map(str, seeds))}"
        for number, (sign, seeds) in enumerate(terms)
    )
    return latents.arithmetic(draw, values[0], terms), rows, f"{name}_{words}"


def _sum_of_pictures(draw, asked, values, name, flag, find):
    words = asked.arithmetic.split()
    if words[0] not in SIGNS:
        words = ["+", *words]
    signs, files = words[::2], words[1::2]
    if len(signs) != len(files) or any(sign not in SIGNS for sign in signs):
        raise Refused(
            f"{flag}: must be pictures with + and - between them, and spaces around those, such as "
            "'a.png - b.png + c.png'."
        )
    paths = [pathlib.Path(file) for file in files]
    found = _found(draw, asked, values, paths, "--arithmetic", find)
    terms = [(SIGNS[sign], ()) for sign in signs]
    own = [one[0] for one in found.values]
    inputs = latents.arithmetic(draw, None, terms, found.latents[:, 0], own)
    said = "_".join(
        f"{'minus_' if SIGNS[sign] < 0 else 'plus_' if number else ''}{path.stem}"
        for number, (sign, path) in enumerate(zip(signs, paths, strict=True))
    )
    return inputs, [len(terms) + 1], f"{name}_{said}"


def _seed(word, flag):
    word = word.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 11 and int(word) <= MAX_SEED):
        raise Refused(f"{flag}: {word!r} is not a seed, 0 to {MAX_SEED}.")
    return int(word)
