"""Where TensorFlow Datasets keeps the copies of data sets that it prepares."""

import os
import pathlib
import tempfile

from gan_apps.settings import Refused

VARIABLE = "TFDS_DATA_DIR"


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
