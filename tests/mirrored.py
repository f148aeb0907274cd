"""Trains tiny models on real minibatches, alone or as two replicas on logical devices of one CPU.

python -m tests.mirrored FOLDER trains the two replicas and leaves FOLDER/<case>.npz: TensorFlow
divides its devices once in a process.
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf

CASES = {
    "labels": ("cgan", {"real_gradient_weight": 1.0, "real_gradient_interval": 2}),
    "batch": ("dcgan", {"normalization": "batch", "flipped_labels": 0.3, "input_noise": 0.1}),
    "penalty": ("wgan_gp", {"discriminator_steps": 2, "generator_normalization": "none"}),
    "spectral": ("cgan", {"normalization": "spectral", "latent_distribution": "spherical"}),
    "codes": ("vae", {"importance_samples": 3}),
}
ITERATIONS = 3


def trained(case, distribute):
    """The variables of a case's model after ITERATIONS iterations of one epoch."""
    # TensorFlow runs while these are imported, and its devices are then what they are.
    from gan_apps.conditions import Labels
    from gan_apps.data.columns import Data
    from gan_apps.data.minibatches import minibatches
    from gan_apps.training import states
    from gan_apps.training.distribution import Place
    from tests.test_vae import made
    from tests.tiny_models import COUNT, NUM_CLASSES, built

    name, arguments = CASES[case]
    place = Place(distribute)
    with place.scope():
        model = made(**arguments) if name == "vae" else built(name, **arguments)
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (60, 8, 8, 1), np.uint8)
    labels = random.randint(0, NUM_CLASSES, 60).astype(np.int32)
    data = Data({"images": images, "labels": labels}, Labels(tuple("abcd")))
    data = data if getattr(model, "conditions", ()) else data.unconditional()
    order = minibatches(data, model.players, COUNT, 0, horizontal_flips=True)
    model.fit(place.iterations(order, 1, 1), steps_per_epoch=ITERATIONS, verbose=0)
    # The norms of two replicas' gradients are not the norm of their sum.
    return {
        name: variable.numpy()
        for name, variable in states.variables(model).items()
        if not variable.path.endswith("_gradient_norm/total")
    }


def main(folder):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    for case in CASES:
        np.savez(pathlib.Path(folder) / f"{case}.npz", **trained(case, "mirrored"))


if __name__ == "__main__":
    main(sys.argv[1])
