"""The names of the rows of a table in `models`, without importing TensorFlow for them.

What a flag may be is what the table holds: a row that is added to it is a choice at once.
"""

import ast
import functools
import sys

import gan_apps


def objectives():
    """The names of models.losses.OBJECTIVES."""
    return _names("losses", "OBJECTIVES", "Objective")


def classifier_objectives():
    """The names of models.losses.CLASSIFIER_OBJECTIVES."""
    return _names("losses", "CLASSIFIER_OBJECTIVES", "ClassifierObjective")


def augmentations():
    """The names of models.augmentations.AUGMENTATIONS."""
    return _names("augmentations", "AUGMENTATIONS", "Augmentation")


def divergences():
    """The names of models.divergences.DIVERGENCES."""
    return _names("divergences", "DIVERGENCES", "FDivergence")


def _names(module, table, row):
    loaded = sys.modules.get(f"{gan_apps.MODELS}.{module}")
    if loaded is not None and hasattr(loaded, table):
        return tuple(getattr(loaded, table))
    return _names_in_source(module, row)


@functools.cache
def _names_in_source(module, row):
    """The literal names given to rows in the source of a module, in their order."""
    source = gan_apps.HOME / "models" / f"{module}.py"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == row
    ]
    named = [
        (call.lineno, keyword.value.value)
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    ]
    return tuple(name for _, name in sorted(named))
