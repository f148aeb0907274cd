"""Codes: numbers at the end of latents that have kinds of their own.

A code of n values, 2 or more, is n numbers, one of them 1 and the others 0, each value as likely as
the others. A code of 1 is a single number, uniform in [-1, 1]. Codes are a tuple of such n, in the
order of their numbers.

What reads a code from a picture says q(code | picture): of values their logits; of a number a
normal density, of unit deviation or of one that is said with its mean.

Reference: Chen et al. 2016 (arXiv 1606.03657), sections 4 and 5 and appendix C.
"""

import math
from collections.abc import Sequence

import tensorflow as tf

from models import replicas

# The kind of a code that is a number.
UNIFORM = 1
LOG_2PI = math.log(2.0 * math.pi)
# What it is worth, beside being read alike, that pictures tell of a code, and how much more than
# that each is certain that all values are as frequent.
INFORMED = 0.2
FREQUENT = 4.0


def refuse(codes: Sequence[int]) -> None:
    """ValueError for what are no codes."""
    if odd := [kind for kind in codes if type(kind) is not int or kind < UNIFORM]:
        raise ValueError(f"codes must be whole numbers of 1 or more, got {odd[0]!r}.")


def drawn(codes: Sequence[int], uniform: tf.Tensor) -> tf.Tensor:
    """Codes from uniform numbers in [0, 1), one for each code.

    Args:
      codes: ints, as above.
      uniform: float32 [n, len(codes)].

    Returns:
      float32 [n, sum(codes)].
    """
    parts = []
    for place, kind in enumerate(codes):
        share = uniform[:, place]
        if kind == UNIFORM:
            parts.append(2.0 * share[:, None] - 1.0)
        else:
            # A number just below 1 may round up to the count itself.
            value = tf.minimum(tf.cast(share * float(kind), tf.int32), kind - 1)
            parts.append(tf.one_hot(value, kind))
    return tf.concat(parts, axis=1)


def entropy(kind: int) -> float:
    """Of a code, in nats: log n of n values, log 2 of a number in [-1, 1]."""
    return math.log(kind) if kind != UNIFORM else math.log(2.0)


def sizes(codes: Sequence[int], learned_deviation: bool) -> list[int]:
    """How many numbers say q of each code."""
    return [kind if kind != UNIFORM else 1 + learned_deviation for kind in codes]


def log_posteriors(
    codes: Sequence[int], said: tf.Tensor, own: tf.Tensor, learned_deviation: bool
) -> list[tf.Tensor]:
    """log q of each code's own value, given what is said of it.

    Args:
      codes: ints, as above.
      said: float32 [n, sum(sizes)]. Logits; a mean, and the logarithm of a deviation.
      own: float32 [n, sum(codes)]. The codes that pictures were drawn with.
      learned_deviation: bool.

    Returns:
      float32 [n] of each code.
    """
    answers = tf.split(said, sizes(codes, learned_deviation), axis=1)
    found = []
    for kind, answer, code in zip(codes, answers, tf.split(own, list(codes), axis=1), strict=True):
        if kind != UNIFORM:
            found.append(-tf.nn.softmax_cross_entropy_with_logits(code, answer))
            continue
        log_deviation = answer[:, 1] if learned_deviation else 0.0
        distance = (code[:, 0] - answer[:, 0]) * tf.exp(-log_deviation)
        found.append(-0.5 * (distance**2 + LOG_2PI) - log_deviation)
    return found


def expected(codes: Sequence[int], said: tf.Tensor, learned_deviation: bool) -> tf.Tensor:
    """The mean of the codes under q: shares of values, and numbers kept in [-1, 1].

    Args:
      codes, said, learned_deviation: as in `log_posteriors`.

    Returns:
      float32 [n, sum(codes)].
    """
    answers = tf.split(said, sizes(codes, learned_deviation), axis=1)
    parts = [
        tf.nn.softmax(answer) if kind != UNIFORM else tf.clip_by_value(answer[:, :1], -1.0, 1.0)
        for kind, answer in zip(codes, answers, strict=True)
    ]
    return tf.concat(parts, axis=1)


def agreements(
    codes: Sequence[int], said: tf.Tensor, said_of_changed: tf.Tensor, learned_deviation: bool
) -> list[tf.Tensor]:
    """How alike each code of several values is read of pictures and of the same ones changed.

        -E[KL(q(c | x) || q(c | A(x)))] + INFORMED (FREQUENT H(E[q(c | x)]) - E[H(q(c | x))])

    in nats: at most INFORMED FREQUENT log n, which it is where every picture is read for certain
    and alike, and all values are as frequent. What is read of changed pictures learns from what is
    read of those as they are, and not these from them. Were the second term as dear as the first,
    every picture would be read for certain before its kind is found, and stay so: digits are then
    divided between values (benchmarks/RESULTS.md).

    Reference: Hu et al. 2017, arXiv 1702.08720, equations 2 and 6, with values kept as frequent.

    Args:
      codes, learned_deviation: as above.
      said, said_of_changed: float32 [n, sum(sizes)].

    Returns:
      A scalar of each code of several values.
    """
    parts = sizes(codes, learned_deviation)
    found = []
    for kind, one, other in zip(
        codes, tf.split(said, parts, axis=1), tf.split(said_of_changed, parts, axis=1), strict=True
    ):
        if kind == UNIFORM:
            continue
        one, other = tf.nn.log_softmax(one), tf.nn.log_softmax(other)
        mean = replicas.mean(tf.reduce_mean(tf.exp(one), axis=0))
        spread = -tf.reduce_sum(tf.math.xlogy(mean, mean))
        sureness = tf.reduce_mean(tf.reduce_sum(tf.exp(one) * one, axis=1))
        one = tf.stop_gradient(one)
        likeness = tf.reduce_mean(tf.reduce_sum(tf.exp(one) * (other - one), axis=1))
        found.append(likeness + INFORMED * (FREQUENT * spread + sureness))
    return found
