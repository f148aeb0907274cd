"""The project's own classifiers of labels or of attributes, which judge pictures."""

import dataclasses
import json
import typing

import keras
import numpy as np
import tensorflow as tf

from gan_apps.data import parts
from gan_apps.evaluation import metrics
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from models import networks
from models.classifier import FEATURES as FEATURES
from models.game import to_signed

CONFIG = run_dir.CONFIG
NAME = "classifier"
WEIGHTS = NAME + run_dir.KERAS_WEIGHTS
SHIPPED = {"mnist": "classifier_mnist", "fashion_mnist": "classifier_fashion"}
# Images per call of the network.
BATCH = 500
# What a file raises that describes no classifier.
_NOT_READ = (ValueError, TypeError, KeyError, AttributeError)


@dataclasses.dataclass(frozen=True)
class Classifier:
    """A trained classifier, and what is known of it.

    Args:
      network: models.classifier.AttributeClassifier.
      slots: [[noun, [value, ...]], ...]. What it reads; a label is one slot.
      image_shape: [h, w, c], ints.
      dataset: str. What it learned from.
      test_accuracy: {name: float}. Of images that it was not trained on: of each slot's noun, and
        of "all" at once.
      record: dict or None. What is known of its data, as in data.parts.
    """

    network: keras.Model
    slots: list
    image_shape: list
    dataset: str
    test_accuracy: dict
    record: dict | None = None

    @property
    def sizes(self):
        """How many values each slot has."""
        return tuple(len(values) for _, values in self.slots)

    def judged(self, images):
        """As `judged` of its network."""
        return judged(self.network, images)


def judged(network, images):
    """Probabilities [n, values of all slots] and features [n, 64] of uint8 images [n, h, w, c].

    The probabilities of each slot sum to 1.

    Args:
      network: models.classifier.AttributeClassifier.
      images: an array, or what is indexed alike.
    """
    logits, features = [], []
    for start in range(0, len(images), BATCH):
        outputs = network({"images": to_signed(images[start : start + BATCH])}, training=False)
        slots = tf.split(outputs["logits"], network.condition.sizes, axis=1)
        logits.append(np.concatenate([tf.nn.softmax(slot).numpy() for slot in slots], axis=1))
        features.append(outputs["features"].numpy())
    return np.concatenate(logits), np.concatenate(features)


def accuracy(network, data):
    """How often a network reads what images show, as metrics.shares_right says it.

    Args:
      network: models.classifier.AttributeClassifier.
      data: data.columns.Data.
    """
    probabilities, _ = judged(network, data.images)
    right = metrics.read_right(probabilities, targets(data), network.condition.sizes)
    return metrics.shares_right(right, targets(data), data.condition.slots)


def targets(data):
    """What a classifier is to read of a data set: int32 [n, slots]."""
    return data.numbers.reshape(len(data), -1)


def shipped_for(dataset, draw, record=None, slots=None):
    """The folder of the shipped classifier for what a network draws, or None.

    Where several things can be asked for at once it is one that reads those very ones; else it is
    the one of the data set, by its name. One that shares no image with the run goes before others.

    Args:
      dataset: str. The name of a data set, or a path.
      draw: runs.draws.Draw.
      record: dict or None. What is known of the run's data, as in data.parts.
      slots: as in conditions. What it is to read; None, the default, for what the draw is asked by.
    """
    slots = draw.condition.slots if slots is None else slots
    fitting = []
    for path in sorted(run_dir.SHIPPED.glob(f"classifier_*/{CONFIG}")):
        try:
            found = _described(path.parent)
        except Refused:
            # It is a user's own, and not whole.
            continue
        reads = found.slots == slots
        if len(slots) < 2:
            reads = path.parent.name == SHIPPED.get(dataset)
        if reads and found.image_shape == list(draw.shape):
            fitting.append((not parts.share_no_image(record, found.record), path.parent))
    return min(fitting)[1] if fitting else None


def shipped_of_words(shape):
    """The folder of the first shipped classifier that reads several slots of pictures, or None.

    Args:
      shape: (h, w, c), ints. Of the pictures.
    """
    for path in sorted(run_dir.SHIPPED.glob(f"classifier_*/{CONFIG}")):
        try:
            found = _described(path.parent)
        except Refused:
            # It is a user's own, and not whole.
            continue
        if len(found.slots) > 1 and tuple(found.image_shape) == tuple(shape):
            return path.parent
    return None


def load(folder):
    """The Classifier in a folder: a run of gan_apps.classifier, or one from before there were any.

    Raises:
      Refused: there is none, or its weights are not those that were written with it.
    """
    if not (folder / WEIGHTS).is_file() or not (folder / CONFIG).is_file():
        raise Refused(f"{folder}: the classifier is missing; train it with gan_apps.classifier.")
    found = _described(folder)
    if files.digest(folder / WEIGHTS) != found.sha256:
        raise Refused(f"{folder / WEIGHTS} is damaged: its checksum is not the one beside it.")
    try:
        network = networks.rebuilt(found.network)
        network.load_weights(folder / WEIGHTS)
    except _NOT_READ:
        raise _describes_none(folder) from None
    return Classifier(
        network=network,
        slots=found.slots,
        image_shape=found.image_shape,
        dataset=found.dataset,
        test_accuracy=found.test_accuracy,
        record=found.record,
    )


class _Described(typing.NamedTuple):
    """What a folder says of its classifier."""

    network: dict
    slots: list
    image_shape: list
    dataset: str
    test_accuracy: dict
    sha256: str
    record: dict | None = None


def _described(folder):
    """The _Described of a folder; Refused if it is of no classifier, or not trained to its end."""
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return _of_a_run(folder) if "format" in values else _of_no_run(values)
    except _NOT_READ:
        raise _describes_none(folder) from None


def _of_a_run(folder):
    recipe = run_dir.read_recipe(folder)
    judge = recipe.judges[NAME]
    manifest, measured = (
        json.loads((folder / name).read_text(encoding="utf-8")) if (folder / name).is_file() else {}
        for name in (run_dir.MANIFEST, run_dir.EVALUATION)
    )
    return _Described(
        network=judge.network,
        slots=judge.condition.slots,
        image_shape=list(judge.shape),
        dataset=recipe.settings["dataset"],
        test_accuracy=measured["test_accuracy"],
        sha256=manifest["files"][WEIGHTS]["sha256"],
        record=recipe.data,
    )


def _of_no_run(values):
    """Of the config.json of a classifier from before they were runs."""
    size, _, channels = values["image_shape"]
    sizes = [len(words) for _, words in values["slots"]]
    column = "labels" if len(sizes) == 1 else "attributes"
    config = {
        "condition": {"column": column, "sizes": sizes},
        "image_size": size,
        "channels": channels,
    }
    return _Described(
        network={"class": "classifier.AttributeClassifier", "config": config},
        slots=values["slots"],
        image_shape=values["image_shape"],
        dataset=values["dataset"],
        test_accuracy=values["test_accuracy"],
        sha256=values["sha256"],
    )


def _describes_none(folder):
    return Refused(f"{folder}: its {CONFIG} does not describe a classifier.")
