"""A lock that a process holds on a folder, and that dies with the process however it ends."""

import contextlib
import errno
import os
import pathlib
import sys

NAME = ".lock"
# What a file system says that knows no locks.
UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextlib.contextmanager
def held(folder):
    """Holds the lock of `folder` while the body runs.

    The system keeps the lock, not the file: what a killed process leaves behind is a file that
    nobody holds. The file goes when the body ends. Where the file system knows no locks, that is
    said and the body runs.

    Raises:
      BlockingIOError: another process holds it.
      OSError: the folder cannot be written.
    """
    path = pathlib.Path(folder) / NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _take(descriptor)
        except OSError as error:
            if error.errno not in UNKNOWN:
                raise
            print(f"{folder} cannot be locked: train it from one place only.", file=sys.stderr)
        # Its holder may have removed it and gone between the two lines above.
        if not _is(descriptor, path):
            raise BlockingIOError(f"{path} was let go of this moment")
        try:
            yield
        finally:
            # Before it is let go of: another file of this name is then another lock. Windows
            # removes no open file; there it stays.
            with contextlib.suppress(OSError):
                path.unlink()
    finally:
        os.close(descriptor)


def _is(descriptor, path):
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


if os.name == "nt":
    import msvcrt

    def _take(descriptor):
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None

else:
    import fcntl

    def _take(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
