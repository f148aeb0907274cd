"""Pairs of pictures: how they lie in folders and zips, and what is no pair."""

import shutil
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from gan_apps.data import minibatches, pairs, parts, sources
from gan_apps.data.columns import Data
from gan_apps.data.pairs import Pairing
from gan_apps.data.sources import DataSet
from gan_apps.settings import Refused
from models.game import Player

SIDE = 8
READ = Pairing("pairs", "AtoB")


def picture(value, size=(SIDE, SIDE), mode="RGB"):
    return Image.new(mode, size, value if mode == "L" else (value, value, 100))


def write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def double(left, right, side=SIDE):
    image = picture(left, (2 * side, side))
    image.paste(picture(right, (side, side)), (side, 0))
    return image


def doubles(folder, count=4, tops=("",)):
    """Double pictures, the left half of number i of i, the right one of 100 + i."""
    for top in tops:
        for number in range(count):
            write(folder / top / f"{number}.png", double(number, 100 + number))


def partners(folder, count=4, path="{side}/{number}.png"):
    for number in range(count):
        for side, value in (("A", number), ("B", 100 + number)):
            write(folder / path.format(side=side, number=number), picture(value))


def load(path, split="train", pairing=READ, size=SIDE):
    return DataSet(str(path), size, pairing).load(split)


def values(data):
    """(source, target) of each pair, by their first channel."""
    columns = (data.columns[name][:, 0, 0, 0].tolist() for name in ("sources", "images"))
    return list(zip(*columns, strict=True))


def zipped(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder.parent))
        archive.writestr("__MACOSX/._0.png", b"")
        archive.writestr("notes.csv", b"a,b")
    return path


LAYOUTS = {
    "doubles": doubles,
    "partners": partners,
    "deeper": lambda folder: partners(folder, path="all/{side}/x/{number}.png"),
    "small letters": lambda folder: [
        partners(folder),
        (folder / "A").rename(folder / "a"),
        (folder / "B").rename(folder / "b"),
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("is_zip", [False, True])
def test_both_layouts_in_folders_and_zips(layout, is_zip, tmp_path):
    folder = tmp_path / "data"
    LAYOUTS[layout](folder)
    path = zipped(folder) if is_zip else folder
    there = [(number, 100 + number) for number in range(4)]
    assert values(load(path)) == there
    back = load(path, pairing=Pairing("pairs", "BtoA"))
    assert values(back) == [(target, source) for source, target in there]
    assert back.images.shape == back.columns["sources"].shape == (4, SIDE, SIDE, 3)
    assert not DataSet(str(path), pairing=READ).has_test()
    with pytest.raises(Refused, match="has no split 'test'"):
        load(path, "test")


@pytest.mark.parametrize(
    "layout",
    [
        lambda folder: doubles(folder, tops=("train", "val")),
        lambda folder: (
            partners(folder, path="{side}/train/{number}.png")
            or partners(folder, path="{side}/val/{number}.png")
        ),
        lambda folder: (
            partners(folder, path="train/{side}/{number}.png")
            or partners(folder, path="val/{side}/{number}.png")
        ),
    ],
    ids=["doubles", "splits below", "splits above"],
)
def test_a_test_split_is_kept_apart(layout, tmp_path, capsys):
    layout(tmp_path)
    data_set = DataSet(str(tmp_path), SIDE, READ)
    assert data_set.has_test()
    assert len(load(tmp_path)) == len(load(tmp_path, "test")) == 4
    record = parts.recorded(data_set, load(tmp_path))
    assert record["test"] == parts.OWN
    test = parts.test_part(data_set, None, record)
    assert values(test) == values(load(tmp_path, "test"))
    assert capsys.readouterr().err == ""


def test_with_a_test_folder_another_is_left_out_and_told(tmp_path, capsys):
    doubles(tmp_path, tops=("train", "val", "test"))
    assert len(load(tmp_path, "test")) == 4
    assert "Left out: 4 pictures outside of train and test (val)." in capsys.readouterr().err


def test_partners_may_be_of_other_kinds_and_sizes_but_their_own(tmp_path):
    for number, size in enumerate(((8, 8), (20, 12))):
        write(tmp_path / "A" / f"{number}.jpg", picture(50, size))
        write(tmp_path / "B" / f"{number}.png", picture(200, size, "L"))
    found = load(tmp_path)
    assert found.columns["sources"].shape == found.images.shape == (2, SIDE, SIDE, 3)
    assert (found.images == 200).all()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            lambda folder: write(folder / "1.png", picture(1, (30, 20))),
            "1.png is no double picture, twice as wide as high, but 30x20; --sources=edges or",
        ),
        (
            lambda folder: partners(folder) or (folder / "B" / "2.png").unlink(),
            "A/2.png has no partner in B",
        ),
        (
            lambda folder: partners(folder) or (folder / "A" / "0.png").unlink(),
            "B/0.png has no partner in A",
        ),
        (
            lambda folder: partners(folder) or write(folder / "B" / "3.png", picture(1, (9, 8))),
            "A/3.png is 8x8 and .*B/3.png 9x8; the two of a pair have one size",
        ),
        (
            lambda folder: partners(folder) or write(folder / "A" / "3.jpg", picture(1)),
            "A/3.jpg and .*A/3.png are one picture of a pair",
        ),
        (lambda folder: folder.mkdir(), "holds no picture"),
    ],
    ids=["no double", "no B", "no A", "unequal", "twice", "empty"],
)
@pytest.mark.parametrize("is_zip", [False, True])
def test_what_is_no_pair_is_refused(made, words, is_zip, tmp_path):
    folder = tmp_path / "data"
    made(folder)
    if is_zip and "3.jpg" in words:
        shutil.copy(folder / "A" / "3.jpg", folder / "A" / "4.png")
        words = "has no partner in B"
    with pytest.raises(Refused, match="--dataset=.*" + words.replace("(", r"\(")):
        load(zipped(folder) if is_zip else folder)


