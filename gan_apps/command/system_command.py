"""The command of every system: `--mode=generate` draws from a run, `--mode=train` makes one."""

import dataclasses
import os
import pathlib

from gan_apps import settings, systems
from gan_apps.command import launch as main
from gan_apps.command import requests
from gan_apps.operating_system import files, locks, processor, quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Refused, Settings, Training, changed, setting, workers
from gan_apps.settings import flags as settings_flags
from gan_apps.settings.drawing import OfRun, asked_of
from gan_apps.settings.setting import spelled

MODES = ("generate", "train")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Command(Settings):
    """What drawing and training have in common."""

    mode: str = setting(
        MODES[0], "Draw from a run (generate), or make one or go on with it (train).", choices=MODES
    )
    run_dir: str = setting(
        None,
        "The run to draw from, or to train: a new folder, or an existing run to go on with. "
        "Default: the shipped run to draw from; a new checkpoints/<command>_NNN to train.",
        is_path=True,
    )
    seed: int = changed(Training, "seed", 0)

    @property
    def run(self):
        """The path of the run that is named, or None."""
        return None if self.run_dir is None else pathlib.Path(self.run_dir)


@dataclasses.dataclass(frozen=True, kw_only=True)
class JudgeCommand(Command):
    """The same of a judge, which trains and draws nothing."""

    mode: str = changed(Command, "mode", "train", choices=("train",), help="There is one.")
    run_dir: str = changed(Command, "run_dir", None, help="The same as --output.")
    output: str = setting(
        None,
        "The folder of the judge: a new one, or an existing run of it to go on with.",
        is_path=True,
    )

    def check(self):
        if self.output is None and self.run_dir is None:
            raise ValueError("output: name the folder to write the judge to.")
        if None not in (self.output, self.run_dir) and self.output != self.run_dir:
            raise ValueError(
                f"output must be the same as --run_dir, got {self.output} and {self.run_dir}."
            )
        folder = self.run.parent
        if not folder.is_dir():
            raise ValueError(f"output={self.run}: the folder {folder} does not exist.")

    @property
    def run(self):
        return pathlib.Path(self.run_dir if self.output is None else self.output)


def command_of(system):
    """The class of what a System's command has beside drawing and training."""
    return Command if system.is_drawn_from else JudgeCommand


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start(Settings):
    """How a training begins; no settings of the run."""

    accept_changed_data: bool = setting(
        False,
        "Go on with a run although its data have changed since it began; from then on nothing is "
        "known to be kept apart from what it was trained on, unless the data have a test part of "
        "their own.",
    )

    # Where a system has no recipes.
    recipe = None


def start_of(system):
    """The class of how a System's training begins: a Start, with --recipe if there are any."""
    if not system.recipes:
        return Start
    listed = "; ".join(f"{name}: {one.reference}" for name, one in system.recipes.items())
    field = setting(
        None,
        "Settings that are taken together; flags that are given besides change them. "
        f"{listed}. Default: the settings' own defaults, chosen by measurement.",
        choices=tuple(system.recipes),
    )
    return dataclasses.make_dataclass(
        "StartByRecipe", [("recipe", str, field)], bases=(Start,), frozen=True, kw_only=True
    )


def sections(system):
    """The flags of the command of a System: {title: settings classes}."""
    asked = asked_of(system.takes, system.conditional)
    # What is drawn with another run's network is not chosen among those of the run.
    drawing = {"Drawing": (asked, OfRun) if system.draws is not None else (asked,)}
    return {
        "Flags": (command_of(system),),
        **(drawing if system.is_drawn_from else {}),
        "Training": (start_of(system), system.config),
    }


def launch(name):
    """Runs the command of the system `name`."""
    system = systems.find(name)
    main.run(sections(system), lambda: run(system))


def run(system):
    """Does what the flags ask for; the last line on stdout is the path written.

    Raises:
      Refused: a flag is out of bounds, or belongs to the other mode.
    """
    command = settings_flags.config_from_flags(command_of(system))
    _refuse_flags_of_other_modes(system, command.mode)
    drawn = command.mode != "train"
    path = _generate(system, command.run) if drawn else train(system, command.run)
    if path is not None:
        print(path)


