"""Features of an Inception network, for a distance that is nearer to the published "FID".

Its weights are downloaded when it is asked for (88 MB, kept in ~/.keras/models), not before.
"""

import keras
import numpy as np
import tensorflow as tf

from gan_apps.settings import Failed

SIDE = 299
FEATURES = 2048
NAME = (
    f"{FEATURES} of keras.applications' InceptionV3 (ImageNet's 1,000 classes), which is not the "
    "network of the FID paper: not to be compared with published FIDs"
)
_ROWS = 32


class Inception:
    """The pooled last features of InceptionV3.

    Args:
      weights: str or None. As in keras.applications; None for random ones, which need no download.

    Raises:
      Failed: the weights are not here and cannot be fetched.
    """

    test_accuracy = None

    def __init__(self, weights="imagenet"):
        try:
            self.network = keras.applications.InceptionV3(
                include_top=False,
                weights=weights,
                pooling="avg",
                input_shape=(SIDE, SIDE, 3),
            )
        except Exception as error:  # keras raises no narrower one when a download fails.
            if "fetch failure" not in str(error):
                raise
            raise Failed(f"--metric=fid: the weights could not be downloaded: {error}") from None

    def judged(self, images):
        """None (its classes are none of ours), and features [n, 2048] of uint8 [n, h, w, c]."""
        features = []
        for start in range(0, len(images), _ROWS):
            some = tf.cast(images[start : start + _ROWS], tf.float32) / 127.5 - 1.0
            if some.shape[-1] == 1:
                some = tf.image.grayscale_to_rgb(some)
            large = tf.image.resize(some, (SIDE, SIDE))
            features.append(self.network(large, training=False).numpy())
        return None, np.concatenate(features)
