"""What the networks make of their inputs, looked at pixel by pixel."""

import re

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models import networks
from models.conditions import Condition
from models.networks import Discriminator, Generator, Projection

DIGITS = Condition("labels", (10,))
LATENTS = tf.random.stateless_normal((4, 8), seed=(3, 4))


@pytest.fixture(scope="module")
def generator():
    return Generator(condition=DIGITS, latent_dim=8, widths=(16, 8))


@pytest.fixture(scope="module")
def discriminator():
    return Discriminator(condition=DIGITS, widths=(8, 16))


def drawn(generator, labels, latents=LATENTS):
    return generator({"latents": latents, "labels": tf.constant(labels)}, training=False).numpy()


def test_generator_draws_in_range(generator):
    images = drawn(generator, [0, 1, 2, 3], 100.0 * LATENTS)
    assert images.shape == (4, 28, 28, 1)
    assert np.abs(images).max() <= 1.0


@pytest.mark.parametrize("image_size, channels", [(28, 1), (32, 3)])
def test_generator_takes_sizes_and_channels(image_size, channels):
    network = Generator(
        condition=Condition("labels", (3,)),
        latent_dim=8,
        widths=(8, 8),
        image_size=image_size,
        channels=channels,
    )
    assert drawn(network, [0, 1, 2, 0]).shape == (4, image_size, image_size, channels)


def test_generator_refuses_a_size_it_cannot_double_to():
    with pytest.raises(ValueError, match="divisible by 4, got 30"):
        Generator(condition=DIGITS, image_size=30)
    with pytest.raises(ValueError, match="at most 2 numbers for images of 28x28, got 3"):
        Generator(condition=DIGITS, widths=(8, 8, 8))
    for body in ({"architecture": "resnet"}, {"normalization": "spectral"}):
        with pytest.raises(ValueError, match="must be one of"):
            Generator(**body)
    with pytest.raises(TypeError, match="with_normalization"):
        Generator(with_normalization=True)


@pytest.mark.parametrize("architecture", networks.ARCHITECTURES)
@pytest.mark.parametrize("image_size, channels", [(8, 1), (28, 1), (64, 3)])
def test_every_architecture_fits_every_size(architecture, image_size, channels):
    shape = {"image_size": image_size, "channels": channels, "architecture": architecture}
    images = Generator(**shape)({"latents": tf.zeros((2, 32))})
    assert images.shape == (2, image_size, image_size, channels)
    assert Discriminator(**shape)({"images": images}).shape == (2, 1)


