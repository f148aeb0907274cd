"""The contract of the loop, for every model."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

import models
from models.adversarial import to_signed
from models.penalties import PENALTIES
from tests.tiny_models import (
    COUNT,
    EVERY_OBJECTIVE,
    NUM_CLASSES,
    built,
    fitted,
    iterations,
)


def copies(network):
    return [weight.copy() for weight in network.get_weights()]


def moved(before, network):
    return any((old != new).any() for old, new in zip(before, network.get_weights(), strict=True))


@pytest.fixture(params=models.MODELS)
def name(request):
    return request.param


@pytest.mark.parametrize("objective", EVERY_OBJECTIVE)
def test_history_has_exactly_our_names_and_is_finite(name, objective):
    history = fitted(built(name, objective)).history
    assert set(history) == {"discriminator_loss", "generator_loss"}
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize("k, j", [(1, 1), (3, 1), (1, 2)])
def test_updates_per_iteration(name, k, j):
    model = built(name, discriminator_steps=k, generator_steps=j)
    fitted(model, 4)
    assert int(model.discriminator_optimizer.iterations) == 4 * k
    assert int(model.generator_optimizer.iterations) == 4 * j
    assert int(model.iteration) == 4
    # One draw of latents for each update.
    assert int(model.draws) == 4 * (k + j)


def test_each_update_moves_only_its_own_variables(name):
    model = built(name)
    (iteration,) = iterations(model, 1)
    networks = model.generator, model.discriminator
    before = [[v.numpy().copy() for v in n.trainable_variables] for n in networks]

    def moved_trainables():
        pairs = zip(before, networks, strict=True)
        return [
            any((o != v.numpy()).any() for o, v in zip(old, n.trainable_variables, strict=True))
            for old, n in pairs
        ]

    model._update_discriminator({key: stack[0] for key, stack in iteration["examples"].items()})
    assert moved_trainables() == [False, True]
    before[1] = [v.numpy().copy() for v in model.discriminator.trainable_variables]
    model._update_generator(
        {key: stack[0] for key, stack in iteration["conditions"].items()}, COUNT
    )
    assert moved_trainables() == [True, False]


def test_same_seed_same_weights_and_another_seed_others(name):
    first, again, other = (built(name, seed=seed) for seed in (1, 1, 2))
    for model in (first, again, other):
        fitted(model)
    weights = copies(first.generator)
    assert not moved(weights, again.generator)
    assert moved(weights, other.generator)


def test_the_seed_keys_the_noise_and_not_only_the_weights(name):
    first, other = built(name, seed=1), built(name, seed=2)
    assert np.abs(first.latents(3) - other.latents(3)).max() > 0.1


def test_latents_are_new_at_every_draw_and_go_on_from_the_counter(name):
    model = built(name)
    first, second = model.latents(3), model.latents(3)
    assert np.abs(first - second).max() > 0.1
    model.draws.assign(0)
    assert_allclose(model.latents(3), first, atol=0)


def test_the_average_is_warmed_up_and_follows(name):
    model = built(name, averaging_decay=0.5)
    start = copies(model.averaged_generator)
    fitted(model, 1)
    # decay = min(.5, (1 + 1) / (10 + 1)) after the first iteration.
    decay = 2.0 / 11.0
    for average, old, new in zip(
        model.averaged_generator.get_weights(), start, model.generator.get_weights(), strict=True
    ):
        assert_allclose(average, decay * old + (1 - decay) * new, rtol=1e-4, atol=1e-6)
    assert model.averaged_generator.trainable_variables == []


def test_real_gradient_penalty_is_due_every_interval(name):
    # With a huge weight the penalty decides the first update and is absent from the second.
    plain, penalised = built(name), built(name, real_gradient_weight=1e3, real_gradient_interval=2)
    fitted(plain, 1)
    fitted(penalised, 1)
    assert moved(copies(plain.discriminator), penalised.discriminator)
    plain, penalised = built(name), built(name, real_gradient_weight=1e3, real_gradient_interval=2)
    for model in (plain, penalised):
        model.iteration.assign(1)
        fitted(model, 1)
    assert not moved(copies(plain.discriminator), penalised.discriminator)


@pytest.mark.parametrize("kind", PENALTIES)
def test_a_gradient_penalty_is_measured_and_keeps_slopes_small(name, kind):
    loop = {"penalty": kind, "discriminator_steps": 2}
    model = built(name, "wasserstein", penalty_weight=10.0, **loop)
    history = fitted(model, 3).history
    assert set(history) == {
        "discriminator_loss",
        "generator_loss",
        "wasserstein_estimate",
        "gradient_norm",
    }
    assert np.isfinite(list(history.values())).all()
    # The conditional loss also holds the mismatched pairs; the estimate real and generated only.
    assert int(model.draws) == 3 * (2 * 2 + 1)
    heavy = built(name, "wasserstein", penalty_weight=1e4, **loop)
    fitted(heavy, 30)
    slope = fitted(heavy, 1, first=30).history["gradient_norm"][0]
    assert 0.5 < slope < 1.5 if kind == "two_sided" else slope < 1.5


def test_clipping_leaves_every_weight_inside(name):
    model = built(name, "wasserstein", clip=0.01)
    history = fitted(model).history
    assert set(history) == {"discriminator_loss", "generator_loss", "wasserstein_estimate"}
    for variable in model.discriminator.trainable_variables:
        assert np.abs(variable.numpy()).max() <= 0.01 + 1e-9
    assert max(np.abs(v.numpy()).max() for v in model.generator.trainable_variables) > 0.01


def test_spectral_normalization_iterates_once_per_discriminator_update(name, monkeypatch):
    model = built(name, "hinge", normalization="spectral", discriminator_steps=2)
    assert len(model.spectral_layers) == 3
    counts = []
    for layer in model.spectral_layers:
        real = layer.power_iteration
        monkeypatch.setattr(layer, "power_iteration", lambda real=real: (counts.append(1), real()))
    before = [layer.u.numpy().copy() for layer in model.spectral_layers]
    fitted(model, 1)
    # Counted while the step is traced: two updates of three layers.
    assert len(counts) == 2 * 3
    for layer, old in zip(model.spectral_layers, before, strict=True):
        assert np.abs(layer.u.numpy() - old).max() > 1e-4


def test_bfloat16_trains_float32_weights(name):
    model = built(name, policy="mixed_bfloat16", real_gradient_weight=1.0)
    history = fitted(model).history
    assert np.isfinite(list(history.values())).all()
    assert {w.dtype for n in (model.generator, model.discriminator) for w in n.weights} == {
        "float32"
    }


@pytest.mark.slow
def test_xla_compiles_the_step_to_the_same_losses(name, monkeypatch):
    # XLA draws other numbers for the same key, so both steps are given the same latents.
    fixed = lambda model, count: tf.sin(tf.reshape(tf.range(count * 5.0), (count, 5)))
    monkeypatch.setattr(models.MODELS[name], "latents", fixed)
    compiled, plain = (
        fitted(built(name, jit_compile=jit, real_gradient_weight=1.0), 1).history
        for jit in (True, False)
    )
    assert_allclose(compiled["discriminator_loss"], plain["discriminator_loss"], rtol=1e-5)
    # After one update of the discriminator, in which Adam moves every weight by its full step,
    # by the sign of gradients that may be next to nothing.
    assert_allclose(compiled["generator_loss"], plain["generator_loss"], rtol=1e-3)


def test_cgan_weights_its_three_terms():
    # Losses at scores 0 are log 2 each: log 2 + log 2 / 2 + log 2 / 2.
    model, zero = built(), tf.zeros(3)
    assert_allclose(model.discriminator_loss(zero, zero, zero), 2 * np.log(2.0), rtol=1e-6)
    assert_allclose(model.generator_loss(zero), np.log(2.0), rtol=1e-6)
    confident = tf.constant([100.0])
    assert_allclose(model.discriminator_loss(confident, -confident, confident), 50.0, rtol=1e-6)
    assert_allclose(model.discriminator_loss(confident, confident, -confident), 50.0, rtol=1e-6)
    assert_allclose(model.discriminator_loss(-confident, -confident, -confident), 100.0, rtol=1e-6)


def test_cgan_without_mismatched_pairs():
    model = built(mismatched_weight=0.0)
    scores = tf.constant([100.0])
    assert_allclose(model.discriminator_loss(scores, -scores, scores), 0.0, atol=1e-6)
    assert_allclose(model.discriminator_loss(scores, scores, scores), 100.0, rtol=1e-6)


def test_cgan_hands_the_foreign_label_to_the_discriminator(monkeypatch):
    model = built()
    seen = []
    real_call = model.discriminator.call

    def call(inputs, *args, **kwargs):
        seen.append(np.array(inputs["labels"]))
        return real_call(inputs, *args, **kwargs)

    monkeypatch.setattr(model.discriminator, "call", call)
    (iteration,) = iterations(model, 1)
    model._update_discriminator({key: stack[0] for key, stack in iteration["examples"].items()})
    labels = iteration["examples"]["labels"][0].numpy()
    assert_allclose(seen[0], np.stack([labels, (labels + 1) % NUM_CLASSES], axis=1))
    assert_allclose(seen[1], labels[:, None])


def test_to_signed_maps_bytes_to_the_range_of_tanh():
    assert_allclose(to_signed(tf.constant([0, 255], tf.uint8)), [-1.0, 1.0], atol=1e-6)
