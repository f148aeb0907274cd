"""The objectives at analytic points, and as the gradients they give."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from models.losses import (
    CLASSIFIER_OBJECTIVES,
    NON_SATURATING,
    OBJECTIVES,
    Objective,
    attribute_cross_entropy,
    half_labelled,
    labelled,
)

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


SIZES = (3, 2)
LOGITS = tf.random.stateless_normal((4, 10), (1, 2))
# Hair and eyes of four images, the eyes of the last left open.
SHOWN = tf.constant(
    [[1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [0, 0, 1, 1, 0], [1, 0, 0, 0, 0]], tf.float32
)


def test_values_of_a_slot_that_are_real_come_before_those_that_are_generated():
    real, generated = (half_labelled(SHOWN, SIZES, half).numpy() for half in (0, 1))
    assert_array_equal(real[0], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    assert_array_equal(generated[0], [0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    assert_array_equal(real[3], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    assert_array_equal(real.sum(axis=1), [2, 2, 2, 1])
    assert_array_equal(generated.sum(axis=1), [2, 2, 2, 1])


def test_a_discriminative_classifier_that_knows_nothing_pays_the_logarithm_of_all_its_values():
    row, nothing = CLASSIFIER_OBJECTIVES["adc"], tf.zeros((4, 10))
    # Three images of two slots and one of one, real and generated: 2 x (4 log 6 + 3 log 4) / 4.
    paid = row.discriminator(nothing, nothing, SHOWN, SHOWN, SIZES)
    assert_allclose(paid, (4 * np.log(6) + 3 * np.log(4)) / 2, rtol=1e-6)
    assert_allclose(row.generator(nothing, SHOWN, SIZES), 0.0, atol=1e-6)


def test_what_a_generator_pays_a_discriminative_classifier_is_a_difference_of_two_logits():
    # The softmax is over both halves, so that its sum falls out.
    logits, shown = LOGITS.numpy(), SHOWN.numpy()
    differences = np.concatenate(
        [logits[:, 3:6] - logits[:, 0:3], logits[:, 8:10] - logits[:, 6:8]], axis=1
    )
    expected = (differences * shown).sum(axis=1).mean()
    paid = CLASSIFIER_OBJECTIVES["adc"].generator(LOGITS, SHOWN, SIZES)
    assert_allclose(paid, expected, rtol=1e-4)


def test_at_the_best_discriminative_classifier_a_generator_pays_the_divergence():
    # Joint densities over two images and one slot of three values; logits are free at each image.
    p = np.array([[0.30, 0.05, 0.15], [0.10, 0.25, 0.15]])
    q = np.array([[0.05, 0.35, 0.10], [0.20, 0.05, 0.25]])
    best = np.log(np.concatenate([p, q], axis=1))
    row, values = CLASSIFIER_OBJECTIVES["adc"], np.eye(3, dtype=np.float32)

    def mean(density, cost):
        return sum(
            density[x, y] * float(cost(tf.constant(logits[None], tf.float32), values[y][None]))
            for x, logits in enumerate(best)
            for y in range(3)
        )

    paid = mean(q, lambda logits, value: row.generator(logits, value, (3,)))
    assert_allclose(paid, (q * np.log(q / p)).sum(), rtol=1e-5)
    # It is the best one: no slope of what it pays itself.
    logits = tf.Variable(best)
    with tf.GradientTape() as tape:
        log_values = tf.nn.log_softmax(logits, axis=1)
        loss = -tf.reduce_sum(np.concatenate([p, q], axis=1) * log_values)
    assert_allclose(tape.gradient(loss, logits), 0.0, atol=1e-12)


def test_a_classifier_of_real_images_alone_hears_nothing_of_generated_ones():
    row = CLASSIFIER_OBJECTIVES["ac"]
    real, fake = LOGITS[:, :5], tf.Variable(LOGITS[:, 5:])
    with tf.GradientTape() as tape:
        paid = row.discriminator(real, fake, SHOWN, SHOWN, SIZES)
    assert tape.gradient(paid, fake) is None
    assert_allclose(paid, attribute_cross_entropy(real, SHOWN, SIZES))
    assert_allclose(row.generator(fake, SHOWN, SIZES), attribute_cross_entropy(fake, SHOWN, SIZES))
