"""Folders and zips with tags.csv: what is read of them, and what is refused."""

import csv
import dataclasses
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_apps.data import sources, tagged
from gan_apps.pictures import reading
from gan_apps.settings import Refused
from tests import toy_faces

ROWS = [("images/a.png", "red hair blue eyes"), ("images/b.png", "blue hair red eyes")]


@pytest.fixture(autouse=True)
def prepared_here(tmp_path_factory, monkeypatch):
    """What TFDS prepares goes to a folder of the test."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path_factory.mktemp("tfds")))


def tags(rows, header=("filename", "prompt")):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def folder_of(path, rows=ROWS, header=("filename", "prompt")):
    """A folder with a tags.csv and the images of ROWS, the second of which is gray."""
    (path / "images").mkdir(parents=True)
    Image.new("RGB", (20, 10), (250, 10, 10)).save(path / "images" / "a.png")
    Image.new("L", (12, 12), 99).save(path / "images" / "b.png")
    (path / tagged.TAGS).write_text(tags(rows, header), encoding="utf-8")
    return path


def zip_of(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def png(colour):
    content = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(content, "PNG")
    return content.getvalue()


def test_a_folder_is_images_and_attributes(tmp_path):
    found = sources.load(str(folder_of(tmp_path / "faces")), image_size=8)
    assert found.condition.flag == "prompt" and "labels" not in found.columns
    assert [slot.noun for slot in found.condition.vocabulary.slots] == ["hair", "eyes"]
    assert found.numbers.tolist() == [[1, 0], [0, 1]]
    assert found.images.shape == (2, 8, 8, 3) and len(found) == len(found.images) == 2
    np.testing.assert_array_equal(found.images[:][0], np.full((8, 8, 3), (250, 10, 10)))
    np.testing.assert_array_equal(found.images[np.array([1])], np.full((1, 8, 8, 3), 99))


@pytest.mark.parametrize("top", ["", "faces/"])
def test_a_zip_is_read_like_a_folder(tmp_path, top):
    members = {f"{top}images/a.png": png("red"), f"{top}images/b.png": png("blue")}
    path = zip_of(tmp_path / "faces.zip", {**members, f"{top}tags.csv": tags(ROWS)})
    found = sources.load(str(path), image_size=8)
    assert found.images[:][:, 0, 0].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert found.columns["attributes"].tolist() == [[1, 0], [0, 1]]


def test_what_tfds_holds_is_what_the_trainer_reads(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    import gan_apps.data.tagged_faces  # noqa: F401, registers the builder

    path = folder_of(tmp_path / "faces")
    manual = tfds.download.DownloadConfig(manual_dir=path)
    faces = tfds.load(
        "tagged_faces", split="train", download_and_prepare_kwargs={"download_config": manual}
    )
    examples = list(tfds.as_numpy(faces))
    assert [example["prompt"].decode() for example in examples] == [row[1] for row in ROWS]
    assert [example["filename"].decode() for example in examples] == [row[0] for row in ROWS]
    read = sources.load(str(path)).images[:]
    np.testing.assert_array_equal(read, [example["image"] for example in examples])


def test_images_are_read_from_disk_in_a_graph_too(tmp_path):
    tf = pytest.importorskip("tensorflow")
    toy_faces.write(tmp_path / "toy", count=12, size=16)
    images = sources.load(str(tmp_path / "toy"), image_size=16).images
    indices = tf.constant([[3, 0, 11], [5, 5, 1]], tf.int64)
    read = tf.function(images.gathered)(indices)
    for row in range(2):
        for column in range(3):
            with Image.open(tmp_path / "toy" / "images" / f"{indices[row, column]}.png") as image:
                np.testing.assert_array_equal(read[row, column], np.asarray(image))
    half = images.subset(np.array([2, 4, 6]))
    np.testing.assert_array_equal(half[1:], images[np.array([4, 6])])


def test_a_changed_folder_is_another_data_set(tmp_path):
    path = folder_of(tmp_path / "faces")
    before = sources.load(str(path), image_size=8).images[:]
    Image.new("RGB", (9, 9), (1, 2, 3)).save(path / "images" / "a.png")
    after = sources.load(str(path), image_size=8).images[:]
    assert after[0, 0, 0].tolist() == [1, 2, 3] != before[0, 0, 0].tolist()


def test_lines_that_cannot_be_used_are_skipped_counted_and_named(tmp_path, capsys):
    rows = [
        *ROWS,
        ("images/gone.png", "red hair blue eyes"),
        ("images/torn.png", "red hair blue eyes"),
        ("images/unsaid.png", "  "),
        ("images/c.png", "hello"),
    ]
    path = folder_of(tmp_path / "faces", rows)
    (path / "images" / "torn.png").write_bytes(png("red")[:40])
    Image.new("L", (9, 9)).save(path / "images" / "c.png")
    for _ in range(2):  # The second time from what was prepared.
        assert len(sources.load(str(path), image_size=8).images) == 2
        told = capsys.readouterr().err
        assert "4 of 6 lines skipped" in told
        for words in (
            "images/gone.png (missing)",
            "images/torn.png (",
            "line 6 (no prompt)",
            "images/c.png (no attribute in 'hello')",
        ):
            assert words in told


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_images_that_no_line_names_are_left_out_and_named(tmp_path, capsys, kind):
    names = ("a", "b", "c", "d", ".hidden")
    members = {f"images/{name}.png": png("red") for name in names} | {"images/notes.txt": b"-"}
    path = zip_of(tmp_path / "faces.zip", {**members, "tags.csv": tags(ROWS)})
    if kind == "folder":
        zipfile.ZipFile(path).extractall(tmp_path / "faces")
        path = tmp_path / "faces"
    for _ in range(2):  # The second time from what was prepared.
        assert len(sources.load(str(path), image_size=8).images) == 2
        told = capsys.readouterr().err
        assert "2 images without a line left out: images/c.png, images/d.png." in told


def test_prompts_may_have_commas_and_the_file_a_byte_order_mark(tmp_path):
    path = folder_of(tmp_path / "faces")
    lines = "\ufefffilename,prompt\r\nimages/a.png,dark red hair, blue eyes\r\n\r\n"
    (path / tagged.TAGS).write_text(lines + 'images/b.png,"blue hair, red eyes"\r\n', "utf-8")
    found = tagged.listed(path)
    assert found.prompts == ("dark red hair, blue eyes", "blue hair, red eyes")
    assert found.vocabulary.slots[0].values == ("blue", "dark_red")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_that_are_read(tmp_path, encoding):
    path = folder_of(tmp_path / "faces")
    text = tags([("images/a.png", "blå hår"), ("images/b.png", "rött hår")])
    (path / tagged.TAGS).write_bytes(text.encode(encoding))
    assert tagged.listed(path).prompts == ("blå hår", "rött hår")
    packed = {tagged.TAGS: text.encode(encoding), "images/a.png": b"", "images/b.png": b""}
    assert tagged.listed(zip_of(tmp_path / "a.zip", packed)).prompts == ("blå hår", "rött hår")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "cp1251", "shift_jis"])
def test_another_encoding_is_told_which_are_read(tmp_path, encoding):
    path = folder_of(tmp_path / "faces")
    said = {"cp1251": "синие волосы", "shift_jis": "青い 髪"}.get(encoding, "blå hår")
    text = tags([("images/a.png", "red hair"), ("images/b.png", said)])
    (path / tagged.TAGS).write_bytes(text.encode(encoding))
    packed = zip_of(tmp_path / "a.zip", {tagged.TAGS: text.encode(encoding)})
    for data in (path, packed):
        with pytest.raises(Refused) as refusal:
            tagged.listed(data)
        words = f"--dataset={data}: {tagged.TAGS} cannot be read: its line "
        assert str(refusal.value).startswith(words)
        assert "UTF-8, or as UTF-16 with a byte order mark" in str(refusal.value)


def test_a_home_that_cannot_be_written_names_the_variable_that_helps(tmp_path, monkeypatch):
    tagged_faces = pytest.importorskip("gan_apps.data.tagged_faces")
    path = folder_of(tmp_path / "faces")
    (tmp_path / "home").write_text("A file: nothing can be made in it.")
    # TFDS asks for the home folder when it is imported.
    monkeypatch.delenv("TFDS_DATA_DIR")
    place = str(tmp_path / "home" / "tensorflow_datasets")
    monkeypatch.setattr(tagged_faces.tfds.core.constants, "DATA_DIR", place)
    with pytest.raises(Refused) as refusal:
        sources.load(str(path), image_size=8)
    for words in (f"--dataset={path}: {place}, where", "cannot be written", "set TFDS_DATA_DIR to"):
        assert words in str(refusal.value)


@pytest.mark.parametrize(
    "rows, header, words",
    [
        (ROWS, ("file", "prompt"), ["first line", "'filename,prompt'", "'file,prompt'"]),
        (ROWS, ("filename",), ["'filename,prompt'"]),
        ([("/etc/passwd", "red hair")], None, ["line 2", "/etc/passwd", "outside the folder"]),
        ([("../b.png", "red hair")], None, ["'../b.png'", "outside the folder"]),
        ([("images/../../b.png", "red hair")], None, ["outside the folder"]),
        ([("..\\b.png", "red hair")], None, ["outside the folder"]),
        ([("C:\\b.png", "red hair")], None, ["outside the folder"]),
        ([*ROWS, ROWS[0]], None, ["'images/a.png' twice", "lines 2 and 4"]),
        ([], None, ["lists no image that can be used"]),
        ([("images/a.png", "red")], None, ["no prompt holds an attribute"]),
        ([("gone.png", "red hair")], None, ["lists no image", "gone.png (missing)"]),
        ([(name, "red hair") for name, _ in ROWS], None, ["says the same of every image"]),
    ],
)
def test_a_bad_tags_file_is_refused(tmp_path, rows, header, words):
    path = folder_of(tmp_path / "faces", rows, header or ("filename", "prompt"))
    with pytest.raises(Refused) as refusal:
        tagged.listed(path)
    for word in (f"--dataset={path}", *words):
        assert word in str(refusal.value)


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    path = folder_of(tmp_path / "faces", [*ROWS, ("images/link.png", "red hair")])
    outside = tmp_path / "secret.png"
    outside.write_bytes(png("red"))
    (path / "images" / "link.png").symlink_to(outside)
    with pytest.raises(Refused, match="'images/link.png', outside the folder"):
        tagged.listed(path)


@pytest.mark.parametrize("name", ["../b.png", "/b.png", "images/../../b.png"])
def test_a_zip_with_paths_out_of_it_is_refused(tmp_path, name):
    path = zip_of(tmp_path / "faces.zip", {"tags.csv": tags(ROWS), name: png("red")})
    with pytest.raises(Refused, match="a path outside of the zip"):
        tagged.listed(path)


def test_other_faults_of_zips_are_refused(tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(Refused, match="is no zip that can be read"):
        tagged.listed(tmp_path / "text.zip")
    with pytest.raises(Refused, match="has no tags.csv"):
        tagged.listed(zip_of(tmp_path / "empty.zip", {"a.png": png("red")}))


def test_a_picture_whose_packing_is_damaged_is_skipped_and_named(tmp_path, capsys):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tags.csv", tags(ROWS))
        archive.writestr("images/a.png", png("red"))
        archive.writestr("images/b.png", png("blue"))
    content = path.read_bytes()
    first = content.index(b"images/a.png") + len("images/a.png")
    path.write_bytes(content[:first] + b"\xff" * 8 + content[first + 8 :])
    assert len(sources.load(str(path), image_size=8).images) == 1
    assert "images/a.png (Error -3 while decompressing data" in capsys.readouterr().err


def test_bombs_are_skipped_and_nothing_usable_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reading, "MAX_PIXELS", 60)
    monkeypatch.setattr(tagged, "MAX_IMAGE_BYTES", 1_000)
    members = {"tags.csv": tags(ROWS), "images/a.png": png("red"), "images/b.png": bytes(2_000)}
    path = zip_of(tmp_path / "faces.zip", members)
    with pytest.raises(Refused, match="none of its 2 images can be read"):
        sources.load(str(path), image_size=8)
    told = capsys.readouterr().err
    assert "images/a.png (more than 60 pixels)" in told
    assert "images/b.png (more than 1,000 bytes)" in told


def test_what_is_streamed_is_seen_in_the_order_of_what_is_in_memory(tmp_path):
    from gan_apps.data.minibatches import minibatches
    from models.game import Player

    toy_faces.write(tmp_path / "toy", count=20, size=16)
    stored = sources.load(str(tmp_path / "toy"), image_size=16)
    held = dataclasses.replace(stored, columns={**stored.columns, "images": stored.images[:]})
    players = (
        Player(
            name="discriminator",
            networks=(),
            loss=None,
            columns=("images", "attributes", "foreign_attributes"),
            steps=2,
        ),
        Player(name="generator", networks=(), loss=None, columns=("attributes",)),
    )
    streams = [
        minibatches(data, players, 3, seed=5, horizontal_flips=True) for data in (stored, held)
    ]
    assert streams[0].steps_per_epoch == 3
    # Across the end of an epoch, from the beginning and from the middle of one.
    for first in (0, 5):
        iterations = [list(stream.iterations(first).take(4)) for stream in streams]
        for one, other in zip(*iterations, strict=True):
            for player in players:
                assert one[player.name].keys() == other[player.name].keys() == set(player.columns)
                for name in player.columns:
                    np.testing.assert_array_equal(one[player.name][name], other[player.name][name])
