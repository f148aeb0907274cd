"""Trains a run to its end, from wherever it stands."""

import contextlib
import importlib.metadata
import pathlib
import platform
import re

import tensorflow as tf

from gan_apps import settings
from gan_apps.data import sources, tagged
from gan_apps.data.minibatches import Minibatches
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.settings import Failed, Interrupted, Refused
from gan_apps.training import building, callbacks, distribution, finishing, states
from gan_apps.training.events import Events
from models import MODELS, networks

RECORDED = ("tensorflow", "keras", "numpy")


def train(app, config, run):
    """Trains, and writes what a run leaves behind.

    Args:
      app: str. The command: a key of models.MODELS.
      config: settings.TrainConfig with `precision` resolved.
      run: path. A new folder, or a run of the same settings, which is gone on with.

    Returns:
      The path of the run.

    Raises:
      Refused: the data or the run cannot be used.
      Interrupted: SIGINT or SIGTERM; the state is saved.
      Failed: a loss or a weight is not finite, or a worker was lost; the last good state is kept.
    """
    distribution.refuse_uneven(config)
    minibatches = Minibatches(
        _images(app, config),
        config.batch_size,
        config.discriminator_steps,
        config.generator_steps,
        config.seed,
        config.horizontal_flips,
    )
    with distribution.strategy(config.distribute).scope():
        model = building.build(app, config, minibatches)
    recipe = _recipe(app, config, minibatches.images, model)
    if getattr(config, "initial_run_dir", "") and not states.saved(run):
        states.begin_with(pathlib.Path(config.initial_run_dir), model)
    is_chief = distribution.is_chief(config)
    if is_chief:
        run_dir.create(run, recipe)
        files.clear_unfinished(run)
    seconds = states.restore(run, model)
    with _with_the_others(config, run):
        distribution.refuse_disagreement(config, minibatches, int(model.iteration.numpy()), run)
    if is_chief:
        callbacks.MetricsLog.cut_back(run, int(model.iteration.numpy()))
    print(f"Run: {run}", flush=True)
    left = config.num_epochs * minibatches.steps_per_epoch - int(model.iteration.numpy())
    if left > 0:
        seconds = _fit(model, config, run, recipe, minibatches, seconds)
    if is_chief and not finishing.is_finished(run, model):
        finishing.finish(run, recipe, model, seconds)
    with _with_the_others(config, run):
        distribution.wait_for_all(config)
    return run


def _images(app, config):
    """The training data as `app` takes them: with their labels, or without."""
    images = sources.load(config.dataset, image_size=config.image_size)
    if not MODELS[app].conditional:
        return sources.Images(images.images)
    if images.condition is None:
        raise Refused(
            f"--dataset={config.dataset}: has no labels and no {tagged.TAGS}, which gan_apps.{app} "
            "learns to draw by; gan_apps.dcgan learns without."
        )
    return images


def _fit(model, config, run, recipe, minibatches, seconds):
    """Runs the epochs that are left; returns the training time in seconds."""
    steps_per_epoch = minibatches.steps_per_epoch
    images_per_iteration = minibatches.images_per_iteration
    done = int(model.iteration.numpy())
    first_epoch, first_step = divmod(done, steps_per_epoch)
    is_chief = distribution.is_chief(config)
    saver = callbacks.SaveStates(run, config.save_steps, steps_per_epoch, seconds, is_chief)
    # Within an epoch the metrics go on as they were saved; a new epoch begins with new ones.
    steps = [callbacks.RestoreMetrics(model)] if first_step else []
    steps += [callbacks.StopAtNaN(run)]
    events = Events(run) if is_chief else None
    if is_chief:
        steps += [
            callbacks.MetricsLog(run, config.log_steps, images_per_iteration, events),
            callbacks.Samples(run, recipe, config.seed, steps_per_epoch, events),
            callbacks.Progress(config.num_epochs, steps_per_epoch, images_per_iteration),
        ]
    steps += [saver]
    try:
        for epoch in range(first_epoch, config.num_epochs):
            begun = first_step if epoch == first_epoch else 0
            with _with_the_others(config, run, lambda: saver.signal):
                model.fit(
                    distribution.iterations(config, minibatches, epoch, begun),
                    steps_per_epoch=steps_per_epoch - begun,
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    shuffle=False,
                    verbose=0,
                    callbacks=steps,
                )
    finally:
        saver.restore_signals()
        if events is not None:
            events.close()
    return saver.seconds


@contextlib.contextmanager
def _with_the_others(config, run, asked_to_stop=lambda: None):
    """Says what to do when the workers of a training cannot go on together.

    Args:
      asked_to_stop: function that gives the signal that this worker has had, or None.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if config.distribute != "multi_worker":
            raise
        newest = states.saved(run)
        good = f"from {newest[0]}" if newest else "from the beginning"
        command = f"The same command with --run_dir={run}, started for all workers, goes on {good}."
        if signal := asked_to_stop():
            message = f"stopped, as the chief was. {command}"
            raise Interrupted(message, exit_code=128 + signal) from None
        # TensorFlow's message is a page, with the cause in one line.
        cause = re.search(r"aborted by: (.*)", error.message)
        reason = cause[1][:200] if cause else type(error).__name__
        raise Failed(f"the workers can no longer go on together ({reason}). {command}") from None


def _recipe(app, config, images, model):
    versions = {name: importlib.metadata.version(name) for name in RECORDED}
    return run_dir.Recipe(
        app=app,
        settings=settings.to_json(config),
        label_names=images.label_names,
        condition=images.condition,
        generator=networks.described(model.averaged_generator),
        versions={"python": platform.python_version(), **versions},
    )
