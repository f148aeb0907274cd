"""The laboratory's searches: what they are called by their numbers, and what they measure."""

import types

import numpy as np
import pytest
import tensorflow as tf

from gan_apps.data import sources
from gan_apps.experiments import latent_search
from gan_apps.experiments.findings import Options
from models import Condition


@pytest.mark.parametrize(
    "sure, read, variety, words",
    [
        (1.0, 0.3, 1.0, "fools one judge"),
        (1.0, 0.95, 0.2, "one picture, over and over"),
        (1.0, 0.95, 0.7, "less varied than real ones"),
        (0.95, 0.95, 0.9, "digits, as varied as real ones"),
        (0.6, 0.6, 1.2, "not all digits"),
    ],
)
def test_a_verdict_is_of_the_numbers(sure, read, variety, words):
    one = {"sure": sure, "read by another": read, "variety": variety}
    assert latent_search.verdict(one) == words


class Reader:
    """Reads the row that is brightest, and is `sharp`."""

    condition = Condition("labels", (10,))

    def __init__(self, sharp):
        self.sharp = sharp

    def __call__(self, inputs, training):
        rows = tf.reduce_mean(inputs["images"], axis=[2, 3])[:, :10]
        return {"logits": self.sharp * rows, "features": rows}


def test_pictures_are_judged_by_two():
    images = np.zeros((20, 28, 28, 1), np.uint8)
    for place in range(20):
        images[place, place // 2] = 255
    # One of them is of something else.
    images[0] = images[2]
    test = sources.load("digits", "test")
    one = latent_search.looked_at(images, Reader(0.0), Reader(9.0), test)
    assert one["sure"] == pytest.approx(0.1)
    assert one["read by another"] == pytest.approx(0.95)


def test_a_search_makes_as_many_of_each_digit(monkeypatch):
    monkeypatch.setattr(latent_search, "STEPS", 4)
    way = tf.random.stateless_normal((latent_search.LATENT_DIM, 28 * 28), (0, 1))

    def drawing(inputs, training):
        return tf.tanh(tf.reshape(inputs["latents"] @ way, (-1, 28, 28, 1)))

    game = types.SimpleNamespace(
        drawing=drawing, drawn_by=lambda name: types.SimpleNamespace(output_shape=(None, 28, 28, 1))
    )
    options = Options()
    for kind in (latent_search.IN_PIXELS, latent_search.POSTERIOR):
        images, lengths = latent_search.found(kind, game, Reader(9.0), 2, options)
        assert images.shape == (20, 28, 28, 1) and images.dtype == np.uint8
        assert lengths.shape == (20,) and 0.5 < lengths.mean() < 1.5
