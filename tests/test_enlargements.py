"""How enlarged photos are measured: the field's protocol, at answers known by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps.drawing import runtimes
from gan_apps.evaluation import appearance, enlargements, measures
from gan_apps.runs import run_dir
from tests.conftest import ROOT
from tests.picture_runs import scene

# Far enough from black and white to be changed.
PHOTO = scene(48) // 2 + 20


def test_the_error_is_of_luma_and_without_the_border():
    other = PHOTO.copy()
    other[4:-4, 4:-4] += 3
    # Gray levels of [0, 255] are 219 / 255 as far apart in [16, 235].
    expected = 10 * np.log10(255**2 / (3 * 219 / 255) ** 2)
    found = enlargements.compared(other, PHOTO, 4)
    assert_allclose(found["psnr"], expected, atol=1e-6)
    other[:4], other[-4:], other[:, :4], other[:, -4:] = 0, 255, 255, 0
    assert_allclose(enlargements.compared(other, PHOTO, 4)["psnr"], expected, atol=1e-6)
    # Green counts for most.
    costs = []
    for channel in range(3):
        tinted = PHOTO.copy()
        tinted[..., channel] -= 10
        costs.append(enlargements.compared(tinted, PHOTO, 4)["psnr"])
    weights = 10 ** (-np.array(costs) / 20) * 255 / 10
    assert_allclose(weights, np.array([65.481, 128.553, 24.966]) / 255, rtol=1e-6)


def test_a_gray_photo_is_as_a_coloured_one_of_the_same_grays():
    gray = PHOTO[..., 0]
    other = np.clip(gray.astype(int) + 5 * (np.indices(gray.shape).sum(0) % 2), 0, 255)
    pair = other.astype(np.uint8), gray
    ours = enlargements.compared(*pair, 4)
    theirs = enlargements.compared(*(np.dstack([one] * 3) for one in pair), 4)
    assert_allclose([*ours.values()], [*theirs.values()], rtol=1e-5)


def test_equal_photos_are_as_good_as_can_be():
    found = enlargements.compared(PHOTO, PHOTO, 4)
    assert found == {"psnr": appearance.MOST_DB, "ssim": 1.0, "sharpness": 1.0}


def test_photos_of_a_run_are_measured_by_their_set(enlarging_run, tmp_path):
    for place in ("test/One", "test/Two", "train"):
        (tmp_path / place).mkdir(parents=True)
        Image.fromarray(scene(50, seed=7)).save(tmp_path / place / "a.png")
    Image.fromarray(scene(33, 1)[..., 0]).save(tmp_path / "test" / "Two" / "gray.png")
    recipe = run_dir.read_recipe(enlarging_run)
    recipe.settings.update(scale=4, image_size=24)
    found = enlargements.measured(enlarging_run, recipe, "generator", str(tmp_path))
    assert {name: len(one["psnr"]) for name, one in found.items()} == {"One": 1, "Two": 2}
    generator = runtimes.open_generator(enlarging_run, recipe)
    photo = scene(50, seed=7)[:48, :48]
    drawn, plain = enlargements.enlargements(photo, 4, generator)
    assert_allclose(found["One"]["psnr"], enlargements.compared(drawn, photo, 4)["psnr"])
    small = Image.fromarray(photo).resize((12, 12), Image.Resampling.BICUBIC)
    bicubic = np.asarray(small.resize((48, 48), Image.Resampling.BICUBIC))
    assert_allclose(plain, bicubic)
    assert_allclose(found["One"]["plain_psnr"], enlargements.compared(bicubic, photo, 4)["psnr"])
    rows = {row.name: row for row in measures.MEASURES}
    facts = type("Facts", (), {"enlargements": found})
    assert rows["psnr_of_photos"].value(facts)["One"] == found["One"]["psnr"][0]
    assert rows["ssim_of_photos"].of_real(facts)["Two"] == found["Two"]["plain_ssim"].mean()


def test_runs_and_data_without_photos_have_no_such_rows(picture_run, enlarging_run):
    recipe = run_dir.read_recipe(picture_run)
    assert enlargements.measured(picture_run, recipe, "generator", "mnist") is None
    recipe = run_dir.read_recipe(enlarging_run)
    recipe.settings["scale"] = 4
    assert enlargements.measured(enlarging_run, recipe, "generator", "digits") is None


@pytest.mark.slow
def test_bicubic_reads_what_is_printed_everywhere(enlarging_run):
    """28.43 dB and .8109 on Set5 at 4 x, 26.09 on Set14: the protocol is the field's."""
    data = ROOT.parent / "shared" / "data" / "superres.zip"
    if not data.is_file():
        pytest.skip("Set5 and Set14 are not here")
    recipe = run_dir.read_recipe(enlarging_run)
    recipe.settings.update(scale=4, image_size=24)
    found = enlargements.measured(enlarging_run, recipe, "generator", str(data))
    means = {name: one["plain_psnr"].mean() for name, one in found.items()}
    assert_allclose([means["Set5"], means["Set14"]], [28.43, 26.09], atol=0.005)
    assert_allclose(found["Set5"]["plain_ssim"].mean(), 0.811, atol=0.001)
