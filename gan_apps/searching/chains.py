"""Searches for what a judge wants: a chain of Langevin steps from each start to its picture."""

import numpy as np
import tensorflow as tf

from gan_apps.searching.wanted import joined, starts
from models import search

# Starts that are searched from at once, always as many: another number would be rounded otherwise,
# and a chain takes the smallest difference further and further.
BATCH = 16
# How often what is not yet as wanted is searched for again, from where it is.
ROUNDS = 8
# Frames of the first round of a path, beside its start.
FRAMES = 48


def prior_of(latents):
    """The models.search.Prior of runs.draws.Latents."""
    return search.Prior(latents.size, latents.distribution, latents.codes)


def sampled(network, draw, wanted, values, count, *, seed, options, bar):
    """The latents that searches for values of a judge come to.

    A start's picture does not depend on how many others there are, nor on what else is asked for.

    Args:
      network: the Keras network of the draw.
      draw: runs.draws.Draw with latents.
      wanted: wanted.Wanted.
      values: list of values of its condition.
      count: int. Pictures of each.
      seed: int. Of starts and noise.
      options: {"steps", "step_size", "noise_scale"} of models.search.annealed.
      bar: function of (range, words) -> iterator over it, which shows how far it is.

    Returns:
      (inputs {name: [len(values) count, ...]}, the pictures of the first value first; path: float32
      [frames, len(values) count, d], their latents on the way, from the starts on).
    """
    whole = -(-count // BATCH) * BATCH
    given = [starts(draw, whole, seed, wanted.condition.key(value)) for value in values]
    found = search.Search(
        lambda inputs: network(inputs, training=False), wanted.goal, prior_of(draw.latents)
    )
    batches = [slice(first, first + BATCH) for first in range(0, whole, BATCH)]
    advance = iter(bar(range(options["steps"] * len(values) * len(batches)), "searching"))
    paths = []
    for value, inputs in zip(values, given, strict=True):
        for number, rows in enumerate(batches):
            own = {name: tf.constant(column[rows]) for name, column in inputs.items()}
            begun = own.pop("latents").numpy()
            columns = (wanted.columns([value] * len(begun)), own)
            # Of a value and a batch: whole numbers, none negative, in any order.
            key = [*wanted.condition.key(value), number]
            taken = min(count - rows.start, BATCH)
            path = _path(found, begun, taken, columns, wanted.enough, seed, key, options, advance)
            paths.append(np.stack(path)[:, :taken])
    # The bar says that it is done.
    next(advance, None)
    longest = max(len(path) for path in paths)
    path = np.concatenate([_lasting(path, longest) for path in paths], axis=1)
    given = joined([{name: rows[:count] for name, rows in one.items()} for one in given])
    return {**given, "latents": path[-1]}, path


def _path(found, begun, taken, columns, enough, seed, key, options, advance):
    """The latents [n, d] of a batch on its way, a list of them from the starts on.

    The first `taken` are what counts.

    Those whose picture is not yet what is wanted go on for as many steps again, the others stay.
    """
    path, schedule = [begun], search.annealed(**options)
    steps = len(schedule)
    kept = {round(place) for place in np.linspace(0, steps - 1, min(FRAMES, steps))}
    is_open = np.ones((len(begun), 1), bool)
    for number in range(ROUNDS):
        latents = path[-1]
        chain = found.sampled(
            tf.constant(latents), *columns, schedule=schedule, seed=seed, key=[*key, number]
        )
        for step, (moved, _) in enumerate(chain):
            if number == 0:
                next(advance, None)
            if step in kept:
                path.append(np.where(is_open, moved.numpy(), latents))
        if enough is None:
            break
        said = found.valued(tf.constant(path[-1]), *columns).numpy()
        is_open &= said[:, None] < enough
        if not is_open[:taken].any():
            break
    return path


def _lasting(path, count):
    """A path [frames, n, d] that stays where it ends, so that it has `count` frames."""
    return np.concatenate([path, np.repeat(path[-1:], count - len(path), axis=0)])
