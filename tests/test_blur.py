"""The experiment on blur: what is known exactly of lines, and what it measures of photographs."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps.experiments import blur


def test_all_lines_reduce_to_one_gray():
    lines = blur.lines()
    assert len({picture.tobytes() for picture in lines}) == len(lines) == 8
    cells = lines.reshape(8, 4, blur.SCALE, 4, blur.SCALE).mean(axis=(2, 4))
    assert_array_equal(cells, np.full_like(cells, -0.5))


def test_one_of_them_costs_twice_the_squared_error_of_the_mean():
    found = blur.exact()
    # A quarter of the pixels is light: variance 1/4 x 3/4.
    assert found["mean"] == {"squared": 3 / 16, "absolute": 3 / 8}
    assert found["median"] == {"squared": 1 / 4, "absolute": 1 / 4}
    assert found["one of them"] == {"squared": 3 / 8, "absolute": 3 / 8}


def test_nothing_is_cheaper_than_mean_and_median():
    random = np.random.RandomState(0)
    possible = (blur.lines() + 1) / 2
    best = blur.exact()
    for _ in range(100):
        other = blur.costs(random.uniform(0, 1, possible.shape[1:]), possible)
        assert other["squared"] > best["mean"]["squared"]
        assert other["absolute"] > best["median"]["absolute"]


def test_what_is_measured_is_not_learned_from():
    (images, sources), (true, given) = blur.photographs()
    assert images.shape[1:] == true.shape[1:] == (96, 96, 3)
    assert sources.shape[1:] == given.shape[1:] == (24, 24, 3)
    # No row of a square that is measured is in one that is learned from.
    learned = {row.tobytes() for square in images for row in square[:, :24].reshape(-1, 72)}
    measured = [row.tobytes() for square in true for row in square[:, :24].reshape(-1, 72)]
    assert not learned & set(measured)


def test_what_is_true_is_right_and_grain_is_no_detail(monkeypatch):
    monkeypatch.setattr(blur, "PATCHES", 16)
    _, (true, _) = blur.photographs()
    noise = np.random.RandomState(0).randint(-20, 21, true.shape)
    grain = np.clip(true + noise, 0, 255).astype(np.uint8)
    found = blur.measured({"true": true, "grain": grain})
    assert_allclose(found["true"]["sharpness"], 1.0)
    assert found["grain"]["sharpness"] > 1.2
    assert found["grain"]["finest"] > 1.5 * found["true"]["finest"]
