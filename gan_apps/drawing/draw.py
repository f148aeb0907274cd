"""One request for pictures, from a generator's inputs to files."""

import dataclasses
import os
import pathlib

import numpy as np

from gan_apps.drawing import pictures, recursion, tiles
from gan_apps.runs.draws import Pictures
from gan_apps.settings import Failed, Refused
from gan_apps.settings.drawing import ANIMATION, GRID

# Names of one picture that are not written here, and that nobody means a folder by.
_OTHERS = (".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """Pictures and where they go.

    Args:
      inputs: {name: array [n, ...]}. What the generator takes: see drawing.latents.
      columns: int, or list of ints: how many pictures are in each row of a grid, or of each row.
      output: pathlib.Path. One grid if it ends in .png, an animation (a frame per column) if it
        ends in .gif, refused if it ends as another picture does, else a folder of numbered
        pictures.
      names: tuple of str, or None. Pictures by these names instead of numbered ones, each as large
        as it is drawn; a single one may go to a .png.
      beside: uint8 [n, h, w, c] or None. What is drawn to the left of each.
      target: uint8 [n, h, w, c] or None. What is drawn to the right of each.
      grids: int or None. How many grids of `columns` the pictures are, one after the other: the
        frames of an animation; None, the default, where a frame is a column of one grid.
      going_on: runs.draws.Pictures or None. What the generator takes, if the pictures are the next
        `columns` frames of the one clip whose last frames the inputs are.
    """

    inputs: dict
    columns: int | list
    output: pathlib.Path
    names: tuple | None = None
    beside: np.ndarray | None = None
    target: np.ndarray | None = None
    going_on: Pictures | None = None
    grids: int | None = None


def draw(generator, request):
    """Draws what is asked for and returns the path written.

    Args:
      generator: function of a generator's inputs, as `runtimes.open_generator` gives it.
      request: Request, or tiles.Request.

    Raises:
      Refused: the output has no place.
      Failed: the output cannot be written.
    """
    check_writable(request.output)
    if isinstance(request, tiles.Request):
        return tiles.draw(generator, request)
    output, columns = request.output, request.columns
    images = _drawn(generator, request)
    row = [one for one in (request.beside, images, request.target) if one is not None]
    images = np.concatenate(row, axis=2)
    try:
        if request.names is not None and output.suffix.lower() == GRID:
            pictures.write_png(output, images[0])
        elif output.suffix.lower() == GRID:
            pictures.write_png(output, pictures.enlarged(pictures.grid(images, columns)))
        elif output.suffix.lower() == ANIMATION:
            frames = _frames(images, columns, request.grids)
            pictures.write_gif(output, [pictures.enlarged(frame) for frame in frames])
        else:
            pictures.write_folder(output, images, request.names)
    except OSError as error:
        raise Failed(f"--output={output}: cannot be written: {error.strerror or error}.") from None
    return output


def _frames(images, columns, grids):
    if grids is not None:
        return [pictures.grid(one, columns) for one in np.split(images, grids)]
    rows = images.reshape(-1, columns, *images.shape[1:])
    return [pictures.grid(rows[:, frame], 1) for frame in range(columns)]


def _drawn(generator, request):
    """uint8 [n, h, w, c]."""
    taken = request.going_on
    if taken is None:
        return pictures.to_bytes(generator(request.inputs))
    histories = pictures.to_bytes(request.inputs[taken.column])
    return recursion.going_on(generator, taken, histories, request.columns)[0]


def check_writable(output, flag="--output"):
    """Refuses an output that could not be written, before any work is done for it."""
    parent = output.parent
    one_file = output.suffix.lower() in (GRID, ANIMATION)
    if not parent.is_dir():
        raise Refused(f"{flag}={output}: the folder {parent} does not exist.")
    if output.suffix.lower() in _OTHERS and not output.is_dir():
        raise Refused(
            f"{flag}={output}: must be a file that ends in {GRID} or {ANIMATION}, or a folder."
        )
    if one_file and output.is_dir():
        raise Refused(f"{flag}={output}: is a folder; a picture needs a file name.")
    if not one_file and output.exists() and not output.is_dir():
        raise Refused(
            f"{flag}={output}: is a file; name a folder, or a file that ends in {GRID} or "
            f"{ANIMATION}."
        )
    target = output if output.is_dir() else parent
    if not os.access(target, os.W_OK | os.X_OK):
        raise Refused(f"{flag}={output}: {target} is not writable.")
