"""Where TensorFlow Datasets keeps the copies of data sets that it prepares."""

import os
import pathlib
import tempfile
import threading
import urllib.error
import urllib.request

from gan_apps.settings import Refused

VARIABLE = "TFDS_DATA_DIR"
# Any answer from the server that has MNIST means that TFDS can fetch it.
TFDS_PROBE = "https://storage.googleapis.com/cvdf-datasets/mnist/"
PROBE_SECONDS = 5


def folder():
    """The folder that TFDS_DATA_DIR names, or None for TFDS's own in the home folder."""
    return os.path.expanduser(os.environ.get(VARIABLE, "")) or None


def require_writable(dataset, builder):
    """Refuses, before anything is fetched or read, to prepare a copy that would have no place.

    Args:
      dataset: str or path, as --dataset names it.
      builder: tfds.core.DatasetBuilder.
    """
    # Below it are the folders of the data set, of its configuration if it has one, of its version.
    above = 3 if builder.builder_config else 2
    place = pathlib.Path(builder.data_dir).parents[above - 1]
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise Refused(
            f"--dataset={dataset}: {place}, where TensorFlow Datasets keeps prepared copies, "
            f"cannot be written ({error.strerror}); set {VARIABLE} to a folder that can."
        ) from None


def require_network(name):
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
        place = folder() or pathlib.Path.home() / "tensorflow_datasets"
        raise Refused(
            f"--dataset={name}: no prepared copy in {place} and no network to fetch one. Either "
            f"set TFDS_DATA_DIR to a folder that holds a prepared copy, or connect to the "
            "network and start again, or train offline with --dataset=digits."
        )
