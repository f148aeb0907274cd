"""Sentences to vectors, by a network that heeds the order of words.

A word is a row of a table; convolutions over the words that stand beside each other, and over those
further away, tell "a circle left of a square" from "a square left of a circle".
"""

from typing import Any

import keras
import tensorflow as tf

from models.conditions import Condition
from models.networks import AbstractNetwork, Generator

# Numbers of a sentence's vector, by default.
WIDTH = 64
# Of a word, and feature maps of the convolutions over words.
OF_A_WORD = 64
WIDTHS = (96, 128)
# Words that a convolution sees, and how far apart they stand in each layer.
KERNEL, DILATIONS = 3, (1, 2)


@keras.saving.register_keras_serializable("gan_apps")
class SentenceEncoder(AbstractNetwork):
    """Sentences to vectors of mean 0 and variance 1.

    Reed et al. 2016 (arXiv 1605.05396) take characters, convolutions and a recurrent network; here
    it is words and convolutions, which a page runs as they are.

    Inputs: {"sentences": int32 [n, longest]}. Output: float32 [n, width].

    Args:
      condition: models.conditions.Condition of sentences, or its dict.
      width: int. Default WIDTH.
      dtype: str. Keras dtype policy. Default "float32".
    """

    def __init__(
        self,
        *,
        condition: Any,
        width: int = WIDTH,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        condition = _of_sentences(condition)
        layers = keras.layers
        sentences = condition.input()
        there = IsWord(dtype=dtype)(sentences)
        x = layers.Embedding(condition.sizes[0], OF_A_WORD, dtype=dtype)(sentences)
        x = layers.Multiply(dtype=dtype)([x, there])
        for maps, dilation in zip(WIDTHS, DILATIONS, strict=True):
            x = layers.Conv1D(
                maps, KERNEL, padding="same", dilation_rate=dilation, activation="relu", dtype=dtype
            )(x)
            # What stands after the last word says nothing.
            x = layers.Multiply(dtype=dtype)([x, there])
        x = layers.GlobalMaxPooling1D(dtype=dtype)(x)
        x = layers.Dense(width, name="meaning", dtype="float32")(x)
        vectors = layers.LayerNormalization(
            epsilon=1e-5, center=False, scale=False, name="encoded", dtype="float32"
        )(x)
        arguments = {"condition": condition.to_json(), "width": width, "dtype": dtype}
        super().__init__({condition.column: sentences}, vectors, arguments, name)
        self.condition = condition
        self.width = width


@keras.saving.register_keras_serializable("gan_apps")
class IsWord(keras.layers.Layer):
    """Numbers of words [n, longest] to 1 for a word and 0 for a blank, [n, longest, 1]."""

    def call(self, sentences: tf.Tensor) -> tf.Tensor:
        # Clipped, not compared: see models.conditions.OneHot.
        return tf.cast(tf.minimum(sentences, 1), self.compute_dtype)[..., None]

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (*shape, 1)


@keras.saving.register_keras_serializable("gan_apps")
class SentenceGenerator(AbstractNetwork):
    """Latents and a sentence to an image: an encoder, and the generator that takes its vectors.

    Inputs: {"latents": float32 [n, latent_dim], "sentences": int32 [n, longest]}. Output: images
    [n, image_size, image_size, channels] in [-1, 1]. Its weights are the encoder's and then the
    generator's.

    Args:
      condition: models.conditions.Condition of sentences, or its dict.
      encoder: dict. Arguments of a SentenceEncoder beside it.
      generator: dict. Those of a models.networks.Generator.
      dtype: str. What both compute in. Default "float32".
    """

    def __init__(
        self,
        *,
        condition: Any,
        encoder: dict,
        generator: dict,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        condition = _of_sentences(condition)
        own = {"dtype": dtype, "condition": condition}
        reading = SentenceEncoder(**{**encoder, **own, "name": "encoder"})
        drawing = Generator(**{**generator, "dtype": dtype, "name": "generator"})
        latents = keras.Input((drawing.latent_dim,), name="latents")
        sentences = condition.input()
        vectors = reading({condition.column: sentences})
        images = drawing({"latents": latents, "encoded": vectors})
        arguments = {
            "condition": condition.to_json(),
            "encoder": dict(encoder),
            "generator": dict(generator),
            "dtype": dtype,
        }
        inputs = {"latents": latents, condition.column: sentences}
        super().__init__(inputs, images, arguments, name)
        self.latent_dim = drawing.latent_dim
        self.condition = condition


def _of_sentences(description: Condition | dict) -> Condition:
    found = Condition.of(description)
    if found is None or found.column != "sentences":
        raise ValueError(f"condition must be of sentences, got {found}.")
    return found


def mixed(vectors: tf.Tensor, share: float, weight: float = 0.5) -> tf.Tensor:
    """Vectors [n, d], the first of which are on the way to the others' (Reed et al. 2016, eq. 5).

    v_i -> (1 - weight) v_i + weight v_j, j the next row, for the first share of the rows.
    """
    count = round(share * vectors.shape[0])
    between = (1.0 - weight) * vectors + weight * tf.roll(vectors, -1, axis=0)
    return tf.concat([between[:count], vectors[count:]], axis=0)


def nearness(images: tf.Tensor, sentences: tf.Tensor) -> tf.Tensor:
    """The cosine of each of n images with each of m sentences: float32 [n, d], [m, d] to [n, m]."""
    normal = (tf.math.l2_normalize(vectors, axis=1) for vectors in (images, sentences))
    return tf.matmul(*normal, transpose_b=True)


def matching(images: tf.Tensor, sentences: tf.Tensor, temperature: float) -> tf.Tensor:
    """-mean log p(own sentence | image), of the sentences of a minibatch (van den Oord 2018).

    p is the softmax of nearness / temperature. A sentence that is another image's as well is no
    wrong one: it is left out.

    Args:
      images, sentences: float32 [n, d].
      temperature: float, above 0.
    """
    return _own(nearness(images, sentences) / temperature, equal_rows(sentences))


def matching_both_ways(images: tf.Tensor, sentences: tf.Tensor, temperature: float) -> tf.Tensor:
    """The mean of `matching` and of the same with images and sentences in each other's places."""
    scores, alike = nearness(images, sentences) / temperature, equal_rows(sentences)
    return (_own(scores, alike) + _own(tf.transpose(scores), alike)) / 2.0


def equal_rows(vectors: tf.Tensor) -> tf.Tensor:
    """Which other rows of [n, d] are a row's equals: bool [n, n], False on the diagonal."""
    # Equal sentences have equal vectors but for rounding.
    distances = tf.reduce_max(tf.abs(vectors[:, None] - vectors[None]), axis=-1)
    return (distances < 1e-4) & ~tf.eye(vectors.shape[0], dtype=tf.bool)


def _own(scores: tf.Tensor, left_out: tf.Tensor) -> tf.Tensor:
    scores = tf.where(left_out, -1e9, scores)
    return tf.reduce_mean(tf.reduce_logsumexp(scores, axis=1) - tf.linalg.diag_part(scores))


def rank_first(scores: tf.Tensor, left_out: tf.Tensor) -> tf.Tensor:
    """Whether the own sentence scores highest: bool [n] of scores [n, n], own on the diagonal."""
    best = tf.argmax(tf.where(left_out, -1e9, scores), axis=1)
    return tf.equal(best, tf.range(scores.shape[0], dtype=best.dtype))
