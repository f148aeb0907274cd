"""absl flags from settings dataclasses, and back. All flags of all commands are made here."""

import os

from absl import flags

from gan_apps.settings.errors import Refused
from gan_apps.settings.setting import fields, spelled
from gan_apps.settings.training import check_spelling


class _PathParser(flags.ArgumentParser):
    """A path; "~" is the home folder, which a shell leaves to the program after a "="."""

    def parse(self, argument):
        return os.path.expanduser(argument)


class _PathsParser(flags.ListParser):
    def parse(self, argument):
        return [os.path.expanduser(path) for path in super().parse(argument)]


def define(*kinds):
    """Defines one flag per field of the settings classes, with the field's default, type and help.

    A field that several of them have is one flag, the first one's.
    """
    for field in fields(*kinds):
        default = field.default
        if isinstance(default, tuple):
            default = [str(one) for one in default]
        definers = _PATH_DEFINERS if field.metadata["is_path"] else _DEFINERS
        definers[field.type](spelled(field.name), default, field.metadata["help"])


def names(*kinds):
    """The names of the fields that `define` made flags of."""
    return tuple(field.name for field in fields(*kinds))


def given(flag_names):
    """The flags among `flag_names` that stand on the command line: {name: value}."""
    return {name: _value(name) for name in flag_names if flags.FLAGS[spelled(name)].present}


def config_from_flags(config_class, defaults=None):
    """The settings that the command line asks for.

    Args:
      config_class: class. A settings dataclass whose flags are defined and parsed.
      defaults: config_class or None. Values of the flags that were not given, such as those of a
        run that is gone on with; the fields' own if None.

    Raises:
      Refused: a value is out of bounds; the message names flag and value.
    """
    asked = given(names(config_class))
    # Not the flag's default: another class may have a field of that name with one of its own.
    values = {
        field.name: field.default if defaults is None else getattr(defaults, field.name)
        for field in fields(config_class)
    } | asked
    try:
        config = config_class(**values)
        dataset = asked.get("dataset")
        if dataset is not None and (defaults is None or dataset != defaults.dataset):
            check_spelling(dataset)
        return config
    except ValueError as error:
        raise Refused(f"--{error}") from None


def _value(name):
    flag = flags.FLAGS[spelled(name)]
    if not isinstance(flag.value, list):
        return flag.value
    if isinstance(flag.parser, _PathsParser):
        return tuple(flag.value)
    try:
        return tuple(int(number) for number in flag.value if flag.value != [""])
    except ValueError:
        raise Refused(
            f"--{name} must be whole numbers separated by commas, got {','.join(flag.value)!r}."
        ) from None


_DEFINERS = {
    bool: lambda *named: flags.DEFINE_bool(*named),
    int: lambda *named: flags.DEFINE_integer(*named),
    float: lambda *named: flags.DEFINE_float(*named),
    str: lambda *named: flags.DEFINE_string(*named),
    tuple: lambda *named: flags.DEFINE_list(*named),
}
_PATH_DEFINERS = {
    str: lambda *named: flags.DEFINE(_PathParser(), *named, serializer=flags.ArgumentSerializer()),
    tuple: lambda *named: flags.DEFINE(
        _PathsParser(), *named, serializer=flags.CsvListSerializer(",")
    ),
}
