"""The classifier: a game of one player, whose run is a judge and draws nothing."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import models
from gan_apps import settings, systems
from gan_apps.data import sources
from gan_apps.data.minibatches import minibatches
from gan_apps.drawing import runtimes
from gan_apps.evaluation import classifiers
from gan_apps.reports import run_record, run_report
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import states, train
from models.dropout import Dropout

SYSTEM = systems.find("classifier")
SIDE = 12
TINY = {"dataset": "digits", "image_size": SIDE, "num_epochs": 6, "log_steps": 10, "save_steps": 30}
LABELS = models.Condition("labels", (4,))
FACES = models.Condition("attributes", (3, 2))


def trained(run, **changes):
    return train.train(SYSTEM, SYSTEM.config(**{**TINY, **changes}), run)


@pytest.fixture(scope="module")
def judge_run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("judges") / "judge")


def game_of(condition=LABELS, side=8, **arguments):
    keras.utils.set_random_seed(0)
    network = models.AttributeClassifier(condition=condition, image_size=side)
    game = models.Classifier({"classifier": network}, **arguments)
    game.compile()
    return game


def examples(condition, count=48, side=8):
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (count, side, side, 1)).astype(np.uint8)
    numbers = np.stack([random.randint(0, size, count) for size in condition.sizes], axis=1)
    numbers = numbers if condition.slots else numbers[:, 0]
    return tf.data.Dataset.from_tensor_slices({"images": images, condition.column: numbers})


def state(game):
    return {name: np.array(variable) for name, variable in states.variables(game).items()}


def test_a_turn_is_finite_and_moves_every_variable_of_the_one_player():
    game = game_of(FACES)
    before = [weight.numpy() for weight in game.networks["classifier"].trainable_variables]
    history = game.fit(models.minibatches(examples(FACES), game, 16), verbose=0).history
    assert set(history) == {"classifier_loss", "classifier_accuracy", "classifier_gradient_norm"}
    assert np.isfinite([values[-1] for values in history.values()]).all()
    assert 0.0 <= history["classifier_accuracy"][-1] <= 1.0
    after = [weight.numpy() for weight in game.networks["classifier"].trainable_variables]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_the_loss_is_the_cross_entropy_of_shifted_images_and_an_open_slot_costs_nothing():
    game = game_of(FACES)
    moved = []
    game.shifted = lambda images: moved.append(images) or images
    images = tf.zeros((2, 8, 8, 1))
    told = {}
    game.tell = lambda name, value: told.update({name: float(value)})
    game.networks["classifier"].get_layer("logits").set_weights(
        [np.zeros((64, 5), np.float32), np.array([0, 0, 9, 9, 0], np.float32)]
    )
    own = FACES.taken(tf.constant([[2, 0], [0, -1]]))
    loss = game.misread({"images": images, "attributes": own})
    sure, wrong = np.log(1 + 2 * np.exp(-9.0)), np.log(2 * 1.0 + np.exp(9.0))
    expected = (sure + np.log(1 + np.exp(-9.0)) + wrong) / 2
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert told == {"classifier_accuracy": 0.5} and moved[0] is images


def test_every_image_is_shifted_by_itself():
    image = np.full((1, SIDE, SIDE, 1), -1.0, np.float32)
    image[0, 6, 6] = 1.0
    game = game_of()
    moved = np.asarray(game.shifted(tf.constant(np.repeat(image, 200, axis=0))))
    assert moved.shape == (200, SIDE, SIDE, 1) and moved.min() == -1.0
    places = [np.unravel_index(one.argmax(), (SIDE, SIDE)) for one in moved[..., 0]]
    # 25 places, of which 200 draws leave hardly any out.
    assert len(set(places)) > 20
    for axis in range(2):
        assert {int(place[axis]) - 6 for place in places} == {-2, -1, 0, 1, 2}


def test_dropout_draws_from_the_game_and_is_nothing_outside_of_training():
    game = game_of(seed=3)
    layer = next(one for one in game.networks["classifier"].layers if isinstance(one, Dropout))
    values = tf.ones((50, 200))
    np.testing.assert_array_equal(layer(values, training=False), values)
    first, second = (np.asarray(layer(values, training=True)) for _ in range(2))
    assert set(np.unique(first)) == {0.0, np.float32(1 / 0.7)}
    assert np.mean(first == 0.0) == pytest.approx(0.3, abs=0.02) and (first != second).any()
    game.draws.assign(0)
    np.testing.assert_array_equal(layer(values, training=True), first)
    with pytest.raises(ValueError, match="trained in a game"):
        Dropout(0.5)(values, training=True)


@pytest.mark.slow
def test_killed_and_resumed_is_undisturbed(judge_run, monkeypatch, tmp_path):
    real = states.save

    def killed(run, model, seconds):
        path = real(run, model, seconds)
        if int(model.iteration.numpy()) == 30:
            raise KeyboardInterrupt
        return path

    monkeypatch.setattr(states, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "run")
    assert not (tmp_path / "run" / classifiers.WEIGHTS).exists()
    with pytest.raises(Refused, match="classifier is missing"):
        classifiers.load(tmp_path / "run")
    monkeypatch.undo()
    trained(tmp_path / "run")
    for name in (run_dir.METRICS, run_dir.EVALUATION, run_dir.CONFIG):
        assert (tmp_path / "run" / name).read_bytes() == (judge_run / name).read_bytes()
    whole, resumed = classifiers.load(judge_run).network, classifiers.load(tmp_path / "run").network
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_learns_to_read_digits_and_says_how_well(judge_run):
    judge = classifiers.load(judge_run)
    assert (judge.dataset, judge.image_shape) == ("digits", [SIDE, SIDE, 1])
    assert judge.slots == [["label", [str(digit) for digit in range(10)]]] and judge.sizes == (10,)
    test = sources.load("digits", "test", SIDE)
    probabilities, features = judge.judged(test.images)
    share = np.mean(probabilities.argmax(axis=1) == test.numbers)
    assert share > 0.9 and features.shape == (len(test), classifiers.FEATURES)
    assert judge.test_accuracy == {"label": share, "all": share}
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    rows = run_dir.read_metrics(judge_run)
    assert rows[-1]["classifier_accuracy"] > rows[0]["classifier_accuracy"]


def test_its_run_declares_what_it_reads_and_nothing_that_it_draws(judge_run):
    assert {path.name for path in judge_run.iterdir()} == {
        run_dir.CONFIG,
        run_dir.METRICS,
        run_dir.MANIFEST,
        run_dir.EVALUATION,
        run_dir.CARD,
        run_dir.EVENTS,
        run_dir.STATES,
        classifiers.WEIGHTS,
    }
    values = json.loads((judge_run / run_dir.CONFIG).read_text())
    assert (values["format"], values["system"], values["draws"]) == (2, "classifier", {})
    recipe = run_dir.read_recipe(judge_run)
    assert recipe.judges["classifier"].shape == (SIDE, SIDE, 1)
    assert run_dir.Recipe.from_json(recipe.to_json()) == recipe
    card = (judge_run / run_dir.CARD).read_text()
    accuracy = classifiers.load(judge_run).test_accuracy["all"]
    assert f"read right, all: {accuracy:.2%}" in card and "360 images" in card
    assert "Draws" not in card and run_dir.SAMPLES not in card
    page = run_report.page([run_record.read(judge_run)])
    assert f"{accuracy:.2%}" in page and "--output=FOLDER" in page


def test_a_run_that_draws_says_nothing_of_judges():
    recipe = run_dir.read_recipe(run_dir.shipped("cgan_digits"))
    assert recipe.judges == {} and "judges" not in recipe.to_json()


@pytest.mark.parametrize(
    "arguments",
    [
        ["cgan"],
        ["export", "--output_dir=e"],
        ["client", "--server=http://localhost:1", "--model=m"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_nothing_is_drawn_from_a_judge(refused, judge_run, arguments):
    line = refused(*arguments, f"--run_dir={judge_run}")
    assert "gan_apps.classifier judges pictures and draws none" in line


def test_nothing_opens_a_judge_to_draw_from_it(judge_run):
    with pytest.raises(Refused, match="judges pictures and draws none"):
        runtimes.open_generator(judge_run, run_dir.read_recipe(judge_run))


def old_network(sizes, image_size, channels):
    """The network as it was before it was one of models, when the shipped ones were trained."""
    layers = keras.layers
    images = keras.Input((image_size, image_size, channels))
    x = images
    for width in (24, 48) if image_size < 64 else (24, 48, 72, 96):
        for strides in (1, 2):
            x = layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    features = layers.Dense(64, activation="relu", name="features")(x)
    logits = layers.Dense(sum(sizes), name="logits")(features)
    return keras.Model(images, {"logits": logits, "features": features})


@pytest.mark.parametrize("name", ["mnist", "fashion", "anime"])
def test_the_shipped_classifiers_say_what_they_said_to_the_bit(name):
    folder = run_dir.shipped(f"classifier_{name}")
    judge = classifiers.load(folder)
    config = json.loads((folder / classifiers.CONFIG).read_text())
    assert (judge.slots, judge.test_accuracy) == (config["slots"], config["test_accuracy"])
    size, _, channels = config["image_shape"]
    old = old_network(judge.sizes, size, channels)
    old.load_weights(folder / classifiers.WEIGHTS)
    images = np.random.RandomState(0).randint(0, 256, (24, size, size, channels)).astype(np.uint8)
    said = old(models.game.to_signed(images), training=False)
    probabilities, features = judge.judged(images)
    np.testing.assert_array_equal(features, said["features"])
    slots = [tf.nn.softmax(one) for one in tf.split(said["logits"], judge.sizes, axis=1)]
    np.testing.assert_array_equal(probabilities, np.concatenate(slots, axis=1))


def test_a_users_own_judge_beside_the_shipped_ones_is_passed_over_while_it_trains(
    judge_run, monkeypatch, tmp_path
):
    runs = [run_dir.shipped(name) for name in ("cgan_anime", "cgan_digits")]
    draws = [run_dir.read_recipe(run).draw for run in runs]
    for name in ("classifier_anime", "classifier_mnist"):
        shutil.copytree(run_dir.shipped(name), tmp_path / name)
    shutil.copytree(judge_run, tmp_path / "classifier_a")
    (tmp_path / "classifier_a" / run_dir.MANIFEST).unlink()
    monkeypatch.setattr(run_dir, "SHIPPED", tmp_path)
    for draw, found in zip(draws, ("classifier_anime", "classifier_mnist"), strict=True):
        assert classifiers.shipped_for("mnist", draw) == tmp_path / found


@pytest.mark.parametrize("damage", ["weights", "config", "untested"])
def test_a_damaged_judge_is_refused_in_one_line(judge_run, tmp_path, damage):
    run = shutil.copytree(judge_run, tmp_path / "judge")
    if damage == "weights":
        content = (run / classifiers.WEIGHTS).read_bytes()
        (run / classifiers.WEIGHTS).write_bytes(content[:-1])
    if damage == "config":
        values = json.loads((run / run_dir.CONFIG).read_text())
        del values["judges"]
        (run / run_dir.CONFIG).write_text(json.dumps(values))
    if damage == "untested":
        (run / run_dir.EVALUATION).unlink()
    with pytest.raises(Refused, match="damaged" if damage == "weights" else "not describe") as why:
        classifiers.load(run)
    assert "\n" not in str(why.value)


@pytest.mark.slow
def test_it_never_learns_from_what_runs_are_judged_by(monkeypatch, tmp_path):
    learned = []

    def spied(data, *arguments):
        learned.append(data)
        return minibatches(data, *arguments)

    # Without a test part of their own, and fewer than two minibatches.
    few = sources.load("digits", image_size=SIDE).subset(np.arange(110))
    monkeypatch.setattr(sources, "load", lambda *arguments, **keywords: few)
    monkeypatch.setattr(sources, "has_test", lambda name: False)
    monkeypatch.setattr(train, "minibatches", spied)
    run = trained(tmp_path / "run", num_epochs=1)
    recipe = run_dir.read_recipe(run)
    assert recipe.data["num_held_out"] == 110 - len(learned[0]) > 0
    measured = json.loads((run / run_dir.EVALUATION).read_text())
    assert measured["num_images"] == recipe.data["num_held_out"]
    seen = {image.tobytes() for image in learned[0].images}
    assert len(seen & {image.tobytes() for image in few.images}) == len(learned[0])


@pytest.mark.parametrize(
    "kept, words",
    [
        (lambda data: data.unconditional(), "has no labels .* gan_apps.classifier learns"),
        (lambda data: data.subset(np.arange(99)), "99 images are too few .* needs 100"),
    ],
    ids=["no labels", "too few"],
)
def test_data_that_cannot_be_learned_or_tested_are_refused(monkeypatch, tmp_path, kept, words):
    data = kept(sources.load("digits", image_size=SIDE))
    monkeypatch.setattr(sources, "load", lambda *arguments, **keywords: data)
    with pytest.raises(Refused, match=words):
        trained(tmp_path / "judge")
    assert not (tmp_path / "judge").exists()


def test_its_settings_are_its_own():
    fields = {field.name for field in dataclasses.fields(SYSTEM.config)}
    assert not fields & {"averaging_decay", "generator_learning_rate", "latent_dim"}
    assert settings.from_json(SYSTEM.config, settings.to_json(SYSTEM.config())) == SYSTEM.config()


@pytest.mark.slow
def test_the_command_trains_into_output_and_goes_on_with_it(gan_apps, refused, tmp_path):
    given = [
        "classifier",
        "--dataset=digits",
        f"--image_size={SIDE}",
        "--log_steps=10",
        "--output=judge",
    ]
    result = gan_apps(*given, "--num_epochs=1")
    assert result.returncode == 0 and result.stdout.splitlines()[-1] == "judge", result.stderr
    longer = gan_apps(*given, "--num_epochs=2")
    assert longer.returncode == 0, longer.stderr
    assert run_dir.read_metrics(tmp_path / "judge")[-1]["epoch"] == 2
    assert "--seed is 0 in the run, not 3" in refused(*given, "--num_epochs=2", "--seed=3")
