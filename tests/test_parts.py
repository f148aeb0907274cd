"""What is trained on, what is kept apart, and data that are no longer what they were."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from gan_apps import systems
from gan_apps.command import system_command
from gan_apps.conditions import Labels
from gan_apps.data import parts, sources
from gan_apps.data.columns import Data
from gan_apps.data.sources import DataSet
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import cards, train
from tests import toy_faces

DCGAN = systems.find("dcgan")
FOLDER = DataSet("a/folder")

TINY = {
    "generator_widths": (8, 8),
    "discriminator_widths": (8, 8),
    "latent_dim": 4,
    "image_size": 8,
    "batch_size": 16,
    "num_epochs": 1,
    "precision": "float32",
}


def images(count, labels=None):
    """Random images; `labels` are of "a", "b", ..."""
    pixels = np.random.RandomState(0).randint(0, 256, (count, 8, 8, 1)).astype(np.uint8)
    if labels is None:
        return Data({"images": pixels})
    columns = {"images": pixels, "labels": np.asarray(labels, np.int32)}
    return Data(columns, Labels(tuple("abcdefgh")[: max(labels) + 1]))


def write_folder(folder, data):
    folder.mkdir()
    for number, image in enumerate(data.images):
        Image.fromarray(image[..., 0]).save(folder / f"{number:03d}.png")
    return str(folder)


def rows(some):
    """The images of a data set as a set of bytes."""
    return {image.tobytes() for image in some.images[:]}


@pytest.mark.parametrize("count, held_out", [(100, 10), (109, 10), (250, 25)])
def test_a_tenth_is_held_out_and_is_always_the_same(count, held_out):
    data = images(count)
    record = parts.recorded(FOLDER, data)
    assert (record["test"], record["num_held_out"]) == (parts.HELD_OUT, held_out)
    trained, test = (
        parts.train_part(data, record),
        parts.test_part(DataSet("another/folder"), data, record),
    )
    assert len(trained.images) == count - held_out and len(test.images) == held_out
    assert rows(trained) | rows(test) == rows(data) and not rows(trained) & rows(test)
    again = parts.test_part(FOLDER, data, json.loads(json.dumps(record)))
    assert_array_equal(again.images, test.images)


def test_below_a_hundred_images_none_is_held_out():
    data = images(99)
    record = parts.recorded(FOLDER, data)
    assert (record["test"], record["num_held_out"]) == (parts.NONE, 0)
    assert parts.train_part(data, record) is data
    assert parts.test_part(FOLDER, data, record) is None


def test_a_test_split_of_the_data_s_own_is_taken_and_nothing_else_held_out():
    data = sources.load("digits")
    record = parts.recorded(DataSet("digits"), data)
    assert (record["test"], record["num_held_out"]) == (parts.OWN, 0)
    assert parts.train_part(data, record) is data
    test = parts.test_part(DataSet("digits"), data, record)
    assert_array_equal(test.images, sources.load("digits", "test").images)


def test_a_run_without_a_record_trained_on_all_of_a_folder_and_on_no_test_split():
    data = images(200)
    assert parts.train_part(data, None) is data
    assert parts.test_part(FOLDER, data, None) is None
    digits = sources.load("digits")
    assert len(parts.test_part(DataSet("digits"), digits, None).images) == 360


@pytest.mark.parametrize("splits", [["train"], ["train", "test"]])
def test_any_set_of_tensorflow_datasets_has_its_parts(splits, tmp_path, monkeypatch):
    import tensorflow as tf
    import tensorflow_datasets as tfds

    tables = {
        split: tf.data.Dataset.from_tensor_slices(
            {"image": images(count).images, "label": np.arange(count) % 2}
        )
        for split, count in zip(splits, (120, 30), strict=False)
    }
    name = f"parted_{len(splits)}"
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(8, 8, 1)),
                "label": tfds.features.ClassLabel(names=["cat", "dog"]),
            }
        ),
        split_datasets=tables,
        data_dir=tmp_path,
    )
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    data = sources.load(f"tfds:{name}", image_size=8)
    data_set = DataSet(f"tfds:{name}", 8)
    record = parts.recorded(data_set, data)
    test = parts.test_part(data_set, data, record)
    found = record["test"], len(parts.train_part(data, record).images), len(test.images)
    assert found == ((parts.HELD_OUT, 108, 12) if len(splits) == 1 else (parts.OWN, 120, 30))
    assert set(test.numbers) == {0, 1} and test.condition == Labels(("cat", "dog"))


def test_of_every_label_and_attribute_some_are_left_to_learn():
    # Seven labels of one image each, wherever the tenth falls, and one of all others.
    for shift in range(0, 200, 7):
        labels = np.zeros(200, np.int32)
        labels[(shift + np.arange(1, 8)) % 200] = np.arange(1, 8)
        data = images(200, labels)
        record = parts.recorded(FOLDER, data)
        trained = parts.train_part(data, record)
        assert set(trained.numbers) == set(range(8))
        assert len(trained.images) == 200 - record["num_held_out"]


def test_the_tenth_is_that_of_the_shipped_judge_of_faces():
    # As it was cut when checkpoints/classifier_anime was trained.
    order = np.random.RandomState(0).permutation(15973)
    faces = Data({"images": np.zeros((15973, 1, 1, 1), np.uint8)})
    _, held_out = parts.tenth(faces)
    assert_array_equal(held_out, np.sort(order[15973 - 1597 :]))


def test_judges_and_what_they_judge_learn_from_no_image_in_common():
    data = images(200, np.arange(200) % 5)
    record = parts.recorded(FOLDER, data, judges_share=0.3)
    assert record == {**parts.recorded(FOLDER, data), "judges_share": 0.3}
    drawn_from, judged_by = parts.train_part(data, record), parts.train_part(data, record, True)
    test = parts.test_part(FOLDER, data, record)
    assert [len(some) for some in (drawn_from, judged_by, test)] == [120, 60, 20]
    several = [rows(some) for some in (drawn_from, judged_by, test)]
    assert set.union(*several) == rows(data) and sum(map(len, several)) == 200
    # What is held out is held out of every training, whatever is left to judges.
    assert rows(test) == rows(parts.test_part(DataSet(""), data, parts.recorded(DataSet(""), data)))
    again = parts.train_part(data, json.loads(json.dumps(record)), is_judge=True)
    assert_array_equal(again.images, judged_by.images)


def test_a_test_part_of_the_data_s_own_leaves_a_share_of_the_others_to_judges():
    data = sources.load("digits")
    record = parts.recorded(DataSet("digits"), data, judges_share=0.25)
    learned = [parts.train_part(data, record, is_judge) for is_judge in (False, True)]
    assert len(learned[1]) == round(0.25 * len(data)) and sum(map(len, learned)) == len(data)
    # Which image is whose depends on their order.
    assert record["sha256"] == parts.digest(data, in_order=True)
    assert parts.changed(record, data.subset(np.arange(len(data))[::-1])) != ""


def test_of_every_value_some_are_left_to_draw_when_judges_have_their_share():
    for shift in range(0, 200, 7):
        labels = np.zeros(200, np.int32)
        labels[(shift + np.arange(1, 8)) % 200] = np.arange(1, 8)
        data = images(200, labels)
        record = parts.recorded(FOLDER, data, judges_share=0.5)
        assert set(parts.train_part(data, record).numbers) == set(range(8))


def test_of_few_images_none_are_left_to_judges():
    words = "--judges_share=0.2: --dataset=a/folder has 99 images; of less than 100"
    with pytest.raises(Refused, match=words):
        parts.recorded(FOLDER, images(99), judges_share=0.2)


def test_whether_a_judge_shares_images_is_told_from_the_records():
    data, other = images(200), images(201)
    record = parts.recorded(FOLDER, data, judges_share=0.2)
    assert parts.share_no_image(record, dict(record))
    unlike = (
        None,
        parts.recorded(FOLDER, data),
        parts.recorded(FOLDER, data, judges_share=0.1),
        parts.recorded(FOLDER, other, judges_share=0.2),
        {**record, "seed": 1},
    )
    for one in unlike:
        assert not parts.share_no_image(record, one) and not parts.share_no_image(one, record)
    plain = parts.recorded(FOLDER, data)
    assert not parts.share_no_image(plain, dict(plain))


def test_who_may_have_learned_from_anything_leaves_nothing_to_judges():
    data = images(120)
    record, plain = (
        parts.recorded(FOLDER, data, judges_share=0.2),
        parts.recorded(FOLDER, data),
    )
    assert parts.begun_with(record, dict(record), data) == record
    # The other learned from what is the judges'.
    found = parts.begun_with(record, plain, data)
    assert "judges_share" not in found and found["test"] == parts.NONE
    assert parts.train_part(data, found) is data
    now = parts.kept_up(record, FOLDER, images(130), accept=True)
    assert "judges_share" not in now and now["test"] == parts.NONE
    digits = sources.load("digits")
    found = parts.begun_with(
        parts.recorded(DataSet("digits"), digits, judges_share=0.2), None, digits
    )
    assert "judges_share" not in found and found["test"] == parts.OWN


OF_200 = "20 of its 200 images were held out (seed 0) and never trained on. A share of 25% is "


def test_a_card_says_what_is_left_to_judges():
    data = images(200)
    recipe = run_dir.Recipe(
        system="dcgan",
        settings={"dataset": FOLDER.name},
        draws={"generator": None},
        versions={},
        data=parts.recorded(FOLDER, data, judges_share=0.25),
    )
    of_a_judge = dataclasses.replace(recipe, draws={}, judges={"classifier": None})
    assert cards.trained_on(recipe) == OF_200 + "left to judges; it learned from none of it."
    assert cards.trained_on(of_a_judge) == OF_200 + "left to judges; it learned from nothing else."
    plain = dataclasses.replace(recipe, data=parts.recorded(FOLDER, data))
    assert "judges" not in cards.trained_on(plain)


@pytest.mark.slow
def test_a_run_learns_nothing_of_what_it_is_asked_to_leave_to_judges(tmp_path, monkeypatch):
    learned, real = [], train.minibatches
    spied = lambda data, *arguments: learned.append(data) or real(data, *arguments)
    monkeypatch.setattr(train, "minibatches", spied)
    folder = write_folder(tmp_path / "pictures", images(200))
    config = DCGAN.config(**TINY, dataset=folder, judges_share=0.25)
    run = train.train(DCGAN, config, tmp_path / "run")
    record = run_dir.read_recipe(run).data
    assert record["judges_share"] == 0.25
    whole = sources.load(folder, image_size=8)
    assert rows(learned[0]) == rows(parts.train_part(whole, record))
    assert len(learned[0]) == 200 - 20 - 50
    assert OF_200 + "left to judges" in (run / run_dir.CARD).read_text()


def test_a_digest_is_of_what_is_seen_and_of_nothing_else(tmp_path):
    data = images(20, np.arange(20) % 3)
    digest = parts.digest(data, in_order=True)
    others = {
        "pixel": images(20, np.arange(20) % 3),
        "label": images(20, (np.arange(20) + 1) % 3),
        "no labels": images(20),
    }
    others["pixel"].images[7, 3, 3] ^= 1
    assert len({digest, *(parts.digest(one, in_order=True) for one in others.values())}) == 4
    turned = data.subset(np.arange(20)[::-1])
    assert parts.digest(turned, in_order=True) != digest
    assert parts.digest(turned, in_order=False) == parts.digest(data, in_order=False)
    first = write_folder(tmp_path / "a", data)
    second = shutil.move(shutil.copytree(first, tmp_path / "b"), tmp_path / "elsewhere")
    assert parts.digest(sources.load(first), in_order=True) == parts.digest(
        sources.load(str(second)), in_order=True
    )


def test_data_that_are_read_from_disk_have_parts_and_a_digest(tmp_path):
    toy_faces.write(tmp_path / "toy", count=110, size=8)
    data = sources.load(str(tmp_path / "toy"), image_size=8)
    record = parts.recorded(DataSet(str(tmp_path / "toy")), data)
    assert record["test"] == parts.HELD_OUT and record["num_held_out"] <= 11
    trained, test = parts.train_part(data, record), parts.test_part(DataSet(""), data, record)
    assert len(trained.images) + len(test.images) == 110
    assert len(trained.columns["attributes"]) == len(trained.images)
    (tmp_path / "toy").rename(tmp_path / "moved")
    moved = sources.load(str(tmp_path / "moved"), image_size=8)
    assert parts.changed(record, moved) == ""
    Image.new("RGB", (8, 8), "lime").save(tmp_path / "moved" / "images" / "3.png")
    other = sources.load(str(tmp_path / "moved"), image_size=8)
    assert parts.changed(record, other).startswith("110 images, as when the run began, but not")


def test_other_data_are_refused_until_they_are_accepted():
    few, more = images(80), images(110)
    record = parts.recorded(FOLDER, few)
    assert parts.kept_up(record, DataSet("b/folder"), images(80)) == record
    words = "--dataset=a/folder: 110 images, 80 when the run began; --accept_changed_data goes on"
    with pytest.raises(Refused, match=words):
        parts.kept_up(record, FOLDER, more)
    now = parts.kept_up(record, FOLDER, more, accept=True)
    # All 80 were trained on: no tenth of the 110 can be said not to have been.
    assert (now["num_images"], now["test"], now["num_held_out"]) == (110, parts.NONE, 0)
    assert now["earlier"] == [{"num_images": 80, "sha256": record["sha256"]}]
    assert parts.kept_up(now, FOLDER, more) == now
    assert parts.kept_up(None, FOLDER, more) is None
    held_out = parts.recorded(FOLDER, more)
    less = parts.kept_up(held_out, FOLDER, images(120), accept=True)
    assert (less["test"], len(parts.train_part(images(120), less).images)) == (parts.NONE, 120)
    again = parts.kept_up(less, FOLDER, few, accept=True)
    assert [one["num_images"] for one in again["earlier"]] == [110, 120]


def test_a_run_that_begins_with_another_s_networks_holds_out_what_that_one_did():
    data = images(120)
    record = parts.recorded(FOLDER, data)
    assert parts.begun_with(record, dict(record), data) == record
    for initial in (None, parts.recorded(FOLDER, images(119)), {**record, "seed": 1}):
        found = parts.begun_with(record, initial, data)
        assert (found["test"], found["num_held_out"]) == (parts.NONE, 0)
        assert parts.changed(found, data) == ""
    few, digits = images(20), sources.load("digits")
    for name, some in (("a/folder", few), ("digits", digits)):
        record = parts.recorded(DataSet(name), some)
        assert parts.begun_with(record, None, some) == record


def trained(run, dataset, accept=False, **changes):
    config = DCGAN.config(dataset=str(dataset), **{**TINY, **changes})
    return train.train(DCGAN, config, run, accept_changed_data=accept)


@pytest.fixture
def learned_from(monkeypatch):
    """The Data that trainings from here on learn from, in turn."""
    seen = []

    def spy(some, *arguments):
        seen.append(some)
        return real(some, *arguments)

    real = train.minibatches
    monkeypatch.setattr(train, "minibatches", spy)
    return seen


@pytest.fixture
def unfinished(monkeypatch):
    """Trainings that write no generator, no card: seconds that most tests here do not need."""
    monkeypatch.setattr(train.artifacts, "write", lambda *arguments: None)


def test_what_is_held_out_is_never_trained_on_and_other_data_are_refused(
    learned_from, unfinished, tmp_path
):
    data, run, folder = images(120), tmp_path / "run", tmp_path / "pictures"
    write_folder(folder, data)
    trained(run, folder)
    record = json.loads((run / run_dir.CONFIG).read_text())["data"]
    assert (record["num_images"], record["num_held_out"]) == (120, 12)
    test = parts.test_part(DataSet(""), data, record)
    assert len(test.images) == 12 and not rows(learned_from[0]) & rows(test)
    assert len(learned_from[0].images) == 108
    # Moved.
    moved = folder.rename(tmp_path / "moved")
    trained(run, moved, num_epochs=2)
    assert rows(learned_from[-1]) == rows(learned_from[0])
    assert run_dir.read_recipe(run).settings["dataset"] == str(moved)
    # Changed.
    Image.new("L", (8, 8)).save(moved / "one_more.png")
    before = (run / run_dir.CONFIG).read_bytes()
    with pytest.raises(Refused, match="121 images, 120 when the run began"):
        trained(run, moved, num_epochs=3)
    assert (run / run_dir.CONFIG).read_bytes() == before


def test_data_that_are_all_alike_are_trained_on(unfinished, tmp_path, capsys):
    alike = Data({"images": np.full((120, 8, 8, 1), 60, np.uint8)})
    run = trained(tmp_path / "run", write_folder(tmp_path / "pictures", alike), log_steps=2)
    read = run_dir.read_metrics(run)
    assert len(read) == 3 and "duplicates" in read[0] and "diversity" not in read[0]
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_what_is_held_out_is_never_trained_on_and_changed_data_are_said(
    learned_from, tmp_path, capsys
):
    data, run, folder = images(120), tmp_path / "run", tmp_path / "pictures"
    write_folder(folder, data)
    trained(run, folder)
    config = json.loads((run / run_dir.CONFIG).read_text())
    assert (config["data"]["num_images"], config["data"]["num_held_out"]) == (120, 12)
    card = (run / run_dir.CARD).read_text()
    assert "12 of its 120 images were held out (seed 0) and never trained on." in card
    report = json.loads((run / run_dir.EVALUATION).read_text())
    assert report["test_part"] == parts.HELD_OUT and report["num_compared"] == 108
    assert "distance to real images kept apart" in card
    test = parts.test_part(DataSet(""), data, config["data"])
    assert len(test.images) == 12 and not rows(learned_from[0]) & rows(test)
    assert len(learned_from[0].images) == 108

    # Moved, and longer.
    moved = folder.rename(tmp_path / "moved")
    trained(run, moved, num_epochs=2)
    assert rows(learned_from[1]) == rows(learned_from[0])
    assert run_dir.read_recipe(run).settings["dataset"] == str(moved)

    Image.new("L", (8, 8)).save(moved / "one_more.png")
    before = (run / run_dir.CONFIG).read_bytes()
    with pytest.raises(Refused, match="121 images, 120 when the run began"):
        trained(run, moved, num_epochs=3)
    assert (run / run_dir.CONFIG).read_bytes() == before
    trained(run, moved, accept=True, num_epochs=3)
    assert len(learned_from[-1].images) == 121
    card = (run / run_dir.CARD).read_text()
    assert "Trained on all of its data: they changed on the way (120 images, then 121)." in card
    assert "distance to real images it was trained on" in card and "kept apart" not in card
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_a_run_from_before_there_were_records_goes_on_with_everything(learned_from, tmp_path):
    folder, run = write_folder(tmp_path / "pictures", images(120)), tmp_path / "run"
    trained(run, folder)
    values = json.loads((run / run_dir.CONFIG).read_text())
    del values["data"]
    (run / run_dir.CONFIG).write_text(json.dumps(values))
    trained(run, folder, num_epochs=2)
    assert len(learned_from[-1].images) == 120
    assert "data" not in json.loads((run / run_dir.CONFIG).read_text())
    card = (run / run_dir.CARD).read_text()
    assert "Trained on all of its data: none were held out." in card
    assert "distance to real images it was trained on" in card and "kept apart" not in card


@pytest.mark.slow
@pytest.mark.parametrize("count, reason", [(40, "40 images are too few"), (120, "all alike")])
def test_data_that_cannot_be_measured_by_are_trained_on_and_the_card_says_why(
    count, reason, tmp_path, capsys, gan_apps
):
    alike = Data({"images": np.full((count, 8, 8, 1), 60, np.uint8)})
    run = trained(tmp_path / "run", write_folder(tmp_path / "pictures", alike))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Not measured: ") and reason in line
    card = (run / run_dir.CARD).read_text()
    assert f"\n{line}\n" in card
    assert not (run / run_dir.EVALUATION).exists()
    again = gan_apps("evaluate", f"--run_dir={run}")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", f"{line}\n")
    # Finished: nothing is done anew, and nothing said again.
    trained(run, tmp_path / "pictures")
    assert capsys.readouterr().err == ""


def test_the_data_may_have_another_name_where_it_is_known_what_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stored, run = DCGAN.config(dataset="pictures/faces"), tmp_path / "run"
    for same in ("pictures/faces/", "./pictures/faces", str(tmp_path / "pictures" / "faces")):
        system_command._refuse_changes(run, DCGAN.config(dataset=same), stored)
    other = DCGAN.config(dataset="else/where")
    system_command._refuse_changes(run, other, stored, data_may_move=True)
    with pytest.raises(Refused, match="--dataset is pictures/faces in the run, .*--accept_changed"):
        system_command._refuse_changes(run, other, stored)
    with pytest.raises(Refused, match="--dataset is mnist in the run"):
        system_command._refuse_changes(run, DCGAN.config(dataset="./mnist"), DCGAN.config())


def test_a_digest_is_the_same_in_every_version():
    data = sources.load("digits", "train")
    digest = parts.digest(data, in_order=False)
    assert digest == "aaed31da32126662ee785149157541eccc5fb084b4bf6edeab197ce99d993bd9"
