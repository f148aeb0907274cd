"""Search in latent space: the closed forms of a linear generator, laws of latents, goals."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

import models
from models import search

DEVIATION = 0.7
PIXELS, SIZE = 4, 3
RANDOM = np.random.default_rng(0)
# G(z) = A z + b, and the picture that is wanted.
A = RANDOM.normal(size=(PIXELS, SIZE)).astype(np.float32)
B, TARGET = (RANDOM.normal(size=PIXELS).astype(np.float32) for _ in range(2))
# The posterior of N(0, I) latents and normal pixels.
PRECISION = np.eye(SIZE) + A.T @ A / DEVIATION**2
MEAN = np.linalg.solve(PRECISION, A.T @ (TARGET - B) / DEVIATION**2)


def linear(inputs):
    """float32 [n, 2, 2, 1]."""
    return tf.reshape(inputs["latents"] @ A.T + B, (-1, 2, 2, 1))


def asked(count):
    return {"targets": tf.tile(TARGET.reshape(1, 2, 2, 1), (count, 1, 1, 1))}


def last(path):
    *_, (latents, _) = path
    return latents.numpy()


@pytest.fixture(scope="module")
def found():
    return search.Search(linear, search.like(DEVIATION), search.Prior(SIZE))


@pytest.fixture(scope="module")
def chain(found):
    """A function that gives where Langevin steps from 0 end."""
    return functools.partial(_ended, found)


def _ended(found, step, steps, count, noise_scale=1.0, **options):
    starts = tf.zeros((count, SIZE))
    schedule = search.steady(steps=steps, step_size=step, noise_scale=noise_scale)
    return last(found.sampled(starts, asked(count), schedule=schedule, **options))


def closed_form(step, steps):
    """Mean [d] and covariance [d, d] of the chain after so many steps from 0."""
    values, vectors = np.linalg.eigh(PRECISION)
    shrunk = 1.0 - step * values
    mean = vectors @ ((1.0 - shrunk**steps) * (vectors.T @ MEAN))
    variance = (1.0 - shrunk ** (2 * steps)) / (values * (1.0 - step * values / 2.0))
    return mean, vectors @ np.diag(variance) @ vectors.T


@pytest.mark.parametrize("steps", [3, 40])
def test_the_chain_is_its_closed_form(chain, steps):
    count = 20_000
    step = 1.0 / np.linalg.eigvalsh(PRECISION).max()
    mean, covariance = closed_form(step, steps)
    latents = chain(step, steps, count, seed=5)
    errors = np.sqrt(np.diag(covariance) / count)
    assert (np.abs(latents.mean(axis=0) - mean) < 3.0 * errors).all()
    spread = np.diag(covariance)
    # The standard error of a covariance of normal numbers.
    errors = np.sqrt((np.outer(spread, spread) + covariance**2) / count)
    assert (np.abs(np.cov(latents.T) - covariance) < 3.0 * errors).all()


def test_the_bias_halves_with_the_step(chain):
    values, vectors = np.linalg.eigh(PRECISION)
    step, count = 0.4 / values.max(), 100_000
    steepest = vectors[:, values.argmax()]
    exact = 1.0 / values.max()
    bias, halved = (
        (chain(size, 30, count, seed=1) @ steepest).var() - exact for size in (step, step / 2.0)
    )
    assert bias > 0.1 * exact
    # 2 (1 - e l / 4) / (1 - e l / 2) for a step e: 2.25 here, 2 in the limit.
    assert_allclose(bias / halved, 2.25, rtol=0.1)


def test_without_noise_the_end_is_the_maximum(chain):
    step = 1.0 / np.linalg.eigvalsh(PRECISION).max()
    assert_allclose(chain(step, 300, 2, noise_scale=0.0), [MEAN, MEAN], atol=1e-3)


def test_adam_ends_at_the_maximum(found):
    starts = tf.random.stateless_normal((4, SIZE), (0, 1))
    climbed = found.climbed(starts, asked(4), steps=200, step_size=0.2)
    assert_allclose(last(climbed), [MEAN] * 4, atol=1e-3)


def test_without_a_prior_the_goal_alone_is_climbed():
    found = search.Search(linear, search.like(1.0), None)
    starts = tf.zeros((1, SIZE))
    end = last(found.climbed(starts, asked(1), steps=250, step_size=0.2))
    alone = np.linalg.lstsq(A, TARGET - B, rcond=None)[0]
    assert_allclose(end, [alone], atol=1e-3)
    assert np.linalg.norm(alone) > np.linalg.norm(MEAN)


def test_a_seed_has_its_own_noise_and_a_key_too(chain):
    def ended(**options):
        return chain(0.05, 5, 8, **options)

    assert_allclose(ended(seed=2**32 - 1), ended(seed=2**32 - 1), rtol=0)
    apart = [ended(seed=0), ended(seed=1), ended(seed=2**31), ended(seed=0, key=[1])]
    for number, one in enumerate(apart):
        assert all(np.abs(one - other).min() > 1e-6 for other in apart[:number])


def test_a_start_has_the_same_noise_however_many_there_are(chain):
    assert_allclose(chain(0.05, 5, 3), chain(0.05, 5, 20)[:3], atol=1e-6)


def test_a_path_says_what_the_goal_says_of_each_step(found):
    starts = tf.random.stateless_normal((5, SIZE), (0, 2))
    path = list(found.sampled(starts, asked(5), schedule=search.steady(steps=3, step_size=0.02)))
    before = [starts, *(latents for latents, _ in path)]
    for latents, (_, values) in zip(before, path, strict=False):
        assert_allclose(values, found.valued(latents, asked(5), {}), rtol=1e-5)


@pytest.mark.parametrize("distribution", ["normal", "spherical", "uniform"])
def test_where_nothing_is_wanted_the_law_of_latents_stays(distribution):
    """What the last step of a chain leaves is distributed as latents are drawn."""
    count, size = 4000, 6
    key = tf.constant([3, 4])
    starts = models.game.LATENT_DISTRIBUTIONS[distribution]((count, size), key)
    nothing = search.Goal("nothing", lambda images, asked: tf.zeros_like(images[:, 0, 0, 0]))

    def draw(inputs):
        return tf.reshape(inputs["latents"], (-1, 1, 1, size))

    found = search.Search(draw, nothing, search.Prior(size, distribution))
    end = last(found.sampled(starts, {}, schedule=search.steady(steps=40, step_size=0.05)))
    # They have moved on, but for what a chain of 40 such steps remembers.
    assert abs(np.corrcoef(end.ravel(), starts.numpy().ravel())[0, 1]) < 0.25
    quantiles = np.linspace(0.02, 0.98, 25)
    assert_allclose(np.quantile(end, quantiles), np.quantile(starts.numpy(), quantiles), atol=0.06)
    if distribution == "spherical":
        assert_allclose(np.linalg.norm(end, axis=1), size**0.5, rtol=1e-5)
    if distribution == "uniform":
        assert np.abs(end).max() <= 1.0


def test_codes_stay_what_they_are():
    prior = search.Prior(8, codes=(3, 1))
    starts = tf.concat(
        [tf.zeros((2, 4)), tf.one_hot([0, 2], 3), tf.constant([[0.99], [-0.5]])], axis=1
    )
    goal = search.Goal("larger", lambda images, asked: 5.0 * tf.reduce_sum(images, axis=[1, 2, 3]))

    def draw(inputs):
        return tf.reshape(inputs["latents"], (-1, 1, 1, 8))

    schedule = search.steady(steps=9, step_size=0.01)
    end = last(search.Search(draw, goal, prior).sampled(starts, {}, schedule=schedule))
    assert_allclose(end[:, 4:7], np.eye(3)[[0, 2]])
    assert end[:, :4].mean() > 0.2
    # A number is drawn from [-1, 1], and stays there.
    assert np.abs(end[:, 7]).max() <= 1.0
    assert end[1, 7] > -0.5


def test_what_is_read_as_asked_is_a_sum_over_slots():
    sizes = (2, 3)
    logits = np.array([[0.0, np.log(3.0), 1.0, 1.0, 1.0]], np.float32)
    goal = search.read_as(lambda inputs: {"logits": tf.constant(logits)}, sizes)
    both = {"attributes": tf.constant([[0.0, 1.0, 0.0, 0.0, 1.0]])}
    assert_allclose(goal.value(None, both), [np.log(3 / 4) + np.log(1 / 3)], rtol=1e-5)
    # What is left open asks for nothing.
    one = {"attributes": tf.constant([[1.0, 0.0, 0.0, 0.0, 0.0]])}
    assert_allclose(goal.value(None, one), [np.log(1 / 4)], rtol=1e-5)


def test_a_soft_judge_is_as_steep_and_sees_all_values():
    """With softness s a value's margin over the mean of all counts, as s grows."""
    logits = np.array([[9.0, 0.0, 3.0]], np.float32)
    goal = search.read_as(lambda inputs: {"logits": tf.constant(logits)}, (3,))
    soft = {"attributes": tf.constant([[0.0, 1.0, 0.0]]), "softness": tf.constant([1e4])}
    # s log p = own - mean of all - s log 3.
    assert_allclose(goal.value(None, soft) + 1e4 * np.log(3.0), [-4.0], atol=0.02)


