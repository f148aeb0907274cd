"""Writes one page of a run: settings, curves, pictures, metrics, diagnosis; or of several at once.

python -m gan_apps.report --run_dir=checkpoints/cgan_001
python -m gan_apps.report --compare=checkpoints/cgan_001,checkpoints/cgan_002
"""

import pathlib

from absl import flags

from gan_apps.command import launch
from gan_apps.settings import Refused
from gan_apps.settings import flags as settings_flags

settings_flags.define_path("run_dir", None, "The run to report on, trained or in training.")
settings_flags.define_paths("compare", None, "The runs to put side by side, separated by commas.")
settings_flags.define_path(
    "output", None, "The .html to write. Default: report_NAME.html in this folder."
)


def main():
    values = flags.FLAGS
    if bool(values.run_dir) == bool(values.compare):
        raise Refused("--run_dir, --compare: name one run, or several to compare.")
    paths = [pathlib.Path(name) for name in values.compare or [values.run_dir]]
    if values.compare and len(paths) < 2:
        raise Refused(f"--compare={paths[0]}: name two runs or more.")
    name = "_".join(path.resolve().name for path in paths)
    output = pathlib.Path(values.output or f"report_{name}.html")
    if output.suffix != ".html":
        raise Refused(f"--output={output}: must end in .html.")
    if not output.parent.is_dir():
        raise Refused(f"--output={output}: the folder {output.parent} does not exist.")
    # Matplotlib takes a second: only once the flags are known to be good.
    from gan_apps.reports import run_record, run_report

    run_report.write(output, [run_record.read(path) for path in paths])
    print(output)


if __name__ == "__main__":
    launch.launch(main)
