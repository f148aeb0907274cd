"""What a finished training leaves: networks in every form used later, a card, pictures."""

import sys

import numpy as np
from PIL import Image

from gan_apps.data import parts
from gan_apps.data.sources import DataSet
from gan_apps.drawing import draw, latents, pictures, runtimes
from gan_apps.evaluation import judgement
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.serving import litert, saved_model
from gan_apps.settings import Refused
from gan_apps.training import callbacks, cards, samples, weights

FRAMES_OF_ROUNDS = 20
# Given pictures that are kept beside what draws from them, to export and to show it by.
SOURCES = 16


def are_there(run, game):
    """Whether `write` has run to its end for this state of `game`; the card is its last file."""
    trained = int(game.iteration.numpy())
    return run_dir.iterations(run) == trained and (run / run_dir.CARD).is_file()


def write(run, system, recipe, game, data, seconds):
    """Writes networks, manifest, samples.png, rounds.png, metrics.json and MODEL_CARD.md.

    The manifest comes before anything is drawn and after the files it vouches for.

    Args:
      run: path of a run directory.
      system: systems.System of it.
      recipe: its run_dir.Recipe.
      game: the game at the end of its training.
      data: data.columns.Data that it learned from.
      seconds: float. Time that it took.
    """
    iterations = int(game.iteration.numpy())
    (run / run_dir.CARD).unlink(missing_ok=True)
    _write_networks(run, recipe, game, data)
    run_dir.write_manifest(run, recipe, iterations)
    if recipe.draws:
        _write_samples(run, recipe, data)
        _write_rounds(run, recipe)
    report, why_not = None, None
    try:
        report = (
            judgement.judge(run, recipe) if recipe.draws else _tested(run, system, recipe, game)
        )
    except (judgement.NotMeasured, Refused) as error:
        why_not = str(error).removesuffix(".")
        print(f"Not measured: {why_not}.", file=sys.stderr)
        # What an earlier end of the training measured is no longer true.
        (run / run_dir.EVALUATION).unlink(missing_ok=True)
    cards.write(run, recipe, iterations=iterations, seconds=seconds, report=report, why_not=why_not)


def _write_networks(run, recipe, game, data):
    """The networks that draw and judge, in every form, and what is drawn from to export them by."""
    seed = recipe.settings["seed"]
    drawing = {name: samples.Drawing(name, one).network(game) for name, one in recipe.draws.items()}
    judging = {name: game.drawn_by(name) for name in recipe.judges}
    for name, network in (*drawing.items(), *judging.items()):
        weights.write(network, run / (name + run_dir.KERAS_WEIGHTS))
    for name, one in recipe.draws.items():
        network = drawing[name]
        if one.latents is None:
            sources = samples.given(one, data, SOURCES, seed)[one.pictures.column]
            kept = pictures.sheet_of_given(
                pictures.to_bytes(sources), one.pictures.frames, pictures.square(SOURCES)
            )
            pictures.write_png(run / (name + run_dir.SOURCES), kept)
            if one.is_from_made:
                litert.write_sketch(run / (name + run_dir.SKETCH), one)
        litert.write(network, run / (name + run_dir.LITERT), one)
        place = run / run_dir.SAVED_MODEL
        saved_model.write_version(network, one, place if len(recipe.draws) == 1 else place / name)


def _tested(run, system, recipe, game):
    """Tests a judge on what it was never trained on, and writes metrics.json; returns its content.

    Raises:
      Refused: the data are gone.
    """
    data_set = DataSet.of(recipe.settings)
    whole = parts.loaded(data_set, recipe.data)
    test = parts.test_part(data_set, whole, recipe.data)
    if test is None:
        raise judgement.NotMeasured("nothing of its data was kept apart")
    test = test.numbered_as(recipe.condition)
    report = {**system.tested(game, test), "num_images": len(test)}
    files.write_json(run / run_dir.EVALUATION, report)
    return report


def _write_samples(run, recipe, data):
    """samples.png: of the first draw, all that can be asked for, or given pictures beside drawn."""
    one, seed, output = recipe.draw, recipe.settings["seed"], run / run_dir.SAMPLES
    generator = runtimes.open_generator(run, recipe)
    if one.latents is None:
        inputs = samples.given(one, data, SOURCES, seed)
        targets = samples.targets(one, data, SOURCES, seed)
        drawn = samples.beside(one, inputs, pictures.to_bytes(generator(inputs)), targets)
        sheet = pictures.grid(drawn, 4 * samples.columns(one))
        pictures.write_png(output, pictures.enlarged(sheet))
        return
    asked, num_images, columns = one.condition.sheet()
    inputs = latents.requested(one, asked, num_images, seed)
    draw.draw(generator, draw.Request(inputs=inputs, columns=columns, output=output))


def _write_rounds(run, recipe):
    """What became of the same inputs: a row for each of the lecture's rounds, and an animation."""
    drawn = sorted((run / run_dir.SAMPLES_WHILE_TRAINING).glob("step_*.png"))
    if not drawn:
        return
    last, one = drawn[-1:], recipe.draw
    rows, frames = [], []
    chosen = {drawn[round(place)] for place in np.linspace(0, len(drawn) - 1, FRAMES_OF_ROUNDS)}
    for path in drawn:
        with Image.open(path) as image:
            cells = pictures.cells(np.asarray(image), samples.columns(one), one.shape[:2])
        if callbacks.is_milestone(int(path.stem.removeprefix("step_"))) or [path] == last:
            rows.append(samples.row_of_rounds(one, cells))
        if path in chosen:
            frames.append(pictures.grid(samples.frame_of_rounds(one, cells), 4))
    picture = pictures.grid(np.concatenate(rows), len(rows[0]))
    pictures.write_png(run / run_dir.ROUNDS, pictures.enlarged(picture))
    pictures.write_gif(run / run_dir.ROUNDS_MOVING, frames, seconds=0.25)
