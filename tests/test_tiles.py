"""Pictures of any size, drawn square by square: no seam, every kind of file, PNG in rows."""

import dataclasses
import io
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from gan_apps.drawing import pictures, runtimes, tiles
from gan_apps.pictures import reading
from gan_apps.runs import run_dir
from gan_apps.runs.draws import LEAST_TILE, REACH, Draw, Pictures
from tests.picture_runs import encoded, scene

NETWORK = {"class": "srgan.Enlarger", "config": {}}


def draw_of(scale=2, tile=LEAST_TILE, channels=1):
    return Draw(
        network=NETWORK,
        shape=(8 * scale, 8 * scale, channels),
        pictures=Pictures(column="sources", shape=(8, 8, channels), tile=tile),
    )


def smoothing(scale, reach):
    """An enlargement that looks at as many pixels around: a mean of moved copies."""

    def network(inputs):
        (given,) = inputs.values()
        moved = [np.roll(given, (y, x), axis=(1, 2)) for y in (-reach, reach) for x in (-reach, 0)]
        large = np.mean([given, *moved], axis=0)
        return large.repeat(scale, axis=1).repeat(scale, axis=2)

    return network


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (7, 100), (LEAST_TILE, 61), (24, 24), (25, 49)])
def test_tiled_and_whole_agree(size):
    """To the bit where a network looks no further than REACH; so there is no seam anywhere."""
    draw, picture = draw_of(), scene(100, 1)[: size[0], : size[1]] / np.float32(127.5) - 1
    tiled = tiles.Tiled(smoothing(2, REACH), draw)({"sources": picture[None]})
    around = [(REACH, REACH), (REACH, REACH), (0, 0)]
    whole = smoothing(2, REACH)({"sources": np.pad(picture, around, "symmetric")[None]})
    inner = slice(2 * REACH, -2 * REACH)
    assert_allclose(tiled, whole[:, inner, inner], atol=1e-6)
    assert tiled.shape == (1, 2 * size[0], 2 * size[1], 1)


def test_a_network_that_looks_further_shows_seams():
    """The check above can fail."""
    picture = scene(100, 1) / np.float32(127.5) - 1
    tiled = tiles.Tiled(smoothing(2, 20), draw_of())({"sources": picture[None]})
    whole = smoothing(2, 20)(
        {"sources": np.pad(picture, [(20, 20), (20, 20), (0, 0)], "symmetric")[None]}
    )
    assert np.abs(tiled - whole[:, 40:-40, 40:-40]).max() > 0.05


def test_the_network_is_given_squares_of_one_size():
    seen = []

    def network(inputs):
        seen.append(inputs["sources"].shape)
        return smoothing(2, 1)(inputs)

    tiled = tiles.Tiled(network, draw_of())
    picture = np.zeros((30, 50, 1), np.float32)
    tiled({"sources": picture[None]})
    assert set(seen) == {(1, LEAST_TILE, LEAST_TILE, 1)} and len(seen) == 2 * 3
    assert tiled.squares(picture).shape == (6, LEAST_TILE, LEAST_TILE, 1)


def test_a_tile_is_large_enough_to_overlap():
    with pytest.raises(ValueError, match=f"tile must be {LEAST_TILE} or more, got 8"):
        Pictures(column="sources", shape=(8, 8, 1), tile=8)
    draw = draw_of(scale=4, tile=64)
    assert Draw.from_json(draw.to_json()) == draw
    assert draw.tiled.shape == (256, 256, 1) and draw.tiled.pictures.shape == (64, 64, 1)
    small = dataclasses.replace(draw, pictures=dataclasses.replace(draw.pictures, tile=None))
    assert small.tiled is small and not small.is_any_size


