"""How likely pictures that were not trained on are to a run with a code: importance weights."""

import numpy as np
import tensorflow as tf

from gan_apps.drawing import runtimes
from models import networks
from models.game import to_signed
from models.vae import ACTIVE, Reconstruction

# K, codes of a picture.
COUNTS = (1, 50, 500)
# Pictures that are looked at, the first ones: all that MNIST tests by.
MOST = 10_000
# Pictures at a time: with as many codes each as are decoded at once, some 10,000 pictures.
BATCH = 200
# Seed of the test bits and of the codes.
SEED = 0


def measured(run, recipe, images):
    """What a run that codes pictures with noise says of some; None of any other run.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      images: uint8 [n, h, w, c].

    Returns:
      ({"K=1": float32 [n], ...}, int): log p(x) in nats of each of the first MOST, and how many
      numbers of the code vary with the picture. Of a Bernoulli likelihood the pictures are bits,
      drawn by SEED with the gray values as their probabilities.
    """
    for name, draw in recipe.draws.items():
        if issubclass(networks.class_of(draw.network), Reconstruction):
            network = runtimes.keras_network(runtimes.weights(run, name), name, draw)
            return _of(network, images[:MOST]) if network.encoder.has_noise else None
    return None


def _of(network, images):
    uniform = np.random.RandomState(SEED).uniform(size=images.shape).astype(np.float32)
    likelihoods = {count: [] for count in COUNTS}
    means = []
    for batch, start in enumerate(range(0, len(images), BATCH)):
        rows = slice(start, start + BATCH)
        signed = to_signed(images[rows])
        observed = network.generator.observed(signed, lambda shape, rows=rows: uniform[rows])

        def noise(shape, chunk, batch=batch):
            return tf.random.stateless_normal(shape, [SEED, batch << 16 | chunk])

        for count, values in network.log_likelihoods(observed, noise, counts=COUNTS).items():
            likelihoods[count].append(values.numpy())
        means.append(network.code(observed)["mean"].numpy())
    varies = np.concatenate(means).var(axis=0) > ACTIVE
    named = {f"K={count}": np.concatenate(values) for count, values in likelihoods.items()}
    return named, int(varies.sum())
