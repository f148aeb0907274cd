"""The order of training data: which images an iteration sees is a function of its number.

An epoch visits the images in a permutation keyed by [seed, epoch]; nothing has to be remembered to
go on in the middle of one. Labels for the generator and mismatched labels are drawn the same way.
"""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from gan_apps.settings import Refused


@dataclasses.dataclass(frozen=True)
class Minibatches:
    """The minibatches of a training.

    Args:
      images: data.sources.Images.
      batch_size: int. Images per update.
      discriminator_steps, generator_steps: ints. Updates per iteration.
      seed: int.
      horizontal_flips: bool. Whether a random half of the images is mirrored. Default False.
    """

    images: object
    batch_size: int
    discriminator_steps: int
    generator_steps: int
    seed: int
    horizontal_flips: bool = False

    def __post_init__(self):
        count = len(self.images.images)
        if self.images_per_iteration > count:
            raise Refused(
                f"--batch_size={self.batch_size} times --discriminator_steps="
                f"{self.discriminator_steps} is {self.images_per_iteration} images an iteration; "
                f"the data set has {count}."
            )

    @property
    def images_per_iteration(self):
        return self.batch_size * self.discriminator_steps

    @property
    def steps_per_epoch(self):
        """Iterations per epoch; the remainder of an epoch is left to the others."""
        return len(self.images.images) // self.images_per_iteration

    @functools.cached_property
    def _tensors(self):
        conditions = self._condition
        return gatherer(self.images.images), tf.constant(conditions[1]) if conditions else None

    @property
    def _condition(self):
        """The name of what images are asked for by, its values, how to draw foreign ones, and how a
        network takes them."""
        if self.images.attributes is not None:
            sizes = [len(slot.values) for slot in self.images.vocabulary.slots]
            return (
                "attributes",
                self.images.attributes,
                lambda own, key: foreign_attributes(own, sizes, key),
                lambda attributes: one_hot(attributes, sizes),
            )
        if self.images.labels is not None:
            count = len(self.images.label_names)
            return (
                "labels",
                self.images.labels,
                lambda own, key: foreign_labels(own, count, key),
                tf.identity,
            )
        return None

    def sample(self, size):
        """`size` images, uint8 [size, h, w, c], chosen by the seed alone."""
        random = np.random.RandomState(self.seed)
        count = len(self.images.images)
        return self.images.images[random.choice(count, size, replace=size > count)]

    def epoch(self, number, first_step=0, parts=range(1), of=1):
        """The iterations of epoch `number` (from 0) from `first_step` on, as a tf.data.Dataset.

        Args:
          number, first_step: ints.
          parts: range. Which parts of each minibatch to give, each an element of its own. All
            labels are looked up and all noise is drawn for the whole; images of these alone.
          of: int. Into how many equal parts, consecutive rows, a minibatch is divided. Default 1.
        """
        # Made here, outside of the graph that `element` becomes.
        images, conditions = self._tensors
        count = len(self.images.images)

        def shuffled(step, salt, updates):
            """Indices [updates, batch_size] of iteration `step` in this epoch's permutation."""
            size = updates * self.batch_size
            positions = (step * size + tf.range(size, dtype=tf.int64)) % count
            key = tf.constant([self.seed, 2 * number + salt], tf.int64)
            indices = tf.random.experimental.index_shuffle(positions, key, count - 1)
            return tf.reshape(indices, (updates, self.batch_size))

        def element(place):
            step, part = place // len(parts), parts[0] + place % len(parts)

            def own(values):
                """The rows [updates, batch_size / of, ...] of this part."""
                updates, _, *rest = values.shape
                size = self.batch_size // of
                return tf.reshape(values, (updates, of, size, *rest))[:, part]

            real = shuffled(step, 0, self.discriminator_steps)
            key = tf.stack([tf.constant(self.seed, tf.int64), number * self.steps_per_epoch + step])
            examples = {"images": self._seen(images, real, key, own)}
            if conditions is None:
                return {"examples": examples, "conditions": {}}
            name, _, foreign, taken = self._condition
            matching = tf.gather(conditions, real)
            examples[name] = taken(own(matching))
            examples[f"mismatched_{name}"] = taken(own(foreign(matching, key)))
            asked = tf.gather(conditions, shuffled(step, 1, self.generator_steps))
            return {"examples": examples, "conditions": {name: taken(own(asked))}}

        ends = first_step * len(parts), self.steps_per_epoch * len(parts)
        elements = tf.data.Dataset.range(*ends)
        return elements.map(element, num_parallel_calls=1, deterministic=True).prefetch(2)

    def _seen(self, gathered, indices, key, own):
        """The images of this part of `indices`, some of them mirrored if they may be."""
        images = gathered(own(indices))
        if not self.horizontal_flips:
            return images
        # Other numbers than those that key draws elsewhere.
        draws = own(tf.random.stateless_uniform(indices.shape, tf.bitwise.invert(key)))
        return tf.where(draws[..., None, None, None] < 0.5, images[..., ::-1, :], images)


def gatherer(images):
    """A function of int64 indices [...] that gives their images uint8 [..., h, w, c] in a graph.

    Args:
      images: an array, which is copied into memory once, or data.tagged_faces.StoredImages.
    """
    if not isinstance(images, np.ndarray):
        return images.gathered
    held = tf.constant(images)
    return lambda indices: tf.gather(held, indices)


def foreign_labels(labels, num_classes, key):
    """For each label another one, drawn uniformly; labels int32 of any shape."""
    shift = tf.random.stateless_uniform(labels.shape, key, 1, num_classes, tf.int32)
    # 1 to num_classes - 1 places further on: any label but its own.
    return (labels + shift) % num_classes


def one_hot(attributes, sizes):
    """Attributes int32 [..., slots] as float32 [..., sum(sizes)], zero in a slot with -1."""
    parts = [tf.one_hot(attributes[..., place], size) for place, size in enumerate(sizes)]
    return tf.concat(parts, axis=-1)


def foreign_attributes(attributes, sizes, key):
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
    sizes = tf.constant(sizes, tf.int32)
    draws = tf.random.stateless_uniform(attributes.shape, key)
    can_change = (attributes >= 0) & (sizes > 1)
    # Any value but its own: 1 to size - 1 places further on.
    shift = 1 + tf.cast(draws * tf.cast(tf.maximum(sizes - 1, 1), tf.float32), tf.int32)
    shifted = (attributes + tf.minimum(shift, tf.maximum(sizes - 1, 1))) % sizes
    # Other numbers than the draws above.
    order = tf.random.stateless_uniform(attributes.shape, tf.bitwise.invert(key) + 1)
    chosen = tf.one_hot(
        tf.argmax(tf.where(can_change, order, -1.0), -1), len(sizes), on_value=True, off_value=False
    )
    coins = tf.random.stateless_uniform(attributes.shape[:-1], tf.bitwise.invert(key) + 2)
    changed = can_change & (chosen | (coins < 0.5)[..., None])
    return tf.where(changed, shifted, attributes)
