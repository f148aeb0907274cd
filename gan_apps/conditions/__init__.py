"""What a picture is asked for by: nothing, a label, words or sentences; or who is to like it.

Imports no TensorFlow.
"""

from gan_apps.conditions.attributes import Attributes
from gan_apps.conditions.condition import AbstractCondition, Nothing
from gan_apps.conditions.labels import Labels
from gan_apps.conditions.sentences import Sentences
from gan_apps.conditions.users import Users

KINDS = {kind.kind: kind for kind in (Nothing, Labels, Attributes, Sentences, Users)}
# The flags by which any of them is asked.
FLAGS = tuple(dict.fromkeys(flag for kind in KINDS.values() for flag in kind.possible_flags))


def from_json(values: dict) -> AbstractCondition:
    """The inverse of `to_json`; ValueError, TypeError or KeyError for what is none."""
    values = dict(values)
    return KINDS[values.pop("kind")].from_json(values)
