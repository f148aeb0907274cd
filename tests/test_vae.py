"""The VAE: likelihoods, the divergence and importance weights at answers that are known."""

import math
import statistics
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps import systems
from models import VAE, CodeGenerator, Encoder, networks, vae
from models.vae import Reconstruction

RANDOM = np.random.RandomState(0)
NARROW = {"image_size": 8, "architecture": "mlp", "latent_dim": 3}
ENCODER = {**NARROW, "widths": (16, 8)}
GENERATOR = {**NARROW, "widths": (8, 16)}


def normal(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def pictures(count=4):
    return RANDOM.uniform(-1.0, 1.0, (count, 8, 8, 1)).astype(np.float32)


def made(seed=0, noise=True, likelihood="bernoulli", **arguments):
    """A compiled VAE of narrow networks."""
    keras.utils.set_random_seed(seed)
    made = {}
    for prefix in ("", "averaged_"):
        made[f"{prefix}encoder"] = Encoder(**ENCODER, noise=noise)
        made[f"{prefix}generator"] = CodeGenerator(**GENERATOR, likelihood=likelihood)
    model = VAE(made, kl_weight=float(noise), **arguments) if noise else VAE(made, kl_weight=0.0)
    model.compile()
    return model


def stacked(images):
    return {"autoencoder": {"images": tf.constant(images)[None]}}


def keyed(shape, chunk):
    return tf.random.stateless_normal(shape, [3, chunk])


def linear_gaussian(count=40, pixels=12, d=2, deviation=0.5):
    """p(x|z) = N(W z + b, s**2 I), W's columns orthogonal, so that the posterior has no covariance.

    Returns:
      log p(x|z) as a function of codes, the posterior's mean and log deviation, and log p(x).
    """
    columns = np.linalg.qr(RANDOM.standard_normal((pixels, d)))[0] * np.array([1.5, 0.7])
    offset = RANDOM.standard_normal(pixels)
    covariance = columns @ columns.T + deviation**2 * np.eye(pixels)
    x = offset + RANDOM.standard_normal((count, pixels)) @ np.linalg.cholesky(covariance).T
    precision = 1.0 + np.diag(columns.T @ columns) / deviation**2
    mean = (x - offset) @ columns / deviation**2 / precision
    log_deviation = np.broadcast_to(-0.5 * np.log(precision), mean.shape)
    distance = np.einsum("ni,ij,nj->n", x - offset, np.linalg.inv(covariance), x - offset)
    log_determinant = np.linalg.slogdet(2.0 * np.pi * covariance)[1]

    def log_probability(codes):
        drawn = tf.linalg.matvec(columns.astype(np.float32), codes) + offset.astype(np.float32)
        squares = tf.reduce_sum((x.astype(np.float32) - drawn) ** 2, axis=-1) / deviation**2
        return -0.5 * (squares + pixels * math.log(2.0 * math.pi * deviation**2))

    as_tensors = (tf.constant(value, tf.float32) for value in (mean, log_deviation))
    return log_probability, *as_tensors, -0.5 * (distance + log_determinant)


def test_importance_weights_are_exact_on_a_linear_gaussian_model():
    log_probability, mean, log_deviation, exact = linear_gaussian()
    # By the posterior itself every weight is p(x).
    found = vae.log_likelihoods(log_probability, mean, log_deviation, keyed, counts=(1, 50))
    for values in found.values():
        assert_allclose(values, exact, atol=1e-3)
    # By another q only the mean of many is.
    moved, wider = mean + 0.2, log_deviation + 0.25
    found = vae.log_likelihoods(
        log_probability, moved, wider, keyed, counts=(1, 100, 20_000), chunk=5_000
    )
    means = {count: float(tf.reduce_mean(values)) for count, values in found.items()}
    assert means[1] < means[100] - 1e-3 < exact.mean() - 1e-3
    assert_allclose(means[20_000], exact.mean(), atol=1e-3)


def test_a_chunk_is_no_part_of_the_value():
    log_probability, mean, log_deviation, _ = linear_gaussian(count=3)
    whole = keyed((12, *mean.shape), 0)
    for chunk in (12, 5, 1):
        found = vae.log_likelihoods(
            log_probability,
            mean - 0.3,
            log_deviation,
            lambda shape, number, chunk=chunk: whole[number * chunk :][: shape[0]],
            counts=(3, 12),
            chunk=chunk,
        )
        weights = vae.log_weights(log_probability, mean - 0.3, log_deviation, whole).numpy()
        groups = np.log(np.exp(weights.reshape(4, 3, -1)).mean(axis=1)).mean(axis=0)
        assert_allclose(found[3], groups, rtol=1e-5)
        assert_allclose(found[12], np.log(np.exp(weights).mean(axis=0)), rtol=1e-5)
    with pytest.raises(ValueError, match="counts must divide the largest of them, 12, got 5"):
        vae.log_likelihoods(log_probability, mean, log_deviation, keyed, counts=(1, 5, 12))


def test_one_code_tells_the_elbo_and_more_tell_more():
    keras.utils.set_random_seed(1)
    network = Reconstruction(encoder=ENCODER, generator=GENERATOR)
    # Deviations that are not far from 1/e.
    network.encoder.set_weights([0.5 * weight for weight in network.encoder.get_weights()])
    network.encoder.get_layer("log_deviation").bias.assign(np.full(3, -1.0))
    images, draws = tf.constant(np.sign(pictures(30))), 2_000
    found = network.log_likelihoods(images, keyed, counts=(1, 50, draws))
    code = network.code(images)
    codes = code["mean"] + tf.exp(code["log_deviation"]) * normal(draws, 30, 3)
    explained = network.generator.log_probability(images, codes).numpy().mean(axis=1)
    kl = float(tf.reduce_mean(vae.divergence_from_prior(code["mean"], code["log_deviation"])))
    weights = vae.log_weights(
        lambda codes: network.generator.log_probability(images, codes),
        code["mean"],
        code["log_deviation"],
        normal(draws, 30, 3),
    )
    error = math.hypot(explained.std(), weights.numpy().mean(axis=1).std()) / draws**0.5
    one, fifty, most = (found[count].numpy() for count in (1, 50, draws))
    # Small beside all that the bound is made of.
    assert 0.0 < 20.0 * error < min(kl, -float(tf.reduce_sum(code["log_deviation"][0])))
    assert abs(one.mean() - (explained.mean() - kl)) < 3.0 * error
    assert np.all(one < fifty) and np.all(fifty < most)


def test_the_divergence_from_the_prior_is_its_integral():
    mean, deviation = np.array([[0.3, -1.2]]), np.array([[0.5, 1.7]])
    kl = vae.divergence_from_prior(
        tf.constant(mean, tf.float32), tf.constant(np.log(deviation), tf.float32)
    )
    at, step = np.linspace(-14.0, 14.0, 20_001, retstep=True)
    whole = 0.0
    for m, s in zip(mean[0], deviation[0], strict=True):
        log_q = -0.5 * ((at - m) / s) ** 2 - np.log(s)
        whole += step * np.sum(np.exp(log_q) / math.sqrt(2.0 * math.pi) * (log_q + 0.5 * at**2))
    assert_allclose(kl, [whole], rtol=1e-5)
    assert_allclose(vae.divergence_from_prior(tf.zeros((2, 5)), tf.zeros((2, 5))), [0.0, 0.0])


def test_bernoulli_is_the_cross_entropy_of_bits():
    activations, bits = normal(3, 8, 8, 1), np.sign(pictures(3))
    ones = 1.0 / (1.0 + np.exp(-2.0 * activations))
    assert_allclose(2.0 * ones - 1.0, np.tanh(activations), atol=1e-6)
    expected = np.log(np.where(bits > 0.0, ones, 1.0 - ones)).sum(axis=(1, 2, 3))
    assert_allclose(vae.bernoulli(bits, activations), expected, rtol=1e-5)
    far = vae.bernoulli(bits, 1000.0 * np.sign(bits)), vae.bernoulli(bits, -1000.0 * bits)
    assert_allclose(far[0], [0.0] * 3, atol=1e-6)
    assert_allclose(far[1], [-2000.0 * 64] * 3)


def test_gaussian_is_the_density_of_every_pixel():
    images, activations, log_deviation = pictures(3), normal(3, 8, 8, 1), -0.7
    law = [statistics.NormalDist(m, math.exp(log_deviation)) for m in np.tanh(activations).flat]
    logs = [math.log(one.pdf(x)) for one, x in zip(law, images.flat, strict=True)]
    expected = np.reshape(logs, (3, -1)).sum(axis=1)
    assert_allclose(vae.gaussian(images, activations, log_deviation), expected, rtol=1e-4)


def test_bits_have_the_gray_values_as_their_means_and_are_drawn_anew():
    model, images = made(), tf.constant(np.tile(pictures(1), (2_000, 1, 1, 1)))
    observed = model.networks["generator"].observed
    bits = [observed(images, model.uniform).numpy() for _ in range(2)]
    assert set(np.unique(bits)) == {-1.0, 1.0}
    assert_allclose(np.mean(bits, axis=(0, 1)), images[0], atol=0.1)
    assert 0.2 < np.mean(bits[0] != bits[1]) < 0.5
    # A game that is gone on with sees the bits that it would have seen.
    model.draws.assign(0)
    assert_array_equal(observed(images, model.uniform), bits[0])
    black_and_white = tf.constant([[[[-1.0], [1.0]]]])
    assert_array_equal(observed(black_and_white, model.uniform), black_and_white)
    assert made(likelihood="gaussian").networks["generator"].observed(images, None) is images


@pytest.mark.parametrize("samples", [1, 4])
def test_the_loss_is_the_bound(samples):
    model, images = made(importance_samples=samples), np.sign(pictures(6))
    encoder, generator = (model.networks[name] for name in vae.NETWORKS)
    loss = float(model.unexplained({"images": tf.constant(images)}))
    # Bits stay bits: the first draw is theirs, the second the noise of the codes.
    key = tf.constant([model.seed, 2], tf.int64)
    noise = np.transpose(tf.random.stateless_normal((6, samples, 3), key), (1, 0, 2))
    code = encoder({"images": images})
    mean, log_deviation = code["mean"].numpy(), code["log_deviation"].numpy()
    codes = mean + np.exp(log_deviation) * noise
    drawn = generator({"latents": codes.reshape(-1, 3)}).numpy().reshape(samples, 6, 8, 8, 1)
    explained = np.log((1.0 + images * drawn) / 2.0).sum(axis=(2, 3, 4))
    if samples == 1:
        kl = 0.5 * (mean**2 + np.exp(2 * log_deviation) - 1.0 - 2 * log_deviation).sum(axis=1)
        expected = np.mean(kl - explained[0])
    else:
        ratio = 0.5 * (noise**2 - codes**2) + log_deviation
        expected = -np.mean(np.log(np.mean(np.exp(explained + ratio.sum(axis=2)), axis=0)))
    assert_allclose(loss, expected, rtol=1e-4)
    assert_allclose(model.means["reconstruction"].result(), -explained.mean(), rtol=1e-4)


@pytest.mark.slow
def test_it_learns_what_there_is_to_learn():
    """Two pictures, told by one bit: log 2 nats, and all that is left is what noise costs."""
    images = np.ones((64, 8, 8, 1), np.float32)
    images[::2, :4] = -1.0
    model = made()
    model.compile({"autoencoder": keras.optimizers.Adam(0.01)})
    step = tf.function(model.train_step)
    for _ in range(120):
        model.reset_metrics()
        logs = step(stacked(images))
    loss = float(logs["autoencoder_loss"])
    assert math.log(2.0) < loss < 0.2 * 64 * math.log(2.0)
    assert float(logs["kl"]) > 0.5 and 1.0 <= float(logs["active_units"]) <= 3.0
    assert_allclose(loss, float(logs["kl"]) + float(logs["reconstruction"]), rtol=1e-5)
    told = Reconstruction(encoder=ENCODER, generator=GENERATOR)
    parts = [model.networks[name].get_weights() for name in vae.NETWORKS]
    told.set_weights([weight for part in parts for weight in part])
    found = told.log_likelihoods(tf.constant(images[:2]), keyed, counts=(1, 500))
    # No model tells two pictures in fewer nats, and this one needs fewer than its bound says.
    unlikely = -float(tf.reduce_mean(found[500]))
    assert math.log(2.0) < unlikely < -float(tf.reduce_mean(found[1])) < loss + 1.0


def test_active_units_are_those_whose_mean_varies():
    means = normal(2_000, 4) * np.array([1.0, 0.2, 0.05, 0.0]) + 7.0
    assert float(vae.active_units(tf.constant(means, tf.float32))) == 2.0


def test_without_noise_it_is_an_autoencoder():
    model, images = made(noise=False, likelihood="gaussian"), pictures(32)
    assert model.networks["encoder"].output.keys() == {"mean"}
    logs = model.train_step(stacked(images))
    assert logs.keys() == {"autoencoder_loss", "reconstruction", "autoencoder_gradient_norm"}
    # Its loss has no noise.
    model.compile({"autoencoder": keras.optimizers.SGD(0.0)})
    losses = []
    for _ in range(2):
        model.reset_metrics()
        losses.append(float(model.train_step(stacked(images))["autoencoder_loss"]))
    assert losses[0] == losses[1]
    # Codes are as large as those of a prior would be.
    codes = model.networks["encoder"]({"images": images}, training=True)["mean"].numpy()
    assert_allclose([codes.mean(axis=0), codes.std(axis=0)], [[0.0] * 3, [1.0] * 3], atol=0.05)


@pytest.mark.slow
def test_the_deviation_is_learned():
    model = made(noise=False, likelihood="gaussian")
    model.compile({"autoencoder": keras.optimizers.Adam(0.02)})
    images = np.clip(normal(256, 8, 8, 1) * 0.3, -1.0, 1.0)
    step = tf.function(model.train_step)
    for _ in range(200):
        step(stacked(images))
    learned = model.networks["generator"].get_layer("deviation").log_deviation
    encoder, generator = (model.networks[name] for name in vae.NETWORKS)
    drawn = generator({"latents": encoder({"images": images}, training=True)["mean"]})
    assert_allclose(math.exp(learned), np.std(images - drawn), rtol=0.03)


def test_a_reconstruction_is_made_of_both_networks():
    model, images = made(likelihood="gaussian"), pictures()
    whole = networks.rebuilt(
        networks.described(
            Reconstruction(encoder=ENCODER, generator={**GENERATOR, "likelihood": "gaussian"})
        )
    )
    parts = [model.networks[name] for name in vae.NETWORKS]
    whole.set_weights([weight for part in parts for weight in part.get_weights()])
    code = parts[0]({"images": images})["mean"]
    assert_allclose(whole({"images": images}), parts[1]({"latents": code}), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", vae.LIKELIHOODS)
def test_it_is_saved_and_read_as_it_is(likelihood, tmp_path):
    model = made(likelihood=likelihood)
    model.train_step(stacked(pictures()))
    model.save(tmp_path / "model.keras")
    read = keras.models.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(model.weights, read.weights, strict=True):
        assert_array_equal(ours, theirs)
    assert_array_equal(
        *(one.predict({"latents": np.ones((2, 3), np.float32)}, verbose=0) for one in (model, read))
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            {"kl_weight": 2.0, "importance_samples": 3},
            "importance_samples must be 1 unless .*got 3",
        ),
        ({"kl_weight": 0.5, "noise": False}, "kl_weight must be 0 where codes have no noise.*0.5"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    noise = arguments.pop("noise", True)
    parts = {"encoder": Encoder(**ENCODER, noise=noise), "generator": CodeGenerator(**GENERATOR)}
    with pytest.raises(ValueError, match=words):
        VAE(parts, **arguments)
    with pytest.raises(ValueError, match="likelihood must be one of bernoulli, gaussian, got 'l1'"):
        CodeGenerator(**GENERATOR, likelihood="l1")


def test_widths_that_do_not_fit_are_refused_by_their_flag():
    system = systems.find("vae")
    config = system.config(architecture="dcgan", generator_widths=(8, 8, 8), precision="float32")
    with pytest.raises(ValueError, match="^generator_widths must be at most 2 numbers .*, got 3"):
        system.game(config, types.SimpleNamespace(shape=(28, 28, 1)), 10)
