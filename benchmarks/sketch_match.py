"""Whether what a run draws from sketches shows them: the sketches of its drawings beside them.

  python -m benchmarks.sketch_match --run_dir=checkpoints/pix2pix_faces --dataset=anime_faces.zip

The pictures are those that the run was never trained on. F1 is the harmonic mean of two shares: of
the given lines that have a drawn one within two pixels, and the reverse; the mean over pictures.
Beside it stands that with each drawing compared to another picture's sketch, which is what lines
come near each other by chance.
"""

import pathlib

import numpy as np
from absl import app, flags

from benchmarks.likeness import WITHIN, f1
from gan_apps.operating_system import quiet

_RUN = flags.DEFINE_string("run_dir", None, "A run that draws from sketches.", required=True)
_DATASET = flags.DEFINE_string("dataset", None, "Where its data are.", required=True)
_COUNT = flags.DEFINE_integer("num_images", 200, "Pictures.", 2)


def main(argv):
    del argv
    quiet.import_tensorflow()
    from gan_apps.drawing import runtimes
    from gan_apps.evaluation import judgement
    from gan_apps.runs import run_dir

    run = pathlib.Path(_RUN.value)
    recipe = run_dir.read_recipe(run)
    name, draw = runtimes.named_draw(run, recipe)
    real = judgement.real_images(recipe, draw, _DATASET.value)
    inputs, _ = judgement.requested(draw, real.compared, _COUNT.value, seed=1)
    drawn = np.clip(runtimes.open_generator(run, recipe)(inputs), -1.0, 1.0)
    sketches = runtimes.open_sketch(run, name, draw)(drawn)
    given, found = (one[..., 0] < 0 for one in (inputs[draw.pictures.column], sketches))
    print(
        f"{len(given)} pictures that it was not trained on: F1 of their sketches within {WITHIN} "
        f"pixels {f1(given, found).mean():.3f}, with those of others "
        f"{f1(given, np.roll(found, 1, axis=0)).mean():.3f}"
    )


if __name__ == "__main__":
    app.run(main)
