"""Penalties on the discriminator's gradient with respect to its images.

`score` is a function from images [n, height, width, channels] to scores [n] with the conditions
already inside, so that a penalty knows nothing of labels or prompts. Norms run over all of a
sample's pixels.
"""

import tensorflow as tf


def real_gradient_penalty(score, real_images):
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
    pixels = list(range(1, gradients.shape.rank))
    return tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=pixels))
