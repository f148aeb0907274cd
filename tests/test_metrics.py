"""The metrics at answers known by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.evaluation import metrics

RANDOM = np.random.RandomState(0)


def exactly(mean, covariance, count=50):
    """A sample whose mean and covariance are exactly the given ones."""
    dimension = len(mean)
    noise = RANDOM.standard_normal((count, dimension))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_a_sample_to_itself():
    sample = RANDOM.standard_normal((100, 5))
    assert_allclose(metrics.frechet_distance(sample, sample), 0.0, atol=1e-9)


def test_frechet_distance_of_a_shift_is_its_square():
    sample = RANDOM.standard_normal((100, 3))
    assert_allclose(metrics.frechet_distance(sample, sample + [1.0, 2.0, 2.0]), 9.0, rtol=1e-9)


def test_frechet_distance_of_diagonal_gaussians():
    # norm(m1 - m2)**2 + sum((s1 - s2)**2)
    first = exactly([0.0, 0.0], np.diag([1.0, 4.0]))
    second = exactly([3.0, 0.0], np.diag([9.0, 1.0]))
    assert_allclose(metrics.frechet_distance(first, second), 9.0 + 4.0 + 1.0, rtol=1e-9)


def test_frechet_distance_of_covariances_that_do_not_commute():
    from scipy.linalg import sqrtm

    one, two = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[5.0, -2.0], [-2.0, 1.0]])
    expected = np.trace(one + two - 2.0 * np.real(sqrtm(one @ two)))
    distance = metrics.frechet_distance(exactly([0, 0], one), exactly([0, 0], two))
    assert_allclose(distance, expected, rtol=1e-9)
    assert_allclose(metrics.frechet_distance(exactly([0, 0], two), exactly([0, 0], one)), distance)


def test_frechet_distance_of_features_that_are_never_used():
    sample = np.zeros((10, 4))
    sample[:, 0] = np.arange(10)
    assert_allclose(metrics.frechet_distance(sample, sample + 1.0), 4.0, rtol=1e-9)


@pytest.mark.parametrize(
    "probabilities, expected",
    [
        (np.eye(4)[[0, 1, 2, 3]], 4.0),
        (np.eye(4)[[0, 0, 0, 0]], 1.0),
        (np.full((5, 4), 0.25), 1.0),
        (np.eye(4)[[0, 0, 1, 1]], 2.0),
    ],
)
def test_classifier_score(probabilities, expected):
    assert_allclose(metrics.classifier_score(probabilities), expected, rtol=1e-9)


def test_accuracies():
    probabilities = np.eye(3)[[0, 1, 1, 2]]
    labels = [0, 1, 2, 2]
    assert_allclose(metrics.conditional_accuracy(probabilities, labels), 0.75)
    assert metrics.accuracy_per_label(probabilities, labels) == {0: 1.0, 1: 1.0, 2: 0.5}


def test_spread_is_within_labels_and_not_between_them():
    images = np.array([0.0, 0.0, 10.0, 12.0]).reshape(4, 1, 1, 1)
    assert_allclose(metrics.spread_within_labels(images, [0, 0, 1, 1]), 0.5)
