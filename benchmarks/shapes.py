"""Coloured shapes on black, what is said of them, and what a drawn picture shows: known truth.

A scene is one shape in a place, or two that stand left and right, or one above the other. Sentences
are of a grammar in which much can be said in two ways; what two shapes are to each other is said by
the order of words alone.
"""

import dataclasses
import itertools

import numpy as np

SIZE = 16
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
SHAPES = ("circle", "square")
# Pixels of the side of one shape by its size, and of each of two.
SIDES, OF_TWO = {"small": 4, "large": 8}, 6
# Middles of a place in pixels: (down, across).
PLACES = {"left": (8, 4), "right": (8, 12), "top": (4, 8), "bottom": (12, 8), "middle": (8, 8)}
HALVES = {"across": ((8, 4), (8, 12)), "down": ((4, 8), (12, 8))}
# How far a middle is from where its place is.
JITTER = 1
CALLED = {
    "circle": ("circle", "disc"),
    "square": ("square", "box"),
    "small": ("small", "little"),
    "large": ("large", "big"),
    "left": ("on the left", "at the left"),
    "right": ("on the right", "at the right"),
    "top": ("at the top", "at the upper edge"),
    "bottom": ("at the bottom", "at the foot"),
    "middle": ("in the middle", "in the centre"),
}
# (the first named is the first of the scene, the second named is)
RELATIONS = {
    "across": (("left of", "to the left of"), ("right of", "to the right of")),
    "down": (("above", "over"), ("below", "under")),
}
# A pixel is of a colour whose distance to it, as a share of white's to black, is less than this.
NEAR = 0.3
# Shares of a shape's pixels that may be there, and of the picture's that may be of another colour.
AREA, STRAY = (0.5, 1.6), 0.015


@dataclasses.dataclass(frozen=True)
class Scene:
    """What a picture shows.

    Args:
      shapes: tuple of (colour, shape), one or two; of two the left or the upper one first.
      size: str. A key of SIDES; "" for two.
      place: str. A key of PLACES for one, of HALVES for two.
    """

    shapes: tuple
    size: str
    place: str

    @property
    def side(self):
        return SIDES.get(self.size, OF_TWO)

    @property
    def middles(self):
        return (PLACES[self.place],) if len(self.shapes) == 1 else HALVES[self.place]

    @property
    def swapped(self):
        """The scene of two with their places changed."""
        return dataclasses.replace(self, shapes=self.shapes[::-1])


def scenes():
    """All scenes: a list of Scene. No two shapes of one are of one colour."""
    kinds = list(itertools.product(COLOURS, SHAPES))
    single = [Scene((kind,), size, place) for kind in kinds for size in SIDES for place in PLACES]
    double = [
        Scene((first, second), "", place)
        for first in kinds
        for second in kinds
        for place in HALVES
        if first[0] != second[0]
    ]
    return single + double


def parted(seed=0, share=0.15):
    """(scenes to learn, scenes that are held out), lists of Scene."""
    every = scenes()
    order = np.random.RandomState(seed).permutation(len(every))
    count = round(share * len(every))
    return [every[one] for one in order[count:]], [every[one] for one in order[:count]]


def picture(scene, random):
    """A picture of a scene: uint8 [SIZE, SIZE, 3]."""
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    side = scene.side
    down, across = np.mgrid[:SIZE, :SIZE] + 0.5
    for (colour, shape), middle in zip(scene.shapes, scene.middles, strict=True):
        y, x = np.asarray(middle) + random.randint(-JITTER, JITTER + 1, 2) * (side < SIDES["large"])
        far = np.maximum(abs(down - y), abs(across - x))
        if shape == "circle":
            far = np.hypot(down - y, across - x)
        image[far <= side / 2] = COLOURS[colour]
    return image


def sentence(scene, random):
    """A sentence that is said of a scene."""

    def called(word):
        return CALLED[word][random.randint(2)]

    def one(colour, shape):
        return f"a {colour} {called(shape)}"

    if len(scene.shapes) == 1:
        colour, shape = scene.shapes[0]
        what = f"a {called(scene.size)} {colour} {called(shape)}"
        if random.randint(2):
            return f"{what} {called(scene.place)}"
        return f"there is {what} {called(scene.place)}"
    turned = random.randint(2)
    first, second = scene.shapes[::-1] if turned else scene.shapes
    relation = RELATIONS[scene.place][turned][random.randint(2)]
    return f"{one(*first)} {relation} {one(*second)}"


def is_of(scene, image):
    """Whether an image uint8 [SIZE, SIZE, 3] shows a scene's colours, sizes and places.

    Each colour of the scene covers about as many pixels as its shape does, its middle is nearer to
    where it should be than to any other place, and hardly a pixel is of another.
    """
    names = list(COLOURS)
    colours = np.array([(0, 0, 0), *COLOURS.values()], float)
    far = np.linalg.norm(image[:, :, None] - colours, axis=-1) / np.sqrt(3.0) / 255.0
    of = np.where(far.min(axis=-1) < NEAR, far.argmin(axis=-1), -1)
    side = scene.side
    asked = [colour for (colour, _) in scene.shapes]
    for (colour, shape), middle in zip(scene.shapes, scene.middles, strict=True):
        found = np.argwhere(of == 1 + names.index(colour)) + 0.5
        area = side**2 if shape == "square" else np.pi * side**2 / 4.0
        if not AREA[0] * area <= len(found) <= AREA[1] * area:
            return False
        others = [at for at in PLACES.values() if at != middle]
        distance = np.linalg.norm(found.mean(axis=0) - middle)
        if any(np.linalg.norm(found.mean(axis=0) - at) <= distance for at in others):
            return False
    stray = [np.mean(of == 1 + names.index(name)) for name in names if name not in asked]
    return max(stray, default=0.0) <= STRAY
