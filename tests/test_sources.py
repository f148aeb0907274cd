"""The data sets."""

import gzip

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.conditions import Labels, Nothing
from gan_apps.data import sources
from gan_apps.data.columns import Data
from gan_apps.settings import Refused


def test_digits_are_whole_and_split():
    train, test = sources.load("digits"), sources.load("digits", "test")
    assert len(train.images) + len(test.images) == 1797
    assert train.images.shape[1:] == (28, 28, 1)
    assert train.images.dtype == np.uint8
    assert train.images.max() > 240 and train.images.min() == 0
    assert set(train.numbers) == set(range(10))
    assert train.condition == Labels(tuple("0123456789"), "digit")


def test_digits_are_readable_by_their_labels():
    # The mean image of a label is nearer to its own images than another label's is.
    train, test = sources.load("digits"), sources.load("digits", "test")
    means = np.stack([train.images[train.numbers == d].mean(axis=0) for d in range(10)])
    distances = ((test.images[:, None].astype(float) - means) ** 2).sum(axis=(2, 3, 4))
    assert (distances.argmin(axis=1) == test.numbers).mean() > 0.8


def test_named_sets_are_resized_when_asked():
    small, same = sources.load("digits", image_size=16), sources.load("digits", image_size=28)
    assert small.images.shape == (len(same.images), 16, 16, 1)
    assert_allclose(small.images.mean(), same.images.mean(), rtol=0.03)
    assert (small.numbers == same.numbers).all()


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A function that prepares data sets of TensorFlow Datasets, from images and labels."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    def store(names, splits, name="tiny_pictures"):
        """Args: names of the labels; {split: (images [n, h, w, c], labels)}; name of the set."""
        shape = splits["train"][0].shape[1:]
        dtype = tf.as_dtype(splits["train"][0].dtype)
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=shape, dtype=dtype),
                    "label": tfds.features.ClassLabel(names=names),
                }
            ),
            split_datasets={
                split: tf.data.Dataset.from_tensor_slices(
                    {"image": images, "label": np.asarray(labels)}
                )
                for split, (images, labels) in splits.items()
            },
            data_dir=tmp_path,
        )

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return store


@pytest.fixture
def prepared(stored):
    """A set made here: colour pictures, wider than they are high."""
    images = np.zeros((6, 12, 20, 3), np.uint8)
    images[:, :, 4:16] = np.arange(6)[:, None, None, None] * 40
    stored(["cat", "dog"], {"train": (images, [0, 1, 1, 0, 1, 0])})
    return images


def numbered(*labels):
    """Images of 8x8 with the value 40 * i, and their labels."""
    images = np.zeros((len(labels), 8, 8, 1), np.uint8)
    images += (40 * np.arange(len(labels), dtype=np.uint8))[:, None, None, None]
    return images, list(labels)


def named(found):
    """What the images of `numbered` are called: {i: name}."""
    numbers = found.images[:, 0, 0, 0] // 40
    labels = [found.condition.names[label] for label in found.numbers]
    return dict(zip(numbers.tolist(), labels, strict=True))


def test_labels_of_a_set_that_no_image_has_are_left_out_of_all_its_splits(stored, capsys):
    stored(list("abcde"), {"train": numbered(1, 3, 3, 4), "test": numbered(4, 0, 3)})
    capsys.readouterr()  # TFDS shows how far it is.
    train, test = (sources.load("tfds:tiny_pictures", split, 8) for split in ("train", "test"))
    assert train.condition.names == test.condition.names == ("b", "d", "e")
    assert train.numbers.dtype == np.int32 and set(train.numbers) == {0, 1, 2}
    assert named(train) == {0: "b", 1: "d", 2: "d", 3: "e"}
    assert named(test) == {0: "e", 2: "d"}
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "--dataset=tfds:tiny_pictures: left out 2 labels that no image has (a, c).",
        "--dataset=tfds:tiny_pictures: left out 2 labels that no image has (a, c) and 1 image "
        "without a label of the others.",
    ]


def test_images_without_a_label_are_left_out_and_counted(stored, capsys):
    stored(["a", "b"], {"train": numbered(0, -1, 1, 0, -1), "test": numbered(-1, -1)})
    capsys.readouterr()  # TFDS shows how far it is.
    assert named(sources.load("tfds:tiny_pictures", image_size=8)) == {0: "a", 2: "b", 3: "a"}
    told = "--dataset=tfds:tiny_pictures: left out 2 images without a label of the others.\n"
    assert capsys.readouterr().err == told
    # A test split whose labels are nobody's to know has images all the same.
    test = sources.load("tfds:tiny_pictures", "test", 8)
    assert len(test.images) == 2 and test.numbers is None and test.condition == Nothing()


