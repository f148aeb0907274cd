"""Real trainings, some of which were made to fail on purpose: what the monitor says of them."""

import signal

import keras
import numpy as np
import pytest

from gan_apps import settings, systems
from gan_apps.data.minibatches import minibatches
from gan_apps.runs import run_dir
from gan_apps.settings import Failed, Interrupted
from gan_apps.training import building, callbacks, monitor, states, train
from gan_apps.training.events import Events
from tests.conftest import TINY


def named(name, run, iterations, every=25, others=(), **changes):
    """Trains for `iterations` on digits; returns what was named, and in how many rows."""
    system = systems.find(name)
    config = system.config(**{**TINY, "batch_size": 32, "num_epochs": 50, **changes})
    data, record = train._data(system, config, run, accept_changed=False)
    model = building.build(system, config, data)
    recipe = run_dir.Recipe(
        system=name,
        settings=settings.to_json(config),
        draws=system.draws(config, data, model),
        versions={},
        data=record,
    )
    sample = monitor.FixedSample(recipe, data, 0)
    events = Events(run)
    log = callbacks.MetricsLog(run, every, 32, events, monitor.Monitor(run, sample, "warn"))
    order = minibatches(data, model.players, 32, 0)
    for epoch in range(-(-iterations // order.steps_per_epoch)):
        left = min(iterations - int(model.iteration), order.steps_per_epoch)
        dataset = order.iterations(epoch * order.steps_per_epoch).take(left)
        model.fit(dataset, verbose=0, callbacks=[*others, log])
    events.close()
    rows = run_dir.read_metrics(run)
    assert rows[-1]["step"] == iterations
    counts = {}
    for row in rows:
        for name in row.get("diagnosis", ()):
            counts[name] = counts.get(name, 0) + 1
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan", "cgan", "fgan", "wgan_gp"])
def test_a_good_run_raises_no_alarm(name, tmp_path, capsys):
    assert named(name, tmp_path, 400) == {}
    assert capsys.readouterr().err == ""


class OneMode(keras.callbacks.Callback):
    """Takes the latents away from the generator, which then draws one picture."""

    def on_train_batch_end(self, batch, logs=None):
        kernel = self.model.generator.trainable_variables[0]
        assert kernel.shape[0] == TINY["latent_dim"]
        kernel.assign(0.0 * kernel)


@pytest.mark.slow
def test_a_generator_frozen_to_one_mode_is_named(tmp_path):
    found = named("dcgan", tmp_path, 300, others=[OneMode()])
    assert found["mode_collapse"] >= 1


@pytest.mark.slow
def test_a_learning_rate_a_hundred_times_too_high_is_named(tmp_path):
    rates = dict.fromkeys(("discriminator_learning_rate", "generator_learning_rate"), 5e-2)
    found = named("cgan", tmp_path, 300, **rates)
    assert found["divergence"] >= 1


# The DCGAN paper's discriminator and rates: with the defaults, whose discriminator R1 keeps smooth,
# neither of the next two goes wrong.
OF_THE_PAPER = {
    "normalization": "batch",
    "discriminator_learning_rate": 2e-4,
    "generator_learning_rate": 2e-4,
    "beta_1": 0.5,
    "beta_2": 0.999,
}


@pytest.mark.slow
def test_twenty_steps_of_the_discriminator_are_named(tmp_path):
    found = named("dcgan", tmp_path, 250, discriminator_steps=20, **OF_THE_PAPER)
    assert found["discriminator_too_strong"] >= 1


@pytest.mark.slow
def test_a_game_that_saturates_is_named(tmp_path):
    found = named(
        "dcgan", tmp_path, 350, objective="minimax", discriminator_steps=8, **OF_THE_PAPER
    )
    assert found["vanishing_gradient"] >= 1


DCGAN = systems.find("dcgan")
CONFIG = DCGAN.config(
    **TINY, batch_size=32, num_epochs=10, log_steps=20, save_steps=40, on_collapse="rollback"
)


class Played:
    """Stands in for FixedSample: a collapse from iteration 130 on, until training goes back."""

    interrupt_at = None
    always = False

    def __init__(self, recipe, data, seed):
        self.calls = 0
        Played.latest = self

    def figures(self, game):
        model = Played.model
        iteration = int(model.iteration)
        collapsed = iteration > 130 and (self.always or int(model.draws) < states.NEW_NOISE)
        if iteration == Played.interrupt_at and int(model.draws) >= states.NEW_NOISE:
            Played.interrupt_at = None
            signal.raise_signal(signal.SIGINT)
        return {
            "diversity": 0.01 if collapsed else 0.9,
            "duplicates": float(collapsed),
            "kernel_distance": 1.0 / (1 + iteration),
        }


@pytest.fixture
def played(monkeypatch):
    """Trains CONFIG with a collapse that is played; returns the run directory."""
    built = building.build

    def remembered(*arguments):
        Played.model = built(*arguments)
        return Played.model

    monkeypatch.setattr(building, "build", remembered)
    monkeypatch.setattr(train, "FixedSample", Played)
    monkeypatch.setattr(train.artifacts, "write", lambda *arguments: None)
    Played.interrupt_at, Played.always = None, False
    return lambda run: train.train(DCGAN, CONFIG, run)


def last_state(run):
    with np.load(states.saved(run)[0]) as archive:
        return {name: archive[name] for name in archive.files if name != "seconds"}


@pytest.mark.slow
def test_training_goes_back_and_says_so_and_does_the_same_when_interrupted(
    played, tmp_path, capsys
):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    played(whole)
    (line,) = capsys.readouterr().err.splitlines()
    # Named at 320: the last row without a sign is that of 120, and the newest states are later.
    assert line.startswith("mode collapse at iteration 320: ")
    assert "Gone back to iteration 120, and on from there with new noise (1 of at most 3" in line
    rows = run_dir.read_metrics(whole)
    (note,) = [row for row in rows if "rollback" in row]
    assert (note["step"], note["rollback"], note["reason"][:13]) == (120, 1, "mode collapse")
    steps = [row["step"] for row in rows if "rollback" not in row]
    assert steps == list(range(20, 441, 20))
    assert not any("diagnosis" in row for row in rows)
    state = last_state(whole)
    assert state[states.DRAWS] > states.NEW_NOISE and state["counters/000"] == 440

    Played.interrupt_at = 260
    with pytest.raises(Interrupted):
        played(cut)
    played(cut)
    again = last_state(cut)
    for name, value in state.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)
    assert (cut / run_dir.METRICS).read_bytes() == (whole / run_dir.METRICS).read_bytes()


@pytest.mark.slow
def test_a_collapse_that_comes_again_and_again_ends_the_run(played, tmp_path, capsys):
    Played.always = True
    with pytest.raises(Failed, match="It went back 3 times before"):
        played(tmp_path / "run")
    assert len(capsys.readouterr().err.splitlines()) == 3
