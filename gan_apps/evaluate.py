"""Judges a run's pictures and writes its metrics.json: with the classifier of its data if there is
one, else by coarse colours.

python -m gan_apps.evaluate --run_dir=checkpoints/cgan_digits
"""

import pathlib
import sys

from absl import flags

from gan_apps.command import launch
from gan_apps.command.request_flags import MAX_IMAGES
from gan_apps.drawing.draw import GRID, check_writable
from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings import flags as settings_flags

# Fewer have no covariance worth the name.
MIN_IMAGES = 100
METRICS = ("own", "fid")

settings_flags.define_path("run_dir", None, "The run to judge.")
flags.DEFINE_integer(
    "num_images", 2_000, f"Pictures in all, {MIN_IMAGES} to {MAX_IMAGES:,}, as many of each label."
)
flags.DEFINE_integer("seed", 1, "Seed of the pictures.")
settings_flags.define_path("dataset", None, "Where the run's data are now, if not where they were.")
settings_flags.define_path(
    "classifier",
    None,
    "The folder of a classifier of the run's data, made by gan_apps.classifier. Default: the "
    "shipped one of these data, or coarse colours if there is none.",
)
settings_flags.define_path(
    "nearest",
    None,
    "A .png to draw: pictures, each beside the training images that are nearest to it.",
)
flags.DEFINE_string(
    "metric",
    "own",
    "By whose features. One of: own (the classifier, or coarse colours), fid (those of "
    "keras.applications' InceptionV3, whose 88 MB are downloaded at the first time; minutes).",
)
flags.DEFINE_string("runtime", "auto", "What draws. One of: auto, litert, keras.")


def main():
    values = flags.FLAGS
    if not values.run_dir:
        raise Refused("--run_dir: name the run to judge.")
    if not MIN_IMAGES <= values.num_images <= MAX_IMAGES:
        raise Refused(f"--num_images={values.num_images}: must be {MIN_IMAGES} to {MAX_IMAGES}.")
    if not 0 <= values.seed <= MAX_SEED:
        raise Refused(f"--seed={values.seed}: must be 0 to {MAX_SEED}.")
    if values.metric not in METRICS:
        raise Refused(f"--metric={values.metric}: must be one of {', '.join(METRICS)}.")
    if values.metric == "fid" and values.classifier:
        raise Refused(f"--classifier={values.classifier} means nothing with --metric=fid.")
    nearest = pathlib.Path(values.nearest) if values.nearest else None
    if nearest is not None and nearest.suffix.lower() != GRID:
        raise Refused(f"--nearest={nearest}: must end in {GRID}.")
    if nearest is not None:
        check_writable(nearest, "--nearest")
    run = pathlib.Path(values.run_dir)
    recipe = run_dir.read_recipe(run)
    quiet.import_tensorflow()
    from gan_apps.evaluation import judgement

    try:
        report = judgement.judge(
            run,
            recipe,
            num_images=values.num_images,
            seed=values.seed,
            runtime=values.runtime,
            dataset=values.dataset,
            judge=pathlib.Path(values.classifier) if values.classifier else None,
            nearest=nearest,
            metric=values.metric,
        )
    except judgement.NotMeasured as error:
        print(f"Not measured: {error}.", file=sys.stderr)
        return
    print(judgement.table(report))
    print(run / (run_dir.FID_EVALUATION if values.metric == "fid" else run_dir.EVALUATION))


if __name__ == "__main__":
    launch.launch(main)
