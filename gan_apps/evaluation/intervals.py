"""How much a metric would move with other pictures of the same generator: 95 % by bootstrap.

The pictures that were judged are drawn again from themselves, with replacement, RESAMPLES times
(Efron & Tibshirani 1993). A choice is given by its weights: how often each picture counts.
"""

import numpy as np

RESAMPLES = 200
LEVEL = 0.95


def weights(count, seed):
    """int [RESAMPLES, count]: how often each of `count` pictures is drawn again."""
    random = np.random.RandomState(seed)
    return random.multinomial(count, np.full(count, 1.0 / count), size=RESAMPLES)


def interval(values, whole=None):
    """[low, high] of a metric.

    Args:
      values: [RESAMPLES]. The metric of each choice.
      whole: float or None. The metric of all pictures, if it moves to one side when some pictures
        are held twice, as a Frechet distance does; what that adds in the mean is then taken off.
    """
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    shift = 0.0 if whole is None else np.mean(values) - whole
    return [float(low - shift), float(high - shift)]


def of_mean(values, seed):
    """[low, high] of the mean of `values` [n], one of each picture."""
    return interval(weights(len(values), seed) @ np.asarray(values, np.float64) / len(values))
