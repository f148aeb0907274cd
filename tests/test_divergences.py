"""The f-GAN table, proven row by row."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from scipy import integrate, special

from models import divergences
from models.divergences import DIVERGENCES, FDivergence, alpha, jensen_shannon_weighted

ROWS = {
    **DIVERGENCES,
    "weighted(.2)": jensen_shannon_weighted(0.2),
    "weighted(.9)": jensen_shannon_weighted(0.9),
    "alpha(-1)": alpha(-1.0),
    "alpha(.3)": alpha(0.3),
    "alpha(2)": alpha(2.0),
    "alpha(3.5)": alpha(3.5),
}
RATIOS = tf.constant(np.geomspace(1e-3, 1e3, 61))
SCORES = tf.constant(np.linspace(-8.0, 8.0, 65))
# Domains of f*, where they are not all of R: (lower, upper) bounds of their closures.
DOMAINS = {
    "total_variation": (-0.5, 0.5),
    "reverse_kl": (-np.inf, 0.0),
    "neyman": (-np.inf, 1.0),
    "squared_hellinger": (-np.inf, 1.0),
    "jensen_shannon": (-np.inf, math.log(2.0)),
    "jensen_shannon_weighted": (-np.inf, -0.5 * math.log(0.5)),
    "weighted(.2)": (-np.inf, -0.2 * math.log(0.2)),
    "weighted(.9)": (-np.inf, -0.9 * math.log(0.9)),
    "gan": (-np.inf, 0.0),
    "alpha": (-np.inf, 2.0),
    "alpha(-1)": (-np.inf, 0.5),
    "alpha(.3)": (-np.inf, 1.0 / 0.7),
}


@pytest.fixture(params=ROWS)
def name(request):
    return request.param


@pytest.fixture
def row(name):
    return ROWS[name]


def derivative(function, points):
    with tf.GradientTape() as tape:
        tape.watch(points)
        values = function(points)
    return tape.gradient(values, points)


def test_all_eleven_rows_are_there():
    assert list(DIVERGENCES) == [
        "total_variation",
        "kl",
        "reverse_kl",
        "pearson",
        "neyman",
        "squared_hellinger",
        "jeffrey",
        "jensen_shannon",
        "jensen_shannon_weighted",
        "gan",
        "alpha",
    ]


def test_value_and_slope_at_one(row):
    one = tf.constant(1.0, tf.float64)
    assert_allclose(row.f(one), row.value_at_one, atol=1e-12)
    assert row.value_at_one == (-2 * math.log(2.0) if row.name == "gan" else 0.0)
    # Total variation has a kink at 1; 0 is its middle slope.
    slopes = derivative(row.f, tf.constant([1.0 - 1e-7, 1.0 + 1e-7], tf.float64))
    assert_allclose(np.mean(slopes), row.threshold, atol=1e-6)


def test_f_is_convex(row):
    slopes = np.asarray(derivative(row.f, RATIOS))
    assert (np.diff(slopes) >= -1e-9 * np.abs(slopes[1:])).all()


def test_fenchel_young_equality(row):
    # f(u) + f*(f'(u)) = u f'(u)
    slopes = derivative(row.f, RATIOS)
    assert_allclose(row.f(RATIOS) + row.conjugate(slopes), RATIOS * slopes, rtol=1e-7, atol=1e-7)


def test_fenchel_young_inequality_everywhere_else(row):
    t = row.activation(SCORES)[None, :]
    u = RATIOS[:, None]
    gap = row.f(u) + row.conjugate(t) - u * t
    assert np.min(gap) >= -1e-9


def test_slope_of_the_conjugate_is_the_ratio(row):
    if row.name == "total_variation":
        return _slope_of_total_variation(row)
    t = derivative(row.f, RATIOS)
    assert_allclose(derivative(row.conjugate, tf.convert_to_tensor(t)), RATIOS, rtol=1e-6)


def _slope_of_total_variation(row):
    # f has two straight parts, so that f* is a straight line.
    t = tf.constant([-0.5, 0.0, 0.5], tf.float64)
    assert_allclose(derivative(row.conjugate, t), np.ones(3))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activation_fills_the_domain_of_the_conjugate(name, row, dtype):
    low, high = DOMAINS.get(name, (-np.inf, np.inf))
    wide = tf.cast(tf.linspace(-50.0, 50.0, 201), dtype)
    values = np.asarray(row.activation(wide))
    assert values.dtype == dtype
    assert (values >= low - 1e-6).all() and (values <= high + 1e-6).all()
    assert (np.diff(values) >= -1e-6 * np.abs(values[1:])).all()
    if np.isfinite(high):
        assert_allclose(values[-1], high, atol=1e-6)
    else:
        assert values[-1] > 20.0
    if np.isfinite(low):
        assert_allclose(values[0], low, atol=1e-6)
    else:
        assert values[0] < -20.0


def test_fused_is_composed_where_that_is_accurate(row):
    composed = row.conjugate(row.activation(SCORES))
    assert_allclose(row.conjugate_of_activation(SCORES), composed, rtol=1e-7, atol=1e-10)


def test_gradient_of_fused_is_that_of_composed(row):
    composed = derivative(lambda v: row.conjugate(row.activation(v)), SCORES)
    assert_allclose(derivative(row.conjugate_of_activation, SCORES), composed, rtol=1e-5, atol=1e-9)


def test_float32_is_float64(row):
    single = tf.cast(SCORES, tf.float32)
    for function in (row.activation, row.conjugate_of_activation):
        assert function(single).dtype == "float32"
        assert_allclose(function(single), function(SCORES), rtol=1e-4, atol=1e-6)


def test_finite_with_finite_gradients_from_minus_50_to_50(row):
    wide = tf.linspace(-50.0, 50.0, 401)
    for function in (row.activation, row.conjugate_of_activation):
        exact = np.asarray(function(tf.cast(wide, tf.float64)))
        fits = np.abs(exact) < np.finfo(np.float32).max
        assert fits[100:301].all()
        assert np.isfinite(np.asarray(function(wide))[fits]).all()
        slopes = np.asarray(derivative(function, tf.cast(wide, tf.float64)))
        fits &= np.abs(slopes) < np.finfo(np.float32).max
        assert np.isfinite(np.asarray(derivative(function, wide))[fits]).all()


def divergence_of(row, p, q):
    """D_f by quadrature of two densities, in nats and the row's own scale."""
    integrand = lambda x: q(x) * float(row.f(tf.constant(p(x) / q(x), tf.float64)))
    return integrate.quad(integrand, -12.0, 12.0, limit=400)[0]


