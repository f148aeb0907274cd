"""Designs: pictures that a user likes and a discriminator takes for real (DVBPR).

A run of gan_apps.dvbpr says what users like; another run, a class-conditional least-squares GAN
that keeps its discriminator, draws.
"""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from gan_apps.conditions import Users
from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.evaluation import preferences
from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw
from gan_apps.settings import Refused, named_by
from models import dvbpr, search

RECOMMENDER, GENERATOR, DISCRIMINATOR = "recommender", "generator", "discriminator"
# Latents that are searched from at once.
BATCH = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Designer:
    """What says what users like, what draws, and what says whether a picture passes for real.

    Args:
      recommender: models.dvbpr.Recommender, and `shape`, (h, w, c) of what it looks at, `users`,
        conditions.users.Users.
      generator: models.networks.Generator, and its runs.draws.Draw.
      discriminator: models.networks.Discriminator.
    """

    recommender: object
    shape: tuple
    users: Users
    generator: object
    draw: Draw
    discriminator: object

    @classmethod
    def opened(cls, run, generator):
        """That of two runs, paths; Refused where they are none, or do not fit."""
        recipe = run_dir.read_recipe(run)
        if RECOMMENDER not in recipe.judges:
            raise Refused(
                f"--run_dir={run}: was trained by gan_apps.{recipe.system}; gan_apps.dvbpr draws "
                "by runs of its own."
            )
        judge = recipe.judges[RECOMMENDER]
        with named_by("--generator"):
            other = run_dir.read_recipe(generator)
            draw = other.draws.get(GENERATOR)
            if draw is None or draw.latents is None or DISCRIMINATOR not in other.judges:
                raise Refused(
                    f"--generator={generator}: holds no generator with its discriminator; train "
                    "one by gan_apps.cgan with --objective=least_squares --keep_discriminator."
                )
            if other.settings.get("objective") != "least_squares":
                raise Refused(
                    f"--generator={generator}: its --objective is "
                    f"{other.settings.get('objective')}; least_squares is the one whose "
                    "discriminator says 1 of what is real."
                )
            if draw.shape != judge.shape:
                raise Refused(
                    f"--generator={generator}: draws {_sides(draw.shape)} pictures; the users of "
                    f"{run} were shown {_sides(judge.shape)} ones."
                )
        quiet.without_remapper()
        network = _network(run, RECOMMENDER, judge)
        with named_by("--generator"):
            return cls(
                network,
                judge.shape,
                judge.condition,
                _network(generator, GENERATOR, draw),
                draw,
                _network(generator, DISCRIMINATOR, other.judges[DISCRIMINATOR]),
            )

    def liked(self, user, images):
        """How much a user likes pictures uint8 [n, h, w, c]: float32 [n]."""
        return preferences.scores(self.recommender, images, [user])[0]

    def real(self, images, labels):
        """What the discriminator says of pictures uint8 [n, h, w, c]: float32 [n], 1 is real."""
        asked = self._asked(labels)
        said = [
            dvbpr.realness(
                self.discriminator,
                pictures.to_signed(images[start : start + BATCH]),
                {name: values[start : start + BATCH] for name, values in asked.items()},
            ).numpy()
            for start in range(0, len(images), BATCH)
        ]
        return np.concatenate(said)

    def drawn(self, labels, seed):
        """Pictures of labels, one each, as they come: uint8 [n, h, w, c]."""
        return self._drawn(self._starts(labels, seed), labels)

    def designed(self, user, labels, seed, *, starts, steps, step_size, realness_weight):
        """Pictures that are searched for, from the best of some that are drawn as they come.

        Args:
          user: int.
          labels: int32 [m]. Of those that are drawn first.
          seed: int. Of them.
          starts: int. How many of them are begun with.
          steps, step_size: as in models.search.Search.climbed.
          realness_weight: float. eta.

        Returns:
          (uint8 [starts, h, w, c], int32 [starts], float32 [starts]): the pictures, the best one
          first; their labels; theta . Phi - eta (D - 1)**2 of each.
        """
        searching = self._search(realness_weight)
        found = self._starts(labels, seed)
        conditions, asked = self._goal_of(user, labels)
        values = searching.valued(tf.constant(found), asked, conditions).numpy()
        best = np.argsort(-values, kind="stable")[:starts]
        labels, found = labels[best], tf.constant(found[best])
        conditions, asked = self._goal_of(user, labels)
        *_, (found, _) = searching.climbed(
            found, asked, conditions, steps=steps, step_size=step_size
        )
        values = searching.valued(found, asked, conditions).numpy()
        order = np.argsort(-values, kind="stable")
        labels = labels[order]
        return self._drawn(found.numpy()[order], labels), labels, values[order]

    # Its graph serves every user; a process has one designer, which need not be freed.
    @functools.cache  # noqa: B019
    def _search(self, realness_weight):
        goal = dvbpr.liked(self.recommender)
        if realness_weight:
            goal = goal + realness_weight * dvbpr.taken_for_real(self.discriminator)
        taken = self.draw.latents
        # Normal latents keep their length: their density would have all designs in its middle,
        # where they look alike, and the paper's search has no bound at all.
        law = "spherical" if taken.distribution == "normal" else taken.distribution
        prior = search.Prior(taken.size, law, taken.codes)
        return search.Search(lambda given: self.generator(given, training=False), goal, prior)

    def _goal_of(self, user, labels):
        """What the generator is asked for, and what the goal: {column: tensor [n, ...]}."""
        conditions = {name: tf.constant(given) for name, given in self._asked(labels).items()}
        return conditions, {**conditions, "users": tf.fill((len(labels),), user)}

    def _starts(self, labels, seed):
        draw = self.draw
        rows = [
            latents.latents(
                seed, draw.condition.key(label), [place], draw.latents.size,
                draw.latents.distribution, draw.latents.codes,
            )
            for label, place in zip(labels, _places(labels), strict=True)
        ]  # fmt: skip
        return np.concatenate(rows)

    def _drawn(self, rows, labels):
        given = {"latents": rows, **self._asked(labels)}
        return pictures.to_bytes(runtimes.in_batches(self.generator)(given))

    def _asked(self, labels):
        return self.draw.condition.inputs(labels)


def _network(run, name, declared):
    return runtimes.keras_network(runtimes.weights(run, name), name, declared)


def _places(labels):
    """How many of the same label stand before each."""
    seen = {}
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        yield seen[label]


def _sides(shape):
    height, width, channels = shape
    return f"{width}x{height} {'gray' if channels == 1 else 'colour'}"
