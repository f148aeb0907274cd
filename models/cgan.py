"""The conditional GAN: pictures that are what was asked for.

The discriminator judges pairs of a condition and an image and is trained with three terms; the
third, a real image with a condition that is not its own, is what makes it look at the condition.
"""

from typing import Any

import keras
import tensorflow as tf

from models import losses
from models.game import Networks
from models.gan import AbstractGAN


@keras.saving.register_keras_serializable("gan_apps")
class CGAN(AbstractGAN):
    """Conditional GAN with the matching-aware discriminator.

    discriminator loss = mean(real(D(x, c)))
                         + (1 - m) mean(fake(D(G(z, c), c))) + m mean(fake(D(x, c')))
    generator loss     = mean(generator(D(G(z, c), c))),   c' a condition that x does not have.

    Where the discriminator tells nothing apart any more, what is drawn for a condition is not its
    p(x | c) but q = (p - m p') / (1 - m), p' being that of other conditions: what these have too is
    drawn less often, and where p < m p' not at all. That keeps neighbouring conditions apart, and
    takes from variety; an auxiliary classifier of both kinds (models.losses.ADC) with m = 0 leaves
    q = p.

    Args:
      objective: models.losses.Objective. The row that says what a score costs.
      mismatched_weight: float in [0, 1). m, the share of the mismatched pairs among the negative
        ones. Default 0.5.
      label_smoothing: float in [0, 0.5). 1 - the target of real pairs. Default 0.
      flipped_labels: float in [0, 0.5). Share of real and generated pairs with each other's label
        (Chintala et al. 2016, "How to train a GAN", tip 6). Default 0.
      networks, **loop: as in AbstractGAN.

    Reference: Reed et al. 2016 (arXiv 1605.05396), algorithm 1; the weights 1/2 are those of the
    authors' released code. Positive and negative pairs stay in balance for every m.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        objective: losses.Objective,
        mismatched_weight: float = 0.5,
        label_smoothing: float = 0.0,
        flipped_labels: float = 0.0,
        **loop: Any,
    ) -> None:
        super().__init__(networks, **loop)
        self.objective = losses.labelled(objective, label_smoothing, flipped_labels)
        self.flipped_labels = flipped_labels
        self.mismatched_weight = mismatched_weight
        condition = self.adversary.condition
        if mismatched_weight and (condition is None or max(condition.sizes) < 2):
            raise ValueError(
                "a CGAN needs networks with a condition of two values or more, such as "
                f"models.pair(condition=models.Condition('labels', (10,))); got {condition}."
            )

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        real_scores, fake_scores = self.swapped(real_scores, fake_scores, self.flipped_labels)
        weight = self.mismatched_weight
        loss = tf.reduce_mean(self.objective.real(real_scores))
        loss += (1.0 - weight) * tf.reduce_mean(self.objective.fake(fake_scores))
        if foreign_scores is not None:
            loss += weight * tf.reduce_mean(self.objective.fake(foreign_scores))
        return loss

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(self.objective.generator(fake_scores))
