"""The Gaussian experiment of the laboratory: its exact numbers, and that the f-GAN finds them."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from gan_apps.experiments import fgan_gaussian, points
from gan_apps.experiments.densities import log_normal
from gan_apps.experiments.findings import Options
from models import DIVERGENCES

# The design's table: mu*, sigma*, D_f(P, Q*), to four digits.
EXACT = {
    "kl": (1.0100, 1.8304, 0.2881),
    "reverse_kl": (1.5841, 1.6294, 0.2507),
    "jensen_shannon": (1.3125, 1.7525, 0.1298),
    "jeffrey": (1.3249, 1.7023, 0.5791),
    "pearson": (0.5663, 1.9268, 0.6616),
    "neyman": (1.8286, 1.5171, 0.4072),
    "squared_hellinger": (1.3175, 1.7316, 0.1366),
    # Without a slope on both sides its optimum is known less well.
    "total_variation": (1.3398, 1.8782, 0.2411),
}
# Where the trick rests: kl at reverse_kl's optimum, reverse_kl at neyman's, pearson at kl's.
TRICK = {
    "kl": (1.5841, 1.6294),
    "reverse_kl": (1.8286, 1.5171),
    "pearson": (1.0100, 1.8304),
    "jensen_shannon": (1.7431, 1.5646),
    "jeffrey": (1.7445, 1.5529),
}


@pytest.mark.parametrize("name", EXACT)
def test_the_best_gaussian_is_the_tables(name):
    mu, sigma, divergence = fgan_gaussian.optimum(DIVERGENCES[name])
    tolerance = 5e-4 if name == "total_variation" else 1e-4
    assert_allclose((mu, sigma), EXACT[name][:2], atol=tolerance, rtol=0)
    assert_allclose(divergence, EXACT[name][2], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", TRICK)
def test_the_trick_rests_where_the_table_says(name):
    rest = fgan_gaussian.trick_rest(DIVERGENCES[name], EXACT[name][:2])
    assert_allclose(rest, TRICK[name], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_bound_is_tight_at_the_best_scores_and_below_elsewhere(name):
    row, (mu, sigma) = DIVERGENCES[name], (1.2, 1.8)
    exact = fgan_gaussian.divergence_value(row, mu, sigma)
    scores = np.linspace(-1.0, 2.0, len(fgan_gaussian.GRID))
    assert fgan_gaussian.bound(row, scores, mu, sigma) < exact - 1e-3
    if name == "kl":
        # g_f is the identity: T* = 1 + log(p / q) is a raw score.
        log_q = log_normal(fgan_gaussian.GRID, mu, sigma)
        best = 1.0 + fgan_gaussian.log_data(fgan_gaussian.GRID) - log_q
        assert_allclose(fgan_gaussian.bound(row, best, mu, sigma), exact, rtol=1e-9)


def test_rows_side_by_side_are_the_rows():
    rows = (DIVERGENCES["kl"], DIVERGENCES["pearson"])
    scores = tf.constant([-1.0, 0.5, 2.0, 3.0])
    both = fgan_gaussian.SideBySide(rows)
    for what in ("activation", "conjugate_of_activation"):
        parts = [
            getattr(row, what)(part)
            for row, part in zip(rows, (scores[:2], scores[2:]), strict=True)
        ]
        assert_allclose(getattr(both, what)(scores), np.concatenate(parts))


def test_the_mixture_has_the_moments_of_its_density():
    points = fgan_gaussian.mixture(200_000, tf.constant([3, 5], tf.int64)).numpy()
    density = np.exp(fgan_gaussian.log_data(fgan_gaussian.GRID))
    for power, tolerance in ((1, 0.02), (2, 0.06)):
        exact = fgan_gaussian.integral(density * fgan_gaussian.GRID**power)
        assert_allclose((points**power).mean(), exact, atol=tolerance, rtol=0)


@pytest.mark.slow
def test_discriminators_begin_at_points_of_the_data_and_total_variations_stay_small():
    rows = [DIVERGENCES["total_variation"], DIVERGENCES["kl"]]
    model = fgan_gaussian.fgan(rows, "exact", [0.5] * 2, [1.5] * 2, Options(), iterations=4)
    first, last = model.discriminator.body[0], model.discriminator.last
    zeros = -first.biases.numpy() / first.kernels.numpy()
    assert fgan_gaussian.ZEROS[0] <= zeros.min() < -4 and 7 < zeros.max() <= fgan_gaussian.ZEROS[1]
    points.train(model, fgan_gaussian.mixture, 4, 32, what="four iterations")
    bounded, free = np.linalg.norm(last.kernels.numpy(), axis=(1, 2))
    assert_allclose(bounded, fgan_gaussian.LARGEST_NORM["total_variation"], rtol=1e-5)
    assert free > 0.7
