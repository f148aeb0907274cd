"""Photos of any size, as squares of one size that are learned to be drawn from reduced ones.

A folder or a zip of photos, with train/ and a test split or without, as data.folders has it. Each
photo is reduced as a whole, so that no square has a border that the photo has not, and then both
are cut into squares that cover it. Without a test split a tenth of the photos is held out here, not
of the squares, which overlap: of FEWEST photos or more.
"""

import dataclasses
import math

import numpy as np
from PIL import Image

from gan_apps.data import archives, folders
from gan_apps.data.columns import Data
from gan_apps.pictures import reading
from gan_apps.settings import Refused, is_named

# The side of the squares, for want of another.
SIZE = 192
# Squares that a data set has at most: more of them would be gigabytes.
MOST = 20_000
# Where there is no test split, one photo in so many is held out, if there are so many photos.
SHARE, FEWEST, SEED = 10, 100, 0


@dataclasses.dataclass(frozen=True)
class Reduction:
    """Pictures that are drawn from themselves, reduced.

    Args:
      scale: int. How many times smaller the side is.
    """

    scale: int
    default_size = SIZE

    @classmethod
    def of(cls, settings):
        """That of the settings of a run, a dict; None for a run that enlarges nothing."""
        return cls(settings["scale"]) if "scale" in settings else None

    def reads(self, name):
        """Whether a data set is photos of any size, of which there are no squares yet."""
        return not is_named(name)

    def load(self, name, split, size):
        """The Data of a split: "images" uint8 [n, size, size, c] and "sources", reduced ones.

        Photos that cannot be read, or are smaller than a square, are skipped, counted and named.

        Raises:
          Refused: there are no photos, or none of which a square can be cut.
        """
        images, sources, skipped = [], [], []
        every = read(name, split)
        for number, (path, photo) in enumerate(every):
            if isinstance(photo, str):
                skipped.append(f"{path} ({photo})")
                continue
            if min(photo.shape[:2]) < size:
                skipped.append(f"{path} ({photo.shape[1]}x{photo.shape[0]})")
                continue
            photo = whole_steps(photo, self.scale)
            small = reduced(photo, self.scale)
            most = max(MOST // len(every), 1)
            for top, left in _places(photo.shape, size, self.scale, most, number):
                images.append(_square(photo, top, left, size))
                top, left = top // self.scale, left // self.scale
                sources.append(_square(small, top, left, size // self.scale))
        if skipped:
            listed = folders.named(skipped)
            folders.say(
                name,
                f"{len(skipped)} of {len(every)} photos skipped, which cannot be read or are "
                f"smaller than --image_size={size}: {listed}.",
            )
        if not images:
            raise Refused(
                f"--dataset={name}: no square of --image_size={size} can be cut from its "
                f"{len(every)} photos."
            )
        if all(one.ndim == 2 for one in images):
            columns = {"images": images, "sources": sources}
            return Data({name: np.stack(some)[..., None] for name, some in columns.items()})
        columns = {"images": images, "sources": sources}
        return Data(
            {name: np.stack([*map(reading.colour, some)]) for name, some in columns.items()}
        )

    def has_test(self, name):
        """Whether photos of a folder or zip are never trained on."""
        with archives.opened(name) as files:
            return bool(_splits(files)[folders.TEST])

    def made(self, data):
        """Data of single pictures of one size, with the column "sources", reduced ones."""
        sources = np.stack(
            [
                reduced(np.squeeze(one, -1) if one.shape[-1] == 1 else one, self.scale)
                for one in data.images
            ]
        )
        sources = sources.reshape(*sources.shape[:3], -1)
        return dataclasses.replace(data, columns={**data.columns, "sources": sources})


class _Photos:
    """The photos of a split, read one at a time."""

    def __init__(self, name, split):
        self.name, self.split = name, split
        with archives.opened(name) as files:
            self.paths = _splits(files)[split]

    def __len__(self):
        return len(self.paths)

    def __iter__(self):
        with archives.opened(self.name) as files:
            for path in self.paths:
                try:
                    photo = reading.read_whole(files[path]())
                except reading.Unreadable as error:
                    photo = str(error)
                yield "/".join(path), photo


def read(name, split):
    """The photos of a split: (path, uint8 [h, w] or [h, w, 3]) or (path, why there is none) each.

    Args:
      name: str. The path of a folder or a zip.
      split: "train", "test", or "all", which is "train".

    Raises:
      Refused: there are none.
    """
    photos = _Photos(name, folders.TRAIN if split == folders.ALL else split)
    if not len(photos):
        raise Refused(f"--dataset={name}: has no split {split!r}.")
    return photos


def reduced(photo, scale):
    """A photo uint8 [h, w] or [h, w, 3], `scale` times smaller, by bicubic weights over the area.

    Pillow's filter is that of MATLAB's imresize, by which the field reduces its test sets.
    """
    height, width = photo.shape[:2]
    size = width // scale, height // scale
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC))


def enlarged(photo, scale):
    """A photo uint8 [h, w] or [h, w, 3], `scale` times larger, by bicubic weights: plainly."""
    height, width = photo.shape[:2]
    size = scale * width, scale * height
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC))


def whole_steps(photo, scale):
    """A photo without the last rows and columns that are no multiple of `scale`."""
    height, width = (side - side % scale for side in photo.shape[:2])
    return photo[:height, :width]


def _splits(files):
    """{"train", "test": paths of the photos, which may be none}."""
    splits, left_out, *_ = folders.parted({parts: parts for parts in files})
    train, test = splits[folders.TRAIN], splits.get(folders.TEST, [])
    if not test and len(train) >= FEWEST:
        order = np.random.RandomState(SEED).permutation(len(train))
        held_out = set(order[: len(train) // SHARE].tolist())
        test = [path for place, path in enumerate(train) if place in held_out]
        train = [path for place, path in enumerate(train) if place not in held_out]
    return {folders.TRAIN: train, folders.TEST: test}


def _places(shape, size, scale, most, number):
    """(top, left) of squares that cover a photo, evenly, at multiples of `scale`; some if many."""
    steps = []
    for side in shape[:2]:
        count = math.ceil(side / size)
        room = (side - size) // scale
        steps.append([scale * (room * step // max(count - 1, 1)) for step in range(count)])
    places = [(top, left) for top in steps[0] for left in steps[1]]
    if len(places) > most:
        chosen = np.random.RandomState([SEED, number]).choice(len(places), most, replace=False)
        places = [places[place] for place in sorted(chosen)]
    return places


def _square(photo, top, left, size):
    return photo[top : top + size, left : left + size]
