"""The next frame of a clip: drawn from the last ones, by three errors of which each has a weight.

The squared error alone is least at the mean of all that may come next, which is blur; the
difference of gradients asks for edges as strong as the true ones, and the discriminator, which
looks at a frame beside what came before it, for one of the possible frames.
"""

from typing import Any

import keras
import tensorflow as tf

from models.adversary import Adversary
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import Objective

# A real and a generated frame after the same history.
Pair = tuple[Examples, Examples]


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
class NextFrame(AbstractGame):
    """A translator of a clip's last frames into the next one.

    discriminator loss = (mean(real(D(s, x))) + mean(fake(D(s, G(s))))) / 2
    generator loss     = lp_weight mean(abs(x - G(s))**power)
                         + gradient_difference_weight gradient_difference(G(s), x)
                         + adversarial_weight mean(generator(D(s, G(s))))

    s is the history, x the frame that follows; all means over patches and pixels too. Further
    frames are drawn by giving it its own as the last one, for which it is not trained.

    Args:
      networks: {"generator", "averaged_generator", "discriminator"} of models.translators; the
        second where an average is wanted, the third where `adversarial_weight` is not 0.
      objective: models.losses.Objective. What a score costs.
      power: float. p, 1 or more. Default 2.
      lp_weight, gradient_difference_weight, adversarial_weight: floats. 0 leaves a term out.
        Defaults 1, 1 and 0.05.
      averaging_decay, seed: as in models.game.AbstractGame.
      **adversary: as in models.adversary.Adversary.

    Reference: Mathieu et al. 2016 (arXiv 1511.05440), section 3; Lotter et al. 2015 (arXiv
    1511.06380), whose discriminator too is shown what came before.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        power: float = 2.0,
        lp_weight: float = 1.0,
        gradient_difference_weight: float = 1.0,
        adversarial_weight: float = 0.05,
        averaging_decay: float = 0.999,
        seed: int = 0,
        **adversary: Any,
    ) -> None:
        super().__init__(networks, averaging_decay=averaging_decay, seed=seed)
        self.power = power
        self.lp_weight = lp_weight
        self.gradient_difference_weight = gradient_difference_weight
        self.adversarial_weight = adversarial_weight
        # Nobody judges where the scores cost nothing.
        if adversarial_weight:
            self.adversary = Adversary(self, "discriminator", objective, **adversary)

    @property
    def players(self) -> tuple[Player, ...]:
        columns = ("images", "sources")
        alone = not self.adversarial_weight
        figures = ("lp", "gradient_difference")
        generator = Player(
            name="generator",
            networks=("generator",),
            loss=self.cost,
            columns=columns if alone else (),
            drawn=self.pair,
            figures=figures if alone else (*figures, "adversarial_cost"),
            through=("generator",) if alone else ("generator", "discriminator"),
        )
        if alone:
            return (generator,)
        return self.adversary.player(self.judged, columns=columns, drawn=self.pair), generator

    def pair(self, minibatch: Examples) -> Pair:
        """(real, fake): frames after the same history."""
        given = {"sources": minibatch["sources"]}
        fake = self.networks["generator"](given, training=True)
        return {"images": minibatch["images"], **given}, {"images": fake, **given}

    def judged(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        return self.adversary.loss(real, lambda _: fake) / 2.0

    def cost(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        images, targets = fake["images"], real["images"]
        lp = tf.reduce_mean(tf.abs(images - targets) ** self.power)
        difference = gradient_difference(images, targets)
        self.tell("lp", lp)
        self.tell("gradient_difference", difference)
        cost = self.lp_weight * lp + self.gradient_difference_weight * difference
        if self.adversarial_weight:
            cost += self.adversarial_weight * self.adversary.cost(fake, figure="adversarial_cost")
        return cost
