"""Runs of the VAE: what they tell, what they are measured by, and what is drawn from them."""

import json

import numpy as np
import pytest
from PIL import Image

from gan_apps import systems
from gan_apps.data import sources
from gan_apps.evaluation import judgement, likelihood
from gan_apps.runs import run_dir
from gan_apps.training import train

TINY = {
    "dataset": "digits",
    "num_epochs": 2,
    "latent_dim": 2,
    "encoder_widths": (32, 16),
    "generator_widths": (16, 32),
    "precision": "float32",
    "log_steps": 5,
    "autoencoder_learning_rate": 5e-3,
}


def trained(folder, **values):
    system = systems.find("vae")
    return train.train(system, system.config(**{**TINY, **values}), folder / "run")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("vae"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    values = {"kl_weight": 0.0, "code_noise": False, "likelihood": "gaussian"}
    return trained(tmp_path_factory.mktemp("autoencoder"), **values)


@pytest.mark.slow
def test_its_rows_tell_the_two_parts_of_the_bound(run):
    for row in run_dir.read_metrics(run):
        assert row["autoencoder_loss"] == pytest.approx(row["kl"] + row["reconstruction"], rel=1e-4)
        assert 0.0 <= row["active_units"] <= 2.0
    assert row["autoencoder_loss"] < 0.8 * run_dir.read_metrics(run)[0]["autoencoder_loss"]


@pytest.mark.slow
def test_it_is_measured_by_importance_weights(run):
    report = json.loads((run / run_dir.EVALUATION).read_text())
    found = report["negative_log_likelihood"]
    assert found["K=1"] > found["K=50"] > found["K=500"] > 100.0
    assert report["active_units"] in (0, 1, 2)
    assert "nats, K=500" in judgement.table(report)
    assert "nats, K=500" in (run / run_dir.CARD).read_text()


@pytest.mark.slow
def test_the_test_bits_are_the_same_whenever_it_is_measured(run):
    recipe, images = run_dir.read_recipe(run), sources.load("digits", "test", 28).images
    first, again = (likelihood.measured(run, recipe, images[:250]) for _ in range(2))
    for name, values in first[0].items():
        np.testing.assert_array_equal(values, again[0][name])
    # A picture's bits are its own, whatever comes after it.
    fewer = likelihood.measured(run, recipe, images[:200])
    np.testing.assert_array_equal(fewer[0]["K=500"], first[0]["K=500"][:200])


@pytest.mark.slow
def test_one_command_draws_from_noise_and_from_pictures(run, gan_apps, tmp_path):
    images = sources.load("digits", "test", 28).images
    (tmp_path / "given").mkdir()
    for name, image in zip("abc", images, strict=False):
        Image.fromarray(image[..., 0]).save(tmp_path / "given" / f"{name}.png")

    def drawn(*flags):
        result = gan_apps("vae", f"--run_dir={run}", *flags)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.strip()

    assert drawn() == "run.png"
    assert drawn("--sheet") == "run_sheet.png"
    with Image.open(tmp_path / "run_sheet.png") as sheet:
        assert sheet.size == (20 * 28, 20 * 28)
    assert drawn("--input=given/a.png", "--side_by_side") == "a_drawn.png"
    with Image.open(tmp_path / "a_drawn.png") as both:
        pixels = np.asarray(both)
    assert pixels.shape == (28, 56)
    np.testing.assert_array_equal(pixels[:, :28], images[0, ..., 0])
    assert drawn("--input=given", "--output=out") == "out"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.png"]
    # What the state at the end draws is what the run draws.
    drawn("--input=given", "--output=state", "--state=last")
    for name in "abc":
        pair = [Image.open(tmp_path / folder / f"{name}.png") for folder in ("out", "state")]
        apart = [np.asarray(image).astype(int) for image in pair]
        assert np.abs(apart[0] - apart[1]).max() <= 1


@pytest.mark.slow
def test_an_autoencoder_has_a_sheet_and_no_likelihood(plain, gan_apps):
    report = json.loads((plain / run_dir.EVALUATION).read_text())
    assert not {"negative_log_likelihood", "active_units"} & report.keys()
    assert "kl" not in run_dir.read_metrics(plain)[0]
    result = gan_apps("vae", f"--run_dir={plain}", "--sheet")
    assert result.returncode == 0, result.stderr


def test_what_its_settings_cannot_be_is_refused(refused):
    line = refused("vae", "--mode=train", "--nocode_noise")
    assert "--kl_weight must be 0 with --nocode_noise, got 1.0" in line
    line = refused("vae", "--mode=train", "--kl_weight=0.5", "--importance_samples=5")
    assert "--importance_samples must stay 1 unless --kl_weight is 1" in line
    line = refused("vae", "--mode=train", "--likelihood=laplace")
    assert "--likelihood must be one of bernoulli, gaussian, got 'laplace'" in line
