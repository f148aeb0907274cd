"""The command of every judge: it trains one, into --output; there is nothing to draw."""

import dataclasses
import pathlib

from gan_apps import systems
from gan_apps.command import launch as main
from gan_apps.command import system_command
from gan_apps.settings import Refused, Settings, setting
from gan_apps.settings import flags as settings_flags


@dataclasses.dataclass(frozen=True, kw_only=True)
class Output(Settings):
    """Where a judge goes to."""

    output: str = setting(
        None,
        "The run to train: a new folder, or an existing run to go on with.",
        is_path=True,
    )
    # What messages of every run call it.
    run_dir: str = setting(None, "The same as --output. Default: --output.", is_path=True)

    @property
    def run(self):
        return self.output or self.run_dir


def launch(name):
    """Runs the command of the judge `name`."""
    system = systems.find(name)
    training = (system_command.start_of(system), system.config)
    main.run({"Flags": (Output,), "Training": training}, lambda: run(system))


def run(system):
    """Trains; the last line on stdout is the path of the run.

    Raises:
      Refused: a flag is out of bounds.
    """
    asked = settings_flags.config_from_flags(Output)
    if not asked.run:
        raise Refused(f"--output: name the folder to write the {system.name} to.")
    folder = pathlib.Path(asked.run)
    if not folder.parent.is_dir():
        raise Refused(f"--output={folder}: the folder {folder.parent} does not exist.")
    print(system_command.train(system, folder))
