"""Writes a run for TF-Serving and for LiteRT, and tells how near each is to it.

Of each form it prints the largest and the mean difference of a pixel, how varied its pictures of a
label or prompt are beside the run's own, and how many are read as asked. A LiteRT variant that
varies less than nine tenths as much is left out, and so is one of what draws from pictures that
differs by more than 8 of 255 in the mean.

python -m gan_apps.export --run_dir=checkpoints/cgan_digits --output_dir=exports/cgan_digits
"""

import dataclasses
import pathlib
import sys

from gan_apps.command import launch
from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Settings, changed, setting
from gan_apps.settings.drawing import OfRun

FORMATS = ("saved_model", "litert", "all")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """What is exported, and where to."""

    run_dir: str = setting(None, "The run to export.", required="name a folder", is_path=True)
    output_dir: str = setting(
        None,
        "Where to: a new folder, or that of an earlier export, which gets a new version.",
        required="name a folder",
        is_path=True,
    )
    format: str = setting("all", "What to write.", choices=FORMATS)
    draw: str = changed(
        OfRun, "draw", None, help="Which of its networks, where it has several. Default: the first."
    )
    state: str = changed(
        OfRun,
        "state",
        None,
        help="Export a saved state of the run: best (the least kernel distance while training), "
        "last, or the number of an iteration. Default: the generator that the training ended with.",
    )


def main(config):
    # NumPy, not needed to refuse a flag.
    from gan_apps.drawing import runtimes

    run = pathlib.Path(config.run_dir)
    recipe = run_dir.read_recipe(run)
    name, _ = runtimes.named_draw(run, recipe, config.draw)
    runtimes.weights(run, name, config.state)
    quiet.import_tensorflow()
    from gan_apps.serving import exports

    output = pathlib.Path(config.output_dir)
    made = exports.export(run, recipe, output, config.format, config.state, name)
    width = max(len(str(form.path)) for form in made)
    for form in made:
        if form.is_written:
            print(f"{str(form.path):<{width}}  {form.bytes / 1e6:6.2f} MB  {told(form)}")
        else:
            print(
                f"{form.path} is left out: {told(form)}. At least {exports.LEAST_VARIETY} of the "
                "variety is asked of it, and of what draws from pictures at most "
                f"{exports.MOST_DIFFERENCE:g} levels in the mean.",
                file=sys.stderr,
            )
    print(output)


def told(form):
    """A Form's figures as words."""
    right = "" if form.read_as_asked is None else f", {form.read_as_asked:.1%} read as asked"
    return (
        f"differs by at most {form.difference:.3f} of 255, {form.mean_difference:.3f} in the mean, "
        f"variety {form.variety:.3f} of float32's{right}"
    )


if __name__ == "__main__":
    launch.launch(Config, main)
