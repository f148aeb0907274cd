"""DVBPR: pairs are put in order, tastes are learned from pictures, designs are searched for."""

import csv
import dataclasses
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps import settings, systems
from gan_apps.command import design_requests
from gan_apps.conditions import from_json
from gan_apps.conditions.users import Users
from gan_apps.data import feedback
from gan_apps.drawing import boards
from gan_apps.evaluation import preferences, verdicts
from gan_apps.runs import run_dir
from gan_apps.searching import designs
from gan_apps.settings import Refused
from gan_apps.settings.drawing import ForUser
from gan_apps.training import cards, train
from models import dvbpr, networks
from models.normalization import BatchNormalization
from tests import shops

SYSTEM = systems.find("dvbpr")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return shops.write(tmp_path_factory.mktemp("shops") / "shop")


@pytest.fixture(scope="module")
def run(shop, tmp_path_factory):
    """A recommender of that shop."""
    config = SYSTEM.config(
        dataset=str(shop),
        image_size=shops.SIDE,
        taste_dim=4,
        recommender_widths=(8, 8),
        num_epochs=20,
        batch_size=32,
        recommender_learning_rate=0.01,
        log_steps=50,
    )
    return train.train(SYSTEM, config, tmp_path_factory.mktemp("runs") / "recommender")


@pytest.fixture(scope="module")
def generator(shop, tmp_path_factory):
    """A generator of such items that keeps its discriminator."""
    system = systems.find("cgan")
    config = system.config(
        dataset=str(shop),
        image_size=shops.SIDE,
        objective="least_squares",
        keep_discriminator=True,
        generator_widths=(8,),
        discriminator_widths=(8,),
        latent_dim=6,
        num_epochs=3,
        batch_size=16,
        precision="float32",
    )
    return train.train(system, config, tmp_path_factory.mktemp("runs") / "generator")


@pytest.fixture(scope="module")
def designer(run, generator):
    return designs.Designer.opened(run, generator)


def test_what_a_pair_costs():
    chosen, other = tf.constant([1.0, -2.0]), tf.constant([0.0, 1.0])
    expected = (-math.log(1 / (1 + math.exp(-1))) - math.log(1 / (1 + math.exp(3)))) / 2
    assert_allclose(dvbpr.bpr(chosen, other), expected, rtol=1e-6)
    # Finite however wrong.
    assert_allclose(dvbpr.bpr(tf.constant([-1e4]), tf.constant([1e4])), 2e4)


def test_a_score_is_a_taste_times_what_is_seen():
    network = dvbpr.Recommender(num_users=3, image_size=8, taste_dim=4, widths=(4, 4))
    images = tf.random.stateless_uniform((2, 8, 8, 1), [0, 0], -1.0, 1.0)
    outputs = network({"images": images, "users": tf.constant([2, 0])})
    features = outputs["features"]
    assert_allclose(features, network.features(images), atol=1e-6)
    assert_allclose(
        outputs["scores"], np.sum(network.tastes.numpy()[[2, 0]] * features, axis=1), rtol=1e-5
    )
    again = networks.rebuilt(networks.described(network))
    again.set_weights(network.get_weights())
    assert_allclose(again.features(images), features, atol=0)


def test_sizes_that_are_halved_too_often_are_still_seen():
    for size in (8, 28, 64):
        network = dvbpr.Recommender(num_users=2, image_size=size)
        assert network.features(tf.zeros((1, size, size, 1))).shape == (1, 16)
    with pytest.raises(ValueError, match="divisible by 4, got 30"):
        dvbpr.Recommender(num_users=2, image_size=30)


def pair_game(taste_weight=0.0):
    network = dvbpr.ItemVectors(num_users=2, num_items=3, taste_dim=1)
    network.get_layer("tastes").set_weights([np.array([[2.0], [-1.0]])])
    network.get_layer("features").set_weights([np.array([[1.0], [0.0], [-1.0]])])
    network.get_layer("biases").set_weights([np.array([[0.0], [0.5], [0.0]])])
    game = dvbpr.DVBPR({"recommender": network}, taste_weight=taste_weight)
    game.compile({"recommender": keras.optimizers.SGD(0.1)})
    return game, network


