"""Settings of a request for pictures: which, how many, from which latents, and where to.

A command takes the class of what its runs draw from; `AnyDrawing` asks any run.
"""

import dataclasses
import pathlib

from gan_apps.settings.setting import MAX_SEED, Settings, changed, setting
from gan_apps.settings.training import SIDES

MAX_IMAGES, DEFAULT_IMAGES = 10_000, 16
MAX_FRAMES = 1_000
STRIP_FRAMES, ANIMATION_FRAMES = 10, 48
# Frames that are drawn after those of a clip.
DEFAULT_NEXT = 10
# For one user.
DEFAULT_DESIGNS, MAX_DESIGNS = 10, 50
# Pictures along each side of a sheet, as in Kingma & Welling 2014, figure 4.
SHEET_SIDE = 20
MIN_TRUNCATION = 0.05
RUNTIMES = ("auto", "litert", "keras")
# How the name of a grid ends, and of an animation.
GRID, ANIMATION = ".png", ".gif"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing(Settings):
    """Settings of every request."""

    # What some requests can ask besides, as it is where they cannot.
    digit = label = prompt = interpolate_to = None
    fix_latents = list_words = False
    num_images = interpolate = frames = arithmetic = truncation = codes = like = None
    sheet, input, to = False, None, None
    sketch_first = side_by_side = False

    seed: int = setting(0, "Seed of the pictures.", minimum=0, maximum=MAX_SEED)
    output: str = setting(
        None,
        "Where to draw: a grid if it ends in .png, an animation if in .gif, else a folder of "
        "single pictures. Default: a grid in the current folder, named for what it shows.",
        is_path=True,
    )

    @property
    def animated(self):
        """Whether --output is an animation."""
        return self.output is not None and pathlib.Path(self.output).suffix.lower() == ANIMATION

    @property
    def in_words(self):
        """Whether only a run that draws from prompts can be meant."""
        return self.prompt is not None or self.interpolate_to is not None or self.list_words

    def beyond(self, kind):
        """What is asked that a request of `kind` could not ask: {name: value}."""
        known = kind.__dataclass_fields__
        values = {
            field.name: (getattr(self, field.name), field.default)
            for field in dataclasses.fields(AnyDrawing)
            if field.name not in known
        }
        return {name: value for name, (value, default) in values.items() if value != default}


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromLatents(Drawing):
    """Settings of pictures from noise."""

    num_images: int = setting(
        None,
        f"Pictures, of each digit, label or prompt where such are asked for. Default: "
        f"{DEFAULT_IMAGES}.",
        minimum=1,
        maximum=MAX_IMAGES,
    )
    like: str = setting(
        None,
        "A picture, to which the nearest that the run can draw is searched for and drawn; how near "
        "it is, is told. With --num_images so many, of several searches, the nearest first. Takes "
        "TensorFlow, and seconds.",
        is_path=True,
    )
    interpolate: str = setting(
        None,
        "SEED_A,SEED_B: the pictures on the way from the first picture of one seed to that of the "
        "other, as a strip, or as an animation there and back if --output ends in .gif. Or "
        "A.png,B.png: between those nearest to two pictures.",
    )
    frames: int = setting(
        None,
        f"Pictures on the way. Default: {STRIP_FRAMES}, or {ANIMATION_FRAMES} in an animation.",
        minimum=2,
        maximum=MAX_FRAMES,
    )
    arithmetic: str = setting(
        None,
        "A-B+C, each a seed or several whose mean is taken, such as 1,4,7-2,3,5+6,8,9: a row for "
        "each with its mean at the end, and the sum last. Or pictures, with spaces around the "
        "signs, such as 'a.png - b.png + c.png': of those nearest to them.",
    )
    truncation: float = setting(
        None,
        "Normal latents beyond so many standard deviations are drawn again: below 2, pictures are "
        "more ordinary and less varied.",
        minimum=MIN_TRUNCATION,
    )
    sheet: bool = setting(
        False,
        f"For latents of two numbers: all there are, as {SHEET_SIDE}x{SHEET_SIDE} pictures. From "
        "one row or column to the next a number passes an equal share of what it is drawn from.",
    )

    @property
    def way(self):
        """The flag that asks for the way between two pictures, as it was given, or None."""
        if self.interpolate_to is not None:
            return f"--interpolate_to={self.interpolate_to}"
        return None if self.interpolate is None else f"--interpolate={self.interpolate}"

    def check(self):
        total = None if self.arithmetic is None else f"--arithmetic={self.arithmetic}"
        fixed = "--fix_latents" if self.fix_latents else None
        sheet = "--sheet" if self.sheet else None
        like = None if self.like is None else f"--like={self.like}"
        plays = [play for play in (self.way, total, fixed, sheet, like) if play is not None]
        if len(plays) > 1:
            raise ValueError(f"{_bare(plays[1])} means nothing with {plays[0]}.")
        # What is given may be a clip, which has frames too.
        if self.frames is not None and self.way is None and self.input is None:
            raise ValueError(f"frames={self.frames} means nothing without --interpolate.")
        if self.num_images is not None and sheet:
            raise ValueError(f"num_images={self.num_images} means nothing with --sheet.")
        if self.truncation is not None and (self.way or total or sheet or like):
            raise ValueError(f"truncation={self.truncation} means nothing with {plays[0]}.")
        for play in (total, sheet, like):
            if play is not None and self.animated:
                flag = play.partition("=")[0]
                raise ValueError(f"output={self.output}: {flag} draws a .png or a folder.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AskedFor(FromLatents):
    """Settings of pictures from noise that are asked for something."""

    digit: str = setting(
        None, "Digits to draw, such as 9 or 3,1,4: one row each. Default: all ten."
    )
    label: str = setting(
        None,
        "The same for runs on other labelled data: numbers or names, such as 1,Sandal. "
        "Default: all.",
    )
    prompt: str = setting(
        None,
        "The same in words, such as 'blue hair red eyes'; several, separated by ; are a row each. "
        "What is left out is drawn at random.",
    )
    interpolate_to: str = setting(
        None,
        "A second prompt: an animation from --prompt to it (a strip if --output ends in .png), "
        "from the same latents, or from those of --interpolate's seeds.",
    )
    fix_latents: bool = setting(
        False,
        "Draw everything that is asked for from the same latents: a row is one character, or one "
        "hand. A single prompt is drawn in all values of what it leaves open, such as the hair. "
        "--num_images is then the rows, 1 if not given.",
    )
    list_words: bool = setting(False, "Print the words that --prompt may use, and stop.")

    def check(self):
        names = ("digit", "label", "prompt")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            first, second = (f"{name}={getattr(self, name)}" for name in given[:2])
            raise ValueError(f"{second} means nothing with --{first}.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromPictures(Drawing):
    """Settings of pictures from pictures that are given."""

    input: str = setting(
        None,
        "The picture to draw from, or a folder of them: each as large as the network takes it, "
        "its central square. --output is then a .png for one picture, or a folder.",
        is_path=True,
    )
    side_by_side: bool = setting(
        False, "Draw each picture beside what it was drawn from, and what that was made of."
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromClips(Drawing):
    """Settings of frames that come after those that are given."""

    input: str = setting(
        None,
        "The clip to go on with: an animation, or a folder of numbered frames. --output is then "
        "an animation, a folder of the predicted frames alone, or a .png of them in a row.",
        is_path=True,
    )
    frames: int = setting(
        None,
        f"How many frames to draw, each from the last ones, drawn ones among them. Default: "
        f"{DEFAULT_NEXT}, or with --side_by_side as many as the clip has after its first ones.",
        minimum=1,
        maximum=MAX_FRAMES,
    )
    side_by_side: bool = setting(
        False,
        "Begin with the first frames of the clip, and draw each predicted frame beside what the "
        "clip has there.",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromSketches(FromPictures):
    """Settings of pictures from pictures that may be made of finished ones."""

    sketch_first: bool = setting(
        False,
        "The pictures given are finished ones, of which the run's kind of sketch is made to draw "
        "from.",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class BetweenSides(FromPictures):
    """Settings of pictures of one set from those of another."""

    to: str = setting(
        None,
        "Which of the two sets the pictures given are to become like. Default: b.",
        choices=SIDES,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromEither(FromPictures, FromLatents):
    """Settings of a request to runs that draw from noise, and from pictures if any are given."""

    def check(self):
        if self.input is not None:
            for name, value in self.beyond(FromPictures).items():
                raise ValueError(f"{name}={value} means nothing with --input={self.input}.")
        elif self.side_by_side:
            raise ValueError("side_by_side means nothing without --input.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromAnyPictures(BetweenSides, FromSketches):
    """Settings of pictures from pictures, of which it is not known what is drawn from them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coded(FromLatents):
    """Settings of pictures from noise that has codes."""

    codes: str = setting(
        None,
        "The codes in their order, such as 3,0.5,-1: the number of a value, from 0, or a number "
        "from -1 to 1; any, or fewer of them: those are drawn at random. Several with ; between "
        "them are a row each, all from the same noise.",
    )
    sheet: bool = changed(
        FromLatents,
        "sheet",
        False,
        help="A row for each code, which alone changes along it: all its values, or "
        f"{STRIP_FRAMES} steps from -1 to 1; the rest is as --seed and --codes have it.",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromCodes(Coded, FromEither):
    """Settings of a request to runs that draw from noise that has codes, or from pictures."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FromNoise(AskedFor, Coded):
    """Settings of pictures from noise of which it is not known what it has."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnyDrawing(FromAnyPictures, FromNoise):
    """Settings of a request of which it is not known what draws."""

    frames: int = changed(FromLatents, "frames", None, minimum=1)

    def check(self):
        if self.way is not None and self.frames == 1:
            raise ValueError(f"frames must be at least 2, got 1: {self.way} has two ends.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForUser(Settings):
    """Settings of what is in the shop for a user, and of designs."""

    user: str = setting(
        None, "Whom it is for, as feedback.csv calls them: to be named. Default: none."
    )
    class_: str = setting(
        None,
        "Items and designs of this class alone: a label of --generator, such as Sandal. Default: "
        "of all, whichever the user likes most.",
    )
    num_images: int = setting(
        DEFAULT_DESIGNS, "Items, and as many designs.", minimum=1, maximum=MAX_DESIGNS
    )
    generator: str = setting(
        None,
        "The run that draws the designs: of gan_apps.cgan, trained with --objective=least_squares "
        "and --keep_discriminator on pictures of the size of the shop's. Default: the shipped one.",
        is_path=True,
    )
    dataset: str = setting(
        None,
        "Where the shop is now. Default: where it was when the run was trained; if it is not "
        "there, pictures that --generator draws stand for its items.",
        is_path=True,
    )
    realness_weight: float = setting(
        1.0,
        "eta: what it costs that the discriminator does not take a design for real. 0 for nothing, "
        "which draws what nobody would sell.",
        minimum=0,
    )
    starts: int = setting(
        20,
        "Latents that the search begins with, the best of 1,000; the best of them become designs.",
        minimum=1,
        maximum=1_000,
    )
    steps: int = setting(60, "Steps of the search from each.", minimum=1, maximum=10_000)
    step_size: float = setting(0.05, "How far each latent goes in the first step.", above=0)
    seed: int = changed(Drawing, "seed", 0, help="Seed of the starts.")
    output: str = setting(
        None,
        "Where to draw: one picture if it ends in .png, else a folder of single pictures, with "
        "scores.csv. Default: user_<name>.png in the current folder.",
        is_path=True,
    )

    def check(self):
        if self.starts < self.num_images:
            raise ValueError(
                f"starts must be at least --num_images={self.num_images}, got {self.starts}."
            )
        if self.output is not None and pathlib.Path(self.output).suffix.lower() == ANIMATION:
            raise ValueError(f"output={self.output}: must be a .png, or a folder.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OfRun(Settings):
    """Settings of what of a run draws."""

    draw: str = setting(
        None, "Which of the run's networks draws, where it has several. Default: the first."
    )
    state: str = setting(
        None,
        "Draw from a saved state of the run, which need not have ended: best (the least kernel "
        "distance while training), last, or the number of an iteration. Default: the generator "
        "that the training ended with.",
    )
    runtime: str = setting(
        "auto", "What draws; auto is LiteRT if installed, or Keras.", choices=RUNTIMES
    )


# What a request to runs looks like, by what they draw from: without a condition, and with one.
REQUESTS = {
    frozenset(("latents",)): (FromLatents, AskedFor),
    frozenset(("pictures",)): (FromSketches,),
    frozenset(("sides",)): (BetweenSides,),
    frozenset(("clips",)): (FromClips,),
    frozenset(("tastes",)): (ForUser,),
    frozenset(("latents", "pictures")): (FromEither, AnyDrawing),
    frozenset(("latents", "codes", "pictures")): (FromCodes,),
}


def asked_of(takes, conditional):
    """The class of a request to the runs of a system.

    Args:
      takes: what they draw from: a key of REQUESTS, in any order.
      conditional: bool. Whether they are asked for something; what does not draw from latents has
        one request for both.
    """
    kinds = REQUESTS[frozenset(takes)]
    return kinds[-1] if conditional else kinds[0]


def _bare(flag):
    return flag.removeprefix("--")
