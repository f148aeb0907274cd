"""What a classifier reads of eyes that nobody touched, in faces whose hair was dyed.

  python -m benchmarks.dyed_eyes --run_dir=checkpoints/cyclegan_hair --dataset=anime_faces.zip

Faces that the run was never trained on, either way: how often their eyes' colour is read as the
data say, of the given faces, of the dyed ones, and of the dyed ones with the given picture's own
pixels in the box where eyes lie. The last is what a dyer reaches that leaves eyes alone: the
classifier reads them by what surrounds them as well.
"""

import pathlib

import numpy as np
from absl import app, flags

from gan_apps.operating_system import quiet

_RUN = flags.DEFINE_string("run_dir", None, "A run that dyes hair.", required=True)
_DATASET = flags.DEFINE_string("dataset", None, "Where its data are.", required=True)
_CLASSIFIERS = flags.DEFINE_list(
    "classifiers",
    ["checkpoints/classifier_anime", "checkpoints/classifier_anime_apart"],
    "Who reads.",
)
_BOX = flags.DEFINE_list(
    "box", ["26", "46", "12", "52"], "First and end of its rows, then of its columns, of 64."
)
# Place of the eyes among the slots of the faces' words.
EYES = 1


def main(argv):
    del argv
    quiet.import_tensorflow()
    from gan_apps.drawing import pictures, runtimes
    from gan_apps.evaluation import classifiers, judgement
    from gan_apps.runs import run_dir

    run = pathlib.Path(_RUN.value)
    recipe = run_dir.read_recipe(run)
    top, bottom, left, right = map(int, _BOX.value)
    for name, draw in recipe.draws.items():
        real = judgement.real_images(recipe, draw, _DATASET.value)
        inputs, chosen = judgement.requested(draw, real.given, len(real.given), seed=1)
        said = real.given.of_side(draw.pictures.side).numbers[chosen, EYES]
        dyed = pictures.to_bytes(runtimes.open_generator(run, recipe, "auto", None, name)(inputs))
        given = pictures.to_bytes(inputs[draw.pictures.column])
        untouched = dyed.copy()
        untouched[:, top:bottom, left:right] = given[:, top:bottom, left:right]
        for folder in _CLASSIFIERS.value:
            judge = classifiers.load(pathlib.Path(folder))
            first = sum(judge.sizes[:EYES])
            shares = []
            for faces in (given, dyed, untouched):
                probabilities, _ = judge.judged(faces)
                eyes = probabilities[:, first : first + judge.sizes[EYES]]
                shares.append(f"{np.mean(eyes.argmax(axis=1) == said):.1%}")
            print(
                f"{name}, {len(said)} faces, read by {pathlib.Path(folder).name}: given "
                f"{shares[0]}, dyed {shares[1]}, dyed with their own eyes {shares[2]}"
            )


if __name__ == "__main__":
    app.run(main)
