"""Where images come from: name or folder -> `Images`."""

import dataclasses
import gzip
import pathlib
import threading
import urllib.error
import urllib.request

import numpy as np
from PIL import Image

from gan_apps.data import folders, prepared, tagged
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
      split: "train"; "test", which a folder has if it says so (data.folders); or "all", which is
        "train" but for folders with both.
      image_size: int. The side to which images are cropped and resized; 0 for 28 for SOURCES and
        DEFAULT_SIZE for others.

    Raises:
      Refused: the name is unknown, or the data are not here, cannot be fetched, or hold no images
        or no such split.
    """
    if split == folders.ALL and (name in SOURCES or name.startswith(TFDS)):
        split = "train"
    if name in SOURCES:
        return _resized(SOURCES[name](split), image_size or IMAGE_SIZE)
    if name.startswith(TFDS):
        return _any_tfds(name.removeprefix(TFDS), split, image_size or DEFAULT_SIZE)
    if tagged.is_tagged(pathlib.Path(name)):
        return _tagged(pathlib.Path(name), image_size or DEFAULT_SIZE)
    images, labels, names = folders.load(pathlib.Path(name), image_size or DEFAULT_SIZE, split)
    return Images(images, labels, names, "label" if names else None)


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
        path = pathlib.Path(name)
        return not tagged.is_tagged(path) and folders.has_test(path)
    import tensorflow_datasets as tfds

    with quiet.stderr():
        builder = tfds.builder(name.removeprefix(TFDS), data_dir=prepared.folder())
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


def numbered_as(images, label_names):
    """The Images with their labels numbered as those of a run are, which may know more labels.

    Raises:
      Refused: there are labels that are none of these.
    """
    if images.labels is None or not label_names or images.label_names == label_names:
        return images
    if unknown := set(images.label_names) - set(label_names):
        listed = ", ".join(sorted(unknown)[: folders.NAMED])
        raise Refused(f"--dataset: has the labels {listed}, which the run does not know.")
    numbers = np.array([label_names.index(name) for name in images.label_names], np.int32)
    return dataclasses.replace(images, labels=numbers[images.labels], label_names=label_names)


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
            builder = tfds.builder(name, data_dir=prepared.folder())
            is_prepared = builder.is_prepared()
        if not is_prepared and name in DEBIAN and DEBIAN[name].is_dir():
            names = tuple(builder.info.features["label"].names)
            return Images(*_idx(DEBIAN[name], split), names, condition)
        if not is_prepared:
            _require_network(name)
            prepared.require_writable(name, builder)
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
            builder = tfds.builder(name, data_dir=prepared.folder())
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError):
        raise Refused(f"--dataset={TFDS}{name}: TensorFlow Datasets knows no {name!r}.") from None
    features = builder.info.features
    if "image" not in features:
        raise Refused(f"--dataset={TFDS}{name}: has no feature 'image'.")
    if not builder.is_prepared():
        _require_network(f"{TFDS}{name}")
        prepared.require_writable(f"{TFDS}{name}", builder)
        builder.download_and_prepare()
    if split not in builder.info.splits:
        raise Refused(f"--dataset={TFDS}{name}: has no split {split!r}.")
    squares, labels = [], []
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        squares.append(folders.square(_picture(example["image"], f"{TFDS}{name}"), size))
        labels.append(example.get("label"))
    stacked = np.stack(squares).reshape(len(squares), size, size, -1)
    is_labelled = "label" in features and isinstance(features["label"], tfds.features.ClassLabel)
    names = tuple(features["label"].names or ()) if is_labelled else ()
    if not names:
        return Images(stacked)
    learned_from = labels
    if split != "train" and "train" in builder.info.splits:
        only = tfds.decode.PartialDecoding({"label"})
        examples = builder.as_dataset(split="train", decoders=only)
        learned_from = [example["label"] for example in tfds.as_numpy(examples)]
    return _labelled(stacked, np.asarray(labels), names, set(learned_from), f"{TFDS}{name}")


def _picture(values, name):
    """The values of an example [h, w, channels] as a picture."""
    if values.dtype == np.uint16:
        values = (values >> 8).astype(np.uint8)
    if values.dtype != np.uint8:
        raise Refused(f"--dataset={name}: its images are of {values.dtype}, not of 8 or 16 bits.")
    return Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values)


def _labelled(images, labels, names, learned_from, dataset):
    """Images of the labels that images to learn from have, numbered anew from 0.

    Left out and counted are labels that no such image has, which nobody could draw, and images
    whose label is none of the others, such as -1. Without two labels there are none.

    Args:
      images: uint8 [n, h, w, c].
      labels: ints [n].
      names: tuple of str. What the numbers from 0 on are called in the data set.
      learned_from: set of ints. The labels of the images to learn from.
      dataset: str. The name of the data set.
    """
    used = [number for number in range(len(names)) if number in learned_from]
    has_label = np.isin(labels, used)
    # The test images of some sets have no labels, so that nobody learns them.
    if len(used) < 2 or not has_label.any():
        return Images(images)
    unused = [name for number, name in enumerate(names) if number not in used]
    left_out = []
    if unused:
        rest = f" and {len(unused) - folders.NAMED} more" if len(unused) > folders.NAMED else ""
        listed = ", ".join(unused[: folders.NAMED])
        plural = "s" if len(unused) > 1 else ""
        left_out.append(f"{len(unused)} label{plural} that no image has ({listed}{rest})")
    if not has_label.all():
        count = np.count_nonzero(~has_label)
        plural = "s" if count > 1 else ""
        left_out.append(f"{count:,} image{plural} without a label of the others")
    if left_out:
        folders.say(dataset, f"--dataset={dataset}: left out {' and '.join(left_out)}.")
    numbers = np.searchsorted(used, labels[has_label]).astype(np.int32)
    return Images(images[has_label], numbers, tuple(names[number] for number in used), "label")


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
        folder = prepared.folder() or pathlib.Path.home() / "tensorflow_datasets"
        raise Refused(
            f"--dataset={name}: no prepared copy in {folder} and no network to fetch one. Either "
            f"set TFDS_DATA_DIR to a folder that holds a prepared copy, or connect to the "
            "network and start again, or train offline with --dataset=digits."
        )
