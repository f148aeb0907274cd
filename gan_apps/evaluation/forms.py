"""What is lost in another form of a generator: how varied its pictures are, and how right.

A form that draws one picture for everything that is asked alike is still read as asked, and the
largest difference of a pixel tells rounding from ruin no better: variety is what does.
"""

import math

import numpy as np

from gan_apps.drawing import latents, pictures, tiles
from gan_apps.evaluation import classifiers, metrics
from gan_apps.runs import run_dir

# Pictures in all, and fewer where they are large: the numbers that all of them may have.
PICTURES = 400
NUMBERS = 20_000_000
# Of each label or prompt, however large.
LEAST = 5
# Prompts that are asked for.
PROMPTS = 20


# Pictures whose numbers set the scales of int8.
REPRESENTATIVE = 100


def inputs(run, name, draw, seed=0):
    """The inputs of a draw for about PICTURES pictures, several of each value, and their groups.

    Prompts are complete descriptions, as frequent ones as the data have. What draws from pictures
    is given those that the run keeps.

    Args:
      run: path of the run directory.
      name, draw: one of its draws: str, runs.draws.Draw.
      seed: int. Default 0.

    Returns:
      ({input: array [n, ...]}, ints [n]).
    """
    in_all = min(PICTURES, NUMBERS // math.prod(draw.shape))
    if draw.latents is None:
        kept = pictures.read_given(run / (name + run_dir.SOURCES), draw.pictures)
        kept = kept[:in_all]
        return {draw.pictures.column: pictures.to_signed(kept)}, np.zeros(len(kept), int)
    asked = draw.condition.every()
    if len(draw.condition.sizes) > 1:
        drawn = latents.requested(draw, asked, PROMPTS, seed)[draw.condition.column]
        asked = [tuple(map(int, row)) for row in draw.condition.numbers(drawn)]
    count = max(in_all // len(asked), LEAST)
    # Sentences are of any length; what is asked for again is one group.
    places = {value: place for place, value in enumerate(dict.fromkeys(asked))}
    groups = np.repeat([places[value] for value in asked], count)
    return latents.requested(draw, asked, count, seed), groups


class Reference:
    """The pictures that a form is compared with.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      name: str. Of one of its draws.
      generator: function of the draw's inputs -> images float32 [n, h, w, c] in [-1, 1]. What the
        run itself draws.
    """

    def __init__(self, run, recipe, name, generator):
        self.draw = recipe.draws[name]
        self.inputs, self.groups = inputs(run, name, self.draw)
        self.images = generator(self.inputs)
        self.spread = metrics.spread_within_labels(self.images, self.groups)
        found = None
        if self.draw.condition.column is not None:
            found = classifiers.shipped_for(recipe.settings["dataset"], self.draw, recipe.data)
        self.judge = None if found is None else classifiers.load(found)

    @property
    def some(self):
        """As many inputs, from all groups, as set the scales of int8."""
        count = len(self.images)
        chosen = np.unique(np.linspace(0, count - 1, min(REPRESENTATIVE, count)).astype(int))
        some = {name: values[chosen] for name, values in self.inputs.items()}
        if not self.draw.is_any_size:
            return some
        cut = tiles.Tiled(None, self.draw).squares
        return {name: np.concatenate([*map(cut, values)]) for name, values in some.items()}

    def difference(self, images):
        """The largest difference of a pixel, in gray levels of 255."""
        return float(np.abs(images - self.images).max()) * 127.5

    def mean_difference(self, images):
        """The mean difference of a pixel, in gray levels of 255."""
        return float(np.abs(images - self.images).mean()) * 127.5

    def variety(self, images):
        """The spread within a label or prompt, as a share of the reference's."""
        spread = metrics.spread_within_labels(images, self.groups)
        # A generator that draws one picture has nothing that a form could lose.
        return spread / self.spread if self.spread else 1.0

    def read_as_asked(self, images):
        """The share that a classifier reads as they were asked for; None if there is none."""
        if self.judge is None:
            return None
        probabilities, _ = self.judge.judged(pictures.to_bytes(images))
        asked = self.draw.condition.numbers(self.inputs[self.draw.condition.column])
        right = metrics.read_right(probabilities, asked, self.draw.condition.sizes)
        return float(right.all(axis=1).mean())
