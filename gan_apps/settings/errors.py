"""How a command may end other than well. Each message is one sentence for the user.

Mains print these as a single line on stderr; everything else that is raised is a fault of the
program and keeps its traceback.
"""

import contextlib


class Refused(ValueError):
    """Bad input or an impossible request; the message names the flag and the value. Exit code 2."""


class Failed(Exception):
    """Work that went wrong in a way the user can act on. Exit code 1."""


class Interrupted(Exception):
    """A long run was asked to stop, and has saved what it had.

    Args:
      message: str. Where it was saved.
      exit_code: int. 128 + the signal's number.
    """

    def __init__(self, message, exit_code):
        super().__init__(message)
        self.exit_code = exit_code


@contextlib.contextmanager
def named_by(flag):
    """Says of another run than --run_dir's what is refused of it, under the flag that named it."""
    try:
        yield
    except Refused as error:
        raise Refused(str(error).replace("--run_dir", flag)) from None
