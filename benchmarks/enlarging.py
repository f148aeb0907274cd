"""How fast an update of SRResNet is, beside the same network in plain Keras and in PyTorch.

  python -m benchmarks.enlarging                 both precisions, a few minutes
  python -m benchmarks.enlarging --check         that the peers compute the same

The network is the default one of gan_apps.srgan, by absolute error, from squares of 24 x 24 in
minibatches of 16, cut out of random pictures. The peers are `compile` and `fit` of Keras with a
tf.data of random crops, and a loop of PyTorch's over a DataLoader of them, in float32; the careful
ones keep the average of the weights as ours does, by what each library has for it, and PyTorch's
has its pictures in rows of channels. Measured as in benchmarks.training: processes one after the
other, round after round.
"""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys

import numpy as np
from absl import app, flags

from benchmarks.windows import Windows
from gan_apps import systems
from gan_apps.operating_system import processor, quiet

ROOT = pathlib.Path(__file__).resolve().parent.parent
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
SIDES = ("ours", "keras", "keras, careful", "torch", "torch, careful")


@dataclasses.dataclass(frozen=True)
class Task:
    """What is trained.

    Args:
      config: the settings of gan_apps.srgan, those of SRResNet.
      widths: ints. What the network has by default, spelled out for the peer.
      channels, count, side, iterations: ints. Of the pictures; how long the rates fall.
    """

    config: object
    widths: tuple = (64, 32, 16)
    channels: int = 3
    count: int = 512
    side: int = 192
    iterations: int = 10_000

    def data(self):
        """Random images uint8 [count, side, side, c], and sources, uint8."""
        random = np.random.RandomState(0)
        small = self.side // self.config.scale
        return tuple(
            random.randint(0, 256, (self.count, side, side, self.channels), np.uint8)
            for side in (self.side, small)
        )


def task(**changes):
    system = systems.find("srgan")
    # The peers' sub-pixels are not smoothed.
    plain = {"dataset": "tfds:none", "smoothed": False}
    values = {**system.recipes["srresnet"].values, **plain, **changes}
    return Task(system.config(**values))


_ROUNDS = flags.DEFINE_integer("rounds", 2, "Processes of each side.", 1)
_WINDOWS = flags.DEFINE_integer("windows", 3, "Windows of each process.", 1)
_SECONDS = flags.DEFINE_float("seconds", 3.0, "Least length of a window.", 0.0)
_CHECK = flags.DEFINE_bool("check", False, "Compare a few updates with ours instead.")
_MEASURE = flags.DEFINE_string("measure", None, "Measure PRECISION/SIDE in this very process.")


def game(one, precision):
    """Our compiled game of a task, and the minibatches that it learns from."""
    from gan_apps.data.columns import Data
    from gan_apps.data.minibatches import minibatches
    from gan_apps.training import building

    images, sources = one.data()
    data = Data({"images": images, "sources": sources})
    config = dataclasses.replace(one.config, precision=precision)
    made = building.build(systems.find("srgan"), config, data)
    return made, minibatches(data, made.players, config.batch_size, config.seed)


def measured(precision, side):
    """Images/s of each window."""
    one, careful = task(), side.endswith("careful")
    windows = Windows(one.config.batch_size, _SECONDS.value, _WINDOWS.value)
    if side.startswith("torch"):
        from benchmarks.peers import torch_srresnet

        torch_srresnet.fit(one, windows, careful)
        return windows.speeds
    quiet.import_tensorflow()
    from benchmarks.peers import keras_srresnet
    from benchmarks.watch import Watch

    if side == "ours":
        made, order = game(one, precision)
        while not windows.complete:
            made.fit(order, verbose=0, callbacks=[Watch(windows)])
    else:
        keras_srresnet.fit(one, POLICIES[precision], windows, careful)
    return windows.speeds


def in_keras(one, weights):
    """Updates of Keras's peer: (sources, images) -> the loss, from given weights."""
    from benchmarks.peers import keras_srresnet

    model = keras_srresnet.built(one, "float32", careful=False)
    model.set_weights(weights)
    return model.train_on_batch


def in_torch(one, weights):
    """The same of PyTorch's."""
    from benchmarks.peers import torch_srresnet

    training = torch_srresnet.Training(one)
    training.take(weights)
    return lambda *pair: training.update(*(torch_srresnet.planes(images) for images in pair))


PEERS = {"keras": in_keras, "torch": in_torch}


def differences(one, peer, updates=3):
    """By how much losses of ours and of a peer's differ, relatively, from equal weights.

    Both see the same squares, which are as large as the pictures, and not turned.
    """
    made, _ = game(one, "float32")
    made.squares = lambda images, sources: (images, sources)
    update = PEERS[peer](one, made.networks["generator"].get_weights())
    images, sources = (
        some[: one.config.batch_size].astype("float32") / 127.5 - 1.0 for some in one.data()
    )
    batch = {"images": images[None], "sources": sources[None]}
    found = []
    for _ in range(updates):
        ours = made.train_step({"generator": batch})["generator_loss"]
        made.reset_metrics()
        found.append(abs(float(ours) / float(update(sources, images)) - 1.0))
    return found


def apart(precision, side):
    command = [sys.executable, "-m", "benchmarks.enlarging", f"--measure={precision}/{side}"]
    command += [f"--windows={_WINDOWS.value}", f"--seconds={_SECONDS.value}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare():
    """Measures every side in turn and prints the table."""
    precisions = ("float32", "bfloat16") if processor.has_bfloat16() else ("float32",)
    found = {
        (precision, side): []
        for precision in precisions
        for side in SIDES
        if precision == "float32" or not side.startswith("torch")
    }
    for _ in range(_ROUNDS.value):
        for precision, side in found:
            found[precision, side] += apart(precision, side)
    print(f"{len(os.sched_getaffinity(0))} cores; median (least to most) of all windows\n")
    print("| precision | who | squares/s | ratio to the best peer |\n| --- | --- | --- | --- |")
    for (precision, side), speeds in found.items():
        peers = [name for of, name in found if of == precision and name != "ours"]
        best = max(statistics.median(found[precision, name]) for name in peers)
        ratio = f"{statistics.median(speeds) / best:.2f}" if side == "ours" else ""
        told = f"{statistics.median(speeds):.0f} ({min(speeds):.0f} to {max(speeds):.0f})"
        print(f"| {precision} | {side} | {told} | {ratio} |")


def main(argv):
    del argv
    if _MEASURE.value is None and not _CHECK.value:
        compare()
        return
    if _CHECK.value:
        quiet.import_tensorflow()
        small = dataclasses.replace(task(residual_blocks=2), count=32, side=96)
        for peer in PEERS:
            found = differences(small, peer)
            print(peer, ", ".join(f"{number:.1e}" for number in found))
        return
    print(json.dumps(measured(*_MEASURE.value.split("/"))))


if __name__ == "__main__":
    app.run(main)
