"""What happens around the iterations: guarding, logging, pictures, progress, saving, stopping.

Keras restarts its own counting of steps in every `fit`; these callbacks go by the model's saved
`iteration`, so that a resumed run does everything at the iterations where it would have.

A value that is read waits for the device to have computed it. None is read at every iteration, so
that a GPU is never waited for: iterations are counted here, and losses looked at where something is
written anyway.
"""

import json
import math
import signal
import sys
import time

import keras

from gan_apps.drawing import pictures
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.settings import Interrupted
from gan_apps.training import diagnosis, states
from gan_apps.training.diagnosis import WentWrong

# What a terminal says that goes away; Windows has no such signal.
HANGUP = getattr(signal, "SIGHUP", None)
# What ends a training that then goes on where it was.
SIGNALS = tuple(filter(None, (signal.SIGINT, signal.SIGTERM, HANGUP)))


class Unread(keras.callbacks.CallbackList):
    """Callbacks that get the values of an iteration as they are on the device.

    Keras's own list reads all of them after every iteration.
    """

    def on_train_batch_end(self, batch, logs=None):
        # In the order in which Keras hands them on.
        logs = dict(sorted(logs.items()))
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)


class _ByIteration(keras.callbacks.Callback):
    """A callback that is told the number of iterations done."""

    def on_train_begin(self, logs=None):
        self.iteration = int(self.model.iteration.numpy())

    def on_train_batch_end(self, batch, logs=None):
        self.iteration += 1
        self.after_iteration(self.iteration, logs)

    def after_iteration(self, iteration, logs):
        raise NotImplementedError


class StopAtNaN(_ByIteration):
    """Stops the run at a loss that is not a finite number, and names the first such iteration.

    Args:
      monitor: Monitor.
      *periods: ints. It looks at every iteration that is a multiple of one of them, at milestones
        and at the end of an epoch: before anything is made of what it finds. What is not finite is
        found late, since the means that it looks at stay so until they begin anew.
    """

    def __init__(self, monitor, *periods):
        super().__init__()
        self.monitor = monitor
        self.periods = periods
        self.unread = []

    def on_epoch_begin(self, epoch, logs=None):
        self.unread = []

    def after_iteration(self, iteration, logs):
        self.unread.append((iteration, logs))
        if is_milestone(iteration) or any(iteration % period == 0 for period in self.periods):
            self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self):
        unread, self.unread = self.unread, []
        if not unread or all(math.isfinite(value) for value in unread[-1][1].values()):
            return
        for iteration, logs in unread:
            for name, value in logs.items():
                if not math.isfinite(value):
                    what = diagnosis.diverged(f"{name} is not finite", iteration)
                    raise WentWrong(what, self.monitor.healthy)


class MetricsLog(_ByIteration):
    """Writes means over the last `log_steps` iterations to metrics.jsonl and TensorBoard.

    Beside them stands what the monitor sees. Rows hold nothing that differs between two equal runs;
    speed goes to TensorBoard only.
    """

    def __init__(self, run, log_steps, images_per_iteration, events, monitor):
        super().__init__()
        self.path = run / run_dir.METRICS
        self.log_steps = log_steps
        self.images_per_iteration = images_per_iteration
        self.events = events
        self.monitor = monitor
        self.since = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def after_iteration(self, iteration, logs):
        if iteration % self.log_steps:
            return
        row = {"step": iteration, "epoch": self.epoch, **{name: float(logs[name]) for name in logs}}
        row = self.monitor.completed(row, self.model)
        append(self.path, row)
        now = time.perf_counter()
        found = row.get("diagnosis", ())
        told = ("step", "epoch", "diagnosis")
        scalars = {name: row[name] for name in row if name not in told}
        for failure in diagnosis.FAILURES:
            scalars[f"diagnosis/{failure.name}"] = float(failure.name in found)
        if self.since is not None:
            images = self.log_steps * self.images_per_iteration
            scalars["images_per_second"] = images / (now - self.since)
        self.events.scalars(iteration, scalars)
        self.since = now
        self.model.reset_metrics()
        self.monitor.speak()

    @staticmethod
    def cut_back(run, iteration):
        """Removes the rows after `iteration`, and a row that was only half written."""
        path = run / run_dir.METRICS
        if not path.exists():
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [
            line for line in lines if line.endswith("}\n") and json.loads(line)["step"] <= iteration
        ]
        files.write_text(path, "".join(kept))


