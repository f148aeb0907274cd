"""Where images come from: name or folder -> `Images`."""

import dataclasses
import gzip
import os
import pathlib
import threading
import urllib.error
import urllib.request

import numpy as np
from PIL import Image

from gan_apps.data import folders, tagged
from gan_apps.machine import quiet
from gan_apps.prompts.vocabulary import Vocabulary, learned
from gan_apps.settings import Refused
from gan_apps.settings.config import TFDS

IMAGE_SIZE = 28
# The side of images of other sources.
DEFAULT_SIZE = 64
# Any answer from the server that has MNIST means that TFDS can fetch it.
TFDS_PROBE = "https://storage.googleapis.com/cvdf-datasets/mnist/"
PROBE_SECONDS = 5
# Where Debian's packages put the original files: `apt install dataset-fashion-mnist`.
DEBIAN = {"fashion_mnist": pathlib.Path("/usr/share/datasets/fashion-mnist")}


@dataclasses.dataclass(frozen=True)
class Images:
    """A set of images, with labels, with attributes, or without either.

    Args:
      images: uint8 [n, h, w, c] in memory, or what is indexed alike: tagged_faces.StoredImages.
      labels: int32 [n], or None.
      label_names: tuple of str, empty without labels.
      condition: str. The flag that asks for a picture: "digit" or "label", "prompt" with
        attributes, None without either.
      attributes: int32 [n, slots], -1 where a slot is open; or None.
      vocabulary: prompts.vocabulary.Vocabulary of the attributes, or None.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    label_names: tuple = ()
    condition: str | None = None
    attributes: np.ndarray | None = None
    vocabulary: Vocabulary | None = None


def load(name, split="train", image_size=0):
    """The images of a data set.

    Args:
      name: str. A key of SOURCES, tfds:NAME, or the path of a folder of images.
      split: "train" or "test"; a folder has no test split.
      image_size: int. The side to which images are cropped and resized; 0 for 28 for SOURCES and
        DEFAULT_SIZE for others.

    Raises:
      Refused: the name is unknown, or the data are not here, cannot be fetched, or hold no images.
    """
    if name in SOURCES:
        return _resized(SOURCES[name](split), image_size or IMAGE_SIZE)
    if name.startswith(TFDS):
        return _any_tfds(name.removeprefix(TFDS), split, image_size or DEFAULT_SIZE)
    if tagged.is_tagged(pathlib.Path(name)):
        return _tagged(pathlib.Path(name), image_size or DEFAULT_SIZE)
    return Images(folders.load(pathlib.Path(name), image_size or DEFAULT_SIZE))


def _tagged(path, size):
    """A folder or zip of images with prompts."""
    # TensorFlow Datasets takes seconds to import.
    from gan_apps.data import tagged_faces

    images, prompts = tagged_faces.load(path, size)
    known, attributes = learned(prompts)
    return Images(
        images,
        condition="prompt",
        attributes=np.asarray(attributes, np.int32),
        vocabulary=known,
    )


def has_test(name):
    """Whether a data set that is here has a test split of its own, which `load` gives."""
    if name in SOURCES:
        return True
    if not name.startswith(TFDS):
        return False
    import tensorflow_datasets as tfds

    with quiet.stderr():
        builder = tfds.builder(name.removeprefix(TFDS), data_dir=os.environ.get("TFDS_DATA_DIR"))
    return "test" in builder.info.splits


def subset(images, chosen):
    """The Images with the indices `chosen`."""
    pixels = images.images
    stored = not isinstance(pixels, np.ndarray)
    return dataclasses.replace(
        images,
        images=pixels.subset(chosen) if stored else pixels[chosen],
        labels=None if images.labels is None else images.labels[chosen],
        attributes=None if images.attributes is None else images.attributes[chosen],
    )


def _resized(images, size):
    if images.images.shape[1:3] == (size, size):
        return images
    squares = [folders.square(Image.fromarray(np.squeeze(one)), size) for one in images.images]
    stacked = np.stack(squares).reshape(len(squares), size, size, -1)
    return dataclasses.replace(images, images=stacked)


def _digits(split):
    """scikit-learn's 1,797 digits of 8x8 (UCI Optical Recognition of Handwritten Digits), at 28x28.

    The last fifth is the test split.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise Refused("--dataset=digits needs scikit-learn: pip install scikit-learn.") from None
    bunch = load_digits()
    first_of_test = len(bunch.images) * 4 // 5
    chosen = slice(None, first_of_test) if split == "train" else slice(first_of_test, None)
    small = np.round(bunch.images[chosen] * (255 / 16)).astype(np.uint8)
    images = [
        np.asarray(
            Image.fromarray(image).resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
        )
        for image in small
    ]
    return Images(
        np.stack(images)[..., None],
        bunch.target[chosen].astype(np.int32),
        tuple(str(digit) for digit in range(10)),
        "digit",
    )


