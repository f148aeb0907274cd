"""What a VAE takes for the same: three changes at one squared error, and what they do."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps.data import sources
from gan_apps.experiments import vae_problem
from gan_apps.experiments.vae_problem import BLURRED, CHANGES, MOVED, SPECKED


@pytest.fixture(scope="module")
def digits():
    return sources.load("digits", "test").images[:40] / 127.5 - 1.0


@pytest.fixture(scope="module")
def changed(digits):
    return vae_problem.changed(digits, np.random.default_rng(0))


def test_all_changes_are_equally_far(digits, changed):
    assert tuple(changed) == CHANGES
    errors = {name: vae_problem.squared_error(one, digits) for name, one in changed.items()}
    assert errors[MOVED].min() > 10.0
    for name in (SPECKED, BLURRED):
        assert_allclose(errors[name], errors[MOVED], rtol=1e-9)
    for one in changed.values():
        assert one.min() >= -1.0 and one.max() <= 1.0


def test_what_is_moved_is_the_digit(digits, changed):
    assert_array_equal(changed[MOVED][:, :, 1:], digits[:, :, :-1])
    assert_array_equal(changed[MOVED][:, :, 0], -1.0)


def test_specks_are_on_black_and_as_few_as_can_be(digits, changed):
    lit = changed[SPECKED] != digits
    assert_array_equal(digits[lit], -1.0)
    errors = vae_problem.squared_error(changed[MOVED], digits)
    assert_array_equal(lit.sum(axis=(1, 2, 3)), np.ceil(errors / 4.0))


def test_a_blur_keeps_the_ink_and_loses_contrast(digits):
    # With room around them, so that nothing is blurred out of the picture.
    roomy = np.pad(digits, [(0, 0), (20, 20), (20, 20), (0, 0)], constant_values=-1.0)
    errors = vae_problem.squared_error(vae_problem.moved(roomy), roomy)
    blurred = vae_problem.blurred(roomy, errors)
    ink = [(one + 1.0).sum(axis=(1, 2, 3)) for one in (roomy, blurred)]
    assert_allclose(ink[1], ink[0], rtol=1e-9)
    assert np.all(blurred.std(axis=(1, 2, 3)) < roomy.std(axis=(1, 2, 3)))


def test_an_error_beyond_the_strongest_blur_is_refused(digits):
    with pytest.raises(ValueError, match="8 blurs are not enough for 40 of the pictures"):
        vae_problem.blurred(digits, np.full(40, 1e6))
