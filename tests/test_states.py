"""Saved states: exact, the newest three, and never harmful."""

import dataclasses
import shutil

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import models
from gan_apps import systems
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import states, train
from tests.tiny_models import built, fitted, stepped


def everything(model):
    return {name: variable.numpy().copy() for name, variable in states.variables(model).items()}


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert_array_equal(first[name], second[name], err_msg=name)


@pytest.mark.slow
def test_a_restored_model_goes_on_exactly(tmp_path):
    whole = built(real_gradient_weight=1.0, real_gradient_interval=2)
    fitted(whole, 5)

    first = built(real_gradient_weight=1.0, real_gradient_interval=2)
    fitted(first, 3)
    states.save(tmp_path, first, seconds=12.5)
    second = built(real_gradient_weight=1.0, real_gradient_interval=2, seed=0)
    fitted(second, 1)  # Whatever it was before.
    assert states.restore(tmp_path, second) == 12.5
    assert_same(everything(first), everything(second))
    fitted(second, 2, first=3)
    ours, theirs = everything(second), everything(whole)
    for name in ours:
        if not name.startswith("metrics/"):
            assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_both_optimizers_and_the_counters_are_in_it():
    model = built()
    names = {name.split("/")[0] for name in states.variables(model)}
    assert names == {
        "generator",
        "averaged_generator",
        "discriminator",
        "generator_optimizer",
        "discriminator_optimizer",
        "counters",
        "metrics",
    }
    weights = len(model.generator.trainable_variables)
    # Two moments for each weight, besides the optimizer's own counters.
    assert len(model.optimizers["generator"].variables) >= 2 * weights