@pytest.mark.parametrize("labels", [(0, 0, 0), (-1, -1, -1)])
def test_a_set_with_one_label_or_none_has_no_labels_to_draw_by(stored, labels):
    from gan_apps import systems
    from gan_apps.training import train

    stored(["only", "unused"], {"train": numbered(*labels)})
    found = sources.load("tfds:tiny_pictures", image_size=8)
    assert len(found.images) == 3 and found.numbers is None and found.condition == Nothing()
    cgan = systems.find("cgan")
    config = cgan.config(dataset="tfds:tiny_pictures", image_size=8)
    with pytest.raises(Refused, match="--dataset=tfds:tiny_pictures: has no labels .two or more"):
        train.train(cgan, config, "absent")


def test_sets_of_sixteen_bits_have_the_scale_of_files(stored):
    images = np.array([0, 1_000, 30_000, 65_535], np.uint16)[:, None, None, None]
    images = np.broadcast_to(images, (4, 8, 8, 3))
    stored(["a", "b"], {"train": (images, [0, 1, 0, 1])})
    found = sources.load("tfds:tiny_pictures", image_size=8)
    assert sorted(found.images[:, 0, 0, 0].tolist()) == [0, 3, 117, 255]


def test_labels_are_numbered_as_a_run_numbers_them(tiny_images):
    columns = {**tiny_images.columns, "labels": tiny_images.numbers // 2}
    same = Data(columns, Labels(("d", "b"))).numbered_as(Labels(tuple("abcd")))
    assert same.condition.names == tuple("abcd")
    assert same.numbers[:8].tolist() == [3, 3, 1, 1, 3, 3, 1, 1] and same.numbers.dtype == np.int32
    assert tiny_images.numbered_as(Labels(tuple("abcd"))) is tiny_images
    # A run that draws without labels knows none, and minds none.
    assert tiny_images.numbered_as(Nothing()) is tiny_images
    with pytest.raises(Refused, match="has the labels a, c, which the run does not know"):
        tiny_images.numbered_as(Labels(("b", "d")))


def test_any_set_of_tensorflow_datasets(prepared):
    found = sources.load("tfds:tiny_pictures", image_size=12)
    assert found.images.shape == (6, 12, 12, 3)
    assert found.condition == Labels(("cat", "dog"), "label")
    assert sorted(found.images[:, 6, 6, 0]) == [0, 40, 80, 120, 160, 200]
    labels = dict(zip(found.images[:, 6, 6, 0] // 40, found.numbers, strict=True))
    assert [labels[value] for value in range(6)] == [0, 1, 1, 0, 1, 0]
    with pytest.raises(Refused, match="--dataset=tfds:tiny_pictures: has no split 'test'"):
        sources.load("tfds:tiny_pictures", "test")


def test_a_set_that_is_not_here_and_cannot_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(Refused, match="--dataset=tfds:cifar10: no prepared copy in .*no network"):
        sources.load("tfds:cifar10")
    with pytest.raises(Refused, match="--dataset=tfds:imdb_reviews: has no feature 'image'"):
        sources.load("tfds:imdb_reviews")


def test_an_unknown_set_of_tensorflow_datasets():
    with pytest.raises(Refused, match="--dataset=tfds:cifar11: TensorFlow Datasets knows no"):
        sources.load("tfds:cifar11")


def test_no_copy_and_no_network_is_said_within_seconds(tmp_path, gan_apps_process):
    # A proxy that nobody listens on is a network that is not there.
    result = gan_apps_process(
        "cgan",
        "--mode=train",
        environment={
            "TFDS_DATA_DIR": str(tmp_path / "empty"),
            "https_proxy": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        },
        timeout=60,
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    for words in ("--dataset=mnist", "TFDS_DATA_DIR", "network", "--dataset=digits"):
        assert words in line
    assert not (tmp_path / "checkpoints").exists()


def test_mnist_is_the_real_one(mnist_here):
    test = sources.load("mnist", "test")
    assert test.images.shape == (10000, 28, 28, 1)
    # The counts of the published test set.
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(test.numbers).tolist() == counts


def test_fashion_mnist_of_debian_s_package(tmp_path, monkeypatch):
    if not sources.DEBIAN["fashion_mnist"].is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    test = sources.load("fashion_mnist", "test")
    assert test.images.shape == (10000, 28, 28, 1)
    assert np.bincount(test.numbers).tolist() == [1000] * 10
    assert test.condition.names[5] == "Sandal" and test.condition.flag == "label"
    # Sandals are the garments with the least ink, pullovers and coats those with the most.
    ink = [test.images[test.numbers == label].mean() for label in range(10)]
    assert int(np.argmin(ink)) == 5


def test_idx_files_are_read(tmp_path):
    images = np.arange(2 * 784, dtype=np.int64).astype(np.uint8)
    for name, header, values in (
        ("images-idx3", b"\0" * 16, images.tobytes()),
        ("labels-idx1", b"\0" * 8, bytes([3, 9])),
    ):
        with gzip.open(tmp_path / f"t10k-{name}-ubyte.gz", "wb") as file:
            file.write(header + values)
    found, labels = sources._idx(tmp_path, "test")
    assert found.shape == (2, 28, 28, 1) and (found.ravel() == images).all()
    assert labels.tolist() == [3, 9] and labels.dtype == np.int32
