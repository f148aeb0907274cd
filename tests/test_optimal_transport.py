"""The earth mover's distance at answers known by hand, and the discriminator beside it."""

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from gan_apps.experiments import optimal_transport
from gan_apps.experiments.optimal_transport import (
    area_between,
    penalised_slope,
    potential,
    steepest,
    transport,
)


def test_earth_goes_the_cheap_way():
    # .5 stays, .25 goes one place, .25 goes three: 0 + .25 + .75.
    x, y = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0], [4.0]])
    solved = transport(x, y, [0.5, 0.5], [0.5, 0.25, 0.25])
    assert_allclose(solved.primal, 1.0, rtol=1e-9)
    assert_allclose(solved.dual, 1.0, rtol=1e-9)
    assert_allclose(solved.plan, [[0.5, 0.0, 0.0], [0.0, 0.25, 0.25]], atol=1e-9)


@pytest.fixture(scope="module")
def plane():
    random = np.random.default_rng(1)
    x, y = random.standard_normal((40, 2)), random.standard_normal((25, 2)) + 1.0
    p = random.dirichlet(np.ones(40))
    return x, y, p, transport(x, y, p)


def test_plan_and_potentials_are_feasible_and_equal(plane):
    _, _, p, solved = plane
    assert_allclose(solved.plan.sum(axis=1), p, atol=1e-9)
    assert_allclose(solved.plan.sum(axis=0), np.full(25, 1 / 25), atol=1e-9)
    assert solved.plan.min() > -1e-9
    assert solved.slack.min() > -1e-7
    assert_allclose(solved.primal, solved.dual, atol=1e-7)
    assert_allclose(solved.primal, np.sum(solved.plan * solved.distances), rtol=1e-9)
    assert_allclose(solved.slackness, 0.0, atol=1e-7)


def test_slackness_sees_earth_on_a_way_that_is_too_long():
    x = np.array([[0.0], [1.0]])
    solved = transport(x, x + 2.0)
    solved.plan[:] = 0.25
    solved.f[0] -= 0.4
    assert_allclose(solved.slackness, 0.1, rtol=1e-6)


def test_potential_is_lipschitz_and_its_means_differ_by_the_distance(plane):
    x, y, p, solved = plane
    assert_allclose(p @ potential(solved, y, x) - potential(solved, y, y).mean(), solved.primal)
    places = np.random.default_rng(2).uniform(-4.0, 4.0, (200, 2))
    heights = potential(solved, y, places)
    ways = np.linalg.norm(places[:, None] - places, axis=-1) + np.eye(200)
    assert 0.9 < np.max(np.abs(heights[:, None] - heights) / ways) <= 1.0 + 1e-9


def test_transport_on_the_line_is_the_area_between():
    random = np.random.default_rng(3)
    x, y = random.standard_normal(30), random.exponential(size=20)
    p, q = random.dirichlet(np.ones(30)), random.dirichlet(np.ones(20))
    area = area_between(x, y, p, q)
    assert_allclose(area, scipy.stats.wasserstein_distance(x, y, p, q), rtol=1e-9)
    assert_allclose(area, transport(x[:, None], y[:, None], p, q).primal, rtol=1e-6)
    # All alike, and one point twice.
    assert_allclose(area_between(np.array([0.0, 0.0]), np.array([1.0, 3.0])), 2.0)


def test_a_pile_moved_as_a_whole_costs_its_way():
    x = np.random.default_rng(4).standard_normal((20, 3))
    assert_allclose(transport(x, x + [2.0, 1.0, 2.0]).primal, 3.0, rtol=1e-7)


def test_a_discriminator_over_its_steepest_slope_never_exceeds_the_distance(plane):
    x, y, p, solved = plane
    random = np.random.default_rng(5)
    for _ in range(20):
        way = random.standard_normal(2)
        scores = lambda points, way=way: np.sin(points @ way) + points[:, 0] ** 2
        slope = steepest(scores(x), scores(y), solved.distances)
        assert abs(p @ scores(x) - scores(y).mean()) / slope <= solved.primal
    # One that falls everywhere, by 3 and by 7 / 2.
    falling = steepest(np.array([-3.0, -7.0]), np.array([0.0]), np.array([[1.0], [2.0]]))
    assert_allclose(falling, 3.5)


def test_the_penalised_slope_is_the_best():
    # s W - lambda (s - 1)**2 at W = 3, lambda = .7.
    slopes = np.linspace(0.0, 10.0, 100001)
    best = slopes[np.argmax(slopes * 3.0 - 0.7 * (slopes - 1.0) ** 2)]
    assert_allclose(penalised_slope(3.0, 0.7), best, atol=1e-4)


def test_the_piles_hold_the_same():
    assert optimal_transport.PILE.sum() == pytest.approx(1.0)
    assert optimal_transport.GOAL.sum() == pytest.approx(1.0)
