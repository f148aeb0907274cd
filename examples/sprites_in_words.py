"""Makes pictures with words of sprites.zip: what checkpoints/cgan_sprites learned from.

python examples/sprites_in_words.py sprites.zip sprites_train
python examples/sprites_in_words.py sprites.zip sprites_test --split=test

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=zipfile.ZipFile, help="sprites.zip")
    parser.add_argument("folder", type=pathlib.Path, help="a folder that is made")
    parser.add_argument("--split", choices=("train", "test"), default="train")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    with asked.archive.open("clips.csv") as file:
        clips = [
            clip
            for clip in csv.DictReader(io.TextIOWrapper(file, "utf-8"))
            if clip["split"] == asked.split
        ]
    sheets = {}
    with (asked.folder / "tags.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "prompt"))
        for clip in clips:
            if clip["file"] not in sheets:
                sheets = {clip["file"]: Image.open(asked.archive.open(clip["file"])).convert("RGB")}
            for frame in FRAMES:
                left, upper = SIDE * frame, SIDE * int(clip["row"])
                name = f"{pathlib.Path(clip['file']).stem}_{clip['row']}_{frame}.png"
                picture = sheets[clip["file"]].crop((left, upper, left + SIDE, upper + SIDE))
                picture.save(asked.folder / name)
                writer.writerow((name, prompt(clip)))


if __name__ == "__main__":
    main()
