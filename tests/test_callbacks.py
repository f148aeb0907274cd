"""What happens around the iterations."""

import json
import signal

import numpy as np
import pytest
import tensorflow as tf

from gan_apps import systems
from gan_apps.runs import run_dir
from gan_apps.settings import Interrupted
from gan_apps.training import artifacts, callbacks, diagnosis, states, train
from gan_apps.training.diagnosis import WentWrong
from gan_apps.training.events import Events
from gan_apps.training.monitor import Monitor
from gan_apps.training.schedules import LinearEnd
from tests.tiny_models import FakeSample, built, iterations, metric_names

without_hangup = pytest.mark.skipif(callbacks.HANGUP is None, reason="there is no such signal")


def watched(run, on_collapse="warn", **figures):
    return Monitor(run, FakeSample(**figures), on_collapse)


def test_milestones_are_the_lecture_s():
    milestones = [i for i in range(1, 100_001) if callbacks.is_milestone(i)]
    assert milestones == [100, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_step(tmp_path):
    model = built()
    model.fit(iterations(model, 2), verbose=0, shuffle=False)
    good = states.save(tmp_path, model, 1.0)
    kernel = model.discriminator.trainable_variables[0]
    kernel.assign(kernel * np.nan)
    guard = callbacks.StopAtNaN(watched(tmp_path))
    words = r"divergence at iteration 3: discriminator_\w+ is not finite"
    with pytest.raises(WentWrong, match=words) as caught:
        model.fit(iterations(model, 2), verbose=0, shuffle=False, callbacks=[guard])
    # Nothing had been written by which it could be told that all was well.
    assert caught.value.healthy == 0
    assert states.saved(tmp_path) == [good]


def test_a_loss_that_is_not_finite_is_named_by_its_step_wherever_it_is_looked_at(tmp_path):
    model = built()
    kernel = model.discriminator.trainable_variables[0]

    class Harm(callbacks._ByIteration):
        def after_iteration(self, iteration, logs):
            if iteration == 3:
                kernel.assign(kernel * np.nan)

    seen = []

    class Last(callbacks._ByIteration):
        def after_iteration(self, iteration, logs):
            seen.append(iteration)

    guard = callbacks.StopAtNaN(watched(tmp_path), 6, 7)
    steps = callbacks.Unread([Harm(), guard, Last()], add_history=True, model=model)
    with pytest.raises(WentWrong, match="divergence at iteration 4: "):
        model.fit(iterations(model, 9), verbose=0, shuffle=False, callbacks=steps)
    # It was looked at in the sixth, before anything else came to it.
    assert seen == [1, 2, 3, 4, 5]


def test_no_value_is_read_at_every_iteration(tiny_config, tmp_path, monkeypatch):
    """Of a whole training on a terminal: Keras's part of it too."""
    reads, seen = [], {}
    tensor = type(tf.constant(0)).__mro__[1]
    numpy = tensor._numpy

    def counting(self):
        # Keras asks of every iteration whether there was one, which the host knows.
        if self.dtype != tf.bool:
            reads.append(1)
        return numpy(self)

    monkeypatch.setattr(tensor, "_numpy", counting)
    monkeypatch.setattr(artifacts, "write", lambda *arguments: None)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    last = callbacks.SaveStates.after_iteration

    def counted(self, iteration, logs):
        last(self, iteration, logs)
        seen[iteration] = len(reads)
        reads.clear()

    monkeypatch.setattr(callbacks.SaveStates, "after_iteration", counted)
    train.train(systems.find("cgan"), tiny_config, tmp_path / "run")
    # Rows at every fifth, states at every eighth, and the bar's first losses.
    assert list(seen) == list(range(1, 23))
    assert [iteration for iteration in seen if seen[iteration]] == [1, 5, 8, 10, 15, 16, 20, 22]


def test_a_weight_that_is_not_finite_stops_the_run_at_the_next_save(tmp_path):
    model = built()
    saver = callbacks.SaveStates(tmp_path, 1, 10, 0.0, watched(tmp_path))
    saver.restore_signals()
    saver.set_model(model)
    average = model.averaged_generator.weights[0]
    average.assign(average * np.inf)
    model.iteration.assign(4)
    with pytest.raises(WentWrong, match="iteration 4: a value of averaged_generator is not finite"):
        saver.after_iteration(4, {})
    assert states.saved(tmp_path) == []


def test_metrics_rows_are_means_since_the_last_row(tmp_path):
    model, events = built(), Events(tmp_path)
    log = callbacks.MetricsLog(tmp_path, 2, 6, events, watched(tmp_path))
    each = []

    class Losses(callbacks._ByIteration):
        def after_iteration(self, iteration, logs):
            each.append(dict(logs))

    # Recorded before the log resets them: the second of a pair is the mean of both.
    model.fit(iterations(model, 5), verbose=0, shuffle=False, callbacks=[Losses(), log])
    events.close()
    rows = [json.loads(line) for line in (tmp_path / run_dir.METRICS).read_text().splitlines()]
    assert [(row["step"], row["epoch"]) for row in rows] == [(2, 1), (4, 1)]
    assert [row["generator_loss"] for row in rows] == [
        float(each[1]["generator_loss"]),
        float(each[3]["generator_loss"]),
    ]
    sample = {"diversity", "duplicates", "kernel_distance", "weight_norm"}
    assert set(rows[0]) == {"step", "epoch"} | metric_names("cgan") | sample


def test_a_failure_is_in_the_row_and_on_stderr(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(diagnosis, "ITERATIONS", 3)
    model, events = built(), Events(tmp_path)
    collapsed = watched(tmp_path, duplicates=1.0, diversity=0.0)
    log = callbacks.MetricsLog(tmp_path, 1, 6, events, collapsed)
    model.fit(iterations(model, 5), verbose=0, shuffle=False, callbacks=[log])
    events.close()
    rows = run_dir.read_metrics(tmp_path)
    named = [row["step"] for row in rows if "mode_collapse" in row.get("diagnosis", ())]
    assert named == [3, 4, 5]
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "collapse at" in line]
    assert line.startswith("mode collapse at iteration 3: ")


def test_metrics_are_cut_back_to_the_restored_iteration(tmp_path):
    path = tmp_path / run_dir.METRICS
    rows = [json.dumps({"step": step, "discriminator_loss": 1.0}) for step in (5, 10, 15)]
    path.write_text("\n".join(rows) + '\n{"step": 20, "discr')
    callbacks.MetricsLog.cut_back(tmp_path, 10)
    assert path.read_text() == "\n".join(rows[:2]) + "\n"
    callbacks.MetricsLog.cut_back(tmp_path, 0)
    assert path.read_text() == ""


@pytest.mark.parametrize(
    "number, code",
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        pytest.param(callbacks.HANGUP, 129, marks=without_hangup),
    ],
)
def test_a_signal_saves_between_iterations(tmp_path, number, code):
    model = built()
    # nohup has SIGHUP ignored for all that it starts.
    inherited = signal.signal(number, signal.SIG_DFL)
    before = signal.getsignal(number)
    saver = callbacks.SaveStates(tmp_path, 1000, 1000, 0.0, watched(tmp_path))

    class Signal(callbacks._ByIteration):
        def after_iteration(self, iteration, logs):
            if iteration == 3:
                signal.raise_signal(number)

    try:
        with pytest.raises(Interrupted, match="after iteration 3; saved in") as caught:
            model.fit(iterations(model, 5), verbose=0, shuffle=False, callbacks=[Signal(), saver])
        assert caught.value.exit_code == code
        assert [path.stem for path in states.saved(tmp_path)] == ["step_000000003"]
        # A second signal is not waited for.
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        saver.restore_signals()
        restored = signal.getsignal(number)
        signal.signal(number, inherited)
    assert restored is before


