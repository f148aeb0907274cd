"""From a request to pictures."""

import dataclasses
import os
import pathlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from gan_apps.conditions import Labels, Nothing
from gan_apps.drawing import draw, pictures, runtimes
from gan_apps.drawing.latents import DISTRIBUTIONS, arithmetic, interpolated, latents, requested
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw, Latents
from gan_apps.settings import Failed, Refused

NOTHING, DIGITS = Nothing(), Labels(tuple("0123456789"), "digit")


def test_latents_are_frozen():
    # The legacy generator of NumPy does not change: these are the same everywhere, for ever.
    assert_allclose(
        latents(0, (9,), [0], 2), [[-0.42818160118838894, -0.41401250144198337]], rtol=1e-6
    )


def test_latents_are_standard_normal():
    sample = latents(0, (0,), range(2000), 16)
    assert_allclose(sample.mean(), 0.0, atol=0.02)
    assert_allclose(sample.std(), 1.0, atol=0.02)


def test_a_picture_has_its_own_latents():
    many = latents(5, (3,), range(10), 8)
    assert_array_equal(latents(5, (3,), [7], 8), many[7:8])
    assert len(np.unique(many[:, 0])) == 10
    for other in (latents(6, (3,), [7], 8), latents(5, (4,), [7], 8)):
        assert np.abs(other - many[7:8]).max() > 0.1


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_latents_have_the_run_s_distribution(distribution):
    sample = latents(0, (0,), range(2000), 16, distribution)
    assert_allclose(sample.std(), {"uniform": 3**-0.5}.get(distribution, 1.0), atol=0.02)
    lengths = np.linalg.norm(sample, axis=1)
    assert (np.ptp(lengths) < 1e-4) == (distribution == "spherical")
    assert np.abs(sample).max() <= 1.0 or distribution != "uniform"


def a_draw(distribution="normal", size=4, condition=NOTHING):
    return Draw(
        network={"class": "networks.Generator", "config": {}},
        shape=(8, 8, 1),
        latents=Latents(size=size, distribution=distribution),
        condition=condition,
    )


def test_requests_are_rows_of_labels():
    inputs = requested(a_draw(condition=DIGITS), [3, 1], 2, 0)
    assert_array_equal(inputs["labels"], [3, 3, 1, 1])
    assert_array_equal(inputs["latents"][2:], latents(0, (1,), [0, 1], 4))


def test_a_label_asked_for_twice_gives_other_pictures():
    inputs = requested(a_draw(condition=DIGITS), [9, 9], 2, 0)
    assert_array_equal(inputs["latents"], latents(0, (9,), range(4), 4))


def test_requests_without_labels():
    inputs = requested(a_draw("uniform"), NOTHING.every(), 3, 5)
    assert set(inputs) == {"latents"}
    assert_array_equal(inputs["latents"], latents(5, (0,), range(3), 4, "uniform"))


def test_interpolation_begins_and_ends_at_the_seeds():
    inputs = interpolated(a_draw(), NOTHING.every(), (1, 2), [0.0, 0.5, 1.0])
    first, last = latents(1, (0,), [0], 4)[0], latents(2, (0,), [0], 4)[0]
    assert_allclose(inputs["latents"][[0, 2]], [first, last], rtol=1e-5)
    # The middle of the arc has half the angle to each.
    unit = lambda vector: vector / np.linalg.norm(vector)
    angle = np.arccos(unit(first) @ unit(last))
    middle = (first + last) * np.sin(angle / 2) / np.sin(angle)
    assert_allclose(inputs["latents"][1], middle, rtol=1e-4)


def test_interpolation_keeps_to_the_sphere():
    rows = interpolated(a_draw("spherical", 32, DIGITS), [0, 7], (1, 2), np.linspace(0, 1, 5))
    assert_allclose(np.linalg.norm(rows["latents"], axis=1), 32**0.5, rtol=1e-5)
    assert_array_equal(rows["labels"], [0] * 5 + [7] * 5)


def test_interpolation_of_uniform_latents_is_straight():
    rows = interpolated(a_draw("uniform"), NOTHING.every(), (1, 2), [0.0, 0.25, 1.0])["latents"]
    assert_allclose(rows[1], 0.75 * rows[0] + 0.25 * rows[2], rtol=1e-5)


def test_interpolation_from_a_seed_to_itself_stands_still():
    rows = interpolated(a_draw(), NOTHING.every(), (3, 3), [0.0, 0.3, 1.0])["latents"]
    assert_allclose(rows, np.repeat(rows[:1], 3, axis=0), rtol=1e-5)


