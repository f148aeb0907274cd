"""A folder or zip with tags.csv as a data set of TensorFlow Datasets, and as images read from it.

import tensorflow_datasets as tfds
import gan_apps.data.tagged_faces
manual = tfds.download.DownloadConfig(manual_dir="path/to/folder")
faces = tfds.load("tagged_faces", download_and_prepare_kwargs={"download_config": manual})
"""

import dataclasses
import functools
import hashlib
import os
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from gan_apps.data import prepared, tagged
from gan_apps.operating_system import quiet
from gan_apps.settings import Refused

DEFAULT_SIZE = 64
# Random access to single records.
FILE_FORMAT = "array_record"


@dataclasses.dataclass(kw_only=True)
class TaggedFacesConfig(tfds.core.BuilderConfig):
    """A size of the images, and where they come from.

    Args:
      image_size: int. Side to which the central squares are resized.
      path: str. The folder or zip; "" for TFDS's manual folder, or the one zip in it.
      words: str. As in tagged.listed.
    """

    image_size: int = DEFAULT_SIZE
    path: str = ""
    words: str = "auto"


class TaggedFaces(tfds.core.GeneratorBasedBuilder):
    """Images with prompts, from a folder of one's own: features image, prompt, filename."""

    name = "tagged_faces"
    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [TaggedFacesConfig(name=f"{DEFAULT_SIZE}x{DEFAULT_SIZE}")]
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "The manual folder must hold images and tags.csv (filename,prompt), or one zip of both."
    )

    def _info(self):
        size = self.builder_config.image_size
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(size, size, 3), encoding_format="png"),
                    "prompt": tfds.features.Text(),
                    "filename": tfds.features.Text(),
                }
            ),
            supervised_keys=None,
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager):
        path = self.builder_config.path or _in_manual_folder(pathlib.Path(dl_manager.manual_dir))
        return {"train": self._generate_examples(pathlib.Path(path))}

    def _generate_examples(self, path):
        found = tagged.listed(path, self.builder_config.words)
        skipped, count = list(found.skipped), 0
        for number, image in tagged.squares(found, self.builder_config.image_size):
            name = found.filenames[number]
            if isinstance(image, str):
                skipped.append(f"{name} ({image})")
                continue
            count += 1
            yield number, {"image": image, "prompt": found.prompts[number], "filename": name}
        self.info.metadata["skipped"] = skipped


def _in_manual_folder(folder):
    if tagged.is_tagged(folder):
        return folder
    zips = sorted(folder.glob("*.zip"))
    if len(zips) != 1:
        raise Refused(f"{folder}: holds neither {tagged.LISTED} nor one zip.")
    return zips[0]


class StoredImages:
    """The images of a prepared data set, read from disk when they are asked for.

    It is indexed like the array uint8 [n, h, w, 3] that it stands for, by a slice or by whole
    numbers; what that gives is an array.

    Args:
      records: a data source of records with encoded images.
      size: int. h and w.
      indices: int64 [n]. Which records these are.
    """

    def __init__(self, records, size, indices):
        self.records, self.size, self.indices = records, size, indices
        self.shape = (len(indices), size, size, 3)

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, chosen):
        return self.decoded(tf.constant(self.encoded(chosen), tf.string)).numpy()

    def subset(self, chosen):
        return StoredImages(self.records, self.size, self.indices[chosen])

    def encoded(self, chosen):
        """The PNG files of some images: a list of bytes."""
        numbers = [int(number) for number in self.indices[chosen]]
        try:
            return [bytes(record["image"]) for record in self.records.__getitems__(numbers)]
        except (OSError, RuntimeError, TypeError) as error:
            # What a reader raises whose file is gone, torn or overwritten.
            raise OSError(f"{tagged.LOST} ({error}).") from None

    def decoded(self, encoded):
        """PNG files, a string tensor [n], as uint8 [n, h, w, 3]."""
        images = tf.map_fn(
            functools.partial(tf.io.decode_png, channels=3), encoded, fn_output_signature=tf.uint8
        )
        return tf.ensure_shape(images, (None, self.size, self.size, 3))

    def gathered(self, indices):
        """The images of int64 indices of any shape, in a graph: uint8 [..., h, w, 3]."""
        read = lambda numbers: np.asarray(self.encoded(numbers), object)
        encoded = tf.numpy_function(read, [tf.reshape(indices, (-1,))], tf.string, stateful=False)
        images = self.decoded(tf.ensure_shape(encoded, (np.prod(indices.shape, dtype=int),)))
        return tf.reshape(images, (*indices.shape, self.size, self.size, 3))


def load(path, size, words="auto"):
    """The images and prompts of a folder or zip, prepared by TFDS if they are not yet.

    The prepared copy is kept in TFDS's folder under a name made of the files' names, sizes and
    times, so that a changed folder is another data set.

    Returns:
      (StoredImages, prompts, splits): lists of str, as in tagged.Tagged, of what can be read.
    """
    found = tagged.listed(path, words)
    config = TaggedFacesConfig(
        name=f"{size}x{size}_{_digest(found)}",
        image_size=size,
        path=str(path.resolve()),
        words=words,
    )
    folder = prepared.folder()
    with quiet.stderr():
        builder = TaggedFaces(
            config=config,
            data_dir=folder if folder and os.access(folder, os.W_OK) else None,
            file_format=FILE_FORMAT,
        )
    lines = len(found.filenames) + len(found.skipped)
    if not builder.is_prepared():
        prepared.require_writable(path, builder)
        try:
            builder.download_and_prepare()
        except AssertionError:
            # TFDS writes no empty split.
            skipped = builder.info.metadata.get("skipped", [])
            if len(skipped) < lines:
                raise
            tagged.tell_skipped(skipped, lines)
            raise Refused(
                f"--dataset={path}: none of its {len(found.filenames)} images can be read."
            ) from None
    records = builder.as_data_source(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    tagged.tell_skipped(builder.info.metadata["skipped"], lines)
    tagged.tell_unnamed(found.unnamed)
    numbers = range(len(records))
    texts = records.__getitems__(list(numbers))
    prompts = [record["prompt"].decode() for record in texts]
    split_of = dict(zip(found.filenames, found.splits, strict=True))
    splits = [split_of[record["filename"].decode()] for record in texts]
    return StoredImages(records, size, np.arange(len(records))), prompts, splits


def _digest(found):
    """A short name for what a `Tagged` lists, as its files are now."""
    digest = hashlib.sha256(repr((found.path.resolve(), found.filenames, found.prompts)).encode())
    files = [found.path]
    if found.path.is_dir():
        files = [found.path / name for name in found.filenames]
    for file in files:
        about = file.stat()
        digest.update(f"{about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]
