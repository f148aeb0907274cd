"""Two sets of pictures: how they lie in folders, zips and TFDS, and how words name them."""

import shutil
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from gan_apps import systems
from gan_apps.conditions import Attributes, Labels
from gan_apps.data import parts
from gan_apps.data.columns import OF_SIDES, Data
from gan_apps.data.sides import Sides
from gan_apps.data.sources import DataSet
from gan_apps.prompts.vocabulary import learned
from gan_apps.runs.draws import Pictures
from gan_apps.settings import Refused

SIDE = 8
READ = Sides("", "")


def write(folder, counts):
    """Pictures of a folder each, number i of its folder filled with i + 50 per folder."""
    for place, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            value = 50 * place + number
            Image.new("RGB", (SIDE, SIDE), (value, value, 9)).save(folder / name / f"{number}.png")
    return folder


def zipped(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder.parent))
        archive.writestr("__MACOSX/trainA/._0.png", b"")
    return path


def data_set(path, sides=READ):
    return DataSet(str(path), SIDE, sides=sides)


def values(data, side=None):
    return data.of_side(side).images[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("kind", ["folder", "zip", "inside another, in capitals"])
def test_folders_and_zips_of_two_sets(kind, tmp_path):
    inside = tmp_path / "all" / "sets" if kind.startswith("inside") else tmp_path / "sets"
    folder = write(inside, {"trainA": 2, "trainB": 3, "testA": 1, "testB": 2, "other": 4})
    if kind == "zip":
        folder = zipped(folder)
    elif kind.startswith("inside"):
        (folder / "trainA").rename(folder / "TRAINA")
        folder = tmp_path / "all"
    found = data_set(folder)
    assert found.has_test()
    data = found.learned(found.load())
    assert (values(data, "a"), values(data, "b")) == ([0, 1], [50, 51, 52])
    assert data.images.shape == (5, SIDE, SIDE, 3)
    test = found.learned(found.load("test"))
    assert (values(test, "a"), values(test, "b")) == ([100], [150, 151])
    assert parts.recorded(found, found.load())["test"] == parts.OWN


def test_without_test_folders_a_tenth_of_both_is_held_out(tmp_path):
    found = data_set(write(tmp_path / "sets", {"trainA": 40, "trainB": 80}))
    assert not found.has_test()
    data = found.load()
    record = parts.recorded(found, data)
    assert (record["test"], record["num_held_out"]) == (parts.HELD_OUT, 12)
    kept, test = parts.train_part(data, record), parts.test_part(found, data, record)
    assert sorted(values(kept) + values(test)) == sorted(values(data))
    assert not set(values(kept)) & set(values(test))
    with pytest.raises(Refused, match="has no split 'test'"):
        found.load("test")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"trainA": 2, "testA": 1, "testB": 1}, "has no picture in trainB, one of the two sets"),
        ({"trainB": 2, "trainA": 0}, "has no picture in trainA, one of the two sets"),
        (
            {"A": 2, "B": 2},
            "has no folders trainA and trainB.*pairs are what gan_apps.pix2pix learns",
        ),
        ({"cat": 2, "dog": 2}, "has no folders trainA and trainB.*--side_a and --side_b name two"),
    ],
)
def test_what_is_no_two_sets_is_refused(counts, words, tmp_path):
    found = data_set(write(tmp_path / "sets", counts))
    with pytest.raises(Refused, match=f"--dataset={tmp_path}/sets: {words}"):
        found.load()


def test_unreadable_pictures_are_told_and_an_unreadable_set_is_refused(tmp_path, capsys):
    folder = write(tmp_path / "sets", {"trainA": 2, "trainB": 3})
    (folder / "trainA" / "1.png").write_bytes(b"none")
    found = data_set(folder)
    assert values(found.learned(found.load()), "a") == [0]
    assert "1 of 5 files skipped: trainA/1.png (not an image)." in capsys.readouterr().err
    (folder / "trainA" / "0.png").write_bytes(b"none")
    with pytest.raises(Refused, match="none of the 2 pictures in trainA can be read"):
        found.load()
    shutil.rmtree(folder)
    with pytest.raises(Refused, match="there is no such folder or zip"):
        found.load()
    with pytest.raises(Refused, match="--dataset=mnist: is one set; --side_a and --side_b name"):
        data_set("mnist").load()


