"""Clips of something that moves, in files, for tests."""

import numpy as np
from PIL import Image

SIDE = 16


def moving_squares(count, frames=14, side=SIDE, seed=0):
    """Clips of a bright square that moves to the right and comes again: uint8, in colour."""
    random = np.random.RandomState(seed)
    made = np.zeros((count, frames, side, side, 3), np.uint8)
    for clip in made:
        top, left = random.randint(0, side - 4, 2)
        colour = random.randint(100, 256, 3)
        for number, frame in enumerate(clip):
            place = (left + 2 * number) % (side - 4)
            frame[top : top + 4, place : place + 4] = colour
    return made


def write(folder, frames):
    """Writes frames uint8 [n, h, w, 3] as 0.png, 1.png, ... into a new folder."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number}.png")
    return folder


def data_set(folder):
    """Writes a data set of 12 such clips."""
    for number, clip in enumerate(moving_squares(12)):
        write(folder / f"clip_{number}", clip)
    return folder
