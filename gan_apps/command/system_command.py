"""The command of every system: `--mode=generate` draws from a run, `--mode=train` makes one."""

import dataclasses
import os
import pathlib

from absl import flags

from gan_apps import settings, systems
from gan_apps.command import launch as main
from gan_apps.command import request_flags
from gan_apps.operating_system import files, locks, processor, quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Refused, workers
from gan_apps.settings import flags as settings_flags

flags.disclaim_key_flags()

MODES = ("generate", "train")


def launch(name):
    """Runs the command of the system `name`."""
    system = systems.find(name)
    define_flags(system)
    main.launch(lambda: run(system))


def define_flags(system):
    """Defines the flags of the command of a System."""
    flags.DEFINE_string("mode", MODES[0], f"What to do. One of: {', '.join(MODES)}.")
    settings_flags.define_path(
        "run_dir",
        None,
        "The run to draw from (default: the shipped one), or to train: a new folder, or an "
        "existing run to go on with (default: a new checkpoints/<command>_NNN).",
    )
    request_flags.define_flags(system, "[generate] ")
    flags.DEFINE_string(
        "runtime",
        "auto",
        "[generate] What draws. One of: auto, litert, keras. auto: LiteRT if installed, or Keras.",
    )
    flags.DEFINE_string(
        "draw",
        None,
        "[generate] Which of the run's networks draws, where it has several. Default: the first.",
    )
    flags.DEFINE_string(
        "state",
        None,
        "[generate] Draw from a saved state of the run, which need not have ended: best (the least "
        "kernel distance while training), last, or the number of an iteration. Default: the "
        "generator that the training ended with.",
    )
    define_training_flags(system)


def define_training_flags(system):
    """Defines those of its flags that train."""
    settings_flags.define(system.config)
    flags.DEFINE_bool(
        settings.ACCEPT,
        False,
        "[train] Go on with a run although its data have changed since it began; from then on "
        "nothing is known to be kept apart from what it was trained on, unless the data have a "
        "test part of their own.",
    )


def run(system):
    """Does what the flags ask for; the last line on stdout is the path written.

    Raises:
      Refused: a flag is out of bounds, or belongs to the other mode.
    """
    values = flags.FLAGS
    if values.mode not in MODES:
        raise Refused(f"--mode={values.mode}: must be one of {', '.join(MODES)}.")
    if values.mode == "train":
        _refuse_given((*request_flags.names(), "runtime", "draw", "state"), "train")
        path = train_by_flags(system)
    else:
        training_only = {*settings_flags.names(system.config), settings.ACCEPT} - {"seed"}
        _refuse_given(sorted(training_only), "generate")
        path = _generate(system)
    if path is not None:
        print(path)


def _refuse_given(names, mode):
    for name, value in settings_flags.given(names).items():
        raise Refused(f"--{name}={value} means nothing with --mode={mode}.")


def _generate(system):
    # NumPy and Pillow, not needed to refuse a flag.
    from gan_apps.drawing import draw, runtimes

    request_flags.check()
    run = _run_to_draw_from(system)
    recipe = run_dir.read_recipe(run)
    if recipe.draws and recipe.system != system.name:
        raise Refused(
            f"--run_dir={run}: was trained by gan_apps.{recipe.system}, which draws from it."
        )
    name, one = runtimes.named_draw(run, recipe, flags.FLAGS.draw)
    if request_flags.wants_words():
        return request_flags.list_words(run, one)
    request = request_flags.request(run, one)
    draw.check_writable(request.output)
    values = flags.FLAGS
    generator = runtimes.open_generator(run, recipe, values.runtime, values.state, name)
    return draw.draw(generator, request)


def _run_to_draw_from(system):
    values, asked = flags.FLAGS, flags.FLAGS.run_dir
    if asked == "":
        raise Refused("--run_dir=: names no folder.")
    if asked is not None:
        return pathlib.Path(asked)
    in_words = any(name in values and values[name].present for name in request_flags.PROMPT_FLAGS)
    shipped_run = system.shipped_prompt if in_words else system.shipped
    if shipped_run is None:
        raise Refused(
            f"--run_dir: gan_apps.{system.name} ships no run of its own; make one with "
            "--mode=train, then name it."
        )
    return run_dir.shipped(shipped_run)


