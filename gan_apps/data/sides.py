"""Two sets of pictures, a and b, of which one is to become like the other.

They are two values that some data set has, such as two labels or two words of its prompts; or they
lie in a folder or a zip, or in TensorFlow Datasets, in the layout that CycleGAN's data have:

    trainA/... trainB/...     the pictures of either set to learn from
    testA/... testB/...       those to measure by, if there are any
"""

import dataclasses

import numpy as np
from PIL import Image

from gan_apps.conditions import Labels
from gan_apps.data import archives, folders, prepared
from gan_apps.data.columns import OF_SIDES, Data
from gan_apps.operating_system import quiet
from gan_apps.pictures import reading
from gan_apps.settings import SIDES, TFDS, Refused, is_named


@dataclasses.dataclass(frozen=True)
class Sides:
    """Which pictures the two sets have.

    Args:
      a, b: str. What the data set calls them: labels, or words of prompts; "" for both where the
        data lie in two sets already.
    """

    a: str
    b: str

    @classmethod
    def of(cls, settings):
        """That of the settings of a run, a dict; None for a run that learns no two sets."""
        return cls(settings["side_a"], settings["side_b"]) if "side_a" in settings else None

    @property
    def are_read(self):
        """Whether the data lie in two sets."""
        return not self.a

    def asked(self, condition, side):
        """What is asked of a picture that becomes one of a side; None if there is no word for it.

        Args:
          condition: conditions.AbstractCondition of the data.
          side: str. One of settings.SIDES.

        Returns:
          int [slots], -1 where nothing is.
        """
        if self.are_read or len(condition.sizes) < 1:
            return None
        values = condition.read(getattr(self, side), f"--side_{side}")
        return None if len(values) > 1 else np.reshape(values[0], (-1,))

    def chosen(self, data, dataset):
        """The pictures of the two sets alone, with the column OF_SIDES.

        Args:
          data: columns.Data. Some or all of the data set.
          dataset: str. Its name.

        Raises:
          Refused: one of the sets is empty, or a picture is in both.
        """
        if self.are_read:
            return _with_sides(data, data.numbers)
        inside = []
        for side in SIDES:
            asked = getattr(self, side)
            flag = f"--side_{side}"
            found = data.condition.matching(asked, flag, data.numbers)
            if not found.any():
                raise Refused(f"{flag}={asked}: no picture of --dataset={dataset} is of that.")
            inside.append(found)
        if (both := np.logical_and(*inside)).any():
            raise Refused(
                f"--side_b={self.b}: {np.count_nonzero(both):,} pictures are of --side_a={self.a} "
                "as well; the two sets must have none in common."
            )
        chosen = np.flatnonzero(np.logical_or(*inside))
        return _with_sides(data.subset(chosen), inside[1][chosen].astype(np.int32))


def _with_sides(data, sides):
    return dataclasses.replace(data, columns={**data.columns, OF_SIDES: sides})


def load(name, split, size):
    """The Data of two sets: "images" uint8 [n, size, size, 3], and "labels", their place in SIDES.

    What cannot be read is skipped, counted and named.

    Args:
      name: str. The path of a folder or a zip, or tfds:NAME.
      split: "train" or "test".
      size: int. The side to which pictures are cropped and resized.

    Raises:
      Refused: there are no two such sets, or one is empty; names it.
    """
    read = _of_tfds if name.startswith(TFDS) else _of_files
    sets = read(name, split, size)
    labels = np.repeat(np.arange(len(SIDES), dtype=np.int32), [len(images) for images in sets])
    images = np.stack([reading.colour(one) for images in sets for one in images])
    return Data({"images": images, "labels": labels}, Labels(SIDES))


def has_test(name):
    """Whether two sets have test parts of their own."""
    if name.startswith(TFDS):
        return set(_names(folders.TEST)) <= set(_builder(name).info.splits)
    with _opened(name) as files:
        return _has_test(_sets(name, files))


def _names(split):
    """How the two sets of a split are called in this layout."""
    return [f"{split}{side.upper()}" for side in SIDES]


def _opened(name):
    if is_named(name):
        raise Refused(
            f"--dataset={name}: is one set; --side_a and --side_b name two of its labels."
        )
    return archives.opened(name)


def _of_files(name, split, size):
    """The pictures of either set, lists of uint8 [size, size] or [size, size, 3]."""
    with _opened(name) as files:
        sets = _sets(name, files)
        if split == folders.TEST and not _has_test(sets):
            raise Refused(f"--dataset={name}: has no split {split!r}.")
        read, skipped, count = [], [], 0
        for folder in _names(split):
            images = []
            for parts in sets[folder]:
                try:
                    images.append(reading.read(files[parts](), size))
                except reading.Unreadable as error:
                    skipped.append(f"{'/'.join(parts)} ({error})")
            if not images:
                raise Refused(
                    f"--dataset={name}: none of the {len(sets[folder])} pictures in {folder} can "
                    "be read."
                )
            count += len(sets[folder])
            read.append(images)
    if skipped:
        folders.say(name, f"{len(skipped)} of {count} files skipped: {folders.named(skipped)}.")
    return read


def _sets(name, files):
    """{folder of the layout: pictures that lie in one that is called so, in any case}.

    Raises:
      Refused: one of those to learn from has none.
    """
    sets = {folder: [] for split in (folders.TRAIN, folders.TEST) for folder in _names(split)}
    called = {folder.casefold(): folder for folder in sets}
    for parts in files:
        where = (part.casefold() for part in parts[:-1])
        found = next((called[part] for part in where if part in called), None)
        if found is not None:
            sets[found].append(parts)
    empty = [folder for folder in _names(folders.TRAIN) if not sets[folder]]
    if len(empty) == 1:
        raise Refused(f"--dataset={name}: has no picture in {empty[0]}, one of the two sets.")
    if empty:
        raise Refused(
            f"--dataset={name}: has no folders trainA and trainB. Of other data --side_a and "
            "--side_b name two labels or words; pairs are what gan_apps.pix2pix learns."
        )
    return sets


def _has_test(sets):
    return all(sets[folder] for folder in _names(folders.TEST))


def _of_tfds(name, split, size):
    import tensorflow_datasets as tfds

    builder = _builder(name)
    if not builder.is_prepared():
        prepared.require_network(name)
        prepared.require_writable(name, builder)
        builder.download_and_prepare()
    return [
        [
            reading.square(Image.fromarray(np.squeeze(example["image"])), size)
            for example in tfds.as_numpy(builder.as_dataset(split=folder))
        ]
        for folder in _names(split)
    ]


def _builder(name):
    """TensorFlow Datasets' builder of two sets."""
    import tensorflow_datasets as tfds

    with quiet.stderr():
        try:
            builder = tfds.builder(name.removeprefix(TFDS), data_dir=prepared.folder())
        except (tfds.core.DatasetNotFoundError, ValueError, ImportError):
            known = name.removeprefix(TFDS)
            raise Refused(f"--dataset={name}: TensorFlow Datasets knows no {known!r}.") from None
    if missing := [folder for folder in _names(folders.TRAIN) if folder not in builder.info.splits]:
        raise Refused(
            f"--dataset={name}: has no split {missing[0]!r}; --side_a and --side_b name two of its "
            "labels."
        )
    return builder