def normal(mean, deviation):
    scale = deviation * math.sqrt(2 * math.pi)
    return lambda x: np.exp(-0.5 * ((x - mean) / deviation) ** 2) / scale


P, Q = normal(0.3, 1.0), normal(-0.2, 1.2)


def bound(row, score):
    """E_P[g_f(v)] - E_Q[f*(g_f(v))] by Gauss-Legendre quadrature; v = score(x)."""
    nodes, weights = special.roots_legendre(2000)
    x, weights = nodes * 12.0, weights * 12.0
    v = tf.constant(score(x))
    real = np.sum(weights * P(x) * row.activation(v).numpy())
    return real - np.sum(weights * Q(x) * row.conjugate_of_activation(v).numpy())


def best_score(row):
    """x -> v with g_f(v) = f'(p / q), by bisection."""

    def score(x):
        target = derivative(row.f, tf.constant(P(x) / Q(x))).numpy()
        low, high = np.full_like(x, -1e25), np.full_like(x, 1e25)
        # 2e25 halved so often is less than the last digit of 1.
        for _ in range(140):
            middle = (low + high) / 2
            below = row.activation(tf.constant(middle)).numpy() < target
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    return score


def test_the_bound_is_below_the_divergence_and_reaches_it(row):
    exact = divergence_of(row, P, Q)
    # The best T of total variation jumps, which costs the quadrature digits.
    digits = 1e-4 if row.name == "total_variation" else 1e-6
    assert_allclose(bound(row, best_score(row)), exact, rtol=digits)
    for score in (np.sin, np.zeros_like, lambda x: x, lambda x: -0.3 * x + 0.1):
        assert bound(row, score) <= exact + 1e-9