def train_by_flags(system):
    """Trains as the flags ask for; returns the path of the run."""
    values = flags.FLAGS
    if values.run_dir == "":
        raise Refused("--run_dir=: names no folder.")
    run = None if values.run_dir is None else pathlib.Path(values.run_dir)
    goes_on = run is not None and run_dir.is_run(run)
    stored = stored_settings(run, system) if goes_on else None
    config = settings_flags.config_from_flags(system.config, stored)
    if stored is not None:
        if config.precision == "auto":
            # It was decided when the run began.
            config = dataclasses.replace(config, precision=stored.precision)
        knows_its_data = run_dir.read_recipe(run).data is not None
        _refuse_changes(run, config, stored, knows_its_data or values[settings.ACCEPT].value)
    elif run is not None and run.exists() and not _is_empty(run):
        raise Refused(f"--run_dir={run}: holds something else than a run; name a new folder.")
    if config.distribute == "multi_worker":
        _join_the_workers(values.run_dir, config)
    quiet.import_tensorflow()  # Seconds: only once the flags are known to be good.
    from gan_apps.training import train

    # Not sooner: TensorFlow is asked for GPUs, and workers find each other before it does anything.
    config = processor.resolved(config)
    return train.train(system, config, run, accept_changed_data=values[settings.ACCEPT].value)


def _join_the_workers(given_run_dir, config):
    """Waits for the other workers, before anything else of TensorFlow runs."""
    if given_run_dir is None:
        raise Refused("--distribute=multi_worker needs --run_dir, one folder for all workers.")
    workers.from_environment()
    with quiet.stderr():
        from gan_apps.training import distribution

        distribution.Place(config.distribute)


def _is_empty(folder):
    """Whether a path is a folder without files, but for what a killed training had begun."""
    return folder.is_dir() and all(
        path.name.startswith(files.UNFINISHED) or path.name == locks.NAME
        for path in folder.iterdir()
    )


def stored_settings(run, system):
    """The settings of an existing run that can be resumed."""
    recipe = run_dir.read_recipe(run)
    if recipe.system != system.name:
        raise Refused(
            f"--run_dir={run}: was made by gan_apps.{recipe.system}, not gan_apps.{system.name}."
        )
    if (run / run_dir.MANIFEST).is_file() and not (run / run_dir.STATES).is_dir():
        raise Refused(
            f"--run_dir={run}: carries no optimizer state (a shipped run); it can be drawn from "
            "but not trained further."
        )
    try:
        return settings.from_json(system.config, recipe.settings)
    except ValueError as error:
        raise Refused(f"--run_dir={run}: {error}") from None


def _is_one_place(path, other):
    """Whether two names of data are spellings of one path."""
    named = settings.is_named(path) or settings.is_named(other)
    return not named and os.path.realpath(path) == os.path.realpath(other)


def _refuse_changes(run, config, stored, data_may_move=False):
    """Refuses other settings than a run's.

    Args:
      run: path, config, stored: settings of the command line and of the run.
      data_may_move: bool. Whether the data may have another name, as they may if it is looked at
        later whether they are the same.
    """
    changes = settings.differences(config, stored)
    if data_may_move or _is_one_place(*changes.get("dataset", ("", ""))):
        changes.pop("dataset", None)
    mine, theirs = changes.get(settings.LENGTH, (0, 0))
    if mine > theirs:
        changes.pop(settings.LENGTH)
    for name in settings.CHANGEABLE:
        changes.pop(name, None)
    if changes:
        unknown = ""
        if "dataset" in changes:
            unknown = (
                f" The run began before {run_dir.CONFIG} kept what its data are; "
                f"--{settings.ACCEPT} goes on with these."
            )
        listed = "; ".join(
            f"--{name} is {theirs} in the run, not {mine}"
            for name, (mine, theirs) in changes.items()
        )
        raise Refused(
            f"--run_dir={run}: only --{settings.LENGTH} may change, and grow, and "
            f"{' and '.join(f'--{name}' for name in settings.CHANGEABLE)}: {listed}.{unknown}"
        )
