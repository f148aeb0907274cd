"""The project's own judge of digits: a small convolutional classifier."""

import json

import keras
import numpy as np
import tensorflow as tf

from gan_apps.data import sources
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from models.adversarial import to_signed

CONFIG = "config.json"
WEIGHTS = "classifier.weights.h5"
FEATURES = 64
WIDTHS = (24, 48)
SHIFT = 2
MINIBATCH = 128
LEARNING_RATE = 2e-3
SHIPPED = {"mnist": "classifier_mnist", "fashion_mnist": "classifier_fashion"}


class Classifier(keras.Model):
    """Images in [-1, 1] [n, size, size, channels] to {"logits": [n, classes], "features": [n, 64]}.

    Two convolutions per resolution, the second of which halves it; the penultimate layer gives the
    features that distances are taken on.
    """

    def __init__(self, *, num_classes, image_size=28, channels=1):
        layers = keras.layers
        images = keras.Input((image_size, image_size, channels))
        x = images
        for width in WIDTHS:
            for strides in (1, 2):
                x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)
                x = layers.BatchNormalization(momentum=0.9)(x)
                x = layers.ReLU()(x)
        x = layers.Dropout(0.3)(layers.Flatten()(x))
        features = layers.Dense(FEATURES, activation="relu", name="features")(x)
        logits = layers.Dense(num_classes, name="logits")(features)
        super().__init__(images, {"logits": logits, "features": features})

    def judged(self, images):
        """Probabilities [n, classes] and features [n, 64] of uint8 images [n, h, w, c]."""
        logits, features = [], []
        for start in range(0, len(images), 500):
            outputs = self(to_signed(images[start : start + 500]), training=False)
            logits.append(tf.nn.softmax(outputs["logits"]).numpy())
            features.append(outputs["features"].numpy())
        return np.concatenate(logits), np.concatenate(features)


def train(dataset, folder, *, num_epochs, seed):
    """Trains a classifier on a data set and writes it, with its test accuracy, into `folder`.

    Returns:
      float. The accuracy on the test split.

    Raises:
      Refused: the data are not here, or have no labels.
    """
    keras.utils.set_random_seed(seed)
    data = sources.load(dataset)
    if data.labels is None:
        raise Refused(f"--dataset={dataset}: has no labels to learn.")
    test = sources.load(dataset, "test")
    _, size, _, channels = data.images.shape
    network = Classifier(num_classes=len(data.label_names), image_size=size, channels=channels)
    minibatches = (
        tf.data.Dataset.from_tensor_slices((data.images, data.labels))
        .shuffle(len(data.images), seed=seed)
        .batch(MINIBATCH, drop_remainder=True)
        .map(lambda images, labels: (_shifted(images), labels))
        .prefetch(2)
    )
    steps = num_epochs * (len(data.images) // MINIBATCH)
    trained = keras.Model(network.input, network.get_layer("logits").output)
    trained.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    trained.fit(minibatches, epochs=num_epochs, shuffle=False)
    probabilities, _ = network.judged(test.images)
    accuracy = float(np.mean(np.argmax(probabilities, axis=1) == test.labels))
    folder.mkdir(parents=True, exist_ok=True)
    with files.replacing(folder / WEIGHTS) as beside:
        network.save_weights(beside)
    files.write_json(
        folder / CONFIG,
        {
            "dataset": dataset,
            "image_shape": [size, size, channels],
            "num_classes": len(data.label_names),
            "num_epochs": num_epochs,
            "seed": seed,
            "test_accuracy": accuracy,
            "sha256": files.digest(folder / WEIGHTS),
        },
    )
    return accuracy


def reads(dataset, shape):
    """Whether there is a classifier for pictures of `shape` [h, w, c] of a data set."""
    if dataset not in SHIPPED:
        return False
    path = run_dir.shipped(SHIPPED[dataset]) / CONFIG
    return path.is_file() and json.loads(path.read_text("utf-8"))["image_shape"] == shape


def load(dataset):
    """The shipped classifier of a data set, which is a key of SHIPPED.

    Raises:
      Refused: its weights are missing, or not the ones that were shipped.
    """
    folder = run_dir.shipped(SHIPPED[dataset])
    if not (folder / WEIGHTS).is_file():
        raise Refused(f"{folder}: the classifier is missing; train it with gan_apps.classifier.")
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if files.digest(folder / WEIGHTS) != config["sha256"]:
        raise Refused(f"{folder / WEIGHTS} is damaged: its checksum is not the one in {CONFIG}.")
    size, _, channels = config["image_shape"]
    network = Classifier(num_classes=config["num_classes"], image_size=size, channels=channels)
    network.load_weights(folder / WEIGHTS)
    network.test_accuracy = config["test_accuracy"]
    return network


def _shifted(images):
    """uint8 images in [-1, 1], moved by up to SHIFT pixels: digits are not always centred."""
    padded = tf.pad(
        to_signed(images), [[0, 0], [SHIFT, SHIFT], [SHIFT, SHIFT], [0, 0]], constant_values=-1.0
    )
    return tf.image.random_crop(padded, tf.shape(images), seed=0)
