"""Where labelled images come from: name -> `Images`, decoded once and kept as uint8."""

import dataclasses
import gzip
import os
import pathlib
import threading
import urllib.error
import urllib.request

import numpy as np
from PIL import Image

from gan_apps.machine import quiet
from gan_apps.settings import Refused

IMAGE_SIZE = 28
# Any answer from the server that has MNIST means that TFDS can fetch it.
TFDS_PROBE = "https://storage.googleapis.com/cvdf-datasets/mnist/"
PROBE_SECONDS = 5
# Where Debian's packages put the original files: `apt install dataset-fashion-mnist`.
DEBIAN = {"fashion_mnist": pathlib.Path("/usr/share/datasets/fashion-mnist")}


@dataclasses.dataclass(frozen=True)
class Images:
    """A labelled set of images in memory.

    Args:
      images: uint8 [n, h, w, c].
      labels: int32 [n].
      label_names: tuple of str.
      condition: str. The flag that asks for a label: "digit" or "label".
    """

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple
    condition: str


def load(name, split="train"):
    """The images of a data set.

    Args:
      name: str. A key of SOURCES.
      split: "train" or "test".

    Raises:
      Refused: the name is unknown, or the data are not here and cannot be fetched.
    """
    if name not in SOURCES:
        raise Refused(f"--dataset={name}: must be one of {', '.join(SOURCES)}.")
    return SOURCES[name](split)


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
            builder = tfds.builder(name)
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
            f"set TFDS_DATA_DIR to a folder that holds a prepared {name}, or connect to the "
            "network and start again, or train offline with --dataset=digits."
        )
