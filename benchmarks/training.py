"""How fast a training step is, beside what this machine's matrix products can do.

  python -m benchmarks.training                 the faces' networks, in float32 and in bfloat16
  python -m benchmarks.training --iterations=60

Images are random numbers: the time of a step does not depend on them. FLOPs are those of
convolutions and dense layers alone (two for each multiplication with its addition).
"""

import sys
import time

import numpy as np
from absl import app, flags

from gan_apps import settings
from gan_apps.machine import quiet

# What checkpoints/cgan_anime was trained with.
FACES = {
    "dataset": "tfds:none",
    "horizontal_flips": True,
    "latent_dim": 64,
    "generator_widths": (112, 96, 48, 32),
    "batch_size": 32,
}
VALUES = ("hair", 12), ("eyes", 10)
PRODUCT = 2048

_ITERATIONS = flags.DEFINE_integer("iterations", 100, "Iterations of each measurement.", 17)


def forward_flops(network):
    """FLOPs of one image through the convolutions and dense layers of a network."""
    import keras

    total = 0
    for layer in network.layers:
        if not hasattr(layer, "kernel"):
            continue
        per_position = 2 * np.prod(layer.kernel.shape, dtype=np.int64)
        positions = 1
        if isinstance(layer, keras.layers.Conv2DTranspose):
            # Each input position meets the whole kernel.
            positions = np.prod(layer.input.shape[1:3])
        elif isinstance(layer, keras.layers.Conv2D):
            positions = np.prod(layer.output.shape[1:3])
        total += int(per_position * positions)
    return total


def step_flops(model):
    """FLOPs of an iteration per real image, with R1 in its share of iterations.

    A backward pass costs as much again for the inputs' gradient and for the weights'. The
    discriminator's update draws an image, and takes both kinds forward and back; the generator's
    takes its own network forward and back, and the discriminator forward and back to the image. R1
    goes forward, back to the image, and through both again.
    """
    generator, discriminator = forward_flops(model.generator), forward_flops(model.discriminator)
    penalty = 6 * discriminator / model.real_gradient_interval
    return (1 + 3) * generator + (2 * 3 + 2) * discriminator + penalty


def product_peak(dtype):
    """FLOP/s of a square matrix product: the best of several."""
    import tensorflow as tf

    matrix = tf.cast(tf.random.stateless_normal((PRODUCT, PRODUCT), (0, 1)), dtype)
    product = tf.function(lambda: tf.linalg.matmul(matrix, matrix))
    product()
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        product().numpy()
        seconds.append(time.perf_counter() - started)
    return 2 * PRODUCT**3 / min(seconds)


def images_per_second(precision):
    """Of the training step in `fit`, and its FLOPs per image."""
    from gan_apps.data import sources
    from gan_apps.data.minibatches import Minibatches
    from gan_apps.prompts.vocabulary import Slot, Vocabulary
    from gan_apps.training import building

    random = np.random.RandomState(0)
    count = FACES["batch_size"] * _ITERATIONS.value
    sizes = [size for _, size in VALUES]
    attributes = np.stack([random.randint(0, size, count) for size in sizes], axis=1)
    slots = tuple(Slot(noun, tuple(f"{noun}{n}" for n in range(size))) for noun, size in VALUES)
    images = sources.Images(
        random.randint(0, 256, (count, 64, 64, 3), np.uint8),
        condition="prompt",
        attributes=attributes.astype(np.int32),
        vocabulary=Vocabulary(slots, ((0, 0),), (1,)),
    )
    config = settings.CGANConfig(**FACES, precision=precision, num_epochs=2)
    minibatches = Minibatches(images, config.batch_size, 1, 1, 0, config.horizontal_flips)
    model = building.build("cgan", config, minibatches)
    model.fit(minibatches.epoch(0), verbose=0)
    started = time.perf_counter()
    model.fit(minibatches.epoch(1), verbose=0)
    return count / (time.perf_counter() - started), step_flops(model)


def main(argv):
    del argv
    quiet.import_tensorflow()
    print("| precision | images/s | GFLOP per image | GFLOP/s | product's peak GFLOP/s | share |")
    print("| --- " * 6 + "|")
    for precision in ("float32", "bfloat16"):
        peak = product_peak(precision)
        speed, flops = images_per_second(precision)
        print(
            f"| {precision} | {speed:.0f} | {flops / 1e9:.3f} | {speed * flops / 1e9:.0f} "
            f"| {peak / 1e9:.0f} | {speed * flops / peak:.2f} |",
            flush=True,
        )
    sys.stdout.flush()


if __name__ == "__main__":
    app.run(main)
