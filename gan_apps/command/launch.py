"""Starts a main: its flags, --help, one-line errors, exit codes."""

import os
import pathlib
import sys

from absl import app, flags, logging

import gan_apps
from gan_apps.operating_system import terminal
from gan_apps.settings import Failed, Interrupted, Refused, usage
from gan_apps.settings import flags as settings_flags

EXIT_REFUSED = 2
EXIT_FAILED = 1
# What a command is installed with, where that is another extra than the one for training.
EXTRAS = {"client": "serve", "demo": "serve", "export": "serve", "lab": "lab"}
HELP = {"-h", "-?", "-help", "--help", "--helpshort", "--helpfull"}


def launch(config_class, main):
    """Runs `main(config)` with the settings that the command line gives.

    Args:
      config_class: class. A settings.Settings, of which the flags are made.
      main: function of one of it.
    """
    run({"Flags": (config_class,)}, lambda: main(settings_flags.config_from_flags(config_class)))


def run(sections, main):
    """Runs `main()` with the flags of the command line parsed.

    A refused flag or value is one line on stderr and exit code 2; a failure that names itself
    (`Failed`, a full disk, a file that cannot be read) is one line and exit code 1.

    Args:
      sections: {title: settings classes}, of which the flags are made.
      main: function without arguments.
    """
    # Before TensorFlow is imported anywhere: its informational lines are not for users.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    terminal.print_any_name()
    settings_flags.define(*(kind for kinds in sections.values() for kind in kinds))
    app.run(lambda argv: _guarded(main, argv), flags_parser=lambda argv: _parsed(argv, sections))


def _parsed(argv, sections):
    if HELP.intersection(argv[1:]):
        with terminal.that_may_go_away():
            print(usage.text(sys.modules["__main__"].__doc__ or "", sections))
        sys.exit(0)
    try:
        return flags.FLAGS(argv, known_only=False)
    except flags.Error as error:
        _stop(EXIT_REFUSED, _told(error))


# What absl says of a value that it cannot read -> what there should be.
_KINDS = {
    "invalid literal for int": "a whole number",
    "could not convert string to float": "a number",
    "('Non-boolean argument": "true or false",
}


def _told(error):
    """What absl says of a flag, in words that name the flag, its value and what it may be."""
    flag, _, why = str(error).removeprefix("flag ").partition(": ")
    kind = next((kind for said, kind in _KINDS.items() if why.startswith(said)), None)
    return error if kind is None else f"{flag}: must be {kind}"


def _guarded(main, argv):
    logging.set_verbosity(logging.WARNING)
    try:
        if len(argv) > 1:
            raise Refused(f"{argv[1]!r} is not a flag; flags look like --seed=1 (see --help).")
        main()
    except Interrupted as error:
        _stop(error.exit_code, error, prefix="")
    except Refused as error:
        _stop(EXIT_REFUSED, error)
    except OSError as error:
        _stop(EXIT_FAILED, _said(error))
    except ModuleNotFoundError as error:
        _stop(EXIT_REFUSED, _to_install(error))
    except Failed as error:
        _stop(EXIT_FAILED, error)
    except MemoryError as error:
        _stop(EXIT_FAILED, f"the memory is full: {error}")
    except KeyboardInterrupt:
        _stop(130, "interrupted", prefix="")


def _to_install(error):
    """What to install for a module that is not there, in words; one of ours is a fault of ours."""
    package = (error.name or "").partition(".")[0]
    if package in ("", "gan_apps", "models"):
        raise error
    command = pathlib.Path(sys.argv[0]).stem
    extra = f"'gan-apps[{EXTRAS.get(command, 'train')}]'"
    named = extra if gan_apps.INSTALLED else "-r requirements.txt"
    return f"{package} is not installed, which this needs: pip install {named}"


def _said(error):
    """An OSError in words: the path and what the system says of it."""
    if error.strerror is None or error.filename is None:
        return error
    return f"{os.fsdecode(error.filename)}: {error.strerror}."


def _stop(code, message, prefix="error: "):
    with terminal.that_may_go_away():
        print(prefix + " ".join(str(message).split()), file=sys.stderr)
    sys.exit(code)
