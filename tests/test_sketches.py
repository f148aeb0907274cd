"""Sketches: thin lines where a picture is darker than around, the same bit for bit everywhere."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gan_apps.drawing import runtimes
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.serving import litert
from models import sketches

LINE, PAPER = -1.0, 1.0


def signed(levels):
    """uint8 levels [n, h, w, c] as pictures."""
    return np.asarray(levels, np.float32) / np.float32(127.5) - np.float32(1.0)


def smooth_noise(count, side=32, seed=0):
    """Pictures with structure of every size."""
    random = np.random.RandomState(seed)
    total = np.zeros((count, side, side, 3))
    for size in (4, 8, 16, 32):
        total += random.rand(count, size, size, 3).repeat(side // size, 1).repeat(side // size, 2)
    return np.round(total / 4 * 255)


def drawn(levels):
    return np.asarray(sketches.sketch(signed(levels)))


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_flat_picture_is_white_paper(level):
    assert_array_equal(drawn(np.full((1, 16, 20, 3), level)), np.full((1, 16, 20, 1), PAPER))


@pytest.mark.parametrize("across", [0, 1])
@pytest.mark.parametrize("width", [1, 2])
def test_a_stroke_of_the_pen_is_one_line_where_it_is(across, width):
    levels = np.full((1, 24, 24, 1), 230)
    levels[:, :, 11 : 11 + width] = 40
    found = drawn(levels if across else levels.swapaxes(1, 2))
    found = found if across else found.swapaxes(1, 2)
    is_line = found[0, :, :, 0] == LINE
    assert is_line.any(axis=1).all()
    assert np.flatnonzero(is_line.any(axis=0)).tolist() in ([11], [10 + width])


def test_a_slanting_stroke_is_one_connected_line():
    rows, columns = np.mgrid[:24, :24]
    levels = np.where(abs(rows - columns) <= 1, 40, 230)[None, :, :, None]
    is_line = drawn(levels)[0, :, :, 0] == LINE
    assert is_line.diagonal()[2:-2].all() and is_line.sum() <= 2 * 24


def test_an_edge_is_a_line_on_its_darker_side():
    levels = np.full((1, 24, 24, 1), 200)
    levels[:, :, 12:] = 90
    is_line = (drawn(levels)[0, :, :, 0] == LINE).all(axis=0)
    assert np.flatnonzero(is_line).tolist() == [13]


def test_a_line_that_fades_goes_on_as_far_as_its_reach():
    levels = np.full((1, 24, 60, 1), 200)
    # Of a line one pixel wide the two smoothings leave 1/2 and 70/256.
    levels[0, 12, :, 0] = 200 - np.round(np.linspace(60, 14, 60))
    depths = (200 - levels[0, 12, :, 0]) * (1 / 2 - 70 / 256)
    first_faint = np.flatnonzero(depths < sketches.BEGINS)[0]
    assert (depths[first_faint:] > sketches.GOES_ON).all()
    is_line = drawn(levels)[0, 12, :, 0] == LINE
    assert abs(np.flatnonzero(~is_line)[0] - (first_faint + sketches.REACH)) <= 1
    assert not is_line[first_faint + sketches.REACH + 1 :].any()
    # Where none begins there is none.
    assert (drawn(levels[:, :, first_faint + 1 :]) == PAPER).all()


def test_lines_are_thin():
    is_line = drawn(smooth_noise(8))[..., 0] == LINE
    assert 0.05 < is_line.mean() < 0.4
    # Nowhere 3 x 3 pixels of line.
    whole = np.ones_like(is_line[:, :-2, :-2])
    for down in range(3):
        for right in range(3):
            whole &= is_line[:, down : down + 30, right : right + 30]
    assert not whole.any()


def test_strong_colours_are_dark():
    levels = np.full((1, 24, 24, 3), 255)
    # Yellow, which is nearly as light as white.
    levels[:, :, 11:13, 2] = 60
    assert (drawn(levels) == LINE).any()


def test_a_picture_has_one_sketch_whatever_else_is_drawn():
    levels = smooth_noise(5)
    alone = np.concatenate([drawn(levels[place : place + 1]) for place in range(5)])
    assert_array_equal(drawn(levels), alone)
    # Rounding on the way to [-1, 1] is none of its business.
    assert_array_equal(np.asarray(sketches.sketch(signed(levels) + 1e-6)), alone)


@pytest.mark.parametrize("kind", sketches.SOURCES)
def test_litert_sketches_bit_for_bit(kind, tmp_path):
    levels = smooth_noise(5, seed=1)
    draw = Draw(
        network={"class": "a.B", "config": {}},
        shape=(32, 32, 3),
        pictures=Pictures(column="sources", shape=(32, 32, 1), made_by=kind),
    )
    litert.write_sketch(tmp_path / "sketch.tflite", draw)
    runner = runtimes.litert_sketch(tmp_path / "sketch.tflite", draw)
    ours = np.asarray(sketches.SOURCES[kind](signed(levels)))
    theirs = runner(signed(levels))
    assert len(np.unique(ours)) > 1
    if kind == "edges":
        assert_array_equal(theirs, ours)
    else:
        assert_array_equal(*(np.round((one + 1.0) * 127.5) for one in (theirs, ours)))


def test_gray_is_the_luma_in_the_levels_of_a_file():
    levels = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]])[None, None]
    found = (np.asarray(sketches.gray(signed(levels))) + 1.0) * 127.5
    np.testing.assert_allclose(found[0, 0, :, 0], [76, 150, 29, 18], atol=1e-4)
    gray = signed(levels[..., :1])
    assert sketches.gray(gray) is gray
