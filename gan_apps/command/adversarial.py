"""The command of every algorithm: `--mode=generate` draws from a run, `--mode=train` makes one."""

import pathlib
import re
import sys

from absl import flags

from gan_apps import settings
from gan_apps.machine import files, processor, quiet
from gan_apps.runs import run_dir
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings import flags as settings_flags

flags.disclaim_key_flags()

MODES = ("generate", "train")
GENERATE_FLAGS = (
    "num_images",
    "interpolate",
    "frames",
    "arithmetic",
    "truncation",
    "output",
    "runtime",
)
# Of commands whose runs are asked for something.
DIGIT, LABEL, PROMPT = run_dir.CONDITIONS
CONDITIONAL_FLAGS = (*run_dir.CONDITIONS, "interpolate_to", "fix_latents", "list_words")
# What is drawn from the run that draws from prompts, if no run is named.
PROMPT_FLAGS = (PROMPT, "interpolate_to", "list_words")
MAX_IMAGES = 10_000
MAX_FRAMES = 1_000
STRIP_FRAMES, ANIMATION_FRAMES = 10, 48
MIN_TRUNCATION = 0.05
# Characters of what is asked for that go into a file's name.
NAME_LENGTH = 80


def define_flags(config_class, conditional=False):
    """Defines the flags of a command whose training has the settings `config_class`.

    Args:
      config_class: class.
      conditional: bool. Whether what its runs draw can be asked for, by a label or a prompt.
    """
    flags.DEFINE_string("mode", MODES[0], f"What to do. One of: {', '.join(MODES)}.")
    flags.DEFINE_string(
        "run_dir",
        None,
        "The run to draw from (default: the shipped one), or to train: a new folder, or an "
        "existing run to go on with (default: a new checkpoints/<command>_NNN).",
    )
    if conditional:
        flags.DEFINE_string(
            DIGIT,
            None,
            "[generate] Digits to draw, such as 9 or 3,1,4: one row each. Default: all ten.",
        )
        flags.DEFINE_string(
            LABEL,
            None,
            "[generate] The same for runs on other labelled data: numbers or names, such as "
            "1,Sandal.",
        )
        flags.DEFINE_string(
            PROMPT,
            None,
            "[generate] The same in words, such as 'blue hair red eyes'; several, separated by ; "
            "are a row each. What is left out is drawn at random.",
        )
        flags.DEFINE_string(
            "interpolate_to",
            None,
            "[generate] A second prompt: an animation from --prompt to it (a strip if --output "
            "ends in .png), from the same latents, or from those of --interpolate's seeds.",
        )
        flags.DEFINE_bool(
            "fix_latents",
            False,
            "[generate] Draw everything that is asked for from the same latents: a row is one "
            "character, or one hand. A single prompt is drawn in all values of what it leaves "
            "open, such as the hair. --num_images is then the rows, 1 if not given.",
        )
        flags.DEFINE_bool(
            "list_words", False, "[generate] Print the words that --prompt may use, and stop."
        )
    per_label = " per digit, label or prompt" if conditional else ""
    flags.DEFINE_integer("num_images", 16, f"[generate] Pictures{per_label}, 1 to {MAX_IMAGES:,}.")
    flags.DEFINE_string(
        "interpolate",
        None,
        "[generate] SEED_A,SEED_B: the pictures on the way from the first picture of one seed to "
        "that of the other, as a strip, or as an animation there and back if --output ends in "
        ".gif.",
    )
    flags.DEFINE_integer(
        "frames",
        None,
        f"[generate] Pictures on the way, 2 to {MAX_FRAMES:,}. Default: {STRIP_FRAMES}, or "
        f"{ANIMATION_FRAMES} in an animation.",
    )
    flags.DEFINE_string(
        "arithmetic",
        None,
        "[generate] A-B+C, each a seed or several whose mean is taken, such as 1,4,7-2,3,5+6,8,9: "
        "a row for each with its mean at the end, and the sum last.",
    )
    flags.DEFINE_float(
        "truncation",
        None,
        "[generate] Normal latents beyond so many standard deviations are drawn again: below 2, "
        "pictures are more ordinary and less varied.",
    )
    flags.DEFINE_string(
        "output",
        None,
        "[generate] Where to draw: a grid if it ends in .png, an animation if in .gif, else a "
        "folder of single pictures. "
        "Default: a grid in the current folder, named for what it shows.",
    )
    flags.DEFINE_string(
        "runtime",
        "auto",
        "[generate] What draws. One of: auto, litert, keras. auto: LiteRT if installed, or Keras.",
    )
    settings_flags.define(config_class)


def run(app, config_class, shipped_run, shipped_prompt_run=None):
    """Does what the flags ask for; the last line on stdout is the path written.

    Args:
      app: str. The command's name and the prefix of its runs.
      config_class: class. The settings of its training.
      shipped_run: str or None. The run under checkpoints/ that is drawn from by default.
      shipped_prompt_run: str or None. The one that is drawn from if a prompt is given.

    Raises:
      Refused: a flag is out of bounds, or belongs to the other mode.
    """
    values = flags.FLAGS
    if values.mode not in MODES:
        raise Refused(f"--mode={values.mode}: must be one of {', '.join(MODES)}.")
    if values.mode == "train":
        asking = [name for name in CONDITIONAL_FLAGS if name in values]
        _refuse_given((*asking, *GENERATE_FLAGS), "train")
        path = _train(app, config_class)
    else:
        training_only = set(settings_flags.names(config_class)) - {"seed"}
        _refuse_given(sorted(training_only), "generate")
        in_words = any(name in values and values[name].present for name in PROMPT_FLAGS)
        path = _generate(app, shipped_prompt_run if in_words else shipped_run)
    if path is not None:
        print(path)