def test_divergences_of_known_gaussians():
    # KL(N(m, 1) || N(0, 1)) = m**2 / 2; chi squared is exp(m**2) - 1; Hellinger 2 - 2 exp(-m**2/8).
    p, q, m = normal(0.7, 1.0), normal(0.0, 1.0), 0.7
    exact = {
        "kl": m**2 / 2,
        "reverse_kl": m**2 / 2,
        "jeffrey": m**2,
        "pearson": math.exp(m**2) - 1,
        "neyman": math.exp(m**2) - 1,
        "squared_hellinger": 2 - 2 * math.exp(-(m**2) / 8),
        "total_variation": math.erf(m / (2 * math.sqrt(2))),
    }
    for name, value in exact.items():
        assert_allclose(divergence_of(DIVERGENCES[name], p, q), value, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "row, other, factor",
    [
        (jensen_shannon_weighted(0.5), DIVERGENCES["jensen_shannon"], 0.5),
        (alpha(0.5), DIVERGENCES["squared_hellinger"], 2.0),
        (alpha(2.0), DIVERGENCES["pearson"], 0.5),
        (alpha(-1.0), DIVERGENCES["neyman"], 0.5),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_identities_between_rows(row, other, factor):
    assert_allclose(row.f(RATIOS), factor * other.f(RATIOS), rtol=1e-9, atol=1e-12)


def test_gan_is_jensen_shannon_but_for_a_constant():
    gan, js = DIVERGENCES["gan"], DIVERGENCES["jensen_shannon"]
    assert_allclose(gan.f(RATIOS) + (RATIOS + 1.0) * math.log(2.0), js.f(RATIOS), atol=1e-9)
    assert_allclose(gan.conjugate_of_activation(SCORES), tf.nn.softplus(SCORES))


def test_alpha_tends_to_both_kl():
    assert_allclose(
        alpha(1 + 1e-6).f(RATIOS), DIVERGENCES["kl"].f(RATIOS) - RATIOS + 1.0, atol=2e-2
    )
    reverse = DIVERGENCES["reverse_kl"].f(RATIOS) + RATIOS - 1.0
    assert_allclose(alpha(1e-6).f(RATIOS), reverse, atol=2e-2)


@pytest.mark.parametrize("y", [-700.0, -49.0, -1.0, 0.0, 0.5, 1.0, 2.0, 51.0, 1e4, 1e10])
def test_log_omega_is_scipy_s(y):
    root = divergences._log_omega(tf.constant(y, tf.float64))
    assert_allclose(np.exp(root), special.wrightomega(y), rtol=1e-12)
    single = divergences._log_omega(tf.constant(y, tf.float32))
    assert_allclose(single, root, rtol=1e-5, atol=1e-6)


def test_log_omega_can_be_differentiated_twice():
    y = tf.constant(np.linspace(-5.0, 20.0, 11))
    slope = lambda points: derivative(divergences._log_omega, points)
    omega = special.wrightomega(y.numpy())
    assert_allclose(slope(y), 1.0 / (1.0 + omega), rtol=1e-10)
    assert_allclose(derivative(slope, y), -omega / (1.0 + omega) ** 3, rtol=1e-8)


def test_a_row_with_a_wrong_conjugate_is_refused():
    with pytest.raises(ValueError, match=r"f\*\(f'\(1\)\) of kl is"):
        dataclasses.replace(DIVERGENCES["kl"], conjugate=lambda t: tf.exp(t))
    with pytest.raises(ValueError, match=r"f\(1\) of kl is"):
        dataclasses.replace(DIVERGENCES["kl"], f=lambda u: u * tf.math.log(u) + 1.0)


@pytest.mark.parametrize("pi", [0.0, 1.0, -0.5, float("nan")])
def test_weights_outside_of_the_unit_interval_are_refused(pi):
    with pytest.raises(ValueError, match=f"pi must lie between 0 and 1, got {pi}"):
        jensen_shannon_weighted(pi)


@pytest.mark.parametrize("value", [0.0, 1.0, float("inf"), float("nan")])
def test_alphas_without_a_divergence_are_refused(value):
    with pytest.raises(ValueError, match=f"other than 0 and 1, got {value}"):
        alpha(value)


def test_a_twelfth_divergence_is_one_row():
    row = FDivergence(
        name="half_pearson",
        f=lambda u: (u - 1.0) ** 2 / 2.0,
        conjugate=lambda t: t**2 / 2.0 + t,
        activation=lambda v: v,
        conjugate_of_activation=lambda v: v**2 / 2.0 + v,
        threshold=0.0,
    )
    assert_allclose(bound(row, best_score(row)), divergence_of(row, P, Q), rtol=1e-5)