def test_sets_of_tensorflow_datasets(tmp_path, monkeypatch):
    import tensorflow as tf
    import tensorflow_datasets as tfds

    counts = {"trainA": 2, "trainB": 3, "testA": 1, "testB": 1}
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(6, SIDE, 3)),
            "label": tfds.features.ClassLabel(num_classes=2),
        }
    )
    for name, kept in (("two_sets", list(counts)), ("one_set", ["testA"])):
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=features,
            split_datasets={
                split: tf.data.Dataset.from_tensor_slices(
                    {
                        "image": np.full((counts[split], 6, SIDE, 3), 40 * place, np.uint8),
                        "label": np.zeros(counts[split], int),
                    }
                )
                for place, split in enumerate(kept)
            },
            data_dir=tmp_path,
        )
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    found = data_set("tfds:two_sets")
    assert found.has_test()
    data, test = (found.learned(found.load(split)) for split in ("train", "test"))
    assert (values(data, "a"), values(data, "b")) == ([0, 0], [40, 40, 40])
    assert (values(test, "a"), values(test, "b")) == ([80], [120])
    with pytest.raises(Refused, match="--dataset=tfds:one_set: has no split 'trainA'"):
        data_set("tfds:one_set").load()
    with pytest.raises(Refused, match="TensorFlow Datasets knows no 'nobodys'"):
        data_set("tfds:nobodys").load()


def labelled():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] + np.zeros((6, 4, 4, 1), np.uint8)
    labels = np.array([0, 1, 2, 0, 1, 2], np.int32)
    return Data({"images": images, "labels": labels}, Labels(("cat", "dog", "cow")))


def of_words():
    known, attributes = learned(
        [f"{hair} hair {eyes} eyes" for hair in ("red", "blue") for eyes in ("green", "blue")]
    )
    images = np.arange(4, dtype=np.uint8)[:, None, None, None] + np.zeros((4, 4, 4, 3), np.uint8)
    columns = {"images": images, "attributes": np.asarray(attributes, np.int32)}
    return Data(columns, Attributes(known))


@pytest.mark.parametrize(
    ("data", "a", "b", "numbers"),
    [
        (labelled(), "dog", "cat", ([1, 4], [0, 3])),
        (labelled(), "cow,dog", "cat", ([1, 2, 4, 5], [0, 3])),
        (of_words(), "red hair", "blue hair", ([0, 1], [2, 3])),
        (of_words(), "red hair blue eyes", "blue hair", ([1], [2, 3])),
    ],
)
def test_sets_are_named_by_what_the_data_say(data, a, b, numbers):
    sides = Sides(a, b)
    chosen = sides.chosen(data, "these")
    assert (values(chosen, "a"), values(chosen, "b")) == numbers
    # What a network is given of them, and what is said of those.
    given = chosen.given(Pictures(column="sources", shape=data.shape, side="b"))
    assert given[:, 0, 0, 0].tolist() == numbers[1]
    assert_array_equal(chosen.of_side("b").numbers, data.numbers[numbers[1]])
    assert data.given(Pictures(column="sources", shape=data.shape, side="b")) is None
    assert OF_SIDES not in chosen.of_side("a").columns


def test_what_is_asked_of_a_picture_that_becomes_another():
    data = of_words()
    sides = Sides("red hair", "blue hair blue eyes")
    said = data.numbers[[0, 3]]
    (hair,) = {place for place, (noun, _) in enumerate(data.condition.slots) if noun == "hair"}
    expected = np.full(2, -1)
    expected[hair] = said[0, hair]
    assert_array_equal(sides.asked(data.condition, "a"), expected)
    assert_array_equal(sides.asked(data.condition, "b"), said[1])
    assert_array_equal(Sides("cow", "dog").asked(labelled().condition, "a"), [2])
    assert Sides("cow,dog", "cat").asked(labelled().condition, "a") is None
    assert READ.asked(Labels(("a", "b")), "a") is None


