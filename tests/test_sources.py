"""The data sets."""

import gzip

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.data import sources
from gan_apps.settings import Refused


def test_digits_are_whole_and_split():
    train, test = sources.load("digits"), sources.load("digits", "test")
    assert len(train.images) + len(test.images) == 1797
    assert train.images.shape[1:] == (28, 28, 1)
    assert train.images.dtype == np.uint8
    assert train.images.max() > 240 and train.images.min() == 0
    assert set(train.labels) == set(range(10))
    assert train.condition == "digit"


def test_digits_are_readable_by_their_labels():
    # The mean image of a label is nearer to its own images than another label's is.
    train, test = sources.load("digits"), sources.load("digits", "test")
    means = np.stack([train.images[train.labels == d].mean(axis=0) for d in range(10)])
    distances = ((test.images[:, None].astype(float) - means) ** 2).sum(axis=(2, 3, 4))
    assert (distances.argmin(axis=1) == test.labels).mean() > 0.8


def test_named_sets_are_resized_when_asked():
    small, same = sources.load("digits", image_size=16), sources.load("digits", image_size=28)
    assert small.images.shape == (len(same.images), 16, 16, 1)
    assert_allclose(small.images.mean(), same.images.mean(), rtol=0.03)
    assert (small.labels == same.labels).all()


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """A data set of TensorFlow Datasets, made here: colour pictures of two sizes' worth of rows."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    images = np.zeros((6, 12, 20, 3), np.uint8)
    images[:, :, 4:16] = np.arange(6)[:, None, None, None] * 40
    table = {"image": images, "label": np.array([0, 1, 1, 0, 1, 0])}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_pictures",
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(12, 20, 3)),
                "label": tfds.features.ClassLabel(names=["cat", "dog"]),
            }
        ),
        split_datasets={"train": tf.data.Dataset.from_tensor_slices(table)},
        data_dir=tmp_path,
    )
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return images


def test_any_set_of_tensorflow_datasets(prepared):
    found = sources.load("tfds:tiny_pictures", image_size=12)
    assert found.images.shape == (6, 12, 12, 3)
    assert found.label_names == ("cat", "dog") and found.condition == "label"
    assert sorted(found.images[:, 6, 6, 0]) == [0, 40, 80, 120, 160, 200]
    labels = dict(zip(found.images[:, 6, 6, 0] // 40, found.labels, strict=True))
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


def test_no_copy_and_no_network_is_said_within_seconds(tmp_path, gan_apps):
    # A proxy that nobody listens on is a network that is not there.
    result = gan_apps(
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
    assert np.bincount(test.labels).tolist() == counts


def test_fashion_mnist_of_debian_s_package(tmp_path, monkeypatch):
    if not sources.DEBIAN["fashion_mnist"].is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    test = sources.load("fashion_mnist", "test")
    assert test.images.shape == (10000, 28, 28, 1)
    assert np.bincount(test.labels).tolist() == [1000] * 10
    assert test.label_names[5] == "Sandal" and test.condition == "label"
    # Sandals are the garments with the least ink, pullovers and coats those with the most.
    ink = [test.images[test.labels == label].mean() for label in range(10)]
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
