"""Judges a run's pictures and writes its metrics.json.

The judge is the classifier of the run's data if there is one, else coarse colours.

python -m gan_apps.evaluate --run_dir=checkpoints/cgan_digits
"""

import dataclasses
import pathlib
import sys

from gan_apps.command import launch
from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Settings, Training, changed, setting
from gan_apps.settings.drawing import GRID, MAX_IMAGES, OfRun

# Fewer have no covariance worth the name.
MIN_IMAGES = 100
METRICS = ("own", "fid")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """What is judged, and by whom."""

    run_dir: str = setting(
        None, "The run to judge.", required="name the run to judge", is_path=True
    )
    num_images: int = setting(
        2_000,
        "Pictures in all, as many of each label.",
        minimum=MIN_IMAGES,
        maximum=MAX_IMAGES,
    )
    seed: int = changed(Training, "seed", 1, help="Seed of the pictures.")
    dataset: str = setting(
        None,
        "Where the run's data are now. Default: where they were.",
        is_path=True,
    )
    classifier: str = setting(
        None,
        "The folder of a classifier of the run's data, made by gan_apps.classifier. Default: the "
        "shipped one of these data, or coarse colours if there is none.",
        is_path=True,
    )
    matcher: str = setting(
        None,
        "The folder of a matcher of the run's data, made by gan_apps.matcher: for what is drawn "
        "from sentences.",
        is_path=True,
    )
    captioned: str = setting(
        None,
        "A .png to draw, of what is drawn from sentences: some sentences, each above its real "
        "picture and four drawn ones.",
        is_path=True,
    )
    nearest: str = setting(
        None,
        "A .png to draw: pictures, each beside the training images that are nearest to it.",
        is_path=True,
    )
    metric: str = setting(
        "own",
        "By whose features: own (the classifier, or coarse colours), fid (those of "
        "keras.applications' InceptionV3, whose 88 MB are downloaded at the first time; minutes).",
        choices=METRICS,
    )
    draw: str = changed(
        OfRun, "draw", None, help="Which of its networks, where it has several. Default: the first."
    )
    runtime: str = changed(OfRun, "runtime", "auto")

    def check(self):
        if self.metric == "fid" and self.classifier is not None:
            raise ValueError(f"classifier={self.classifier} means nothing with --metric=fid.")
        if self.matcher is not None and (self.classifier or self.metric == "fid"):
            raise ValueError(f"matcher={self.matcher} is one judge, and another is asked for.")
        for name in ("nearest", "captioned"):
            path = getattr(self, name)
            if path is not None and pathlib.Path(path).suffix.lower() != GRID:
                raise ValueError(f"{name}={path}: must end in {GRID}.")


def main(config):
    from gan_apps.drawing.draw import check_writable

    path = lambda given: None if given is None else pathlib.Path(given)
    nearest, captioned = path(config.nearest), path(config.captioned)
    for output, flag in ((nearest, "--nearest"), (captioned, "--captioned")):
        if output is not None:
            check_writable(output, flag)
    run = pathlib.Path(config.run_dir)
    recipe = run_dir.read_recipe(run)
    quiet.import_tensorflow()
    from gan_apps.evaluation import judgement

    try:
        report = judgement.judge(
            run,
            recipe,
            num_images=config.num_images,
            seed=config.seed,
            runtime=config.runtime,
            dataset=config.dataset,
            judge=path(config.classifier),
            matcher=path(config.matcher),
            nearest=nearest,
            captioned=captioned,
            metric=config.metric,
            name=config.draw,
        )
    except judgement.NotMeasured as error:
        print(f"Not measured: {error}.", file=sys.stderr)
        return
    print(judgement.table(report))
    print(judgement.written(run, recipe, config.metric, config.draw))


if __name__ == "__main__":
    launch.launch(Config, main)