def _tfds(name, condition):
    def load_split(split):
        import tensorflow_datasets as tfds

        with quiet.stderr():
            builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
            prepared = builder.is_prepared()
        if not prepared and name in DEBIAN and DEBIAN[name].is_dir():
            names = tuple(builder.info.features["label"].names)
            return Images(*_idx(DEBIAN[name], split), names, condition)
        if not prepared:
            _require_network(name)
            builder.download_and_prepare()
        table = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
        return Images(
            table["image"],
            table["label"].astype(np.int32),
            tuple(builder.info.features["label"].names),
            condition,
        )

    return load_split


def _idx(folder, split):
    """Images uint8 [n, 28, 28, 1] and labels int32 [n] from the original gzipped IDX files."""
    prefix = {"train": "train", "test": "t10k"}[split]

    def values(name, header):
        with gzip.open(folder / f"{prefix}-{name}-ubyte.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    images = values("images-idx3", header=16).reshape(-1, IMAGE_SIZE, IMAGE_SIZE, 1)
    return images, values("labels-idx1", header=8).astype(np.int32)


def _any_tfds(name, split, size):
    """Any image set of TensorFlow Datasets: a feature `image`, and maybe a ClassLabel `label`."""
    import tensorflow_datasets as tfds

    try:
        with quiet.stderr():
            builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError):
        raise Refused(f"--dataset={TFDS}{name}: TensorFlow Datasets knows no {name!r}.") from None
    features = builder.info.features
    if "image" not in features:
        raise Refused(f"--dataset={TFDS}{name}: has no feature 'image'.")
    if not builder.is_prepared():
        _require_network(f"{TFDS}{name}")
        builder.download_and_prepare()
    if split not in builder.info.splits:
        raise Refused(f"--dataset={TFDS}{name}: has no split {split!r}.")
    squares, labels = [], []
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        squares.append(folders.square(Image.fromarray(np.squeeze(example["image"])), size))
        labels.append(example.get("label"))
    stacked = np.stack(squares).reshape(len(squares), size, size, -1)
    if "label" not in features or not isinstance(features["label"], tfds.features.ClassLabel):
        return Images(stacked)
    names = tuple(features["label"].names)
    return Images(stacked, np.asarray(labels, np.int32), names, "label")


SOURCES = {
    "mnist": _tfds("mnist", "digit"),
    "fashion_mnist": _tfds("fashion_mnist", "label"),
    "digits": _digits,
}


def _require_network(name):
    """Refuses within seconds where TFDS would retry for minutes."""
    reached = threading.Event()

    def probe():
        try:
            urllib.request.urlopen(TFDS_PROBE, timeout=PROBE_SECONDS).close()
            reached.set()
        except urllib.error.HTTPError:
            reached.set()
        except (OSError, ValueError):
            pass

    # In a thread, since looking up the server's name has no time limit of its own.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    if not reached.is_set():
        folder = os.environ.get("TFDS_DATA_DIR") or pathlib.Path.home() / "tensorflow_datasets"
        raise Refused(
            f"--dataset={name}: no prepared copy in {folder} and no network to fetch one. Either "
            f"set TFDS_DATA_DIR to a folder that holds a prepared copy, or connect to the "
            "network and start again, or train offline with --dataset=digits."
        )