def test_both_runtimes_draw_alike_what_has_any_size(enlarging_run):
    recipe = run_dir.read_recipe(enlarging_run)
    given = {"sources": pictures.to_signed(scene(31)[None, :, :20])}
    litert, keras = (
        runtimes.open_generator(enlarging_run, recipe, runtime)(given)
        for runtime in ("litert", "keras")
    )
    assert litert.shape == (1, 124, 80, 3)
    assert_allclose(litert, keras, atol=1e-4)
    # Away from the rim it is what the network makes of the whole.
    path = runtimes.weights(enlarging_run, "generator")
    whole = runtimes.keras_network(path, "generator", recipe.draw)(given)
    rim = slice(4 * REACH // 2, -4 * REACH // 2)
    assert_allclose(keras[:, rim, rim], whole[:, rim, rim], atol=1e-4)


# ---- PNG ----


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_written_in_rows_is_the_picture(channels):
    picture = np.random.RandomState(0).randint(0, 256, (37, 23, channels)).astype(np.uint8)
    picture[10:20] = 7
    file = io.BytesIO()
    png = tiles._Png(file, *picture.shape)
    for rows in np.split(picture, (1, 5, 30)):
        png.write(rows)
    png.close()
    with Image.open(file) as image:
        image.load()
        assert image.mode == ["L", "LA", "RGB", "RGBA"][channels - 1]
        assert_array_equal(np.asarray(image).reshape(picture.shape), picture)


def test_memory_does_not_grow_with_the_picture(tmp_path):
    """What is held is a few rows of squares."""
    draw = draw_of(scale=8, channels=3)
    generator = tiles.Tiled(smoothing(8, 1), draw)

    def most(height):
        picture = np.zeros((height, 100, 3), np.uint8)
        request = tiles.Request(
            given={"a": lambda: (picture, None)}, output=tmp_path / f"{height}.png"
        )
        tracemalloc.start()
        tiles.draw(generator, request)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    low, high = most(48), most(960)
    assert high < 1.2 * low
    with Image.open(tmp_path / "960.png") as image:
        assert image.size == (800, 7680)


# ---- the command ----


def saved(folder):
    """{name: (PIL.Image, mode and size of what is to become of it)}, saved into a folder."""
    colour, exif = scene(40)[:30], Image.Exif()
    exif[0x0112] = 6
    transparent = np.dstack([colour, np.tile(np.arange(0, 240, 6, dtype=np.uint8), (30, 1))])
    gray = np.ascontiguousarray(colour[..., 0])
    files = {
        "colour.png": (encoded(colour), "RGB", (160, 120)),
        "held.jpg": (encoded(colour, "JPEG", exif=exif), "RGB", (120, 160)),
        "gray.png": (encoded(gray), "L", (160, 120)),
        "deep.png": (encoded(Image.fromarray(gray.astype(np.uint16) * 257)), "L", (160, 120)),
        "clear.png": (encoded(transparent), "RGBA", (160, 120)),
        "two.png": (encoded(colour[:2, :2]), "RGB", (8, 8)),
        "palette.gif": (encoded(Image.fromarray(colour).quantize(9), "GIF"), "RGB", (160, 120)),
    }
    folder.mkdir()
    for name, (content, _, _) in files.items():
        (folder / name).write_bytes(content)
    return {name.partition(".")[0]: expected for name, (_, *expected) in files.items()}


def test_every_kind_of_picture_stays_what_it_is(enlarging_run, gan_apps, tmp_path):
    expected = saved(tmp_path / "in")
    result = gan_apps("srgan", f"--run_dir={enlarging_run}", "--input=in", "--output=out")
    assert (result.returncode, result.stdout, result.stderr) == (0, "out\n", "")
    drawn = {}
    for name, (mode, size) in expected.items():
        with Image.open(tmp_path / "out" / f"{name}.png") as image:
            assert (image.mode, image.size) == (mode, size), name
            drawn[name] = np.asarray(image)
    generator = runtimes.open_generator(enlarging_run, run_dir.read_recipe(enlarging_run))
    one = pictures.to_bytes(generator({"sources": pictures.to_signed(scene(40)[None, :30])}))[0]
    assert_array_equal(drawn["colour"], one)
    # Colours do not depend on what can be seen through.
    assert_array_equal(drawn["clear"][..., :3], one)
    alpha = drawn["clear"][..., 3].astype(int)
    assert np.abs(alpha[:, 8:-8] - (np.arange(8, 152) - 1.5) * 1.5).max() <= 1
    assert_array_equal(drawn["deep"], drawn["gray"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.png" for name in expected
    )


def test_one_picture_beside_its_plain_enlargement(enlarging_run, gan_apps, tmp_path):
    Image.fromarray(scene(20)).save(tmp_path / "a.png")
    run = f"--run_dir={enlarging_run}"
    result = gan_apps("srgan", run, "--input=a.png", "--side_by_side", "--output=b.png")
    assert (result.returncode, result.stdout, result.stderr) == (0, "b.png\n", "")
    with Image.open(tmp_path / "b.png") as image:
        both = np.asarray(image)
    plain = Image.fromarray(scene(20)).resize((80, 80), Image.Resampling.BICUBIC)
    assert_array_equal(both[:, :80], plain)
    assert np.abs(both[:, 80:].astype(int) - plain).max() > 3


@pytest.mark.slow
def test_bad_input_is_one_line(enlarging_run, refused, tmp_path):
    Image.fromarray(scene(20)).save(tmp_path / "good.png")
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8)
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(encoded(scene(60))[:900])
    (tmp_path / "some").mkdir()
    for name in ("empty.png", "good.png"):
        (tmp_path / "some" / name).write_bytes((tmp_path / name).read_bytes())
    before = sorted(tmp_path.rglob("*"))
    for flags, words in (
        (("--input=film.mp4",), "--input=film.mp4: cannot be used (not an image)."),
        (("--input=empty.png",), "--input=empty.png: cannot be used (not an image)."),
        (("--input=cut.png",), "--input=cut.png: cannot be used (image file is truncated"),
        (("--input=some", "--output=out"), "empty.png: cannot be used (not an image)."),
        (("--input=good.png", "--output=good.png"), "would overwrite what --input names."),
    ):
        assert words in refused("srgan", f"--run_dir={enlarging_run}", *flags)
    assert sorted(tmp_path.rglob("*")) == before


def test_colours_and_transparency_are_read_apart(tmp_path):
    image = np.dstack([scene(9), np.full((9, 9), 255, np.uint8)])
    path = tmp_path / "a.png"
    path.write_bytes(encoded(image))
    colours, alpha = reading.read_apart(path)
    assert alpha is None
    assert_array_equal(colours, image[..., :3])
    image[0, 0, 3] = 3
    path.write_bytes(encoded(image))
    colours, alpha = reading.read_apart(path)
    assert_array_equal(alpha, image[..., 3])
    assert_array_equal(colours, image[..., :3])
    assert_array_equal(reading.read_whole(path)[0, 0] > 250, [True] * 3)
