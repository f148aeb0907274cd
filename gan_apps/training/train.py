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
from gan_apps.data import parts, tagged
from gan_apps.data.columns import Data
from gan_apps.data.minibatches import minibatches
from gan_apps.data.sources import DataSet
from gan_apps.operating_system import files, processor, terminal
from gan_apps.runs import run_dir, saved_states
from gan_apps.settings import Failed, Interrupted, Refused
from gan_apps.systems import System
from gan_apps.training import (
    artifacts,
    building,
    callbacks,
    diagnosis,
    limits,
    samples,
    states,
)
from gan_apps.training.distribution import Place
from gan_apps.training.events import Events
from gan_apps.training.monitor import FixedSample, Monitor
from models.game import AbstractGame
from models.order import Minibatches

RECORDED = ("tensorflow", "keras", "numpy")
# A training that has gone back so often will not be helped by other noise.
MOST_TIMES_BACK = 3


def train(system, config, run, accept_changed_data=False):
    """Trains, and writes what a run leaves behind.

    Args:
      system: systems.System.
      config: the system's settings with `precision` resolved.
      run: path. A new folder, or a run of the same settings, which is gone on with; None for the
        first free number of checkpoints/<system>_NNN.
      accept_changed_data: bool. Whether to go on with a run whose data are not those it began
        with. Default False.

    Returns:
      The path of the run.

    Raises:
      Refused: the data or the run cannot be used.
      Interrupted: SIGINT, SIGTERM or SIGHUP; the state is saved.
      Failed: a loss or a weight is not finite, memory or disk is full, the data are gone, a worker
        was lost, or the diagnosis says that training fails and was asked to end it; the last good
        state is kept.
    """
    place = Place(config.distribute)
    place.refuse_uneven(config.batch_size)
    data, record = _data(system, config, run, accept_changed_data)
    with place.scope():
        game = building.build(system, config, data)
    order = minibatches(data, game.players, config.batch_size, config.seed, config.horizontal_flips)
    limits.refuse_what_does_not_fit(config.batch_size, game)
    is_new = run is None or not saved_states.saved(run)
    if getattr(config, "initial_run_dir", "") and is_new:
        _begin(config, game)
    if getattr(config, "encoder_run_dir", "") and is_new:
        states.begin_with_encoder(pathlib.Path(config.encoder_run_dir), game, data.condition)
    recipe = run_dir.Recipe(
        system=system.name,
        settings=settings.to_json(config),
        draws={} if system.draws is None else system.draws(config, data, game),
        judges={} if system.judges is None else system.judges(config, data, game),
        versions=_versions(),
        data=record,
    )
    # Only the chief writes, and so only the chief's run is its own.
    held = contextlib.nullcontext(run)
    if place.is_chief:
        held = run_dir.new_held(system.name) if run is None else run_dir.held(run)
    with held as run, limits.said_in_one_line(config, run), terminal.that_may_go_away():
        _Training(run, system, config, data, order, game, recipe, place).go_on()
    return run


def _begin(config, game):
    """Begins with the networks of the run that `initial_run_dir` names."""
    other = pathlib.Path(config.initial_run_dir)
    states.begin_with(other, game)
    # Rows of a kernel that stand for latents there must not stand for a condition here.
    latents = run_dir.read_recipe(other).draw.latents
    if latents is not None and latents.size != config.latent_dim:
        raise Refused(
            f"--initial_run_dir={other}: its --latent_dim is {latents.size}, not "
            f"{config.latent_dim}."
        )


