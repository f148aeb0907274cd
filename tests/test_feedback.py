"""Shops: who chose what of them, which choices are kept apart, what else is drawn for a pair."""

import collections
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_apps.data import feedback, parts
from gan_apps.data.minibatches import minibatches
from gan_apps.data.sources import DataSet
from gan_apps.settings import Refused
from models.game import Player
from tests import shops


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shops.write(tmp_path_factory.mktemp("shops") / "shop")


@pytest.fixture(scope="module")
def choices(shop):
    return feedback.read(str(shop), shops.SIDE)


@pytest.fixture
def small(tmp_path):
    """A function of lines of feedback.csv: a shop of six items in two classes, and those."""

    def made(*rows):
        for number in range(6):
            place = tmp_path / "small" / "ab"[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8), 40 * number, np.uint8)).save(place / f"{number}.png")
        return str(shops.feedback(tmp_path / "small", *rows))

    return made


def test_of_every_user_one_choice_is_kept_to_validate_and_one_to_test(choices):
    assert choices.names == tuple(map(str, range(30)))
    found = {split: list(zip(*choices.parts[split], strict=True)) for split in feedback.SPLITS}
    assert collections.Counter(user for user, _ in found["test"]) == dict.fromkeys(range(30), 1)
    assert collections.Counter(user for user, _ in found["validation"]) == dict.fromkeys(
        range(30), 1
    )
    assert collections.Counter(user for user, _ in found["train"]) == dict.fromkeys(range(30), 6)
    assert len({pair for pairs in found.values() for pair in pairs}) == 30 * 8
    assert (choices.counts == np.bincount([i for _, i in found["train"]], minlength=60)).all()


def test_the_split_is_that_of_the_seed_and_its_record_says_so(shop, choices):
    again = feedback.read(str(shop), shops.SIDE)
    for split in feedback.SPLITS:
        np.testing.assert_array_equal(again.parts[split], choices.parts[split])
    data_set = DataSet.of({"dataset": str(shop), "image_size": 8, "taste_dim": 4})
    data = data_set.load()
    record = parts.recorded(data_set, data)
    assert (record["test"], record["seed"], record["num_images"]) == (parts.OWN, 0, 180)
    assert len(parts.test_part(data_set, data, record)) == 30
    assert not parts.changed(record, data)
    with pytest.raises(Refused, match="choices are kept apart is no longer known"):
        parts.kept_up(record, data_set, data.subset(np.arange(100)), accept=True)


def test_a_column_is_what_was_chosen(choices):
    data = feedback.of_split(choices, "train")
    users, items = choices.parts["train"]
    some = np.array([3, 50, 171])
    np.testing.assert_array_equal(data.images[some], choices.shop.pictures[items[some]])
    np.testing.assert_array_equal(data.subset(some).images[:], choices.shop.pictures[items[some]])
    gathered = data.columns["images"].gathered(tf.constant(some[None]))
    np.testing.assert_array_equal(gathered[0], data.images[some])
    assert data.condition.names == choices.names and data.numbers is users


def test_what_is_drawn_beside_is_uniform_over_what_a_user_did_not_choose(choices):
    users, items = choices.parts["train"]
    own = set(items[users == 3])
    drawn = choices.foreign(tf.fill((20_000,), 3), tf.constant([0, 1], tf.int64)).numpy()
    counts = np.bincount(drawn, minlength=60)
    assert set(np.flatnonzero(counts == 0)) == own
    others = counts[counts > 0]
    # Pearson's statistic has as many degrees of freedom as there are others, less one.
    expected = 20_000 / len(others)
    statistic = np.sum((others - expected) ** 2 / expected)
    assert abs(statistic - (len(others) - 1)) < 4 * np.sqrt(2 * (len(others) - 1))
    again = choices.foreign(tf.fill((20_000,), 3), tf.constant([0, 1], tf.int64))
    np.testing.assert_array_equal(drawn, again)


@pytest.mark.parametrize("replicas", [1, 2])
def test_minibatches_hold_pairs_of_one_user(choices, replicas):
    data = feedback.of_split(choices, "train")
    columns = ("users", "images", "foreign_images", "items", "foreign_items")
    player = Player(name="one", networks=(), loss=len, columns=columns)
    order = minibatches(data, (player,), 20, seed=5, horizontal_flips=False)
    found = [
        next(iter(order.iterations(7, range(part, part + 1), replicas)))["one"]
        for part in range(replicas)
    ]
    found = {name: np.concatenate([one[name][0] for one in found]) for name in columns}
    pictures = choices.shop.pictures
    chosen = choices.chosen(["train"])
    assert chosen[found["users"], found["items"]].all()
    assert not chosen[found["users"], found["foreign_items"]].any()
    np.testing.assert_array_equal(found["images"], pictures[found["items"]])
    np.testing.assert_array_equal(found["foreign_images"], pictures[found["foreign_items"]])
    # However many replicas share it, it is one minibatch.
    whole = next(iter(order.iterations(7)))["one"]
    for name in columns:
        np.testing.assert_array_equal(found[name], whole[name][0])