def test_arithmetic_of_single_seeds():
    one, two = (latents(seed, (0,), [0], 4)[0] for seed in (1, 2))
    same = arithmetic(a_draw(), (), [(1, [1]), (-1, [2]), (1, [2])])["latents"]
    assert_allclose(same[:3], [one, two, two], rtol=1e-6)
    # one - two + two is one, but that it may not be longer than those named are in the mean.
    length = np.mean([np.linalg.norm(row) for row in (one, two, two)])
    assert_allclose(same[3], one * min(1.0, length / np.linalg.norm(one)), rtol=1e-4)
    rows = arithmetic(a_draw(), (), [(1, [1]), (-1, [1]), (1, [1])])["latents"]
    assert_allclose(rows[3], one, rtol=1e-4)
    # 1 - 2 is longer than either, and shortened.
    rows = arithmetic(a_draw("normal", 64), (), [(1, [1]), (-1, [2])])["latents"]
    lengths = np.linalg.norm(rows, axis=1)
    assert_allclose(lengths[2], lengths[:2].mean(), rtol=1e-5)
    assert_allclose(
        rows[2] / lengths[2],
        (rows[0] - rows[1]) / np.linalg.norm(rows[0] - rows[1]),
        rtol=1e-4,
        atol=1e-6,
    )


