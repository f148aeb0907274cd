"""Silence for libraries that print before they can be told not to."""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def stderr():
    """Holds back what native code writes to stderr; if the body raises, it is printed after all.

    TensorFlow and LiteRT announce the processor's features on file descriptor 2 while they are
    imported, before their log level can be set; a user's one-line error would drown in it.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            sys.stderr.flush()
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


# Keras imports these where they are installed, for functions of its own that are not used here: a
# quarter of the time that TensorFlow and Keras take to start.
_NOT_NEEDED = ("sklearn", "matplotlib")


@contextlib.contextmanager
def absent(*names):
    """Lets imports fail as if the modules were not installed, but for those imported already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def import_tensorflow():
    """Imports TensorFlow and Keras, and lets them look at the machine, in silence."""
    with stderr(), absent(*_NOT_NEEDED):
        import keras  # noqa: F401
        import tensorflow as tf

        tf.config.list_logical_devices()


def without_remapper():
    """Leaves out of graphs what TensorFlow 2.21's remapper fails to do to a step of training.

    It says so on stderr and leaves the graph as it was; without it the step is as fast and quiet.
    """
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"remapping": False})
