"""Pictures from pictures: a translator between a pixel error and a discriminator of pairs.

The error alone is least where everything that may be is drawn at once, which is blur; the
discriminator, which looks at patches, asks for one of the possible pictures.
"""

from typing import Any

import keras
import tensorflow as tf

from models.adversary import Adversary
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import Objective

# A real and a generated example of the same sources.
Pair = tuple[Examples, Examples]
# The side in pixels of what is left out of a sketch at once.
CELL = 8


@keras.saving.register_keras_serializable("gan_apps")
class Pix2Pix(AbstractGame):
    """pix2pix: min_G max_D E[log D(s, x)] + E[log(1 - D(s, G(s)))] + l1_weight E|x - G(s)|.

    discriminator loss = (mean(real(D(s, x))) + mean(fake(D(s, G(s))))) / 2
    generator loss     = adversarial_weight mean(generator(D(s, G(s)))) + l1_weight mean|x - G(s)|,
    all means over patches too.

    As in the paper's algorithm a turn of both is on one minibatch, of which one picture is drawn.

    Args:
      networks: {"generator", "averaged_generator", "discriminator"} of models.translators; the
        second where an average is wanted, the third where `adversarial_weight` is not 0.
      objective: models.losses.Objective. What a score costs.
      l1_weight: float. Default 100.
      adversarial_weight: float. 0 for the pixel error alone. Default 1.
      left_out: float in [0, 1]. Of each sketch a random share, at most this, is blank paper in
        training, in squares of CELL pixels. Default 0.
      averaging_decay, seed: as in models.game.AbstractGame.
      **adversary: as in models.adversary.Adversary.

    Reference: Isola et al. 2017 (arXiv 1611.07004), sections 3.1 and 3.3.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        l1_weight: float = 100.0,
        adversarial_weight: float = 1.0,
        left_out: float = 0.0,
        averaging_decay: float = 0.999,
        seed: int = 0,
        **adversary: Any,
    ) -> None:
        super().__init__(networks, averaging_decay=averaging_decay, seed=seed)
        self.l1_weight = l1_weight
        self.adversarial_weight = adversarial_weight
        self.left_out = left_out
        # Nobody judges where the scores cost nothing.
        if adversarial_weight:
            self.adversary = Adversary(self, "discriminator", objective, **adversary)

    @property
    def players(self) -> tuple[Player, ...]:
        columns = ("images", "sources")
        alone = not self.adversarial_weight
        generator = Player(
            name="generator",
            networks=("generator",),
            loss=self.cost,
            columns=columns if alone else (),
            drawn=self.pair,
            figures=("l1",) if alone else ("l1", "adversarial_cost"),
            through=("generator",) if alone else ("generator", "discriminator"),
        )
        if alone:
            return (generator,)
        return self.adversary.player(self.judged, columns=columns, drawn=self.pair), generator

    def pair(self, minibatch: Examples) -> Pair:
        """(real, fake): examples of the same sources."""
        given = {"sources": self.sparse(minibatch["sources"])}
        fake = self.networks["generator"](given, training=True)
        return {"images": minibatch["images"], **given}, {"images": fake, **given}

    def sparse(self, sources: tf.Tensor) -> tf.Tensor:
        """Sketches [n, h, w, c] with as much left out as somebody may not have drawn yet."""
        if not self.left_out:
            return sources
        count, height, width, _ = sources.shape
        share = self.left_out * self.uniform((count, 1, 1, 1))
        cells = self.uniform((count, -(-height // CELL), -(-width // CELL), 1)) < share
        blank = tf.repeat(tf.repeat(cells, CELL, axis=1), CELL, axis=2)[:, :height, :width]
        return tf.where(blank, tf.ones_like(sources), sources)

    def judged(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        return self.adversary.loss(real, lambda _: fake) / 2.0

    def cost(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        l1 = tf.reduce_mean(tf.abs(real["images"] - fake["images"]))
        self.tell("l1", l1)
        cost = self.l1_weight * l1
        if self.adversarial_weight:
            cost += self.adversarial_weight * self.adversary.cost(fake, figure="adversarial_cost")
        return cost
