"""The rows of what is measured, at answers known by hand."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gan_apps.evaluation import appearance, judgement, measures, metrics, wasserstein
from gan_apps.runs import run_dir
from gan_apps.training import cards
from tests.conftest import SHIPPED_RUNS

RANDOM = np.random.RandomState(0)


def blurred(images):
    """Each pixel as the mean of itself and of the next one below it, around the edge."""
    values = images.astype(np.float64)
    return np.round((values + np.roll(values, 1, axis=1)) / 2.0).astype(np.uint8)


def scenes(count, seed, side=28):
    """Gray pictures uint8 [count, side, side, 1] of one distribution: squares on rough ground."""
    random = np.random.RandomState(seed)
    images = random.randint(20, 61, (count, side, side, 1)).astype(np.uint8)
    for image in images:
        top, left = random.randint(2, side - 12, 2)
        image[top : top + 10, left : left + 10] = random.randint(120, 256)
    return images


def test_edges_are_their_definition():
    image = np.zeros((1, 5, 5, 1), np.uint8)
    image[0, 2, 2] = 90
    # Of nine inner pixels one is 4 x 90, four are 90.
    assert_allclose(appearance.edges(image), [(4 * 90 + 4 * 90) / 9])
    ramp = np.tile(np.arange(0, 200, 10, dtype=np.uint8)[:, None, None], (1, 20, 1))[None]
    assert_allclose(appearance.edges(ramp), [0.0])


def test_edges_are_of_luma():
    gray = RANDOM.randint(0, 256, (3, 12, 12, 1)).astype(np.uint8)
    assert_allclose(appearance.edges(gray.repeat(3, axis=-1)), appearance.edges(gray))
    green = np.concatenate([0 * gray, gray, 0 * gray], axis=-1)
    assert_allclose(appearance.edges(green), 0.587 * appearance.edges(gray))


def test_blur_is_less_sharp_a_shift_is_not_and_grain_is_more():
    images = scenes(50, 0)
    edges = appearance.edges(images).mean()
    assert appearance.edges(blurred(images)).mean() < 0.8 * edges
    assert_allclose(appearance.edges(np.roll(images, 1, axis=2)).mean(), edges, rtol=0.02)
    grain = np.clip(images + RANDOM.randint(-30, 31, images.shape), 0, 255).astype(np.uint8)
    assert appearance.edges(grain).mean() > 1.2 * edges


def test_distances_to_a_target_are_their_definitions():
    targets = np.full((3, 16, 16, 3), 100, np.uint8)
    images = targets.copy()
    images[1] += 10
    images[2, :8] += 20
    found = appearance.to_targets(images, targets)
    assert_allclose(found["l1"], [0.0, 10.0, 10.0])
    decibels = 10.0 * np.log10(255.0**2 / np.array([100.0, 200.0]))
    assert_allclose(found["psnr"], [appearance.MOST_DB, *decibels], rtol=1e-5)
    # Of two flat pictures only the term of their means is left.
    flat = (2 * 100 * 110 + 2.55**2) / (100**2 + 110**2 + 2.55**2)
    assert_allclose(found["ssim"][:2], [1.0, flat], rtol=1e-4)
    assert found["ssim"][2] < 1.0


def test_a_pyramid_puts_pictures_together_again():
    images = RANDOM.randint(0, 256, (2, 28, 28, 3)).astype(np.float32)
    fine, coarse = wasserstein.pyramid(images, 2)
    assert fine.shape == images.shape and coarse.shape == (2, 14, 14, 3)
    flat, rest = wasserstein.pyramid(np.full((1, 29, 29, 1), 7.0), 2)
    assert_allclose(flat, 0.0, atol=1e-5)
    assert_allclose(rest, 7.0, rtol=1e-6)


@pytest.mark.parametrize(
    "side, levels", [(6, []), (8, [8]), (16, [16]), (28, [28, 14]), (64, [64, 32, 16])]
)
def test_levels_hold_a_patch_twice(side, levels):
    assert wasserstein.sides(side) == levels


def test_sliced_wasserstein_distance_of_a_shift_is_its_mean_projection():
    points = RANDOM.standard_normal((500, 10)).astype(np.float32)
    assert wasserstein.distance(points, points[::-1], 0) == 0.0
    shift = np.zeros(10, np.float32)
    shift[3] = 2.0
    lines = np.random.RandomState(0).standard_normal((wasserstein.LINES, 10))
    expected = 2e3 * np.abs(lines[:, 3] / np.linalg.norm(lines, axis=1)).mean()
    assert_allclose(wasserstein.distance(points + shift, points, 0), expected, rtol=1e-3)


def distances(images, real):
    count = 100 * len(images)
    ours, theirs = wasserstein.patches(images, count, 0), wasserstein.patches(real, count, 1)
    return {side: wasserstein.distance(ours[side], theirs[side], 0) for side in ours}


def test_pictures_of_one_distribution_are_at_the_floor_and_blur_shows_in_the_finest_detail():
    noise = lambda seed: np.random.RandomState(seed).randint(0, 256, (300, 28, 28, 1), np.uint8)
    real = noise(0)
    floor, again, blur = (distances(some, real) for some in (noise(1), noise(2), blurred(noise(3))))
    for side in (28, 14):
        assert 0.5 * floor[side] < again[side] < 2.0 * floor[side]
    assert blur[28] > 3.0 * floor[28]
    assert blur[28] / floor[28] > 1.5 * blur[14] / floor[14]


def test_as_many_patches_of_fewer_pictures():
    found = wasserstein.patches(scenes(7, 0), 100, 0)
    assert {side: some.shape for side, some in found.items()} == {28: (100, 49), 14: (100, 49)}
    for some in found.values():
        assert_allclose([some.mean(), some.std()], [0.0, 1.0], atol=1e-4)
    flat = wasserstein.patches(np.zeros((2, 14, 14, 3), np.uint8), 10, 0)
    assert_allclose(flat[14], np.zeros((10, 147)))


def test_variety_is_a_share_of_real_ones_within_what_was_asked_for():
    asked = np.repeat([[0, 1], [1, 1], [2, 0]], 400, axis=0)
    centres = 100.0 * asked[:, :1]
    real = centres + RANDOM.standard_normal((1200, 5))
    for share in (0.0, 0.5, 1.0, 2.0):
        ours = centres + share**0.5 * RANDOM.standard_normal((1200, 5))
        assert_allclose(metrics.variety(ours, asked, real, asked), share, rtol=0.1)
    # What differs between what is asked for is no variety, nor are other pictures of a real kind.
    some = real[:300], asked[:300]
    assert_allclose(metrics.variety(real, asked, *some), 1.0, rtol=0.1)
    assert metrics.variety(real, asked, real, asked + 5) is None
    assert metrics.variety(real, asked, 0.0 * real, asked) is None


@pytest.mark.parametrize("name", SHIPPED_RUNS)
def test_files_of_every_age_are_shown_by_the_same_rows(name):
    report = json.loads((run_dir.shipped(name) / run_dir.EVALUATION).read_text())
    shown = {line.label.strip(): line for line in measures.lines(report, details=True)}
    assert shown["Frechet distance to real images"].value == f"{report['frechet_distance']:.3f}"
    # Where there are few images it says why there is none.
    ratio = f"{report['frechet_ratio']:.2f} x the floor" if "frechet_ratio" in report else None
    assert shown["ratio"].value == (ratio or f"none: {report['no_ratio']}")
    precision = shown["precision (5 neighbours)"]
    assert precision.floor == f"{report['manifold_of_real']['precision']:.3f}"
    if "conditional_accuracy" in report:
        right = report["classifier_test_accuracy"]
        assert shown["read as asked"].floor == f"{right:.2%}"
        assert all(f"read as asked: {name}" in shown for name in report["accuracy_per_label"])
    for noun, share in report.get("attribute_accuracy", {}).items():
        assert shown[f"read as asked: {noun}"].value == f"{share:.2%}"
    # No row is left out of what is shown.
    known = {measure.name for measure in measures.MEASURES}
    floors = {measure.floor for measure in measures.MEASURES}
    assert {name for name in report if isinstance(report[name], float)} <= known | floors


def test_a_row_that_lacks_what_it_needs_is_left_out():
    class Nothing:
        def __getattr__(self, name):
            return None

    needing = [measure for measure in measures.MEASURES if measure.needs]
    assert {"variety", "l1", "psnr", "ssim", "conditional_accuracy"} <= {m.name for m in needing}
    kept = measures.MEASURES
    try:
        measures.MEASURES = needing
        assert measures.measured(Nothing()) == {"intervals": {}}
    finally:
        measures.MEASURES = kept


def test_text_and_card_are_loops_over_the_rows():
    report = {
        "num_images": 10,
        "num_compared": 10,
        "compared_with": "real images kept apart",
        "features": "some",
        "seed": 1,
        "variety": 0.5,
        "sharpness": 1.25,
        "sliced_wasserstein": {"28": 12.0},
        "sliced_wasserstein_of_real": {"28": 3.0},
        "accuracy_per_label": {"seven": 1.0},
        "intervals": {"sharpness": [1.0, 1.5]},
    }
    text, card = judgement.table(report), cards.measured(report)
    sharpness = "1.250 (95 % of other pictures: 1.000 to 1.500)"
    assert f"- sharpness, over that of real images: {sharpness}" in card
    for words in ("variety within what was asked for", "detail of 28 pixels", "3.0", "12.0"):
        assert words in text and words in "\n".join(card)
    assert "seven" in text and "seven" not in "\n".join(card)
