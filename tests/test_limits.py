"""Memory that does not suffice, a disk that is full, data that are gone."""

import os

import numpy as np
import pytest
import tensorflow as tf

from gan_apps import systems
from gan_apps.data import tagged_faces
from gan_apps.operating_system import memory
from gan_apps.settings import Failed, Refused
from gan_apps.training import limits
from tests.conftest import TINY
from tests.tiny_models import built

CGAN = systems.find("cgan")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of which nothing is known but what a test writes."""
    for name in ("MEMINFO", "GROUP", "STATM"):
        monkeypatch.setattr(memory, name, tmp_path / name)
    (tmp_path / "GROUP").mkdir()
    return tmp_path


def test_memory_is_what_the_machine_has(machine):
    assert memory.free() is None
    text = "MemTotal:  900 kB\nMemAvailable:  100 kB\nSwapFree:  20 kB\nHugePages_Total: 0\n"
    (machine / "MEMINFO").write_text(text)
    assert memory.free() == 120 * 1024


def test_memory_is_what_the_container_leaves(machine):
    (machine / "MEMINFO").write_text("MemAvailable: 900000 kB\n")
    (machine / "GROUP" / "memory.current").write_text("7000\n")
    (machine / "GROUP" / "memory.max").write_text("max\n")
    assert memory.free() == 900000 * 1024
    (machine / "GROUP" / "memory.max").write_text("10000\n")
    assert memory.free() == 3000
    (machine / "GROUP" / "memory.stat").write_text("anon 5000\ninactive_file 1000\n")
    assert memory.free() == 4000


def test_memory_is_what_the_process_may_take(machine, monkeypatch):
    resource = pytest.importorskip("resource")
    (machine / "STATM").write_text("10 5 1 1 0 1 0\n")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (10**6, 10**6))
    assert memory.free() == 10**6 - 10 * resource.getpagesize()


def test_an_update_keeps_what_layers_with_weights_make():
    model = built()
    # A dense layer to 2x2x32, its normalisation, a convolution to four maps of 4x4.
    generator = 128 + 128 + 4 * 16
    # Convolutions to eight maps of 4x4 and of 2x2, and a score.
    discriminator = 8 * 16 + 8 * 4 + 1
    assert limits.least_bytes(model) == 4 * (generator + discriminator)
    halved = limits.least_bytes(built(policy="mixed_bfloat16"))
    assert 0.5 <= halved / limits.least_bytes(model) < 0.7


def test_a_minibatch_that_does_not_fit_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    from gan_apps.training import train

    monkeypatch.setattr(memory, "free", lambda: 10_000_000)
    config = CGAN.config(**TINY, batch_size=1400)
    words = r"--batch_size=1400: needs \d+\.\d GB of memory and more, and 0.0 GB are left"
    with pytest.raises(Refused, match=words):
        train.train(CGAN, config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("left", [None, 10**12])
def test_a_minibatch_that_may_fit_is_tried(left, monkeypatch):
    monkeypatch.setattr(memory, "free", lambda: left)
    limits.refuse_what_does_not_fit(64, built())


def test_a_full_memory_is_said_to_be_the_minibatch_s(tmp_path):
    words = "--batch_size=64: the memory is full. Take a smaller one"
    with pytest.raises(Failed, match=words):
        with limits.said_in_one_line(CGAN.config(), tmp_path):
            # What TensorFlow raises, after ten seconds in which it hopes for memory.
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    with pytest.raises(Failed, match=words):
        with limits.said_in_one_line(CGAN.config(), tmp_path):
            np.ones(2**50)


def test_a_full_disk_is_named_by_its_run(tmp_path):
    with pytest.raises(Failed, match=f"--run_dir={tmp_path}: no space left on device"):
        with limits.said_in_one_line(CGAN.config(), tmp_path):
            if not os.path.exists("/dev/full"):
                pytest.skip("this system has no full device")
            tf.io.write_file("/dev/full", "x" * 100_000)


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(tf.errors.InvalidArgumentError):
        with limits.said_in_one_line(CGAN.config(), tmp_path):
            tf.reshape(tf.zeros(3), (2, 2))


class Vanishing:
    """Records of which some reads fail, as those of a file that is gone."""

    def __init__(self, error):
        self.error = error

    def __getitems__(self, numbers):
        if isinstance(self.error, Exception):
            raise self.error
        return [{"image": self.error} for _ in numbers]


@pytest.mark.parametrize(
    "error", [RuntimeError("Corrupted records file"), OSError(5, "Input/output error"), None]
)
def test_data_that_are_gone_are_named(tmp_path, error):
    images = tagged_faces.StoredImages(Vanishing(error), 8, np.arange(4))
    reads = tf.data.Dataset.range(2).map(lambda step: images.gathered(tf.reshape(step, (1,))))
    words = f"--dataset=faces/: its prepared copy can no longer be read .* --run_dir={tmp_path}"
    with pytest.raises(Failed, match=words) as failure:
        with limits.said_in_one_line(CGAN.config(dataset="faces/"), tmp_path):
            list(reads)
    assert "\n" not in str(failure.value)
