"""Inversion: the latents whose picture is nearest to one that is given.

Of many random pictures the nearest ones are where Adam climbs from, since a single start often ends
in a maximum of its own (Lipton & Tripathi 2017, arXiv 1702.04782, find all latents of a DCGAN by
restarts and clipping). What is given may be of anything: what is found is the nearest that the run
can draw.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.evaluation import classifiers
from gan_apps.searching.chains import prior_of
from models import search

# Random pictures that are looked at, and from how many of them is climbed for one that is given.
LOOKED_AT, STARTS = 500, 6
STEPS, STEP_SIZE = 200, 0.1
# Of a pixel on the scale of [-1, 1]; and of a judge's features, over their own deviation.
DEVIATION, FEATURE_DEVIATION = 0.1, 1.0
# A feature that is the same in all pictures has none.
LEAST = 1e-6
# Searches at once.
BATCH = 60


class Found(NamedTuple):
    """Pictures of a run that are nearest to given ones, the nearest first.

    Args:
      latents: float32 [n, k, d].
      values: list of n lists of k values of the draw's condition.
      errors: float [n, k]. Mean absolute differences of a pixel, as shares of its range.
    """

    latents: np.ndarray
    values: list
    errors: np.ndarray


def nearest(network, draw, images, *, seed, bar, values=None, starts=STARTS, judge=None, given=()):
    """The Found of images.

    Args:
      network: the Keras network of the draw.
      draw: runs.draws.Draw with latents.
      images: uint8 [n, h, w, c], as the draw has them.
      seed: int. Of the random pictures.
      bar: as in chains.sampled.
      values: values of the draw's condition among which is looked. Default None: all of them.
      starts: int, at least 1. How often is climbed for each, k.
      judge: evaluation.classifiers.Classifier of such pictures, whose features are compared too; or
        None, the default.
      given: float32 [n, d]. Latents to start from besides, such as an encoder's. Default none.
    """
    generator = runtimes.in_batches(network)
    every = draw.condition.every() if values is None else values
    asked = [every[place % len(every)] for place in range(max(LOOKED_AT, starts))]
    inputs, own = latents.with_values(draw, asked, 1, seed)
    drawn = pictures.to_bytes(generator(inputs))
    ranked = [np.argsort(_errors(one, drawn), kind="stable") for one in images]
    chosen = np.stack(ranked)[:, :starts]
    begun = {name: rows[chosen] for name, rows in inputs.items()}
    if len(given):
        # In the place of the last.
        begun["latents"][:, -1] = given
    goal, columns = _goal(images, drawn, judge)
    ends = _climbed(network, draw, goal, columns, begun, bar)
    again = {name: rows.reshape(-1, *rows.shape[2:]) for name, rows in ends.items()}
    drawn = pictures.to_bytes(generator(again)).reshape(len(images), starts, *draw.shape)
    errors = np.stack([_errors(*pair) for pair in zip(images, drawn, strict=True)])
    order = np.argsort(errors, axis=1, kind="stable")
    return Found(
        latents=np.take_along_axis(ends["latents"], order[..., None], axis=1),
        values=[
            [own[place] for place in places] for places in np.take_along_axis(chosen, order, axis=1)
        ],
        errors=np.take_along_axis(errors, order, axis=1),
    )


def _goal(images, drawn, judge):
    """(models.search.Goal, its columns [n, ...]) of likeness to images."""
    goal, columns = search.like(DEVIATION), {search.TARGETS: pictures.to_signed(images)}
    if judge is None:
        return goal, columns
    (_, features), (_, others) = judge.judged(images), judge.judged(drawn)
    deviation = FEATURE_DEVIATION * float(np.sqrt(others.var(axis=0).mean()) + LEAST)
    alike = search.alike_to(lambda one: judge.network(one, training=False), deviation)
    return goal + alike, {**columns, search.TARGET_FEATURES: features}


def _climbed(network, draw, goal, columns, begun, bar):
    """Where climbs from inputs {name: [n, k, ...]} end, alike."""
    number, starts, _ = begun["latents"].shape
    prior = prior_of(draw.latents)
    found = search.Search(lambda rows: network(rows, training=False), goal, prior)
    each = max(BATCH // starts, 1)
    batches = [slice(first, first + each) for first in range(0, number, each)]
    advance = iter(bar(range(STEPS * len(batches)), "searching"))
    ends = []
    for rows in batches:
        own = {
            name: tf.constant(part[rows].reshape(-1, *part.shape[2:]))
            for name, part in begun.items()
        }
        asked = {name: np.repeat(part[rows], starts, axis=0) for name, part in columns.items()}
        climb = found.climbed(
            own.pop("latents"),
            {name: tf.constant(part) for name, part in asked.items()},
            own,
            steps=STEPS,
            step_size=STEP_SIZE,
        )
        for latents_there, _ in climb:
            end = latents_there.numpy()
            next(advance, None)
        ends.append(end.reshape(-1, starts, end.shape[1]))
    # The bar says that it is done.
    next(advance, None)
    return {**begun, "latents": np.concatenate(ends)}


def _errors(image, drawn):
    """Mean absolute differences of a picture to [k] others, as shares of the range."""
    apart = np.abs(drawn.astype(np.float32) - image.astype(np.float32))
    return apart.mean(axis=(1, 2, 3)) / 255.0


def judge_of(recipe, draw):
    """The shipped Classifier of what a run draws, or None."""
    folder = classifiers.shipped_for(recipe.settings["dataset"], draw, recipe.data)
    return None if folder is None else classifiers.load(folder)
