"""gan_apps.ppgn as a command: what it draws, and what it refuses. --like as one."""

import numpy as np
import pytest
from PIL import Image

from gan_apps import ppgn
from gan_apps.evaluation import classifiers
from gan_apps.runs import run_dir
from tests.conftest import ROOT, run_here

SHIPPED = ROOT / "checkpoints"


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"step_size": 0.0}, "step_size must be greater than 0, got 0.0"),
        ({"noise_scale": -1.0}, "noise_scale must be at least 0"),
        ({"digit": "9", "label": "b"}, "label=b means nothing with --digit=9"),
        ({"num_images": 0}, "num_images must be at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        ppgn.Config(**settings)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--digit=9", "--steps=0"], ["--steps must be at least 1, got 0"]),
        ([f"--run_dir={SHIPPED / 'pix2pix_faces'}"], ["--run_dir=", "draws from pictures"]),
    ],
    ids=str,
)
def test_what_needs_no_search_is_refused_at_once(refused, arguments, words):
    line = refused("ppgn", *arguments)
    assert all(word in line for word in words)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ["--digit=9", f"--judge={SHIPPED / 'classifier_anime'}"],
            ["--judge=", "classifier_anime: looks at 64x64x3 pictures, and", "draws 28x28x1"],
        ),
        (["--digit=9", "--judge=gone"], ["--judge=gone", "classifier is missing"]),
        (["--digit=nine"], ["--digit=nine", "'nine'", "digits 0 to 9"]),
        (["--label=boots"], ["--label=boots", "the judge reads", "ask with --digit"]),
        (["--prompt=teal hair"], ["--prompt=teal hair", "'teal hair' is not known"]),
        ([f"--run_dir={SHIPPED / 'dcgan_faces'}", "--digit=1"], ["--judge: no shipped classifier"]),
        (
            [
                f"--run_dir={SHIPPED / 'dcgan_faces'}",
                f"--judge={SHIPPED / 'classifier_anime'}",
            ],
            ["--prompt: say what to search for", "blue"],
        ),
        (["--digit=9", "--output=gone/a.png"], ["--output=gone/a.png", "does not exist"]),
    ],
    ids=str,
)
def test_what_a_judge_cannot_be_asked_is_refused(refused, tmp_path, arguments, words):
    line = refused("ppgn", *arguments)
    assert all(word in line for word in words)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder with nines and fours, and how a nine came about."""
    folder = tmp_path_factory.mktemp("ppgn")
    for arguments in (
        ("--digit=9,4", "--num_images=6"),
        ("--digit=9", "--num_images=2", "--output=way.gif", "--steps=20"),
    ):
        result = run_here("ppgn", *arguments, cwd=folder)
        assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.slow
def test_digits_are_drawn_by_number(drawn):
    with Image.open(drawn / "digits_9_4_found.png") as image:
        zoom = image.width // (6 * 28)
        pixels = np.asarray(image)[::zoom, ::zoom]
    rows = pixels.reshape(2, 28, 6, 28).swapaxes(1, 2)
    judge = classifiers.load(run_dir.shipped("classifier_mnist"))
    read = judge.judged(rows.reshape(-1, 28, 28, 1))[0].argmax(axis=1)
    assert (read == np.repeat([9, 4], 6)).mean() >= 11 / 12
    # No two are one picture.
    assert len({one.tobytes() for one in rows.reshape(-1, 28, 28)}) == 12


@pytest.mark.slow
def test_the_way_is_an_animation(drawn):
    with Image.open(drawn / "way.gif") as animation:
        assert animation.n_frames > 10
        assert animation.width == 2 * animation.height


@pytest.mark.slow
def test_a_digit_is_found_in_a_run_and_drawn_beside_others(gan_apps, tmp_path):
    gan_apps("fgan", "--num_images=3", "--output=own")
    result = gan_apps("fgan", "--like=own/001.png", "--output=found")
    assert result.returncode == 0, result.stderr
    assert "Nearest to 001.png: pixels differ by " in result.stderr
    given, found = (
        np.asarray(Image.open(tmp_path / path), np.float32)
        for path in ("own/001.png", "found/000.png")
    )
    assert np.abs(given - found).mean() / 255.0 <= 0.02
    way = gan_apps("fgan", "--interpolate=own/000.png,own/002.png", "--frames=3")
    assert way.stdout == "fgan_digits_interpolate_000_002.png\n", way.stderr
    total = gan_apps("fgan", "--arithmetic=own/000.png - own/001.png + own/002.png")
    assert total.stdout == "fgan_digits_000_minus_001_plus_002.png\n", total.stderr


@pytest.mark.slow
def test_a_picture_is_found_in_a_run_with_labels(gan_apps, tiny_run, tmp_path):
    run = f"--run_dir={tiny_run}"
    gan_apps("cgan", run, "--digit=3", "--num_images=1", "--output=own")
    result = gan_apps("cgan", run, "--like=own/000.png")
    assert result.stdout == "like_000.png\n", result.stderr
    assert "(digit " in result.stderr
