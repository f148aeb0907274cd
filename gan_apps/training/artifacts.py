"""The end of a training: the generator in every form used later, its card and its picture."""

import sys

import numpy as np
from PIL import Image

from gan_apps.drawing import draw, latents, pictures, runtimes
from gan_apps.evaluation import evaluate
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.serving import litert, saved_model
from gan_apps.settings import Refused
from gan_apps.training import callbacks, cards

SAMPLES_PER_LABEL = 16
# In all, of a run without labels.
SAMPLES = 25
COLUMNS_OF_ROUNDS = 5
FRAMES_OF_ROUNDS = 20


def is_finished(run, model):
    """Whether `finish` has run to its end for this state of `model`; the card is its last file."""
    trained = int(model.iteration.numpy())
    return run_dir.iterations(run) == trained and (run / run_dir.CARD).is_file()


def finish(run, recipe, model, seconds):
    """Writes generator, manifest, samples.png, rounds.png, metrics.json and MODEL_CARD.md.

    The manifest comes before anything is drawn and after the files it vouches for.
    """
    iterations = int(model.iteration.numpy())
    (run / run_dir.CARD).unlink(missing_ok=True)
    generator = model.averaged_generator
    with files.replacing(run / run_dir.KERAS_WEIGHTS) as beside:
        generator.save_weights(beside)
    litert.write(generator, run / run_dir.LITERT, recipe)
    saved_model.write_version(generator, recipe, run / run_dir.SAVED_MODEL)
    run_dir.write_manifest(run, iterations)
    if recipe.vocabulary is not None:
        num_images, (asked, columns) = 1, latents.every_combination(recipe)
    elif recipe.labels is not None:
        num_images, asked, columns = SAMPLES_PER_LABEL, recipe.labels, SAMPLES_PER_LABEL
    else:
        num_images, asked, columns = SAMPLES, None, pictures.square(SAMPLES)
    inputs = latents.requested(recipe, asked, num_images, recipe.settings["seed"])
    samples = draw.Request(inputs=inputs, columns=columns, output=run / run_dir.SAMPLES)
    draw.draw(runtimes.open_generator(run, recipe), samples)
    _write_rounds(run, recipe)
    report, why_not = None, None
    try:
        report = evaluate.evaluate(run, recipe)
    except (evaluate.NotMeasured, Refused) as error:
        why_not = str(error).removesuffix(".")
        print(f"Not measured: {why_not}.", file=sys.stderr)
        # What an earlier end of the training measured is no longer true.
        (run / run_dir.EVALUATION).unlink(missing_ok=True)
    cards.write(run, recipe, iterations=iterations, seconds=seconds, report=report, why_not=why_not)


def _write_rounds(run, recipe):
    """What became of the same latents: a row for each of the lecture's rounds, and an animation.

    With labels a row has the first picture of each; without, the first few of the samples.
    """
    drawn = sorted((run / run_dir.SAMPLES_WHILE_TRAINING).glob("step_*.png"))
    if not drawn:
        return
    last = drawn[-1:]
    side = recipe.generator["config"]["image_size"]
    rows, frames = [], []
    chosen = {drawn[round(place)] for place in np.linspace(0, len(drawn) - 1, FRAMES_OF_ROUNDS)}
    for path in drawn:
        with Image.open(path) as image:
            pixels = np.asarray(image)
        cells = pictures.cells(pixels, callbacks.columns(recipe), side)
        if callbacks.is_milestone(int(path.stem.removeprefix("step_"))) or [path] == last:
            rows.append(cells[0, :COLUMNS_OF_ROUNDS] if recipe.labels is None else cells[:, 0])
        if path in chosen:
            some = cells[:4, :4] if recipe.labels is None else cells[:, :1]
            frames.append(pictures.grid(some.reshape(-1, *cells.shape[2:]), 4))
    picture = pictures.grid(np.concatenate(rows), len(rows[0]))
    pictures.write_png(run / run_dir.ROUNDS, pictures.enlarged(picture))
    pictures.write_gif(run / run_dir.ROUNDS_MOVING, frames, seconds=0.25)