def _data(system, config, run, accept_changed):
    """(what the run trains on, as the system takes it; what config.json says of all of it)"""
    stored = run_dir.read_recipe(run) if run is not None and run_dir.is_run(run) else None
    record = {} if stored is None else stored.data
    data_set = DataSet.of(settings.to_json(config))
    whole = parts.loaded(data_set, record)
    if stored is not None:
        whole = whole.numbered_as(stored.condition)
        record = parts.kept_up(record, data_set, whole, accept_changed)
    else:
        record = parts.recorded(data_set, whole, config.judges_share)
        initial = getattr(config, "initial_run_dir", "")
        if initial and run_dir.is_run(initial):
            record = parts.begun_with(record, run_dir.read_recipe(initial).data, whole)
    data = parts.train_part(whole, record, is_judge=system.draws is None)
    data = data_set.learned(data)
    if not (system.conditional and config.is_conditional):
        return data.unconditional(), record
    if data.condition.column is None:
        raise Refused(
            f"--dataset={config.dataset}: has no labels (two or more, or a folder of pictures for "
            f"each of them) and no {tagged.LISTED}, which gan_apps.{system.name} learns; "
            "gan_apps.dcgan learns without."
        )
    if data.condition.kind not in system.learns:
        raise Refused(
            f"--dataset={config.dataset}: has {data.condition.kind}; gan_apps.{system.name} learns "
            f"{' and '.join(system.learns)}."
        )
    if system.draws is None:
        _refuse_what_cannot_be_tested(config, record)
    return data, record


def _refuse_what_cannot_be_tested(config, record):
    """Refuses data of which nothing can be kept apart: a judge says how often it is right."""
    if record["num_images"] < parts.FEWEST:
        raise Refused(
            f"--dataset={config.dataset}: {record['num_images']} images are too few for a "
            f"classifier, which needs {parts.FEWEST}."
        )
    if record["test"] == parts.NONE:
        raise Refused(f"--dataset={config.dataset}: none of its images can be held out to test on.")


def _versions():
    versions = {name: importlib.metadata.version(name) for name in RECORDED}
    return {
        "python": platform.python_version(),
        **versions,
        "processor": processor.described(),
    }


