"""The judges, and what is said of a run's pictures."""

import dataclasses
import json
import shutil
import types

import numpy as np
import pytest
from PIL import Image

from gan_apps import systems
from gan_apps.conditions import Labels, Nothing
from gan_apps.data import minibatches, parts, sources
from gan_apps.data.columns import Data
from gan_apps.data.sources import DataSet
from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.evaluation import classifiers, judgement, metrics, pixels
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw, Latents, Pictures
from gan_apps.settings import Failed, Refused
from gan_apps.training import cards, train

FOLDER = run_dir.shipped("classifier_mnist")


@pytest.mark.parametrize("dataset, least", [("mnist", 0.990), ("fashion_mnist", 0.920)])
def test_the_shipped_classifiers_are_small_and_accurate_by_their_record(dataset, least):
    folder = run_dir.shipped(classifiers.SHIPPED[dataset])
    config = json.loads((folder / classifiers.CONFIG).read_text())
    assert (folder / classifiers.WEIGHTS).stat().st_size <= 1_000_000
    assert least <= config["test_accuracy"]["all"] <= 1.0
    assert classifiers.load(folder).test_accuracy == config["test_accuracy"]


@pytest.mark.slow
def test_the_shipped_classifier_reads_mnist_as_recorded(mnist_here):
    judge = classifiers.load(run_dir.shipped("classifier_mnist"))
    test = sources.load("mnist", "test")
    probabilities, features = judge.judged(test.images)
    accuracy = np.mean(np.argmax(probabilities, axis=1) == test.numbers)
    assert accuracy == pytest.approx(judge.test_accuracy["all"], abs=2e-4)
    assert features.shape == (10000, classifiers.FEATURES)


def test_probabilities_sum_to_one():
    judge = classifiers.load(run_dir.shipped("classifier_mnist"))
    digits = sources.load("digits", "test")
    probabilities, _ = judge.judged(digits.images[:50])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_a_damaged_classifier_is_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(FOLDER, tmp_path / "classifier_mnist")
    content = (folder / classifiers.WEIGHTS).read_bytes()
    (folder / classifiers.WEIGHTS).write_bytes(content[:-1])
    monkeypatch.setattr(run_dir, "SHIPPED", tmp_path)
    with pytest.raises(Refused, match="is damaged"):
        classifiers.load(run_dir.shipped("classifier_mnist"))


@pytest.fixture(scope="module")
def shipped_pictures():
    run = run_dir.shipped("cgan_digits")
    recipe = run_dir.read_recipe(run)
    inputs = latents.requested(recipe.draw, recipe.draw.condition.every(), 200, 123)
    images = runtimes.open_generator(run, recipe, "litert")(inputs)
    return pictures.to_bytes(images), inputs["labels"]


def test_the_shipped_run_draws_what_is_asked_for(shipped_pictures):
    images, labels = shipped_pictures
    judge = classifiers.load(run_dir.shipped("classifier_mnist"))
    probabilities, _ = judge.judged(images)
    assert 0.99 <= metrics.conditional_accuracy(probabilities, labels) <= 1.0
    assert 9.5 < metrics.classifier_score(probabilities) <= 10.0


@pytest.mark.slow
def test_the_shipped_run_is_near_the_floor_and_evaluation_writes_what_it_measured(
    mnist_here, tmp_path
):
    run = shutil.copytree(run_dir.shipped("cgan_digits"), tmp_path / "run")
    report = judgement.judge(run, run_dir.read_recipe(run), seed=123)
    assert json.loads((run / run_dir.EVALUATION).read_text()) == report
    assert report["num_images"] == 2000
    assert 0.0 < report["frechet_distance"] <= 3.0 * report["frechet_floor"]
    assert report["frechet_ratio"] == report["frechet_distance"] / report["frechet_floor"]
    assert 0.87 <= report["spread_ratio"] <= 1.1
    for name in ("precision", "recall", "coverage"):
        assert 0.8 < report["manifold"][name] <= 1.0
    assert set(report["accuracy_per_label"]) == set("0123456789")
    text = judgement.table(report)
    assert f"{report['conditional_accuracy']:.2%}" in text
    assert "floor" in text
    assert 0.8 < report["variety"] < 1.0 and 0.95 < report["sharpness"] < 1.1
    assert set(report["sliced_wasserstein"]) == {"28", "14"}


