"""Writes a run for TF-Serving and for LiteRT, and tells how near each form is to the run.

Of each form it prints the largest difference of a pixel, how varied its pictures of a label or
prompt are beside the run's own, and how many are read as asked; a LiteRT variant that varies less
than nine tenths as much is left out.

python -m gan_apps.export --run_dir=checkpoints/cgan_digits --output_dir=exports/cgan_digits
"""

import pathlib
import sys

from absl import flags

from gan_apps.command import launch
from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.settings import flags as settings_flags

FORMATS = ("saved_model", "litert", "all")

settings_flags.define_path("run_dir", None, "The run to export.")
settings_flags.define_path(
    "output_dir",
    None,
    "Where to: a new folder, or that of an earlier export, which gets a new version.",
)
flags.DEFINE_string(
    "state",
    None,
    "Export a saved state of the run: best (the least kernel distance while training), last, or "
    "the number of an iteration. Default: the generator that the training ended with.",
)
flags.DEFINE_string(
    "draw", None, "Which of the run's networks, where it has several. Default: the first."
)
flags.DEFINE_string("format", "all", f"What to write. One of: {', '.join(FORMATS)}.")


def main():
    values = flags.FLAGS
    for name in ("run_dir", "output_dir"):
        if not values[name].value:
            raise Refused(f"--{name}: name a folder.")
    if values.format not in FORMATS:
        raise Refused(f"--format={values.format}: must be one of {', '.join(FORMATS)}.")
    # NumPy, not needed to refuse a flag.
    from gan_apps.drawing import runtimes

    run = pathlib.Path(values.run_dir)
    recipe = run_dir.read_recipe(run)
    name, _ = runtimes.named_draw(run, recipe, values.draw)
    runtimes.weights(run, name, values.state)
    quiet.import_tensorflow()
    from gan_apps.serving import exports

    output = pathlib.Path(values.output_dir)
    made = exports.export(run, recipe, output, values.format, values.state, name)
    width = max(len(str(form.path)) for form in made)
    for form in made:
        if form.is_written:
            print(f"{str(form.path):<{width}}  {form.bytes / 1e6:6.2f} MB  {told(form)}")
        else:
            print(
                f"{form.path} is left out: {told(form)}. At least {exports.LEAST_VARIETY} of the "
                "variety is asked of it.",
                file=sys.stderr,
            )
    print(output)


def told(form):
    """A Form's figures as words."""
    right = "" if form.read_as_asked is None else f", {form.read_as_asked:.1%} read as asked"
    return (
        f"differs by at most {form.difference:.3f} of 255, variety {form.variety:.3f} of "
        f"float32's{right}"
    )


if __name__ == "__main__":
    launch.launch(main)
