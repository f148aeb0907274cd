"""A shop of dark and light squares, and users who like one or the other, for tests."""

import numpy as np
from PIL import Image

SIDE = 8


def values(items=60, seed=0):
    """How light each item is, 0 to 255."""
    return np.random.RandomState(seed).randint(0, 256, items)


def write(folder, users=30, items=60, each=8, seed=0):
    """Writes a shop into a new folder: user 0 likes dark items, user 1 light ones, and so on."""
    random, light = np.random.RandomState(seed), values(items, seed)
    for number, value in enumerate(light):
        place = folder / ("dark" if value < 128 else "light")
        place.mkdir(parents=True, exist_ok=True)
        noisy = np.clip(value + random.randint(-20, 21, (SIDE, SIDE)), 0, 255)
        Image.fromarray(noisy.astype(np.uint8)).save(place / f"{number}.png")
    rows = []
    for user in range(users):
        wanted = light / 64.0 * (1 if user % 2 else -1) + random.gumbel(size=items)
        rows += [f"{user},{item}" for item in np.argsort(-wanted)[:each]]
    return feedback(folder, *rows)


def feedback(folder, *rows):
    """Writes the file of choices."""
    (folder / "feedback.csv").write_text("\n".join(["user,item", *rows]) + "\n")
    return folder