def test_pictures_of_both_are_mirrored_alike(choices):
    data = feedback.of_split(choices, "train")
    columns = ("users", "images", "foreign_images")
    player = Player(name="one", networks=(), loss=len, columns=columns)
    plain, mirrored = (
        next(iter(minibatches(data, (player,), 20, 0, flips).iterations()))["one"]
        for flips in (False, True)
    )
    turned = [
        (mirrored[name].numpy() == plain[name].numpy()[..., ::-1, :]).all(axis=(2, 3, 4))
        for name in columns[1:]
    ]
    np.testing.assert_array_equal(*turned)
    assert 0 < turned[0].sum() < 20
    np.testing.assert_array_equal(plain["users"], mirrored["users"])


def test_items_are_called_by_as_much_of_their_path_as_tells_them(small):
    choices = feedback.read(small("u,a/0.png", "u,1.png", "u,2", "u,a/4"), 8)
    users, items = (np.concatenate(some) for some in zip(*choices.parts.values(), strict=True))
    assert sorted(choices.shop.names[item] for item in items) == [
        "a/0.png", "a/2.png", "a/4.png", "b/1.png",
    ]  # fmt: skip
    assert not users.any()
    assert choices.shop.classes == ("a", "b")
    assert [choices.shop.names[n] for n in choices.shop.of_class("B")] == [
        "b/1.png", "b/3.png", "b/5.png",
    ]  # fmt: skip


def test_classes_may_stand_in_a_file(small, tmp_path):
    place = small("u,0", "u,1", "u,2")
    (tmp_path / "small" / "items.csv").write_text("item,class\n0,low\n1,low\n5,high\n")
    shop = feedback.read(place, 8).shop
    assert shop.classes == ("high", "low")
    assert [shop.names[n] for n in shop.of_class("high")] == ["b/5.png"]
    (tmp_path / "small" / "items.csv").write_text("item,class\n9,low\n")
    with pytest.raises(Refused, match="line 2 of items.csv must be a picture .* is '9,low'"):
        feedback.read(place, 8)


def test_a_zip_holds_the_same(shop, choices, tmp_path):
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
        for path in sorted(shop.rglob("*.*")):
            archive.write(path, f"shop/{path.relative_to(shop)}")
    zipped = feedback.read(str(tmp_path / "shop.zip"), shops.SIDE)
    for split in feedback.SPLITS:
        np.testing.assert_array_equal(zipped.parts[split], choices.parts[split])
    np.testing.assert_array_equal(zipped.shop.pictures, choices.shop.pictures)
    assert zipped.shop.classes == ("dark", "light")


def test_what_cannot_be_used_is_left_out_in_one_line(small, capsys):
    place = small("u,0", "u,1", "u,2", "v,3", "w,nothing", "u", "u,0", "x,1,2")
    assert feedback.read(place, 8).names == ("u",)
    (line,) = capsys.readouterr().err.splitlines()
    assert "3 of 8 lines of feedback.csv skipped: line 6 (no picture 'nothing'), line 7" in line
    assert "1 of 2 users left out, who chose less than 3 items: v." in line


@pytest.mark.parametrize(
    "rows, words",
    [
        ((), "feedback.csv holds no choice"),
        (("u,0",), "no user who chose 3 items"),
        (("u,x", "u,y", "u,z"), "no user who chose 3 items"),
        (tuple(f"u,{n}" for n in range(6)), "no user who chose 3 items"),
    ],
    ids=["empty", "one item", "unknown items", "everything"],
)
def test_a_shop_without_anything_to_learn_is_refused(small, rows, words):
    with pytest.raises(Refused, match=words):
        feedback.read(small(*rows), 8)


def test_what_is_no_shop_is_refused(small, tmp_path):
    place = small("u,0")
    (tmp_path / "small" / "feedback.csv").write_text("who,what\nu,0\n")
    with pytest.raises(Refused, match="first line must be 'user,item', is 'who,what'"):
        feedback.read(place, 8)
    (tmp_path / "small" / "feedback.csv").write_bytes(b"user,item\n\xff\xfe\xfd,0\n")
    with pytest.raises(Refused, match="feedback.csv cannot be read: its line 2 is not UTF-8"):
        feedback.read(place, 8)
    (tmp_path / "small" / "feedback.csv").unlink()
    with pytest.raises(Refused, match="has no feedback.csv, whose lines are user,item"):
        feedback.read(place, 8)
    with pytest.raises(Refused, match="--dataset=mnist: holds no choices"):
        feedback.read("mnist", 8)
