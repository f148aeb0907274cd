"""Folders of images: of any size and kind, and with faults."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gan_apps.data import folders, sources
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
    assert found.images.shape == (2, 16, 16, 1) and found.labels is None
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
    assert (folders.square(image, 4) == 255).all()
    palette = Image.new("P", (4, 4), 0)
    palette.info["transparency"] = 0
    assert (folders.square(palette, 4) == 255).all()
    half = Image.new("LA", (4, 4), (0, 128))
    np.testing.assert_allclose(folders.square(half, 4), 127, atol=1)


@pytest.mark.parametrize("mode, white", [("1", 1), ("P", 255), ("CMYK", (0, 0, 0, 0)), ("I;16", 9)])
def test_other_kinds_of_pixels(mode, white):
    image = Image.new(mode, (6, 4), white)
    square = folders.square(image, 4)
    assert square.shape[:2] == (4, 4) and square.dtype == np.uint8
    assert (square == 255).all() or mode in ("P", "I;16")


def test_sixteen_bits_use_the_whole_range():
    values = np.linspace(1000, 5000, 16).astype(np.uint16).reshape(4, 4)
    square = folders.square(Image.fromarray(values), 4)
    assert square.min() == 0 and square.max() == 255


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
    chunk = lambda name, data: (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    )
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
