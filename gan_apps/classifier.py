"""Trains the classifier that judges generated pictures.

python -m gan_apps.classifier --output=checkpoints/classifier_mnist
python -m gan_apps.classifier --dataset=path/to/faces --output=classifier_of_faces
"""

import pathlib

from absl import flags

from gan_apps.command import launch
from gan_apps.operating_system import quiet
from gan_apps.settings import MAX_SEED, Refused
from gan_apps.settings import flags as settings_flags

settings_flags.define_path(
    "dataset",
    "mnist",
    "What to learn: mnist, fashion_mnist, digits, tfds:NAME, a folder with a folder in it for each "
    "label, or a folder or zip with tags.csv.",
)
settings_flags.define_path("output", None, "The folder to write the classifier to.")
flags.DEFINE_integer(
    "image_size",
    0,
    "Side of the pictures to judge, if it is not that of a run by default: a run's --image_size.",
)
flags.DEFINE_integer("num_epochs", 6, "Passes over the data.")
flags.DEFINE_integer("seed", 0, "Seed of the weights and of the order of the data.")


def main():
    values = flags.FLAGS
    if not values.output:
        raise Refused("--output: name the folder to write the classifier to.")
    if values.num_epochs < 1:
        raise Refused(f"--num_epochs={values.num_epochs}: must be at least 1.")
    if not 0 <= values.seed <= MAX_SEED:
        raise Refused(f"--seed={values.seed}: must be 0 to {MAX_SEED}.")
    size = values.image_size
    if size and not (8 <= size <= 512 and size % 4 == 0):
        raise Refused(f"--image_size={size}: must be 0, or a multiple of 4 from 8 to 512.")
    folder = pathlib.Path(values.output)
    if not folder.parent.is_dir():
        raise Refused(f"--output={folder}: the folder {folder.parent} does not exist.")
    quiet.import_tensorflow()
    from gan_apps.evaluation import judges

    accuracy = judges.train(
        values.dataset,
        folder,
        num_epochs=values.num_epochs,
        seed=values.seed,
        image_size=size,
    )
    for name, share in accuracy.items():
        print(f"accuracy on the test set, {name}: {share:.2%}")
    print(folder)


if __name__ == "__main__":
    launch.launch(main)