def test_the_loss_of_a_minibatch_by_hand():
    game, network = pair_game(taste_weight=0.25)
    minibatch = {
        "users": tf.constant([0, 1]),
        "items": tf.constant([0, 0]),
        "foreign_items": tf.constant([2, 1]),
    }
    # x_00 - x_02 = 2 - -2; x_10 - x_11 = -1 - (0 + .5).
    expected = np.mean(np.log1p(np.exp([-4.0, 1.5]))) + 0.25 * np.mean([4.0, 1.0])
    assert_allclose(game.misordered(minibatch), expected, rtol=1e-6)
    assert_allclose(game.means["recommender_accuracy"].result(), 0.5)
    before = network.tastes.numpy()
    game.update(game.players[0], {**minibatch, "users": tf.constant([0, 0])})
    after = network.tastes.numpy()
    # Only whoever chose something is learned of.
    assert before[0] != after[0] and before[1] == after[1]


@pytest.mark.slow
def test_a_taste_is_learned_and_new_items_are_told(run, shop):
    recipe = run_dir.read_recipe(run)
    assert isinstance(recipe.condition, Users) and not recipe.draws
    auc = json.loads((run / run_dir.EVALUATION).read_text())["auc"]
    of = {name: auc[f"choices left out to test, by {name}"] for name in preferences.ROWS}
    assert of["pictures (this run)"] > 0.7 > of["popularity"]
    card = (run / run_dir.CARD).read_text()
    assert "Says how much each of 30 users likes a 8x8 gray picture." in card
    told = f"by pictures (this run): {of['pictures (this run)']:.3f}"
    assert f"- AUC of choices left out to test, {told}" in card
    assert "gan_apps.dvbpr --run_dir=<this folder> --user=<name>" in card
    assert (
        cards.measured({"auc": {"x": None}, "num_images": 3})[-1] == "- AUC of x: nothing to tell"
    )
    assert verdicts.lines({"frechet_ratio": 1.0}) is None


def test_auc_by_hand():
    parts = {
        "train": (np.array([0, 1], np.int32), np.array([0, 1], np.int32)),
        "validation": (np.array([0, 1], np.int32), np.array([1, 2], np.int32)),
        "test": (np.array([0, 1], np.int32), np.array([2, 0], np.int32)),
    }
    pictures = np.zeros((5, 8, 8, 1), np.uint8)
    choices = feedback.Choices(feedback.Shop(pictures, tuple("abcde")), ("u", "v"), parts)
    scores = np.array([[9.0, 9.0, 1.0, 1.0, 0.0], [2.0, 9.0, 9.0, 3.0, 1.0]])
    # User 0: item 2 beside 3 and 4; user 1: item 0 beside 3 and 4.
    assert preferences.auc(choices, scores, "test") == np.mean([(0.5 + 1.0) / 2, 0.5])
    # New are 2, 3 and 4: only user 0's is one.
    assert preferences.auc(choices, scores, "test", only_new=True) == 0.75
    assert preferences.auc(choices, scores[:1], "validation") == np.mean([1.0, 0.75])
    everything = dataclasses.replace(choices, parts={**parts, "test": parts["train"]})
    assert math.isnan(preferences.auc(everything, scores, "test", only_new=True))


@pytest.mark.slow
def test_matrix_factorisation_learns_what_many_chose(shop):
    choices = feedback.read(str(shop), shops.SIDE)
    given = preferences.factorised(choices)
    assert given.shape == (30, 60)
    learned = choices.chosen(["train"])
    # Of what it was taught.
    assert given[learned].mean() > given[~learned].mean() + 0.5


def test_users_are_known_by_their_names():
    users = Users(("ann", "bob", "17"))
    assert users.number("17") == 2
    assert from_json(users.to_json()) == users
    with pytest.raises(Refused, match="--user=bobby: the run knows no such user; .* are bob"):
        users.number("bobby")
    with pytest.raises(ValueError, match="a list"):
        from_json({"kind": "users", "names": []})