@pytest.mark.slow
def test_a_run_without_labels_is_judged_without_them(mnist_here, tmp_path):
    run = shutil.copytree(run_dir.shipped("fgan_digits"), tmp_path / "run")
    report = judgement.judge(run, run_dir.read_recipe(run), num_images=500)
    assert "conditional_accuracy" not in report
    assert report["classifier_score"] > 7.0 and report["num_images"] == 500
    assert "read as asked" not in judgement.table(report)


def test_a_run_without_a_classifier_is_judged_by_its_colours(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    report = judgement.judge(run, run_dir.read_recipe(run), num_images=200)
    assert report["features"] == "mean colours of an 8x8 mosaic"
    assert "classifier_score" not in report and "conditional_accuracy" not in report
    # A run of 22 iterations is far from its data, and real images are near each other.
    assert report["frechet_ratio"] > 5 > 0 < report["frechet_floor"]
    assert report["manifold_of_real"]["coverage"] > 0.5 > report["manifold"]["coverage"]
    assert "mosaic" in judgement.table(report)


def test_coarse_colours_are_the_means_of_their_patches():
    images = np.random.RandomState(0).randint(0, 256, (3, 16, 16, 3)).astype(np.uint8)
    probabilities, features = pixels.Pixels().judged(images)
    assert probabilities is None and features.shape == (3, 192)
    patches = images.reshape(3, 8, 2, 8, 2, 3).mean(axis=(2, 4)) / 127.5 - 1.0
    np.testing.assert_allclose(features, patches.reshape(3, -1), atol=1e-5)


SIDE = 16
NOTHING = Nothing()


class Drawing:
    """A run whose generator gives the pictures that a test says.

    Args:
      monkeypatch: of the test.
      dataset: str.
      images: uint8 [m, h, w, c], given in turn and again from the first; or a function of the
        inputs.
      condition: conditions.AbstractCondition. What it draws by.
      kept: bool. Whether its data have a record.
      given: str or None. The column that it draws from instead of latents.
    """

    def __init__(self, monkeypatch, dataset, images, condition=NOTHING, kept=True, given=None):
        data = sources.load(dataset, image_size=SIDE)
        taken = {"latents": Latents(size=2)}
        if given is not None:
            taken = {"pictures": Pictures(column=given, shape=data.columns[given].shape[1:])}
        network = {"class": "networks.Generator", "config": {}}
        draw = Draw(network=network, shape=data.shape, condition=condition, **taken)
        self.recipe = run_dir.Recipe(
            system="dcgan",
            settings={"dataset": dataset},
            draws={"generator": draw},
            versions={},
            data=parts.recorded(DataSet(dataset), data) if kept else None,
        )

        def draws(inputs):
            if callable(images):
                return images(inputs)
            chosen = np.arange(len(inputs["latents"])) % len(images)
            return images[chosen] / np.float32(127.5) - np.float32(1.0)

        monkeypatch.setattr(runtimes, "open_generator", lambda *arguments: draws)

    def judged(self, run, **arguments):
        return judgement.judge(run, self.recipe, **arguments)


def blobs(count, seed=0):
    """Gray pictures uint8 [count, SIDE, SIDE, 1] of one distribution: soft random blobs."""
    coarse = np.random.RandomState(seed).randint(0, 256, (count, 4, 4)).astype(np.uint8)
    size = (SIDE, SIDE)
    return np.stack(
        [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in coarse]
    )[..., None]


def folder_of(folder, images):
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"{number:04d}.png")
    return str(folder)


