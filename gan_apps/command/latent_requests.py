"""Requests to a run that draws from latents: of a seed, on the way between two, or of a sum."""

import dataclasses
import math
import pathlib
import re
import sys
from collections.abc import Callable

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentRequest:
    """What is asked of a run that draws from latents.

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

    draw: object
    asked: object
    values: list
    name: str
    code: Callable | None = None
    find: Callable | None = None

    def request(self):
        """The drawing.draw.Request of the pictures that are asked for."""
        draw, asked, name = self.draw, self.asked, self.name
        if asked.truncation is not None and draw.latents.distribution != "normal":
            raise Refused(
                f"--truncation={asked.truncation}: this run's latents are "
                f"{draw.latents.distribution}, not normal."
            )
        codes = None if asked.codes is None else read_codes(draw, asked.codes)
        suffix = GRID if asked.interpolate_to is None else ANIMATION
        if asked.way is not None:
            animated = asked.animated if asked.output is not None else suffix == ANIMATION
            inputs, columns, name = self._interpolation(animated)
        elif asked.arithmetic is not None:
            inputs, columns, name = self._sum()
        elif asked.like is not None:
            inputs, columns, name = self._like()
        elif asked.fix_latents:
            inputs, columns, name = self._one_character()
        elif asked.sheet:
            inputs, columns, name = self._sheet(codes)
        else:
            count = columns = asked.num_images or DEFAULT_IMAGES
            if len(self.values) * len(codes or [()]) == 1 and not asked.animated:
                columns = pictures.square(count)
            inputs = latents.requested(draw, self.values, count, asked.seed, asked.truncation)
        if codes is not None and not asked.sheet:
            inputs = latents.with_codes(inputs, draw.latents, codes)
            columns = columns if isinstance(columns, int) else columns * len(codes)
            # A name of a file has no signs: -1 must not take the place of 1.
            name = f"{name}_codes_{as_file_name(asked.codes.replace('-', 'minus '))}"
        output = f"{name}{suffix}" if asked.output is None else asked.output
        return Request(inputs=inputs, columns=columns, output=pathlib.Path(output))

    def _like(self):
        path, count = pathlib.Path(self.asked.like), self.asked.num_images or 1
        if path.is_dir():
            raise Refused(f"--like={path}: is a folder; name one picture.")
        found = self._found([path], "--like", count)
        inputs = {
            "latents": found.latents[0, :count],
            **self.draw.condition.inputs(found.values[0][:count]),
        }
        return inputs, pictures.square(count), f"like_{path.stem}"

    def _found(self, paths, flag, count=1):
        """What is nearest to picture files, a searching.likeness.Found; says on stderr how near."""
        condition = self.draw.condition
        is_asked = condition.flag is not None and getattr(self.asked, condition.flag) is not None
        images = read(paths, self.draw.shape, flag)
        found = self.find(images, self.values if is_asked else None, count)
        for path, own, errors in zip(paths, found.values, found.errors, strict=True):
            words = condition.file_name(own[:1]).replace("_", " ")
            as_what = f" ({words})" if words and not is_asked else ""
            print(
                f"Nearest to {path.name}{as_what}: pixels differ by {errors[0]:.1%} of their "
                "range in the mean.",
                file=sys.stderr,
            )
        return found

    def _one_character(self):
        if self.draw.condition.flag is None:
            raise Refused("--fix_latents: this run draws without being asked for anything.")
        values = self.values
        if len(values) == 1:
            values = self.draw.condition.opened(values[0])
        rows = self.asked.num_images or 1
        inputs = latents.of_one_character(
            self.draw, values, rows, self.asked.seed, self.asked.truncation
        )
        return inputs, len(values), f"{self.name}_fixed"

    def _sheet(self, codes):
        if self.draw.latents.codes:
            if codes is not None and len(codes) > 1:
                raise Refused(f"--codes={self.asked.codes}: a sheet is of one row of codes.")
            own = () if codes is None else codes[0]
            inputs, lengths = latents.walked(self.draw, STRIP_FRAMES, self.asked.seed, own)
            return inputs, lengths, f"{self.name}_sheet"
        if self.draw.latents.size != 2 or self.draw.latents.distribution == "spherical":
            raise Refused(
                "--sheet: a sheet is of two numbers that are normal or uniform; this run's "
                f"latents are {self.draw.latents.size}, {self.draw.latents.distribution}."
            )
        if len(self.values) > 1:
            raise Refused(
                f"--sheet: this run needs one --{self.draw.condition.flag} to draw it with."
            )
        inputs = latents.sheet(self.draw, self.values[0], SHEET_SIDE)
        return inputs, SHEET_SIDE, f"{self.name}_sheet"

    def _interpolation(self, animated):
        asked, condition, name, values = self.asked, self.draw.condition, self.name, self.values
        seeds, end, given = [asked.seed] * 2, None, None
        if asked.interpolate is not None:
            flag = f"--interpolate={asked.interpolate}"
            words = [word.strip() for word in asked.interpolate.split(",")]
            paths = [pathlib.Path(word) for word in words]
            of_files = (self.code is not None or self.find is not None) and _are_pictures(words)
            if of_files and len(paths) == 2:
                ends = [path.stem for path in paths]
                if self.code is not None:
                    given = self.code(
                        pictures.to_signed(read(paths, self.draw.shape, "--interpolate"))
                    )
                else:
                    found = self._found(paths, "--interpolate")
                    given, (values, (end,)) = found.latents[:, 0], (one[:1] for one in found.values)
            else:
                seeds = ends = words if of_files else [_seed(word, flag) for word in words]
            if len(ends) != 2:
                nothing = self.code is None and self.find is None
                kinds = "two seeds" if nothing else "two seeds, or two files of pictures"
                raise Refused(f"{flag}: must be {kinds}, such as 1,2.")
            name = f"{name}_interpolate_{ends[0]}_{ends[1]}"
        if asked.interpolate_to is not None:
            if condition.flag != PROMPT:
                raise Refused(f"{asked.way}: this run does not draw from prompts.")
            if not condition.slots:
                raise Refused(f"{asked.way}: there is no way from one sentence to another.")
            end = condition.read_one(asked.interpolate_to)
            name = f"{name}_to_{as_file_name(condition.named(end))}"
        frames = asked.frames or (ANIMATION_FRAMES if animated else STRIP_FRAMES)
        shares = np.linspace(0.0, 1.0, frames)
        if animated:
            # There and back, slower at both ends, so that it repeats without a jump.
            shares = (1.0 - np.cos(2.0 * np.pi * np.arange(frames) / frames)) / 2.0
        return latents.interpolated(self.draw, values, seeds, shares, end, given), frames, name

    def _sum(self):
        formula = self.asked.arithmetic
        flag = f"--arithmetic={formula}"
        if self.find is not None and _are_pictures(formula.split()):
            return self._sum_of_pictures(flag)
        parts = re.findall(r"([+-]?)([^+-]+)", "".join(formula.split()))
        if "".join(sign + group for sign, group in parts) != "".join(formula.split()) or not parts:
            raise Refused(f"{flag}: must be seeds with + and - between them, such as 1-2+3.")
        terms = [
            (-1 if sign == "-" else 1, [_seed(word, flag) for word in group.split(",")])
            for sign, group in parts
        ]
        if len(self.values) > 1:
            raise Refused(
                f"{flag}: this run needs one --{self.draw.condition.flag} to draw it with."
            )
        lengths = [len(seeds) + (len(seeds) > 1) for _, seeds in terms]
        # Single seeds and their sum are one row.
        rows = [len(terms) + 1] if max(lengths) == 1 else [*lengths, 1]
        words = "_".join(
            f"{'minus_' if sign < 0 else 'plus_' if number else ''}{'_'.join(map(str, seeds))}"
            for number, (sign, seeds) in enumerate(terms)
        )
        return latents.arithmetic(self.draw, self.values[0], terms), rows, f"{self.name}_{words}"

    def _sum_of_pictures(self, flag):
        words = self.asked.arithmetic.split()
        if words[0] not in SIGNS:
            words = ["+", *words]
        signs, files = words[::2], words[1::2]
        if len(signs) != len(files) or any(sign not in SIGNS for sign in signs):
            raise Refused(
                f"{flag}: must be pictures with + and - between them, and spaces around those, "
                "such as 'a.png - b.png + c.png'."
            )
        paths = [pathlib.Path(file) for file in files]
        found = self._found(paths, "--arithmetic")
        terms = [(SIGNS[sign], ()) for sign in signs]
        own = [one[0] for one in found.values]
        inputs = latents.arithmetic(self.draw, None, terms, found.latents[:, 0], own)
        said = "_".join(
            f"{'minus_' if SIGNS[sign] < 0 else 'plus_' if number else ''}{path.stem}"
            for number, (sign, path) in enumerate(zip(signs, paths, strict=True))
        )
        return inputs, [len(terms) + 1], f"{self.name}_{said}"


def _are_pictures(words):
    """Whether words name files of pictures, though perhaps none that are there."""
    paths = [pathlib.Path(word) for word in words]
    return any(path.is_file() or path.suffix.lower() in reading.SUFFIXES for path in paths)


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


def _seed(word, flag):
    word = word.strip()
    if not (word.isascii() and word.isdigit() and len(word) < 11 and int(word) <= MAX_SEED):
        raise Refused(f"{flag}: {word!r} is not a seed, 0 to {MAX_SEED}.")
    return int(word)
