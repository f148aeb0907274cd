"""The command of every judge: it trains one, into --output; there is nothing to draw."""

import pathlib

from absl import flags

from gan_apps import systems
from gan_apps.command import launch as main
from gan_apps.command import system_command
from gan_apps.settings import Refused
from gan_apps.settings import flags as settings_flags

flags.disclaim_key_flags()


def launch(name):
    """Runs the command of the judge `name`."""
    system = systems.find(name)
    define_flags(system)
    main.launch(lambda: run(system))


def define_flags(system):
    """Defines the flags of the command of a System that draws nothing."""
    settings_flags.define_path(
        "run_dir", None, "The run to train: a new folder, or an existing run to go on with."
    )
    # What it is called where there is nothing but it; messages of every run say the other name.
    flags.DEFINE_alias("output", "run_dir")
    system_command.define_training_flags(system)


def run(system):
    """Trains; the last line on stdout is the path of the run.

    Raises:
      Refused: a flag is out of bounds.
    """
    output = flags.FLAGS.run_dir
    if not output:
        raise Refused(f"--output: name the folder to write the {system.name} to.")
    folder = pathlib.Path(output)
    if not folder.parent.is_dir():
        raise Refused(f"--output={folder}: the folder {folder.parent} does not exist.")
    print(system_command.train_by_flags(system))
