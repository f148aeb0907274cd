"""pix2pix: its two losses, the turn that both players share, and its command."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import models
from gan_apps import settings, systems
from gan_apps.data.sources import DataSet
from gan_apps.drawing import pictures, runtimes
from gan_apps.runs import run_dir
from gan_apps.training import artifacts, building, samples, train
from tests import picture_runs, tiny_models

SIDE = 16
# Smaller than anybody would train.
TINY = {
    "dataset": "digits",
    "sources": "edges",
    "image_size": SIDE,
    "num_epochs": 1,
    "batch_size": 64,
    "generator_widths": (12, 8),
    "discriminator_widths": (4, 8),
    "patch": "16",
    "precision": "float32",
    "log_steps": 5,
}


def built(**settings):
    options = {"image_size": SIDE, "channels": 1, "dropout": 0.0, "widths": (12, 8)}
    networks = {
        name: models.PictureTranslator(**options) for name in ("generator", "averaged_generator")
    }
    if settings.get("adversarial_weight", 1.0):
        networks["discriminator"] = models.PatchDiscriminator(
            image_size=SIDE, channels=1, patch=16, widths=(4, 8)
        )
    objective = models.OBJECTIVES[settings.pop("objective", "non_saturating")]
    return models.Pix2Pix(networks, objective=objective, **settings)


def minibatch(count=4, seed=0):
    random = np.random.RandomState(seed)
    draw = lambda: tf.constant(random.uniform(-1, 1, (count, SIDE, SIDE, 1)), tf.float32)
    return {"images": draw(), "sources": draw()}


def only_sources(minibatch):
    return {"sources": minibatch["sources"]}


def compiled(**settings):
    return tiny_models.descending(built(**settings))


def weights(game, name):
    return [weight.numpy() for weight in game.networks[name].trainable_variables]


def softplus(x):
    return np.logaddexp(0.0, x)


def test_the_losses_are_the_paper_s():
    game, data = compiled(l1_weight=7.0, adversarial_weight=3.0), minibatch()
    fake = game.networks["generator"](only_sources(data)).numpy()
    real_scores, fake_scores = (
        game.networks["discriminator"]({**data, "images": tf.constant(images)}).numpy()
        for images in (data["images"], fake)
    )
    pair = game.pair(data)
    # Means over patches as well as over pictures; the discriminator's is halved.
    judged = (softplus(-real_scores).mean() + softplus(fake_scores).mean()) / 2
    assert_allclose(game.judged(pair), judged, rtol=1e-5)
    l1 = np.abs(data["images"] - fake).mean()
    assert_allclose(game.cost(pair), 7.0 * l1 + 3.0 * softplus(-fake_scores).mean(), rtol=1e-5)
    assert_allclose(game.means["l1"].result(), l1, rtol=1e-5)


def test_both_players_learn_from_one_drawing_one_after_the_other():
    """The discriminator moves first; the generator pays by what it then says of the same."""
    game, data = compiled(), minibatch()
    reference = built()
    for name, network in game.networks.items():
        reference.networks[name].set_weights(network.get_weights())
    calls = []
    generator = game.networks["generator"]
    call = generator.call
    generator.call = lambda *args, **kwargs: calls.append(1) or call(*args, **kwargs)
    tiny_models.step_on(game, data)
    assert len(calls) == 1
    fake = reference.networks["generator"](only_sources(data))
    discriminator = reference.networks["discriminator"]
    judge = lambda images: discriminator({**data, "images": images})
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-judge(data["images"])))
        loss = (loss + tf.reduce_mean(tf.nn.softplus(judge(fake)))) / 2.0
    variables = discriminator.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign_sub(0.01 * gradient)
    for ours, theirs in zip(
        weights(game, "discriminator"), weights(reference, "discriminator"), strict=True
    ):
        assert_allclose(ours, theirs, atol=1e-6)
    with tf.GradientTape() as tape:
        fake = reference.networks["generator"](only_sources(data))
        loss = tf.reduce_mean(tf.nn.softplus(-judge(fake)))
        loss += 100.0 * tf.reduce_mean(tf.abs(data["images"] - fake))
    variables = reference.networks["generator"].trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign_sub(0.01 * gradient)
    for ours, theirs in zip(
        weights(game, "generator"), weights(reference, "generator"), strict=True
    ):
        assert_allclose(ours, theirs, atol=2e-5)


@pytest.mark.parametrize("given", [("l1",), ("adversarial",), ("l1", "adversarial")])
def test_each_term_alone_moves_the_generator(given):
    settings = {
        "l1_weight": 100.0 * ("l1" in given),
        "adversarial_weight": 1.0 * ("adversarial" in given),
    }
    game = compiled(**settings)
    before = weights(game, "generator")
    logs = tiny_models.step_on(game, minibatch())
    pairs = zip(before, weights(game, "generator"), strict=True)
    assert max(np.abs(old - new).max() for old, new in pairs) > 0
    names = [player.name for player in game.players]
    assert names == (["discriminator", "generator"] if "adversarial" in given else ["generator"])
    assert ("adversarial_cost" in logs) == ("adversarial" in given) and logs["l1"] > 0


def test_penalties_are_on_the_slope_of_a_picture_s_mean_score():
    data = minibatch()
    plain, penalised = (
        built(real_gradient_weight=weight, real_gradient_interval=1) for weight in (0.0, 5.0)
    )
    penalised.networks["discriminator"].set_weights(plain.networks["discriminator"].get_weights())
    penalised.networks["generator"].set_weights(plain.networks["generator"].get_weights())
    for game in (plain, penalised):
        game.compile()
    with tf.GradientTape() as tape:
        tape.watch(data["images"])
        scores = tf.reduce_mean(plain.networks["discriminator"](data), axis=(1, 2, 3))
    slopes = tf.reduce_sum(tape.gradient(scores, data["images"]) ** 2, axis=(1, 2, 3))
    difference = penalised.judged(penalised.pair(data)) - plain.judged(plain.pair(data))
    assert_allclose(difference, 5.0 / 2 * tf.reduce_mean(slopes) / 2, rtol=1e-3)


def test_of_a_sketch_squares_are_left_out_another_share_each_time():
    sources = tf.fill((500, 20, 20, 1), -1.0)
    game = built(left_out=0.6)
    shown = game.sparse(sources).numpy()[..., 0]
    assert set(np.unique(shown)) == {-1.0, 1.0}
    # 20 pixels are two squares and a half: whole ones are blank or as they were.
    for rows, columns in itertools.product((slice(0, 8), slice(8, 16), slice(16, 20)), repeat=2):
        square = shown[:, rows, columns].reshape(500, -1)
        assert (square == square[:, :1]).all()
    shares = (shown[:, ::8, ::8] == 1.0).mean(axis=(1, 2))
    assert shares.mean() == pytest.approx(0.3, abs=0.03) and shares.std() > 0.17
    assert (game.sparse(sources).numpy()[..., 0] != shown).any()
    assert built().sparse(sources) is sources


def test_it_learns_what_it_is_shown():
    game = built(l1_weight=100.0)
    game.compile({player.name: "adam" for player in game.players})
    data = minibatch()
    data["images"] = -data["sources"]
    stacked = {column: values[None] for column, values in data.items()}
    update = tf.function(game.train_step)
    minibatches = {player.name: stacked for player in game.players}
    before = float(update(minibatches)["l1"])
    for _ in range(80):
        update(minibatches)
    game.reset_metrics()
    assert float(update(minibatches)["l1"]) < 0.7 * before


def test_settings_that_minimise_nothing_are_refused():
    config = systems.find("pix2pix").config
    with pytest.raises(ValueError, match="l1_weight must be above 0 with --adversarial_weight=0"):
        config(l1_weight=0.0, adversarial_weight=0.0)
    with pytest.raises(ValueError, match="direction must stay AtoB unless --sources is pairs"):
        config(sources="edges", direction="BtoA")
    with pytest.raises(ValueError, match="left_out must stay 0.0 unless --sources is edges"):
        config(sources="gray", left_out=0.5)
    with pytest.raises(ValueError, match="residual_blocks must stay 6 unless --translator is"):
        config(residual_blocks=9)


@pytest.fixture(scope="session")
def tiny_pix2pix(tmp_path_factory):
    """A run of sketches of digits."""
    system = systems.find("pix2pix")
    return train.train(system, system.config(**TINY), tmp_path_factory.mktemp("runs") / "sketches")


@pytest.fixture(scope="module")
def begun():
    """(its recipe, data and game) of the same before a training."""
    system = systems.find("pix2pix")
    config = system.config(**TINY)
    values = settings.to_json(config)
    data = DataSet.of(values).load()
    game = building.build(system, config, data)
    draws = system.draws(config, data, game)
    recipe = run_dir.Recipe(system=system.name, settings=values, draws=draws, versions={})
    return recipe, data, game


@pytest.fixture
def finished(tmp_path):
    """Three finished pictures as files, of what `picture_run` draws."""
    folder = tmp_path / "finished"
    folder.mkdir()
    images = np.stack([picture_runs.scene(seed=seed) for seed in range(20, 23)])
    for name, image in zip("abc", images, strict=True):
        Image.fromarray(image).save(folder / f"{name}.png")
    return folder, images


def shown(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_run_declares_what_it_draws_from(begun):
    recipe, _, _ = begun
    given = recipe.draw.pictures
    assert (given.column, given.shape, given.made_by) == ("sources", (SIDE, SIDE, 1), "edges")
    assert "generator.sketch.tflite" in run_dir.drawing_files(recipe)


@pytest.mark.slow
def test_a_run_says_what_it_was_trained_on_and_judged_by(begun, tiny_pix2pix):
    recipe = run_dir.read_recipe(tiny_pix2pix)
    assert recipe.draw.pictures == begun[0].draw.pictures
    assert recipe.data["test"] == "its own"
    rows = run_dir.read_metrics(tiny_pix2pix)
    assert {"l1", "adversarial_cost", "discriminator_accuracy", "diversity"} <= rows[0].keys()
    # What it should be is known of every picture that it is judged by.
    assert "distance to the target in gray levels" in (tiny_pix2pix / run_dir.CARD).read_text()


def sources_and_drawn(recipe, data, sheet, columns):
    """(given to the network, drawn of it) in a picture of rows of source, drawn and target."""
    cells = pictures.cells(sheet, columns, (SIDE, SIDE)).reshape(-1, 3, SIDE, SIDE, 1)
    chosen = samples.given(recipe.draw, data, len(cells), 0)["sources"]
    assert_array_equal(cells[:, 0], pictures.to_bytes(chosen))
    assert_array_equal(cells[:, 2], samples.targets(recipe.draw, data, len(cells), 0))
    # Targets are those of the given, whose sketch is their source.
    columns = data.images, data.columns["sources"]
    made = {target.tobytes(): source for target, source in zip(*columns, strict=True)}
    for source, _, target in cells:
        assert_array_equal(made[target.tobytes()], source)
    return chosen, cells[:, 1]


def test_samples_are_source_drawn_and_target(begun):
    recipe, data, game = begun
    sheet = samples.SampleSheet(recipe, data, seed=0).drawn(game)
    assert samples.columns(recipe.draw) == 3
    chosen, drawn = sources_and_drawn(recipe, data, sheet, 3)
    assert len(drawn) == samples.OF_GIVEN
    assert_array_equal(drawn, pictures.to_bytes(game.drawn_by("generator")({"sources": chosen})))


@pytest.mark.slow
def test_so_are_those_of_a_run(begun, tiny_pix2pix):
    recipe, (_, data, _) = run_dir.read_recipe(tiny_pix2pix), begun
    chosen, found = sources_and_drawn(recipe, data, shown(tiny_pix2pix / run_dir.SAMPLES), 12)
    assert len(found) == artifacts.SOURCES
    drawn = runtimes.open_generator(tiny_pix2pix, recipe)({"sources": chosen})
    assert_array_equal(found, pictures.to_bytes(drawn))
    last = shown(sorted((tiny_pix2pix / "samples").glob("*.png"))[-1])
    _, found = sources_and_drawn(recipe, data, last, 3)
    rounds = pictures.cells(shown(tiny_pix2pix / run_dir.ROUNDS), 8, (SIDE, SIDE))
    assert_array_equal(rounds[-1], pictures.cells(last, 3, (SIDE, SIDE))[:, 1])


def test_a_sketch_is_made_first_where_it_is_asked(picture_run, finished, gan_apps, tmp_path):
    _, images = finished
    run = f"--run_dir={picture_run}"
    result = gan_apps(
        "pix2pix", run, "--input=finished", "--sketch_first", "--side_by_side", "--output=out"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "out\n", "")
    sketches = np.asarray(models.sketches.sketch(images / np.float32(127.5) - 1.0))
    recipe = run_dir.read_recipe(picture_run)
    drawn = runtimes.open_generator(picture_run, recipe)({"sources": sketches})
    in_colour = pictures.to_bytes(sketches).repeat(3, axis=-1)
    rows = zip(in_colour, pictures.to_bytes(drawn), images, strict=True)
    for name, row in zip("abc", rows, strict=True):
        wide = np.concatenate(row, axis=1)
        assert_array_equal(shown(tmp_path / "out" / f"{name}.png"), wide)
    # The drawn picture alone, of a sketch that is given as a file.
    Image.fromarray(pictures.to_bytes(sketches)[1, ..., 0]).save(tmp_path / "sketch.png")
    result = gan_apps("pix2pix", run, "--input=sketch.png", "--output=one.png")
    assert (result.returncode, result.stderr) == (0, "")
    assert_array_equal(shown(tmp_path / "one.png"), pictures.to_bytes(drawn)[1])
    by_keras = runtimes.open_generator(picture_run, recipe, "keras")({"sources": sketches})
    assert_allclose(by_keras, drawn, atol=1e-4)
    # Without LiteRT TensorFlow makes the sketch, the same one.
    sketch = runtimes.open_sketch(picture_run, "generator", recipe.draw, "keras")
    assert_array_equal(sketch(images / np.float32(127.5) - 1.0), sketches)


@pytest.mark.slow
def test_keras_draws_the_same_by_command(picture_run, finished, gan_apps, tmp_path):
    drawn = []
    for runtime in ("litert", "keras"):
        flags = ("--input=finished/b.png", "--sketch_first", f"--runtime={runtime}")
        result = gan_apps("pix2pix", f"--run_dir={picture_run}", *flags, f"--output={runtime}.png")
        assert result.returncode == 0, result.stderr
        drawn.append(shown(tmp_path / f"{runtime}.png").astype(int))
    assert np.abs(drawn[0] - drawn[1]).max() <= 1


def test_another_size_is_told(picture_run, finished, gan_apps, tmp_path):
    for name, size in (("a", (40, 30)), ("c", (64, 64))):
        Image.new("L", size, 200).save(finished[0] / f"{name}.png")
    result = gan_apps("pix2pix", f"--run_dir={picture_run}", "--input=finished", "--output=out")
    assert result.returncode == 0
    assert result.stderr == "Cropped and resized to 32x32: a.png (40x30), c.png (64x64).\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.png"]
    assert {shown(path).shape for path in (tmp_path / "out").iterdir()} == {(32, 32, 3)}


def bad_inputs(folder):
    (folder / "notes.txt").write_text("no picture")
    (folder / "empty").mkdir()
    (folder / "twice").mkdir()
    for name in ("twice/a.png", "twice/a.jpg", "good.png"):
        Image.new("L", (SIDE, SIDE)).save(folder / name)
    # A hundred megapixels in some kilobytes.
    Image.new("1", (10_000, 10_000)).save(folder / "huge.png")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "--input: name a picture to draw from, or a folder of them."),
        (("--input=notes.txt",), "--input=notes.txt: cannot be used (not an image)."),
        (("--input=nothing.png",), "--input=nothing.png: there is no such file or folder."),
        (("--input=empty",), "--input=empty: holds no picture (.png, "),
        (("--input=huge.png",), "--input=huge.png: cannot be used (more than 50,000,000 pixels)."),
        (("--input=twice",), "--input=twice: 'a' names two pictures; rename one of them."),
        (("--input=good.png", "--output=good.png"), "would overwrite what --input names."),
        (("--input=good.png", "--digit=3"), "Unknown command line flag 'digit'"),
        (("--input=good.png", "--direction=AtoB"), "means nothing with --mode=generate."),
        (("--mode=train", "--direction=AC"), "direction must be one of AtoB, BtoA, got 'AC'."),
        (("--mode=train", "--sources=photos"), "sources must be one of pairs, edges, gray, got"),
        (("--mode=train", "--dataset=digits"), "--dataset=digits: holds no pairs; --sources=edges"),
        (
            ("--mode=train", "--dataset=digits", "--sources=edges", "--patch=70", "--num_epochs=1")
            + ("--discriminator_widths=8,8",),
            "--discriminator_widths must be 4 numbers with patches of 70, got 2.",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_line(flags, words, tiny_pix2pix, refused, tmp_path):
    bad_inputs(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    run = () if "--mode=train" in flags else (f"--run_dir={tiny_pix2pix}",)
    assert words in refused("pix2pix", *run, *flags)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_runs_of_others_are_refused(tiny_pix2pix, tiny_run, refused, tmp_path):
    Image.new("L", (SIDE, SIDE)).save(tmp_path / "a.png")
    assert "was trained by gan_apps.cgan, which draws from it" in refused(
        "pix2pix", f"--run_dir={tiny_run}", "--input=a.png"
    )
    assert "was trained by gan_apps.pix2pix, which draws from it" in refused(
        "cgan", f"--run_dir={tiny_pix2pix}", "--digit=3"
    )
    gray = dataclasses.replace(run_dir.read_recipe(tiny_pix2pix))
    pictures_only = dataclasses.replace(gray.draw.pictures, made_by=None)
    draws = {"generator": dataclasses.replace(gray.draw, pictures=pictures_only)}
    plain = tmp_path / "plain"
    run_dir.create(plain, dataclasses.replace(gray, draws=draws))
    assert "--sketch_first: this run draws from no sketches." in refused(
        "pix2pix", f"--run_dir={plain}", "--input=a.png", "--sketch_first"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [
        {"adversarial_weight": 0.0},
        {"translator": "residual", "generator_widths": (8, 4), "residual_blocks": 1},
        {"normalization": "spectral", "objective": "hinge", "dropout": 0.0},
        {"sources": "gray", "image_size": 0, "generator_widths": ()},
    ],
    ids=str,
)
def test_other_settings_train_and_are_judged(flags, tmp_path):
    system = systems.find("pix2pix")
    run = train.train(system, system.config(**{**TINY, **flags}), tmp_path / "run")
    assert (run / run_dir.EVALUATION).is_file()
    rows = run_dir.read_metrics(run)
    assert ("discriminator_loss" in rows[-1]) == (flags.get("adversarial_weight") != 0.0)


@pytest.mark.slow
def test_pairs_on_disk_are_learned(tmp_path):
    random = np.random.RandomState(0)
    for split, count in (("train", 64), ("val", 20)):
        (tmp_path / "data" / split).mkdir(parents=True)
        for number in range(count):
            photo = random.randint(0, 256, (4, 4, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
            wide = np.concatenate([photo, 255 - photo], axis=1)
            Image.fromarray(wide).save(tmp_path / "data" / split / f"{number}.png")
    system = systems.find("pix2pix")
    flags = {**TINY, "dataset": str(tmp_path / "data"), "sources": "pairs", "direction": "BtoA"}
    flags |= {"num_epochs": 60, "batch_size": 16, "generator_learning_rate": 0.005, "dropout": 0.0}
    run = train.train(system, system.config(**flags), tmp_path / "run")
    assert run_dir.read_recipe(run).draw.pictures.made_by is None
    assert not (run / "generator.sketch.tflite").exists()
    report = (run / run_dir.EVALUATION).read_text()
    assert '"test_part": "its own"' in report
    rows = run_dir.read_metrics(run)
    assert rows[-1]["l1"] < 0.5 * rows[0]["l1"]


def test_every_row_of_the_paper_s_table_is_a_setting():
    config = systems.find("pix2pix").config
    for l1, adversarial in itertools.product((0.0, 100.0), (0.0, 1.0)):
        if l1 or adversarial:
            assert config(l1_weight=l1, adversarial_weight=adversarial)
    recipe = systems.find("pix2pix").recipes["paper"]
    assert config(**recipe.values).patch == "70"
