"""Quadrature against closed forms."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.experiments import densities

X = np.linspace(-30.0, 30.0, 6001)
CELL = X[1] - X[0]


def normal(mean, deviation):
    return densities.log_normal(X, mean, deviation)


@pytest.mark.parametrize("mean, deviation", [(0.0, 1.0), (1.0, 0.5), (-2.0, 2.0)])
def test_kl_of_two_gaussians(mean, deviation):
    expected = math.log(deviation) + (1.0 + mean**2) / (2.0 * deviation**2) - 0.5
    assert_allclose(
        densities.kl(normal(0.0, 1.0), normal(mean, deviation), CELL), expected, atol=1e-12
    )


def test_a_mixture_is_a_density_with_the_moments_of_its_parts():
    p = np.exp(densities.log_mixture(X, (0.25, 0.75), (-1.0, 3.0), (0.5, 2.0)))
    assert_allclose(np.sum(p) * CELL, 1.0, rtol=1e-12)
    assert_allclose(np.sum(p * X) * CELL, 0.25 * -1.0 + 0.75 * 3.0, rtol=1e-12)


def test_jensen_shannon_is_0_for_equals_and_log_2_for_what_does_not_overlap():
    assert_allclose(
        densities.jensen_shannon(normal(1.0, 1.0), normal(1.0, 1.0), CELL), 0, atol=1e-15
    )
    apart = densities.jensen_shannon(normal(-15.0, 0.5), normal(15.0, 0.5), CELL)
    assert_allclose(apart, math.log(2.0), rtol=1e-12)


def test_jensen_shannon_of_near_gaussians_is_an_eighth_of_the_squared_distance():
    # JSD = distance**2 I / 8 + O(distance**4) with the Fisher information I = 1.
    near = densities.jensen_shannon(normal(0.0, 1.0), normal(0.01, 1.0), CELL)
    assert_allclose(near, 0.01**2 / 8.0, rtol=1e-4)
