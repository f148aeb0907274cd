"""Whether a copy would be seen."""

import numpy as np
import pytest
from PIL import Image

from gan_apps.drawing import pictures
from gan_apps.evaluation import neighbours

RANDOM = np.random.RandomState(0)
REAL = RANDOM.randint(0, 256, (700, 16, 16, 3)).astype(np.uint8)


def test_a_copy_and_a_mirrored_copy_are_found():
    images = np.stack([REAL[650], REAL[3][:, ::-1]])
    distances = neighbours.squared_distances(images, REAL)
    assert distances.shape == (2, 700)
    assert distances.argmin(axis=1).tolist() == [650, 3]
    np.testing.assert_allclose(distances.min(axis=1), 0.0, atol=1.0)
    others = np.delete(distances[0], 650)
    # Of two random images: the root of 16 * 16 * 3 * 2 * 255**2 / 12.
    np.testing.assert_allclose(
        np.sqrt(others.mean()), (16 * 16 * 6 * 255**2 / 12) ** 0.5, rtol=0.05
    )


def test_distances_are_in_gray_levels():
    real = np.full((4, 32, 32, 1), 100, np.uint8)
    assert neighbours.nearest_distance(real[:2] + 7, real) == pytest.approx(7.0)
    assert neighbours.nearest_distance(real[:2], real) == 0.0


def test_the_sheet_has_each_picture_before_its_nearest():
    images = REAL[:20].copy()
    sheet = neighbours.sheet(images, REAL)
    assert sheet.shape == (12 * 16, 6 * 16, 3)
    cells = pictures.cells(sheet, 6, (16, 16))
    np.testing.assert_array_equal(cells[:, 0], images[:12])
    np.testing.assert_array_equal(cells[:, 1], images[:12])
    assert (cells[:, 2] != images[:12]).any(axis=(1, 2, 3)).all()


def test_evaluate_draws_the_sheet(gan_apps, tiny_run, tmp_path):
    import shutil

    run = shutil.copytree(tiny_run, tmp_path / "run")
    asked = ["--num_images=100", "--nearest=nearest.png"]
    result = gan_apps("evaluate", f"--run_dir={run}", *asked)
    assert result.returncode == 0, result.stderr
    assert "distance to the nearest training image" in result.stdout
    with Image.open(tmp_path / "nearest.png") as image:
        assert image.size[0] % (6 * 28) == 0 and image.size[1] % (12 * 28) == 0


@pytest.mark.parametrize("name", ["sheet.jpg", "absent/sheet.png"])
def test_a_sheet_without_a_place_is_refused(refused, tiny_run, name):
    assert f"--nearest={name}" in refused("evaluate", f"--run_dir={tiny_run}", f"--nearest={name}")
