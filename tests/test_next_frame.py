"""The next frame: its three errors, going on from drawn frames, and its command."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

import models
from gan_apps import systems
from gan_apps.command import requests
from gan_apps.data import clips
from gan_apps.drawing import pictures, recursion, runtimes
from gan_apps.evaluation import appearance, facts, measures
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw, Pictures
from gan_apps.settings import Refused
from gan_apps.settings.drawing import AnyDrawing, FromClips
from models.next_frame import gradient_difference
from tests import clip_files, picture_runs, tiny_models

SIDE = 16
HISTORY = 3


def built(**settings):
    options = {"image_size": SIDE, "channels": 1, "source_channels": HISTORY}
    networks = {
        name: models.PictureTranslator(**options, dropout=0.0, widths=(12, 8))
        for name in ("generator", "averaged_generator")
    }
    if settings.get("adversarial_weight", 0.05):
        networks["discriminator"] = models.PatchDiscriminator(**options, patch=16, widths=(4, 8))
    return models.NextFrame(networks, objective=models.OBJECTIVES["non_saturating"], **settings)


def compiled(**settings):
    return tiny_models.descending(built(**settings))


def minibatch(count=4, seed=0):
    random = np.random.RandomState(seed)
    draw = lambda c: tf.constant(random.uniform(-1, 1, (count, SIDE, SIDE, c)), tf.float32)
    return {"images": draw(1), "sources": draw(HISTORY)}


def test_gradient_difference_in_closed_form():
    rows = tf.reshape(tf.range(5.0), (1, 5, 1, 1))
    slope = 0.1 * rows + tf.zeros((1, 5, 7, 1))
    flat = tf.zeros_like(slope)
    # Of the one, 0.1 from row to row and nothing along it; of the other nothing.
    assert_allclose(gradient_difference(slope, flat), 0.1, rtol=1e-5)
    assert_allclose(gradient_difference(slope + 0.5, slope), 0.0, atol=1e-6)
    # An edge is as strong whichever side is bright.
    assert_allclose(gradient_difference(-slope, slope), 0.0, atol=1e-6)
    both = slope + 0.2 * tf.reshape(tf.range(7.0), (1, 1, 7, 1))
    assert_allclose(gradient_difference(both, flat), 0.1 + 0.2, rtol=1e-5)
    assert_allclose(gradient_difference(flat, both), 0.1 + 0.2, rtol=1e-5)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_losses_are_the_paper_s(power):
    game = compiled(power=power, lp_weight=7.0, gradient_difference_weight=2.0,
                    adversarial_weight=3.0)  # fmt: skip
    data = minibatch()
    fake = game.networks["generator"]({"sources": data["sources"]}).numpy()
    real_scores, fake_scores = (
        game.networks["discriminator"]({**data, "images": tf.constant(images)}).numpy()
        for images in (data["images"], fake)
    )
    pair, softplus = game.pair(data), lambda x: np.logaddexp(0.0, x)
    judged = (softplus(-real_scores).mean() + softplus(fake_scores).mean()) / 2
    assert_allclose(game.judged(pair), judged, rtol=1e-5)
    lp = (np.abs(data["images"] - fake) ** power).mean()
    difference = float(gradient_difference(tf.constant(fake), data["images"]))
    cost = 7.0 * lp + 2.0 * difference + 3.0 * softplus(-fake_scores).mean()
    assert_allclose(game.cost(pair), cost, rtol=1e-5)
    assert_allclose(game.means["lp"].result(), lp, rtol=1e-5)
    assert_allclose(game.means["gradient_difference"].result(), difference, rtol=1e-5)


@pytest.mark.parametrize("given", ["lp", "gradient_difference", "adversarial"])
def test_each_term_alone_moves_the_generator(given):
    weights = {
        f"{name}_weight": float(name == given)
        for name in ("lp", "gradient_difference", "adversarial")
    }
    game = compiled(**weights)
    before = [one.numpy() for one in game.networks["generator"].trainable_variables]
    tiny_models.step_on(game, minibatch())
    after = [one.numpy() for one in game.networks["generator"].trainable_variables]
    assert max(np.abs(a - b).max() for a, b in zip(before, after, strict=True)) > 0
    names = [player.name for player in game.players]
    assert names == (["discriminator"] if given == "adversarial" else []) + ["generator"]


def test_nothing_to_minimise_is_refused():
    with pytest.raises(ValueError, match="lp_weight must be above 0 with --gradient_difference"):
        systems.find("next_frame").config(
            lp_weight=0.0, gradient_difference_weight=0.0, adversarial_weight=0.0
        )
    with pytest.raises(ValueError, match="sheet must be ROWSxCOLUMNS, such as 9x8, got '9'"):
        systems.find("next_frame").config(sheet="9")


def test_what_is_drawn_is_the_next_of_a_history():
    """Each frame is drawn from the last ones, as files hold them, in their order."""
    taken = Pictures(column="sources", shape=(2, 2, 3 * HISTORY), frames=HISTORY)
    seen = []

    def generator(inputs):
        frames = pictures.frames_of(pictures.to_bytes(inputs["sources"]), HISTORY)
        seen.append(frames[0, :, 0, 0, 0].tolist())
        # One level brighter than the last, and what no file holds.
        return pictures.to_signed(frames[:, -1] + 1) + 0.3 / 127.5

    first = np.arange(3 * HISTORY, dtype=np.uint8) // 3 * 10
    histories = np.broadcast_to(first, (2, 2, 2, 3 * HISTORY))
    drawn = recursion.going_on(generator, taken, histories, 4)
    assert drawn.shape == (2, 4, 2, 2, 3) and drawn.dtype == np.uint8
    assert_array_equal(drawn[1, :, 0, 0, 0], [21, 22, 23, 24])
    assert seen == [[0, 10, 20], [10, 20, 21], [20, 21, 22], [21, 22, 23]]


def test_frames_on_channels_and_back():
    frames = np.random.RandomState(0).randint(0, 256, (5, 4, 8, 6, 3)).astype(np.uint8)
    stacked = pictures.on_channels(frames)
    assert stacked.shape == (5, 8, 6, 12)
    assert_array_equal(stacked[..., 3:6], frames[:, 1])
    assert_array_equal(pictures.frames_of(stacked, 4), frames)


def test_what_is_given_is_kept_as_pictures_that_can_be_seen(tmp_path):
    taken = Pictures(column="sources", shape=(8, 8, 12), frames=4)
    given = np.random.RandomState(0).randint(0, 256, (16, 8, 8, 12)).astype(np.uint8)
    pictures.write_png(tmp_path / "kept.png", pictures.sheet_of_given(given, 4, 4))
    with Image.open(tmp_path / "kept.png") as image:
        assert image.size == (4 * 4 * 8, 4 * 8)
    assert_array_equal(pictures.read_given(tmp_path / "kept.png", taken), given)


def test_a_run_says_how_many_frames_it_is_given():
    network = {"class": "PictureTranslator", "config": {}}
    draws = {
        frames: Draw(
            network=network,
            shape=(8, 8, 3),
            pictures=Pictures(column="sources", shape=(8, 8, 12), frames=frames),
        )
        for frames in (1, 4)
    }
    for frames, draw in draws.items():
        assert Draw.from_json(draw.to_json()) == draw and draw.goes_on == (frames > 1)
    # As it was written before there were clips.
    assert draws[1].to_json()["pictures"] == {"column": "sources", "shape": [8, 8, 12]}
    with pytest.raises(ValueError, match="frames must divide the 12 channels, got 5"):
        Pictures(column="sources", shape=(8, 8, 12), frames=5)


def test_sharpness_difference_in_closed_form():
    columns = np.tile(np.arange(8, dtype=np.uint8) * 10, (8, 1))[None, ..., None]
    flat = np.full_like(columns, 7)
    # 10 of 255 from column to column, of both the same is left where they are alike.
    found = appearance.to_targets(columns, flat)["sharpness_difference"]
    assert_allclose(found, 10 * np.log10(255 / 10))
    steeper = appearance.to_targets(2 * columns, columns)["sharpness_difference"]
    assert_allclose(steeper, 10 * np.log10(255 / 10))
    alike = appearance.to_targets(columns, columns + 3)["sharpness_difference"]
    assert_allclose(alike, appearance.MOST_DB)


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A clip of 9 frames as an animation, of the size of `clip_run`'s."""
    folder = tmp_path_factory.mktemp("clips")
    frames = clip_files.moving_squares(1, 9, picture_runs.SIZE)[0]
    pictures.write_gif(folder / "walk.gif", frames)
    clip_files.write(folder / "walk", frames)
    return folder


