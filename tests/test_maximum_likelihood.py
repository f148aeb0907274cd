"""Entropies and likelihoods at answers known by hand, and digits drawn from what was fitted."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.experiments import maximum_likelihood
from gan_apps.experiments.maximum_likelihood import (
    cross_entropy,
    density_entropies,
    entropy,
    features,
    kl_bits,
    likelihood,
    mixture_samples,
    moments,
    most_likely,
)

POWERS = (0.5, 0.25, 0.125, 0.125)


def test_code_lengths_in_bits():
    assert_allclose(entropy(POWERS), 0.5 * 1 + 0.25 * 2 + 0.25 * 3)
    assert_allclose(cross_entropy(POWERS, (0.25,) * 4), 2.0)
    assert_allclose(kl_bits(POWERS, (0.25,) * 4), 0.25)
    # Words of 3, 3, 2 and 1 bits.
    assert_allclose(cross_entropy(POWERS, POWERS[::-1]), 1.5 + 0.75 + 0.25 + 0.125)


def test_the_smallest_kl_is_at_the_moments():
    mean, deviation = moments()
    # The table of the f-GAN experiment.
    assert_allclose((mean, deviation), (1.0100, 1.8304), atol=5e-5)
    best = density_entropies(mean, deviation)
    assert_allclose(best["kl"], 0.2881, atol=5e-5)
    for mu, sigma in ((mean + 0.01, deviation), (mean, deviation - 0.01), (mean, deviation + 0.01)):
        assert density_entropies(mu, sigma)["kl"] > best["kl"] + 1e-6


@pytest.mark.parametrize("mu, sigma", [(0.0, 1.0), (2.0, 3.0)])
def test_cross_entropy_is_entropy_and_kl(mu, sigma):
    found = density_entropies(mu, sigma)
    assert_allclose(found["cross_entropy"], found["entropy"] + found["kl"], rtol=1e-9)
    # E[(x - mu)**2] is the variance and the square of the shift.
    mean, deviation = moments()
    squares = deviation**2 + (mean - mu) ** 2
    closed = math.log(sigma * math.sqrt(2 * math.pi)) + squares / (2 * sigma**2)
    assert_allclose(found["cross_entropy"], closed, rtol=1e-9)


def test_the_likeliest_gaussian():
    samples = mixture_samples(50000, np.random.default_rng(0))
    mu, sigma = most_likely(samples)
    assert_allclose((mu, sigma), moments(), atol=0.03)
    best = likelihood(samples, mu, sigma)
    for other in ((mu + 0.01, sigma), (mu, sigma + 0.01), (mu, sigma - 0.01)):
        assert likelihood(samples, *other) < best
    assert_allclose(best, -density_entropies(mu, sigma)["cross_entropy"], atol=0.02)


def test_features_are_means_of_four_pixels():
    images = np.zeros((2, 28, 28, 1), np.uint8)
    images[1, 2:4, 4:6, 0] = [[10, 20], [30, 40]]
    rows = features(images)
    assert rows.shape == (2, 196)
    assert rows[0].max() == 0.0
    assert_allclose(rows[1, 14 * 1 + 2], 25.0)
    assert_allclose(rows.sum(), 25.0)


def test_the_numbers_of_ten_whole_gaussians():
    assert maximum_likelihood.FULL_NUMBERS == 10 * 308504 + 9
