"""Pictures from pictures: a translator between a pixel error and a discriminator of pairs.

The error alone is least where everything that may be is drawn at once, which is blur; the
discriminator, which looks at patches, asks for one of the possible pictures.
"""

from typing import Any

import keras
import tensorflow as tf

from models.game import Examples, Networks
from models.losses import Objective
from models.translation import AbstractTranslation, Pair

# The side in pixels of what is left out of a sketch at once.
CELL = 8


@keras.saving.register_keras_serializable("gan_apps")
class Pix2Pix(AbstractTranslation):
    """pix2pix: min_G max_D E[log D(s, x)] + E[log(1 - D(s, G(s)))] + l1_weight E|x - G(s)|.

    discriminator loss = (mean(real(D(s, x))) + mean(fake(D(s, G(s))))) / 2
    generator loss     = adversarial_weight mean(generator(D(s, G(s)))) + l1_weight mean|x - G(s)|,
    all means over patches too.

    Args:
      networks, objective: as in models.translation.AbstractTranslation; networks of
        models.translators.
      l1_weight: float. Default 100.
      adversarial_weight: float. 0 for the pixel error alone. Default 1.
      left_out: float in [0, 1]. Of each sketch a random share, at most this, is blank paper in
        training, in squares of CELL pixels. Default 0.
      **loop: as in models.translation.AbstractTranslation.

    Reference: Isola et al. 2017 (arXiv 1611.07004), sections 3.1 and 3.3.
    """

    errors = ("l1",)

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        l1_weight: float = 100.0,
        adversarial_weight: float = 1.0,
        left_out: float = 0.0,
        **loop: Any,
    ) -> None:
        super().__init__(
            networks, objective=objective, adversarial_weight=adversarial_weight, **loop
        )
        self.l1_weight = l1_weight
        self.left_out = left_out

    def pair(self, minibatch: Examples) -> Pair:
        return self.drawn_of(minibatch["images"], self.sparse(minibatch["sources"]))

    def sparse(self, sources: tf.Tensor) -> tf.Tensor:
        """Sketches [n, h, w, c] with as much left out as somebody may not have drawn yet."""
        if not self.left_out:
            return sources
        count, height, width, _ = sources.shape
        share = self.left_out * self.uniform((count, 1, 1, 1))
        cells = self.uniform((count, -(-height // CELL), -(-width // CELL), 1)) < share
        blank = tf.repeat(tf.repeat(cells, CELL, axis=1), CELL, axis=2)[:, :height, :width]
        return tf.where(blank, tf.ones_like(sources), sources)

    def error(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        l1 = tf.reduce_mean(tf.abs(real["images"] - fake["images"]))
        self.tell("l1", l1)
        return self.l1_weight * l1
