"""Penalties on the discriminator's gradient with respect to its images.

`score` is a function from images [n, height, width, channels] to scores [n] with the conditions
already inside, so that a penalty knows nothing of labels or prompts. Norms run over all of a
sample's pixels.
"""

from collections.abc import Callable

import tensorflow as tf

Score = Callable[[tf.Tensor], tf.Tensor]

# Under the square root, which has no finite slope at 0, where a flat discriminator starts.
EPSILON = 1e-12

# What a sample pays for the norm of its gradient: name -> function.
PENALTIES = {
    # Gulrajani et al. 2017 (arXiv 1704.00028), equation 3.
    "two_sided": lambda norms: (norms - 1.0) ** 2,
    # Gulrajani et al. 2017, section 4, last paragraph: only slopes above 1 are penalised.
    "one_sided": lambda norms: tf.nn.relu(norms - 1.0) ** 2,
    # The lecture notes' literal form, max(0, norm - 1), not squared.
    "one_sided_linear": lambda norms: tf.nn.relu(norms - 1.0),
}


def gradient_norms(score: Score, images: tf.Tensor) -> tf.Tensor:
    """norm(grad score(x)) of each image, over all of its pixels.

    Args:
      score: images [n, h, w, c] -> scores [n].
      images: float32 [n, h, w, c].

    Returns:
      float32 [n], with finite gradients also where the norm is 0.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        scores = score(images)
    gradients = tf.cast(tape.gradient(scores, images), tf.float32)
    return tf.sqrt(_squared_norms(gradients) + EPSILON)


def mixed(real_images: tf.Tensor, fake_images: tf.Tensor, mixing: tf.Tensor) -> tf.Tensor:
    """mixing * real + (1 - mixing) * fake: points between pairs of images.

    Args:
      real_images, fake_images: float32 [n, h, w, c].
      mixing: float32 [n, 1, 1, 1] in [0, 1]: one draw for each pair, not for each pixel.
    """
    return mixing * real_images + (1.0 - mixing) * fake_images


def gradient_penalty(
    score: Score,
    real_images: tf.Tensor,
    fake_images: tf.Tensor,
    mixing: tf.Tensor,
    kind: str = "two_sided",
) -> tuple[tf.Tensor, tf.Tensor]:
    """mean(penalty(norm(grad score(x)))) at x between real and generated images, and the norms.

    Args:
      score: images [n, h, w, c] -> scores [n].
      real_images, fake_images: float32 [n, h, w, c].
      mixing: float32 [n, 1, 1, 1], uniform in [0, 1].
      kind: str. A key of PENALTIES.

    Returns:
      (float32 scalar, at least 0; float32 [n]).
    """
    norms = gradient_norms(score, mixed(real_images, fake_images, mixing))
    return tf.reduce_mean(PENALTIES[kind](norms)), norms


def real_gradient_penalty(score: Score, real_images: tf.Tensor) -> tf.Tensor:
    """R1: mean(norm(grad score(x))**2) over real images x.

    Args:
      score: images [n, h, w, c] -> scores [n].
      real_images: float32 [n, h, w, c].

    Returns:
      float32 scalar, at least 0. No square root is taken, so a flat discriminator is harmless.

    Reference: Mescheder et al. 2018 (arXiv 1801.04406), equation 9, without its factor gamma / 2.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(real_images)
        scores = score(real_images)
    gradients = tf.cast(tape.gradient(scores, real_images), tf.float32)
    return tf.reduce_mean(_squared_norms(gradients))


def _squared_norms(gradients: tf.Tensor) -> tf.Tensor:
    pixels = list(range(1, gradients.shape.rank))
    return tf.reduce_sum(tf.square(gradients), axis=pixels)
