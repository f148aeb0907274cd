"""What the flags ask a run to draw: which pictures, how many, from which latents, and where to."""

import pathlib
import re
import sys
import unicodedata

from absl import flags

from gan_apps.runs import run_dir
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings import flags as settings_flags

flags.disclaim_key_flags()

FLAGS = ("num_images", "interpolate", "frames", "arithmetic", "truncation", "output")
# Of commands whose runs are asked for something.
DIGIT, LABEL, PROMPT = run_dir.CONDITIONS
CONDITIONAL_FLAGS = (*run_dir.CONDITIONS, "interpolate_to", "fix_latents", "list_words")
# What is drawn from the run that draws from prompts, if no run is named.
PROMPT_FLAGS = (PROMPT, "interpolate_to", "list_words")
MAX_IMAGES = 10_000
MAX_FRAMES = 1_000
STRIP_FRAMES, ANIMATION_FRAMES = 10, 48
MIN_TRUNCATION = 0.05
# Bytes of what is asked for that go into a file's name, of which file systems take 255.
NAME_LENGTH = 80
# Labels that a refusal lists; the others are counted.
NAMED = 30


def define_flags(conditional, mode=""):
    """Defines the flags that ask for pictures, but for --seed.

    Args:
      conditional: bool. Whether they can be asked for by a label or a prompt.
      mode: str. What their help begins with. Default: nothing.
    """
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
    settings_flags.define_path(
        "output",
        None,
        "Where to draw: a grid if it ends in .png, an animation if in .gif, else a "
        "folder of single pictures. "
        "Default: a grid in the current folder, named for what it shows.",
    )
    for name in names():
        flags.FLAGS[name].help = mode + flags.FLAGS[name].help


def names():
    """The flags that `define_flags` made."""
    return [name for name in (*CONDITIONAL_FLAGS, *FLAGS) if name in flags.FLAGS]


def check():
    """Refuses values that mean nothing for any run."""
    values = flags.FLAGS
    if not 1 <= values.num_images <= MAX_IMAGES:
        raise Refused(f"--num_images={values.num_images}: must be 1 to {MAX_IMAGES}.")
    if not 0 <= values.seed <= MAX_SEED:
        raise Refused(f"--seed={values.seed}: must be 0 to {MAX_SEED}.")
    if values.output == "":
        raise Refused("--output=: names no file or folder.")


def request(run, recipe):
    """The drawing.draw.Request that the flags make of a run."""
    from gan_apps.command import latent_play
    from gan_apps.drawing.draw import Request

    inputs, columns, name = latent_play.request(recipe, *requested_conditions(run, recipe))
    output = pathlib.Path(name if flags.FLAGS.output is None else flags.FLAGS.output)
    return Request(inputs=inputs, columns=columns, output=output)


def wants_words():
    return "list_words" in flags.FLAGS and flags.FLAGS.list_words


def requested_conditions(run, recipe):
    """What --digit, --label or --prompt ask of a run (None without conditions), and a file name.

    Prompts are words without a place of their own: what a run does not know of them is told on
    stderr.
    """
    if recipe.condition is None:
        return None, run.resolve().name
    given = {name: flags.FLAGS[name].value for name in run_dir.CONDITIONS}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) > 1:
        (first, value), (second, other) = list(given.items())[:2]
        raise Refused(f"--{second}={other} means nothing with --{first}={value}.")
    for name, value in given.items():
        if name != recipe.condition:
            drawn = ", ".join(recipe.label_names) or recipe.vocabulary.known()
            raise Refused(
                f"--{name}={value}: this run draws {drawn}; ask with --{recipe.condition}."
            )
    asked = flags.FLAGS[recipe.condition].value
    if recipe.condition == PROMPT:
        if asked is None:
            return list(recipe.conditions), run.resolve().name
        conditions = [prompted(recipe, prompt) for prompt in asked.split(";")]
        return conditions, _file_name(recipe, conditions)
    if asked is None:
        return list(recipe.labels), f"{recipe.condition}s"
    # A name may have a comma of its own.
    is_name = _plain(asked) in map(_plain, recipe.label_names)
    words = [asked] if is_name else asked.split(",")
    labels = [_label(word, asked, recipe) for word in words]
    plural = "s" if len(labels) > 1 else ""
    return labels, f"{recipe.condition}{plural}_{'_'.join(str(label) for label in labels)}"


def prompted(recipe, prompt):
    """The attributes that a prompt asks of a run; what it ignores is told on stderr."""
    attributes, ignored = recipe.vocabulary.read(prompt)
    if ignored:
        listed = ", ".join(repr(phrase) for phrase in ignored)
        print(
            f"Ignored: {listed}; this run knows {recipe.vocabulary.known()}.",
            file=sys.stderr,
        )
    return attributes


def _file_name(recipe, conditions):
    plural = "s" if len(conditions) > 1 else ""
    words = "_and_".join(recipe.vocabulary.named(one) for one in conditions)
    return f"prompt{plural}_{as_file_name(words)}"


def as_file_name(words):
    """Words of any alphabet as a part of a file's name."""
    name = re.sub(r"[\W_]+", "_", words).encode()[:NAME_LENGTH]
    return name.decode(errors="ignore").strip("_")


def list_words(run, recipe):
    if recipe.vocabulary is None:
        raise Refused(f"--list_words: {run} does not draw from prompts.")
    for slot in recipe.vocabulary.slots:
        print(f"{slot.noun}: {', '.join(value.replace('_', ' ') for value in slot.values)}")


def _label(word, asked, recipe):
    """The number of the label that a word names in any case, or that it is the number of."""
    word, names = word.strip(), recipe.label_names
    alike = [number for number, name in enumerate(names) if _plain(name) == _plain(word)]
    if alike:
        # Labels that differ in their case alone are told apart by it.
        return next((number for number in alike if names[number] == word), alike[0])
    # Where labels are called by numbers of their own, those alone are meant.
    counted = all(not name.isdigit() or name == str(place) for place, name in enumerate(names))
    is_number = counted and word.isascii() and word.isdigit() and len(word) < 10
    if is_number and int(word) < len(names):
        return int(word)
    some = ", ".join(names[:NAMED])
    listed = f"{some} and {len(names) - NAMED} more" if len(names) > NAMED else some
    if recipe.condition == DIGIT:
        listed = "digits 0 to 9"
    elif counted:
        listed = f"0 to {len(names) - 1} or {listed}"
    raise Refused(f"--{recipe.condition}={asked}: {word!r} is not one of {listed}.")


def _plain(name):
    """A label's name without what may differ when it is typed: case, and how accents are stored."""
    return unicodedata.normalize("NFC", name.strip()).casefold()
