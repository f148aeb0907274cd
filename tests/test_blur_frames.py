"""Why squared error blurs the future: what is learned from, what is measured, and the whole."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gan_apps.drawing import pictures
from gan_apps.experiments import blur_frames
from gan_apps.experiments.findings import Options


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


@pytest.mark.slow
def test_the_whole_at_its_quick_size(tmp_path):
    findings = blur_frames.run(Options(quick=True), tmp_path)
    assert set(findings.results) == set(blur_frames.KINDS)
    for found in findings.results.values():
        assert set(found) == {"squared error", "adversarial error", "the last frame again", "true"}
        assert found["true"]["sharpness"] == 1.0
        assert all(np.isfinite(list(one.values())).all() for one in found.values())
    assert [len(table.rows) for table in findings.tables] == [4, 4]
    for figure in findings.figures:
        assert (tmp_path / figure.file).stat().st_size > 5000
    assert "reads" in findings.answer
