"""The project's own judges: small convolutional classifiers of labels or of attributes."""

import json

import keras
import numpy as np
import tensorflow as tf

from gan_apps.data import parts, sources
from gan_apps.data.minibatches import gatherer
from gan_apps.evaluation import metrics
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from models.conditions import one_hot
from models.game import to_signed
from models.losses import attribute_cross_entropy

CONFIG = "config.json"
WEIGHTS = "classifier.weights.h5"
FEATURES = 64
# Of images of 28 pixels, and of larger ones.
WIDTHS = (24, 48)
LARGE_WIDTHS = (24, 48, 72, 96)
SHIFT = 2
MINIBATCH = 128
LEARNING_RATE = 2e-3
SHIPPED = {"mnist": "classifier_mnist", "fashion_mnist": "classifier_fashion"}


class Classifier(keras.Model):
    """Images in [-1, 1] [n, size, size, channels] to {"logits": [n, classes], "features": [n, 64]}.

    Two convolutions per resolution, the second of which halves it; the penultimate layer gives the
    features that distances are taken on.

    Args:
      sizes: ints. The number of values of each slot; a label is one slot. Their logits stand one
        slot after the other.
      image_size, channels: ints.
    """

    def __init__(self, *, sizes, image_size=28, channels=1):
        layers = keras.layers
        images = keras.Input((image_size, image_size, channels))
        x = images
        for width in WIDTHS if image_size < 64 else LARGE_WIDTHS:
            for strides in (1, 2):
                x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)
                x = layers.BatchNormalization(momentum=0.9)(x)
                x = layers.ReLU()(x)
        x = layers.Dropout(0.3)(layers.Flatten()(x))
        features = layers.Dense(FEATURES, activation="relu", name="features")(x)
        logits = layers.Dense(sum(sizes), name="logits")(features)
        super().__init__(images, {"logits": logits, "features": features})
        self.sizes = tuple(sizes)

    def judged(self, images):
        """Probabilities [n, classes] and features [n, 64] of uint8 images [n, h, w, c].

        The probabilities of each slot sum to 1.
        """
        logits, features = [], []
        for start in range(0, len(images), 500):
            outputs = self(to_signed(images[start : start + 500]), training=False)
            slots = tf.split(outputs["logits"], self.sizes, axis=1)
            logits.append(np.concatenate([tf.nn.softmax(slot).numpy() for slot in slots], axis=1))
            features.append(outputs["features"].numpy())
        return np.concatenate(logits), np.concatenate(features)


