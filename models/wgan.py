"""The Wasserstein GAN: the discriminator estimates the earth mover's distance.

The paper calls the discriminator the critic: its score is not a probability, and it must be
Lipschitz, for which every one of its weights is clipped after each of its updates.
"""

from typing import Any

import keras
import tensorflow as tf

from models.game import Networks
from models.gan import AbstractGAN


@keras.saving.register_keras_serializable("gan_apps")
class WGAN(AbstractGAN):
    """Wasserstein GAN with weight clipping.

    discriminator loss = -(E[D(x)] - E[D(G(z))])
    generator loss     = -E[D(G(z))]

    Args:
      clip: float above 0. Every discriminator weight is kept in [-clip, clip]. Default 0.01.
      discriminator_steps: int. Default 5.
      networks, **loop: as in AbstractGAN.

    Reference: Arjovsky et al. 2017 (arXiv 1701.07875), algorithm 1 (with RMSprop, rate 5e-5).
    """

    default_optimizer = {"class_name": "RMSprop", "config": {"learning_rate": 5e-5, "rho": 0.99}}

    def __init__(
        self, networks: Networks, *, clip: float = 0.01, discriminator_steps: int = 5, **loop: Any
    ) -> None:
        if clip <= 0:
            raise ValueError(f"clip must be greater than 0, got {clip}.")
        super().__init__(networks, clip=clip, discriminator_steps=discriminator_steps, **loop)

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        return -(tf.reduce_mean(real_scores) - tf.reduce_mean(fake_scores))

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        return -tf.reduce_mean(fake_scores)
