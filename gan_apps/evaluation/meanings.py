"""What codes have come to mean: which label a value is, what a number turns, what lies near.

A run whose latents have codes reads them back from pictures; another one finds the latents of a
picture. Nobody told either what they are for.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from gan_apps.drawing import pictures, runtimes
from gan_apps.evaluation import appearance
from models import codes, networks
from models.bigan import Redrawn
from models.game import to_signed
from models.infogan import Typical
from models.vae import Reconstruction

# Real images that are read to find out which label a value is.
NAMING = 10_000
BATCH = 500


@dataclasses.dataclass(frozen=True)
class Codes:
    """The codes of pictures that were drawn, and what reads those of others.

    Args:
      kinds: tuple of ints, as in models.codes.
      learned_deviation: bool. As in models.infogan.
      drawn: float32 [n, sum(kinds)]. What each picture was drawn with.
      said: function of uint8 images [m, h, w, c] -> float32 [m, ...], what is said of their codes.
    """

    kinds: tuple
    learned_deviation: bool
    drawn: np.ndarray
    said: Callable

    @property
    def place(self):
        """Which code is the first one of several values; None if there is none."""
        return next((place for place, kind in enumerate(self.kinds) if kind > 1), None)

    def values(self, numbers):
        """The value of that code, the largest of its numbers [m, ...]: int [m]."""
        sizes = codes.sizes(self.kinds, self.learned_deviation)
        # Codes themselves have a number for each that is a number, whatever is said of it.
        sizes = self.kinds if numbers.shape[1] == sum(self.kinds) else sizes
        first = sum(sizes[: self.place])
        return numbers[:, first : first + self.kinds[self.place]].argmax(axis=1)

    def bounds(self, images):
        """H(c) + log q(c|x) of each code of the pictures that were drawn: [codes, n], in nats."""
        found = codes.log_posteriors(
            self.kinds, self.said(images), self.drawn, self.learned_deviation
        )
        return np.stack(
            [codes.entropy(kind) + one.numpy() for kind, one in zip(self.kinds, found, strict=True)]
        )

    def numbers(self):
        """{which code, from 1: float32 [n]} of those that are numbers."""
        firsts = np.cumsum([0, *self.kinds])
        return {
            place + 1: self.drawn[:, firsts[place]]
            for place, kind in enumerate(self.kinds)
            if kind == codes.UNIFORM
        }


def codes_of(run, recipe, draw, inputs):
    """The Codes of the pictures that a draw of a run makes of inputs; None if it has none."""
    if draw.latents is None or not draw.latents.codes:
        return None
    for name, one in recipe.draws.items():
        if issubclass(networks.class_of(one.network), Typical):
            network = runtimes.keras_network(runtimes.weights(run, name), name, one)
            reader = network.reader
            return Codes(
                kinds=draw.latents.codes,
                learned_deviation=reader.learned_deviation,
                drawn=inputs["latents"][:, draw.latents.noise :],
                said=functools.partial(_said, reader),
            )
    return None


def _said(reader, images):
    return _in_batches(lambda some: reader({"images": some}, training=False)["logits"], images)


def _in_batches(function, images):
    """A function of float images in [-1, 1] of uint8 ones, BATCH at a time."""
    starts = range(0, len(images), BATCH)
    batches = [function(to_signed(images[start : start + BATCH])) for start in starts]
    return np.concatenate([batch.numpy() for batch in batches])


@dataclasses.dataclass(frozen=True)
class Coder:
    """What codes pictures and draws them again from their codes.

    Args:
      network: models.vae.Reconstruction or models.bigan.Redrawn.
    """

    network: Callable

    def codes(self, images):
        """float32 [n, d] of uint8 images [n, h, w, c]."""
        return _in_batches(lambda some: self.network.code(some)["mean"], images)

    def redrawn(self, images):
        """Pictures from the codes of others, uint8 of the same shape."""
        return pictures.to_bytes(
            _in_batches(lambda some: self.network({"images": some}, training=False), images)
        )


def coder_of(run, recipe):
    """The Coder of a run, or None."""
    for name, draw in recipe.draws.items():
        if issubclass(networks.class_of(draw.network), Reconstruction | Redrawn):
            return Coder(runtimes.keras_network(runtimes.weights(run, name), name, draw))
    return None


def matched(values, labels, num_values, num_labels):
    """Which label each value is, one to one, so that as many as can be are right.

    Args:
      values, labels: int [n]. What was read of images, and what they are.
      num_values, num_labels: ints.

    Returns:
      int [num_values]: a label, or -1 where there are more values than labels.
    """
    counts = np.zeros((num_values, num_labels), int)
    np.add.at(counts, (values, labels), 1)
    if num_values <= num_labels:
        return _assigned(-counts)
    found = np.full(num_values, -1)
    found[_assigned(-counts.T)] = np.arange(num_labels)
    return found


def _assigned(costs):
    """The column of each row, no two alike, whose costs [n, m >= n] are least in all: int [n].

    Row by row, along the cheapest way of giving others of the rows before another column (Kuhn
    1955; in this form Jonker & Volgenant 1987).
    """
    n, m = costs.shape
    of_rows, of_columns = np.zeros(n), np.zeros(m + 1)
    # Place m stands for no column.
    row_of = np.full(m + 1, -1)
    for row in range(n):
        row_of[m], column = row, m
        least, before = np.full(m, np.inf), np.full(m, m)
        done = np.zeros(m + 1, bool)
        while row_of[column] >= 0:
            done[column] = True
            here = row_of[column]
            reduced = costs[here] - of_rows[here] - of_columns[:m]
            nearer = ~done[:m] & (reduced < least)
            least[nearer], before[nearer] = reduced[nearer], column
            following = np.where(done[:m], np.inf, least).argmin()
            step = least[following]
            of_rows[row_of[done]] += step
            of_columns[done] -= step
            least[~done[:m]] -= step
            column = following
        while column != m:
            row_of[column], column = row_of[before[column]], before[column]
    found = np.empty(n, int)
    taken = row_of[:m] >= 0
    found[row_of[:m][taken]] = np.flatnonzero(taken)
    return found


def slant(images):
    """The horizontal shift of a picture's ink for each row that one goes up: float64 [n].

      -mu_11 / mu_02,   mu_pq = sum (x - mean(x))**p (y - mean(y))**q ink(x, y),  y downwards

    Args:
      images: uint8 [n, h, w, c]. Light ink on black.
    """
    ink, x, y = _centred(images)
    return -(ink * x * y).sum((1, 2)) / np.maximum((ink * y**2).sum((1, 2)), 1e-9)


def stroke_width(images):
    """The mean width of strokes in pixels: twice the area over the outline, float64 [n].

    The outline is the total variation: the length of an edge of full contrast.

    Args:
      images: uint8 [n, h, w, c]. Light ink on black.
    """
    ink = np.pad(appearance.luma(images) / 255.0, ((0, 0), (1, 1), (1, 1)))
    across, down = np.diff(ink, axis=2)[:, :-1], np.diff(ink, axis=1)[:, :, :-1]
    return 2.0 * ink.sum((1, 2)) / np.maximum(np.hypot(across, down).sum((1, 2)), 1e-9)


def _centred(images):
    """Ink, and the place of each pixel from the middle of its picture's ink: [n, h, w] each."""
    ink = appearance.luma(images)
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]].astype(np.float64)
    mass = np.maximum(ink.sum((1, 2), keepdims=True), 1e-9)
    return (
        ink,
        x - (ink * x).sum((1, 2), keepdims=True) / mass,
        y - (ink * y).sum((1, 2), keepdims=True) / mass,
    )


# What a number may turn, of gray pictures.
TURNED = {"slant": slant, "stroke width": stroke_width}