def test_a_weighted_sum_of_goals_is_a_goal():
    bright = search.Goal("bright", lambda images, asked: tf.reduce_mean(images, axis=[1, 2, 3]))
    images = tf.fill((2, 2, 2, 1), 0.5)
    both = 3.0 * bright + search.like(0.5)
    targets = {"targets": tf.zeros((2, 2, 2, 1))}
    # 4 pixels of .5 / .5 deviations.
    assert_allclose(both.value(images, targets), [1.5 - 2.0] * 2, rtol=1e-6)
    assert both.name == "3.0 bright + like the target"


def test_alike_to_a_judge_is_of_its_features():
    goal = search.alike_to(lambda inputs: {"features": 2.0 * inputs["images"][:, 0, 0]}, 2.0)
    images = tf.reshape(tf.constant([1.0, 2.0]), (1, 1, 1, 2))
    asked = {"target_features": tf.constant([[2.0, 0.0]])}
    assert_allclose(goal.value(images, asked), [-(0.0 + 16.0) / 8.0], rtol=1e-6)


def test_conditions_go_to_the_generator():
    def draw(inputs):
        return tf.reshape(inputs["latents"] * inputs["labels"][:, None], (-1, 1, 1, 1))

    goal = search.Goal("small", lambda images, asked: -tf.reduce_sum(images**2, axis=[1, 2, 3]))
    found = search.Search(draw, goal, None)
    schedule = search.steady(steps=1, step_size=0.25, noise_scale=0.0)
    labels = {"labels": tf.constant([0.0, 1.0])}
    path = found.sampled(tf.ones((2, 1)), {}, labels, schedule=schedule)
    assert_allclose(last(path), [[1.0], [0.5]])


def test_an_annealed_search_crosses_first_and_ends_as_the_posterior_asks():
    schedule = search.annealed(steps=8, step_size=0.1, noise_scale=0.5)
    softness, sizes, scales = zip(*schedule, strict=True)
    assert softness[:4] == (search.SOFTEST,) * 4 and list(softness) == sorted(softness)[::-1]
    assert sizes[:4] == (0.1,) * 4 and list(sizes) == sorted(sizes)[::-1]
    assert scales[4:] == (0.5,) * 4 and list(scales) == sorted(scales)
    assert_allclose(schedule[0], [search.SOFTEST, 0.1, 0.5 * search.QUIET])
    assert_allclose(schedule[-1], [search.HARDEST, 0.1 * search.SHORTENED, 0.5])
    # The shortest search has the first half alone.
    assert len(search.annealed(steps=1, step_size=0.1)) == 1
