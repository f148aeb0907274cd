"""Trains the classifier that judges generated pictures.

python -m gan_apps.classifier --output=checkpoints/classifier_mnist
python -m gan_apps.classifier --dataset=path/to/faces --output=classifier_of_faces
"""

import dataclasses
import pathlib

from gan_apps.command import launch
from gan_apps.operating_system import quiet
from gan_apps.settings import Refused, Settings, Training, changed, check_image_size, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """What the classifier learns."""

    dataset: str = changed(
        Training,
        "dataset",
        "mnist",
        help="What to learn: mnist, fashion_mnist, digits, tfds:NAME, a folder with a folder in it "
        "for each label, or a folder or zip with tags.csv.",
    )
    output: str = setting(
        None,
        "The folder to write the classifier to.",
        required="name the folder to write the classifier to",
        is_path=True,
    )
    image_size: int = changed(
        Training,
        "image_size",
        0,
        help="Side of the pictures to judge, if it is not that of a run by default: a run's "
        "--image_size.",
    )
    num_epochs: int = changed(Training, "num_epochs", 6, help="Passes over the data.")
    seed: int = changed(
        Training, "seed", 0, help="Seed of the weights and of the order of the data."
    )

    def check(self):
        check_image_size(self.image_size)


def main(config):
    folder = pathlib.Path(config.output)
    if not folder.parent.is_dir():
        raise Refused(f"--output={folder}: the folder {folder.parent} does not exist.")
    quiet.import_tensorflow()
    from gan_apps.evaluation import judges

    accuracy = judges.train(
        config.dataset,
        folder,
        num_epochs=config.num_epochs,
        seed=config.seed,
        image_size=config.image_size,
    )
    for name, share in accuracy.items():
        print(f"accuracy on the test set, {name}: {share:.2%}")
    print(folder)


if __name__ == "__main__":
    launch.launch(Config, main)