def _refuse_flags_of_other_modes(system, mode):
    known = sections(system)
    drawing, training = known.get("Drawing", ()), known["Training"]
    own, others = (training, drawing) if mode == "train" else (drawing, training)
    names = set(settings_flags.names(*others)) - set(settings_flags.names(Command, *own))
    for name, value in settings_flags.given(sorted(names)).items():
        raise Refused(f"--{spelled(name)}={value} means nothing with --mode={mode}.")


def _generate(system, run):
    asked_class = asked_of(system.takes, system.conditional)
    asked = settings_flags.config_from_flags(asked_class)
    if system.draws is None:
        from gan_apps.command import design_requests

        return design_requests.draw(run or run_dir.shipped(system.shipped), asked)
    of_run = settings_flags.config_from_flags(OfRun)
    # NumPy and Pillow, not needed to refuse a flag.
    from gan_apps.command import finding
    from gan_apps.drawing import draw, runtimes

    run = _run_to_draw_from(system, asked) if run is None else run
    recipe = run_dir.read_recipe(run)
    if recipe.draws and recipe.system != system.name:
        raise Refused(
            f"--run_dir={run}: was trained by gan_apps.{recipe.system}, which draws from it."
        )
    drawn_by = of_run.draw or requests.draw_for(recipe, asked)
    name, one = runtimes.named_draw(run, recipe, drawn_by)
    if asked.list_words:
        return requests.list_words(run, one)
    sketch = runtimes.open_sketch(run, name, one, of_run.runtime, of_run.state)
    code = runtimes.open_coder(run, recipe, name, of_run.runtime, of_run.state)
    find = finding.finder(run, recipe, name, of_run.state, asked.seed)
    request = requests.request(run, one, asked, sketch, code, find)
    draw.check_writable(request.output)
    generator = runtimes.open_generator(run, recipe, of_run.runtime, of_run.state, name)
    return draw.draw(generator, request)


def _run_to_draw_from(system, asked):
    shipped_run = system.shipped_prompt if asked.in_words else system.shipped
    if shipped_run is None:
        raise Refused(
            f"--run_dir: gan_apps.{system.name} ships no run of its own; make one with "
            "--mode=train, then name it."
        )
    return run_dir.shipped(shipped_run)


def train(system, run):
    """Trains as the flags ask for; returns the path of the run.

    Args:
      system: systems.System.
      run: pathlib.Path or None, for a new numbered one.
    """
    start = settings_flags.config_from_flags(start_of(system))
    config = settings_of(system, run, start)
    if config.distribute == "multi_worker":
        _join_the_workers(run, config)
    quiet.import_tensorflow()  # Seconds: only once the flags are known to be good.
    from gan_apps.training import train as training

    # Not sooner: TensorFlow is asked for GPUs, and workers find each other before it does anything.
    config = processor.resolved(config)
    return training.train(system, config, run, accept_changed_data=start.accept_changed_data)


def settings_of(system, run, start):
    """What the flags ask a training to go by, a system.config.

    What was not given is as in the run that is gone on with, or as the recipe has it.

    Args:
      run: pathlib.Path or None, the folder of the run.
      start: Start.

    Raises:
      Refused: it cannot be, or the run that is there has other settings.
    """
    if run is None or not run_dir.is_run(run):
        if run is not None and run.exists() and not _is_empty(run):
            raise Refused(f"--run_dir={run}: holds something else than a run; name a new folder.")
        recipe = None if start.recipe is None else system.recipes[start.recipe]
        defaults = None if recipe is None else system.config(**recipe.values)
        return settings_flags.config_from_flags(system.config, defaults)
    if start.recipe is not None:
        raise Refused(f"--recipe={start.recipe}: {run} goes on with the settings that it has.")
    stored = stored_settings(run, system)
    config = settings_flags.config_from_flags(system.config, stored)
    if config.precision == "auto":
        # It was decided when the run began.
        config = dataclasses.replace(config, precision=stored.precision)
    knows_its_data = run_dir.read_recipe(run).data is not None
    _refuse_changes(run, config, stored, knows_its_data or start.accept_changed_data)
    return config


def _join_the_workers(run, config):
    """Waits for the other workers, before anything else of TensorFlow runs."""
    if run is None:
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
