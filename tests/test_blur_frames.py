"""Why squared error blurs the future: what is learned from, and what is measured."""

import numpy as np
from numpy.testing import assert_array_equal

from gan_apps.drawing import pictures
from gan_apps.experiments import blur_frames


def test_stretches_are_all_places_in_all_clips():
    made = np.arange(2 * 7).reshape(2, 7, 1, 1, 1) * np.ones((1, 1, 3, 3, 1))
    histories, images = blur_frames.stretches(made)
    assert histories.shape == (2 * 3, 3, 3, blur_frames.HISTORY)
    # The first places of both clips, then the second ones.
    first = np.array([0, 7, 1, 8, 2, 9])
    assert_array_equal(histories[:, 0, 0], first[:, None] + np.arange(4))
    assert_array_equal(images[:, 0, 0, 0], histories[:, 0, 0, -1] + 1)


def test_both_kinds_are_of_the_same_digits_and_of_others_to_measure_by():
    exact, again = (blur_frames.clips("exact", "test", 1) for _ in range(2))
    assert_array_equal(exact, again)
    stochastic = blur_frames.clips("stochastic", "test", 1)
    # They begin alike, and go apart at the edges.
    assert_array_equal(exact[:, 0], stochastic[:, 0])
    assert (exact[:, -1] != stochastic[:, -1]).any(axis=(1, 2, 3)).mean() > 0.9
    assert exact.shape[0] == blur_frames.MEASURED


def test_blur_is_measured_as_blur():
    _, true = blur_frames.stretches(blur_frames.clips("exact", "test", 1))
    rows = pictures.to_signed(true)
    blurred = pictures.to_bytes((rows + np.roll(rows, 1, axis=1) + np.roll(rows, 1, axis=2)) / 3)
    itself, blur = (blur_frames.measured(one, true) for one in (true, blurred))
    assert itself["sharpness"] == 1.0 and itself["psnr"] == 100.0
    assert blur["sharpness"] < 0.8 and blur["psnr"] < 30.0
    assert blur["finest"] > 2.0 * itself["finest"]
