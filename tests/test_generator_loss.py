"""The generator's losses against closed forms; the whole experiment at its quick size."""

import math

import pytest
from numpy.testing import assert_allclose

from gan_apps.experiments import densities, generator_loss
from gan_apps.experiments.generator_loss import NON_SATURATING, SATURATING


def test_slope_of_a_polynomial():
    found = generator_loss.slope(lambda at: at[0] ** 2 * at[1], (3.0, 5.0))
    assert_allclose(found, [30.0, 9.0], rtol=1e-8)


@pytest.mark.parametrize("place", generator_loss.PLACES)
def test_the_non_saturating_loss_descends_kl_minus_2_jsd(place):
    left = generator_loss.sampled_gradient(NON_SATURATING, generator_loss.log_target, place)
    right = generator_loss.difference_gradient(generator_loss.log_target, place)
    assert_allclose(left, right, rtol=1e-6)


@pytest.mark.parametrize("place", generator_loss.PLACES)
def test_the_saturating_loss_descends_2_jsd(place):
    left = generator_loss.sampled_gradient(SATURATING, generator_loss.log_target, place)
    right = generator_loss.divergence_gradient(SATURATING, generator_loss.log_target, place)
    assert_allclose(left, right, rtol=1e-6)


def test_kl_minus_2_jsd_is_a_divergence_from_the_mean_of_both():
    log_p = generator_loss.log_target(generator_loss.GRID)
    log_q = densities.log_normal(generator_loss.GRID, 1.0, 1.5)
    values = {name: fit(log_p, log_q) for name, fit in generator_loss.FITS.items()}
    difference = values["reverse_kl"] - values[SATURATING]
    assert_allclose(values[NON_SATURATING], difference, rtol=1e-10)
    assert_allclose(generator_loss.softened_reverse_kl(log_q, log_q), 0.0, atol=1e-12)


def test_the_reverse_kl_of_shifted_gaussians_has_the_distance_as_slope():
    # KL(N(d, 1), N(0, 1)) = d**2 / 2.
    found = generator_loss.divergence_gradient(
        "reverse_kl", generator_loss.log_standard, (3.0, 1.0)
    )
    assert_allclose(found, [3.0, 0.0], atol=1e-7)


def test_maximum_likelihood_takes_the_moments_and_reverse_kl_one_mode():
    mean, deviation = generator_loss.moments(*generator_loss.TARGET)
    assert_allclose((mean, deviation**2), (0.4, 0.36 + 4.0 - 0.16), rtol=1e-12)
    assert_allclose(generator_loss.best_gaussian("kl")[:2], (mean, deviation), atol=1e-5)
    # Modes that are far apart cost the reverse KL log(1 / weight) of the one that is kept.
    mu, sigma, value = generator_loss.best_gaussian("reverse_kl")
    assert_allclose((mu, sigma), (2.0, 0.6), atol=0.01)
    assert_allclose(value, math.log(1.0 / 0.6), atol=0.002)


def test_gradient_descent_from_far_is_slow_with_the_saturating_loss_only():
    ends = {
        name: generator_loss.exact_path(name, generator_loss.FAR, generator_loss.RATE, 40)[-1, 0]
        for name in (SATURATING, NON_SATURATING)
    }
    assert ends[SATURATING] > 5.9
    assert ends[NON_SATURATING] < 2.0