@without_hangup
def test_a_training_that_outlives_its_terminal_is_not_ended_by_it(tmp_path):
    # As nohup starts it.
    before = signal.signal(callbacks.HANGUP, signal.SIG_IGN)
    try:
        saver = callbacks.SaveStates(tmp_path, 1000, 1000, 0.0, watched(tmp_path))
        assert signal.getsignal(callbacks.HANGUP) is signal.SIG_IGN
        saver.restore_signals()
        assert signal.getsignal(callbacks.HANGUP) is signal.SIG_IGN
    finally:
        signal.signal(callbacks.HANGUP, before)


def test_learning_rates_fall_at_the_end():
    schedule = LinearEnd(0.1, updates=100, fraction=0.5)
    rates = [float(schedule(step)) for step in (0, 49, 50, 75, 100, 200)]
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.05, 0.0, 0.0], rtol=1e-6, atol=1e-9)
    assert float(LinearEnd(0.1, 100, 0.0)(99)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "seconds, words", [(3.2, "3 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_minutes(seconds, words):
    assert callbacks.minutes(seconds) == words


def test_event_files_hold_scalars_and_images(tmp_path):
    from tensorflow.core.util import event_pb2

    events = Events(tmp_path)
    events.scalars(7, {"generator_loss": 0.5})
    events.image(8, "samples", np.full((4, 6, 1), 200, np.uint8))
    events.close()
    (path,) = (tmp_path / run_dir.EVENTS).iterdir()
    values = {}
    for record in tf.data.TFRecordDataset(str(path)):
        event = event_pb2.Event.FromString(record.numpy())
        for value in event.summary.value:
            values[value.tag] = (event.step, value)
    step, scalar = values["generator_loss"]
    assert (step, scalar.simple_value) == (7, 0.5)
    step, image = values["samples"]
    decoded = tf.io.decode_png(image.image.encoded_image_string).numpy()
    assert step == 8 and decoded.shape == (4, 6, 1) and (decoded == 200).all()