def train(dataset, folder, *, num_epochs, seed, image_size=0):
    """Trains a classifier on a data set and writes it, with its test accuracy, into `folder`.

    It learns from what a run trains on and is tested on the rest (data.parts), so that it has never
    seen what runs are judged by.

    Args:
      dataset: str. As in data.sources.load.
      folder: pathlib.Path.
      num_epochs, seed: ints.
      image_size: int. The side of the pictures that it will judge; 0 for what runs have by default.

    Returns:
      {name: float}. The accuracy on the test images: of each slot's noun, and of "all" at once.

    Raises:
      Refused: the data are not here, are too few, or have neither labels nor prompts.
    """
    keras.utils.set_random_seed(seed)
    data = sources.load(dataset, image_size=image_size)
    if data.condition.column is None:
        raise Refused(f"--dataset={dataset}: has no labels and no prompts to learn.")
    if len(data) < parts.FEWEST:
        raise Refused(
            f"--dataset={dataset}: {len(data)} images are too few for a classifier, which "
            f"needs {parts.FEWEST}."
        )
    record = parts.recorded(dataset, data)
    test = parts.test_part(dataset, data, record, image_size)
    if test is None:
        raise Refused(f"--dataset={dataset}: none of its images can be held out to test on.")
    data = parts.train_part(data, record)
    size, _, channels = data.shape
    slots, sizes = data.condition.slots, data.condition.sizes
    network = Classifier(sizes=sizes, image_size=size, channels=channels)
    gathered = gatherer(data.images)
    minibatch = min(MINIBATCH, len(data))
    minibatches = (
        tf.data.Dataset.from_tensor_slices((np.arange(len(data)), targets(data)))
        .shuffle(len(data), seed=seed)
        .batch(minibatch, drop_remainder=True)
        .map(lambda indices, numbers: (shifted(gathered(indices), seed), numbers))
        .prefetch(2)
    )
    steps = num_epochs * (len(data) // minibatch)
    trained = keras.Model(network.input, network.get_layer("logits").output)
    trained.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        loss=lambda numbers, logits: attribute_cross_entropy(
            logits, one_hot(tf.cast(numbers, tf.int32), sizes), sizes
        ),
    )
    trained.fit(minibatches, epochs=num_epochs, shuffle=False)
    probabilities, _ = network.judged(test.images)
    right = metrics.read_right(probabilities, targets(test), sizes)
    accuracy = {
        name: float(column.mean()) for (name, _), column in zip(slots, right.T, strict=True)
    }
    accuracy["all"] = float(right.all(axis=1).mean())
    folder.mkdir(parents=True, exist_ok=True)
    with files.replacing(folder / WEIGHTS) as beside:
        network.save_weights(beside)
    files.write_json(
        folder / CONFIG,
        {
            "dataset": dataset,
            "image_shape": [size, size, channels],
            "slots": slots,
            "num_epochs": num_epochs,
            "seed": seed,
            "test_accuracy": accuracy,
            "sha256": files.digest(folder / WEIGHTS),
        },
    )
    return accuracy


def targets(data):
    """What a classifier is to read of a data set: int32 [n, slots]."""
    return data.numbers.reshape(len(data), -1)


def shipped_for(dataset, draw):
    """The folder of the shipped classifier for what a network draws, or None.

    Where several things can be asked for at once it is the one that reads those very ones; else it
    is the one of the data set, by its name.

    Args:
      dataset: str. The name of a data set, or a path.
      draw: runs.draws.Draw.
    """
    slots = draw.condition.slots
    for path in sorted(run_dir.SHIPPED.glob(f"classifier_*/{CONFIG}")):
        config = json.loads(path.read_text("utf-8"))
        reads = config["slots"] == slots
        if len(slots) < 2:
            reads = path.parent.name == SHIPPED.get(dataset)
        if reads and config["image_shape"] == list(draw.shape):
            return path.parent
    return None


def load(folder):
    """The classifier in a folder.

    Raises:
      Refused: there is none, or its weights are not those that were written with it.
    """
    if not (folder / WEIGHTS).is_file() or not (folder / CONFIG).is_file():
        raise Refused(f"{folder}: the classifier is missing; train it with gan_apps.classifier.")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        size, _, channels = config["image_shape"]
        slots, digest = config["slots"], config["sha256"]
        network = Classifier(
            sizes=[len(values) for _, values in slots], image_size=size, channels=channels
        )
        network.test_accuracy, network.dataset = config["test_accuracy"], config["dataset"]
    except (ValueError, TypeError, KeyError):
        raise Refused(f"{folder}: its {CONFIG} does not describe a classifier.") from None
    if files.digest(folder / WEIGHTS) != digest:
        raise Refused(f"{folder / WEIGHTS} is damaged: its checksum is not the one in {CONFIG}.")
    network.load_weights(folder / WEIGHTS)
    network.slots = slots
    network.image_shape = config["image_shape"]
    return network


def shifted(images, seed):
    """uint8 images in [-1, 1], each moved by up to SHIFT pixels: digits are not always centred."""
    padded = tf.pad(
        to_signed(images), [[0, 0], [SHIFT, SHIFT], [SHIFT, SHIFT], [0, 0]], constant_values=-1.0
    )
    for axis in (1, 2):
        begin = tf.random.uniform((images.shape[0], 1), 0, 2 * SHIFT + 1, tf.int32, seed=seed)
        padded = tf.gather(padded, begin + tf.range(images.shape[axis]), axis=axis, batch_dims=1)
    return padded
