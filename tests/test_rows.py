"""A row that is added to a table is a choice at once, everywhere."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import models
from gan_apps import conditions, settings, systems
from gan_apps.drawing import latents
from gan_apps.games import two_players
from gan_apps.settings import rows, translating
from gan_apps.systems import vae
from models import augmentations, game, losses, networks, penalties, sketches, translators
from tests.conftest import ROOT
from tests.tiny_models import built, stepped


def test_settings_know_every_row():
    assert rows.objectives() == tuple(models.OBJECTIVES)
    assert rows.divergences() == tuple(models.DIVERGENCES)
    assert rows.classifier_objectives() == tuple(losses.CLASSIFIER_OBJECTIVES)
    assert rows.augmentations() == tuple(augmentations.AUGMENTATIONS)
    assert settings.PENALTIES == ("none", *penalties.PENALTIES)
    assert settings.NORMALIZATIONS == ("auto", *networks.NORMALIZATIONS)
    assert settings.GENERATOR_NORMALIZATIONS == networks.GENERATOR_NORMALIZATIONS
    assert settings.ARCHITECTURES == tuple(networks.ARCHITECTURES)
    assert settings.LATENT_DISTRIBUTIONS == tuple(game.LATENT_DISTRIBUTIONS)
    assert tuple(latents.DISTRIBUTIONS) == settings.LATENT_DISTRIBUTIONS
    assert settings.MADE == tuple(sketches.SOURCES)
    assert vae.LIKELIHOODS == tuple(models.vae.LIKELIHOODS)
    assert translating.TRANSLATORS == tuple(translators.TRANSLATORS)
    assert translating.PATCHES == tuple(map(str, translators.PATCHES))
    assert translating.TRANSLATOR_NORMALIZATIONS == translators.TRANSLATOR_NORMALIZATIONS
    assert translating.PATCH_NORMALIZATIONS == translators.PATCH_NORMALIZATIONS


def test_settings_know_every_data_set():
    from gan_apps.data import sources

    assert settings.DATASETS == tuple(sources.SOURCES)


def test_conditions_are_columns_that_networks_know():
    columns = {kind.column for kind in conditions.KINDS.values()}
    # What an encoder made of a sentence is asked of a network alone.
    assert columns == {None, *models.conditions.KINDS} - {"encoded"}


@pytest.mark.parametrize("name", systems.names())
def test_a_system_is_three_files_of_its_name(name):
    system = systems.find(name)
    assert system.name == name
    for folder in ("models", "gan_apps/systems", "gan_apps"):
        assert (ROOT / folder / f"{name}.py").is_file()


def test_names_are_read_without_tensorflow():
    program = (
        "import sys; from gan_apps.settings import rows\n"
        "names = (rows.objectives(), rows.divergences(), rows.classifier_objectives())\n"
        "names += (rows.augmentations(),)\n"
        "print(*(name for table in names for name in sorted(table)))\n"
        "assert 'tensorflow' not in sys.modules and 'models' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tables = (models.OBJECTIVES, models.DIVERGENCES, losses.CLASSIFIER_OBJECTIVES)
    tables += (augmentations.AUGMENTATIONS,)
    expected = [name for table in tables for name in sorted(table)]
    assert result.stdout.split() == expected


def test_a_twelfth_divergence_is_one_row(monkeypatch):
    # Vincze and Le Cam: f(u) = (u - 1)**2 / (u + 1), f'(1) = 0, f*(t) = 4 - t - 4 sqrt(1 - t).
    row = models.FDivergence(
        name="le_cam",
        f=lambda u: (u - 1.0) ** 2 / (u + 1.0),
        conjugate=lambda t: 4.0 - t - 4.0 * tf.sqrt(1.0 - t),
        activation=lambda v: 1.0 - tf.exp(-v),
        conjugate_of_activation=lambda v: 3.0 + tf.exp(-v) - 4.0 * tf.exp(-v / 2.0),
        threshold=0.0,
    )
    monkeypatch.setitem(models.DIVERGENCES, "le_cam", row)
    chosen = systems.find("fgan").config(divergence="le_cam")
    assert two_players.divergence(chosen.divergence, chosen) is row
    asked = systems.find("cgan").config(objective="le_cam")
    assert two_players.objective(asked).name == "le_cam"
    assert np.isfinite(list(stepped(built("fgan", "le_cam"), 2).values())).all()


def test_a_sixth_objective_is_one_row(monkeypatch):
    # Least squares with the targets 1, -1 and 0.
    row = models.Objective(
        name="least_squares_pearson",
        real=lambda s: (s - 1.0) ** 2,
        fake=lambda s: (s + 1.0) ** 2,
        generator=lambda s: s**2,
        reference="Mao et al. 2017 (arXiv 1611.04076), equation 8",
    )
    monkeypatch.setitem(models.OBJECTIVES, row.name, row)
    for name in ("dcgan", "cgan"):
        config = systems.find(name).config(objective=row.name)
        assert two_players.objective(config) is row
    assert np.isfinite(list(stepped(built("dcgan", row.name), 2).values())).all()


def test_an_unknown_divergence_is_refused_with_the_list():
    with pytest.raises(ValueError, match="divergence must be one of total_variation, .*alpha, got"):
        systems.find("fgan").config(divergence="kullback")
