"""Photos of any size as data: reduced whole, cut alike, held out by the photo."""

import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from gan_apps.data import photos
from gan_apps.data.photos import Reduction
from gan_apps.data.sources import DataSet
from gan_apps.settings import Refused
from tests.picture_runs import encoded, scene

SETTINGS = {"dataset": "", "image_size": 24, "scale": 4}


def written(folder, sizes, channels=3, ending="png"):
    """Photos of so many sizes, named by their numbers; returns them."""
    folder.mkdir(parents=True)
    made = {}
    for number, (height, width) in enumerate(sizes):
        made[number] = scene(max(height, width), channels, seed=number)[:height, :width]
        (folder / f"{number:03d}.{ending}").write_bytes(encoded(made[number]))
    return made


def loaded(folder, split="train"):
    return DataSet.of({**SETTINGS, "dataset": str(folder)}).load(split)


def test_a_photo_is_reduced_whole_and_both_are_cut_alike(tmp_path):
    (photo,) = written(tmp_path / "d", [(50, 70)]).values()
    data = loaded(tmp_path / "d")
    # The last rows and columns that are no multiple of 4 are cut off first.
    photo = photo[:48, :68]
    small = np.asarray(Image.fromarray(photo).resize((17, 12), Image.Resampling.BICUBIC))
    places = [(top, left) for top in (0, 24) for left in (0, 20, 44)]
    assert (data.shape, len(data)) == ((24, 24, 3), len(places))
    for number, (top, left) in enumerate(places):
        assert_array_equal(data.images[number], photo[top : top + 24, left : left + 24])
        own = small[top // 4 : top // 4 + 6, left // 4 : left // 4 + 6]
        assert_array_equal(data.columns["sources"][number], own)
    # Squares cover every pixel.
    assert {top + row for top, _ in places for row in range(24)} == set(range(48))


def test_a_zip_is_read_as_a_folder_is(tmp_path):
    written(tmp_path / "d", [(40, 30), (24, 24)])
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for path in (tmp_path / "d").iterdir():
            archive.write(path, f"photos/{path.name}")
    ours, theirs = loaded(tmp_path / "d"), loaded(tmp_path / "d.zip")
    for column in ("images", "sources"):
        assert_array_equal(ours.columns[column], theirs.columns[column])


def test_photos_are_gray_if_all_are(tmp_path):
    written(tmp_path / "gray", [(24, 24), (30, 30)], channels=1)
    assert loaded(tmp_path / "gray").shape == (24, 24, 1)
    written(tmp_path / "both", [(24, 24)], channels=1)
    written(tmp_path / "both" / "more", [(24, 24)])
    data = loaded(tmp_path / "both")
    assert data.shape == (24, 24, 3)
    assert_array_equal(data.images[0][..., 0], data.images[0][..., 2])


def test_what_cannot_be_cut_is_skipped_and_named(tmp_path, capsys):
    written(tmp_path / "d", [(24, 24), (23, 90)])
    (tmp_path / "d" / "bad.jpg").write_bytes(b"no picture")
    assert len(loaded(tmp_path / "d")) == 1
    line = capsys.readouterr().err
    assert "2 of 3 photos skipped" in line and "--image_size=24" in line
    assert "001.png (90x23)" in line and "bad.jpg (not an image)" in line
    written(tmp_path / "small", [(20, 20)])
    with pytest.raises(Refused, match="no square of --image_size=24 can be cut from its 1 photos"):
        loaded(tmp_path / "small")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="holds no picture"):
        loaded(tmp_path / "empty")


def test_a_test_split_is_never_learned(tmp_path):
    written(tmp_path / "d" / "train" / "a", [(24, 24)] * 3)
    written(tmp_path / "d" / "test" / "Set2", [(24, 24)] * 2)
    data_set = DataSet.of({**SETTINGS, "dataset": str(tmp_path / "d")})
    assert data_set.has_test()
    assert (len(data_set.load("train")), len(data_set.load("test"))) == (3, 2)
    names = [path for path, _ in photos.read(str(tmp_path / "d"), "test")]
    assert names == ["test/Set2/000.png", "test/Set2/001.png"]


def test_of_a_hundred_photos_a_tenth_is_held_out_whole(tmp_path):
    written(tmp_path / "d", [(24, 24)] * 99)
    data_set = DataSet.of({**SETTINGS, "dataset": str(tmp_path / "d")})
    assert not data_set.has_test()
    with pytest.raises(Refused, match="has no split 'test'"):
        data_set.load("test")
    Image.fromarray(scene(48)).save(tmp_path / "d" / "099.png")
    assert data_set.has_test()
    parts = {
        split: {path for path, _ in photos.read(str(tmp_path / "d"), split)}
        for split in ("train", "test")
    }
    assert (len(parts["train"]), len(parts["test"])) == (90, 10)
    assert not parts["train"] & parts["test"]


def test_of_many_squares_as_many_are_taken_of_each_photo(tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "MOST", 6)
    written(tmp_path / "d", [(96, 96), (24, 24), (72, 72)])
    data = loaded(tmp_path / "d")
    # Two of sixteen, all of one, two of nine: the same ones each time.
    assert len(data) == 2 + 1 + 2
    assert_array_equal(data.images, loaded(tmp_path / "d").images)


def test_data_with_a_name_are_reduced_as_they_are():
    data = DataSet.of({"dataset": "digits", "image_size": 0, "scale": 4}).load("test")
    assert data.columns["sources"].shape == (len(data), 7, 7, 1)
    assert_array_equal(
        data.columns["sources"][3][..., 0], photos.reduced(data.images[3][..., 0], 4)
    )
    assert Reduction.of({"dataset": "digits"}) is None


def test_reducing_keeps_means_and_straight_slopes():
    flat = np.full((16, 24), 90, np.uint8)
    assert_array_equal(photos.reduced(flat, 4), np.full((4, 6), 90))
    slope = np.tile(np.arange(0, 192, 4, dtype=np.uint8), (8, 1))
    small = photos.reduced(slope, 4)
    assert_array_equal(small[:, 2:-2], np.tile(np.arange(2, 10) * 16 + 6, (2, 1)))