def test_what_is_no_folder_and_no_zip_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("pairs")
    (tmp_path / "damaged.zip").write_text("no zip")
    for name, words in (
        ("notes.txt", "there is no such folder or zip"),
        ("nothing", "there is no such folder or zip"),
        ("damaged.zip", "is no zip that can be read"),
    ):
        with pytest.raises(Refused, match=words):
            load(tmp_path / name)
    for name in ("digits", "tfds:cifar10"):
        with pytest.raises(Refused, match=f"--dataset={name}: holds no pairs; --sources=edges or"):
            load(name)
        with pytest.raises(Refused, match="holds no pairs"):
            DataSet(name, pairing=READ).has_test()


def test_pairs_that_cannot_be_read_are_skipped_and_named(tmp_path, capsys):
    doubles(tmp_path)
    (tmp_path / "2.png").write_bytes(b"no picture")
    assert values(load(tmp_path)) == [(0, 100), (1, 101), (3, 103)]
    assert "1 of 4 pairs skipped: 2.png (not an image)." in capsys.readouterr().err
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(b"no picture")
    with pytest.raises(Refused, match="none of its 4 pairs can be read"):
        load(tmp_path)


@pytest.mark.parametrize(("kind", "levels"), [("edges", {0, 255}), ("gray", None)])
def test_sources_are_made_of_pictures_of_any_kind(kind, levels):
    data_set = DataSet("digits", 28, Pairing(kind, "AtoB"))
    found, plain = data_set.load(), sources.load("digits", "train", 28)
    assert_array_equal(found.images, plain.images)
    made = found.columns["sources"]
    assert made.dtype == np.uint8 and made.shape == (1437, 28, 28, 1)
    if levels:
        assert set(np.unique(made)) == levels
    else:
        assert_array_equal(made, plain.images)
    assert_array_equal(found.columns["labels"], plain.columns["labels"])
    # A sketch is a picture's own, whichever others are made with it.
    alone = pairs.made(plain.subset(np.arange(300, 303)), kind)
    assert_array_equal(alone.columns["sources"], made[300:303])
    assert data_set.has_test()


def test_both_pictures_of_a_pair_go_the_same_way():
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (40, 8, 8, 3)).astype(np.uint8)
    data = Data({"images": images, "sources": 255 - images[..., :1]})
    player = Player(name="both", networks=(), loss=None, columns=("images", "sources"))
    order = minibatches.minibatches(data, (player,), 8, seed=1, horizontal_flips=True)
    mirrored = 0
    for element in order.iterations().take(10):
        columns = {name: values.numpy()[0] for name, values in element["both"].items()}
        assert_array_equal(columns["sources"], 255 - columns["images"][..., :1])
        known = {image.tobytes() for image in images}
        mirrored += sum(image.tobytes() not in known for image in columns["images"])
    assert 20 < mirrored < 60


def test_a_pair_is_held_out_as_one(tmp_path):
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (120, 4, 4, 3)).astype(np.uint8)
    data = Data({"images": images, "sources": 255 - images})
    data_set = DataSet("a/folder", 4, Pairing("edges", "AtoB"))
    record = parts.recorded(data_set, data)
    test = parts.test_part(data_set, data, record)
    assert len(test) == 12
    assert_array_equal(test.columns["sources"], 255 - test.images)
    other = Data({**data.columns, "sources": images})
    assert "not the same ones" in parts.changed(record, other)
