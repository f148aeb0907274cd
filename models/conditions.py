"""What a picture is asked for by, as networks take it: a column of the minibatch and its values.

A condition has slots of exclusive values: labels are one slot, given as integers; attributes are
several, given as a one-hot vector each, so that one can be open (zeros) or on the way between two.
Sentences are the numbers of their words in order, of which an encoder (models.encoders) makes
vectors that the other networks take.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """How the values of a column look.

    Args:
      spec: sizes -> (shape of one value, its dtype).
      taken: (integers, sizes) -> values, as networks take them.
      one_hot: (values [...], sizes) -> float32 [..., sum(sizes)].
      foreign: (integers [..., slots], sizes, key) -> integers of the same shape, none of them its
        own.
      slots: sizes -> shape of one example's integers.
      lowest: int. The smallest of them.
      counts: sizes -> what each of them is below, an int or one for each slot.
      chosen: (integers of examples, key) -> those of what each is asked by, where an example has
        several. Default: as they are.
    """

    spec: Callable
    taken: Callable
    one_hot: Callable
    foreign: Callable
    slots: Callable
    lowest: int
    counts: Callable
    chosen: Callable = lambda integers, key: integers


def foreign_labels(labels: tf.Tensor, num_classes: int, key: tf.Tensor) -> tf.Tensor:
    """For each label another one, drawn uniformly; labels int32 of any shape."""
    shift = tf.random.stateless_uniform(labels.shape, key, 1, num_classes, tf.int32)
    # 1 to num_classes - 1 places further on: any label but its own.
    return (labels + shift) % num_classes


def one_hot(attributes: tf.Tensor, sizes: Sequence[int]) -> tf.Tensor:
    """Attributes int32 [..., slots] as float32 [..., sum(sizes)], zero in a slot with -1."""
    parts = [tf.one_hot(attributes[..., place], size) for place, size in enumerate(sizes)]
    return tf.concat(parts, axis=-1)


def foreign_attributes(attributes: tf.Tensor, sizes: Sequence[int], key: tf.Tensor) -> tf.Tensor:
    """For each image attributes that are not its own: half of them differ in exactly one slot.

    The other half differ in every slot. What is small in an image, such as eyes, would be learned
    late if the whole description could always be told from the rest. An open slot stays open.

    Args:
      attributes: int32 [..., slots], -1 for an open slot; at least one slot that is not open has
        two values or more.
      sizes: ints. Values of each slot.
      key: int64 [2].

    Returns:
      int32 [..., slots].
    """
    counts = tf.constant(sizes, tf.int32)
    draws = tf.random.stateless_uniform(attributes.shape, key)
    can_change = (attributes >= 0) & (counts > 1)
    # Any value but its own: 1 to size - 1 places further on.
    shift = 1 + tf.cast(draws * tf.cast(tf.maximum(counts - 1, 1), tf.float32), tf.int32)
    shifted = (attributes + tf.minimum(shift, tf.maximum(counts - 1, 1))) % counts
    # Other numbers than the draws above.
    order = tf.random.stateless_uniform(attributes.shape, tf.bitwise.invert(key) + 1)
    chosen = tf.one_hot(
        tf.argmax(tf.where(can_change, order, -1.0), -1), len(sizes), on_value=True, off_value=False
    )
    coins = tf.random.stateless_uniform(attributes.shape[:-1], tf.bitwise.invert(key) + 2)
    changed = can_change & (chosen | (coins < 0.5)[..., None])
    return tf.where(changed, shifted, attributes)


def chosen_caption(sentences: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """One caption of each image, drawn uniformly: int32 [..., captions, longest] to [..., longest].

    Images with fewer captions have theirs several times.
    """
    *batch, captions, _ = sentences.shape
    # Other numbers than are drawn with this key elsewhere.
    key = tf.bitwise.invert(key) + 3
    places = tf.random.stateless_uniform(batch, key, 0, captions, tf.int32)
    return tf.gather(sentences, places, axis=len(batch), batch_dims=len(batch))


def foreign_captions(sentences: tf.Tensor) -> tf.Tensor:
    """For each image of minibatches another's captions, int32 [steps, n, captions, longest].

    It is the next image that has no caption in common with it, of the OTHERS that follow it.
    """
    found = tf.roll(sentences, -1, axis=1)
    alike = _share_a_caption(sentences, found)
    for place in range(2, OTHERS + 1):
        other = tf.roll(sentences, -place, axis=1)
        is_alike = _share_a_caption(sentences, other)
        found = tf.where((alike & ~is_alike)[..., None, None], other, found)
        alike &= is_alike
    return found


def _share_a_caption(sentences: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    equal = tf.equal(sentences[..., :, None, :], others[..., None, :, :])
    return tf.reduce_any(tf.reduce_all(equal, axis=-1), axis=[-2, -1])


# How many images of a minibatch are looked at for one with other captions.
OTHERS = 4
# The columns that a network can be asked by.
KINDS = {
    "labels": Kind(
        spec=lambda sizes: ((), "int32"),
        taken=lambda labels, sizes: labels,
        one_hot=lambda labels, sizes: tf.one_hot(labels, sizes[0]),
        foreign=lambda labels, sizes, key: foreign_labels(labels, sizes[0], key),
        slots=lambda sizes: (),
        lowest=0,
        counts=lambda sizes: sizes[0],
    ),
    "attributes": Kind(
        spec=lambda sizes: ((sum(sizes),), "float32"),
        taken=one_hot,
        one_hot=lambda vectors, sizes: vectors,
        foreign=foreign_attributes,
        slots=lambda sizes: (len(sizes),),
        # An open slot.
        lowest=-1,
        counts=lambda sizes: sizes,
    ),
    # Sizes are those of the wording, the captions of an image, the words of a sentence.
    "sentences": Kind(
        spec=lambda sizes: ((sizes[2],), "int32"),
        taken=lambda sentences, sizes: sentences,
        one_hot=lambda sentences, sizes: sentences,
        foreign=lambda sentences, sizes, key: foreign_captions(sentences),
        slots=lambda sizes: tuple(sizes[1:]),
        lowest=0,
        counts=lambda sizes: sizes[0],
        chosen=chosen_caption,
    ),
    # What an encoder made of a sentence: no column of the data.
    "encoded": Kind(
        spec=lambda sizes: ((sizes[0],), "float32"),
        taken=lambda vectors, sizes: vectors,
        one_hot=lambda vectors, sizes: vectors,
        foreign=lambda vectors, sizes, key: tf.roll(vectors, -1, axis=1),
        slots=lambda sizes: tuple(sizes),
        lowest=0,
        counts=lambda sizes: sizes[0],
    ),
}
# Whoever chose an image, or is to like it, is a number as a label is.
KINDS["users"] = KINDS["labels"]


@dataclasses.dataclass(frozen=True)
class Condition:
    """A column that a network is asked by.

    Args:
      column: str. A key of KINDS: the input's name.
      sizes: tuple of ints. How many values each slot has; labels are one slot.
    """

    column: str
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.column not in KINDS:
            raise ValueError(f"column must be one of {', '.join(KINDS)}, got {self.column!r}.")
        object.__setattr__(self, "sizes", tuple(self.sizes))

    @classmethod
    def of(cls, description: "Condition | dict | None") -> "Condition | None":
        """The Condition of {"column", "sizes"}, of a Condition, or None of None."""
        return cls(**description) if isinstance(description, dict) else description

    def to_json(self) -> dict:
        return {"column": self.column, "sizes": list(self.sizes)}

    def input(self, many: bool = False) -> keras.KerasTensor:
        """The network's input: one value an image, or [n, m] values of m askings if `many`."""
        shape, dtype = KINDS[self.column].spec(self.sizes)
        return keras.Input((None, *shape) if many else shape, dtype=dtype, name=self.column)

    def vectors(self, values: tf.Tensor, dtype: str) -> tf.Tensor:
        """The input of a network as vectors [..., sum(sizes)] that its layers take."""
        if KINDS[self.column].spec(self.sizes)[1] == "int32":
            return OneHot(self.sizes[0], dtype=dtype)(values)
        return values

    @property
    def slots(self) -> tuple:
        """The shape of one example's whole numbers."""
        return KINDS[self.column].slots(self.sizes)

    def check(self, numbers: tf.Tensor) -> None:
        """Refuses whole numbers (any integers [...] or [..., slots]) that are none of its values.

        Raises:
          ValueError: names the first of them.
        """
        lowest, numbers = KINDS[self.column].lowest, tf.cast(numbers, tf.int64)
        counts = KINDS[self.column].counts(self.sizes)
        wrong = tf.boolean_mask(numbers, (numbers < lowest) | (numbers >= counts))
        if len(wrong):
            highest = ", ".join(
                str(count - 1) for count in (counts if isinstance(counts, tuple) else (counts,))
            )
            raise ValueError(
                f"{self.column} must be from {lowest} to {highest}, got {int(wrong[0])}."
            )

    def taken(self, numbers: tf.Tensor) -> tf.Tensor:
        """Whole numbers of the data (int32 [...] or [..., slots]) as the column's values."""
        return KINDS[self.column].taken(numbers, self.sizes)

    def one_hot(self, values: tf.Tensor) -> tf.Tensor:
        """Values of the column as float32 [..., sum(sizes)]."""
        return KINDS[self.column].one_hot(values, self.sizes)

    def chosen(self, numbers: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Numbers of the data as what each image is asked by: one of the captions that it has."""
        return KINDS[self.column].chosen(numbers, key)

    def foreign(self, numbers: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """For each number (int32 [...] of labels, [..., slots] of attributes) one not its own.

        Of captions those of another image of its minibatch.
        """
        return KINDS[self.column].foreign(numbers, self.sizes, key)


@keras.saving.register_keras_serializable("gan_apps")
class OneHot(keras.layers.Layer):
    """Labels [...] as one-hot vectors [..., num_classes]; a label out of range gives zeros."""

    def __init__(self, num_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def call(self, labels: tf.Tensor) -> tf.Tensor:
        # Not tf.one_hot, nor what LiteRT's converter takes for it: its int8 kernel copies a 1 that
        # was scaled for itself into a vector scaled for the latents, where it counts as about 4.
        distances = labels[..., None] - tf.cast(tf.range(self.num_classes), labels.dtype)
        return tf.cast(tf.equal(distances, 0), self.compute_dtype)

    def compute_output_shape(self, labels_shape: tuple) -> tuple:
        return (*labels_shape, self.num_classes)

    def get_config(self) -> dict:
        return {**super().get_config(), "num_classes": self.num_classes}
