"""The files that say in words what the pictures of a folder show: three kinds, read alike."""

import json
import zipfile

import numpy as np
import pytest

from gan_apps.data import tagged
from gan_apps.settings import Refused
from tests import toy_faces

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
