"""The Wasserstein GAN with gradient penalty.

As in models/wgan.py, but the discriminator (the paper's critic) is kept Lipschitz by a penalty on
the norm of its gradient between real and generated images, one point for each pair.
"""

from typing import Any

import keras
import tensorflow as tf

from models.game import Networks
from models.gan import AbstractGAN


@keras.saving.register_keras_serializable("gan_apps")
class WGANGP(AbstractGAN):
    """Wasserstein GAN with gradient penalty.

    discriminator loss = -(E[D(x)] - E[D(G(z))]), to which the loop adds
                         penalty_weight E[penalty(norm(grad D(e x + (1 - e) G(z))))], e uniform
    generator loss     = -E[D(G(z))]

    Args:
      penalty: str. A key of models.penalties.PENALTIES. Default "two_sided", (norm - 1)**2.
      discriminator_steps: int. Default 5.
      networks, **loop: as in AbstractGAN. No batch normalisation in the
        discriminator: the penalty is on the slope of one image's score.

    Reference: Gulrajani et al. 2017 (arXiv 1704.00028), algorithm 1 (with Adam, rate 1e-4,
    (0, .9)).
    """

    default_optimizer = {
        "class_name": "Adam",
        "config": {"learning_rate": 1e-4, "beta_1": 0.0, "beta_2": 0.9},
    }

    def __init__(
        self,
        networks: Networks,
        *,
        penalty: str = "two_sided",
        discriminator_steps: int = 5,
        **loop: Any,
    ) -> None:
        if penalty is None:
            raise ValueError("penalty must be one of models.penalties.PENALTIES, got None.")
        super().__init__(networks, penalty=penalty, discriminator_steps=discriminator_steps, **loop)

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        return -(tf.reduce_mean(real_scores) - tf.reduce_mean(fake_scores))

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        return -tf.reduce_mean(fake_scores)