def expected(clip_run, frames, count):
    """What a run draws after the last of some frames."""
    recipe = run_dir.read_recipe(clip_run)
    generator = runtimes.open_generator(clip_run, recipe, "litert")
    history = pictures.on_channels(frames[None, -4:])
    return recursion.going_on(generator, recipe.draw.pictures, history, count)[0]


def frames_in(path):
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append(np.asarray(image.convert("RGB")))
    return np.stack(found)


def test_it_goes_on_to_an_animation_a_folder_or_a_row(walk, clip_run, gan_apps, tmp_path):
    run = f"--run_dir={clip_run}"
    frames = frames_in(walk / "walk.gif")
    drawn = expected(clip_run, frames, 5)
    result = gan_apps("next_frame", run, f"--input={walk / 'walk'}", "--frames=5", "--output=out")
    assert (result.returncode, result.stdout) == (0, "out\n"), result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"00{number}.png" for number in range(5)
    ]
    for number, frame in enumerate(drawn):
        with Image.open(tmp_path / "out" / f"00{number}.png") as image:
            assert_array_equal(np.asarray(image), frame)
    result = gan_apps("next_frame", run, f"--input={walk / 'walk.gif'}")
    assert result.stdout == "walk_goes_on.gif\n", result.stderr
    assert len(frames_in(tmp_path / "walk_goes_on.gif")) == 10
    # Beside the truth it begins with the first frames, and goes as far as the clip does.
    gan_apps("next_frame", run, f"--input={walk / 'walk'}", "--side_by_side", "--output=both.png")
    with Image.open(tmp_path / "both.png") as image:
        side = image.size[1]
        cells = np.asarray(image.resize((10 * picture_runs.SIZE, picture_runs.SIZE), 0))
    assert side % picture_runs.SIZE == 0
    cells = cells.reshape(picture_runs.SIZE, 5, 2, picture_runs.SIZE, 3)
    assert_array_equal(cells[:, :, 1].swapaxes(0, 1), frames[4:])
    first = expected(clip_run, frames[:4], 5)
    assert_array_equal(cells[:, :, 0].swapaxes(0, 1), first)


