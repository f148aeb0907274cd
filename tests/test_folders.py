"""Folders of images: of any size and kind, and with faults."""

import io
import os
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_apps.conditions import Nothing
from gan_apps.data import folders, sources
from gan_apps.pictures import reading
from gan_apps.runs import run_dir
from gan_apps.settings import Refused


def gradient(height, width):
    """Columns of growing brightness."""
    return np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), (height, width))


def test_a_folder_of_gray_images_of_any_size(tmp_path):
    (tmp_path / "deeper").mkdir()
    Image.fromarray(gradient(20, 40)).save(tmp_path / "wide.png")
    Image.fromarray(gradient(64, 64)).save(tmp_path / "deeper" / "large.bmp")
    (tmp_path / "notes.txt").write_text("not looked at")
    found = sources.load(str(tmp_path), image_size=16)
    assert found.images.shape == (2, 16, 16, 1) and found.numbers is None
    # In the order of their paths: the large one whole, then the middle half of the wide one.
    large, wide = found.images[..., 0].astype(int)
    assert large[:, 0].max() < 20 and large[:, -1].min() > 235
    assert 50 < wide[:, 0].mean() < 80 and 180 < wide[:, -1].mean() < 200


def test_one_colour_image_makes_all_of_them_colour(tmp_path):
    Image.fromarray(gradient(8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "b.png")
    images = folders.load(tmp_path, 8)[0]
    assert images.shape == (2, 8, 8, 3)
    assert (images[0][..., 0] == images[0][..., 2]).all()
    assert (images[1] == [255, 0, 0]).all()


def test_sixty_four_pixels_unless_told(tmp_path):
    Image.new("RGB", (100, 80)).save(tmp_path / "a.jpg")
    assert sources.load(str(tmp_path)).images.shape == (1, 64, 64, 3)


def test_transparency_lies_on_white():
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert (reading.square(image, 4) == 255).all()
    palette = Image.new("P", (4, 4), 0)
    palette.info["transparency"] = 0
    assert (reading.square(palette, 4) == 255).all()
    half = Image.new("LA", (4, 4), (0, 128))
    np.testing.assert_allclose(reading.square(half, 4), 127, atol=1)


@pytest.mark.parametrize("mode, white", [("1", 1), ("P", 255), ("CMYK", (0, 0, 0, 0)), ("I;16", 9)])
def test_other_kinds_of_pixels(mode, white):
    image = Image.new(mode, (6, 4), white)
    square = reading.square(image, 4)
    assert square.shape[:2] == (4, 4) and square.dtype == np.uint8
    assert (square == 255).all() or mode in ("P", "I;16")


def png(values, transparent=None):
    """A PNG of 16 bits: values uint16 [h, w] or [h, w, 3], maybe with one that is transparent."""
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if values.ndim == 3 else 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if transparent is not None:
        content += chunk(b"tRNS", struct.pack(f">{values[0, 0].size}H", *np.ravel(transparent)))
    return io.BytesIO(content + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


DEEP = np.array([[0, 1_000], [30_000, 65_535]], np.uint16)


def test_sixteen_bits_have_one_scale_in_gray_and_in_colour():
    expected = [[0, 3], [117, 255]]
    assert reading.read(png(DEEP), 2).tolist() == expected
    assert reading.read(png(np.dstack([DEEP] * 3)), 2)[..., 1].tolist() == expected
    tiff = io.BytesIO()
    Image.fromarray(DEEP.astype(np.int32)).save(tiff, "TIFF")
    assert reading.read(tiff, 2).tolist() == expected
    # Whatever else is in the picture: one that is all alike has its brightness too.
    assert (reading.read(png(np.full((4, 4), 60_000, np.uint16)), 4) == 234).all()


def test_floats_have_one_scale():
    for values in ([[0.0, 0.2], [0.4, 1.0]], [[0.2, 0.2], [0.2, 0.2]]):
        tiff = io.BytesIO()
        Image.fromarray(np.array(values, np.float32)).save(tiff, "TIFF")
        expected = (np.array(values) * 255).round().tolist()
        assert reading.read(tiff, 2).tolist() == expected


def test_what_is_transparent_of_sixteen_bits_is_white_and_nothing_else():
    assert reading.read(png(DEEP, 1_000), 2).tolist() == [[0, 255], [117, 255]]
    colour = reading.read(png(np.dstack([DEEP] * 3), [30_000] * 3), 2)
    assert colour[..., 0].tolist() == [[0, 3], [255, 255]]


@pytest.mark.parametrize(
    "values, words",
    [
        (np.array([[0.5, np.nan]], np.float32), "a value is not finite"),
        (np.array([[0.5, -np.inf]], np.float32), "a value is not finite"),
        (np.array([[0.5, 200]], np.float32), "values of 0.5 to 200.0, not of 0 to 1"),
        (np.array([[5, 70_000]], np.int32), "values of 5 to 70,000, not of 0 to 65,535"),
    ],
)
def test_values_that_have_no_scale_are_skipped_and_named(tmp_path, capsys, values, words):
    Image.fromarray(values).save(tmp_path / "odd.tif")
    Image.new("L", (4, 4), 200).save(tmp_path / "good.png")
    assert (folders.load(tmp_path, 4)[0] == 200).all()
    assert capsys.readouterr().err == f"1 of 2 files skipped: odd.tif ({words}).\n"


def test_a_set_that_is_nearly_black_is_said_to_be(tmp_path, capsys):
    # 12 bits in a file of 16.
    (tmp_path / "a.png").write_bytes(png(DEEP // 16).read())
    folders.load(tmp_path, 2)
    assert "nearly black: their brightest value is 15 of 255" in capsys.readouterr().err


# In EXIF: turn by a quarter; a resolution of -1/0 (SRATIONAL); a width in words.
TURN, NO_NUMBER, WORDS = (0x0112, 3, 1, 6), (0x011A, 10, 1, None), (0x0100, 2, 4, b"wide")


def exif(*tags):
    """EXIF by hand, as Pillow writes none that it could not: (tag, kind, count, value) each."""
    rows, after = b"", 8 + 2 + 12 * len(tags) + 4
    for tag, kind, count, value in tags:
        content = struct.pack("<HH", value, 0) if isinstance(value, int) else value
        rows += struct.pack("<HHI", tag, kind, count) + (content or struct.pack("<I", after))
    table = struct.pack("<H", len(tags)) + rows + struct.pack("<I", 0)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + table + struct.pack("<ii", -1, 0)


@pytest.mark.parametrize("tags", [(TURN,), (TURN, NO_NUMBER), (WORDS, TURN)])
def test_of_exif_the_orientation_alone_is_read(tmp_path, capsys, tags):
    Image.fromarray(gradient(16, 16)).save(tmp_path / "a.jpg", exif=exif(*tags), quality=95)
    (image,) = folders.load(tmp_path, 16)[0][..., 0].astype(int)
    assert image[0].max() < 30 and image[-1].min() > 225
    assert capsys.readouterr().err == ""


def test_a_picture_with_damaged_exif_is_taken_as_it_lies(tmp_path):
    for number, content in enumerate(
        [b"Exif\0\0what", exif(TURN)[:20], exif((0x0112, 2, 4, b"six\0"))]
    ):
        Image.fromarray(gradient(16, 16)).save(tmp_path / f"{number}.jpg", exif=content)
    images = folders.load(tmp_path, 16)[0]
    assert len(images) == 3 and images[:, :, 0].max() < 40 and images[:, :, -1].min() > 215


@pytest.mark.parametrize("error", [struct.error, TypeError, ZeroDivisionError, AssertionError])
def test_a_picture_that_raises_anything_is_skipped_and_named(tmp_path, monkeypatch, capsys, error):
    for name in ("a.png", "b.png"):
        Image.new("L", (16, 16), 200).save(tmp_path / name)
    load = Image.Image.convert

    def raising(image, *arguments, **kinds):
        if next(counted) == 0:
            raise error("something\nodd")
        return load(image, *arguments, **kinds)

    counted = iter(range(100))
    monkeypatch.setattr(Image.Image, "convert", raising)
    assert len(folders.load(tmp_path, 8)[0]) == 1
    assert capsys.readouterr().err == "1 of 2 files skipped: a.png (something odd).\n"


def pictures(folder, *names):
    """Pictures in and below a folder, number i filled with 100 + i."""
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 100 + number).save(folder / name)


def values(images):
    """What the pictures of `pictures` are filled with, but for the 100."""
    return [int(image[0, 0, 0]) - 100 for image in images]


def test_folders_in_a_folder_are_labels(tmp_path):
    pictures(tmp_path, "dog/1.png", "cat/b/2.png", "cat/1.png", "très long/1.png")
    found = sources.load(str(tmp_path), image_size=8)
    assert found.condition.flag == "label" and found.condition.names == ("cat", "dog", "très long")
    assert found.numbers.dtype == np.int32 and found.numbers.tolist() == [0, 0, 1, 2]
    assert values(found.images) == [2, 1, 0, 3]
    with pytest.raises(Refused, match=f"--dataset={tmp_path}: has no split 'test'"):
        sources.load(str(tmp_path), "test")


@pytest.mark.parametrize(
    "names",
    [
        ["1.png", "cat/1.png", "dog/1.png"],
        ["cat/1.png", "cat/2.png"],
        ["1.png", "2.png"],
        ["train/1.png", "train/2.png"],
        ["a/train/1.png", "a/train/2.png", "a/train/x/1.png"],
    ],
)
def test_other_folders_are_pictures_without_labels(tmp_path, names):
    pictures(tmp_path, *names)
    found = sources.load(str(tmp_path), image_size=8)
    assert found.numbers is None and found.condition == Nothing()
    assert len(found.images) == len(names)


@pytest.mark.parametrize("top", ["", "archive/", "archive/animals/"])
@pytest.mark.parametrize("test", ["test", "val", "Valid", "validation"])
def test_a_folder_with_train_and_test_on_top_has_two_splits(tmp_path, top, test):
    names = ["train/cat/1.png", "train/dog/1.png", f"{test}/dog/1.png", f"{test}/dog/2.png"]
    pictures(tmp_path, *(top + name for name in names))
    parts = [sources.load(str(tmp_path), split, 8) for split in ("train", "test")]
    assert [values(part.images) for part in parts] == [[0, 1], [2, 3]]
    assert folders.has_test(tmp_path) and not folders.has_test(tmp_path / top / "train")
    # To a run that began before there were splits.
    everything = sources.load(str(tmp_path), "all", 8)
    assert sorted(values(everything.images)) == [0, 1, 2, 3]
    assert everything.numbers is None
    assert [part.numbers.tolist() for part in parts] == [[0, 1], [1, 1]]
    assert {part.condition.names for part in parts} == {("cat", "dog")}


def test_what_is_tested_on_is_gray_if_what_is_trained_on_is(tmp_path):
    pictures(tmp_path, "train/1.png", "test/1.png", "test/2.png")
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "test" / "1.png")
    test = sources.load(str(tmp_path), "test", 8).images
    assert test.shape == (2, 8, 8, 1) and test[:, 0, 0, 0].tolist() == [76, 102]
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "train" / "2.png")
    (tmp_path / "test" / "1.png").unlink()
    assert sources.load(str(tmp_path), "test", 8).images.shape == (1, 8, 8, 3)


def test_what_is_in_neither_part_is_counted(tmp_path, capsys):
    used = ["train/1.png", "train/deep/1.png", "test/1.png"]
    pictures(tmp_path, *used, "val/1.png", "val/2.png", "sample.png")
    assert values(sources.load(str(tmp_path), image_size=8).images) == [0, 1]
    line = "Left out: 3 pictures outside of train and test (sample.png, val).\n"
    assert capsys.readouterr().err == line
    test = sources.load(str(tmp_path), "test", 8)
    assert values(test.images) == [2] and test.numbers is None
    # The same is said once.
    assert capsys.readouterr().err == ""


def test_pictures_to_test_on_of_labels_that_nobody_learns_are_left_out(tmp_path, capsys):
    names = [
        "train/cat/1.png",
        "train/dog/1.png",
        "test/dog/1.png",
        "test/wolf/1.png",
        "test/1.png",
    ]
    pictures(tmp_path, *names)
    (tmp_path / "train" / "broken").mkdir()
    (tmp_path / "train" / "broken" / "1.png").write_text("no picture")
    pictures(tmp_path, "test/broken/1.png")
    test = sources.load(str(tmp_path), "test", 8)
    assert test.condition.names == ("cat", "dog") and test.numbers.tolist() == [1]
    told = capsys.readouterr().err
    assert told == "Left out: 3 pictures in test of no label in train (broken, test, wolf).\n"
    assert sources.load(str(tmp_path), image_size=8).condition.names == ("cat", "dog")
    (tmp_path / "test" / "dog" / "1.png").unlink()
    with pytest.raises(Refused, match="has no split 'test'"):
        sources.load(str(tmp_path), "test", 8)


def test_names_of_labels_are_what_is_typed(tmp_path):
    # As macOS stores it, from before UTF-8, and with what would break a line.
    names = [os.fsencode("cafe\u0301"), "Ä".encode("latin-1"), b"two\nlines "]
    for name in names:
        try:
            os.mkdir(os.fsencode(tmp_path) + b"/" + name)
        except OSError:
            pytest.skip("this disk takes no such names")
    for folder in tmp_path.iterdir():
        Image.new("L", (8, 8), 100).save(folder / "1.png")
    found = sources.load(str(tmp_path), image_size=8)
    assert found.condition.names == ("café", "two_lines", "Ä")


def test_links_are_followed_and_lead_round_no_circle(tmp_path, capsys):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    pictures(data, "real/0.png", "real/deep/1.png")
    pictures(elsewhere, "x/0.png", "x/y/1.png", "0.png")
    pictures(tmp_path, "beside/0.png")
    for link, target in {
        data / "a link": elsewhere / "x",
        data / "again": elsewhere / "x",
        data / "back": data / "real",
        data / "real" / "up": data,
        data / "real" / "above": tmp_path,
        elsewhere / "x" / "y" / "round": elsewhere / "x",
        data / "real" / "2.png": elsewhere / "0.png",
        data / "nowhere": tmp_path / "absent",
    }.items():
        link.symlink_to(target, target_is_directory=target.is_dir())
    paths, left_out = folders.listed(data)
    found = [path.relative_to(data).as_posix() for path in paths]
    assert found == [
        "a link/0.png",
        "a link/y/1.png",
        "real/0.png",
        "real/2.png",
        "real/deep/1.png",
    ]
    assert left_out == {"link to nowhere": {"nowhere": 1}}


def test_a_folder_that_is_a_link_is_a_label_too(tmp_path):
    pictures(tmp_path, "pool/0.png", "pool/1.png", "data/dog/2.png")
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "pool", target_is_directory=True)
    found = sources.load(str(tmp_path / "data"), image_size=8)
    assert found.condition.names == ("cat", "dog") and found.numbers.tolist() == [0, 0, 1]


