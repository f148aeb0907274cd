"""Codes among latents: their law, what reads them, and what they have come to mean."""

import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.optimize
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps.evaluation import meanings, neighbours
from models import codes

KINDS = (3, 1, 2)
RANDOM = np.random.RandomState(0)


def drawn(count):
    return codes.drawn(KINDS, tf.random.stateless_uniform((count, 3), (0, 1))).numpy()


def test_values_are_alike_likely_and_numbers_uniform():
    rows = drawn(20_000)
    assert rows.shape == (20_000, 6)
    for first, kind in ((0, 3), (4, 2)):
        own = rows[:, first : first + kind]
        assert set(np.unique(own)) == {0.0, 1.0}
        assert_array_equal(own.sum(axis=1), 1.0)
        assert_allclose(own.mean(axis=0), 1.0 / kind, atol=0.015)
    number = np.sort(rows[:, 3])
    assert_allclose(number, np.linspace(-1.0, 1.0, len(number)), atol=0.03)
    # They know nothing of each other.
    assert abs(np.corrcoef(rows[:, 0], rows[:, 3])[0, 1]) < 0.03


def test_agreement_is_how_alike_a_code_is_read_of_pictures_and_of_changed_ones():
    # Certain, alike and each value as often: log 3 of the first code, log 2 of the last.
    certain = np.zeros((6, 6), np.float32)
    certain[np.arange(6), np.arange(6) % 3] = 60.0
    certain[np.arange(6), 4 + np.arange(6) % 2] = 60.0
    most = codes.INFORMED * codes.FREQUENT
    found = codes.agreements(KINDS, certain, certain, False)
    assert_allclose(found, most * np.log([3.0, 2.0]), rtol=1e-5)
    # Who says the same of all pictures tells nothing of them.
    same = np.repeat(certain[:1], 6, axis=0)
    assert_allclose(codes.agreements(KINDS, same, same, False), 0.0, atol=1e-6)
    # The formula itself, in NumPy.
    said, changed = RANDOM.standard_normal((2, 50, 6)).astype(np.float32)
    q, p = (
        np.exp(one[:, :3]) / np.exp(one[:, :3]).sum(1, keepdims=True) for one in (said, changed)
    )
    mean = q.mean(axis=0)
    spread = -(mean * np.log(mean)).sum()
    unsure = -(q * np.log(q)).sum(axis=1).mean()
    apart = (q * np.log(q / p)).sum(axis=1).mean()
    expected = -apart + codes.INFORMED * (codes.FREQUENT * spread - unsure)
    assert_allclose(codes.agreements(KINDS, said, changed, False)[0], expected, rtol=1e-4)
    # One that a change turns round costs more than it tells.
    assert codes.agreements(KINDS, certain, np.roll(certain, 1, axis=0), False)[0] < -10.0


def test_what_is_read_of_pictures_does_not_learn_from_what_is_read_of_changed_ones():
    said, changed = (tf.Variable(one) for one in RANDOM.standard_normal((2, 50, 6)).astype("f4"))

    def slopes(of_changed):
        with tf.GradientTape() as tape:
            told = tf.add_n(codes.agreements(KINDS, said, of_changed, False))
        return tape.gradient(told, [said, changed])

    ours, theirs = slopes(changed)
    assert_allclose(ours, slopes(tf.constant(np.roll(changed, 1, axis=0)))[0], atol=1e-7)
    assert np.abs(theirs[:, :3]).max() > 1e-3
    # The number's, which is read of pictures as they are.
    assert not np.abs(theirs[:, 3]).any()


def test_a_number_just_below_one_is_the_last_value():
    assert_array_equal(
        codes.drawn((3,), tf.constant([[np.nextafter(np.float32(1), np.float32(0))]])),
        [[0.0, 0.0, 1.0]],
    )


@pytest.mark.parametrize("learned", [False, True])
def test_what_is_said_of_codes_is_a_density(learned):
    said = RANDOM.standard_normal((1, sum(codes.sizes(KINDS, learned)))).astype(np.float32)

    def likelihoods(rows):
        return np.exp(
            codes.log_posteriors(KINDS, np.repeat(said, len(rows), axis=0), rows, learned)
        )

    rows = np.zeros((3, 6), np.float32)
    rows[:, :3], rows[:2, 4:] = np.eye(3), np.eye(2)
    first, _, last = likelihoods(rows)
    assert_allclose((first.sum(), last[:2].sum()), 1.0, rtol=1e-5)
    # Of a number over the line.
    x = np.linspace(-30.0, 30.0, 60_001, dtype=np.float32)
    rows = np.zeros((len(x), 6), np.float32)
    rows[:, 3] = x
    assert_allclose(likelihoods(rows)[1].sum() * (x[1] - x[0]), 1.0, rtol=1e-3)


