"""absl flags from a settings dataclass, and back."""

import dataclasses
import os

from absl import flags

from gan_apps.settings.config import allowed, check_spelling
from gan_apps.settings.outcomes import Refused

# Flags belong to the main that asks for them, so that its --help lists them.
flags.disclaim_key_flags()


class _PathParser(flags.ArgumentParser):
    """A path; "~" is the home folder, which a shell leaves to the program after a "="."""

    def parse(self, argument):
        return os.path.expanduser(argument)


class _PathsParser(flags.ListParser):
    def parse(self, argument):
        return [os.path.expanduser(path) for path in super().parse(argument)]


def define_path(name, default, help):
    """Defines the flag of a file or folder."""
    flags.DEFINE(_PathParser(), name, default, help, serializer=flags.ArgumentSerializer())


def define_paths(name, default, help):
    """Defines the flag of several files or folders, separated by commas."""
    flags.DEFINE(_PathsParser(), name, default, help, serializer=flags.CsvListSerializer(","))


def define(config_class):
    """Defines one flag per field of `config_class`, with the field's default, type and help."""
    for field in dataclasses.fields(config_class):
        if field.metadata["is_path"]:
            define_path(field.name, field.default, _help(field))
        else:
            _DEFINERS[type(field.default)](field)


def names(config_class):
    """The names of the flags that `define` made."""
    return tuple(field.name for field in dataclasses.fields(config_class))


def given(flag_names):
    """The flags among `flag_names` that stand on the command line: {name: value}."""
    return {name: _value(name) for name in flag_names if flags.FLAGS[name].present}


def config_from_flags(config_class, stored=None):
    """The settings that the command line asks for.

    Args:
      config_class: class. A settings dataclass whose flags are defined and parsed.
      stored: config_class or None. Values of the flags that were not given; defaults if None.

    Raises:
      Refused: a value is out of bounds; the message names flag and value.
    """
    values = {name: _value(name) for name in names(config_class)}
    if stored is not None:
        asked = given(names(config_class))
        values = {name: asked.get(name, getattr(stored, name)) for name in values}
    try:
        config = config_class(**values)
        if stored is None or config.dataset != stored.dataset:
            check_spelling(config.dataset)
        return config
    except ValueError as error:
        raise Refused(f"--{error}") from None


def _value(name):
    value = flags.FLAGS[name].value
    if not isinstance(value, list):
        return value
    try:
        return tuple(int(number) for number in value if value != [""])
    except ValueError:
        raise Refused(
            f"--{name} must be whole numbers separated by commas, got {','.join(value)!r}."
        ) from None


_DEFINERS = {
    bool: lambda field: flags.DEFINE_bool(field.name, field.default, _help(field)),
    int: lambda field: flags.DEFINE_integer(field.name, field.default, _help(field)),
    float: lambda field: flags.DEFINE_float(field.name, field.default, _help(field)),
    str: lambda field: flags.DEFINE_string(field.name, field.default, _help(field)),
    tuple: lambda field: flags.DEFINE_list(
        field.name, [str(number) for number in field.default], _help(field)
    ),
}


def _help(field):
    choices = allowed(field)
    listed = f" One of: {', '.join(choices)}." if choices else ""
    return f"[train] {field.metadata['help']}{listed}"
