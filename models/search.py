"""Search in latent space: which latents draw what is wanted.

    log p(z | wanted) = log p(z) + goal(G(z, c)) + constant

is climbed, or sampled by Langevin steps (Nguyen et al. 2017, arXiv 1612.00005, equation 5):

    z <- z + e1 grad log p(z) + e2 grad log p(wanted | G(z, c)) + noise of deviation e3

with e1 = e2 = e3**2 / 2, which samples the posterior as the step goes to 0. The paper learns
grad log p(z) with a denoising autoencoder, because the law of its codes is not known; here it is:
of N(0, I) it is -z exactly. Along an eigenvector of the posterior's precision l, where that is
normal, the chain of step e has the variance 1 / (l (1 - e l / 2)), so its bias halves with the
step; the step must be below 2 / l.

Nothing is discarded: each start becomes a picture. Pictures are images [n, h, w, c] in [-1, 1].
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

from models.codes import UNIFORM

# What is asked of each picture, or given to its generator: {name: [n, ...]}.
Columns = Mapping[str, tf.Tensor]
# Of Adam, whose steps are about as long in every latent, however steep the goal.
MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-8
# Columns that goals look for.
ATTRIBUTES, TARGETS, TARGET_FEATURES = "attributes", "targets", "target_features"
# How soft a judge is taken to be, a column too.
SOFTNESS = "softness"
# How a search for what a judge wants is annealed; chosen by trial (benchmarks/RESULTS.md).
SOFT, SOFTEST, HARDEST, QUIET, SHORTENED = 0.5, 10.0, 1.0, 0.4, 0.2


@dataclasses.dataclass(frozen=True)
class Goal:
    """What is wanted of a picture, as a log-likelihood: `2.0 * one + another` is a goal too.

    Args:
      name: str.
      value: function of (images [n, h, w, c], asked {column: [n, ...]}) -> float32 [n]:
        log p(wanted | picture) up to a constant; larger is nearer.
    """

    name: str
    value: Callable[[tf.Tensor, Columns], tf.Tensor]

    def __add__(self, other: "Goal") -> "Goal":
        return Goal(
            f"{self.name} + {other.name}",
            lambda images, asked: self.value(images, asked) + other.value(images, asked),
        )

    def __rmul__(self, weight: float) -> "Goal":
        return Goal(
            f"{weight} {self.name}", lambda images, asked: weight * self.value(images, asked)
        )


def read_as(judge: Callable, sizes: Sequence[int]) -> Goal:
    """sum over slots of log p(value that is asked for | picture), by a classifier.

    Asked are "attributes" float32 [n, sum(sizes)], one-hot in each slot; a slot of zeros asks for
    nothing. A label is one slot. Asked may be, too, "softness" float32 [n], s: then it is s log p
    of logits / s. It is as steep, but all other values count, not the likeliest alone: a judge that
    is sure of itself has fewer maxima on the way that are none of what is asked for.

    Args:
      judge: function of {"images": images} -> {"logits": [n, sum(sizes)]}, such as a
        models.classifier.AttributeClassifier.
      sizes: ints. Values of each slot.
    """

    def value(images: tf.Tensor, asked: Columns) -> tf.Tensor:
        softness = asked.get(SOFTNESS, tf.ones(()))
        logits = judge({"images": images})["logits"] / tf.expand_dims(softness, -1)
        slots = tf.split(logits, list(sizes), axis=1)
        logs = tf.concat([tf.nn.log_softmax(slot) for slot in slots], axis=1)
        return softness * tf.reduce_sum(asked[ATTRIBUTES] * logs, axis=1)

    return Goal("read as asked", value)


def like(deviation: float) -> Goal:
    """-|picture - target|**2 / (2 deviation**2), summed over pixels.

    Asked are "targets" float32 [n, h, w, c].

    Args:
      deviation: float. Of a pixel, on the scale of [-1, 1].
    """

    def value(images: tf.Tensor, asked: Columns) -> tf.Tensor:
        return _gaussian(images, asked[TARGETS], deviation)

    return Goal("like the target", value)


def alike_to(judge: Callable, deviation: float) -> Goal:
    """-|features(picture) - features of the target|**2 / (2 deviation**2), by a judge.

    Asked are "target_features" float32 [n, d].

    Args:
      judge: function of {"images": images} -> {"features": [n, d]}.
      deviation: float. Of a feature.
    """

    def value(images: tf.Tensor, asked: Columns) -> tf.Tensor:
        features = judge({"images": images})["features"]
        return _gaussian(features, asked[TARGET_FEATURES], deviation)

    return Goal("alike to the judge", value)


def _gaussian(values: tf.Tensor, means: tf.Tensor, deviation: float) -> tf.Tensor:
    axes = list(range(1, values.shape.rank))
    return -tf.reduce_sum(tf.square(values - means), axis=axes) / (2.0 * deviation**2)


class Law(NamedTuple):
    """What latents are drawn from, as a search needs it.

    Args:
      log_density: function of [n, d] -> [n], up to a constant; its gradient is all that is used.
      kept: function of (moved [n, d], where they were [n, d]) -> [n, d]: the latents that a step
        comes to, where the law has any. Steps that leave a region are reflected at its border,
        which is what keeps a uniform law uniform.
    """

    log_density: Callable[[tf.Tensor], tf.Tensor]
    kept: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def _flat(latents: tf.Tensor) -> tf.Tensor:
    return tf.zeros_like(latents[:, 0])


def _reflected(moved: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
    """Into [-1, 1]; the path is a triangle wave of the line."""
    return 1.0 - tf.abs(tf.math.floormod(moved + 1.0, 4.0) - 2.0)


def _on_the_sphere(moved: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
    """Back to the length of before, which is that of the sphere."""
    return tf.math.l2_normalize(moved, axis=1) * tf.norm(before, axis=1, keepdims=True)


LAWS = {
    "normal": Law(
        log_density=lambda latents: -0.5 * tf.reduce_sum(tf.square(latents), axis=1),
        kept=lambda moved, before: moved,
    ),
    "spherical": Law(log_density=_flat, kept=_on_the_sphere),
    "uniform": Law(log_density=_flat, kept=_reflected),
    # A code of several values has no way from one to another: each start keeps its own.
    "one of several": Law(log_density=_flat, kept=lambda moved, before: before),
}


@dataclasses.dataclass(frozen=True)
class Prior:
    """What the latents of a generator are drawn from.

    Args:
      size: int. How many numbers they are.
      distribution: str. "normal", "spherical" (of any radius that the starts have) or "uniform".
        Default "normal".
      codes: ints. Kinds of the codes that are the last sum(codes) of them, as in models.codes.
        Default ().
    """

    size: int
    distribution: str = "normal"
    codes: Sequence[int] = ()

    @property
    def parts(self) -> list[tuple[Law, int]]:
        """(law, how many numbers) of the latents, one after the other."""
        noise = self.size - sum(self.codes)
        kinds = ["uniform" if kind == UNIFORM else "one of several" for kind in self.codes]
        return [
            (LAWS[name], size)
            for name, size in zip((self.distribution, *kinds), (noise, *self.codes), strict=True)
        ]

    def log_density(self, latents: tf.Tensor) -> tf.Tensor:
        """log p(latents) up to a constant: [n]."""
        parts = self._split(latents)
        return tf.add_n(
            [law.log_density(part) for (law, _), part in zip(self.parts, parts, strict=True)]
        )

    def kept(self, moved: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        """As in Law."""
        pairs = zip(self._split(moved), self._split(before), strict=True)
        parts = [law.kept(*pair) for (law, _), pair in zip(self.parts, pairs, strict=True)]
        return tf.concat(parts, axis=1)

    def _split(self, latents: tf.Tensor) -> list[tf.Tensor]:
        return tf.split(latents, [size for _, size in self.parts], axis=1)


def _key(seed: int, *parts: int) -> tf.Tensor:
    # Seeds go to 2**32 - 1.
    key = tf.constant([seed >> 16, seed & 0xFFFF])
    for part in parts:
        key = tf.random.experimental.stateless_fold_in(key, part)
    return key


class Step(NamedTuple):
    """How one Langevin step is made.

    Args:
      softness: float. How soft a judge is taken to be.
      size: float. e1 = e2.
      noise_scale: float. e3 over sqrt(2 size), which is the posterior's; 0 is plain gradient
        ascent.
    """

    softness: float
    size: float
    noise_scale: float


def steady(*, steps: int, step_size: float, noise_scale: float = 1.0) -> list[Step]:
    """As many steps, all alike, with the judge as it is."""
    return [Step(1.0, step_size, noise_scale)] * steps


def annealed(*, steps: int, step_size: float, noise_scale: float = 1.0) -> list[Step]:
    """Steps that first cross what is far apart, and end near the posterior.

    The first SOFT of the steps have little noise, which grows to the posterior's, and a judge of
    softness SOFTEST. In the rest the judge hardens to HARDEST and steps shorten by SHORTENED, so
    that what they leave is nearly unbiased. The mixture of values would be sampled badly without: a
    chain stays where it is for far longer than anybody waits.

    Args:
      steps: int, at least 1.
      step_size: float. Of the first steps.
      noise_scale: float. As in Step; of the last steps. Default 1.
    """
    first = max(round(SOFT * steps), 1)
    schedule = [
        Step(SOFTEST, step_size, noise_scale * QUIET ** (1.0 - number / first))
        for number in range(first)
    ]
    for number in range(first, steps):
        rest = (number + 1 - first) / (steps - first)
        softness = SOFTEST * (HARDEST / SOFTEST) ** rest
        schedule.append(Step(softness, step_size * SHORTENED**rest, noise_scale))
    return schedule


class Search:
    """Looks for latents whose picture a goal likes, from many starts at once.

        search = Search(generator, read_as(judge, (10,)), Prior(32))
        schedule = annealed(steps=60, step_size=.05)
        for latents, values in search.sampled(starts, {"attributes": ...}, schedule=schedule):
            ...

    Args:
      draw: function of {"latents": [n, d], and conditions} -> images, such as a generator.
      goal: Goal.
      prior: Prior, or None for none: a goal alone finds latents that no data have.
    """

    def __init__(self, draw: Callable, goal: Goal, prior: Prior | None) -> None:
        self.draw, self.goal, self.prior = draw, goal, prior
        # A whole step is a graph. Its numbers are tensors, so that there is one for all searches
        # of a shape.
        self._sampling = tf.function(self._sampled, autograph=False)
        self._climbing = tf.function(self._climbed, autograph=False)
        # What the goal says of the pictures of (latents, asked, conditions): [n].
        self.valued = tf.function(self._valued, autograph=False)

    def sampled(
        self,
        latents: tf.Tensor,
        asked: Columns,
        conditions: Columns | None = None,
        *,
        schedule: Sequence[Step],
        seed: int = 0,
        key: Sequence[int] = (),
    ) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        """Langevin steps: (latents [n, d], what the goal said before the step [n]) after each.

        Args:
          latents: float32 [n, d]. The starts.
          asked: {column: [n, ...]}, for the goal.
          conditions: {column: [n, ...]}, for `draw`. Default None: it has none.
          schedule: Steps, at least one, such as `annealed`.
          seed: int. Of the noise, which is drawn statelessly.
          key: whole numbers, none negative. What else the noise depends on. Default ().
        """
        latents, noise_key = tf.convert_to_tensor(latents), _key(seed, *key)
        for number, (softness, size, scale) in enumerate(schedule):
            soft = {**asked, SOFTNESS: tf.fill(tf.shape(latents)[:1], softness)}
            numbers = (tf.constant(one, tf.float32) for one in (size, scale * (2 * size) ** 0.5))
            latents, values = self._sampling(
                latents, soft, conditions or {}, *numbers, noise_key, tf.constant(number)
            )
            yield latents, values

    def climbed(
        self,
        latents: tf.Tensor,
        asked: Columns,
        conditions: Columns | None = None,
        *,
        steps: int,
        step_size: float,
    ) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        """Ascent by Adam (Kingma & Ba 2015, arXiv 1412.6980): as `sampled`, for goals too steep.

        The step falls to zero by half a cosine, so that the end is a maximum.

        Args:
          latents, asked, conditions: as in `sampled`.
          steps: int, at least 1.
          step_size: float. About how far each latent goes in the first step.
        """
        latents, conditions = tf.convert_to_tensor(latents), conditions or {}
        means = squares = tf.zeros_like(latents)
        for number in range(steps):
            size = step_size * 0.5 * (1.0 + math.cos(math.pi * number / steps))
            latents, values, means, squares = self._climbing(
                latents,
                asked,
                conditions,
                means,
                squares,
                tf.constant(size, tf.float32),
                tf.constant(number + 1.0),
            )
            yield latents, values

    def _sampled(
        self,
        latents: tf.Tensor,
        asked: Columns,
        conditions: Columns,
        step: tf.Tensor,
        deviation: tf.Tensor,
        key: tf.Tensor,
        number: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        gradient, values = self._slope(latents, asked, conditions)
        own = tf.random.experimental.stateless_fold_in(key, number)
        noise = tf.random.stateless_normal(tf.shape(latents), own)
        return self._kept(latents + step * gradient + deviation * noise, latents), values

    def _climbed(
        self,
        latents: tf.Tensor,
        asked: Columns,
        conditions: Columns,
        means: tf.Tensor,
        squares: tf.Tensor,
        step: tf.Tensor,
        place: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        gradient, values = self._slope(latents, asked, conditions)
        means = MEAN_DECAY * means + (1.0 - MEAN_DECAY) * gradient
        squares = SQUARE_DECAY * squares + (1.0 - SQUARE_DECAY) * tf.square(gradient)
        mean = means / (1.0 - MEAN_DECAY**place)
        root = tf.sqrt(squares / (1.0 - SQUARE_DECAY**place)) + EPSILON
        return self._kept(latents + step * mean / root, latents), values, means, squares

    def _slope(
        self, latents: tf.Tensor, asked: Columns, conditions: Columns
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """grad (log p(z) + goal) [n, d], and the goal [n]."""
        with tf.GradientTape() as tape:
            tape.watch(latents)
            values = self._valued(latents, asked, conditions)
            total = values if self.prior is None else values + self.prior.log_density(latents)
        return tape.gradient(total, latents, unconnected_gradients="zero"), values

    def _valued(self, latents: tf.Tensor, asked: Columns, conditions: Columns) -> tf.Tensor:
        """What the goal says of the pictures of latents: [n]."""
        return self.goal.value(self.draw({"latents": latents, **conditions}), asked)

    def _kept(self, moved: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
        return moved if self.prior is None else self.prior.kept(moved, before)