def append(path, row):
    """Adds a row to metrics.jsonl."""
    with files.named_in_errors(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


class Samples(_ByIteration):
    """Draws one fixed set of inputs at iterations 100, 1,000, 2,000, 5,000, ... and each epoch.

    Args:
      run: path.
      sheet: training.samples.SampleSheet.
      steps_per_epoch: int.
      events: training.events.Events.
    """

    def __init__(self, run, sheet, steps_per_epoch, events):
        super().__init__()
        self.folder = run / run_dir.SAMPLES_WHILE_TRAINING
        self.sheet = sheet
        self.steps_per_epoch = steps_per_epoch
        self.events = events

    def after_iteration(self, iteration, logs):
        if iteration % self.steps_per_epoch == 0 or is_milestone(iteration):
            image = self.sheet.drawn(self.model)
            self.folder.mkdir(exist_ok=True)
            pictures.write_png(self.folder / f"step_{iteration:07d}.png", pictures.enlarged(image))
            self.events.image(iteration, "samples", image)


def is_milestone(iteration):
    """Whether an iteration is 100, or 1, 2 or 5 times a power of ten from 1,000 on."""
    leading, zeros = str(iteration)[0], len(str(iteration)) - 1
    round_number = iteration == int(leading) * 10**zeros
    return iteration == 100 or (round_number and zeros >= 3 and leading in "125")


class Progress(_ByIteration):
    """A Keras progress bar per epoch, and a line that says how long the whole run will take.

    Both show the losses and what the monitor has found, not what only the diagnosis looks at. The
    bar's losses are those of its first iteration, then of every `log_steps`-th.
    """

    def __init__(self, num_epochs, steps_per_epoch, images_per_iteration, log_steps, monitor):
        super().__init__()
        self.log_steps = log_steps
        self.monitor = monitor
        self.num_epochs = num_epochs
        self.steps_per_epoch = steps_per_epoch
        self.images_per_iteration = images_per_iteration
        self.started = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        done = int(self.model.iteration.numpy()) - epoch * self.steps_per_epoch
        self.offset = epoch * self.steps_per_epoch + done
        self.bar = None
        if sys.stdout.isatty():
            resumed = f", going on after iteration {done:,}" if done else ""
            print(f"Epoch {self.epoch}/{self.num_epochs}{resumed}")
            names = [metric.name for metric in self.model.metrics]
            names = [name for name in names if _is_shown(name)]
            self.bar = keras.utils.Progbar(self.steps_per_epoch - done, stateful_metrics=names)

    def after_iteration(self, iteration, logs):
        if self.started is None:
            # The first iteration is left out of the estimate: it compiles the step.
            self.started, self.first = time.perf_counter(), iteration
        self.latest = {name: logs[name] for name in logs if _is_shown(name)}
        if self.bar is not None:
            is_shown = iteration - self.offset == 1 or iteration % self.log_steps == 0
            losses = [(name, float(value)) for name, value in self.latest.items() if is_shown]
            self.bar.update(iteration - self.offset, losses)

    def on_epoch_end(self, epoch, logs=None):
        iteration = int(self.model.iteration.numpy())
        seconds = time.perf_counter() - self.started
        speed = (iteration - self.first) / seconds if iteration > self.first else 0.0
        left = (self.num_epochs * self.steps_per_epoch - iteration) / speed if speed else 0.0
        losses = ", ".join(f"{name} {float(value):.3f}" for name, value in self.latest.items())
        found = "".join(f"; {diagnosis.words(name)}" for name in sorted(self.monitor.found))
        print(
            f"epoch {self.epoch}/{self.num_epochs}, iteration {iteration:,}: {losses}{found}; "
            f"{speed * self.images_per_iteration:.0f} images/s, {minutes(left)} left",
            flush=True,
        )


def _is_shown(name):
    """Whether a figure is for whoever watches, not for the diagnosis alone."""
    return name not in diagnosis.FIGURES and not name.endswith("_gradient_norm")


class SaveStates(_ByIteration):
    """Saves the state every `save_steps` iterations, at each epoch's end, and when asked to stop.

    The one with the least kernel distance, which every run has, is kept beside the newest.

    SIGNALS are answered between two iterations: the state is saved and `Interrupted` raised. A
    second signal is not waited for. Of several workers the chief alone does so; another
    goes on until the chief has stopped, since none can finish an iteration without the others.
    """

    def __init__(self, run, save_steps, steps_per_epoch, seconds, monitor, is_chief=True):
        super().__init__()
        self.run = run
        self.monitor = monitor
        self.save_steps = save_steps
        self.steps_per_epoch = steps_per_epoch
        self.seconds_before = seconds
        self.is_chief = is_chief
        self.started = time.perf_counter()
        self.signal = None
        self.replaced = {
            number: signal.signal(number, self._remember)
            for number in SIGNALS
            # nohup has it ignored, for a training that outlives its terminal.
            if number != HANGUP or signal.getsignal(number) is not signal.SIG_IGN
        }

    @property
    def seconds(self):
        return self.seconds_before + time.perf_counter() - self.started

    def _remember(self, number, frame):
        self.signal = number
        signal.signal(number, signal.SIG_DFL)

    def restore_signals(self):
        for number, handler in self.replaced.items():
            signal.signal(number, handler)

    def after_iteration(self, iteration, logs):
        due = iteration % self.save_steps == 0 or iteration % self.steps_per_epoch == 0
        if not self.is_chief or (not due and self.signal is None):
            return
        try:
            path = states.save(self.run, self.model, self.seconds)
        except FloatingPointError as error:
            what = diagnosis.diverged(error, iteration)
            raise WentWrong(what, self.monitor.healthy) from None
        if self.monitor.is_best():
            states.keep_best(self.run, path)
        if self.signal is not None:
            raise Interrupted(
                f"stopped after iteration {iteration:,}; saved in {path}. The same command with "
                f"--run_dir={self.run} goes on.",
                exit_code=128 + self.signal,
            )


class RestoreMetrics(keras.callbacks.Callback):
    """Puts the metrics' running sums back that Keras resets when `fit` begins an epoch."""

    def __init__(self, model):
        super().__init__()
        self.kept = [v.numpy().copy() for metric in model.metrics for v in metric.variables]

    def on_epoch_begin(self, epoch, logs=None):
        if self.kept is None:
            return
        variables = [v for metric in self.model.metrics for v in metric.variables]
        for variable, value in zip(variables, self.kept, strict=True):
            variable.assign(value)
        self.kept = None


def minutes(seconds):
    """Seconds for a reader: "45 s", "7 min", "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
