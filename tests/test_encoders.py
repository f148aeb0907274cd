"""Encoders of sentences heed the order of words; matching is what its formula says."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models import conditions, encoders, networks
from models.conditions import Condition

CONDITION = Condition("sentences", (12, 2, 7))


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(0)
    return encoders.SentenceEncoder(condition=CONDITION, width=8)


def test_the_order_of_words_counts_and_blanks_do_not(encoder):
    one = encoder({"sentences": tf.constant([[2, 3, 4, 5, 6, 0, 0], [6, 3, 4, 5, 2, 0, 0]])})
    # The same words in another order are another vector.
    assert np.abs(one[0] - one[1]).max() > 0.1
    assert_allclose(np.mean(one, axis=1), 0.0, atol=1e-5)
    assert_allclose(np.var(one, axis=1), 1.0, atol=0.02)
    # Whatever is kept of a blank has no part in it.
    before = encoder.get_weights()
    table = next(w for w in encoder.weights if w.shape == (12, encoders.OF_A_WORD))
    table.assign(tf.concat([9.0 * tf.ones((1, table.shape[1])), table.value[1:]], 0))
    again = encoder({"sentences": tf.constant([[2, 3, 4, 5, 6, 0, 0], [6, 3, 4, 5, 2, 0, 0]])})
    encoder.set_weights(before)
    assert_allclose(again, one, atol=1e-6)


def test_what_draws_is_an_encoder_and_a_generator_one_after_the_other(encoder):
    generator = networks.Generator(
        latent_dim=3, image_size=8, widths=(4,), condition=Condition("encoded", (8,))
    )
    whole = encoders.SentenceGenerator(
        condition=CONDITION, encoder={"width": 8}, generator=generator.get_config()
    )
    whole.set_weights([*encoder.get_weights(), *generator.get_weights()])
    given = {"sentences": tf.constant([[2, 3, 0, 0, 0, 0, 0]]), "latents": tf.ones((1, 3))}
    vectors = encoder({"sentences": given["sentences"]})
    expected = generator({"latents": given["latents"], "encoded": vectors}, training=False)
    assert_allclose(whole(given, training=False), expected, atol=1e-6)
    again = networks.rebuilt(networks.described(whole))
    assert [w.shape for w in again.weights] == [w.shape for w in whole.weights]


def test_matching_is_the_cross_entropy_of_cosines():
    images = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], np.float32)
    sentences = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 1.0]], np.float32)
    half = np.sqrt(0.5)
    cosines = np.array([[1.0, half, 0.0], [0.0, half, 1.0], [half, 1.0, half]])
    assert_allclose(encoders.nearness(images, sentences), cosines, atol=1e-6)
    scores = cosines / 0.5
    expected = np.mean(np.log(np.exp(scores).sum(axis=1)) - np.diag(scores))
    assert_allclose(encoders.matching(images, sentences, 0.5), expected, rtol=1e-5)
    turned = np.mean(np.log(np.exp(scores).sum(axis=0)) - np.diag(scores))
    both = encoders.matching_both_ways(images, sentences, 0.5)
    assert_allclose(both, (expected + turned) / 2, rtol=1e-5)


def test_a_sentence_that_is_another_image_s_too_is_no_wrong_one():
    images = np.eye(3, dtype=np.float32)
    sentences = images[[0, 0, 2]]
    alike = encoders.equal_rows(tf.constant(sentences)).numpy()
    assert alike.tolist() == [[False, True, False], [True, False, False], [False] * 3]
    first = encoders.rank_first(encoders.nearness(images, sentences), alike)
    # The second image's own sentence is as far from it as the third's: the first of equals wins.
    assert first.numpy().tolist() == [True, True, True]


def test_between_two_sentences_is_half_way_for_the_first_of_them():
    vectors = tf.constant([[0.0], [2.0], [4.0], [6.0]])
    assert_allclose(encoders.mixed(vectors, 0.5), [[1.0], [3.0], [4.0], [6.0]])
    assert_allclose(encoders.mixed(vectors, 1.0), [[1.0], [3.0], [5.0], [3.0]])
    assert_allclose(encoders.mixed(vectors, 0.0), vectors)


def test_a_foreign_caption_is_none_of_the_image_s_own():
    own = np.array([[[2, 3], [4, 5]], [[4, 5], [6, 7]], [[2, 3], [8, 9]], [[8, 2], [8, 3]]])
    found = conditions.foreign_captions(tf.constant(own[None]))[0].numpy()
    # The next one of which no caption is its own: the first shares one with the two after it.
    assert found.tolist() == own[[3, 2, 3, 0]].tolist()


def test_each_caption_of_an_image_is_chosen_as_often():
    captions = tf.reshape(tf.range(3), (1, 1, 3, 1)) * tf.ones((1, 3000, 1, 1), tf.int32)
    chosen = conditions.chosen_caption(captions, tf.constant([5, 7], tf.int64)).numpy()
    assert chosen.shape == (1, 3000, 1)
    assert_allclose(np.bincount(chosen.ravel()) / 3000, 1 / 3, atol=0.04)


def test_what_is_no_sentence_is_refused():
    with pytest.raises(ValueError, match="condition must be of sentences, got Condition"):
        encoders.SentenceEncoder(condition=Condition("labels", (3,)))
    with pytest.raises(ValueError, match="sentences must be from 0 to 11, got 12"):
        CONDITION.check(tf.constant([[[1, 12]]]))
