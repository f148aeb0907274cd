"""The file of a network's weights: what Keras reads, in fewer bytes."""

import time

import h5py
import pytest
from numpy.testing import assert_array_equal

import models
from gan_apps.training import weights


@pytest.fixture
def network():
    return models.pair(image_size=8, generator={"widths": (64,)})["generator"]


def held(path):
    """{name: array} of an .h5 file."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, one: found.update({name: one[()]} if isinstance(one, h5py.Dataset) else {})
        )
    return found


def test_what_is_written_is_read_back_and_smaller_than_what_keras_writes(network, tmp_path):
    ours, keras_s = tmp_path / "ours.weights.h5", tmp_path / "keras.weights.h5"
    weights.write(network, ours)
    network.save_weights(keras_s)
    assert ours.stat().st_size < 0.97 * keras_s.stat().st_size
    expected, found = held(keras_s), held(ours)
    assert expected.keys() == found.keys()
    for name, one in expected.items():
        assert_array_equal(found[name], one)
        assert found[name].dtype == one.dtype
    again = type(network).from_config(network.get_config())
    again.load_weights(ours)
    for one, other in zip(again.get_weights(), network.get_weights(), strict=True):
        assert_array_equal(one, other)


def test_the_same_weights_are_the_same_bytes(network, tmp_path):
    one, other = tmp_path / "one.weights.h5", tmp_path / "other.weights.h5"
    weights.write(network, one)
    # Times in HDF5 are whole seconds.
    time.sleep(1.1)
    weights.write(network, other)
    assert one.read_bytes() == other.read_bytes()


def test_a_file_that_cannot_be_packed_stays_as_it_was(tmp_path):
    path = tmp_path / "no.weights.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(OSError, match=r"no\.weights\.h5|signature"):
        weights.pack(path)
    assert path.read_bytes() == b"no HDF5"
    assert [*tmp_path.iterdir()] == [path]
