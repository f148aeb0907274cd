"""Clips as data: how they are read from files, cut into examples, held out and told apart."""

import zipfile

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal
from PIL import Image

from gan_apps.data import clips, moving, parts
from gan_apps.data.clips import Cutting
from gan_apps.data.sources import DataSet
from gan_apps.settings import Refused

SIDE = 16
CUTTING = Cutting(history=3)


def frames(count, seed=0, side=SIDE):
    """`count` frames that are all different, uint8 [count, side, side, 3]."""
    return np.random.RandomState(seed).randint(0, 256, (count, side, side, 3)).astype(np.uint8)


def write(folder, some, names="{}.png"):
    folder.mkdir(parents=True)
    for number, frame in enumerate(some):
        Image.fromarray(frame).save(folder / names.format(number))


def animation(path, some):
    # A palette of few colours, which a GIF keeps as they are.
    first, *rest = (Image.fromarray(frame // 64 * 64).quantize(256) for frame in some)
    first.save(path, save_all=True, append_images=rest, duration=80)


def sheet(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate([np.concatenate(list(row), axis=1) for row in rows])).save(path)


def load(path, split="train", cutting=CUTTING, size=SIDE):
    return clips.load(str(path), split, size, cutting)


def assert_holds(data, some, history=3):
    """That the data are all stretches of these clips, in their order."""
    sources = [
        np.concatenate(list(one[first : first + history]), axis=-1)
        for one in some
        for first in range(len(one) - history)
    ]
    images = [frame for one in some for frame in one[history:]]
    assert_array_equal(data.columns["sources"][:], sources)
    assert_array_equal(data.images[:], images)


def test_numbered_frames_are_cut_into_histories_and_what_comes_next(tmp_path):
    some = frames(12), frames(5, 1)
    write(tmp_path / "data" / "walk", some[0])
    write(tmp_path / "data" / "wave", some[1])
    data = load(tmp_path / "data")
    # 12 frames hold 9 stretches of 4, frame 10 after frame 9 and not after frame 1; none goes from
    # one clip into the other.
    assert data.shape == (SIDE, SIDE, 3) and len(data) == 9 + 2
    assert_holds(data, some)
    assert_array_equal(data.groups, [0] * 9 + [1] * 2)


def test_animations_sheets_and_zips_hold_the_same(tmp_path):
    some = frames(6), frames(6, 1)
    folder = tmp_path / "gifs"
    folder.mkdir()
    for number, one in enumerate(some):
        animation(folder / f"{number}.gif", one)
    expected = [
        np.stack([np.asarray(Image.fromarray(frame // 64 * 64)) for frame in one]) for one in some
    ]
    found = load(folder)
    assert len(found) == 6
    assert np.abs(found.images[:].astype(int) - np.concatenate([e[3:] for e in expected])).max() < 9
    sheet(tmp_path / "sheets" / "a.png", some)
    assert_holds(load(tmp_path / "sheets", cutting=Cutting(3, "2x6")), some)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.write(tmp_path / "sheets" / "a.png", "deep/a.png")
    assert_holds(load(tmp_path / "all.zip", cutting=Cutting(3, "2x6")), some)


def test_a_test_split_is_of_whole_clips_and_may_be_a_clip_itself(tmp_path):
    some = frames(7), frames(5, 1)
    for layout in ("{split}", "{split}/walk"):
        root = tmp_path / layout.replace("/", "_")
        for split, one in zip(("train", "test"), some, strict=True):
            write(root / layout.format(split=split), one)
        write(root / "others", frames(9, 2))
        data_set = DataSet(str(root), SIDE, pairing=CUTTING)
        assert data_set.has_test()
        assert_holds(data_set.load("train"), some[:1])
        assert_holds(data_set.load("test"), some[1:])


def test_what_is_held_out_is_whole_clips(tmp_path):
    for number in range(20):
        write(tmp_path / "data" / f"clip_{number}", frames(9, number))
    data_set = DataSet(str(tmp_path / "data"), SIDE, pairing=CUTTING)
    whole = data_set.load()
    record = parts.recorded(data_set, whole)
    assert (record["test"], record["num_images"], record["num_held_out"]) == ("held out", 120, 12)
    trained = parts.train_part(whole, record)
    test = parts.test_part(data_set, whole, record)
    assert len(trained) == 108 and len(np.unique(test.groups)) == 2
    assert not set(trained.groups) & set(test.groups)
    # No frame of a clip that is held out is seen in training, not even as history.
    seen = {
        one.tobytes()
        for one in np.concatenate([trained.images[:], trained.columns["sources"][:][..., :3]])
    }
    assert not any(one.tobytes() in seen for one in test.images[:])


def test_of_fewer_than_ten_clips_none_is_held_out(tmp_path):
    for number in range(9):
        write(tmp_path / "data" / f"clip_{number}", frames(16, number))
    data_set = DataSet(str(tmp_path / "data"), SIDE, pairing=CUTTING)
    assert parts.recorded(data_set, data_set.load())["test"] == "none"


def test_stretches_are_alike_as_arrays_and_in_a_graph(tmp_path):
    data = clips.cut({"a": frames(9), "b": frames(7, 1)}, 3, "data")
    indices = np.array([[0, 5], [7, 9]])
    for values in data.columns.values():
        gathered = tf.function(values.gathered)(tf.constant(indices))
        assert gathered.shape == (2, 2, *values.shape[1:])
        assert_array_equal(gathered, values[:][indices])
        assert_array_equal(values.subset(np.array([9, 2]))[:], values[:][[9, 2]])
    rows, coming = data.columns["sources"].going_on(3)
    # Of the 6 stretches of 9 frames three are left after the first four, of the 4 of 7 two.
    assert_array_equal(rows, [0, 1, 2, 3, 6, 7])
    assert_array_equal(coming[0][..., :3], data.images[0:1])
    assert_array_equal(coming[np.array([4])][..., 6:], data.images[np.array([8])])


def test_other_frames_are_other_data():
    one, other = frames(9), frames(9)
    other[4, 0, 0, 0] ^= 1
    digests = [parts.digest(clips.cut({"a": some}, 3, "d"), in_order=True) for some in (one, other)]
    longer = parts.digest(clips.cut({"a": one}, 4, "d"), in_order=True)
    assert len({*digests, longer}) == 3
    assert digests[0] == parts.digest(clips.cut({"b": one.copy()}, 3, "d"), in_order=True)


def test_what_is_short_or_damaged_is_skipped_and_named(tmp_path, capsys):
    root = tmp_path / "data"
    write(root / "whole", frames(6))
    write(root / "short", frames(3, 1))
    write(root / "uneven", frames(6, 2))
    Image.new("RGB", (8, 8)).save(root / "uneven" / "4.png")
    write(root / "torn", frames(6, 3))
    (root / "torn" / "2.png").write_bytes(b"torn")
    assert_holds(load(root), [frames(6)])
    told = capsys.readouterr().err
    assert "short (3 frames)" in told and "torn (2.png: not an image)" in told
    assert "uneven (0.png is 16x16 and 4.png 8x8" in told


@pytest.mark.parametrize(
    "make, cutting, words",
    [
        (lambda root: write(root / "a", frames(3)), CUTTING, "none has the 4 frames"),
        (lambda root: root.mkdir(), CUTTING, "holds no picture"),
        (lambda root: None, CUTTING, "no such folder or zip"),
        (
            lambda root: sheet(root / "a.png", [frames(5)]),
            Cutting(3, "3x4"),
            "a.png is 80x16, which are not 3 rows and 4 columns",
        ),
    ],
)
def test_no_clips_are_refused(tmp_path, make, cutting, words):
    make(tmp_path / "data")
    with pytest.raises(Refused, match=words):
        load(tmp_path / "data", cutting=cutting)


def test_a_film_is_told_what_to_do_with_it(tmp_path):
    (tmp_path / "walk.mp4").write_bytes(b"film")
    with pytest.raises(Refused, match=r"is a film; make frames of it: .*ffmpeg -i walk.mp4 walk/"):
        load(tmp_path / "walk.mp4")


def test_names_that_are_no_clips():
    with pytest.raises(Refused, match="mnist: holds no clips; moving_digits and stochastic_digits"):
        load("mnist")
    with pytest.raises(Refused, match="is of clips, which gan_apps.next_frame learns"):
        DataSet("moving_digits").load()


def stills(count=5, seed=0):
    return np.random.RandomState(seed).randint(1, 256, (count, 8, 8, 1)).astype(np.uint8)


def test_digits_that_move_are_the_same_by_their_seed_alone():
    made = [moving.clips(stills(), 3, 20, seed, True) for seed in (0, 0, 1)]
    assert made[0].shape == (3, moving.FRAMES, 20, 20, 1) and made[0].dtype == np.uint8
    assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()


def test_exact_digits_go_as_those_of_tensorflow_datasets_do():
    from tensorflow_datasets.video.moving_sequence import image_as_moving_sequence

    still = stills(1)[0]
    start, velocity = np.array([0.9, 0.3], np.float32), np.array([0.27, -0.19], np.float32)
    theirs = image_as_moving_sequence(
        still, 20, (24, 30), velocity=velocity, start_position=start
    ).image_sequence
    way = moving.reflected(start + np.arange(20)[:, None] * velocity)
    # Theirs is 24x30; ours are square.
    room = np.array([16 / 22, 1.0])
    ours = moving.drawn(still[None, None], (way * room)[None, None], 30)[0]
    assert_array_equal(ours[:, :24], theirs)


def test_digits_turn_at_edges_alone_and_then_at_random():
    random = np.random.RandomState(0)
    places, angles = random.uniform(0, 1, (2000, 2)), random.uniform(0, 2 * np.pi, 2000)
    ways = moving._turning(places, angles, np.random.RandomState(1))
    assert ways.min() >= 0.0 and ways.max() <= 1.0
    steps = np.diff(ways, axis=1)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=-1), moving.SPEED, rtol=1e-9)
    turned = np.linalg.norm(np.diff(steps, axis=1), axis=-1) > 1e-9
    # A straight step from there would have led over an edge, and from nowhere else.
    straight = ways[:, 1:-1] + steps[:, :-1]
    np.testing.assert_array_equal(turned, (np.abs(straight - 0.5) > 0.5).any(axis=-1))
    assert 0.15 < turned.mean() < 0.35
    # What comes is not in what was: from the same history another seed goes elsewhere.
    others = moving._turning(places, angles, np.random.RandomState(2))
    first = turned.argmax(axis=1)
    rows = np.flatnonzero(turned.any(axis=1))
    np.testing.assert_allclose(others[rows, 0:1], ways[rows, 0:1], rtol=1e-12)
    assert (
        np.abs(others[rows, first[rows] + 2] - ways[rows, first[rows] + 2]).max(axis=-1) > 0.01
    ).mean() > 0.9
