"""The metrics at answers known by hand."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.evaluation import intervals, metrics

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


def test_kernel_distance_is_its_definition():
    first, second = RANDOM.standard_normal((7, 3)), RANDOM.standard_normal((5, 3)) + 0.5
    kernel = lambda x, y: (x @ y / 3 + 1.0) ** 3
    pairs = lambda points: np.mean(
        [kernel(x, y) for i, x in enumerate(points) for j, y in enumerate(points) if i != j]
    )
    between = np.mean([kernel(x, y) for x in first for y in second])
    expected = pairs(first) + pairs(second) - 2.0 * between
    assert_allclose(metrics.kernel_distance(first, second), expected, rtol=1e-10)


def test_kernel_distance_of_one_distribution_is_zero_in_the_mean():
    found = [metrics.kernel_distance(*RANDOM.standard_normal((2, 30, 4))) for _ in range(400)]
    assert abs(np.mean(found)) < 4.0 * np.std(found) / 20.0
    assert min(found) < 0.0 < max(found)
    far = metrics.kernel_distance(
        RANDOM.standard_normal((30, 4)), RANDOM.standard_normal((30, 4)) + 2
    )
    assert far > 10.0


def test_kernel_distances_count_a_row_as_often_as_it_weighs():
    first, second = RANDOM.standard_normal((6, 3)), RANDOM.standard_normal((5, 3))
    chosen = np.array([0, 1, 1, 4, 5, 2])
    weights = np.bincount(chosen, minlength=6)[None]
    (found,) = metrics.kernel_distances(first, second, weights)
    kernel = metrics._kernel(first[chosen], first[chosen])
    # The two copies of row 1 make no pair.
    apart = chosen[:, None] != chosen
    within = kernel[apart].sum() / apart.sum()
    others = metrics.kernel_distance(second, second)  # 2 mean(pairs) - 2 mean(all)
    whole = metrics._kernel(second, second)
    own = others / 2.0 + whole.mean()
    expected = within + own - 2.0 * metrics._kernel(first[chosen], second).mean()
    assert_allclose(found, expected, rtol=1e-10)


def test_distances_are_within_groups():
    features = np.array([[0.0], [3.0], [4.0], [10.0], [12.0]])
    nearest, mean = metrics.nearest_and_mean_distances(features, [0, 0, 0, 1, 1])
    assert_allclose(nearest, [3.0, 1.0, 1.0, 2.0, 2.0], rtol=1e-6)
    assert_allclose(mean, [3.5, 2.0, 2.5, 2.0, 2.0], rtol=1e-6)


def test_an_interval_of_a_mean_is_that_of_the_textbook():
    values = RANDOM.standard_normal(400)
    low, high = intervals.of_mean(values, seed=0)
    # Its half width is 1.96 standard errors, but for 200 choices.
    assert_allclose((high - low) / 2.0, 1.96 * values.std() / 20.0, rtol=0.25)
    assert low < values.mean() < high
    assert intervals.of_mean(np.ones(50), seed=0) == [1.0, 1.0]


def test_an_interval_lies_around_a_metric_that_doubles_would_raise():
    first, second = RANDOM.standard_normal((60, 5)), RANDOM.standard_normal((60, 5))
    whole = metrics.frechet_distance(first, second)
    choices = intervals.weights(60, 0)
    values = metrics.frechet_distances(first, second, choices)
    chosen = np.repeat(first, choices[7], axis=0)
    assert_allclose(values[7], metrics.frechet_distance(chosen, second), rtol=1e-7)
    assert np.mean(values) > 1.1 * whole
    low, high = intervals.interval(values, whole)
    assert low < whole < high
    (again,) = metrics.frechet_distances(first, second, np.ones((1, 60)))
    assert_allclose(again, whole, rtol=1e-9)


def test_intervals_do_not_need_the_memory_of_all_products():
    features = RANDOM.standard_normal((2000, 96))
    weights = intervals.weights(2000, 0)[:10]
    others = features[:500]
    tracemalloc.start()
    try:
        metrics.frechet_distances(features, others, weights)
        metrics.kernel_distances(features, others, weights)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # n * d**2 numbers are 147 MB; the features themselves are 1.5.
    assert peak < 60e6


def test_kernel_distances_do_not_depend_on_the_rows_at_a_time(monkeypatch):
    first, second = RANDOM.standard_normal((70, 4)), RANDOM.standard_normal((50, 4)) + 0.3
    weights = intervals.weights(70, 0)
    whole = metrics.kernel_distances(first, second, weights)
    monkeypatch.setattr(metrics, "_ROWS", 7)
    assert_allclose(metrics.kernel_distances(first, second, weights), whole, rtol=1e-9)


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


def test_manifolds_on_a_line():
    # Radii (k = 1) of the real points 0, 1, 3 are 1, 1, 2; of the fake ones .5, 9, 10: 8.5, 1, 1.
    real, fake = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [9.0], [10.0]])
    found = metrics.manifold_metrics(real, fake, neighbours=1)
    assert found == {
        # Only .5 lies in a real ball; it lies in those of 0 and of 1.
        "precision": pytest.approx(1 / 3),
        "density": pytest.approx(2 / 3),
        # Every real point is within 8.5 of .5.
        "recall": pytest.approx(1.0),
        # The balls of 0 and of 1 hold .5; 3 is 2.5 from it, and 2 wide.
        "coverage": pytest.approx(2 / 3),
    }


def test_manifolds_are_their_definition():
    real, fake = RANDOM.standard_normal((60, 3)), 1.3 * RANDOM.standard_normal((50, 3))
    apart = lambda a, b: np.linalg.norm(a[:, None] - b, axis=-1)
    real_radii = np.sort(apart(real, real), axis=1)[:, 5]
    fake_radii = np.sort(apart(fake, fake), axis=1)[:, 5]
    between = apart(real, fake)
    assert metrics.manifold_metrics(real, fake) == pytest.approx(
        {
            "precision": np.mean(np.any(between < real_radii[:, None], axis=0)),
            "recall": np.mean(np.any(between < fake_radii, axis=1)),
            "density": np.sum(between < real_radii[:, None]) / (5 * 50),
            "coverage": np.mean(np.min(between, axis=1) < real_radii),
        }
    )


def test_manifolds_do_not_depend_on_the_rows_at_a_time(monkeypatch):
    real, fake = RANDOM.standard_normal((70, 4)), RANDOM.standard_normal((50, 4)) + 0.3
    whole = metrics.manifold_metrics(real, fake)
    monkeypatch.setattr(metrics, "_ROWS", 7)
    assert metrics.manifold_metrics(real, fake) == pytest.approx(whole)
    assert 0.0 < whole["coverage"] < 1.0


def test_manifolds_of_samples_far_apart_and_of_copies():
    real = RANDOM.standard_normal((40, 3))
    assert set(metrics.manifold_metrics(real, real + 100.0).values()) == {0.0}
    same = metrics.manifold_metrics(real, real)
    assert same["precision"] == same["recall"] == same["coverage"] == 1.0


@pytest.mark.slow
def test_manifolds_of_two_normal_samples_are_the_published_ones():
    # 10,000 against 10,000 of N(0, I) in 1,000 dimensions, k = 5 (../shared/design/algorithms.md).
    random = np.random.RandomState(0)
    real, fake = (random.standard_normal((10_000, 1_000)).astype(np.float32) for _ in range(2))
    found = metrics.manifold_metrics(real, fake)
    # In so many dimensions a few points lie in very many balls: over five seeds the density ran
    # from .86 to 1.15, the precision from .46 to .48 and the coverage from .954 to .974.
    for name, value, spread in (
        ("precision", 0.4772, 0.03),
        ("recall", 0.4705, 0.03),
        ("density", 1.0555, 0.25),
        ("coverage", 0.9735, 0.025),
    ):
        assert found[name] == pytest.approx(value, abs=spread), name


def test_what_was_not_asked_for_does_not_make_a_slot_look_better_read():
    slots = [
        ["hair", ["long", "short"]],
        ["hair", ["light_blue", "red", "black"]],
        ["eyes", ["green", "aqua"]],
        ["hat", ["red"]],
    ]
    asked = np.array([[0, 0, 0, -1], [-1, 1, 1, -1], [1, 2, -1, -1], [-1, 0, 1, -1]])
    right = np.array([[1, 1, 0, 1], [1, 1, 1, 1], [0, 1, 1, 1], [1, 0, 1, 1]], bool)
    assert metrics.shares_right(right, asked, slots) == {
        "hair (long, short)": 1 / 2,
        "hair (light blue, red, ...)": 3 / 4,
        "eyes": 2 / 3,
        "all": 1 / 4,
    }


def test_attributes_are_read_right_slot_by_slot():
    sizes = (3, 2)
    asked = [[1, 0], [-1, 1], [0, 1]]
    probabilities = [
        [0.2, 0.5, 0.3, 0.4, 0.6],
        [0.1, 0.1, 0.8, 0.1, 0.9],
        [0.6, 0.2, 0.2, 0.3, 0.7],
    ]
    right = metrics.read_right(probabilities, asked, sizes)
    # What was not asked for is right whatever it is.
    assert right.tolist() == [[True, False], [True, True], [True, True]]
