"""Typed, frozen, checked values of which flags are made: the field, and what it refuses.

A field, its flag, its help, its default and its check stand together.
"""

import dataclasses
import math

MAX_SEED = 2**32 - 1


def setting(
    default,
    help,
    *,
    minimum=None,
    above=None,
    maximum=None,
    below=None,
    excluded=(),
    choices=None,
    only_if=None,
    is_path=False,
    required="",
):
    """A dataclass field with its documentation, its bounds and what it depends on.

    The field's annotation is the type of the value and of the flag: int, float, str, bool, or tuple
    for several whole numbers (several paths if `is_path`).

    Args:
      default: a value of that type; None for a setting that may be left open.
      help: str. The flag's help.
      minimum, above, maximum, below: numbers. Closed and open bounds of the value, or of each
        element of a tuple.
      excluded: tuple of numbers. Values between the bounds that are not allowed.
      choices: tuple of str, or function that returns one. All that is allowed.
      only_if: (str, function). Another value than the default means something only if the function
        of the config is true, which the words say; it is refused otherwise, not ignored.
      is_path: bool. Whether it names a file or folder, in which "~" is the home folder.
      required: str. What to name, of a setting without a default, which must be given.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "above": above,
        "maximum": maximum,
        "below": below,
        "excluded": excluded,
        "choices": choices,
        "only_if": only_if,
        "is_path": is_path,
        "required": required,
    }
    return dataclasses.field(default=default, metadata=metadata)


def changed(kind, name, default, **metadata):
    """A setting of the class `kind` with another default, and other metadata if given."""
    field = kind.__dataclass_fields__[name]
    return dataclasses.field(default=default, metadata={**field.metadata, **metadata})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What all settings do: a value out of bounds, or that nothing heeds, is refused.

    A subclass may have a `check(self)` of its own for what its fields contradict; every class of a
    mixture is asked.

    Raises:
      ValueError: names the field, the value and what is allowed.
    """

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        for field in dataclasses.fields(self):
            _check_use(field, self)
        for kind in reversed(type(self).__mro__):
            if "check" in vars(kind):
                vars(kind)["check"](self)


def fields(*kinds):
    """The fields of settings classes; one that several of them have is the first one's."""
    found = {}
    for kind in kinds:
        for field in dataclasses.fields(kind):
            found.setdefault(field.name, field)
    return list(found.values())


def differences(config, other):
    """The fields in which two configs of one class differ: {name: (mine, theirs)}."""
    pairs = {
        field.name: (getattr(config, field.name), getattr(other, field.name))
        for field in dataclasses.fields(config)
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def to_json(config):
    """A config as JSON values."""
    return {
        field.name: list(value)
        if isinstance(value := getattr(config, field.name), tuple)
        else value
        for field in dataclasses.fields(config)
    }


def from_json(config_class, values):
    """The inverse of `to_json`; ValueError for fields that are unknown or out of bounds.

    A field that is not there takes its default: it is a setting of which the program that wrote
    the values had not heard. So the default of a new setting is what was done before there was it.
    """
    if not isinstance(values, dict):
        raise ValueError(f"settings must be an object, got {type(values).__name__}.")
    if odd := values.keys() - {field.name for field in dataclasses.fields(config_class)}:
        raise ValueError(f"there are no settings {', '.join(sorted(odd))}.")
    return config_class(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
    )


def spelled(name):
    """The flag of a field: its name, without the last _ of a word that Python keeps for itself."""
    return name.removesuffix("_")


def allowed(field):
    """The choices of a field, or None."""
    choices = field.metadata["choices"]
    return choices() if callable(choices) else choices


def _check(field, value):
    expected, required = field.type, field.metadata["required"]
    if required and not value:
        raise ValueError(f"{field.name}: {required}.")
    if value is None and field.default is None:
        return
    if value == "" and field.default is None and field.metadata["is_path"]:
        raise ValueError(f"{field.name}=: names no file or folder.")
    if expected is float and type(value) is int:
        pass
    elif type(value) is not expected:
        raise ValueError(f"{field.name} must be a {expected.__name__}, got {value!r}.")
    if expected is str:
        choices = allowed(field)
        if choices and value not in choices:
            raise ValueError(f"{field.name} must be one of {', '.join(choices)}, got {value!r}.")
        return
    if expected is tuple and field.metadata["is_path"]:
        return
    for number in value if expected is tuple else (value,):
        if expected is tuple and type(number) is not int:
            raise ValueError(f"{field.name} must be whole numbers, got {number!r}.")
        if not math.isfinite(number):
            raise ValueError(f"{field.name} must be finite, got {number}.")
        for bound, words, holds in (
            ("minimum", "at least", lambda a, b: a >= b),
            ("above", "greater than", lambda a, b: a > b),
            ("maximum", "at most", lambda a, b: a <= b),
            ("below", "less than", lambda a, b: a < b),
        ):
            limit = field.metadata[bound]
            if limit is not None and not holds(number, limit):
                raise ValueError(f"{field.name} must be {words} {limit}, got {number}.")
        if number in field.metadata["excluded"]:
            listed = " nor ".join(str(value) for value in field.metadata["excluded"])
            raise ValueError(f"{field.name} must be neither {listed}, got {number}.")


def _check_use(field, config):
    """Refuses a value that nothing would heed."""
    value, only_if = getattr(config, field.name), field.metadata["only_if"]
    if only_if is not None and value != field.default and not only_if[1](config):
        raise ValueError(
            f"{field.name} must stay {field.default} unless {only_if[0]}, got {value}."
        )
