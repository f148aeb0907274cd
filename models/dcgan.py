"""The GAN: a generator against a discriminator that tells its images from real ones.

With the convolutional networks of models.networks it is the DCGAN; with least squares the LSGAN;
with the hinge and a spectrally normalised discriminator the SN-GAN.
"""

from typing import Any

import keras
import tensorflow as tf

from models import losses
from models.game import Networks
from models.gan import AbstractGAN


@keras.saving.register_keras_serializable("gan_apps")
class DCGAN(AbstractGAN):
    """Generative adversarial network with the objective of a row.

    discriminator loss = mean(real(D(x))) + mean(fake(D(G(z))))
    generator loss     = mean(generator(D(G(z))))

    Args:
      objective: models.losses.Objective. The row that says what a score costs.
      label_smoothing: float in [0, 0.5). 1 - the target of real images. Default 0.
      flipped_labels: float in [0, 0.5). Share of real and generated images with each other's label
        (Chintala et al. 2016, "How to train a GAN", tip 6). Default 0.
      networks, **loop: as in AbstractGAN.

    Reference: Goodfellow et al. 2014 (arXiv 1406.2661); Radford et al. 2016 (arXiv 1511.06434).
    """

    def __init__(
        self,
        networks: Networks,
        *,
        objective: losses.Objective,
        label_smoothing: float = 0.0,
        flipped_labels: float = 0.0,
        **loop: Any,
    ) -> None:
        super().__init__(networks, **loop)
        self.objective = losses.labelled(objective, label_smoothing, flipped_labels)
        self.flipped_labels = flipped_labels

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        real_scores, fake_scores = self.swapped(real_scores, fake_scores, self.flipped_labels)
        return tf.reduce_mean(self.objective.real(real_scores)) + tf.reduce_mean(
            self.objective.fake(fake_scores)
        )

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(self.objective.generator(fake_scores))
