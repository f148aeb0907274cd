"""Divergences of distributions that draw nearer, at answers known in closed form."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtr

from gan_apps.experiments import js_saturates
from gan_apps.experiments.js_saturates import (
    LOG_2,
    accuracy,
    atoms_divergences,
    counted,
    drawn_nearer,
    gaussians,
    gradients_of_w1,
    line,
    reported,
    share_near,
    steepest_change,
    surface,
    w1_of_generator,
)


def test_points_are_counted_on_the_atoms_of_both():
    x, y = np.array([[0.0], [0.0], [1.0], [2.0]]), np.array([[1.0], [3.0]])
    p, q = counted(x, y)
    assert_allclose(p, [0.5, 0.25, 0.25, 0.0])
    assert_allclose(q, [0.0, 0.5, 0.0, 0.5])


def test_divergences_of_atoms():
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5])
    found = atoms_divergences(p, q)
    assert_allclose(found["tv"], 0.5)
    assert_allclose(found["kl"], LOG_2)
    # M = (3/8, 3/8, 1/4).
    js = (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2
    assert_allclose(found["js"], js)
    assert atoms_divergences(q, p)["kl"] == math.inf


@pytest.mark.parametrize("x", [line(15), surface(15, 30, np.random.default_rng(0))])
def test_disjoint_supports_are_equally_bad_but_for_w1(x):
    direction = np.eye(x.shape[1])[0]
    found = drawn_nearer(x, direction)
    assert found["js"][0] == found["kl"][0] == found["tv"][0] == 0.0
    assert_allclose(found["js"][1:], LOG_2, atol=1e-12)
    assert_allclose(found["tv"][1:], 1.0)
    assert found["kl"][1:] == [math.inf] * (len(found["kl"]) - 1)
    assert_allclose(found["w1"], js_saturates.OFFSETS, atol=1e-9)


@pytest.mark.parametrize("distance", [0.5, 2.0, 6.0])
def test_gaussians_have_their_closed_forms(distance):
    found = gaussians(distance)
    density = math.exp(-(distance**2) / 8) / math.sqrt(2 * math.pi)
    assert_allclose(found["kl"], (distance**2 / 2, distance), rtol=1e-8)
    assert_allclose(found["tv"], (2 * ndtr(distance / 2) - 1, density), atol=1e-5)
    assert_allclose(found["w1"], (distance, 1.0), rtol=1e-5)


def test_the_slope_of_js_is_its_change():
    step = 1e-4
    for distance in (0.5, 3.0, 7.0):
        change = gaussians(distance + step)["js"][0] - gaussians(distance - step)["js"][0]
        assert_allclose(gaussians(distance)["js"][1], change / (2 * step), rtol=1e-5)


def test_js_is_flat_far_away():
    value, slope = gaussians(12.0)["js"]
    assert_allclose(value, LOG_2, atol=1e-6)
    assert 1e-9 < slope < 1e-7


def test_the_gradient_of_w1_is_that_of_the_theorem():
    for generator in js_saturates.GENERATORS:
        assert_allclose(*gradients_of_w1(*generator), atol=2e-4)
    # Left of everything, W1 falls as fast as the mean rises.
    assert_allclose(gradients_of_w1(-9.0, 0.1)[1], [-1.0, 0.0], atol=1e-3)
    assert_allclose(w1_of_generator(-9.0, 0.1), 9.0 + 0.67 * 2.0 - 0.33, rtol=1e-3)


def test_w1_changes_no_more_than_its_generator():
    assert 0.5 < steepest_change(np.random.default_rng(0)) <= 1.0 + 1e-6


def test_share_of_lines_that_cross():
    # In the plane at angle a a point r is r sin(a) away: E[min(1, .1 / sin(a))], a uniform.
    angles = (np.arange(100000) + 0.5) / 100000 * np.pi / 2
    expected = np.mean(np.minimum(1.0, 0.1 / np.sin(angles)))
    share = share_near(2, 1, 0.1, 1000, np.random.default_rng(0))
    assert_allclose(share, expected, rtol=0.1)
    # In many dimensions at right angles: only the centre is near.
    assert_allclose(share_near(2000, 1, 0.1, 100, np.random.default_rng(0)), 0.1, rtol=0.1)


def test_what_a_discriminator_reports():
    # Undecided: nothing; sure and right: log 2.
    assert_allclose(reported(np.zeros(5), np.zeros(3)), 0.0, atol=1e-12)
    assert_allclose(reported(np.full(4, 50.0), np.full(4, -50.0)), LOG_2)
    # The best one, log(p / q), of two atoms .75, .25 against .25, .75.
    best = math.log(3.0) * np.array([1, 1, 1, -1])
    p, q = np.array([0.75, 0.25]), np.array([0.25, 0.75])
    assert_allclose(reported(best, -best), atoms_divergences(p, q)["js"])
    assert_allclose(accuracy(best, -best), 0.75)
