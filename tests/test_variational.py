"""Where the two generator objectives of the f-GAN come to rest, by quadrature.

The Gaussian experiment of Nowozin et al. 2016, section 2.4: a mixture P is approximated by one
Gaussian Q. At the optimal discriminator T*(x) = f'(p(x) / q(x)) the generator's gradient vanishes
at known (mu, sigma), other ones for the trick than for the exact objective, since Q cannot equal P.
"""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from scipy import special

from models.divergences import DIVERGENCES
from models.losses import variational
from tests.test_fgan_gaussian import EXACT, TRICK

# Where both directions of the slope vanish; total variation has none on one side.
OPTIMA = {name: found[:2] for name, found in EXACT.items() if name != "total_variation"}
OPTIMA["gan"] = OPTIMA["jensen_shannon"]
NODES, WEIGHTS = special.roots_legendre(4000)
Z = tf.constant(NODES * 9.0)
DENSITY = tf.constant(WEIGHTS * 9.0 * np.exp(-0.5 * (NODES * 9.0) ** 2) / np.sqrt(2 * np.pi))


def log_normal(x, mean, variance):
    return -0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)


def log_p(x):
    return tf.reduce_logsumexp(
        [np.log(0.33) + log_normal(x, -1.0, 0.0625), np.log(0.67) + log_normal(x, 2.0, 2.0)], axis=0
    )


def generator_gradient(name, kind, mu, sigma):
    """Gradient of E_z[generator objective(T*(mu + sigma z))] in mu and sigma; T* does not move."""
    row = DIVERGENCES[name]
    x = mu + sigma * Z
    with tf.GradientTape() as outer:
        outer.watch(x)
        ratio = tf.exp(log_p(x) - log_normal(x, mu, sigma**2))
        with tf.GradientTape() as inner:
            inner.watch(ratio)
            value = row.f(ratio)
        best = inner.gradient(value, ratio)
        cost = -best if kind == "trick" else -row.conjugate(best)
    slope = outer.gradient(cost, x)
    return [float(tf.reduce_sum(DENSITY * slope * factor)) for factor in (tf.ones_like(Z), Z)]


@pytest.mark.parametrize(
    "kind, name, point",
    [("exact", *item) for item in OPTIMA.items()] + [("trick", *item) for item in TRICK.items()],
)
def test_the_gradient_vanishes_at_the_known_optimum_and_only_there(kind, name, point):
    at_rest = np.abs(generator_gradient(name, kind, *point))
    beside = [
        np.abs(generator_gradient(name, kind, point[0] + dm, point[1] + ds)).max()
        for dm, ds in ((0.1, 0.0), (-0.1, 0.0), (0.0, 0.1), (0.0, -0.1))
    ]
    # The optima are known to .00005, a two-thousandth of the steps beside them.
    assert at_rest.max() < 0.01 * min(beside), (at_rest, beside)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_objectives_are_the_bound(name):
    row = DIVERGENCES[name]
    scores = tf.constant([-2.0, 0.0, 3.0])
    trick, exact = (variational(row, kind) for kind in ("trick", "exact"))
    for objective in (trick, exact):
        assert_allclose(objective.real(scores), -row.activation(scores))
        assert_allclose(objective.fake(scores), row.conjugate_of_activation(scores))
    assert_allclose(trick.generator(scores), -row.activation(scores))
    assert_allclose(exact.generator(scores), -row.conjugate_of_activation(scores))


def test_the_gan_row_is_the_gan():
    from models.losses import OBJECTIVES

    scores = tf.constant([-3.0, 0.5, 2.0])
    objective, non_saturating = variational(DIVERGENCES["gan"]), OBJECTIVES["non_saturating"]
    for term in ("real", "fake", "generator"):
        ours, theirs = (getattr(row, term)(scores) for row in (objective, non_saturating))
        assert_allclose(ours, theirs, rtol=1e-6)
    exact, minimax = variational(DIVERGENCES["gan"], "exact"), OBJECTIVES["minimax"]
    assert_allclose(exact.generator(scores), minimax.generator(scores), rtol=1e-6)
