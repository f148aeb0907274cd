"""Where data come from: name or folder -> `Data`."""

import dataclasses
import gzip
import pathlib

import numpy as np
from PIL import Image

from gan_apps.conditions import Attributes, Labels, Sentences
from gan_apps.data import folders, prepared, sides, tagged
from gan_apps.data.clips import Cutting
from gan_apps.data.columns import Data
from gan_apps.data.feedback import Feedback
from gan_apps.data.pairs import Pairing
from gan_apps.data.photos import Reduction
from gan_apps.data.sides import Sides
from gan_apps.operating_system import quiet
from gan_apps.pictures import reading
from gan_apps.prompts import wording
from gan_apps.prompts.vocabulary import learned
from gan_apps.settings import CLIPS, TFDS, Refused

IMAGE_SIZE = 28
# The side of images of other sources.
DEFAULT_SIZE = 64
# Sentences that are drawn where nothing is asked for.
EXAMPLES = 8
# Where Debian's packages put the original files: `apt install dataset-fashion-mnist`.
DEBIAN = {"fashion_mnist": pathlib.Path("/usr/share/datasets/fashion-mnist")}


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A data set as a run learns it.

    Args:
      name: str, image_size: int. As in `load`.
      pairing: data.pairs.Pairing, data.photos.Reduction, data.clips.Cutting, what is drawn from
        what, for the column "sources"; data.feedback.Feedback, that choices are learned; or None,
        the default: single pictures.
      sides: data.sides.Sides or None. Which two sets of pictures are learned. Default None: one.
      words: str. What a file of words holds, as in tagged.listed. Default "auto".
    """

    name: str
    image_size: int = 0
    pairing: Pairing | Reduction | Cutting | Feedback | None = None
    sides: Sides | None = None
    words: str = "auto"

    @classmethod
    def of(cls, settings):
        """That of the settings of a run, a dict."""
        kinds = (Pairing, Reduction, Cutting, Feedback)
        pairing = next(filter(None, (kind.of(settings) for kind in kinds)), None)
        # The first runs had no size to choose.
        size = settings.get("image_size", 0)
        words = settings.get("words", "auto")
        return cls(settings["dataset"], size, pairing, Sides.of(settings), words)

    @property
    def _is_of_pairs(self):
        """Whether what pairs them reads them too."""
        return self.pairing is not None and self.pairing.reads(self.name)

    @property
    def _lies_in_two_sets(self):
        return self.sides is not None and self.sides.are_read

    def load(self, split="train"):
        """Its Data, as `load` gives them, with their sources."""
        if self._lies_in_two_sets:
            return sides.load(self.name, split, self.image_size or DEFAULT_SIZE)
        if self._is_of_pairs:
            return self.pairing.load(self.name, split, self.image_size or self.pairing.default_size)
        data = load(self.name, split, self.image_size, self.words)
        return data if self.pairing is None else self.pairing.made(data)

    def has_test(self):
        """Whether it has a test split of its own, which `load` gives."""
        if self._lies_in_two_sets:
            return sides.has_test(self.name)
        return self.pairing.has_test(self.name) if self._is_of_pairs else has_test(self.name)

    def learned(self, data):
        """What of its data, all or some that `load` gave, are learned: those of the two sides."""
        return data if self.sides is None else self.sides.chosen(data, self.name)


def load(name, split="train", image_size=0, words="auto"):
    """The Data of a data set.

    Args:
      name: str. A key of SOURCES, tfds:NAME, or the path of a folder of images.
      split: "train"; "test", which a folder has if it says so (data.folders); or "all", which is
        "train" but for folders with both.
      image_size: int. The side to which images are cropped and resized; 0 for 28 for SOURCES and
        DEFAULT_SIZE for others.
      words: str. As in `DataSet`.

    Raises:
      Refused: the name is unknown, or the data are not here, cannot be fetched, or hold no images
        or no such split.
    """
    if split == folders.ALL and (name in SOURCES or name.startswith(TFDS)):
        split = "train"
    if name in CLIPS:
        raise Refused(f"--dataset={name}: is of clips, which gan_apps.next_frame learns.")
    if name in SOURCES:
        return _resized(SOURCES[name](split), image_size or IMAGE_SIZE)
    if name.startswith(TFDS):
        return _any_tfds(name.removeprefix(TFDS), split, image_size or DEFAULT_SIZE)
    if tagged.is_tagged(pathlib.Path(name)):
        return _tagged(pathlib.Path(name), image_size or DEFAULT_SIZE, split, words)
    images, labels, names = folders.load(pathlib.Path(name), image_size or DEFAULT_SIZE, split)
    return _labels(images, labels, names) if names else Data({"images": images})


def _labels(images, labels, names, flag="label"):
    return Data({"images": images, "labels": labels}, Labels(tuple(names), flag))


def _tagged(path, size, split, words):
    """A folder or zip of images with prompts or captions."""
    # TensorFlow Datasets takes seconds to import.
    from gan_apps.data import tagged_faces

    images, prompts, splits = tagged_faces.load(path, size, words)
    if tagged.are_sentences(path, prompts, words):
        return _of_split(_with_sentences(path, images, prompts), splits, split)
    known, attributes = learned(prompts)
    columns = {"images": images, "attributes": np.asarray(attributes, np.int32)}
    return Data(columns, Attributes(known))


def _with_sentences(path, images, prompts):
    """The Data of images and of their captions, which stand in lines of their own."""
    captions = [prompt.split(tagged.BETWEEN_CAPTIONS) for prompt in prompts]
    known, numbers, cut = wording.learned(captions)
    if cut:
        folders.say(
            path,
            f"--dataset={path}: {cut:,} captions are longer than {known.longest} words and cut.",
        )
    most = max(len(of_one) for of_one in numbers)
    rows = np.zeros((len(numbers), most, known.longest), np.int32)
    for row, of_one in zip(rows, numbers, strict=True):
        # A picture with fewer captions than others has its own several times.
        for place in range(most):
            words = of_one[place % len(of_one)]
            row[place, : len(words)] = words
    # Of pictures from all over the data.
    chosen = np.linspace(0, len(numbers) - 1, min(EXAMPLES, len(numbers))).astype(int)
    shown = dict.fromkeys(known.named(numbers[one][0]) for one in chosen)
    examples = tuple(words for words in shown if "?" not in words) or (known.words[0],)
    return Data({"images": images, "sentences": rows}, Sentences(known, most, examples))


def _of_split(data, splits, split):
    """The examples of "train" or "test", where a captions.jsonl says which those are; else all."""
    test = tagged.test_split(splits)
    if split == folders.ALL or test is None:
        return data
    is_test = np.array([name == test for name in splits])
    # Other parts, such as a second one to test by, are of no use.
    is_train = np.isin(splits, ("", folders.TRAIN))
    return data.subset(np.flatnonzero(is_test if split == folders.TEST else is_train))


def has_test(name):
    """Whether a data set that is here has a test split of its own, which `load` gives."""
    if name in SOURCES:
        return True
    if not name.startswith(TFDS):
        path = pathlib.Path(name)
        return tagged.has_test(path) if tagged.is_tagged(path) else folders.has_test(path)
    import tensorflow_datasets as tfds

    with quiet.stderr():
        builder = tfds.builder(name.removeprefix(TFDS), data_dir=prepared.folder())
    return "test" in builder.info.splits


def _resized(data, size):
    if data.shape[:2] == (size, size):
        return data
    squares = [reading.square(Image.fromarray(np.squeeze(one)), size) for one in data.images]
    stacked = np.stack(squares).reshape(len(squares), size, size, -1)
    return dataclasses.replace(data, columns={**data.columns, "images": stacked})


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
    labels = bunch.target[chosen].astype(np.int32)
    return _labels(np.stack(images)[..., None], labels, map(str, range(10)), "digit")


def _tfds(name, flag):
    def load_split(split):
        import tensorflow_datasets as tfds

        with quiet.stderr():
            builder = tfds.builder(name, data_dir=prepared.folder())
            is_prepared = builder.is_prepared()
        if not is_prepared and name in DEBIAN and DEBIAN[name].is_dir():
            names = tuple(builder.info.features["label"].names)
            return _labels(*_idx(DEBIAN[name], split), names, flag)
        if not is_prepared:
            prepared.require_network(name)
            prepared.require_writable(name, builder)
            builder.download_and_prepare()
        table = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
        labels = table["label"].astype(np.int32)
        return _labels(table["image"], labels, builder.info.features["label"].names, flag)

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
        prepared.require_network(f"{TFDS}{name}")
        prepared.require_writable(f"{TFDS}{name}", builder)
        builder.download_and_prepare()
    if split not in builder.info.splits:
        raise Refused(f"--dataset={TFDS}{name}: has no split {split!r}.")
    squares, labels = [], []
    for example in tfds.as_numpy(builder.as_dataset(split=split)):
        squares.append(reading.square(_picture(example["image"], f"{TFDS}{name}"), size))
        labels.append(example.get("label"))
    stacked = np.stack(squares).reshape(len(squares), size, size, -1)
    is_labelled = "label" in features and isinstance(features["label"], tfds.features.ClassLabel)
    names = tuple(features["label"].names or ()) if is_labelled else ()
    if not names:
        return Data({"images": stacked})
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
        return Data({"images": images})
    unused = [name for number, name in enumerate(names) if number not in used]
    left_out = []
    if unused:
        plural = "s" if len(unused) > 1 else ""
        listed = folders.named(unused)
        left_out.append(f"{len(unused)} label{plural} that no image has ({listed})")
    if not has_label.all():
        count = np.count_nonzero(~has_label)
        plural = "s" if count > 1 else ""
        left_out.append(f"{count:,} image{plural} without a label of the others")
    if left_out:
        folders.say(dataset, f"--dataset={dataset}: left out {' and '.join(left_out)}.")
    numbers = np.searchsorted(used, labels[has_label]).astype(np.int32)
    return _labels(images[has_label], numbers, (names[number] for number in used))


SOURCES = {
    "mnist": _tfds("mnist", "digit"),
    "fashion_mnist": _tfds("fashion_mnist", "label"),
    "digits": _digits,
}