@pytest.mark.slow
def test_a_design_is_liked_more_than_what_it_began_with(designer):
    labels = np.repeat([0, 1], 4).astype(np.int32)
    plain = designer.drawn(labels, seed=3)
    asked = {"starts": 8, "steps": 40, "step_size": 0.1}
    designs, own, values = designer.designed(1, labels, 3, realness_weight=1.0, **asked)
    assert designs.shape == (8, 8, 8, 1) and designs.dtype == np.uint8
    assert sorted(own) == sorted(labels) and (np.diff(values) <= 0).all()
    liked, real = designer.liked(1, designs), designer.real(designs, own)
    before = designer.liked(1, plain) - (designer.real(plain, labels) - 1.0) ** 2
    # A picture's bytes are a little off what was searched for.
    assert_allclose(values, liked - (real - 1.0) ** 2, atol=0.05)
    assert (values > np.sort(before)[::-1]).all()
    free, of_free, _ = designer.designed(1, labels, 3, realness_weight=0.0, **asked)
    strict, of_strict, _ = designer.designed(1, labels, 3, realness_weight=20.0, **asked)
    far = [
        np.mean((designer.real(some, of) - 1.0) ** 2)
        for some, of in ((strict, of_strict), (free, of_free))
    ]
    assert far[0] < far[1]
    assert designer.liked(1, strict).mean() < designer.liked(1, free).mean()
    # Of the best alone.
    few, of_few, _ = designer.designed(1, labels, 3, realness_weight=1.0, **{**asked, "starts": 2})
    assert len(few) == len(of_few) == 2


def asking(run, generator, **values):
    few = {"num_images": 3, "starts": 6, "steps": 5}
    return design_requests.draw(run, ForUser(generator=str(generator), **{**few, **values}))


