"""Trains a run to its end, from wherever it stands."""

import contextlib
import dataclasses
import importlib.metadata
import pathlib
import platform
import re
import sys

import tensorflow as tf

from gan_apps import settings
from gan_apps.data import parts, sources, tagged
from gan_apps.data.minibatches import Minibatches
from gan_apps.machine import files, processor, terminal
from gan_apps.runs import run_dir
from gan_apps.settings import Failed, Interrupted, Refused
from gan_apps.training import (
    building,
    callbacks,
    diagnosis,
    distribution,
    finishing,
    limits,
    states,
)
from gan_apps.training.events import Events
from gan_apps.training.monitor import FixedSample, Monitor
from models import MODELS, networks

RECORDED = ("tensorflow", "keras", "numpy")
# A training that has gone back so often will not be helped by other noise.
MOST_TIMES_BACK = 3


def train(app, config, run, accept_changed_data=False):
    """Trains, and writes what a run leaves behind.

    Args:
      app: str. The command: a key of models.MODELS.
      config: settings.TrainConfig with `precision` resolved.
      run: path. A new folder, or a run of the same settings, which is gone on with; None for the
        first free number of checkpoints/<app>_NNN.
      accept_changed_data: bool. Whether to go on with a run whose data are not those it began
        with. Default False.

    Returns:
      The path of the run.

    Raises:
      Refused: the data or the run cannot be used.
      Interrupted: one of callbacks.SIGNALS; the state is saved.
      Failed: a loss or a weight is not finite, memory or disk is full, the data are gone, a worker
        was lost, or the diagnosis says that training fails and was asked to end it; the last good
        state is kept.
    """
    distribution.refuse_uneven(config)
    images, record = _data(app, config, run, accept_changed_data)
    minibatches = Minibatches(
        images,
        config.batch_size,
        config.discriminator_steps,
        config.generator_steps,
        config.seed,
        config.horizontal_flips,
    )
    with distribution.strategy(config.distribute).scope():
        model = building.build(app, config, minibatches)
    limits.refuse_what_does_not_fit(config, model)
    recipe = _recipe(app, config, images, model, record)
    is_new = run is None or not states.saved(run)
    if getattr(config, "initial_run_dir", "") and is_new:
        _begin(config, model)
    # Only the chief writes, and so only the chief's run is its own.
    held = contextlib.nullcontext(run)
    if distribution.is_chief(config):
        held = run_dir.new_held(app) if run is None else run_dir.held(run)
    with held as run, limits.said_in_one_line(config, run), terminal.that_may_go_away():
        _go_on(model, config, run, recipe, minibatches)
    return run


def _begin(config, model):
    """Begins with the networks of the run that `initial_run_dir` names."""
    other = pathlib.Path(config.initial_run_dir)
    states.begin_with(other, model)
    # Rows of a kernel that stand for latents there must not stand for a condition here.
    latent_dim = run_dir.read_recipe(other).latent_dim
    if latent_dim != config.latent_dim:
        raise Refused(
            f"--initial_run_dir={other}: its --latent_dim is {latent_dim}, not {config.latent_dim}."
        )


def _go_on(model, config, run, recipe, minibatches):
    """Trains from where the run stands to its end."""
    is_chief = distribution.is_chief(config)
    if is_chief:
        files.clear_unfinished(run)
    seconds = states.restore(run, model)
    with _with_the_others(config, run):
        distribution.refuse_disagreement(config, recipe.data, minibatches, model, run)
    trained = int(model.iteration.numpy())
    left = config.num_epochs * minibatches.steps_per_epoch - trained
    if is_chief:
        if trained:
            recipe = _gone_on_with(run, recipe, left > 0)
        run_dir.create(run, recipe)
        callbacks.MetricsLog.cut_back(run, trained)
    print(f"Run: {run}", flush=True)
    if left > 0:
        seconds = _fit(model, config, run, recipe, minibatches, seconds)
    if is_chief and not finishing.is_finished(run, model):
        finishing.finish(run, recipe, model, seconds)
    with _with_the_others(config, run):
        distribution.wait_for_all(config)


def _gone_on_with(run, recipe, trains):
    """The recipe of a run that was trained before, with the versions that did and that now will."""
    stored = run_dir.read_recipe(run)
    earlier, before = stored.earlier_versions, stored.versions
    changed = [name for name in recipe.versions if recipe.versions[name] != before.get(name)]
    # What an older run did not record need not be another.
    changed = [name for name in changed if name in before]
    if not trains or not changed:
        return dataclasses.replace(recipe, versions=before, earlier_versions=earlier)
    was, now = (
        ", ".join(f"{name} {versions[name]}" for name in changed)
        for versions in (before, recipe.versions)
    )
    print(
        f"{run} was trained with {was} and goes on with {now}: it need not end bit for bit as it "
        "would have.",
        file=sys.stderr,
    )
    return dataclasses.replace(recipe, earlier_versions=(*earlier, before))


