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


def import_tensorflow():
    """Imports TensorFlow and lets it look at the machine, in silence."""
    with stderr():
        import tensorflow as tf

        tf.config.list_logical_devices()