def test_what_is_hidden_a_run_s_or_of_another_kind_is_left_out_counted_and_said(tmp_path, capsys):
    pictures(tmp_path, "a.png", "._a.png", ".ipynb_checkpoints/1.png", ".Trash-1000/1.png")
    pictures(tmp_path, "@eaDir/deep/1.png", "b/@eaDir/2.png", "b/run_1/samples/1.png")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".DS_Store").write_text("")
    for name in ("a.svg", "b.SVG", "c.heic", "README"):
        (tmp_path / name).write_text("")
    config = run_dir.shipped("cgan_digits") / run_dir.CONFIG
    shutil.copy(config, tmp_path / "b" / "run_1" / run_dir.CONFIG)
    # A config.json of something else does not make a run.
    pictures(tmp_path, "c/b.png")
    (tmp_path / "c" / "config.json").write_text('{"format": 1}')
    assert len(folders.load(tmp_path, 8)[0]) == 2
    assert capsys.readouterr().err == (
        "Left out: 5 files of another kind (1 .heic, 1 .json, 2 .svg, 1 without ending), 4 "
        "pictures in hidden or system folders (.Trash-1000, .ipynb_checkpoints, @eaDir), 1 picture "
        "with a hidden name (._a.png), 1 run of gan_apps (run_1).\n"
    )


