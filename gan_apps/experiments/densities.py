"""Densities and what divides them, by quadrature in float64.

Densities are given as logarithms on a regular grid wide enough that nothing is left outside, where
the sum of a smooth function times the size of a cell is its integral to the last digits.
"""

import numpy as np


def log_normal(x, mean, deviation):
    """Logarithm of the normal density at x."""
    return -0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation) - 0.5 * np.log(2.0 * np.pi)


def log_mixture(x, weights, means, deviations):
    """Logarithm of the density of a mixture of normal distributions at x."""
    parts = zip(weights, means, deviations, strict=True)
    return np.logaddexp.reduce([np.log(w) + log_normal(x, m, s) for w, m, s in parts])


def kl(log_p, log_q, cell):
    """KL(P || Q) = integral p log(p / q); cell: length or area of a cell of the grid."""
    return float(np.sum(np.exp(log_p) * (log_p - log_q)) * cell)


def jensen_shannon(log_p, log_q, cell):
    """JSD(P, Q) = KL(P || M) / 2 + KL(Q || M) / 2 with M = (P + Q) / 2; at most log 2."""
    log_m = np.logaddexp(log_p, log_q) - np.log(2.0)
    return (kl(log_p, log_m, cell) + kl(log_q, log_m, cell)) / 2.0


def wasserstein(log_p, log_q, step):
    """W1(P, Q) = integral of abs(distribution function of P - that of Q), on a grid of the line."""
    return float(np.sum(np.abs(np.cumsum(np.exp(log_p) - np.exp(log_q)) * step)) * step)
