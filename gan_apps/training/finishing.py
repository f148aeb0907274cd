"""The end of a training: the generator in every form used later, its card and its picture."""

from gan_apps.drawing import draw, latents, pictures
from gan_apps.evaluation import evaluate
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.serving import litert, saved_model
from gan_apps.training import cards

SAMPLES_PER_LABEL = 16
# In all, of a run without labels.
SAMPLES = 64


def is_finished(run, model):
    """Whether `finish` has run to its end for this state of `model`; the card is its last file."""
    trained = int(model.iteration.value)
    return run_dir.iterations(run) == trained and (run / run_dir.CARD).is_file()


def finish(run, recipe, model, seconds):
    """Writes generator, manifest, samples.png, metrics.json and MODEL_CARD.md into `run`.

    The manifest comes before anything is drawn and after the files it vouches for.
    """
    iterations = int(model.iteration.value)
    (run / run_dir.CARD).unlink(missing_ok=True)
    generator = model.averaged_generator
    with files.replacing(run / run_dir.KERAS_WEIGHTS) as beside:
        generator.save_weights(beside)
    litert.write(generator, run / run_dir.LITERT)
    saved_model.write_version(generator, run / run_dir.SAVED_MODEL)
    run_dir.write_manifest(run, iterations)
    labelled = recipe.labels is not None
    num_images = SAMPLES_PER_LABEL if labelled else SAMPLES
    draw.draw(
        run,
        recipe,
        inputs=latents.requested(recipe, recipe.labels, num_images, recipe.settings["seed"]),
        columns=num_images if labelled else pictures.square(num_images),
        output=run / run_dir.SAMPLES,
    )
    report = evaluate.evaluate(run, recipe) if evaluate.can_judge(recipe) else None
    cards.write(run, recipe, iterations=iterations, seconds=seconds, report=report)