def test_a_folder_of_which_all_is_left_out_says_so(tmp_path):
    pictures(tmp_path, ".hidden/a.png")
    with pytest.raises(Refused, match=r"holds no image .*, but 1 picture in hidden .* \(.hidden\)"):
        folders.load(tmp_path, 8)


@pytest.mark.parametrize(
    "suffix", ["jfif", "jpe", "JPG", "avif", "ppm", "pgm", "pbm", "jp2", "tga"]
)
def test_other_kinds_are_read(tmp_path, suffix):
    kind = {"jfif": "JPEG", "jpe": "JPEG"}.get(suffix)
    if f".{suffix}".lower() not in Image.registered_extensions():
        pytest.skip(f"this Pillow reads no .{suffix}")
    Image.new("1" if suffix == "pbm" else "L", (8, 8), 255).save(tmp_path / f"a.{suffix}", kind)
    assert (folders.load(tmp_path, 8)[0] > 250).all()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_folder_that_may_not_be_read_is_said(tmp_path, capsys):
    pictures(tmp_path, "a.png", "secret/a.png")
    (tmp_path / "secret").chmod(0)
    assert len(folders.load(tmp_path, 8)[0]) == 1
    (tmp_path / "secret").chmod(0o700)
    assert "Left out: 1 folder that cannot be read (secret)." in capsys.readouterr().err


