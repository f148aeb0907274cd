"""Writes a page of a run, or of several: settings, curves, pictures, metrics, diagnosis.

python -m gan_apps.report --run_dir=checkpoints/cgan_001
python -m gan_apps.report --compare=checkpoints/cgan_001,checkpoints/cgan_002
"""

import dataclasses
import pathlib

from gan_apps.command import launch
from gan_apps.settings import Refused, Settings, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """What is reported on, and where to."""

    run_dir: str = setting(None, "The run to report on, trained or in training.", is_path=True)
    compare: tuple = setting((), "The runs to put side by side, separated by commas.", is_path=True)
    output: str = setting(
        None, "The .html to write. Default: report_NAME.html in this folder.", is_path=True
    )

    def check(self):
        if (self.run_dir is None) == (not self.compare):
            raise ValueError("run_dir, --compare: name one run, or several to compare.")
        if len(self.compare) == 1:
            raise ValueError(f"compare={self.compare[0]}: name two runs or more.")
        if self.output is not None and pathlib.Path(self.output).suffix != ".html":
            raise ValueError(f"output={self.output}: must end in .html.")


def main(config):
    paths = [pathlib.Path(name) for name in config.compare or [config.run_dir]]
    name = "_".join(path.resolve().name for path in paths)
    output = pathlib.Path(config.output or f"report_{name}.html")
    if not output.parent.is_dir():
        raise Refused(f"--output={output}: the folder {output.parent} does not exist.")
    # Matplotlib takes a second: only once the flags are known to be good.
    from gan_apps.reports import run_record, run_report

    run_report.write(output, [run_record.read(path) for path in paths])
    print(output)


if __name__ == "__main__":
    launch.launch(Config, main)
