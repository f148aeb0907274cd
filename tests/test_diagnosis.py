"""What is said of a training by its figures alone; the runs that fail are in test_failures.py."""

import pytest

from gan_apps.training import diagnosis
from gan_apps.training.diagnosis import WentWrong
from gan_apps.training.monitor import Monitor
from tests.tiny_models import FakeSample, built

# A row of a training that is well.
WELL = {
    "discriminator_accuracy": 0.8,
    "discriminator_gradient_norm": 2.0,
    "generator_gradient_norm": 1.0,
    "diversity": 0.9,
    "duplicates": 0.0,
    "classes_covered": 1.0,
    "kernel_distance": 0.1,
    "saturated_pixels": -0.1,
    "weight_norm": 10.0,
}
FAILS = {
    "discriminator_too_strong": {
        "discriminator_accuracy": 1.0,
        "discriminator_gradient_norm": 0.01,
        "generator_gradient_norm": 1.0,
    },
    "vanishing_gradient": {"discriminator_accuracy": 1.0, "generator_gradient_norm": 0.04},
    "mode_collapse": {"diversity": 0.3},
    "divergence": {"kernel_distance": 4.0},
    "saturated_pixels": {"saturated_pixels": 0.12},
}
# The first row, when the pictures are as far from real ones as they will ever be.
FIRST = {**WELL, "kernel_distance": 5.0}


def rows(*changes, every=100):
    """Rows of a training: the first, and one for each of `changes`, `every` iterations apart."""
    found = [{**FIRST, "step": every}]
    for change in changes:
        found.append({**WELL, **change, "step": every * (len(found) + 1)})
    return found


def names(found):
    return [failure.name for failure in found]


@pytest.mark.parametrize("name", FAILS)
def test_a_failure_is_named_when_it_has_lasted(name):
    fails = FAILS[name]
    assert names(diagnosis.found(rows({}, {}, fails, fails))) == []
    assert names(diagnosis.found(rows({}, {}, fails, fails, fails))) == [name]
    assert names(diagnosis.found(rows({}, {}, fails, {}, fails, fails))) == []
    assert names(diagnosis.found(rows({}, fails, fails, fails, {}))) == []


@pytest.mark.parametrize("name", FAILS)
def test_rows_that_come_often_must_show_it_for_as_many_iterations(name):
    fails = [FAILS[name]] * 40
    assert names(diagnosis.found(rows({}, *fails[:38], every=5))) == []
    assert names(diagnosis.found(rows({}, *fails, every=5))) == [name]


@pytest.mark.parametrize("name", FAILS)
def test_what_is_good_ends_where_the_sign_begins(name):
    fails = FAILS[name]
    assert diagnosis.healthy(rows({}, {}, fails, fails, fails)) == 300
    assert diagnosis.healthy(rows({}, fails, {}, fails)) == 400


def test_every_failure_has_an_example_here_words_and_advice():
    assert names(diagnosis.FAILURES) == list(FAILS)
    row = {**WELL, "step": 1200}
    for failure in diagnosis.FAILURES:
        said = diagnosis.told(row, [failure.name])
        assert said.startswith(f"{failure.name.replace('_', ' ')} at iteration 1,200: ")
        assert failure.advice in said and "{" not in said


def test_a_training_that_is_well_and_rows_of_older_ones_name_nothing():
    assert diagnosis.found(rows(*[{}] * 20)) == ()
    older = [{"step": step, "discriminator_loss": 1.0} for step in range(100, 900, 100)]
    assert diagnosis.found(older) == ()
    assert diagnosis.healthy(older) == 800


def test_weights_that_grow_without_end_diverge():
    grow = [{"weight_norm": 10.0 * 1.2**count} for count in range(1, 6)]
    assert names(diagnosis.found(rows({}, *grow))) == ["divergence"]
    slowly = [{"weight_norm": 10.0 * 1.05**count} for count in range(1, 9)]
    assert diagnosis.found(rows({}, *slowly)) == ()


def test_a_training_that_was_near_from_the_first_row_on_may_swing():
    # As a DCGAN with R1 did on MNIST, from the hundredth iteration to the 1,400th.
    distances = 0.016, 0.006, 0.011, 0.001, 0.068, 0.008, 0.017
    near = [{"step": 100 * n, **WELL, "kernel_distance": d} for n, d in enumerate(distances, 1)]
    for count in range(len(near)):
        assert diagnosis.found(near[: count + 1]) == ()
    lost = [{**WELL, "step": 700 + 100 * n, "kernel_distance": 0.5} for n in range(1, 5)]
    assert names(diagnosis.found([*near, *lost])) == ["divergence"]


def test_a_discriminator_that_is_always_right_but_learns_is_not_too_strong():
    # As in a good DCGAN, whose discriminator sees its minibatch as a whole.
    right = {"discriminator_accuracy": 1.0, "discriminator_gradient_norm": 80.0}
    assert diagnosis.found(rows(*[right] * 9)) == ()


def test_doubles_are_a_collapse_only_where_they_do_not_become_fewer():
    slow = [{"duplicates": 1.0, "diversity": 0.1 + 0.01 * count} for count in range(9)]
    beginning = [{**FIRST, **row, "step": 100 * at} for at, row in enumerate(slow, start=1)]
    assert diagnosis.found(beginning) == ()
    stuck = [{**row, "diversity": 0.1} for row in beginning]
    assert names(diagnosis.found(stuck)) == ["mode_collapse"]
    one = [{**row, "diversity": 0.001 * row["step"] / 100} for row in beginning]
    assert names(diagnosis.found(one)) == ["mode_collapse"]


def test_the_monitor_warns_once_and_marks_every_row(tmp_path, capsys):
    model = built()
    collapsed = Monitor(tmp_path, FakeSample(diversity=0.01, duplicates=1.0), "warn")
    marked = []
    for step in range(100, 700, 100):
        row = {"step": step, "epoch": 1, "discriminator_accuracy": 0.8}
        marked.append("diagnosis" in collapsed.completed(row, model))
        collapsed.speak()
    assert marked == [False, False, True, True, True, True]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mode collapse at iteration 300: ") and "0.01" in line


@pytest.mark.parametrize("on_collapse", ["stop", "rollback"])
def test_the_monitor_raises_with_the_last_good_iteration(tmp_path, on_collapse):
    model, sample = built(), FakeSample()
    watching = Monitor(tmp_path, sample, on_collapse)
    for step in range(100, 600, 100):
        if step > 200:
            sample.told = {**sample.told, "duplicates": 1.0}
        watching.completed({"step": step, "epoch": 1}, model)
        if step < 500:
            watching.speak()
    with pytest.raises(WentWrong, match="mode collapse at iteration 500") as caught:
        watching.speak()
    assert caught.value.healthy == 200


def test_the_best_is_the_least_kernel_distance_of_a_row_without_a_failure(tmp_path):
    from gan_apps.training import states

    model, sample = built(), FakeSample()
    watching = Monitor(tmp_path, sample, "warn")
    kept = []
    for distance in (0.9, 0.5, 0.6, 0.4):
        sample.told = {**sample.told, "kernel_distance": distance}
        model.iteration.assign_add(100)
        watching.completed({"step": int(model.iteration), "epoch": 1}, model)
        path = states.save(tmp_path, model, 0.0)
        if watching.is_best():
            states.keep_best(tmp_path, path)
            kept.append(distance)
    assert kept == [0.9, 0.5, 0.4]
    assert states.iteration(states.best(tmp_path)) == 400