def _data(app, config, run, accept_changed):
    """(what the run trains on, as `app` takes it: with its labels or without; the data's record)"""
    stored = run_dir.read_recipe(run) if run is not None and run_dir.is_run(run) else None
    record = {} if stored is None else stored.data
    data = parts.loaded(config.dataset, record, config.image_size)
    if stored is not None:
        data = sources.numbered_as(data, stored.label_names)
        record = parts.kept_up(record, config.dataset, data, accept_changed)
    else:
        record = parts.recorded(config.dataset, data)
        initial = getattr(config, "initial_run_dir", "")
        if initial and run_dir.is_run(initial):
            record = parts.begun_with(record, run_dir.read_recipe(initial).data, data)
    images = parts.train_part(data, record)
    if not MODELS[app].conditional:
        return sources.Images(images.images), record
    if images.condition is None:
        raise Refused(
            f"--dataset={config.dataset}: has no labels (two or more, or a folder of pictures for "
            f"each of them) and no {tagged.TAGS}, which gan_apps.{app} learns to draw by; "
            "gan_apps.dcgan learns without."
        )
    return images, record


def _fit(model, config, run, recipe, minibatches, seconds):
    """Runs the epochs that are left, again if training goes back; returns its time in seconds."""
    is_chief = distribution.is_chief(config)
    events = Events(run) if is_chief else None
    monitor = Monitor(run, FixedSample(recipe, minibatches.images, config.seed), config.on_collapse)
    saver = callbacks.SaveStates(
        run, config.save_steps, minibatches.steps_per_epoch, seconds, monitor, is_chief
    )
    try:
        while True:
            try:
                with _with_the_others(config, run, lambda: saver.signal):
                    _fit_epochs(model, config, run, recipe, minibatches, monitor, saver, events)
                return saver.seconds
            except diagnosis.WentWrong as failure:
                if config.on_collapse != "rollback":
                    raise Failed(_ended(run, failure)) from None
                _go_back(model, run, minibatches, monitor, saver, failure)
    finally:
        saver.restore_signals()
        if events is not None:
            events.close()


def _ended(run, failure):
    good = states.before(run, failure.healthy)
    last = f"the last good state is {good[0]}" if good else "no state had been saved before it"
    return f"{failure} Training stopped; {last}."


def _go_back(model, run, minibatches, monitor, saver, failure):
    """Puts the last good state into the model, and says so."""
    if int(model.draws.numpy()) // states.NEW_NOISE >= MOST_TIMES_BACK:
        raise Failed(f"{failure} It went back {MOST_TIMES_BACK} times before.") from None
    times = states.go_back(run, model, failure.healthy, saver.seconds)
    if not times:
        raise Failed(f"{failure} There is no state from before it to go back to.") from None
    iteration = int(model.iteration.numpy())
    callbacks.MetricsLog.cut_back(run, iteration)
    row = {"step": iteration, "epoch": -(-iteration // minibatches.steps_per_epoch)}
    callbacks.append(run / run_dir.METRICS, {**row, "rollback": times, "reason": str(failure)})
    monitor.read_again()
    print(
        f"{failure} Gone back to iteration {iteration:,}, and on from there with new noise "
        f"({times} of at most {MOST_TIMES_BACK} times).",
        file=sys.stderr,
        flush=True,
    )


def _fit_epochs(model, config, run, recipe, minibatches, monitor, saver, events):
    steps_per_epoch = minibatches.steps_per_epoch
    images_per_iteration = minibatches.images_per_iteration
    done = int(model.iteration.numpy())
    first_epoch, first_step = divmod(done, steps_per_epoch)
    is_chief = distribution.is_chief(config)
    # Within an epoch the metrics go on as they were saved; a new epoch begins with new ones.
    steps = [callbacks.RestoreMetrics(model)] if first_step else []
    periods = config.log_steps, config.save_steps, steps_per_epoch
    steps += [callbacks.StopAtNaN(monitor, *periods)]
    if is_chief:
        steps += [
            callbacks.MetricsLog(run, config.log_steps, images_per_iteration, events, monitor),
            callbacks.Samples(run, recipe, config.seed, steps_per_epoch, events),
            callbacks.Progress(
                config.num_epochs, steps_per_epoch, images_per_iteration, config.log_steps, monitor
            ),
        ]
    steps += [saver]
    for epoch in range(first_epoch, config.num_epochs):
        begun = first_step if epoch == first_epoch else 0
        model.fit(
            distribution.iterations(config, minibatches, epoch, begun),
            steps_per_epoch=steps_per_epoch - begun,
            initial_epoch=epoch,
            epochs=epoch + 1,
            shuffle=False,
            verbose=0,
            callbacks=callbacks.Unread(steps, add_history=True, model=model),
        )


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


def _recipe(app, config, images, model, record):
    versions = {name: importlib.metadata.version(name) for name in RECORDED}
    return run_dir.Recipe(
        app=app,
        settings=settings.to_json(config),
        label_names=images.label_names,
        condition=images.condition,
        generator=networks.described(model.averaged_generator),
        versions={
            "python": platform.python_version(),
            **versions,
            "processor": processor.described(),
        },
        data=record,
    )
