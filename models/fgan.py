"""The f-GAN: a GAN for every f-divergence.

The discriminator tightens the variational bound of D_f(P || Q), the generator lowers it.
"""

from typing import Any

import keras
import tensorflow as tf

from models import losses
from models.divergences import FDivergence
from models.game import Networks
from models.gan import AbstractGAN


@keras.saving.register_keras_serializable("gan_apps")
class FGAN(AbstractGAN):
    """Variational divergence minimisation; a raw score v counts as T = g_f(v).

    discriminator loss = -(E_P[g_f(D(x))] - E_Q[f*(g_f(D(G(z))))])
    generator loss     = -E_Q[g_f(D(G(z)))]      ("trick", section 3.2), or
                         -E_Q[f*(g_f(D(G(z))))]  ("exact", equation 6)

    Args:
      divergence: models.divergences.FDivergence. The row that says what f is.
      generator_objective: str. "trick" (the default) or "exact"; their optima agree only where the
        generator can match the data.
      networks, **loop: as in AbstractGAN.

    Reference: Nowozin et al. 2016 (arXiv 1606.00709).
    """

    def __init__(
        self,
        networks: Networks,
        *,
        divergence: FDivergence,
        generator_objective: str = "trick",
        **loop: Any,
    ) -> None:
        super().__init__(networks, **loop)
        self.divergence = divergence
        self.objective = losses.variational(divergence, generator_objective)

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        bound = tf.reduce_mean(self.divergence.activation(real_scores)) - tf.reduce_mean(
            self.divergence.conjugate_of_activation(fake_scores)
        )
        return -bound

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(self.objective.generator(fake_scores))
