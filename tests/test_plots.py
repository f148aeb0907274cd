"""The plots' room: one style, that is put on and taken off, and files that numbers alone decide."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from gan_apps import plots


def test_equal_numbers_give_equal_files(tmp_path):
    for name in ("a.png", "b.png"):
        with plots.drawing(tmp_path / name, width=2.0) as (_, ((axes,),)):
            axes.plot([0, 1], [1, 0], **plots.line(2))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]
    first, second = [], []
    for found in (first, second):
        with plots.figure(width=2.0, style=plots.SMALL) as (figure, ((axes,),)):
            axes.plot([0, 1], [1, 0])
            axes.set_title("a < b")
            found.append(plots.svg(figure))
    assert first == second
    # Letters are letters, not outlines.
    assert b"a &lt; b</text>" in first[0]


def test_a_figure_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with plots.drawing(tmp_path / "a.png"):
            raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("style", [{}, {"style": plots.SMALL}])
def test_the_style_is_on_inside_a_figure_only(style):
    before = dict(matplotlib.rcParams)
    with plots.figure(width=2.0, **style) as (_, ((axes,),)):
        assert not axes.spines["top"].get_visible()
        assert matplotlib.rcParams["font.size"] == (9 if style else 13)
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.pyplot.get_fignums() == []


def test_lines_differ_without_their_colours():
    lines = [plots.line(number) for number in range(8)]
    for part in ("color", "linestyle", "marker"):
        assert len({line[part] for line in lines}) == 8
    assert plots.line(8) == lines[0]
    assert "marker" not in plots.line(1, markers=False) and "marker" in plots.line(1)


def test_axes_of_shares_and_counts():
    with plots.figure(width=4.0) as (figure, ((axes,),)):
        axes.set(xlim=(0, 24000), ylim=(0, 1))
        plots.counts_along(axes.xaxis)
        plots.shares_along(axes.yaxis)
        figure.canvas.draw()
        assert "12k" in [label.get_text() for label in axes.get_xticklabels()]
        assert "60%" in [label.get_text() for label in axes.get_yticklabels()]


def test_an_animation_holds_its_frames(tmp_path):
    frames = []
    for place in range(3):
        with plots.figure(width=2.0, height=1.0) as (figure, ((axes,),)):
            axes.plot([0, place], [0, 1])
            frames.append(plots.pixels(figure))
    assert frames[0].shape == (120, 240, 3) and frames[0].dtype == np.uint8
    plots.write_animation(tmp_path / "a.gif", frames, seconds_per_frame=0.1, seconds_at_end=1.0)
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 3 and image.info["loop"] == 0 and image.info["duration"] == 100
        image.seek(2)
        assert image.info["duration"] == 1000
