"""Draws apples and oranges that are nobody's photos, to try checkpoints/cyclegan_fruit by.

python examples/drawn_fruit.py FOLDER        FOLDER/testA of 19 apples, FOLDER/testB of 18 oranges

They are shaded shapes with a stem and a leaf, on white or green. The run learned from photos; what
is in its own pictures, and in docs/pictures, is drawn from these.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image

SIDE = 256
APPLE, ORANGE = "apple", "orange"
# Folder -> (what is in it, how many, seed).
FOLDERS = {"testA": (APPLE, 19, 97), "testB": (ORANGE, 18, 98)}
COLOURS = {APPLE: (0.78, 0.08, 0.12), ORANGE: (0.98, 0.55, 0.08)}
YELLOW, STEM, LEAF, MEADOW = (
    (0.9, 0.72, 0.25),
    (0.32, 0.2, 0.1),
    (0.2, 0.5, 0.15),
    (0.25, 0.38, 0.2),
)
# Where the light comes from: left, above, in front.
LIGHT = np.array([-0.45, -0.55, 0.7]) / np.linalg.norm([-0.45, -0.55, 0.7])


def outline(kind, angle):
    """How far the rim is from the middle, by the angle from the top: 1 for a circle."""
    if kind == ORANGE:
        return np.ones_like(angle)
    top, bottom = np.exp(-((angle / 0.35) ** 2)), np.exp(-(((np.abs(angle) - np.pi) / 0.3) ** 2))
    return 1.0 - 0.28 * top - 0.1 * bottom + 0.06 * np.cos(2 * angle)


def skin(kind, u, v, angle, random):
    """Colours [h, w, 3]: stripes and yellow parts of an apple, pores of an orange."""
    colour = np.array(COLOURS[kind]) * random.uniform(0.88, 1.08, 3)
    if kind == ORANGE:
        grain = random.normal(size=(SIDE // 3 + 1,) * 2).astype(np.float32)
        pores = np.asarray(Image.fromarray(grain).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        return colour * (1.0 + 0.05 * pores)[..., None]
    waves = np.sin(3 * u + random.uniform(0, 6)) * np.cos(2 * v + random.uniform(0, 6))
    share = ((0.5 + 0.5 * waves) * random.uniform(0.1, 0.55))[..., None]
    stripes = 1.0 + 0.06 * np.sin(40 * angle + 3 * np.sin(9 * v))
    return (colour * (1.0 - share) + np.array(YELLOW) * share) * stripes[..., None]


def fruit(kind, random):
    """A picture of one fruit, a PIL.Image of SIDE x SIDE."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE * 2 - 1
    (left, top), radius = random.uniform(-0.12, 0.12, 2), random.uniform(0.5, 0.68)
    u, v = (x - left) / radius, (y - top) / radius
    angle = np.arctan2(u, -v)
    inside = np.hypot(u, v) / outline(kind, angle)
    mask = np.clip((1.0 - inside) * radius * SIDE / 4, 0, 1)[..., None]
    depth = np.sqrt(np.clip(1.0 - inside**2, 0, 1))
    shine = np.clip(u * LIGHT[0] + v * LIGHT[1] + depth * LIGHT[2], 0, 1)
    lit = skin(kind, u, v, angle, random) * (0.35 + 0.75 * shine)[..., None]
    lit += 0.55 * (shine**24)[..., None]
    ground = np.ones(3) * random.uniform(0.88, 1.0)
    if random.uniform() >= 0.6:
        ground = np.array(MEADOW) * random.uniform(0.6, 1.2)
    shadow = 0.25 * np.clip((v - 0.4) * 1.2, 0, 1) * np.exp(-(u**2))
    picture = ground * (1.0 - shadow)[..., None] * (1.0 - mask) + lit * mask

    root = (left + 0.02, top - radius * (0.72 if kind == APPLE else 0.96))
    length = 0.22 if kind == APPLE else 0.06
    middle = root[0] + 0.25 * (root[1] - y) * random.uniform(-0.5, 0.5)
    picture[(np.abs(x - middle) < 0.02) & (y < root[1] + 0.06) & (y > root[1] - length)] = STEM
    if random.uniform() < 0.6:
        turn = random.uniform(-0.2, 0.5)
        a, b = x - root[0] - 0.02, y - root[1] + 0.1
        along, across = a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)
        width = 0.11 * np.sin(np.pi * np.clip(along / 0.42, 0, 1))
        leaf = (along > 0) & (along < 0.42) & (np.abs(across) < width)
        picture[leaf] = np.array(LEAF) * (1.0 + 0.4 * across[leaf] / 0.11)[:, None]
    return Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="a folder that is made, or is there")
    asked = parser.parse_args()
    for name, (kind, count, seed) in FOLDERS.items():
        folder, random = asked.folder / name, np.random.RandomState(seed)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            fruit(kind, random).save(folder / f"{number:02}.png")


if __name__ == "__main__":
    main()