@pytest.mark.slow
def test_items_and_designs_are_drawn(run, generator, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    output = asking(run, generator, user="17")
    assert str(output) == "user_17.png"
    with Image.open(output) as image:
        assert image.mode == "L" and image.size[0] == 3 * (88 + boards.GAP) + boards.GAP
        first = np.asarray(image)
    assert capsys.readouterr().err == ""
    asking(run, generator, user="17", output="again.png")
    np.testing.assert_array_equal(np.asarray(Image.open("again.png")), first)
    folder = asking(run, generator, user="17", class_="LIGHT", output="out")
    with open(folder / "scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [f"{kind}_{number:02d}" for kind in ("shop", "design") for number in range(3)]
    assert [row["picture"] for row in rows] == names
    assert {row["class"] for row in rows} == {"light"}
    liked = [float(row["liked"]) for row in rows[:3]]
    assert liked == sorted(liked, reverse=True)
    assert sorted(path.stem for path in folder.glob("*.png")) == sorted(names)


@pytest.mark.slow
def test_without_the_shop_pictures_that_are_drawn_stand_for_it(
    run, generator, tmp_path, monkeypatch, capsys
):
    # A run whose data have gone.
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in run.iterdir():
        if path.is_file():
            (moved / path.name).write_bytes(path.read_bytes())
    config = json.loads((moved / run_dir.CONFIG).read_text())
    config["settings"]["dataset"] = "gone"
    (moved / run_dir.CONFIG).write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(design_requests, "DRAWN", 12)
    asking(moved, generator, user="3")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The shop (gone) is not here: the best of 12 pictures that generator")
    with pytest.raises(Refused, match="--dataset=nowhere: there is no such"):
        asking(moved, generator, user="3", dataset="nowhere")


@pytest.mark.slow
@pytest.mark.parametrize(
    "values, words",
    [
        ({"user": "99"}, "--user=99: the run knows no such user"),
        ({"user": "3", "class_": "blue"}, "--class=blue: 'blue' is not one of 0 to 1 or dark"),
        ({"user": "3", "output": "absent/one.png"}, "--output=absent/one.png: the folder absent"),
    ],
    ids=["user", "class", "output"],
)
def test_what_is_not_there_is_refused(run, generator, tmp_path, monkeypatch, values, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=words):
        asking(run, generator, **values)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_class_that_the_shop_has_no_item_of_is_refused(
    run, generator, shop, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    for place in ("dark", "gray"):
        (other / place).mkdir(parents=True)
        (other / place / "0.png").write_bytes((shop / "dark" / "1.png").read_bytes()) if (
            shop / "dark" / "1.png"
        ).is_file() else Image.new("L", (8, 8)).save(other / place / "0.png")
    with pytest.raises(Refused, match="--class=light: the shop has no item of it; it has dark"):
        asking(run, generator, user="3", class_="light", dataset=str(other))


@pytest.mark.slow
def test_runs_that_do_not_fit_are_refused(run, generator, tiny_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=r"--generator=.*: holds no generator with its discrimin"):
        asking(run, tiny_run, user="3")
    with pytest.raises(Refused, match="--run_dir=.*: was trained by gan_apps.cgan"):
        asking(tiny_run, generator, user="3")
    with pytest.raises(Refused, match="--generator=absent: there is no such folder"):
        asking(run, "absent", user="3")
    assert not list(tmp_path.iterdir())


def test_a_board_has_titles_and_figures():
    images = np.full((3, 28, 28, 1), 128, np.uint8)
    rows = [("first", images, [("a",)] * 3), ("second", images[:2], [("b",)] * 2)]
    board = boards.board(rows)
    assert board.shape == (2 * (84 + 2 * boards.LINE + 2 * boards.GAP) + 6, 3 * 90 + 6, 1)
    # Words are drawn above and below, none on a picture.
    assert (board[20 + 6 : 84 + 20, 6:90] == 128).all()
    assert board[6 : 6 + boards.LINE].min() < 64
    assert boards.board([("", images.repeat(3, -1), [()] * 3)]).shape[-1] == 3


def test_its_settings():
    with pytest.raises(ValueError, match="judges_share must stay 0"):
        SYSTEM.config(dataset="shop", judges_share=0.1)
    with pytest.raises(ValueError, match="starts must be at least --num_images=10, got 5"):
        ForUser(user="3", starts=5)
    config = SYSTEM.config(dataset="shop", taste_dim=3)
    assert settings.from_json(SYSTEM.config, settings.to_json(config)) == config


@pytest.mark.parametrize("size, first", [(64, 4), pytest.param(128, 8, marks=pytest.mark.slow)])
def test_the_lecture_s_networks(size, first):
    """As they are printed: widths and strides of all layers."""
    layers = keras.layers
    made = networks.pair(
        image_size=size,
        channels=3,
        architecture="dvbpr",
        generator={"latent_dim": 100},
        discriminator={"normalization": "batch"},
    )
    enlarging = [
        (layer.filters, layer.strides[0], layer.kernel_size)
        for layer in made["generator"].layers
        if isinstance(layer, layers.Conv2DTranspose)
    ]
    printed = [(256, 2), (256, 1), (256, 2), (256, 1), (128, 2), (64, 2), (3, 1)]
    assert enlarging == [(*one, (5, 5)) for one in printed]
    dense = [one for one in made["generator"].layers if isinstance(one, layers.Dense)]
    assert [one.units for one in dense] == [first * first * 256]
    normalized = [one for one in made["generator"].layers if isinstance(one, BatchNormalization)]
    assert len(normalized) == 7
    judging = made["discriminator"].layers
    assert [
        (one.filters, one.strides[0], one.kernel_size)
        for one in judging
        if isinstance(one, layers.Conv2D)
    ] == [(width, 2, (5, 5)) for width in (64, 128, 256, 512)]
    assert [one.units for one in judging if isinstance(one, layers.Dense)] == [1024, 1]
    assert len([one for one in judging if isinstance(one, BatchNormalization)]) == 3
    with pytest.raises(ValueError, match="at most 3 numbers for images of 28x28, got 5"):
        networks.Generator(image_size=28, architecture="dvbpr", widths=(8, 8, 8, 8, 8))


@pytest.mark.slow
def test_the_command_trains_and_refuses(shop, gan_apps, refused, tmp_path):
    tiny = ["--image_size=8", "--num_epochs=1", "--batch_size=32", "--recommender_widths=4,4"]
    result = gan_apps("dvbpr", "--mode=train", f"--dataset={shop}", *tiny)
    assert result.stdout.splitlines()[-1] == "checkpoints/dvbpr_001", result.stderr
    assert "--dataset=shop: there is no such folder" in refused("dvbpr", "--mode=train")
    assert "--user: name whom to draw for" in refused("dvbpr", "--run_dir=checkpoints/dvbpr_001")
    line = refused("dvbpr", "--mode=train", "--class=dark", f"--dataset={shop}")
    assert line == "error: --class=dark means nothing with --mode=train."
    empty = shops.feedback(tmp_path / "empty" if (tmp_path / "empty").mkdir() is None else shop)
    Image.new("L", (8, 8)).save(empty / "0.png")
    assert "feedback.csv holds no choice" in refused("dvbpr", "--mode=train", f"--dataset={empty}")
    assert not (tmp_path / "checkpoints" / "dvbpr_002").exists()
