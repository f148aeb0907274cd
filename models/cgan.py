"""The conditional GAN: pictures that are what was asked for.

The discriminator judges pairs of a condition and an image and is trained with three terms; the
third, a real image with a condition that is not its own, is what makes it look at the condition.
"""

import tensorflow as tf

from models.adversarial import AbstractAdversarialModel


class CGAN(AbstractAdversarialModel):
    """Conditional GAN with the matching-aware discriminator.

    discriminator loss = mean(real(D(x, c)))
                         + (1 - m) mean(fake(D(G(z, c), c))) + m mean(fake(D(x, c')))
    generator loss     = mean(generator(D(G(z, c), c))),   c' a condition that x does not have.

    Args:
      objective: models.losses.Objective. The row that says what a score costs.
      mismatched_weight: float in [0, 1). m, the share of the mismatched pairs among the negative
        ones. Default 0.5.
      **networks_and_loop: as in AbstractAdversarialModel.

    Reference: Reed et al. 2016 (arXiv 1605.05396), algorithm 1; the weights 1/2 are those of the
    authors' released code. Positive and negative pairs stay in balance for every m.
    """

    def __init__(self, *networks, objective, mismatched_weight=0.5, **loop):
        super().__init__(*networks, **loop)
        self.objective = objective
        self.mismatched_weight = mismatched_weight

    def discriminator_loss(self, real_scores, fake_scores, mismatched_scores):
        weight = self.mismatched_weight
        return (
            tf.reduce_mean(self.objective.real(real_scores))
            + (1.0 - weight) * tf.reduce_mean(self.objective.fake(fake_scores))
            + weight * tf.reduce_mean(self.objective.fake(mismatched_scores))
        )

    def generator_loss(self, fake_scores):
        return tf.reduce_mean(self.objective.generator(fake_scores))
