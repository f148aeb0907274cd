"""What is lost in another form of a generator: how varied its pictures are, and how right.

A form that draws one picture for everything that is asked alike is still read as asked, and the
largest difference of a pixel tells rounding from ruin no better: variety is what does.
"""

import math

import numpy as np

from gan_apps.drawing import latents, pictures
from gan_apps.evaluation import classifier, metrics

# Pictures in all, and fewer where they are large: the numbers that all of them may have.
PICTURES = 400
NUMBERS = 20_000_000
# Of each label or prompt, however large.
LEAST = 5
# Prompts that are asked for.
PROMPTS = 20


def inputs(recipe, seed=0):
    """The inputs of a run's generator for about PICTURES pictures, several of each condition.

    Prompts are complete descriptions, as frequent ones as the data have.

    Args:
      recipe: run_dir.Recipe of the run.
      seed: int. Default 0.
    """
    asked = recipe.conditions
    if recipe.vocabulary is not None:
        drawn = latents.requested(recipe, asked, PROMPTS, seed)["attributes"]
        asked = [tuple(map(int, row)) for row in metrics.attribute_numbers(drawn, _sizes(recipe))]
    pictures_in_all = min(PICTURES, NUMBERS // math.prod(_shape(recipe)))
    count = max(pictures_in_all // len(asked or (0,)), LEAST)
    return latents.requested(recipe, asked, count, seed)


class Reference:
    """The pictures that a form is compared with.

    Args:
      recipe: run_dir.Recipe of the run.
      inputs: {name: array [n, ...]}. As `inputs` gives them.
      images: float32 [n, h, w, c] in [-1, 1]. What the run itself draws of them.
    """

    def __init__(self, recipe, inputs, images):
        self.recipe, self.inputs, self.images = recipe, inputs, images
        asked = inputs.get("labels", inputs.get("attributes", np.zeros(len(images))))
        _, groups = np.unique(asked, axis=0, return_inverse=True)
        self.groups = groups.reshape(-1)
        self.spread = metrics.spread_within_labels(images, self.groups)
        found = None
        if recipe.condition is not None:
            dataset = recipe.settings["dataset"]
            found = classifier.shipped_for(dataset, recipe.vocabulary, _shape(recipe))
        self.judge = None if found is None else classifier.load(found)

    def difference(self, images):
        """The largest difference of a pixel, in gray levels of 255."""
        return float(np.abs(images - self.images).max()) * 127.5

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
        if self.recipe.vocabulary is None:
            return metrics.conditional_accuracy(probabilities, self.inputs["labels"])
        sizes = _sizes(self.recipe)
        asked = metrics.attribute_numbers(self.inputs["attributes"], sizes)
        return float(metrics.read_right(probabilities, asked, sizes).all(axis=1).mean())


def _shape(recipe):
    described = recipe.generator["config"]
    return [described["image_size"], described["image_size"], described["channels"]]


def _sizes(recipe):
    return [len(slot.values) for slot in recipe.vocabulary.slots]