@pytest.mark.parametrize(
    ("data", "a", "b", "words"),
    [
        (labelled(), "cat", "cow,cat", "--side_b=cow,cat: 2 pictures are of --side_a=cat as well"),
        (labelled(), "cat", "bird", "--side_b=bird: 'bird' is not one of"),
        (of_words(), "red hair", "pink hair", "--side_b=pink hair: 'pink hair' is not known"),
        (of_words(), "red hair", "blue hair hat", "--side_b=blue hair hat: 'hat' is not known"),
        (of_words(), "red hair", "blue eyes", "--side_b=blue eyes: 1 pictures are of --side_a=red"),
        (labelled().unconditional(), "x", "y", "--side_a=x: the data have neither labels nor"),
        (labelled().subset([0, 1]), "cow", "cat", "--side_a=cow: no picture of --dataset=these"),
    ],
)
def test_words_that_name_no_two_sets_are_refused(data, a, b, words):
    with pytest.raises(Refused) as refused:
        Sides(a, b).chosen(data, "these")
    assert words in str(refused.value)


def test_one_side_alone_is_refused():
    config = systems.find("cyclegan").config
    with pytest.raises(ValueError, match="side_b must name a set too with --side_a=cat, got ''"):
        config(side_a="cat")
    with pytest.raises(ValueError, match="side_a must name a set too with --side_b=cat, got ''"):
        config(side_b="cat")
    with pytest.raises(ValueError, match="pool_size must be 0 or at least --batch_size=8, got 5"):
        config(pool_size=5, batch_size=8)
    with pytest.raises(ValueError, match="pool_size must be 0 with --distribute=mirrored, got 50"):
        config(distribute="mirrored")


class Reader:
    """A judge that reads the hair off a picture's first channel and the eyes off its second."""

    test_accuracy = None

    def __init__(self, slots):
        self.slots = slots

    def judged(self, images):
        sizes = [len(values) for _, values in self.slots]
        read = np.asarray(images)[:, 0, 0, : len(sizes)]
        one_hot = [np.eye(size)[read[:, place]] for place, size in enumerate(sizes)]
        # Features enough for a distance; that of all pixels would take seconds.
        features = np.asarray(images, np.float32).reshape(len(read), -1)[:, :24]
        return np.concatenate(one_hot, axis=1), features


def test_what_is_asked_of_a_picture_and_what_must_stay_are_measured():
    """Of ten pictures all but one get the hair that is asked for, and three lose their eyes."""
    from gan_apps.evaluation import judgement, measures
    from gan_apps.evaluation.facts import Facts, Real
    from gan_apps.runs.draws import Draw
    from gan_apps.runs.run_dir import Recipe

    known = of_words().condition
    random = np.random.RandomState(0)
    numbers = random.randint(0, 2, (40, 2)).astype(np.int32)
    images = random.randint(0, 255, (40, 16, 16, 3)).astype(np.uint8)
    images[:, 0, 0, :2] = numbers
    data = Data({"images": images, "attributes": numbers}, known)
    words = [known.named((hair, -1)) for hair in (0, 1)]
    chosen = Sides(*words).chosen(data, "these")
    draw = Draw(
        network={"class": "translators.PictureTranslator", "config": {}},
        shape=(16, 16, 3),
        pictures=Pictures(column="sources", shape=(16, 16, 3), side="a"),
    )
    settings = {"side_a": words[0], "side_b": words[1]}
    recipe = Recipe(system="cyclegan", settings=settings, draws={"generator_b": draw}, versions={})
    given = np.arange(10)
    asked, said = judgement._asked_of_sides(recipe, draw, chosen, given, known.slots)
    assert_array_equal(asked, np.tile([1, -1], (10, 1)))
    drawn = chosen.of_side("a").images[given]
    drawn[:, 0, 0, 0] = 1
    drawn[4, 0, 0, 0] = 0
    drawn[[2, 5, 6], 0, 0, 1] = 1 - drawn[[2, 5, 6], 0, 0, 1]
    side = chosen.of_side("b")
    facts = Facts(
        draw=draw,
        asked=asked,
        said=said,
        images=drawn,
        given=given,
        real=Real(side, side, side, None, chosen),
        judge=Reader(known.slots),
        seed=0,
        coded=lambda images: None,
        enlarged=lambda: None,
    )
    report = measures.measured(facts)
    assert report["attribute_accuracy"] == {"hair": 0.9, "all": 0.9}
    assert report["kept_accuracy"] == {"eyes": 0.7}
    assert report["kept_accuracy_of_given"] == {"eyes": 1.0}
    assert "l1" not in report and "variety" not in report
    shown = {line.label: (line.value, line.floor) for line in measures.lines(report, details=False)}
    assert shown["read as the data say of the given picture: eyes"] == ("70.00%", "100.00%")