def test_arithmetic_of_means_of_three():
    terms = [(1, [1, 4, 7]), (-1, [2, 3, 5]), (1, [6, 8, 9])]
    rows = arithmetic(a_draw("normal", 64), (), terms)["latents"]
    assert rows.shape == (3 * 4 + 1, 64)
    named = [latents(s, (0,), [0], 64)[0] for _, seeds in terms for s in seeds]
    means = np.reshape(named, (3, 3, 64)).mean(axis=1)
    assert_allclose(rows[3], means[0], rtol=1e-4, atol=1e-6)
    length = np.mean(np.linalg.norm(named, axis=1))
    total = means[0] - means[1] + means[2]
    share = min(1.0, length / np.linalg.norm(total))
    assert_allclose(rows[12], share * total, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("distribution", ["spherical", "uniform"])
def test_arithmetic_stays_where_latents_are(distribution):
    rows = arithmetic(a_draw(distribution, 16), (), [(1, [1, 2]), (-1, [3])])["latents"]
    if distribution == "uniform":
        assert np.abs(rows).max() == 1.0
    else:
        assert_allclose(np.linalg.norm(rows, axis=1), 4.0, rtol=1e-5)


def test_to_bytes_rounds_and_clips():
    assert_array_equal(pictures.to_bytes([-1.5, -1.0, 0.0, 1.0, 1.5]), [0, 0, 128, 255, 255])


def test_grid_goes_row_by_row():
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    image = pictures.grid(images, 2)
    assert image.shape == (6, 6, 1)
    assert_array_equal(image[::2, ::3, 0], [[0, 1], [2, 3], [4, 0]])


def test_grid_takes_rows_of_any_length():
    images = np.arange(1, 5, dtype=np.uint8)[:, None, None, None]
    assert_array_equal(pictures.grid(images, [2, 1, 1])[..., 0], [[1, 2], [3, 0], [4, 0]])


@pytest.mark.parametrize("shape, zoom", [((112, 112), 4), ((448, 280), 2), ((2000, 10), 1)])
def test_grids_are_enlarged_by_whole_pixels(shape, zoom):
    image = np.random.RandomState(0).randint(0, 256, (*shape, 1)).astype(np.uint8)
    large = pictures.enlarged(image)
    assert large.shape == (shape[0] * zoom, shape[1] * zoom, 1)
    assert_array_equal(large[::zoom, ::zoom], image)


@pytest.mark.parametrize("rows, columns, side", [(8, 8, 64), (10, 10, 28), (2, 3, 28), (1, 1, 8)])
def test_cells_of_a_grid_are_its_images(rows, columns, side):
    shape = (rows * columns, side, side, 1)
    images = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
    picture = pictures.enlarged(pictures.grid(images, columns))[..., 0]
    found = pictures.cells(picture, columns, (side, side))
    assert found.shape == (rows, columns, side, side, 1)
    assert_array_equal(found.reshape(images.shape), images)


@pytest.fixture(scope="module")
def recipe(tiny_run):
    return run_dir.read_recipe(tiny_run)


def drawn(run, recipe, output, labels=(3, 1), num_images=5, seed=0):
    inputs = requested(recipe.draw, list(labels), num_images, seed)
    request = draw.Request(inputs=inputs, columns=num_images, output=pathlib.Path(output))
    return draw.draw(runtimes.open_generator(run, recipe), request)


def test_keras_and_litert_draw_the_same(tiny_run, recipe):
    inputs = requested(recipe.draw, recipe.draw.condition.every(), 3, 0)
    images = [
        runtimes.open_generator(tiny_run, recipe, runtime)(inputs)
        for runtime in ("litert", "keras")
    ]
    assert images[0].shape == (30, 28, 28, 1)
    assert images[0].std() > 0.01
    assert_allclose(images[0], images[1], atol=1e-5)


def test_a_grid_and_a_folder_hold_the_same_pictures(tiny_run, recipe, tmp_path):
    assert drawn(tiny_run, recipe, tmp_path / "grid.png") == tmp_path / "grid.png"
    drawn(tiny_run, recipe, tmp_path / "folder")
    names = sorted(path.name for path in (tmp_path / "folder").iterdir())
    assert names == [f"{i:03d}.png" for i in range(10)]
    with Image.open(tmp_path / "grid.png") as image:
        grid = np.asarray(image)
    with Image.open(tmp_path / "folder" / "007.png") as image:
        assert image.mode == "L" and image.size == (28, 28)
        assert_array_equal(grid[::4, ::4][28:56, 56:84], np.asarray(image))
    assert grid.shape == (2 * 28 * 4, 5 * 28 * 4)


def test_an_animation_shows_a_column_per_frame(tiny_run, recipe, tmp_path):
    drawn(tiny_run, recipe, tmp_path / "rows.gif")
    drawn(tiny_run, recipe, tmp_path / "rows.png")
    with Image.open(tmp_path / "rows.gif") as animation, Image.open(tmp_path / "rows.png") as grid:
        assert animation.n_frames == 5 and animation.info["loop"] == 0
        assert animation.size == (28 * 4, 2 * 28 * 4)
        animation.seek(2)
        frame = np.asarray(animation.convert("L"))
        assert_array_equal(frame, np.asarray(grid)[:, 2 * 28 * 4 : 3 * 28 * 4])


def test_same_seed_same_file_and_another_seed_another(tiny_run, recipe, tmp_path):
    contents = [
        drawn(tiny_run, recipe, tmp_path / f"{n}.png", seed=seed).read_bytes()
        for n, seed in enumerate((4, 4, 5))
    ]
    assert contents[0] == contents[1] != contents[2]


def test_names_in_a_folder_sort_in_order_beyond_a_thousand(tmp_path):
    images = np.zeros((1001, 1, 1, 1), np.uint8)
    pictures.write_folder(tmp_path / "many", images)
    names = sorted(path.name for path in (tmp_path / "many").iterdir())
    assert names[0] == "0000.png" and names[-1] == "1000.png" and len(names) == 1001


def test_an_existing_folder_is_filled(tiny_run, recipe, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    drawn(tiny_run, recipe, tmp_path / "mine", labels=[0], num_images=2)
    names = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert names == ["000.png", "001.png", "notes.txt"]


def test_a_missing_litert_falls_back_to_keras_and_says_so(tiny_run, recipe, monkeypatch, capsys):
    monkeypatch.setattr(runtimes.importlib.util, "find_spec", lambda name: None)
    inputs = requested(recipe.draw, [2], 1, 0)
    images = runtimes.open_generator(tiny_run, recipe, "auto")(inputs)
    assert images.shape == (1, 28, 28, 1)
    assert "drawing with Keras" in capsys.readouterr().err
    with pytest.raises(Refused, match="--runtime=litert: ai-edge-litert is not installed"):
        runtimes.open_generator(tiny_run, recipe, "litert")


def test_an_unknown_runtime_is_refused(tiny_run, recipe):
    with pytest.raises(Refused, match="--runtime=torch: must be one of auto, litert, keras"):
        runtimes.open_generator(tiny_run, recipe, "torch")


@pytest.mark.parametrize("runtime", ["litert", "keras"])
def test_a_config_of_another_generator_is_refused(tiny_run, recipe, runtime):
    network = {**recipe.draw.network, "config": {**recipe.draw.network["config"], "latent_dim": 9}}
    one = dataclasses.replace(recipe.draw, network=network, latents=Latents(size=9))
    other = dataclasses.replace(recipe, draws={"generator": one})
    with pytest.raises(Refused, match="is not the network that config.json describes"):
        runtimes.open_generator(tiny_run, other, runtime)


def test_nothing_is_half_written(tiny_run, recipe, tmp_path, monkeypatch):
    written = []
    real = Image.Image.save

    def fail_at_the_third(image, path, *args):
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        real(image, path, *args)

    monkeypatch.setattr(Image.Image, "save", fail_at_the_third)
    with pytest.raises(Failed, match=f"--output={tmp_path / 'folder'}: .*No space left"):
        drawn(tiny_run, recipe, tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_cannot_be_written_are_refused_first(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    for output, words in (
        (tmp_path / "absent" / "a.png", "does not exist"),
        (tmp_path / "absent" / "a.gif", "does not exist"),
        (tmp_path / "folder.png", "is a folder"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "a.jpg", "ends in .png or .gif, or a folder"),
        (tmp_path / "a.WEBP", "ends in .png or .gif, or a folder"),
    ):
        with pytest.raises(Refused, match=f"--output={output}: .*{words}"):
            draw.check_writable(output)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(Refused, match="not writable"):
        draw.check_writable(tmp_path / "a.png")


def test_a_place_where_no_file_can_be_made_is_named(tiny_run, recipe):
    output = pathlib.Path("/proc/a.png")
    with pytest.raises((Refused, Failed), match=f"--output={output}: "):
        drawn(tiny_run, recipe, output)