def rewritten(path, change):
    """Writes the arrays of a state again, as `change` of {name: array} gives them."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    np.savez(path, **change(arrays))


def without(*names):
    return lambda arrays: {name: arrays[name] for name in arrays if name not in names}


def as_format_1(arrays):
    """As states were written before their metrics had names."""
    means = [name for name in arrays if name.startswith("metrics/")]
    places = {name: f"metrics/{number:03d}" for number, name in enumerate(means)}
    return {places.get(name, name): arrays[name] for name in arrays if name != "format"}


def test_a_state_of_format_1_is_restored_by_place(tmp_path):
    model = built()
    fitted(model, 2)
    path = states.save(tmp_path, model, 1.0)
    good = everything(model)
    rewritten(path, as_format_1)
    other = built()
    assert states.restore(tmp_path, other) == 1.0
    assert_same(everything(other), good)
    # One from before there was the last metric.
    rewritten(path, without("metrics/008", "metrics/009"))
    another = built()
    states.restore(tmp_path, another)
    mean = "metrics/generator_gradient_norm/"
    assert everything(another)[f"{mean}total"] == 0.0
    assert_same(
        {**everything(another), f"{mean}total": 0, f"{mean}count": 0},
        {**good, f"{mean}total": 0, f"{mean}count": 0},
    )
    # One of which more is known than there is.
    rewritten(path, lambda arrays: {**arrays, "metrics/010": np.float32(1.0)})
    with pytest.raises(Refused):
        states.restore(tmp_path, other)


def test_the_means_of_metrics_go_by_name(tmp_path):
    model = built()
    fitted(model, 2)
    path = states.save(tmp_path, model, 1.0)
    good = everything(model)
    kept = "metrics/generator_loss/total", "metrics/generator_loss/count"
    assert good[kept[1]] == 2.0
    # A metric that came later, in the midst of the others, and one that is no more.
    rewritten(path, without(*kept))
    rewritten(path, lambda arrays: {**arrays, "metrics/of_yore/total": np.zeros(3)})
    other = built()
    assert states.restore(tmp_path, other) == 1.0
    assert_same({**everything(other), **dict.fromkeys(kept, 0)}, {**good, **dict.fromkeys(kept, 0)})
    assert everything(other)[kept[1]] == 0.0
    # A weight that is not there is another matter, and one that nobody knows.
    for change in (
        without("generator/000"),
        lambda arrays: {**arrays, "generator/099": np.zeros(3)},
    ):
        path = states.save(tmp_path, model, 1.0)
        rewritten(path, change)
        with pytest.raises(Refused):
            states.restore(tmp_path, other)


def test_a_state_of_a_newer_format_says_so(tmp_path, capsys):
    model = built()
    newer = np.int64(states.FORMAT + 1)
    rewritten(states.save(tmp_path, model, 1.0), lambda arrays: {**arrays, "format": newer})
    with pytest.raises(Refused):
        states.restore(tmp_path, model)
    assert f"format {newer}, written by a newer gan_apps" in capsys.readouterr().err


@pytest.mark.parametrize(
    "shape, words",
    [
        ((4, 4, 8, 4), r"a weight of shape \(4, 4, 8, 4\), not \(4, 4, 4, 8\)"),
        # A kernel that is merely smaller is another network's too.
        ((4, 4, 4, 6), r"a weight of shape \(4, 4, 4, 6\)"),
        ((512,), r"a weight of shape \(512,\)"),
    ],
)
def test_nothing_is_reshaped_because_its_size_agrees(tmp_path, shape, words):
    def built_with(widths):
        keras.utils.set_random_seed(0)
        networks = models.pair(
            image_size=8,
            generator={"latent_dim": 5, "widths": (8,)},
            discriminator={"widths": widths},
        )
        model = models.DCGAN(networks, objective=models.OBJECTIVES["non_saturating"])
        model.compile()
        return model

    model = built_with((4, 8))
    (name,) = (
        f"discriminator/{place:03d}"
        for place, weight in enumerate(model.discriminator.weights)
        if weight.shape == (4, 4, 4, 8)
    )
    path = states.save(tmp_path, model, 1.0)
    rewritten(path, lambda arrays: {**arrays, name: np.ones(shape, np.float32)})
    with pytest.raises(Refused, match=words):
        states.begin_with(tmp_path, built_with((4, 8)))


def test_latents_of_another_length_do_not_become_conditions(tiny_run, tiny_config, tmp_path):
    # 9 and 10 labels are more than 8 and 10, and would be filled with what those learned.
    changed = {"initial_run_dir": str(tiny_run), "latent_dim": 9}
    with pytest.raises(Refused, match="its --latent_dim is 8, not 9"):
        config = dataclasses.replace(tiny_config, **changed)
        train.train(systems.find("cgan"), config, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_the_best_state_is_kept_beside_the_newest(tmp_path):
    model = built()
    for count in range(1, 7):
        # As after a training's iteration.
        model.iteration.assign(count)
        path = states.save(tmp_path, model, 0.0)
        if count in (1, 2):
            states.keep_best(tmp_path, path)
            best = path.read_bytes()
    assert states.best(tmp_path).stem == "best_step_000000002"
    assert states.best(tmp_path).read_bytes() == best
    assert states.iteration(states.best(tmp_path)) == 2
    assert [states.iteration(kept) for kept in states.saved(tmp_path)] == [6, 5, 4]


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """A run of six iterations, the second of which was best; and all that there was after each."""
    run, model, known = tmp_path_factory.mktemp("runs") / "six", built(), {}
    run.mkdir()
    for count in range(1, 7):
        stepped(model, 1)
        path = states.save(run, model, 0.0)
        known[count] = everything(model)
        if count == 2:
            states.keep_best(run, path)
    return run, known


@pytest.mark.parametrize("healthy, back_to", [(9, 6), (5, 5), (3, 2), (1, None)])
def test_going_back_takes_the_newest_good_state_with_new_noise(tmp_path, six, healthy, back_to):
    run, known = six
    shutil.copytree(run, tmp_path, dirs_exist_ok=True)
    model = built()
    states.restore(tmp_path, model)
    times = states.go_back(tmp_path, model, healthy, 7.0)
    if back_to is None:
        assert times == 0
        assert_same(everything(model), known[6])
        return
    assert times == 1
    now = everything(model)
    assert now[states.DRAWS] == known[back_to][states.DRAWS] + states.NEW_NOISE
    assert_same({**now, states.DRAWS: None}, {**known[back_to], states.DRAWS: None})
    assert max(states.iteration(path) for path in states.saved(tmp_path)) == back_to
    # What resumes the run goes on with the new noise too.
    other = built()
    assert states.restore(tmp_path, other) == 7.0
    assert_same(everything(other), now)
    # Once more, with yet other noise.
    stepped(model, 1)
    assert states.go_back(tmp_path, model, healthy, 8.0) == 2
    assert int(model.draws) == known[back_to][states.DRAWS] + 2 * states.NEW_NOISE
    stepped(model, 1)
    assert any(
        (everything(model)[name] != known[6][name]).any()
        for name in known[6]
        if name.startswith("generator/")
    )


def test_the_newest_three_are_kept(tmp_path):
    model = built()
    for count in range(1, 6):
        model.iteration.assign(count)
        states.save(tmp_path, model, 0.0)
    kept = [path.stem for path in states.saved(tmp_path)]
    assert kept == ["step_000000005", "step_000000004", "step_000000003"]


def test_a_run_without_states_starts_from_the_beginning(tmp_path):
    model = built()
    before = everything(model)
    assert states.restore(tmp_path, model) == 0.0
    assert_same(before, everything(model))


@pytest.mark.parametrize("tenths", [0, 1, 5, 9])
def test_a_truncated_state_is_passed_over_and_named(tmp_path, tenths, capsys):
    model = built()
    stepped(model, 1)
    states.save(tmp_path, model, 1.0)
    good = everything(model)
    stepped(model, 1)
    newest = states.save(tmp_path, model, 2.0)
    content = newest.read_bytes()
    newest.write_bytes(content[: len(content) * tenths // 10])
    assert states.restore(tmp_path, model) == 1.0
    assert_same(good, everything(model))
    assert str(newest) in capsys.readouterr().err


def test_no_usable_state_is_refused(tmp_path):
    model = built()
    states.save(tmp_path, model, 1.0).write_bytes(b"PK nonsense")
    with pytest.raises(Refused, match="none of its states can be read"):
        states.restore(tmp_path, model)


def test_a_state_of_another_network_is_not_loaded(tmp_path, capsys):
    path = states.save(tmp_path, built(), 1.0)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["generator/000"] = arrays["generator/000"][:-1]
    np.savez(path, **arrays)
    with pytest.raises(Refused):
        states.restore(tmp_path, built())
    assert "generator/000 has shape" in capsys.readouterr().err


def test_a_pickle_in_a_state_is_never_run(tmp_path):
    class Payload:
        def __reduce__(self):
            return (pytest.fail, ("code of a state file was run",))

    model = built()
    path = states.save(tmp_path, model, 1.0)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    np.savez(path, **{**arrays, "generator/000": np.array([Payload()], dtype=object)})
    with pytest.raises(Refused):
        states.restore(tmp_path, model)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = built()
    stepped(model, 1)
    states.save(tmp_path, model, 1.0)
    kernel = model.generator.trainable_variables[0]
    kernel.assign(kernel * np.nan)
    with pytest.raises(FloatingPointError, match="generator is not finite"):
        states.save(tmp_path, model, 2.0)
    assert len(states.saved(tmp_path)) == 1


def test_a_full_disk_leaves_the_previous_state(tmp_path, monkeypatch):
    model = built()
    stepped(model, 1)
    states.save(tmp_path, model, 1.0)
    good = everything(model)
    stepped(model, 1)

    def full(path, **arrays):
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        states.save(tmp_path, model, 2.0)
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / run_dir.STATES).iterdir()] == ["step_000000001.npz"]
    states.restore(tmp_path, model)
    assert_same(good, everything(model))


def test_old_states_stay_while_the_new_one_is_written(tmp_path, monkeypatch):
    model = built()
    states.save(tmp_path, model, 1.0)
    real = np.savez

    def watched(path, **arrays):
        assert states.saved(tmp_path)
        real(path, **arrays)

    monkeypatch.setattr(np, "savez", watched)
    stepped(model, 1)
    states.save(tmp_path, model, 2.0)
    assert len(states.saved(tmp_path)) == 2
