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
        labels = self.images.labels
        return tf.constant(self.images.images), None if labels is None else tf.constant(labels)

    def sample(self, size):
        """`size` images, uint8 [size, h, w, c], chosen by the seed alone."""
        random = np.random.RandomState(self.seed)
        count = len(self.images.images)
        return self.images.images[random.choice(count, size, replace=size > count)]

    def epoch(self, number, first_step=0):
        """The iterations of epoch `number` (from 0) from `first_step` on, as a tf.data.Dataset."""
        # Made here, outside of the graph that `iteration` becomes.
        images, labels = self._tensors
        count = len(self.images.images)

        def shuffled(step, salt, updates):
            """Indices [updates, batch_size] of iteration `step` in this epoch's permutation."""
            size = updates * self.batch_size
            positions = (step * size + tf.range(size, dtype=tf.int64)) % count
            key = tf.constant([self.seed, 2 * number + salt], tf.int64)
            indices = tf.random.experimental.index_shuffle(positions, key, count - 1)
            return tf.reshape(indices, (updates, self.batch_size))

        def iteration(step):
            real = shuffled(step, 0, self.discriminator_steps)
            key = tf.stack([tf.constant(self.seed, tf.int64), number * self.steps_per_epoch + step])
            examples = {"images": self._seen(images, real, key)}
            if labels is None:
                return {"examples": examples, "conditions": {}}
            # 1 to num_classes - 1 places further on: any label but its own.
            num_classes = len(self.images.label_names)
            shift = tf.random.stateless_uniform(real.shape, key, 1, num_classes, tf.int32)
            examples["labels"] = tf.gather(labels, real)
            examples["mismatched_labels"] = (examples["labels"] + shift) % num_classes
            conditions = shuffled(step, 1, self.generator_steps)
            return {
                "examples": examples,
                "conditions": {"labels": tf.gather(labels, conditions)},
            }

        steps = tf.data.Dataset.range(first_step, self.steps_per_epoch)
        return steps.map(iteration, num_parallel_calls=1, deterministic=True).prefetch(2)

    def _seen(self, images, indices, key):
        """The images of `indices`, some of them mirrored if they may be."""
        images = tf.gather(images, indices)
        if not self.horizontal_flips:
            return images
        # Other numbers than those that key draws elsewhere.
        draws = tf.random.stateless_uniform(indices.shape, tf.bitwise.invert(key))
        return tf.where(draws[..., None, None, None] < 0.5, images[..., ::-1, :], images)
