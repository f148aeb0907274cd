"""One request for pictures, from labels and a seed to files."""

import collections
import os
import pathlib

import numpy as np

from gan_apps.drawing import pictures, runtimes
from gan_apps.drawing.latents import latents
from gan_apps.settings import Failed, Refused


def draw(run, recipe, *, labels, num_images, seed, output, runtime="auto"):
    """Writes `num_images` pictures of each label and returns the path written.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      labels: sequence of ints. One row of the grid each; a label may be asked for again, which
        gives other pictures of it.
      num_images: int >= 1. Pictures per label.
      seed: int in [0, 2**32).
      output: path. One grid if it ends in .png, else a folder of numbered pictures.
      runtime: as in `runtimes.open_generator`.

    Raises:
      Refused: the output has no place, or the run cannot be drawn from.
      Failed: the output cannot be written.
    """
    output = pathlib.Path(output)
    as_grid = output.suffix.lower() == ".png"
    check_writable(output, as_grid)
    generator = runtimes.open_generator(run, recipe, runtime)
    images = pictures.to_bytes(generator(*requested(labels, num_images, seed, recipe.latent_dim)))
    try:
        if as_grid:
            columns = num_images if len(labels) > 1 else pictures.square(num_images)
            pictures.write_png(output, pictures.enlarged(pictures.grid(images, columns)))
        else:
            pictures.write_folder(output, images)
    except OSError as error:
        raise Failed(f"--output={output}: cannot be written: {error.strerror or error}.") from None
    return output


def requested(labels, num_images, seed, latent_dim):
    """The latents [n, latent_dim] and labels int32 [n] of `num_images` pictures per label asked."""
    times_seen = collections.Counter()
    rows = []
    for label in labels:
        first = times_seen[label] * num_images
        times_seen[label] += 1
        rows.append(latents(seed, label, range(first, first + num_images), latent_dim))
    return np.concatenate(rows), np.repeat(np.asarray(labels, np.int32), num_images)


def check_writable(output, as_grid):
    """Refuses an output that could not be written, before any work is done for it."""
    parent = output.parent
    if not parent.is_dir():
        raise Refused(f"--output={output}: the folder {parent} does not exist.")
    if as_grid and output.is_dir():
        raise Refused(f"--output={output}: is a folder; a grid needs a file name.")
    if not as_grid and output.exists() and not output.is_dir():
        raise Refused(f"--output={output}: is a file; name a folder, or a file that ends in .png.")
    target = output if output.is_dir() else parent
    if not os.access(target, os.W_OK | os.X_OK):
        raise Refused(f"--output={output}: {target} is not writable.")
