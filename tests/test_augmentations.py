"""What a discriminator is shown instead of an image."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps.systems.dcgan import Config
from models import augmentations
from models.augmentations import AUGMENTATIONS
from tests import tiny_models

IMAGES = tf.random.stateless_uniform((300, 16, 8, 3), (0, 1), -1.0, 1.0)


def uniform(name, count=300):
    return tf.random.stateless_uniform((count, AUGMENTATIONS[name].draws), (5, 6))


def test_names_of_augmentations_are_checked():
    assert Config(augmentations="cutout,colour").taken_augmentations == ("cutout", "colour")
    assert Config().taken_augmentations == ()
    words = (
        "augmentations must be none, or names of colour, warp, translation, cutout .* got 'crop'"
    )
    with pytest.raises(ValueError, match=words):
        Config(augmentations="colour,crop")
    with pytest.raises(ValueError, match="augmentations must be among colour, .* got 'crop'"):
        tiny_models.built("dcgan", augmentations=("crop",))


def test_a_translation_moves_whole_pixels_an_eighth_of_the_side_at_most():
    # Along 16 rows and 8 columns: 2 up, none to the side; 2 down, 1 to the right.
    draws = tf.constant([[0.0, 0.5], [0.999, 0.999]])
    up, down = augmentations.translated(IMAGES[:2], draws)
    assert_array_equal(up[:14], IMAGES[0, 2:])
    assert_array_equal(up[14:], np.zeros((2, 8, 3)))
    assert_array_equal(down[2:, 1:], IMAGES[1, :14, :7])
    assert_array_equal(down[:2], np.zeros((2, 8, 3)))
    assert_array_equal(down[:, 0], np.zeros((16, 3)))


def test_every_translation_is_as_likely():
    ones = tf.ones((3000, 16, 8, 1))
    rows = augmentations.translated(ones, uniform("translation", 3000)).numpy()[:, :, 4, 0]
    # Gray rows above and below say how far: -2 to 2.
    above = (rows[:, :8] == 0).sum(axis=1)
    below = (rows[:, 8:] == 0).sum(axis=1)
    assert_allclose(np.bincount(above - below + 2) / 3000, 0.2, atol=0.03)


def test_a_square_of_half_the_side_is_cut_out():
    draws = tf.constant([[0.5, 0.5], [0.0, 0.999]])
    middle, corner = augmentations.cut_out(IMAGES[:2], draws)
    expected = IMAGES[0].numpy()
    expected[4:12, 2:6] = 0
    assert_array_equal(middle, expected)
    # What lies outside is not cut.
    expected = IMAGES[1].numpy()
    expected[:4, 5:] = 0
    assert_array_equal(corner, expected)


def test_a_warp_turns_slants_and_stretches_about_the_middle():
    # The plane itself, which bilinear reading leaves exact: what is read says from where.
    y, x = np.meshgrid(np.arange(16.0) - 7.5, np.arange(12.0) - 5.5, indexing="ij")
    plane = tf.constant(np.stack([x, y], axis=-1)[None], tf.float32)
    assert_allclose(augmentations.warped(plane, tf.fill((1, 4), 0.5)), plane, atol=1e-6)
    # No turn, the greatest slant, half as wide, no stretch in height.
    for draws, matrix in (
        ((1.0, 0.5, 0.5, 0.5), _turn(augmentations.TURN)),
        ((0.5, 0.0, 0.5, 0.5), [[1.0, -augmentations.SLANT], [0.0, 1.0]]),
        ((0.5, 0.5, 1.0, 0.5), [[augmentations.STRETCH, 0.0], [0.0, 1.0]]),
        ((0.5, 0.5, 0.5, 0.0), [[1.0, 0.0], [0.0, 1.0 / augmentations.STRETCH]]),
    ):
        found = augmentations.warped(plane, tf.constant([draws]))[0].numpy()
        expected = plane[0].numpy() @ np.transpose(matrix)
        # Beyond the rim its pixels go on.
        expected = np.clip(expected, [-5.5, -7.5], [5.5, 7.5])
        assert_allclose(found, expected, atol=1e-5)


def _turn(angle):
    return [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]


def test_colours_are_changed_by_what_is_drawn():
    as_it_was = augmentations.recoloured(IMAGES[:1], tf.constant([[0.5, 0.5, 0.5]]))
    assert_allclose(as_it_was, IMAGES[:1], atol=1e-6)
    brighter = augmentations.recoloured(IMAGES[:1], tf.constant([[0.75, 0.5, 0.5]]))
    assert_allclose(brighter, IMAGES[:1] + 0.25, atol=1e-6)
    gray = augmentations.recoloured(IMAGES[:1], tf.constant([[0.5, 0.0, 0.5]]))
    means = tf.reduce_mean(IMAGES[:1], axis=3, keepdims=True)
    assert_allclose(gray, tf.repeat(means, 3, axis=3), atol=1e-6)
    flat = augmentations.recoloured(IMAGES[:1], tf.constant([[0.5, 0.5, 0.0]]))
    mean = tf.reduce_mean(IMAGES[0])
    assert_allclose(flat, mean + 0.5 * (IMAGES[:1] - mean), atol=1e-6)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_each_image_is_changed_by_its_own_numbers_and_the_gradient_goes_through(name):
    row, draws = AUGMENTATIONS[name], uniform(name)
    with tf.GradientTape() as tape:
        tape.watch(IMAGES)
        changed = row.changed(IMAGES, draws)
        # What a linear discriminator of random slope would pay.
        slope = tf.random.stateless_normal(IMAGES.shape, (7, 8))
        paid = tf.reduce_sum(slope * changed)
    assert changed.shape == IMAGES.shape
    assert_allclose(changed[3], row.changed(IMAGES[3:4], draws[3:4])[0], atol=1e-5)
    # Every change is an affine function of the image: value, slope and the value of nothing.
    nothing = tf.reduce_sum(slope * row.changed(tf.zeros_like(IMAGES), draws))
    gradient = tape.gradient(paid, IMAGES)
    assert_allclose(tf.reduce_sum(gradient * IMAGES) + nothing, paid, rtol=1e-3)
    assert np.abs(gradient).max(axis=(1, 2, 3)).min() > 0


def test_a_discriminator_sees_real_and_generated_images_changed_alike():
    model = tiny_models.built("dcgan", augmentations=("cutout", "translation"))
    seen = []

    def spied(row):
        def changed(images, draws):
            seen.append((row.name, images, draws))
            return row.changed(images, draws)

        return augmentations.Augmentation(name=row.name, draws=row.draws, changed=changed)

    model.adversary.augmentations = [spied(row) for row in model.adversary.augmentations]
    model.run_eagerly = True
    tiny_models.stepped(model, 1)
    # Real images, generated ones, and those that the generator is seen by; in the table's order.
    assert [name for name, *_ in seen] == ["translation", "cutout"] * 3
    draws = [numbers.numpy() for *_, numbers in seen]
    assert len({numbers.tobytes() for numbers in draws}) == 6