@pytest.fixture
def bad(walk, tmp_path, monkeypatch):
    """A folder, in which one now is, of clips that cannot be gone on with."""
    monkeypatch.chdir(tmp_path)
    frames = clip_files.moving_squares(1, 9, picture_runs.SIZE)[0]
    clip_files.write(tmp_path / "walk", frames)
    clip_files.write(tmp_path / "short", frames[:3])
    uneven = clip_files.write(tmp_path / "uneven", frames[:5])
    Image.new("RGB", (8, 9)).save(uneven / "3.png")
    torn = clip_files.write(tmp_path / "torn", frames[:5])
    (torn / "2.png").write_bytes(b"torn")
    (tmp_path / "empty").mkdir()
    (tmp_path / "walk.mp4").write_bytes(b"film")
    pictures.write_gif(tmp_path / "one.gif", frames[:1])
    return tmp_path


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"input": "short"}, "--input=short: has 3 frames; this run goes on from 4, so 4 are need"),
        ({"input": "one.gif"}, "--input=one.gif: has 1 frame; .* so 4 are needed"),
        ({"input": "uneven"}, "--input=uneven: .*0.png is 32x32 and 3.png 8x9"),
        ({"input": "torn"}, "--input=torn: .*2.png: not an image"),
        ({"input": "empty"}, "--input=empty: holds no picture"),
        ({"input": "absent"}, "--input=absent: there is no such file or folder"),
        ({"input": "walk.mp4"}, "--input=walk.mp4: is a film; .*ffmpeg -i walk.mp4 walk/%04d.png"),
        ({}, "--input: name a clip to go on with"),
        (
            {"input": "walk", "frames": 6, "side_by_side": True},
            "--frames=6: the clip has 5 after its first 4",
        ),
        ({"input": "short", "side_by_side": True}, "5 are needed, the last to be drawn beside"),
        ({"input": "walk", "output": "walk"}, "--output=walk: would overwrite what --input names"),
    ],
)
def test_bad_clips_are_refused(bad, clip_run, asked, words):
    draw = run_dir.read_recipe(clip_run).draw
    with pytest.raises(Refused, match=words):
        requests.request(clip_run, draw, FromClips(**asked))


