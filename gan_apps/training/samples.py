"""The pictures of one fixed set of inputs, drawn again and again while a training goes on."""

import functools

import numpy as np

from gan_apps.drawing import latents, pictures
from models import networks
from models.game import to_signed

# Pictures of each of several values that are asked for, of one alone, and of given pictures.
OF_SEVERAL, OF_ONE, OF_GIVEN = 10, 64, 8
# How many of one value's pictures stand in a row of the rounds.
COLUMNS_OF_ROUNDS = 5


def inputs(draw, data, count, seed):
    """The inputs for about `count` pictures, as many of each value, and which value each is of.

    Args:
      draw: runs.draws.Draw.
      data: data.columns.Data. Where given pictures are taken from.
      count: int. At least two of each value.
      seed: int.

    Returns:
      ({input: array [n, ...]}, ints [n]).
    """
    values = draw.condition.every()
    each = count if len(values) == 1 else max(count // len(values), 2)
    groups = np.repeat(np.arange(len(values)), each)
    if draw.latents is not None:
        return latents.requested(draw, values, each, seed), groups
    return given(draw, data, count, seed), groups


def given(draw, data, count, seed):
    """`count` pictures of the data as the input of a draw that takes pictures."""
    found = data.given(draw.pictures)
    images = np.asarray(found[_chosen(found, count, seed)])
    return {draw.pictures.column: to_signed(images).numpy()}


class Drawing:
    """What is drawn with, of a game as it is when it is asked.

    Args:
      name, draw: str, runs.draws.Draw. One that is made of several networks has their weights, in a
        network that is built once.
    """

    def __init__(self, name, draw):
        self.name, self.draw = name, draw

    @functools.cached_property
    def _whole(self):
        return networks.rebuilt(self.draw.network)

    def network(self, game, is_average=True):
        """The network that the draw is drawn with.

        Args:
          game: models.game.AbstractGame.
          is_average: bool. Whether it is the average of what the training went through. Default
            True.
        """
        of_name = game.drawn_by if is_average else game.networks.__getitem__
        if not self.draw.parts:
            return of_name(self.name)
        parts = [of_name(part) for part in self.draw.parts]
        self._whole.set_weights([weight for part in parts for weight in part.get_weights()])
        return self._whole


def targets(draw, data, count, seed):
    """What is to be drawn of `given`, uint8 [n, h, w, c]; None if the data do not say it."""
    return np.asarray(data.images[_chosen(data, count, seed)]) if draw.has_target else None


def _chosen(data, count, seed):
    return np.random.RandomState(seed).choice(len(data), count, replace=len(data) < count)


def beside(draw, inputs, images, targets):
    """Given pictures, drawn ones and, where there are, their targets: those of one in a row.

    What is given as several frames is as many pictures.

    Args:
      draw: runs.draws.Draw that takes pictures.
      inputs: what it was given.
      images: uint8 [n, h, w, c]. What it drew.
      targets: uint8 [n, h, w, c] or None.

    Returns:
      uint8 [n * columns(draw), h, w, c].
    """
    given = pictures.frames_of(
        pictures.to_bytes(inputs[draw.pictures.column]), draw.pictures.frames
    )
    shown = [pictures.fitted(frame, draw.shape) for frame in given.swapaxes(0, 1)]
    rows = [*shown, images, *([] if targets is None else [targets])]
    return np.stack(rows, axis=1).reshape(-1, *draw.shape)


class SampleSheet:
    """A fixed set of inputs of everything that a run draws, and one picture of what comes of it.

    What is drawn from latents is a grid, a row for each value where there are several; what is
    drawn from pictures is rows of a given picture, the drawn one and its target, where it has one.

    Args:
      recipe: run_dir.Recipe of the run.
      data: data.columns.Data that it learns from.
      seed: int.
    """

    def __init__(self, recipe, data, seed):
        self.draws = recipe.draws
        self.drawings = {name: Drawing(name, draw) for name, draw in self.draws.items()}
        self.inputs = {name: self._inputs(draw, data, seed) for name, draw in self.draws.items()}
        self.targets = {
            name: targets(draw, data, OF_GIVEN, seed) for name, draw in self.draws.items()
        }

    def _inputs(self, draw, data, seed):
        if draw.latents is None:
            return given(draw, data, OF_GIVEN, seed)
        values = draw.condition.every()
        each = OF_ONE if len(values) == 1 else OF_SEVERAL
        return latents.requested(draw, values, each, seed)

    def drawn(self, game):
        """What `game` draws of it now, uint8 [h, w, c]."""
        parts = []
        for name, draw in self.draws.items():
            network = self.drawings[name].network(game)
            images = pictures.to_bytes(network(self.inputs[name], training=False))
            if draw.latents is None:
                images = beside(draw, self.inputs[name], images, self.targets[name])
            parts.append(pictures.grid(images, columns(draw)))
        return pictures.stacked(parts)


def columns(draw):
    """How many pictures are in a row of the sheet."""
    if draw.latents is None:
        return draw.pictures.frames + 1 + draw.has_target
    return pictures.square(OF_ONE) if len(draw.condition.every()) == 1 else OF_SEVERAL


def row_of_rounds(draw, cells):
    """What of a sheet's cells [rows, columns, ...] stands in a row of the rounds: [n, ...]."""
    if draw.latents is not None and len(draw.condition.every()) == 1:
        return cells[0, :COLUMNS_OF_ROUNDS]
    # Of what is drawn from pictures, what was drawn.
    return cells[:, 0 if draw.latents is not None else draw.pictures.frames]


def frame_of_rounds(draw, cells):
    """What of it stands in a frame of the animation: [n, ...]."""
    if draw.latents is not None and len(draw.condition.every()) == 1:
        return cells[:4, :4].reshape(-1, *cells.shape[2:])
    return row_of_rounds(draw, cells)
