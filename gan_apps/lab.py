"""The lecture laboratory: runs what the lectures claim, beside the exact answers.

python -m gan_apps.lab --experiment=optimal_transport --output_dir=lab
python -m gan_apps.lab --experiment=all --output_dir=lab     and writes lab/report.html
"""

import pathlib
import tempfile

from absl import flags

from gan_apps.command import launch
from gan_apps.experiments import EXPERIMENTS
from gan_apps.operating_system import quiet
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings import flags as settings_flags

ALL = "all"
MAX_NUM_SEEDS = 100

_LIST = "; ".join(f"{name}: {question}" for name, question in EXPERIMENTS.items())
flags.DEFINE_string("experiment", None, f"What to try: {ALL}, or one of these. {_LIST}")
settings_flags.define_path("output_dir", None, "The folder for results.json and the pictures.")
flags.DEFINE_integer("seed", 0, "Seed of everything random.")
flags.DEFINE_integer("num_seeds", 3, "Repetitions where chance decides.")
flags.DEFINE_bool("quick", False, "Seconds instead of minutes: rough numbers.")
flags.DEFINE_bool("full", False, "Everything, however long it takes.")


def main():
    values = flags.FLAGS
    if values.experiment not in (ALL, *EXPERIMENTS):
        asked = "name one" if values.experiment is None else f"no experiment {values.experiment!r}"
        raise Refused(f"--experiment: {asked}; there are {ALL}, {', '.join(EXPERIMENTS)}.")
    if not values.output_dir:
        raise Refused("--output_dir: name the folder for the results.")
    if not 0 <= values.seed <= MAX_SEED:
        raise Refused(f"--seed={values.seed}: must be 0 to {MAX_SEED}.")
    if not 1 <= values.num_seeds <= MAX_NUM_SEEDS:
        raise Refused(f"--num_seeds={values.num_seeds}: must be 1 to {MAX_NUM_SEEDS}.")
    if values.quick and values.full:
        raise Refused("--quick and --full: ask for one of them.")
    output = pathlib.Path(values.output_dir)
    _check_folder(output)
    quiet.import_tensorflow()
    from gan_apps.experiments import lab_report, laboratory
    from gan_apps.experiments.findings import Options

    options = Options(
        seed=values.seed, num_seeds=values.num_seeds, quick=values.quick, full=values.full
    )
    if values.experiment == ALL:
        laboratory.perform_all(output, options)
        print(output / lab_report.REPORT)
    else:
        laboratory.perform(values.experiment, output, options)
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
    launch.launch(main)
