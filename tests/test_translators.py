"""Networks from pictures to pictures, and discriminators of patches."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from models import networks
from models.translators import PATCHES, PatchDiscriminator, PictureTranslator

SIDE = 16
SMALL = {"image_size": SIDE, "widths": (16, 8)}


def sources(count=3, side=SIDE, channels=1, seed=0):
    values = np.random.RandomState(seed).uniform(-1, 1, (count, side, side, channels))
    return {"sources": values.astype(np.float32)}


def examples(count=2, side=64):
    return {"images": sources(count, side, 3, 1)["sources"], **sources(count, side)}


@pytest.mark.parametrize("patch", PATCHES)
def test_a_score_sees_its_patch_and_nothing_else(patch):
    """By the footprint of its gradient; normalisation would couple all pixels."""
    side = 128
    network = PatchDiscriminator(
        image_size=side, patch=patch, widths=(4,) * len(PATCHES[patch]), normalization="none"
    )
    for weight in network.weights:
        # No path is cut off or cancelled by chance.
        weight.assign(tf.abs(weight) + 0.01)
    images = {name: tf.ones((1, side, side, c)) for name, c in (("images", 3), ("sources", 1))}
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = network(images)
        one = scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2]
    for gradient in tape.gradient(one, images).values():
        seen = np.abs(gradient.numpy()[0]).sum(axis=-1) > 0
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        assert len(rows) == rows[-1] - rows[0] + 1 == patch
        assert len(columns) == columns[-1] - columns[0] + 1 == patch


@pytest.mark.parametrize(("patch", "side"), [(1, 64), (16, 32), (34, 16), (70, 8)])
def test_scores_are_of_all_patches(patch, side):
    network = PatchDiscriminator(image_size=64, patch=patch)
    assert network(examples()).shape == (2, 1, side, side)


@pytest.mark.parametrize("translator", ["unet", "residual"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_translator_draws_as_large_as_it_is_given(translator, channels):
    network = PictureTranslator(
        **{**SMALL, "widths": ()}, translator=translator, channels=channels, blocks=2
    )
    images = network(sources()).numpy()
    assert images.shape == (3, SIDE, SIDE, channels) and np.abs(images).max() <= 1.0


@pytest.mark.parametrize("translator", ["unet", "residual"])
def test_drawing_is_deterministic_and_of_each_picture_by_itself(translator):
    network = PictureTranslator(**SMALL, translator=translator, blocks=2)
    given = sources(5)
    images = network(given, training=False).numpy()
    assert_array_equal(network(given, training=False), images)
    for place in range(5):
        alone = network({"sources": given["sources"][place : place + 1]}, training=False)
        assert_allclose(alone[0], images[place], atol=1e-6)


@pytest.mark.parametrize("translator", ["unet", "residual"])
def test_what_is_drawn_may_be_added_to_what_is_given(translator):
    network = PictureTranslator(
        **{**SMALL, "source_channels": 3, "dropout": 0.0},
        translator=translator,
        blocks=1,
        adds=True,
    )
    given = sources(channels=3)
    *_, kernel, bias = network.trainable_variables
    kernel.assign(tf.zeros_like(kernel))
    assert_allclose(network(given), given["sources"], atol=1e-6)
    bias.assign(tf.ones_like(bias))
    # Cut off, but for training: what is beyond must find its way back.
    assert_allclose(network(given), np.minimum(given["sources"] + 1.0, 1.0), atol=1e-6)
    assert_allclose(network(given, training=True), given["sources"] + 1.0, atol=1e-6)


def test_a_unet_drops_values_in_its_first_three_doublings_alone():
    network = PictureTranslator(image_size=64, widths=(4,) * 5)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("Dropout") == 3 and kinds.count("Conv2DTranspose") == 4
    assert len(PictureTranslator(image_size=64, widths=(4,) * 5, dropout=0.0).layers) == (
        len(network.layers) - 3
    )
    with pytest.raises(ValueError, match="trained in a game"):
        network(sources(side=64), training=True)


def test_every_halving_is_seen_by_the_doubling_of_its_size():
    """With the innermost layers silent the picture still shows what was given."""
    network = PictureTranslator(**SMALL, normalization="none")
    innermost = next(layer for layer in network.layers if "Transpose" in type(layer).__name__)
    for weight in innermost.weights:
        weight.assign(tf.zeros_like(weight))
    first, second = (network(sources(1, seed=seed)).numpy() for seed in range(2))
    assert np.abs(first - second).max() > 1e-6


def test_what_goes_on_below_reaches_every_pixel():
    network = PictureTranslator(image_size=64)
    given = tf.constant(sources(1, 64)["sources"])
    with tf.GradientTape() as tape:
        tape.watch(given)
        pixel = network({"sources": given})[0, 0, 0, 0]
    assert (tf.abs(tape.gradient(pixel, given)) > 0).numpy().mean() > 0.99


@pytest.mark.parametrize(
    "network",
    [
        lambda: PictureTranslator(**SMALL, dropout=0.25, channels=1),
        lambda: PictureTranslator(image_size=SIDE, translator="residual", blocks=1),
        lambda: PictureTranslator(**{**SMALL, "source_channels": 3}, adds=True),
        lambda: PatchDiscriminator(image_size=SIDE, patch=16, widths=(4, 8), channels=1),
    ],
)
def test_a_network_can_be_made_again(network):
    made = network()
    again = networks.rebuilt(networks.described(made))
    assert [w.shape for w in again.weights] == [w.shape for w in made.weights]
    again.set_weights(made.get_weights())
    channels, source_channels = made.arguments["channels"], made.arguments["source_channels"]
    inputs = {
        "images": sources(2, SIDE, channels)["sources"],
        **sources(2, channels=source_channels),
    }
    inputs = {name: inputs[name] for name in made.input}
    assert_array_equal(again(inputs), made(inputs))
    assert keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(made)
    ).get_config() == (made.get_config())


def test_networks_compute_in_bfloat16_but_for_the_end():
    network = PictureTranslator(**SMALL, dtype="mixed_bfloat16")
    assert network(sources()).dtype == tf.float32
    assert {layer.compute_dtype for layer in network.layers[1:-1]} == {"bfloat16"}
    scores = PatchDiscriminator(image_size=64, patch=16, dtype="mixed_bfloat16")(examples())
    assert scores.dtype == tf.float32


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PictureTranslator(translator="vnet"), "translator must be one of unet, residual"),
        (lambda: PictureTranslator(normalization="batch"), "normalization must be one of none, "),
        (lambda: PictureTranslator(image_size=28, widths=(8, 8, 8)), "at most 2 numbers"),
        (
            lambda: PictureTranslator(image_size=28, translator="residual", widths=(8,) * 4),
            "at most 3 numbers for pictures of 28x28, got 4",
        ),
        (lambda: PictureTranslator(image_size=4), "image_size must be 8 or more and .*, got 4"),
        (lambda: PictureTranslator(adds=True), "channels must be source_channels=1 to add"),
        (lambda: PatchDiscriminator(image_size=30), "image_size must be .*divisible by 4, got 30"),
        (lambda: PatchDiscriminator(patch=17), "patch must be one of 1, 16, 34, 70, got 17"),
        (lambda: PatchDiscriminator(normalization="batch"), "normalization must be one of none, "),
        (lambda: PatchDiscriminator(patch=70, widths=(8, 8)), "widths must be 4 numbers"),
    ],
)
def test_what_no_network_is_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