def layers_of(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


def test_the_dcgan_is_the_paper_s():
    layers = networks.keras.layers
    generator = Generator(widths=(16, 8))
    discriminator = Discriminator(widths=(8, 16, 32), normalization="batch")
    assert len(layers_of(generator, layers.Conv2DTranspose)) == 1
    assert len(layers_of(generator, networks.BatchNormalization)) == 2
    strides = [layer.strides for layer in layers_of(discriminator, layers.Conv2D)]
    assert strides == [(2, 2)] * 3
    # The first convolution is not normalised.
    assert len(layers_of(discriminator, networks.BatchNormalization)) == 2
    assert len(layers_of(discriminator, layers.LeakyReLU)) == 3
    assert not layers_of(discriminator, layers.MaxPooling2D)
    kernel = layers_of(discriminator, layers.Conv2D)[2].kernel
    assert_allclose(np.std(kernel), 0.02, rtol=0.05)


@pytest.mark.parametrize(
    "normalization, kind", [("spectral", "SpectralDense"), ("virtual_batch", "VirtualBatch")]
)
@pytest.mark.parametrize("architecture", networks.ARCHITECTURES)
def test_normalizations_reach_every_architecture(architecture, normalization, kind):
    network = Discriminator(
        image_size=16, architecture=architecture, widths=(8, 8, 8), normalization=normalization
    )
    assert any(type(layer).__name__.startswith(kind) for layer in network.layers)


def test_a_generator_without_labels_survives_its_description():
    generator = Generator(latent_dim=8, widths=(16, 8), normalization="virtual_batch")
    description = networks.described(generator)
    assert description["class"] == "networks.Generator"
    assert "condition" not in description["config"]
    rebuilt = networks.rebuilt(description)
    rebuilt.set_weights(generator.get_weights())
    assert_allclose(rebuilt({"latents": LATENTS}), generator({"latents": LATENTS}), atol=0)


def test_generator_heeds_every_label(generator):
    # The same latents with two labels are different images, for each pair of labels.
    images = drawn(generator, list(range(10)), tf.repeat(LATENTS[:1], 10, axis=0))
    for first in range(10):
        for second in range(first):
            assert np.abs(images[first] - images[second]).max() > 1e-4


def test_generator_draws_each_image_from_its_own_latents_and_label(generator):
    together = drawn(generator, [5, 6, 7, 8])
    alone = np.concatenate([drawn(generator, [5 + i], LATENTS[i : i + 1]) for i in range(4)])
    assert_allclose(together, alone, atol=1e-6)


def test_discriminator_scores_each_image_with_each_label(discriminator):
    images = tf.random.stateless_normal((4, 28, 28, 1), seed=(5, 6))
    labels = tf.constant([[0, 9], [1, 8], [2, 7], [3, 6]])
    both = discriminator({"images": images, "labels": labels})
    assert both.shape == (4, 2)
    for column in range(2):
        one = discriminator({"images": images, "labels": labels[:, column : column + 1]})
        assert_allclose(both[:, column], one[:, 0], rtol=1e-5)
    assert np.abs(both[:, 0] - both[:, 1]).min() > 1e-6


def test_projection_is_the_formula():
    # score(h, c) = w . h + b + (V c) . h
    layer = Projection()
    layer.build((1, 3), (1, 2, 2))
    w, e0, e1 = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0]), np.array([-1.0, 0.0, 2.0])
    layer.set_weights([np.stack([w, e0, e1], axis=1), np.array(0.5)])
    h = np.array([2.0, -1.0, 1.0])
    conditions = tf.constant([[[0.0, 1.0], [1.0, 0.0], [0.25, 0.75], [0.0, 0.0]]])
    scores = layer(tf.constant(h[None], tf.float32), conditions)
    between = 0.25 * e0 + 0.75 * e1
    expected = [w @ h + 0.5 + e @ h for e in (e1, e0, between, 0 * e0)]
    assert_allclose(scores, [expected], rtol=1e-6)


def test_generator_survives_its_description(generator):
    rebuilt = networks.rebuilt(networks.described(generator))
    rebuilt.set_weights(generator.get_weights())
    assert_allclose(drawn(rebuilt, [1, 2, 3, 4]), drawn(generator, [1, 2, 3, 4]), atol=0)


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_config_round_trip(network, request):
    network = request.getfixturevalue(network)
    again = type(network).from_config(network.get_config())
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]


@pytest.mark.parametrize(
    "named",
    ["os.system", "networks.keras", "networks.DepthToSpace", "networks.absent", "dcgan.DCGAN", ""],
)
def test_a_description_cannot_name_any_other_class(named):
    with pytest.raises(ValueError, match=f"^{re.escape(repr(named))} is no network of models"):
        networks.rebuilt({"class": named, "config": {}})


@pytest.mark.parametrize("condition", [None, DIGITS, Condition("attributes", (3, 2))])
def test_a_pair_is_a_generator_its_equal_and_a_discriminator(condition):
    made = networks.pair(
        image_size=8,
        condition=condition,
        generator={"latent_dim": 5, "widths": (8,)},
        discriminator={"widths": (8,), "normalization": "spectral"},
        dtype="mixed_bfloat16",
    )
    assert list(made) == ["generator", "averaged_generator", "discriminator"]
    shapes = {name: [weight.shape for weight in made[name].weights] for name in made}
    assert shapes["generator"] == shapes["averaged_generator"]
    # What is drawn with computes in float32, whatever was trained in.
    dtypes = {name: {layer.compute_dtype for layer in made[name].layers} for name in made}
    assert dtypes["averaged_generator"] == {"float32"}
    assert "bfloat16" in dtypes["generator"] and "bfloat16" in dtypes["discriminator"]
    assert {network.condition for network in made.values()} == {condition}


def test_a_pair_says_whose_argument_it_refuses():
    for whose in ("generator", "discriminator"):
        with pytest.raises(ValueError, match=f"^{whose}_normalization must be one of .*'layer'"):
            networks.pair(**{whose: {"normalization": "layer"}})


@pytest.mark.parametrize(("side", "count"), [(8, 1), (28, 2), (64, 4), (128, 5), (96, 4), (12, 1)])
def test_pictures_are_halved_down_to_four_pixels(side, count):
    assert networks.halvings(side) == count