def _refuse_given(names, mode):
    for name, value in settings_flags.given(names).items():
        raise Refused(f"--{name}={value} means nothing with --mode={mode}.")


def _generate(app, shipped_run):
    # NumPy and Pillow, not needed to refuse a flag.
    from gan_apps.command import latent_play
    from gan_apps.drawing.draw import draw

    values = flags.FLAGS
    if not 1 <= values.num_images <= MAX_IMAGES:
        raise Refused(f"--num_images={values.num_images}: must be 1 to {MAX_IMAGES}.")
    if not 0 <= values.seed <= MAX_SEED:
        raise Refused(f"--seed={values.seed}: must be 0 to {MAX_SEED}.")
    if values.output == "":
        raise Refused("--output=: names no file or folder.")
    run = _run_to_draw_from(app, shipped_run)
    recipe = run_dir.read_recipe(run)
    if recipe.app != app:
        raise Refused(
            f"--run_dir={run}: was trained by gan_apps.{recipe.app}, which draws from it."
        )
    if "list_words" in values and values.list_words:
        return _list_words(run, recipe)
    inputs, columns, name = latent_play.request(recipe, *requested_conditions(run, recipe))
    output = pathlib.Path(name) if values.output is None else pathlib.Path(values.output)
    return draw(run, recipe, inputs=inputs, columns=columns, output=output, runtime=values.runtime)


def _run_to_draw_from(app, shipped_run):
    asked = flags.FLAGS.run_dir
    if asked == "":
        raise Refused("--run_dir=: names no folder.")
    if asked is not None:
        return pathlib.Path(asked)
    if shipped_run is None:
        raise Refused(
            f"--run_dir: gan_apps.{app} ships no run of its own; make one with --mode=train, then "
            "name it."
        )
    return run_dir.shipped(shipped_run)


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
    labels = [_label(word, asked, recipe) for word in asked.split(",")]
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
    return f"prompt{plural}_{re.sub(r'[^a-z0-9]+', '_', words)[:NAME_LENGTH].strip('_')}"


def _list_words(run, recipe):
    if recipe.vocabulary is None:
        raise Refused(f"--list_words: {run} does not draw from prompts.")
    for slot in recipe.vocabulary.slots:
        print(f"{slot.noun}: {', '.join(value.replace('_', ' ') for value in slot.values)}")


def _label(word, asked, recipe):
    word = word.strip()
    names = [name.casefold() for name in recipe.label_names]
    if word.casefold() in names:
        return names.index(word.casefold())
    if word.isascii() and word.isdigit() and len(word) < 10 and int(word) < len(recipe.label_names):
        return int(word)
    known = (
        "digits 0 to 9"
        if recipe.condition == DIGIT
        else f"0 to {len(recipe.label_names) - 1} or {', '.join(recipe.label_names)}"
    )
    raise Refused(f"--{recipe.condition}={asked}: {word!r} is not one of {known}.")


def _train(app, config_class):
    values = flags.FLAGS
    if values.run_dir == "":
        raise Refused("--run_dir=: names no folder.")
    run = run_dir.new_path(app) if values.run_dir is None else pathlib.Path(values.run_dir)
    stored = stored_settings(run, app, config_class) if run_dir.is_run(run) else None
    config = processor.resolved(settings_flags.config_from_flags(config_class, stored))
    if stored is not None:
        _refuse_changes(run, config, stored)
    elif run.exists() and not _is_empty(run):
        raise Refused(f"--run_dir={run}: holds something else than a run; name a new folder.")
    quiet.import_tensorflow()  # Seconds: only once the flags are known to be good.
    from gan_apps.training import train

    return train.train(app, config, run)


def _is_empty(folder):
    """Whether a path is a folder without files, but for what a killed training had begun."""
    return folder.is_dir() and all(
        path.name.startswith(files.UNFINISHED) for path in folder.iterdir()
    )


def stored_settings(run, app, config_class):
    """The settings of an existing run that can be resumed."""
    recipe = run_dir.read_recipe(run)
    if recipe.app != app:
        raise Refused(f"--run_dir={run}: was made by gan_apps.{recipe.app}, not gan_apps.{app}.")
    if (run / run_dir.MANIFEST).is_file() and not (run / run_dir.STATES).is_dir():
        raise Refused(
            f"--run_dir={run}: carries no optimizer state (a shipped run); it can be drawn from "
            "but not trained further."
        )
    try:
        return settings.from_json(config_class, recipe.settings)
    except ValueError as error:
        raise Refused(f"--run_dir={run}: {error}") from None


def _refuse_changes(run, config, stored):
    changes = settings.differences(config, stored)
    mine, theirs = changes.get(settings.LENGTH, (0, 0))
    if mine > theirs:
        changes.pop(settings.LENGTH)
    if changes:
        listed = "; ".join(
            f"--{name} is {theirs} in the run, not {mine}"
            for name, (mine, theirs) in changes.items()
        )
        raise Refused(f"--run_dir={run}: only --{settings.LENGTH} may change, and grow: {listed}.")