def test_the_bound_is_the_entropy_where_the_posterior_is_exact():
    """An invertible generator: the picture is the code, so that it can be read back.

    H(c) + E[log q(c|x)] is then the information itself, H(c) for values: log n.
    """
    rows = drawn(500)
    # As sure as can be of each value; a number with a deviation that falls.
    for log_deviation in (-1.0, -3.0):
        said = np.concatenate(
            [
                40.0 * rows[:, :3],
                rows[:, 3:4],
                np.full((500, 1), log_deviation),
                40.0 * rows[:, 4:],
            ],
            axis=1,
        ).astype(np.float32)
        found = codes.log_posteriors(KINDS, said, rows, True)
        pairs = zip(KINDS, found, strict=True)
        bounds = [codes.entropy(kind) + float(np.mean(one)) for kind, one in pairs]
        assert_allclose(bounds[0], math.log(3.0), atol=1e-6)
        assert_allclose(bounds[2], math.log(2.0), atol=1e-6)
        # log 2 - log(s sqrt(2 pi)): a number can be known ever better.
        expected = math.log(2.0) - log_deviation - 0.5 * math.log(2.0 * math.pi)
        assert_allclose(bounds[1], expected, rtol=1e-5)
    # Who knows nothing gains nothing.
    found = codes.log_posteriors((3,), np.zeros((500, 3), np.float32), rows[:, :3], True)
    assert_allclose(codes.entropy(3) + np.mean(found), 0.0, atol=1e-6)


def test_the_mean_of_what_is_said():
    said = np.array([[0.0, math.log(3.0), 1.7, 0.3, 5.0, 5.0]], np.float32)
    assert_allclose(codes.expected((2, 1, 2), said, True), [[0.25, 0.75, 1.0, 0.5, 0.5]], rtol=1e-6)


def test_what_is_no_kind_of_a_code_is_refused():
    codes.refuse((1, 2, 10))
    for odd in (0, -1, 2.0):
        with pytest.raises(ValueError, match=f"codes must be whole numbers .* got {odd}"):
            codes.refuse((10, odd))


def test_values_are_matched_with_labels_one_to_one():
    labels = np.repeat(np.arange(4), 50)
    names = np.array([2, 0, 3, 1])
    # Value v is the label names[v], in nine of ten images.
    values = np.argsort(names)[labels]
    values[::10] = RANDOM.randint(0, 4, 20)
    assert_array_equal(meanings.matched(values, labels, 4, 4), names)
    # Two values of one label: the larger one has it, the other takes what nobody needs.
    found = meanings.matched(np.array([0] * 6 + [1] * 5 + [1]), np.array([0] * 11 + [1]), 2, 2)
    assert_array_equal(found, [0, 1])
    # A value too many is no label.
    found = meanings.matched(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1]), 3, 2)
    assert sorted(found) == [-1, 0, 1] and found[2] == 1


@pytest.mark.parametrize("num_values, num_labels", [(10, 10), (4, 7), (7, 4), (1, 3)])
def test_a_match_is_the_best_that_there_is(num_values, num_labels):
    for _ in range(20):
        values, labels = RANDOM.randint(0, num_values, 60), RANDOM.randint(0, num_labels, 60)
        counts = np.zeros((num_values, num_labels))
        np.add.at(counts, (values, labels), 1)
        found = meanings.matched(values, labels, num_values, num_labels)
        named = found[found >= 0]
        assert len(named) == len(set(named)) == min(num_values, num_labels)
        best = counts[scipy.optimize.linear_sum_assignment(counts, maximize=True)].sum()
        assert np.sum(found[values] == labels) == best


def test_codes_of_pictures_are_looked_at_by_their_place():
    rows = drawn(50)
    logits = RANDOM.standard_normal((50, 7)).astype(np.float32)
    one = meanings.Codes((1, 3, 2), True, rows, said=lambda images: logits)
    assert one.place == 1
    # Of codes themselves, and of what is said of them, a number of which is two.
    assert_array_equal(one.values(rows), rows[:, 1:4].argmax(axis=1))
    assert_array_equal(one.values(logits), logits[:, 2:5].argmax(axis=1))
    assert [*one.numbers()] == [1]
    assert_array_equal(one.numbers()[1], rows[:, 0])
    assert one.bounds(None).shape == (3, 50)


def bar(width=3, turn=0.0):
    """A picture of an upright bar, 40 pixels high, whose top is moved by `turn` a row."""
    y, x = np.mgrid[:64, :64]
    inside = (np.abs(x - 32 - turn * (32 - y)) <= width / 2) & (np.abs(y - 32) <= 20)
    smooth = scipy.ndimage.gaussian_filter(255.0 * inside, 0.7)
    return np.round(smooth).astype(np.uint8)[None, ..., None]


def test_slant_is_the_shift_for_each_row_upwards():
    for turn in (-0.5, 0.0, 0.25):
        assert_allclose(meanings.slant(bar(turn=turn)), turn, atol=0.02)


def test_stroke_width_is_in_pixels():
    for width in (3, 5, 9):
        # 2 area / outline of a bar: w h / (w + h), ends and all.
        expected = width * 41 / (width + 41)
        assert_allclose(meanings.stroke_width(bar(width=width)), expected, rtol=0.12)
    widths = [meanings.stroke_width(bar(width=width))[0] for width in (3, 5, 7, 9)]
    assert np.all(np.diff(widths) > 1.0)


def test_an_empty_picture_has_no_slant_and_no_width():
    empty = np.zeros((2, 8, 8, 1), np.uint8)
    assert_array_equal(meanings.slant(empty), 0.0)
    assert_array_equal(meanings.stroke_width(empty), 0.0)


def test_labels_of_the_nearest_are_those_of_a_search():
    points, others = (RANDOM.standard_normal((n, 5)).astype(np.float32) for n in (300, 700))
    labels = RANDOM.randint(0, 9, 300)
    distances = np.square(others[:, None] - points[None]).sum(axis=2)
    found = neighbours.labels_by_nearest(points, labels, others)
    assert_array_equal(found, labels[distances.argmin(axis=1)])
