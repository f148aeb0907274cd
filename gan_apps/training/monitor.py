"""What is looked at while a training goes on, and what is said when it goes wrong."""

import math
import sys

import numpy as np

from gan_apps.drawing import pictures
from gan_apps.evaluation import classifiers, metrics, pixels
from gan_apps.runs import run_dir
from gan_apps.training import diagnosis, samples, states

# Pictures of the fixed sample, and as many real images.
SAMPLE = 200
# Numbers of pictures that are drawn at once: SAMPLE in colour of 64x64.
NUMBERS = SAMPLE * 64 * 64 * 3
# Pictures nearer to each other than this share of what real images are (the median of the distances
# to the nearest) are taken for one.
SAME = 0.25
# A pixel at an end of its range, in [-1, 1].
END = 0.99


class FixedSample:
    """The pictures of one fixed set of latents, as figures beside those of real images.

    The generator itself draws them, not its average, which shows a thousand iterations late what
    happens to it. Distances are those of `evaluation.pixels`, which exist for all data.

    Args:
      recipe: run_dir.Recipe of the run.
      data: data.columns.Data that it learns from.
      seed: int. Seed of the latents and of the choice of real images.
    """

    def __init__(self, recipe, data, seed):
        random = np.random.RandomState(seed)
        name, draw = next(iter(recipe.draws.items()))
        self.drawing, self.shape = samples.Drawing(name, draw), draw.shape
        self.inputs, self.groups = samples.inputs(draw, data, SAMPLE, seed)
        data = data.of_side(draw.side)
        chosen = np.concatenate(
            [
                random.choice(some, count, replace=len(some) < count)
                for some, count in (
                    (data.of(value), np.count_nonzero(self.groups == group))
                    for group, value in enumerate(draw.condition.every())
                )
            ]
        )
        real = np.asarray(data.images[chosen])
        self.real_features = _features(real)
        nearest, mean = metrics.nearest_and_mean_distances(self.real_features, self.groups)
        self.same = SAME * np.median(nearest)
        self.real_spread = float(mean.mean())
        self.real_at_the_ends = _at_the_ends(real)
        # Of labels, of which there may be too few; how attributes come together is the data's.
        found = None
        if len(draw.condition.sizes) < 2:
            found = classifiers.shipped_for(recipe.settings["dataset"], draw)
        self.judge = classifiers.load(found) if found else None

    def figures(self, game):
        """{name: float} of what the network itself of a `game` draws now.

        diversity         mean distance within a label, as a share of real images', if those
                          are not all alike
        duplicates        share of pictures that have another one of the sample very near
        kernel_distance   to the real images (metrics.kernel_distance)
        saturated_pixels  share of pixels at the ends of their range, beyond that of real images
        classes_covered   share of the classes that some picture is read as, where there is a
                          classifier of the data

        Raises:
          FloatingPointError: a picture is not finite.
        """
        signed = self._drawn(self.drawing.network(game, is_average=False))
        if not np.isfinite(signed).all():
            raise FloatingPointError("a picture is not finite")
        images = pictures.to_bytes(signed)
        features = _features(images)
        nearest, mean = metrics.nearest_and_mean_distances(features, self.groups)
        figures = {"diversity": float(mean.mean()) / self.real_spread} if self.real_spread else {}
        figures |= {
            "duplicates": float(np.mean(nearest < self.same)),
            "kernel_distance": metrics.kernel_distance(features, self.real_features),
            "saturated_pixels": _at_the_ends(images) - self.real_at_the_ends,
        }
        if self.judge is not None:
            probabilities, _ = self.judge.judged(images)
            read = np.unique(np.argmax(probabilities, axis=1))
            figures["classes_covered"] = len(read) / probabilities.shape[1]
        return figures

    def _drawn(self, network):
        """The sample's pictures, float32 [n, h, w, c]: all at once, or large ones in parts."""
        count = len(self.groups)
        rows = max(min(NUMBERS // math.prod(self.shape), count), 1)
        parts = [
            {name: values[start : start + rows] for name, values in self.inputs.items()}
            for start in range(0, count, rows)
        ]
        return np.concatenate([np.asarray(network(part, training=False)) for part in parts])


class Monitor:
    """Looks at each row of metrics.jsonl, and tells when something is wrong.

    All that it knows is in the rows that were written, so that a resumed run says and does what it
    would have.

    Args:
      run: path of the run directory.
      sample: FixedSample, or None for a run that draws nothing.
      on_collapse: str. "warn" prints what is found; otherwise `WentWrong` is raised.
    """

    def __init__(self, run, sample, on_collapse):
        self.run = run
        self.sample = sample
        self.on_collapse = on_collapse
        self.read_again()

    def read_again(self):
        """Takes the rows of metrics.jsonl for what was seen, after some have been cut off."""
        self.rows = [row for row in run_dir.read_metrics(self.run) if "rollback" not in row]
        # What was found before training went back is not what is found now.
        self.found = set(self.rows[-1].get("diagnosis", ())) if self.rows else set()

    def completed(self, row, game):
        """A row of the step's means with the sample's figures, and with what is wrong if it is.

        Raises:
          WentWrong: a picture is not finite.
        """
        weights = [
            weight
            for name, network in game.networks.items()
            if any(name in player.networks for player in game.players)
            for weight in network.trainable_variables
        ]
        try:
            figures = {} if self.sample is None else self.sample.figures(game)
        except FloatingPointError as error:
            what = diagnosis.diverged(error, row["step"])
            raise diagnosis.WentWrong(what, self.healthy) from None
        norms = [np.linalg.norm(weight.numpy().astype(np.float64)) for weight in weights]
        row = {**row, **figures, "weight_norm": float(np.linalg.norm(norms))}
        self.rows.append(row)
        found = diagnosis.found(self.rows)
        if found:
            row["diagnosis"] = [failure.name for failure in found]
        return row

    def speak(self):
        """Says what the last row is the first to show.

        Raises:
          WentWrong: it shows a failure, which was not only to be told.
        """
        row = self.rows[-1]
        names = row.get("diagnosis", [])
        new, self.found = set(names) - self.found, set(names)
        if names and self.on_collapse != "warn":
            raise diagnosis.WentWrong(diagnosis.told(row, names), self.healthy)
        if new:
            print(diagnosis.told(row, [name for name in names if name in new]), file=sys.stderr)

    @property
    def healthy(self):
        """The last iteration at which no failure showed a sign."""
        return diagnosis.healthy(self.rows)

    def is_best(self):
        """Whether the last row has the least kernel distance since the best state was kept."""
        best = states.best(self.run)
        if self.sample is None or not self.rows or self.healthy != self.rows[-1]["step"]:
            return False
        if best is None:
            return True
        earlier = [row for row in self.rows if row["step"] <= states.iteration(best)]
        return not earlier or self.rows[-1]["kernel_distance"] < earlier[-1]["kernel_distance"]


def _features(images):
    return pixels.Pixels().judged(images)[1]


def _at_the_ends(images):
    """The share of pixels of uint8 images that are nearly black or white."""
    return float(np.mean(np.abs(images / 127.5 - 1.0) > END))
