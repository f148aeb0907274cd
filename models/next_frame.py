"""The next frame of a clip: drawn from the last ones, by three errors of which each has a weight.

The squared error alone is least at the mean of all that may come next, which is blur; the
difference of gradients asks for edges as strong as the true ones, and the discriminator, which
looks at a frame beside what came before it, for one of the possible frames.
"""

from typing import Any

import keras
import tensorflow as tf

from models.game import Examples, Networks
from models.losses import Objective
from models.translation import AbstractTranslation, Pair


def gradient_difference(images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """How far the edges of pictures are from those of others, along both axes.

    mean(abs(abs(x_ij - x_i-1,j) - abs(y_ij - y_i-1,j))) + the same of x_ij - x_i,j-1

    It is 0 for a picture and its negative: whatever has the same edges.

    Args:
      images, targets: float32 [n, h, w, c], h and w at least 2.

    Returns:
      float32 scalar.

    Reference: Mathieu et al. 2016 (arXiv 1511.05440), equation 7, with alpha 1; a mean over pixels
    where the paper has a sum.
    """
    differences = []
    for steps in (lambda x: x[:, 1:] - x[:, :-1], lambda x: x[:, :, 1:] - x[:, :, :-1]):
        edges, others = tf.abs(steps(images)), tf.abs(steps(targets))
        differences.append(tf.reduce_mean(tf.abs(edges - others)))
    return tf.add_n(differences)


@keras.saving.register_keras_serializable("gan_apps")
class NextFrame(AbstractTranslation):
    """A translator of a clip's last frames into the next one.

    discriminator loss = (mean(real(D(s, x))) + mean(fake(D(s, G(s))))) / 2
    generator loss     = lp_weight mean(abs(x - G(s))**power)
                         + gradient_difference_weight gradient_difference(G(s), x)
                         + adversarial_weight mean(generator(D(s, G(s))))

    s is the history, x the frame that follows; all means over patches and pixels too. Further
    frames are drawn by giving it its own as the last one, for which it is not trained.

    Args:
      networks, objective: as in models.translation.AbstractTranslation; networks of
        models.translators.
      power: float. p, 1 or more. Default 2.
      lp_weight, gradient_difference_weight, adversarial_weight: floats. 0 leaves a term out.
        Defaults 1, 1 and 0.05.
      **loop: as in models.translation.AbstractTranslation.

    Reference: Mathieu et al. 2016 (arXiv 1511.05440), section 3; Lotter et al. 2015 (arXiv
    1511.06380), whose discriminator too is shown what came before.
    """

    errors = ("lp", "gradient_difference")

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        power: float = 2.0,
        lp_weight: float = 1.0,
        gradient_difference_weight: float = 1.0,
        adversarial_weight: float = 0.05,
        **loop: Any,
    ) -> None:
        super().__init__(
            networks, objective=objective, adversarial_weight=adversarial_weight, **loop
        )
        self.power = power
        self.lp_weight = lp_weight
        self.gradient_difference_weight = gradient_difference_weight

    def pair(self, minibatch: Examples) -> Pair:
        return self.drawn_of(minibatch["images"], minibatch["sources"])

    def error(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        images, targets = fake["images"], real["images"]
        lp = tf.reduce_mean(tf.abs(images - targets) ** self.power)
        difference = gradient_difference(images, targets)
        self.tell("lp", lp)
        self.tell("gradient_difference", difference)
        return self.lp_weight * lp + self.gradient_difference_weight * difference
