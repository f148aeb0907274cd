"""Where a command prints: a terminal that may go away, an encoding that may lack a letter."""

import codecs
import contextlib
import io
import os
import sys

AS_NAMED = "gan_apps.as_named"


def as_named(error):
    """An error handler for encoders: what has no letter is written as the file system names it.

    So a path whose name is not of the output's encoding, or of none, is printed byte by byte as
    `ls` would, and whoever reads it finds the file.
    """
    text = error.object[error.start : error.end]
    try:
        return os.fsencode(text), error.end
    except UnicodeEncodeError:
        return codecs.backslashreplace_errors(error)


def print_any_name():
    """Lets stdout print any path, whatever its encoding."""
    codecs.register_error(AS_NAMED, as_named)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=AS_NAMED)


@contextlib.contextmanager
def that_may_go_away():
    """While the body runs, what can no longer be printed is dropped instead of being an error.

    A terminal that is closed, or a program at the other end of a pipe that ends, then ends no work.
    """
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Lasting(sys.stdout), _Lasting(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


class _Lasting:
    """A stream of which writing never fails."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        try:
            return self.stream.write(text)
        except OSError:
            self._let_go()
            return len(text)

    def flush(self):
        try:
            self.stream.flush()
        except OSError:
            self._let_go()

    def _let_go(self):
        """Sends all that is printed from now on nowhere, what is still to be flushed included."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self.stream.fileno())
        finally:
            os.close(nowhere)
