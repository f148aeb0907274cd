"""Faces of five strokes whose attributes are exact: hair above and beside, two eyes, skin."""

import csv

import numpy as np
from PIL import Image, ImageDraw

HAIR = {"blue": (40, 60, 230), "red": (220, 40, 40), "green": (40, 190, 60)}
EYES = {"brown": (110, 60, 20), "aqua": (20, 220, 220)}
SKIN = (250, 220, 200)


def face(hair, eyes, random, size=64):
    """One face: the colours exact, the place and the size of the head random."""
    image = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(image)
    unit = size / 64
    x, y = (size / 2 + unit * random.uniform(-3, 3) for _ in range(2))
    radius = unit * random.uniform(18, 22)
    draw.ellipse(
        [x - 1.3 * radius, y - 1.4 * radius, x + 1.3 * radius, y + 1.2 * radius], HAIR[hair]
    )
    draw.ellipse([x - radius, y - 0.7 * radius, x + radius, y + 1.2 * radius], SKIN)
    for side in (-1, 1):
        eye_x, eye_y = x + side * 0.45 * radius, y + 0.2 * radius
        draw.ellipse(
            [eye_x - 4 * unit, eye_y - 5 * unit, eye_x + 4 * unit, eye_y + 5 * unit], EYES[eyes]
        )
    return image


def write(folder, count=200, size=64):
    """A folder of `count` faces in images/ with their tags.csv; returns the prompts."""
    (folder / "images").mkdir(parents=True)
    random = np.random.RandomState(0)
    rows = []
    for number in range(count):
        hair, eyes = random.choice(list(HAIR)), random.choice(list(EYES))
        name = f"images/{number}.png"
        face(hair, eyes, random, size).save(folder / name)
        rows.append((name, f"{hair} hair {eyes} eyes"))
    with (folder / "tags.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("filename", "prompt"), *rows])
    return [prompt for _, prompt in rows]


def read_hair_and_eyes(image):
    """What a face of these shows, by its pixels: (hair, eyes).

    Every pixel counts for the colour of a face that it is nearest to.
    """
    palette = {**HAIR, **EYES, "skin": SKIN, "white": (255, 255, 255)}
    pixels = np.asarray(image, np.float64).reshape(-1, 1, 3)
    distances = np.abs(pixels - np.asarray(list(palette.values()))).sum(axis=2)
    counts = np.bincount(distances.argmin(axis=1), minlength=len(palette))
    counts = dict(zip(palette, counts, strict=True))
    return max(HAIR, key=counts.get), max(EYES, key=counts.get)
