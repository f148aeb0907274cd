"""The files that say in words what the pictures of a folder show: three kinds, read alike."""

import json
import zipfile

import numpy as np
import pytest

from gan_apps.data import sources, tagged
from gan_apps.settings import Refused
from tests import said_pictures, toy_faces

PROMPTS = ["blue hair red eyes", "red hair, brown eyes", "green hair red eyes"]
LINES = {
    "tags.csv": "filename,prompt\n" + "".join(f"{i}.png,{p}\n" for i, p in enumerate(PROMPTS)),
    "metadata.csv": "license,Text,file_name\n"
    + "".join(f'free,"{prompt}",{i}.png\n' for i, prompt in enumerate(PROMPTS)),
    "metadata.jsonl": "\n".join(
        json.dumps({"file_name": f"{i}.png", "text": prompt, "n": i})
        for i, prompt in enumerate(PROMPTS)
    )
    + "\n\n",
}


@pytest.fixture
def folder(tmp_path):
    random = np.random.RandomState(0)
    for number in range(len(PROMPTS)):
        toy_faces.face("blue", "brown", random).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize("name", LINES)
def test_every_kind_says_the_same(name, folder):
    assert not tagged.is_tagged(folder)
    (folder / name).write_text(LINES[name], encoding="utf-8")
    assert tagged.is_tagged(folder)
    found = tagged.listed(folder)
    assert found.filenames == ("0.png", "1.png", "2.png")
    assert [prompt.replace(",", "") for prompt in found.prompts] == [
        prompt.replace(",", "") for prompt in PROMPTS
    ]
    packed = folder / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (*folder.glob("*.png"), folder / name):
            archive.write(path, f"faces/{path.name}")
    assert tagged.listed(packed).prompts == found.prompts


def test_two_kinds_in_one_folder_are_refused(folder):
    for name in ("tags.csv", "metadata.jsonl"):
        (folder / name).write_text(LINES[name], encoding="utf-8")
    with pytest.raises(Refused, match="has tags.csv and metadata.jsonl, of which one must go"):
        tagged.listed(folder)


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("metadata.csv", "file_name,caption\n0.png,a\n", "columns file_name and text, is 'file_na"),
        ("metadata.csv", "file_name,text\n0.png,blue hair, red eyes\n", "line 2 has 3 columns"),
        ("metadata.csv", "", "columns file_name and text, is ''"),
        ("metadata.jsonl", '{"file_name": "0.png", "text": "a"\n', "line 1 must be a JSON object"),
        (
            "metadata.jsonl",
            '{"file_name": "0.png"}\n',
            "line 1 must be a JSON object with the texts",
        ),
        ("metadata.jsonl", '{"file_name": 3, "text": "a"}\n', "line 1 must be"),
        ("metadata.jsonl", '\n["0.png", "a"]\n', "line 2 must be"),
        ("metadata.jsonl", '{"file_name": "../0.png", "text": "a"}\n', "outside the folder"),
        ("metadata.jsonl", "\n", "metadata.jsonl lists no image that can be used"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_line(name, content, words, folder):
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        tagged.listed(folder)


def test_lines_are_taken_for_sentences_by_the_rule_or_by_force(folder):
    said = ["a face near a wall", "a face behind a tree", "a red face"]
    lines = [json.dumps({"file_name": f"{i}.png", "text": one}) for i, one in enumerate(said)]
    (folder / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert tagged.listed(folder).are_sentences
    (folder / "metadata.jsonl").unlink()
    (folder / "tags.csv").write_text(LINES["tags.csv"], encoding="utf-8")
    assert not tagged.listed(folder).are_sentences
    found = tagged.listed(folder, "sentences")
    assert found.are_sentences and found.vocabulary is None
    assert found.prompts == tagged.listed(folder).prompts


def test_captions_are_several_of_a_picture(tmp_path):
    path = said_pictures.folder(tmp_path / "said", 6)
    found = tagged.listed(path)
    assert found.are_sentences and len(found.prompts) == 6
    assert found.prompts[0] == "a red box on the left\nOn the left, there is a red box."
    assert not tagged.has_test(path)
    with pytest.raises(Refused, match="--words=attributes: captions.jsonl .* holds sentences"):
        tagged.listed(path, "attributes")


ROW = '{"file": "0.png", "captions": ["a red box", "a red thing"]}\n'


@pytest.mark.parametrize(
    "content, words",
    [
        (ROW + '{"file": "1.png", "captions": ["a\n', "line 2 must be a JSON object with the text"),
        ('{"file": "0.png", "captions": "a red box"}\n', "line 1 must be"),
        ('{"file": "0.png", "captions": [3]}\n', "line 1 must be"),
        ('{"captions": ["a red box"]}\n', "line 1 must be"),
        ("[1]\n", "line 1 must be"),
        (ROW + ROW, "names '0.png' twice, in lines 1 and 2"),
        ('{"file": "0.png", "captions": ["one", "two"]}\n', "no word of its captions occurs 2"),
        ('{"file": "0.png", "captions": []}\n', "no image that can be used: line 1 .no prompt"),
        (ROW + ROW.replace("0.png", "1.png"), "says the same of every image: 'a red box'"),
        ('{"file": "/etc/0.png", "captions": ["a"]}\n', "outside the folder"),
    ],
)
def test_captions_that_cannot_be_read_are_refused_by_their_line(content, words, folder):
    (folder / "captions.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        tagged.listed(folder)


def test_pictures_without_captions_are_skipped_and_named(folder):
    rows = [["a red box", "a box"], ["", " "], ["犬が走る"]]
    lines = [json.dumps({"file": f"{i}.png", "captions": one}) for i, one in enumerate(rows)]
    lines.append(json.dumps({"file": "gone.png", "captions": ["a green box"]}))
    (folder / "2b.png").write_bytes((folder / "2.png").read_bytes())
    lines.append(json.dumps({"file": "2b.png", "captions": ["a red cat " * 10_000]}))
    (folder / "captions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = tagged.listed(folder)
    assert found.filenames == ("0.png", "2b.png")
    assert found.skipped == (
        "line 2 (no prompt)",
        "gone.png (missing)",
        "2.png (no known word in '犬が走る')",
    )


def test_captions_and_attributes_in_one_folder_are_refused(folder):
    (folder / "tags.csv").write_text(LINES["tags.csv"], encoding="utf-8")
    (folder / "captions.jsonl").write_text(ROW, encoding="utf-8")
    with pytest.raises(Refused, match="has tags.csv and captions.jsonl, of which one must go"):
        tagged.listed(folder)


@pytest.mark.slow
def test_a_split_of_captions_is_never_trained_on(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    path = said_pictures.folder(tmp_path / "said", 12, {10: "dev", 11: "dev", 9: "unused"})
    assert sources.has_test(str(path))
    train, test = (sources.load(str(path), split, 16) for split in ("train", "test"))
    assert (len(train), len(test)) == (9, 2)
    assert train.condition == test.condition and train.numbers.shape == (9, 2, 8)
    said = [train.condition.named(value) for value in train.condition.values(test.numbers[1])]
    assert said == ["a blue box on the right", "on the right there is a blue box"]
    np.testing.assert_array_equal(test.images[1:][0], said_pictures.picture("blue", "right"))
