"""Writes a run for TF-Serving and for LiteRT, and tells how near each form is to the run.

python -m gan_apps.export --run_dir=checkpoints/cgan_digits --output_dir=exports/cgan_digits
"""

import pathlib

from absl import flags

from gan_apps.command import launch
from gan_apps.machine import quiet
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
flags.DEFINE_string("format", "all", f"What to write. One of: {', '.join(FORMATS)}.")


def main():
    values = flags.FLAGS
    for name in ("run_dir", "output_dir"):
        if not values[name].value:
            raise Refused(f"--{name}: name a folder.")
    if values.format not in FORMATS:
        raise Refused(f"--format={values.format}: must be one of {', '.join(FORMATS)}.")
    run = pathlib.Path(values.run_dir)
    recipe = run_dir.read_recipe(run)
    run_dir.checked(run, run_dir.KERAS_WEIGHTS)
    quiet.import_tensorflow()
    from gan_apps.serving import export

    output = pathlib.Path(values.output_dir)
    written = export.export(run, recipe, output, values.format)
    width = max(len(str(path)) for path, _, _ in written)
    for path, size, difference in written:
        near = f"differs by at most {difference:.3f} of 255"
        print(f"{str(path):<{width}}  {size / 1e6:6.2f} MB  {near}")
    print(output)


if __name__ == "__main__":
    launch.launch(main)
