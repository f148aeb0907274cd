"""A folder of pictures and of what is said of them: boxes of three colours, left and right."""

import json

import numpy as np
from PIL import Image

COLOURS, SIDES = ("red", "green", "blue"), ("left", "right")
SIZE = 16


def picture(colour, side):
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    image[4:12, (1 if side == "left" else 9) :][:, :6, COLOURS.index(colour)] = 255
    return image


def captions(colour, side):
    return [f"a {colour} box on the {side}", f"On the {side}, there is a {colour} box."]


def scenes(count):
    """(colour, side) of as many pictures, all of them equally often."""
    return [(COLOURS[one % 3], SIDES[one // 3 % 2]) for one in range(count)]


def folder(path, count=120, splits=()):
    """Writes `count` pictures and captions.jsonl; splits: {number: split} of some."""
    path.mkdir(parents=True)
    lines = []
    for number, scene in enumerate(scenes(count)):
        Image.fromarray(picture(*scene)).save(path / f"{number}.png")
        row = {"file": f"{number}.png", "captions": captions(*scene)}
        if splits:
            row["split"] = splits.get(number, "train")
        lines.append(json.dumps(row))
    (path / "captions.jsonl").write_text("\n".join(lines) + "\n")
    return path
