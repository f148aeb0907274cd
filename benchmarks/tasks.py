"""What is trained in `benchmarks.training`: a row for each task, for us and for the peers alike."""

import dataclasses

import numpy as np

from gan_apps import settings, systems

# What checkpoints/dcgan_faces was trained with, but for the mirrored images.
_FACES = {
    "dataset": "tfds:none",
    "normalization": "none",
    "real_gradient_weight": 1.0,
    "discriminator_learning_rate": 5e-4,
    "generator_learning_rate": 5e-4,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "latent_dim": 64,
    "generator_widths": (112, 96, 48, 32),
    "batch_size": 32,
}
# The loss, optimizer and noise of keras.io's conditional_gan: two terms, Adam with its defaults.
_KERAS_IO = {
    "mismatched_weight": 0.0,
    "real_gradient_weight": 0.0,
    "discriminator_learning_rate": 3e-4,
    "generator_learning_rate": 3e-4,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "latent_dim": 128,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """A training.

    Args:
      system: str. The name of one of systems.
      config: settings.GAN. All but the networks' sizes is read off it by peers too.
      image_size, channels: ints.
      num_classes: int. 0 for images without labels. Default 0.
      count: int. Images; an epoch of them is as short as memory for float32 ones allows.
      generator_widths, discriminator_widths: ints. What our networks have by default, spelled out
        for the peers.
      keras_io: bool. Whether the networks are those of keras.io's conditional_gan instead. Default
        False.
      has_sources: bool. Whether pictures are drawn from pictures. Default False.
      has_sides: bool. Whether half of the pictures become like the other half, and back. Default
        False.
    """

    system: str
    config: settings.GAN
    image_size: int
    channels: int
    num_classes: int = 0
    count: int
    generator_widths: tuple
    discriminator_widths: tuple
    keras_io: bool = False
    has_sources: bool = False
    has_sides: bool = False

    @property
    def images_per_iteration(self):
        return self.config.examples_per_iteration

    @property
    def peer_in_keras(self):
        """The module of the peer that is written in Keras."""
        kinds = {"keras_io": self.keras_io, "keras_pix2pix": self.has_sources}
        kinds["keras_cyclegan"] = self.has_sides
        return "benchmarks.peers." + next((name for name in kinds if kinds[name]), "keras_gan")

    def data(self, count=None):
        """Random images uint8 [count, h, w, c] and labels int32 [count], or None."""
        random = np.random.RandomState(0)
        shape = (count or self.count, self.image_size, self.image_size, self.channels)
        images = random.randint(0, 256, shape, np.uint8)
        labels = random.randint(0, self.num_classes, len(images)) if self.num_classes else None
        return images, None if labels is None else labels.astype(np.int32)

    @staticmethod
    def sources(images):
        """What images are drawn from, uint8 [n, h, w, 1]."""
        return images[..., :1].copy()


def _settings(system, **values):
    return {"system": system, "config": systems.find(system).config(**values)}


_DIGITS = {
    "image_size": 28,
    "channels": 1,
    "count": 32_768,
    "generator_widths": (96, 64),
    "discriminator_widths": (48, 96, 192),
}
TASKS = {
    "digits": Task(**_settings("cgan"), num_classes=10, **_DIGITS),
    "faces": Task(
        **_settings("dcgan", **_FACES),
        image_size=64,
        channels=3,
        count=8_192,
        generator_widths=_FACES["generator_widths"],
        discriminator_widths=(32, 64, 128, 256),
    ),
    "wgan_gp": Task(**_settings("wgan_gp"), **_DIGITS),
    "pix2pix": Task(
        **_settings("pix2pix", dataset="tfds:none", sources="edges"),
        has_sources=True,
        image_size=64,
        channels=3,
        count=4_096,
        generator_widths=(112, 112, 64, 32),
        discriminator_widths=(32, 64, 128),
    ),
    "cyclegan": Task(
        # Without the pool, which Keras's example has not.
        **_settings("cyclegan", dataset="tfds:none", pool_size=0),
        has_sides=True,
        image_size=64,
        channels=3,
        count=1_024,
        generator_widths=(96, 48, 24),
        discriminator_widths=(32, 64, 128, 128),
    ),
    "keras_io": Task(
        **_settings("cgan", **_KERAS_IO),
        num_classes=10,
        keras_io=True,
        **{**_DIGITS, "generator_widths": (128, 128), "discriminator_widths": (64, 128)},
    ),
}