def test_a_generator_that_knows_half_its_images_by_heart_is_found_out(monkeypatch, tmp_path):
    images = blobs(200)
    drawing = Drawing(monkeypatch, folder_of(tmp_path / "data", images), images[::2])
    report = drawing.judged(tmp_path, num_images=100)
    # Of what it gives, a tenth was held out, which no honest generator would know.
    assert report["nearest_distance"] < 1.0 < 5.0 < report["nearest_distance_of_real"]
    assert report["test_part"] == parts.HELD_OUT


def test_a_copy_is_looked_for_in_everything_where_everything_was_trained_on(monkeypatch, tmp_path):
    images = blobs(200)
    dataset = folder_of(tmp_path / "data", images)
    for of in (slice(None, None, 2), slice(1, None, 2)):
        drawing = Drawing(monkeypatch, dataset, images[of], kept=False)
        report = drawing.judged(tmp_path, num_images=100)
        assert report["nearest_distance"] < 1.0
        # A real image is not its own copy.
        assert report["nearest_distance_of_real"] > 5.0
    assert report["test_part"] == parts.NONE
    text = judgement.table(report)
    assert "to real images it was trained on" in text and "apart" not in text


@pytest.mark.parametrize(
    "count, least", [pytest.param(1000, 0.85, marks=pytest.mark.slow), (400, 0.8)]
)
def test_a_perfect_generator_is_at_the_floor_where_data_are_few(
    count, least, monkeypatch, tmp_path
):
    dataset = folder_of(tmp_path / "data", blobs(count))
    report = Drawing(monkeypatch, dataset, blobs(2000, seed=1)).judged(tmp_path)
    assert least < report["frechet_ratio"] < 1.0 / least
    # As many pictures as there are real images to take the floor of.
    assert (report["num_images"], report["num_compared"]) == (2000, count - count // 10)
    assert "as many as there are real ones" in judgement.table(report)
    collapsed = Drawing(monkeypatch, dataset, blobs(1)).judged(tmp_path)
    assert collapsed["frechet_ratio"] > 1.5


def test_of_fewer_images_than_features_there_is_no_ratio_that_one_picture_could_pass(
    monkeypatch, tmp_path
):
    noise = np.random.RandomState(0).randint(0, 256, (120, SIDE, SIDE, 1)).astype(np.uint8)
    run = Drawing(monkeypatch, folder_of(tmp_path / "data", noise), noise.mean(axis=0)[None])
    report = run.judged(tmp_path)
    assert report["frechet_distance"] < report["frechet_floor"] and "frechet_ratio" not in report
    words = "12 images are too few to compare by 64 features"
    assert words in judgement.table(report) and words in "\n".join(cards.measured(report))
    assert report["manifold"]["recall"] == 0.0


@pytest.mark.parametrize("count", [3, 59, 99])
def test_below_a_hundred_images_nothing_is_measured(count, monkeypatch, tmp_path):
    images = blobs(count)
    drawing = Drawing(monkeypatch, folder_of(tmp_path / "data", images), images)
    with pytest.raises(judgement.NotMeasured, match=f"^{count} images are too few to hold any out"):
        drawing.judged(tmp_path)
    assert not (tmp_path / run_dir.EVALUATION).exists()


def test_images_that_are_all_alike_are_not_measured_by(monkeypatch, tmp_path):
    for value in (0, 60):
        images = np.full((120, SIDE, SIDE, 1), value, np.uint8)
        dataset = folder_of(tmp_path / f"data_{value}", images)
        with pytest.raises(judgement.NotMeasured, match="all alike"):
            Drawing(monkeypatch, dataset, blobs(50)).judged(tmp_path)


def test_pictures_that_are_all_alike_are_measured(monkeypatch, tmp_path):
    report = Drawing(monkeypatch, folder_of(tmp_path / "data", blobs(400)), blobs(1)).judged(
        tmp_path
    )
    assert report["frechet_ratio"] > 2.0 and report["manifold"]["recall"] == 0.0


def test_data_that_are_not_the_run_s_are_refused(monkeypatch, tmp_path):
    drawing = Drawing(monkeypatch, folder_of(tmp_path / "data", blobs(120)), blobs(50))
    other = folder_of(tmp_path / "other", blobs(130))
    with pytest.raises(Refused, match=f"--dataset={other}: 130 images, 120 when the run began"):
        drawing.judged(tmp_path, dataset=other)
    moved = shutil.move(tmp_path / "data", tmp_path / "moved")
    assert drawing.judged(tmp_path, dataset=str(moved), num_images=100)["num_images"] == 100


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    """A data set of TensorFlow Datasets of 140 pictures, light and dark, without a test split."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    images, labels = blobs(140), np.arange(140) % 2
    images = np.where(labels[:, None, None, None], images // 4, 255 - images // 4).astype(np.uint8)
    tfds.dataset_builders.store_as_tfds_dataset(
        name="light_and_dark",
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(SIDE, SIDE, 1)),
                "label": tfds.features.ClassLabel(names=["light", "dark"]),
            }
        ),
        split_datasets={
            "train": tf.data.Dataset.from_tensor_slices({"image": images, "label": labels})
        },
        data_dir=tmp_path / "tfds",
    )
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    return "tfds:light_and_dark"


def trained(dataset, folder, num_epochs):
    """Trains a classifier of a data set, a run in `folder`."""
    system = systems.find("classifier")
    config = system.config(dataset=dataset, num_epochs=num_epochs, image_size=SIDE)
    return train.train(system, config, folder)


@pytest.mark.slow
def test_a_classifier_of_labelled_data_and_of_a_run_s_own_size(labelled, monkeypatch, tmp_path):
    judge = tmp_path / "judge"
    # 126 images to learn from: one update an epoch.
    trained(labelled, judge, num_epochs=40)
    accuracy = classifiers.load(judge).test_accuracy
    assert classifiers.load(judge).image_shape == [SIDE, SIDE, 1]
    assert 0.5 < accuracy["all"] <= 1.0
    data = sources.load(labelled, image_size=SIDE)
    by_label = [data.images[data.of(label)] for label in range(2)]
    # Pictures are drawn label by label.
    images = np.concatenate([np.resize(some, (60, SIDE, SIDE, 1)) for some in by_label])
    drawing = Drawing(monkeypatch, labelled, images, data.condition)
    report = drawing.judged(tmp_path, num_images=120, judge=judge)
    assert report["conditional_accuracy"] > 0.5 and set(report["per_label"]) == {"light", "dark"}
    assert report["spread_ratio"] == pytest.approx(1.0, abs=0.15)
    # More labels than pictures.
    many = Labels(("light", "dark", *map(str, range(198))))
    draw = dataclasses.replace(drawing.recipe.draw, condition=many)
    drawing.recipe = dataclasses.replace(drawing.recipe, draws={"generator": draw}, data=None)
    with pytest.raises(judgement.NotMeasured, match="100 pictures are not one of each of its 200"):
        drawing.judged(tmp_path, num_images=100)


def test_a_classifier_is_never_trained_on_what_runs_are_judged_by(labelled, monkeypatch, tmp_path):
    learned = []
    real = minibatches.gatherer
    monkeypatch.setattr(minibatches, "gatherer", lambda some: learned.append(some) or real(some))
    trained(labelled, tmp_path / "judge", num_epochs=1)
    drawing = Drawing(monkeypatch, labelled, blobs(1))
    found = judgement.real_images(drawing.recipe, drawing.recipe.draw, labelled)
    seen = {image.tobytes() for image in learned[0]}
    assert len(found.compared.images) == 14 and len(learned[0]) == 126
    assert not seen & {image.tobytes() for image in found.compared.images}


class Pairs:
    """A data set of blobs, whose targets are what the given pictures are with noise."""

    def __init__(self, monkeypatch, count=300):
        self.images = blobs(count)
        noise = np.random.RandomState(1).randint(-20, 21, self.images.shape)
        self.noisy = np.clip(self.images + noise, 0, 255).astype(np.uint8)
        self.data = Data({"images": self.images, "sources": self.noisy})
        monkeypatch.setattr(sources, "load", lambda *arguments, **keywords: self.data)
        monkeypatch.setattr(sources, "has_test", lambda name: False)


def test_what_draws_from_pictures_is_given_what_it_was_not_trained_on(monkeypatch, tmp_path):
    pairs, seen = Pairs(monkeypatch), []
    lookup = {one.tobytes(): place for place, one in enumerate(pairs.noisy)}

    def perfect(inputs):
        given = pictures.to_bytes(inputs["sources"])
        places = [lookup[one.tobytes()] for one in given]
        seen.extend(places)
        return pairs.images[places] / np.float32(127.5) - np.float32(1.0)

    drawing = Drawing(monkeypatch, "pairs", perfect, given="sources")
    report = drawing.judged(tmp_path)
    held_out = parts.test_part(DataSet("pairs"), pairs.data, drawing.recipe.data).columns["sources"]
    assert {lookup[one.tobytes()] for one in held_out} == set(seen)
    assert report["num_images"] == len(seen) == 30
    # Each is its own target, which no picture that was given is.
    assert (report["l1"], report["ssim"], report["sharpness"]) == (0.0, 1.0, 1.0)
    assert report["psnr"] > 90 > report["psnr_of_given"] and report["ssim_of_given"] < 0.97
    # Of whole numbers from -20 to 20 the mean absolute value is 420 / 41; some are cut off.
    assert report["l1_of_given"] == pytest.approx(420 / 41, rel=0.1)
    assert "PSNR to the target in dB" in judgement.table(report)


def test_what_draws_a_given_picture_s_own_kind_has_no_target(monkeypatch, tmp_path):
    Pairs(monkeypatch)
    negative = lambda inputs: -inputs["images"]
    report = Drawing(monkeypatch, "pairs", negative, given="images").judged(tmp_path)
    assert "l1" not in report and report["sharpness"] == pytest.approx(1.0, abs=0.05)


def test_pictures_that_the_data_do_not_have_are_refused(monkeypatch, tmp_path):
    pairs = Pairs(monkeypatch)
    drawing = Drawing(monkeypatch, "pairs", pairs.images, given="sources")
    del pairs.data.columns["sources"]
    drawing.recipe = dataclasses.replace(drawing.recipe, data=None)
    with pytest.raises(Refused, match="--dataset: its pictures are not those that the run draws"):
        drawing.judged(tmp_path)


def test_a_run_that_draws_nothing_is_not_measured(tmp_path):
    recipe = run_dir.Recipe(system="judge", settings={}, draws={}, versions={})
    with pytest.raises(judgement.NotMeasured, match="gan_apps.judge judges pictures and draws"):
        judgement.judge(tmp_path, recipe)


def test_a_shipped_judge_is_found_by_its_data_or_by_what_it_reads():
    of = lambda name: run_dir.read_recipe(run_dir.shipped(name)).draw
    assert classifiers.shipped_for("mnist", of("cgan_digits")).name == "classifier_mnist"
    assert classifiers.shipped_for("mnist", of("fgan_digits")).name == "classifier_mnist"
    assert (
        classifiers.shipped_for("fashion_mnist", of("wgan_gp_fashion")).name == "classifier_fashion"
    )
    # Ten labels of the same names are no sign of the same data.
    assert classifiers.shipped_for("digits", of("cgan_digits")) is None
    assert classifiers.shipped_for("elsewhere.zip", of("cgan_anime")).name == "classifier_anime"
    assert classifiers.shipped_for("mnist", of("dcgan_faces")) is None


def test_a_shipped_judge_of_faces_shares_no_image_with_what_leaves_it_its_share():
    folder = run_dir.shipped("classifier_anime_apart")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1_600_000
    judge = classifiers.load(folder)
    assert (judge.record["judges_share"], judge.record["num_held_out"]) == (0.2, 1597)
    assert 0.85 <= judge.test_accuracy["all"] <= 1.0
    draw = run_dir.read_recipe(run_dir.shipped("cgan_anime")).draw
    assert classifiers.shipped_for("anime_faces.zip", draw, judge.record) == folder
    card = (folder / run_dir.CARD).read_text()
    assert card.startswith(f"# {folder.name}\n") and "it learned from nothing else." in card


def test_of_the_shipped_judges_one_that_shares_no_image_with_the_run_is_asked(
    monkeypatch, tmp_path
):
    run = run_dir.shipped("cgan_anime")
    draw = run_dir.read_recipe(run).draw
    record = {"sha256": "1", "test": parts.HELD_OUT, "seed": 0, "judges_share": 0.2}
    learned = {"classifier_a": None, "classifier_b": {**record, "sha256": "2"}}
    learned["classifier_c"] = record
    for name in learned:
        (tmp_path / name).mkdir()
        (tmp_path / name / classifiers.CONFIG).touch()
    shipped = classifiers.load(run_dir.shipped("classifier_anime"))

    def described(folder):
        return types.SimpleNamespace(
            slots=shipped.slots, image_shape=shipped.image_shape, record=learned[folder.name]
        )

    monkeypatch.setattr(run_dir, "SHIPPED", tmp_path)
    monkeypatch.setattr(classifiers, "_described", described)
    found = [classifiers.shipped_for("", draw, one).name for one in (record, None, {"sha256": "1"})]
    assert found == ["classifier_c", "classifier_a", "classifier_a"]


@pytest.mark.slow
def test_a_judge_that_shares_no_image_is_said_to(labelled, monkeypatch, tmp_path):
    system, said = systems.find("classifier"), []
    for share in (0.0, 0.5):
        judge = tmp_path / f"judge_of_{share}"
        config = system.config(
            dataset=labelled, num_epochs=1, image_size=SIDE, judges_share=share, batch_size=16
        )
        train.train(system, config, judge)
        data = sources.load(labelled, image_size=SIDE)
        assert classifiers.load(judge).record == parts.recorded(
            DataSet(labelled), data, judges_share=share
        )
        drawing = Drawing(monkeypatch, labelled, data.images[:60], data.condition)
        record = parts.recorded(DataSet(labelled), data, judges_share=0.5)
        drawing.recipe = dataclasses.replace(drawing.recipe, data=record)
        said.append(drawing.judged(tmp_path, num_images=60, judge=judge)["features"])
    words = "; it and the run learned from no image in common"
    assert [text.endswith(words) for text in said] == [False, True]


@pytest.mark.slow
def test_inception_is_named_and_gives_features_of_gray_and_colour():
    from gan_apps.evaluation import inception

    network = inception.Inception(weights=None)
    random = np.random.RandomState(0)
    for channels in (1, 3):
        images = random.randint(0, 256, (3, 28, 28, channels)).astype(np.uint8)
        probabilities, features = network.judged(images)
        assert probabilities is None and features.shape == (3, inception.FEATURES)
        assert features.std() > 0.0
    assert "keras.applications' InceptionV3" in inception.NAME and "not" in inception.NAME


@pytest.mark.slow
def test_inception_that_cannot_be_downloaded_is_one_line(monkeypatch):
    import keras

    from gan_apps.evaluation import inception

    def absent(*arguments, **keywords):
        raise Exception("URL fetch failure on https://example.org/weights: None -- no network")

    monkeypatch.setattr(keras.applications, "InceptionV3", absent)
    with pytest.raises(Failed, match="--metric=fid: the weights could not be downloaded"):
        inception.Inception()


def test_figures_of_each_label_and_intervals_are_measured(tiny_run):
    report = json.loads((tiny_run / run_dir.EVALUATION).read_text())
    assert set(report["per_label"]) == set("0123456789")
    for figures in report["per_label"].values():
        assert set(figures) == {"kernel_distance", *report["manifold"]}
    assert report["kernel_distance"] > report["kernel_distance_of_real"]
    for name, (low, high) in report["intervals"].items():
        whole = report.get(name, report["manifold"].get(name))
        assert low <= whole <= high, name
