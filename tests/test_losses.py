"""The objectives at analytic points, and as the gradients they give."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models.losses import NON_SATURATING, OBJECTIVES, Objective, labelled

LOG_2 = 0.6931471805599453
ZERO = tf.zeros(3)


@pytest.mark.parametrize(
    "name, discriminator, generator",
    [
        ("non_saturating", 2 * LOG_2, LOG_2),
        ("minimax", 2 * LOG_2, -LOG_2),
        ("least_squares", 1.0, 1.0),
        ("hinge", 2.0, 0.0),
        ("wasserstein", 0.0, 0.0),
    ],
)
def test_losses_of_a_discriminator_that_says_zero(name, discriminator, generator):
    row = OBJECTIVES[name]
    assert_allclose(row.real(ZERO) + row.fake(ZERO), np.full(3, discriminator), rtol=1e-6)
    assert_allclose(row.generator(ZERO), np.full(3, generator), rtol=1e-6)


@pytest.mark.parametrize(
    "name, real, fake, generator",
    [
        ("non_saturating", np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0)), np.log1p(np.exp(-2.0))),
        ("minimax", np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0)), -np.log1p(np.exp(2.0))),
        ("least_squares", 1.0, 4.0, 1.0),
        ("hinge", 0.0, 3.0, -2.0),
        ("wasserstein", -2.0, 2.0, -2.0),
    ],
)
def test_losses_at_a_score_of_two(name, real, fake, generator):
    row, score = OBJECTIVES[name], tf.constant(2.0)
    assert_allclose([row.real(score), row.fake(score)], [real, fake], rtol=1e-6)
    assert_allclose(row.generator(score), generator, rtol=1e-6)


@pytest.mark.parametrize("name", ["non_saturating", "minimax"])
def test_best_score_is_the_log_ratio_of_the_densities(name):
    # D* = P / (P + Q), which as a raw score is log(P / Q).
    row, p, q = OBJECTIVES[name], 0.3, 0.1
    score = tf.Variable(np.log(p / q))
    with tf.GradientTape() as tape:
        loss = p * row.real(score) + q * row.fake(score)
    assert_allclose(tape.gradient(loss, score), 0.0, atol=1e-12)


@pytest.mark.parametrize("row", OBJECTIVES.values(), ids=lambda row: row.name)
@pytest.mark.parametrize("term", ["real", "fake", "generator"])
def test_finite_with_finite_gradients(row, term):
    scores = tf.Variable([-200.0, -50.0, -1.0, 0.5, 50.0, 200.0])
    with tf.GradientTape() as tape:
        values = getattr(row, term)(scores)
    assert np.isfinite(values).all()
    assert np.isfinite(tape.gradient(values, scores)).all()


def test_only_minimax_saturates():
    # At a discriminator that is sure of a generated image, only minimax gives next to no gradient.
    score = tf.Variable(-20.0)
    for name, row in OBJECTIVES.items():
        with tf.GradientTape() as tape:
            loss = row.generator(score)
        strength = abs(float(tape.gradient(loss, score)))
        assert (strength < 1e-6) == (name == "minimax"), name


def test_a_row_that_reduces_its_scores_is_refused():
    with pytest.raises(ValueError, match="fake of objective bad must work score by score"):
        Objective(name="bad", real=tf.abs, fake=tf.reduce_mean, generator=tf.abs, reference="")


def test_perfect_labels_are_the_objective_itself():
    assert labelled(NON_SATURATING) is NON_SATURATING
    assert labelled(NON_SATURATING, flipped_labels=0.1) is NON_SATURATING
