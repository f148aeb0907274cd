"""What a judge can be asked for: how that is read, and what a search makes of it."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gan_apps.conditions import AbstractCondition, Attributes, Labels
from gan_apps.conditions.labels import DIGIT, LABEL
from gan_apps.drawing import latents
from gan_apps.evaluation import classifiers
from gan_apps.prompts.vocabulary import Slot, Vocabulary
from gan_apps.settings import Refused
from models import search

# How sure a classifier is, at least, of a picture that is as it was asked for.
SURE = 0.95


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """A judge, as a search asks it.

    Args:
      shape: (h, w, c), ints. What it looks at.
      condition: conditions.AbstractCondition. How what is asked for is read.
      goal: models.search.Goal.
      columns: function of a list of n values of the condition -> {column: [n, ...]} of the goal.
      enough: float or None. What the goal says at least of a picture that is as wanted; None, the
        default, where nothing says so.
    """

    shape: tuple
    condition: AbstractCondition
    goal: search.Goal
    columns: Callable
    enough: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of judge.

    Args:
      name: str.
      weights: str. The file of a folder by which it is known.
      opened: function of the folder -> Wanted.
    """

    name: str
    weights: str
    opened: Callable


def _classifier(folder):
    judge = classifiers.load(folder)
    network = judge.network
    condition = condition_of(judge.slots)

    def columns(values):
        taken = condition.inputs(values)[network.condition.column]
        return {search.ATTRIBUTES: network.condition.one_hot(tf.constant(taken))}

    return Wanted(
        shape=tuple(judge.image_shape),
        condition=condition,
        goal=search.read_as(lambda inputs: network(inputs, training=False), judge.sizes),
        columns=columns,
        enough=math.log(SURE),
    )


# Another kind of judge, such as one that says how well a sentence fits a picture, is another row.
KINDS = (Kind(name="classifier", weights=classifiers.WEIGHTS, opened=_classifier),)


def opened(folder):
    """The Wanted of a judge's folder.

    Raises:
      Refused: there is no judge, or it is not whole.
    """
    kind = next((one for one in KINDS if (folder / one.weights).is_file()), KINDS[0])
    try:
        return kind.opened(folder)
    except Refused as error:
        raise Refused(f"--judge={error}") from None


def condition_of(slots):
    """What is asked of a classifier by: labels of one slot, words of several.

    Args:
      slots: [[noun, [value, ...]], ...].
    """
    if len(slots) == 1:
        ((_, names),) = slots
        digits = list(names) == [str(digit) for digit in range(10)]
        return Labels(tuple(names), DIGIT if digits else LABEL)
    slots = tuple(Slot(noun, tuple(values)) for noun, values in slots)
    # Which values come together is not asked: what a prompt leaves open is left to the pictures.
    return Attributes(Vocabulary(slots, ((0,) * len(slots),), (1,)))


def default_judge(recipe, draw, flag):
    """The folder of the shipped judge for what is asked of a run's pictures by a flag, or None.

    It is that of the run's data; else, for words, one that reads words of pictures of its size.

    Args:
      recipe: run_dir.Recipe.
      draw: runs.draws.Draw.
      flag: str or None.
    """
    found = classifiers.shipped_for(recipe.settings["dataset"], draw, recipe.data)
    if found is not None or flag != Attributes.flag:
        return found
    return classifiers.shipped_of_words(draw.shape)


def starts(draw, count, seed, key=None):
    """The inputs that `count` searches start from.

    A run that is asked for something itself is asked for all there is in turn.

    Args:
      draw: runs.draws.Draw with latents.
      count, seed: ints.
      key: ints >= 0. What is searched for, as its condition keys it: something else has other
        starts. Default None: the pictures that the run draws by the seed.
    """
    every = draw.condition.every()
    values = [every[number % len(every)] for number in range(count)]
    inputs, own = latents.requested(draw, values, 1, seed), draw.latents
    if key is not None:
        rows = latents.latents(seed, key, range(count), own.size, own.distribution, own.codes)
        inputs = {**inputs, "latents": rows}
    return inputs


def joined(inputs):
    """A list of inputs {name: [n, ...]} as one."""
    return {name: np.concatenate([one[name] for one in inputs]) for name in inputs[0]}
