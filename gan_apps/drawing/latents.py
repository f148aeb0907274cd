"""The latents of a picture, from its seed."""

import numpy as np


def latents(seed, label, indices, latent_dim):
    """Standard normal latents, one row per picture.

    Picture `index` of `label` has the same latents however many are drawn with it. RandomState is
    NumPy's frozen generator: its numbers are the same in every version.

    Args:
      seed: int in [0, 2**32).
      label: int >= 0.
      indices: iterable of ints >= 0.
      latent_dim: int.

    Returns:
      float32 [len(indices), latent_dim].
    """
    rows = [
        np.random.RandomState([seed, label, index]).standard_normal(latent_dim) for index in indices
    ]
    return np.asarray(rows, np.float32).reshape(-1, latent_dim)
