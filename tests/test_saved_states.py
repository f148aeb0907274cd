"""A run's saved states as files: which one is asked for, and what is drawn from it."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps.drawing import latents, runtimes
from gan_apps.runs import run_dir, saved_states
from gan_apps.runs.draws import Draw, Latents
from gan_apps.settings import Refused
from tests.tiny_models import built, stepped


@pytest.fixture
def files(tmp_path):
    """A run with states that nothing reads."""
    folder = tmp_path / run_dir.STATES
    folder.mkdir()
    for name in ("step_000000500.npz", "step_000001000.npz", "best_step_000000070.npz"):
        (folder / name).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    "asked, name",
    [
        ("last", "step_000001000.npz"),
        ("best", "best_step_000000070.npz"),
        ("500", "step_000000500.npz"),
        ("70", "best_step_000000070.npz"),
        ("000000500", "step_000000500.npz"),
    ],
)
def test_a_state_is_found_by_what_it_is(files, asked, name):
    assert saved_states.named(files, asked).name == name


@pytest.mark.parametrize("asked", ["", "worst", "-5", "1e3", "٣"])
def test_another_word_is_refused(files, asked):
    with pytest.raises(Refused, match=f"--state={asked}: must be best, last or the number"):
        saved_states.named(files, asked)


def test_a_state_that_is_not_there_is_refused_with_those_that_are(files):
    words = "has the states of iterations 70, 500, 1000, of which 70 is the best"
    with pytest.raises(Refused, match=f"--state=501: .*{words}"):
        saved_states.named(files, "501")
    (files / run_dir.STATES / "best_step_000000070.npz").unlink()
    with pytest.raises(Refused, match="--state=best: .*500, 1000 and no best one yet"):
        saved_states.named(files, "best")
    shutil.rmtree(files / run_dir.STATES)
    with pytest.raises(Refused, match="--state=last: .*no saved states"):
        saved_states.named(files, "last")


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A run that has not ended, its states of iterations 2 to 4 and the best of 1, and pictures."""
    from gan_apps.training import states
    from models import networks

    run = tmp_path_factory.mktemp("unfinished")
    model = built("dcgan")
    inputs = {"latents": latents.latents(0, (0,), range(3), 5)}
    drawn = {}
    for count in range(1, 5):
        stepped(model, 1, first=count)
        path = states.save(run, model, 0.0)
        if count == 1:
            states.keep_best(run, path)
        drawn[count] = np.asarray(model.averaged_generator(inputs, training=False))
    one = Draw(
        network=networks.described(model.averaged_generator),
        shape=(8, 8, 1),
        latents=Latents(size=5),
    )
    recipe = run_dir.Recipe(
        system="dcgan",
        settings={"seed": 0, "dataset": "digits"},
        draws={"generator": one},
        versions={},
    )
    return run, recipe, inputs, drawn


@pytest.mark.parametrize("asked, iteration", [("best", 1), ("last", 4), ("3", 3)])
def test_a_state_draws_what_the_training_drew_then(unfinished, asked, iteration):
    run, recipe, inputs, drawn = unfinished
    images = runtimes.open_generator(run, recipe, state=asked)(inputs)
    assert_allclose(images, drawn[iteration], atol=1e-6)
    assert np.abs(images - drawn[2]).max() > 1e-3


def test_litert_does_not_draw_a_state(unfinished):
    run, recipe, _, _ = unfinished
    with pytest.raises(Refused, match="--runtime=litert: --state=best is drawn from with Keras"):
        runtimes.open_generator(run, recipe, "litert", "best")


@pytest.mark.parametrize("harm", ["cut", "pickled", "of_another"])
def test_a_state_that_cannot_be_drawn_from_is_refused(unfinished, tmp_path, harm):
    run, recipe, _, _ = unfinished
    shutil.copytree(run / run_dir.STATES, tmp_path / run_dir.STATES)
    path = saved_states.named(tmp_path, "last")
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-300])
    elif harm == "pickled":
        np.savez(path, **{"averaged_generator/000": np.array([print], dtype=object)})
    else:
        np.savez(path, **{"averaged_generator/000": np.zeros((3, 4))})
    with pytest.raises(Refused, match=f"{path.name} is not the network that config.json"):
        runtimes.open_generator(tmp_path, recipe, state="last")


def test_a_state_is_exported(unfinished, tmp_path):
    from gan_apps.serving import exports

    run, recipe, inputs, drawn = unfinished
    (made,) = exports.export(run, recipe, tmp_path / "out", "saved_model", state="best")
    assert made.read_as_asked is None and made.difference <= 0.1
    served = tf.saved_model.load(str(made.path)).signatures["latents"]
    images = served(latents=tf.constant(inputs["latents"]))["images"]
    assert_allclose(images, (drawn[1] + 1.0) / 2.0, atol=1e-5)


def test_the_newest_state_of_a_training_that_has_ended_is_what_it_ended_with(tiny_run):
    recipe = run_dir.read_recipe(tiny_run)
    inputs = latents.requested(recipe.draw, [3, 5], 2, 0)
    ended, newest = (
        runtimes.open_generator(tiny_run, recipe, "keras", state)(inputs)
        for state in (None, "last")
    )
    assert_array_equal(newest, ended)


def test_the_command_draws_from_a_state(tiny_run, gan_apps, tmp_path):
    result = gan_apps("cgan", f"--run_dir={tiny_run}", "--digit=3", "--state=last")
    assert (result.stdout, result.stderr) == ("digit_3.png\n", "")
    assert (tmp_path / "digit_3.png").is_file()


def test_the_command_refuses_in_one_line(refused):
    run = run_dir.shipped("cgan_digits")
    assert "has no saved states" in refused("cgan", f"--run_dir={run}", "--state=best")
    line = refused("cgan", "--mode=train", "--state=best")
    assert line.endswith("--state=best means nothing with --mode=train.")
    line = refused("export", f"--run_dir={run}", "--output_dir=out", "--state=9")
    assert "--state=9" in line and "no saved states" in line