def test_a_bad_clip_is_one_line_and_nothing_is_written(bad, clip_run, refused):
    before = sorted(bad.iterdir())
    line = refused("next_frame", f"--run_dir={clip_run}", "--input=short")
    assert "--input=short: has 3 frames" in line
    line = refused("next_frame", f"--run_dir={clip_run}", "--input=walk", "--frames=0")
    assert "--frames must be at least 1, got 0" in line
    assert sorted(bad.iterdir()) == before


def test_another_size_is_told(bad, clip_run, capsys):
    clip_files.write(bad / "large", clip_files.moving_squares(1, 5, 40)[0][:, :, :36])
    draw = run_dir.read_recipe(clip_run).draw
    asked = requests.request(clip_run, draw, FromClips(input="large"))
    assert asked.inputs["sources"].shape == (1, 32, 32, 12)
    assert "Cropped and resized to 32x32: large (36x40)." in capsys.readouterr().err


def test_it_draws_from_frames_alone(clip_run):
    draw = run_dir.read_recipe(clip_run).draw
    with pytest.raises(Refused, match="--num_images=3: .* goes on with a clip: give --input"):
        requests.request(clip_run, draw, AnyDrawing(input="walk", num_images=3))


def test_going_on_is_measured_beside_copying():
    """Of stretches whose clips are long enough alone, each frame by itself."""
    clips_of_9 = clip_files.moving_squares(30, 9)
    data = clips.cut({str(n): clip for n, clip in enumerate(clips_of_9)}, HISTORY, "data")
    taken = Pictures(column="sources", shape=(SIDE, SIDE, 9), frames=HISTORY)
    draw = Draw(
        network={"class": "PictureTranslator", "config": {}}, shape=(SIDE, SIDE, 3), pictures=taken
    )
    asked = []

    def going_on(histories, count):
        asked.append((len(histories), count))
        # The first two frames right, and black after that.
        last = pictures.frames_of(histories, HISTORY)[:, -1]
        drawn = np.zeros((len(last), count, SIDE, SIDE, 3), np.uint8)
        for row, frame in enumerate(last):
            clip, place = next(
                (clip, place)
                for clip in clips_of_9
                for place in range(9)
                if (clip[place] == frame).all()
            )
            # Squares come again after six frames.
            drawn[row, :2] = [clip[(place + step) % 6] for step in (1, 2)]
        return drawn

    measured = facts.Facts(
        draw=draw, asked=None, said=None, images=data.images[:50], given=np.arange(50), judge=None,
        seed=0, real=facts.Real(data, data, data, None, data), coded=None, enlarged=None,
        going_on=going_on,
    )  # fmt: skip
    drawn, copied = measured.ahead
    # Nine frames hold three given ones and four more; none holds eight.
    assert list(drawn) == [1, 2, 4] and asked == [(90, 4)]
    assert (drawn[1]["psnr"] == appearance.MOST_DB).all()
    assert (drawn[2]["ssim"] > 0.999).all()
    assert drawn[4]["psnr"].max() < 30 and copied[1]["psnr"].max() < 30
    (row,) = [one for one in measures.MEASURES if one.name == "psnr_ahead"]
    assert row.value(measured)["2"] == appearance.MOST_DB
    assert row.of_real(measured).keys() == {"1", "2", "4"}
    lines = list(measures.lines({"psnr_ahead": row.value(measured)}, details=False))
    assert lines[1].label == "PSNR of frame 2 of going on, in dB" and lines[1].value == "100.00"
