"""The judge, and what it says of the shipped run."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from gan_apps.data import sources
from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.evaluation import classifier, evaluate, metrics, pixels
from gan_apps.runs import run_dir
from gan_apps.settings import Failed, Refused

FOLDER = run_dir.shipped("classifier_mnist")


@pytest.mark.parametrize("dataset, least", [("mnist", 0.990), ("fashion_mnist", 0.920)])
def test_the_shipped_classifiers_are_small_and_accurate_by_their_record(dataset, least):
    folder = run_dir.shipped(classifier.SHIPPED[dataset])
    config = json.loads((folder / classifier.CONFIG).read_text())
    assert (folder / classifier.WEIGHTS).stat().st_size <= 1_000_000
    assert least <= config["test_accuracy"]["all"] <= 1.0
    assert classifier.load(folder).test_accuracy == config["test_accuracy"]


def test_the_shipped_classifier_reads_mnist_as_recorded(mnist_here):
    judge = classifier.load(run_dir.shipped("classifier_mnist"))
    test = sources.load("mnist", "test")
    probabilities, features = judge.judged(test.images)
    accuracy = np.mean(np.argmax(probabilities, axis=1) == test.labels)
    assert accuracy == pytest.approx(judge.test_accuracy["all"], abs=2e-4)
    assert features.shape == (10000, classifier.FEATURES)


def test_probabilities_sum_to_one():
    judge = classifier.load(run_dir.shipped("classifier_mnist"))
    digits = sources.load("digits", "test")
    probabilities, _ = judge.judged(digits.images[:50])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_a_damaged_classifier_is_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(FOLDER, tmp_path / "classifier_mnist")
    content = (folder / classifier.WEIGHTS).read_bytes()
    (folder / classifier.WEIGHTS).write_bytes(content[:-1])
    monkeypatch.setattr(run_dir, "SHIPPED", tmp_path)
    with pytest.raises(Refused, match="is damaged"):
        classifier.load(run_dir.shipped("classifier_mnist"))


def test_a_classifier_can_be_trained(tmp_path):
    accuracy = classifier.train("digits", tmp_path / "judge", num_epochs=3, seed=0)
    config = json.loads((tmp_path / "judge" / classifier.CONFIG).read_text())
    assert config["test_accuracy"] == accuracy
    # Three passes over 1,437 digits; chance is 10 %.
    assert 0.5 < accuracy["all"] <= 1.0


def test_a_classifier_needs_labels(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(Refused, match=f"--dataset={tmp_path}: has no labels"):
        classifier.train(str(tmp_path), tmp_path / "judge", num_epochs=1, seed=0)
    assert not (tmp_path / "judge").exists()


@pytest.fixture(scope="module")
def shipped_pictures():
    run = run_dir.shipped("cgan_digits")
    recipe = run_dir.read_recipe(run)
    inputs = latents.requested(recipe, recipe.labels, 200, 123)
    images = runtimes.open_generator(run, recipe, "litert")(inputs)
    return pictures.to_bytes(images), inputs["labels"]


def test_the_shipped_run_draws_what_is_asked_for(shipped_pictures):
    images, labels = shipped_pictures
    judge = classifier.load(run_dir.shipped("classifier_mnist"))
    probabilities, _ = judge.judged(images)
    assert 0.99 <= metrics.conditional_accuracy(probabilities, labels) <= 1.0
    assert 9.5 < metrics.classifier_score(probabilities) <= 10.0


def test_the_shipped_run_is_near_the_floor_and_evaluation_writes_what_it_measured(
    mnist_here, tmp_path
):
    run = shutil.copytree(run_dir.shipped("cgan_digits"), tmp_path / "run")
    report = evaluate.evaluate(run, run_dir.read_recipe(run), seed=123)
    assert json.loads((run / run_dir.EVALUATION).read_text()) == report
    assert report["num_images"] == 2000
    assert 0.0 < report["frechet_distance"] <= 3.0 * report["frechet_floor"]
    assert report["frechet_ratio"] == report["frechet_distance"] / report["frechet_floor"]
    assert 0.87 <= report["spread_ratio"] <= 1.1
    for name in ("precision", "recall", "coverage"):
        assert 0.8 < report["manifold"][name] <= 1.0
    assert set(report["accuracy_per_label"]) == set("0123456789")
    text = evaluate.table(report)
    assert f"{report['conditional_accuracy']:.2%}" in text
    assert "floor" in text


def test_a_run_without_labels_is_judged_without_them(mnist_here, tmp_path):
    run = shutil.copytree(run_dir.shipped("fgan_digits"), tmp_path / "run")
    report = evaluate.evaluate(run, run_dir.read_recipe(run), num_images=500)
    assert "conditional_accuracy" not in report
    assert report["classifier_score"] > 7.0 and report["num_images"] == 500
    assert "read as asked" not in evaluate.table(report)


def test_a_run_without_a_classifier_is_judged_by_its_colours(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    report = evaluate.evaluate(run, run_dir.read_recipe(run), num_images=200)
    assert report["features"] == "mean colours of an 8x8 mosaic"
    assert "classifier_score" not in report and "conditional_accuracy" not in report
    # A run of 22 iterations is far from its data, and real images are near each other.
    assert report["frechet_ratio"] > 5 > 0 < report["frechet_floor"]
    assert report["manifold_of_real"]["coverage"] > 0.5 > report["manifold"]["coverage"]
    assert "mosaic" in evaluate.table(report)


def test_coarse_colours_are_the_means_of_their_patches():
    images = np.random.RandomState(0).randint(0, 256, (3, 16, 16, 3)).astype(np.uint8)
    probabilities, features = pixels.Pixels().judged(images)
    assert probabilities is None and features.shape == (3, 192)
    patches = images.reshape(3, 8, 2, 8, 2, 3).mean(axis=(2, 4)) / 127.5 - 1.0
    np.testing.assert_allclose(features, patches.reshape(3, -1), atol=1e-5)


def test_a_folder_is_judged_by_its_two_halves(tmp_path):
    random = np.random.RandomState(0)
    for number in range(30):
        Image.fromarray(random.randint(0, 256, (8, 8)).astype(np.uint8)).save(
            tmp_path / f"{number}.png"
        )
    recipe = run_dir.Recipe(
        app="dcgan",
        settings={"dataset": "where/they/were"},
        label_names=(),
        condition=None,
        generator={"config": {"image_size": 8, "channels": 1}},
        versions={},
    )
    real, apart = evaluate._real_images(recipe, str(tmp_path), seed=0)
    together = np.concatenate([real.images, apart.images])
    assert len(real.images) == len(apart.images) == 15
    assert len(np.unique(together.reshape(30, -1), axis=0)) == 30
    for number in range(10, 30):
        (tmp_path / f"{number}.png").unlink()
    with pytest.raises(Refused, match="10 images are too few"):
        evaluate._real_images(recipe, str(tmp_path), seed=0)


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
        assert set(figures) == {"kernel_distance", *evaluate.MANIFOLD}
    assert report["kernel_distance"] > report["kernel_distance_of_real"]
    for name, (low, high) in report["intervals"].items():
        whole = report.get(name, report["manifold"].get(name))
        assert low <= whole <= high, name