def test_the_camera_s_orientation_is_heeded(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by a quarter: the top row was the right column.
    Image.fromarray(gradient(16, 16)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    (image,) = folders.load(tmp_path, 16)[0][..., 0].astype(int)
    assert image[0].max() < 30 and image[-1].min() > 225


def test_faulty_files_are_skipped_counted_and_named(tmp_path, capsys):
    Image.new("L", (16, 16)).save(tmp_path / "good.png")
    content = (tmp_path / "good.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.gif").write_bytes(b"")
    assert folders.load(tmp_path, 8)[0].shape == (1, 8, 8, 1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("3 of 4 files skipped: ")
    for name in ("cut.png", "text.jpg (not an image)", "empty.gif (not an image)"):
        assert name in line


def test_many_faulty_files_are_counted_and_some_named(tmp_path, capsys):
    Image.new("L", (16, 16)).save(tmp_path / "good.png")
    for number in range(15):
        (tmp_path / f"{number:02d}.png").write_bytes(b"")
    folders.load(tmp_path, 8)
    assert "09.png" in (line := capsys.readouterr().err) and "10.png" not in line
    assert line.strip().endswith("and 5 more.")


@pytest.mark.parametrize("side", [8_000, 100_000])
def test_a_huge_image_is_not_opened(tmp_path, capsys, side):
    # A hundred bytes that would be megabytes or gigabytes of pixels.
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    Image.new("L", (8, 8)).save(tmp_path / "good.png")
    assert len(folders.load(tmp_path, 8)[0]) == 1
    assert "bomb.png (more than 50,000,000 pixels)" in capsys.readouterr().err


def test_folders_without_images_are_refused(tmp_path):
    with pytest.raises(Refused, match=f"--dataset={tmp_path / 'absent'}: there is no such folder"):
        folders.load(tmp_path / "absent", 8)
    with pytest.raises(Refused, match=f"--dataset={tmp_path}: holds no image"):
        folders.load(tmp_path, 8)
    (tmp_path / "a.png").write_text("no")
    with pytest.raises(Refused, match="none of its 1 images can be read"):
        folders.load(tmp_path, 8)
