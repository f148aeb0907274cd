"""Makes pictures with words of sprites.zip: what checkpoints/cgan_sprites learned from.

python examples/sprites_in_words.py sprites.zip sprites_train
python examples/sprites_in_words.py sprites.zip sprites_test --split=test

With --labels the same pictures in a folder for each action and direction, without words, of which
checkpoints/lapgan_sprites learned; for whatever learns labels.

python examples/sprites_in_words.py sprites.zip sprites_labels/train --labels
python examples/sprites_in_words.py sprites.zip sprites_labels/test --labels --split=test

Of each clip there are the three frames in which the actions differ most: a character that stands
still may be about to walk, to cast or to slash. No character of one part has the four parts of one
of the other.
"""

import argparse
import csv
import io
import pathlib
import zipfile

from PIL import Image

# What the numbers of the parts in clips.csv mean.
PARTS = {
    "hair": ("green", "blue", "orange", "white", "red", "purple"),
    "body": ("light", "tan", "gray", "lavender", "brown", "dark"),
    "bottomwear": ("white", "gold", "red", "steel", "teal", "green"),
    "topwear": ("maroon", "turquoise", "cream", "silver", "leather", "suit"),
}
ACTIONS = {"walk": "walking", "spellcast": "casting", "slash": "slashing"}
FRAMES = (2, 4, 5)
SIDE = 64


def prompt(clip):
    """The line of clips.csv in words."""
    said = [f"{values[int(clip[part])]} {part}" for part, values in PARTS.items()]
    return ", ".join([*said, f"{ACTIONS[clip['action']]} action", f"{clip['direction']} direction"])


def pictures(archive, clips):
    """(line of clips.csv, name of a file, picture) of FRAMES of each of some clips."""
    sheets = {}
    for clip in clips:
        if clip["file"] not in sheets:
            sheets = {clip["file"]: Image.open(archive.open(clip["file"])).convert("RGB")}
        for frame in FRAMES:
            left, upper = SIDE * frame, SIDE * int(clip["row"])
            name = f"{pathlib.Path(clip['file']).stem}_{clip['row']}_{frame}.png"
            yield clip, name, sheets[clip["file"]].crop((left, upper, left + SIDE, upper + SIDE))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=zipfile.ZipFile, help="sprites.zip")
    parser.add_argument("folder", type=pathlib.Path, help="a folder that is made")
    parser.add_argument("--split", choices=("train", "test"), default="train")
    parser.add_argument("--labels", action="store_true", help="folders in the place of words")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    with asked.archive.open("clips.csv") as file:
        clips = [
            clip
            for clip in csv.DictReader(io.TextIOWrapper(file, "utf-8"))
            if clip["split"] == asked.split
        ]
    rows = []
    for clip, name, picture in pictures(asked.archive, clips):
        folder = asked.folder
        if asked.labels:
            folder /= f"{ACTIONS[clip['action']]}_{clip['direction']}"
            folder.mkdir(exist_ok=True)
        picture.save(folder / name)
        rows.append((name, prompt(clip)))
    if not asked.labels:
        with (asked.folder / "tags.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("filename", "prompt"), *rows])


if __name__ == "__main__":
    main()
