"""What the flags ask a run to draw: which pictures, how many, from which latents, and where to."""

from absl import flags

from gan_apps import conditions
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings import flags as settings_flags

flags.disclaim_key_flags()

LATENT_FLAGS = ("num_images", "interpolate", "frames", "arithmetic", "truncation")
PICTURE_FLAGS = ("input", "side_by_side")
# Of commands whose runs are asked for something.
DIGIT, LABEL, PROMPT = conditions.FLAGS
CONDITIONAL_FLAGS = (*conditions.FLAGS, "interpolate_to", "fix_latents", "list_words")
ALL_FLAGS = (*CONDITIONAL_FLAGS, *LATENT_FLAGS, *PICTURE_FLAGS, "output")
# What is drawn from the run that draws from prompts, if no run is named.
PROMPT_FLAGS = (PROMPT, "interpolate_to", "list_words")
MAX_IMAGES = 10_000
MAX_FRAMES = 1_000
STRIP_FRAMES, ANIMATION_FRAMES = 10, 48
MIN_TRUNCATION = 0.05


def define_flags(system=None, mode=""):
    """Defines the flags that ask for pictures, but for --seed.

    Args:
      system: systems.System whose runs draw them; None, the default, for any of them.
      mode: str. What their help begins with. Default: nothing.
    """
    if system is None or system.takes == "latents":
        _define_latent_flags(system is None or system.conditional)
    if system is None or system.takes == "pictures":
        _define_picture_flags()
    settings_flags.define_path(
        "output",
        None,
        "Where to draw: a grid if it ends in .png, an animation if in .gif, else a "
        "folder of single pictures. "
        "Default: a grid in the current folder, named for what it shows.",
    )
    for name in names():
        flags.FLAGS[name].help = mode + flags.FLAGS[name].help


def _define_picture_flags():
    settings_flags.define_path(
        "input",
        None,
        "The picture to draw from, or a folder of them: each as large as the network takes it, "
        "its central square. --output is then a .png for one picture, or a folder.",
    )
    flags.DEFINE_bool("side_by_side", False, "Draw each picture beside the one that was given.")


def _define_latent_flags(conditional):
    if conditional:
        flags.DEFINE_string(
            DIGIT,
            None,
            "Digits to draw, such as 9 or 3,1,4: one row each. Default: all ten.",
        )
        flags.DEFINE_string(
            LABEL,
            None,
            "The same for runs on other labelled data: numbers or names, such as 1,Sandal.",
        )
        flags.DEFINE_string(
            PROMPT,
            None,
            "The same in words, such as 'blue hair red eyes'; several, separated by ; "
            "are a row each. What is left out is drawn at random.",
        )
        flags.DEFINE_string(
            "interpolate_to",
            None,
            "A second prompt: an animation from --prompt to it (a strip if --output "
            "ends in .png), from the same latents, or from those of --interpolate's seeds.",
        )
        flags.DEFINE_bool(
            "fix_latents",
            False,
            "Draw everything that is asked for from the same latents: a row is one "
            "character, or one hand. A single prompt is drawn in all values of what it leaves "
            "open, such as the hair. --num_images is then the rows, 1 if not given.",
        )
        flags.DEFINE_bool("list_words", False, "Print the words that --prompt may use, and stop.")
    per_label = " per digit, label or prompt" if conditional else ""
    flags.DEFINE_integer("num_images", 16, f"Pictures{per_label}, 1 to {MAX_IMAGES:,}.")
    flags.DEFINE_string(
        "interpolate",
        None,
        "SEED_A,SEED_B: the pictures on the way from the first picture of one seed to "
        "that of the other, as a strip, or as an animation there and back if --output ends in "
        ".gif.",
    )
    flags.DEFINE_integer(
        "frames",
        None,
        f"Pictures on the way, 2 to {MAX_FRAMES:,}. Default: {STRIP_FRAMES}, or "
        f"{ANIMATION_FRAMES} in an animation.",
    )
    flags.DEFINE_string(
        "arithmetic",
        None,
        "A-B+C, each a seed or several whose mean is taken, such as 1,4,7-2,3,5+6,8,9: "
        "a row for each with its mean at the end, and the sum last.",
    )
    flags.DEFINE_float(
        "truncation",
        None,
        "Normal latents beyond so many standard deviations are drawn again: below 2, "
        "pictures are more ordinary and less varied.",
    )


def names():
    """The flags that `define_flags` made."""
    return [name for name in ALL_FLAGS if name in flags.FLAGS]


def check():
    """Refuses values that mean nothing for any run."""
    values = flags.FLAGS
    if "num_images" in values and not 1 <= values.num_images <= MAX_IMAGES:
        raise Refused(f"--num_images={values.num_images}: must be 1 to {MAX_IMAGES}.")
    if not 0 <= values.seed <= MAX_SEED:
        raise Refused(f"--seed={values.seed}: must be 0 to {MAX_SEED}.")
    if values.output == "":
        raise Refused("--output=: names no file or folder.")


def request(run, draw):
    """The drawing.draw.Request that the flags make of a run.

    Args:
      run: path of the run.
      draw: runs.draws.Draw of it.
    """
    from gan_apps.command import latent_requests, picture_requests

    if draw.latents is None:
        _refuse_flags(run, (*LATENT_FLAGS, *CONDITIONAL_FLAGS), "draws from pictures: give --input")
        return picture_requests.request(draw)
    _refuse_flags(run, PICTURE_FLAGS, "draws from noise, not from pictures")
    return latent_requests.request(draw, *requested_values(run, draw))


def _refuse_flags(run, names, why):
    for name, value in settings_flags.given([n for n in names if n in flags.FLAGS]).items():
        raise Refused(f"--{name}={value}: {run} {why}.")


def wants_words():
    return "list_words" in flags.FLAGS and flags.FLAGS.list_words


def requested_values(run, draw):
    """What --digit, --label or --prompt ask of a run, a list of values, and a file name.

    Prompts are words without a place of their own: what a run does not know of them is told on
    stderr.
    """
    condition = draw.condition
    names = [name for name in conditions.FLAGS if name in flags.FLAGS]
    given = {name: flags.FLAGS[name].value for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        (first, value), (second, other) = list(given.items())[:2]
        raise Refused(f"--{second}={other} means nothing with --{first}={value}.")
    for name, value in given.items():
        if condition.flag is None:
            raise Refused(f"--{name}={value}: {run} draws without being asked for anything.")
        if name != condition.flag:
            raise Refused(
                f"--{name}={value}: this run draws {condition.known()}; ask with "
                f"--{condition.flag}."
            )
    if not given:
        return condition.every(), condition.default_name or run.resolve().name
    values = condition.read(given[condition.flag], f"--{condition.flag}")
    return values, condition.file_name(values)


def list_words(run, draw):
    if draw.condition.flag != PROMPT:
        raise Refused(f"--list_words: {run} does not draw from prompts.")
    for noun, values in draw.condition.slots:
        print(f"{noun}: {', '.join(value.replace('_', ' ') for value in values)}")
