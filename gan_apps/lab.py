"""The lecture laboratory: runs what the lectures claim, beside the exact answers.

python -m gan_apps.lab --experiment=optimal_transport --output_dir=lab
python -m gan_apps.lab --experiment=all --output_dir=lab     and writes lab/report.html
"""

import dataclasses
import pathlib
import tempfile

from gan_apps.command import launch
from gan_apps.experiments import EXPERIMENTS
from gan_apps.operating_system import quiet
from gan_apps.settings import Refused, Settings, Training, changed, setting

ALL = "all"
CHOICES = (ALL, *EXPERIMENTS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """What is tried, and how thoroughly."""

    experiment: str = setting(
        None,
        f"What to try: {ALL}, or one of these. "
        + " ".join(f"{name}: {question}" for name, question in EXPERIMENTS.items()),
        required=f"name one; there are {', '.join(CHOICES)}",
        choices=CHOICES,
    )
    output_dir: str = setting(
        None,
        "The folder for results.json and the pictures.",
        required="name the folder for the results",
        is_path=True,
    )
    seed: int = changed(Training, "seed", 0, help="Seed of everything random.")
    num_seeds: int = setting(3, "Repetitions where chance decides.", minimum=1, maximum=100)
    quick: bool = setting(False, "Seconds instead of minutes: rough numbers.")
    full: bool = setting(False, "Everything, however long it takes.")

    def check(self):
        if self.quick and self.full:
            raise ValueError("quick and --full: ask for one of them.")


def main(config):
    output = pathlib.Path(config.output_dir)
    _check_folder(output)
    quiet.import_tensorflow()
    from gan_apps.experiments import lab_report, laboratory
    from gan_apps.experiments.findings import Options

    options = Options(
        seed=config.seed, num_seeds=config.num_seeds, quick=config.quick, full=config.full
    )
    if config.experiment == ALL:
        laboratory.perform_all(output, options)
        print(output / lab_report.REPORT)
    else:
        laboratory.perform(config.experiment, output, options)
        print(output / laboratory.RESULTS)


def _check_folder(path):
    """Makes the folder and a file in it, before minutes of work that could not be kept."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise Refused(f"--output_dir={path}: cannot be written to ({error.strerror}).") from None


if __name__ == "__main__":
    launch.launch(Config, main)