@dataclasses.dataclass
class _Training:
    """A run and all that it is trained with, made once."""

    run: pathlib.Path
    system: System
    config: settings.Training
    data: Data
    order: Minibatches
    game: AbstractGame
    recipe: run_dir.Recipe
    place: Place

    @property
    def done(self):
        """Iterations done."""
        return int(self.game.iteration.numpy())

    @property
    def left(self):
        return self.config.num_epochs * self.order.steps_per_epoch - self.done

    def go_on(self):
        """Trains from where the run stands to its end."""
        if self.place.is_chief:
            files.clear_unfinished(self.run)
        seconds = states.restore(self.run, self.game)
        with self._with_the_others():
            about = [self.recipe.settings, self.recipe.data, len(self.data)]
            self.place.refuse_disagreement(about, self.done, self.run)
        if self.place.is_chief:
            if self.done:
                self._keep_versions()
            run_dir.create(self.run, self.recipe)
            callbacks.MetricsLog.cut_back(self.run, self.done)
        print(f"Run: {self.run}", flush=True)
        if self.left > 0:
            seconds = self._fit(seconds)
        if self.place.is_chief and not artifacts.are_there(self.run, self.game):
            artifacts.write(self.run, self.system, self.recipe, self.game, self.data, seconds)
        with self._with_the_others():
            self.place.wait_for_all()

    def _keep_versions(self):
        """Keeps the versions that trained the run before, and says if others now go on with it."""
        stored = run_dir.read_recipe(self.run)
        before, now = stored.versions, self.recipe.versions
        # What an older run did not record need not be another.
        changed = [name for name in now if name in before and now[name] != before[name]]
        if self.left <= 0 or not changed:
            kept = {"versions": before, "earlier_versions": stored.earlier_versions}
        else:
            was, others = (
                ", ".join(f"{name} {versions[name]}" for name in changed)
                for versions in (before, now)
            )
            print(
                f"{self.run} was trained with {was} and goes on with {others}: it need not end bit "
                "for bit as it would have.",
                file=sys.stderr,
            )
            kept = {"earlier_versions": (*stored.earlier_versions, before)}
        self.recipe = dataclasses.replace(self.recipe, **kept)

    def _fit(self, seconds):
        """Runs the epochs that are left, again if training goes back; returns its time."""
        events = Events(self.run) if self.place.is_chief else None
        sample = (
            FixedSample(self.recipe, self.data, self.config.seed) if self.recipe.draws else None
        )
        monitor = Monitor(self.run, sample, self.config.on_collapse)
        saver = callbacks.SaveStates(
            self.run,
            self.config.save_steps,
            self.order.steps_per_epoch,
            seconds,
            monitor,
            self.place.is_chief,
        )
        try:
            while True:
                try:
                    with self._with_the_others(lambda: saver.signal):
                        self._fit_epochs(monitor, saver, events)
                    return saver.seconds
                except diagnosis.WentWrong as failure:
                    if self.config.on_collapse != "rollback":
                        raise Failed(self._ended(failure)) from None
                    self._go_back(monitor, saver, failure)
        finally:
            saver.restore_signals()
            if events is not None:
                events.close()

    def _ended(self, failure):
        good = states.before(self.run, failure.healthy)
        last = f"the last good state is {good[0]}" if good else "no state had been saved before it"
        return f"{failure} Training stopped; {last}."

    def _go_back(self, monitor, saver, failure):
        """Puts the last good state into the game, and says so."""
        if int(self.game.draws.numpy()) // states.NEW_NOISE >= MOST_TIMES_BACK:
            raise Failed(f"{failure} It went back {MOST_TIMES_BACK} times before.") from None
        times = states.go_back(self.run, self.game, failure.healthy, saver.seconds)
        if not times:
            raise Failed(f"{failure} There is no state from before it to go back to.") from None
        callbacks.MetricsLog.cut_back(self.run, self.done)
        row = {"step": self.done, "epoch": -(-self.done // self.order.steps_per_epoch)}
        path = self.run / run_dir.METRICS
        callbacks.append(path, {**row, "rollback": times, "reason": str(failure)})
        monitor.read_again()
        print(
            f"{failure} Gone back to iteration {self.done:,}, and on from there with new noise "
            f"({times} of at most {MOST_TIMES_BACK} times).",
            file=sys.stderr,
            flush=True,
        )

    def _fit_epochs(self, monitor, saver, events):
        config, steps_per_epoch = self.config, self.order.steps_per_epoch
        images = self.order.images_per_iteration
        first_epoch, first_step = divmod(self.done, steps_per_epoch)
        # Within an epoch the metrics go on as they were saved; a new epoch begins with new ones.
        steps = [callbacks.RestoreMetrics(self.game)] if first_step else []
        periods = config.log_steps, config.save_steps, steps_per_epoch
        steps += [callbacks.StopAtNaN(monitor, *periods)]
        if self.place.is_chief:
            steps += [callbacks.MetricsLog(self.run, config.log_steps, images, events, monitor)]
            if self.recipe.draws:
                sheet = samples.SampleSheet(self.recipe, self.data, config.seed)
                steps += [callbacks.Samples(self.run, sheet, steps_per_epoch, events)]
            progress = config.num_epochs, steps_per_epoch, images, config.log_steps, monitor
            steps += [callbacks.Progress(*progress)]
        steps += [saver]
        for epoch in range(first_epoch, config.num_epochs):
            begun = first_step if epoch == first_epoch else 0
            self.game.fit(
                self.place.iterations(self.order, epoch, begun),
                steps_per_epoch=steps_per_epoch - begun,
                initial_epoch=epoch,
                epochs=epoch + 1,
                shuffle=False,
                verbose=0,
                callbacks=callbacks.Unread(steps, add_history=True, model=self.game),
            )

    @contextlib.contextmanager
    def _with_the_others(self, asked_to_stop=lambda: None):
        """Says what to do when the workers of a training cannot go on together.

        Args:
          asked_to_stop: function that gives the signal that this worker has had, or None.
        """
        try:
            yield
        except tf.errors.OpError as error:
            if not self.place.has_workers:
                raise
            newest = saved_states.saved(self.run)
            good = f"from {newest[0]}" if newest else "from the beginning"
            command = (
                f"The same command with --run_dir={self.run}, started for all workers, goes on "
                f"{good}."
            )
            if signal := asked_to_stop():
                message = f"stopped, as the chief was. {command}"
                raise Interrupted(message, exit_code=128 + signal) from None
            # TensorFlow's message is a page, with the cause in one line.
            cause = re.search(r"aborted by: (.*)", error.message)
            reason = cause[1][:200] if cause else type(error).__name__
            raise Failed(
                f"the workers can no longer go on together ({reason}). {command}"
            ) from None
