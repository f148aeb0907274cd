"""How fast our training step is, beside the same training written plainly in Keras and PyTorch.

  python -m benchmarks.training                             every task, an hour
  python -m benchmarks.training --tasks=digits,keras_io --rounds=5
  python -m benchmarks.training --check                     that the peers compute the same

Tasks (benchmarks/tasks.py): conditional digits at 28x28 with the default networks of gan_apps.cgan;
faces at 64x64 (the networks of checkpoints/dcgan_faces; without words, which a peer would have to
be given); WGAN-GP at 28x28 with k = 5; pix2pix at 64x64 with the default networks of
gan_apps.pix2pix, and CycleGAN with those of gan_apps.cyclegan (peers in Keras alone); and the
networks of keras.io's conditional_gan. Peers are in benchmarks/peers: same networks, loss, batch
and optimizer, written plainly as in the examples of Keras and PyTorch, and again by a careful
writer, who looks at real images once for both of their labels, draws once for both networks of
pix2pix and has no gradients computed that nobody uses.
PyTorch is optional (pip install torch).

Every measurement is a process of its own, one side after the other and round after round, so that
a machine that slows down slows all. In a process the first iterations are let go by; then several
windows of whole rounds of 16 iterations, R1's interval, are taken. What is told is the median of
all windows, and the least and the most of them. Images are random numbers: the time of a step does
not depend on them. FLOPs are those of convolutions and dense layers alone (two for each
multiplication with its addition), as our step needs them.
"""

import dataclasses
import importlib
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys

from absl import app, flags

from benchmarks.tasks import TASKS
from benchmarks.windows import Windows
from gan_apps.operating_system import processor, quiet

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Side:
    """Who trains.

    Args:
      module: str. It has a function `fit(task, precision, windows, **options)`.
      precision: "float32" or "bfloat16".
      options: dict. Further arguments of `fit`.
      needs: str or None. A package that may be missing.
      tasks: strs. Those in which it differs from the others. Default: all.
    """

    module: str
    precision: str = "float32"
    options: dict = dataclasses.field(default_factory=dict)
    needs: str | None = None
    tasks: tuple = tuple(TASKS)

    @property
    def is_ours(self):
        return self.module == "benchmarks.ours"

    @property
    def is_plain(self):
        return not self.is_ours and not self.options

    @property
    def missing(self):
        return self.needs is not None and importlib.util.find_spec(self.needs) is None


_KERAS, _TORCH = "benchmarks.peers.keras_gan", "benchmarks.peers.torch_gan"
_OF_TORCH = tuple(name for name in TASKS if name not in ("pix2pix", "cyclegan"))
_CAREFUL = {"careful": True}
_IN_ROWS = {**_CAREFUL, "channels_last": True}
SIDES = {
    "ours": Side("benchmarks.ours"),
    "keras": Side(_KERAS),
    # Elsewhere Keras has nothing to spare.
    "keras, careful": Side(_KERAS, options=_CAREFUL, tasks=("digits", "pix2pix", "cyclegan")),
    "torch": Side(_TORCH, needs="torch", tasks=_OF_TORCH),
    "torch, careful": Side(_TORCH, options=_CAREFUL, needs="torch", tasks=_OF_TORCH),
    "torch, careful, channels_last": Side(_TORCH, options=_IN_ROWS, needs="torch", tasks=_OF_TORCH),
    "ours, bfloat16": Side("benchmarks.ours", precision="bfloat16"),
}
PEAK = "peak"

_TASKS = flags.DEFINE_list("tasks", list(TASKS), "The tasks, without blanks.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Processes of each side.", 1)
_WINDOWS = flags.DEFINE_integer("windows", 5, "Windows of each process.", 1)
_SECONDS = flags.DEFINE_float("seconds", 4.0, "Least length of a window.", 0.0)
_CHECK = flags.DEFINE_bool(
    "check", False, "Compare a few iterations of each peer with ours instead, from equal weights."
)
_MEASURE = flags.DEFINE_string(
    "measure", None, "Measure TASK/SIDE, or the product's peak, in this very process; prints JSON."
)


def measured(task, name):
    """Images/s of a side in each window, measured in this process."""
    side = SIDES[name]
    module = side.module
    if module == _KERAS:
        module = task.peer_in_keras
    windows = Windows(task.images_per_iteration, _SECONDS.value, _WINDOWS.value)
    importlib.import_module(module).fit(task, side.precision, windows, **side.options)
    return windows.speeds


def flops_and_peaks():
    """FLOPs per image of each task asked for, and FLOP/s of a matrix product by precision."""
    from benchmarks import ours

    small = {name: TASKS[name].images_per_iteration for name in _TASKS.value}
    return {
        "flops": {
            name: ours.step_flops(ours.built(TASKS[name], "float32", count)[0])
            for name, count in small.items()
        },
        "peaks": {precision: ours.product_peak(precision) for precision in precisions()},
    }


def precisions():
    return ("float32", "bfloat16") if processor.has_bfloat16() else ("float32",)


def apart(what):
    """What another process prints when it measures `what`."""
    command = [sys.executable, "-m", "benchmarks.training", f"--measure={what}"]
    command += [f"--tasks={','.join(_TASKS.value)}", f"--windows={_WINDOWS.value}"]
    command += [f"--seconds={_SECONDS.value}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    # Libraries talk on stderr; it is shown if the process fails.
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def row(task, name, found, flops, peaks):
    """A line of the table, of the speeds of all windows: {(task, name): images/s}."""
    side = SIDES[name]
    if side.missing:
        return f"| {task} | {name} | not installed |" + " |" * 6
    speeds = found[task, name]
    median = statistics.median(speeds)
    reached, peak = median * flops, peaks[side.precision]
    peers = {
        other: statistics.median(found[task, other])
        for other in SIDES
        if not SIDES[other].is_ours and (task, other) in found
    }
    plain = [speed for other, speed in peers.items() if SIDES[other].is_plain]
    ratios = [f"{median / max(of):.2f}" if side.is_ours else "" for of in (plain, peers.values())]
    return (
        f"| {task} | {name} | {median:.0f} ({min(speeds):.0f} to {max(speeds):.0f}) "
        f"| {flops / 1e9:.3f} | {reached / 1e9:.0f} | {peak / 1e9:.0f} | {reached / peak:.2f} "
        f"| {' | '.join(ratios)} |"
    )


def compare():
    """Measures every side of every task in turn and prints the table."""
    sides = [
        name for name, side in SIDES.items() if side.precision in precisions() and not side.missing
    ]
    found = {
        (task, name): [] for task in _TASKS.value for name in sides if task in SIDES[name].tasks
    }
    peaks = {precision: 0.0 for precision in precisions()}
    for number in range(_ROUNDS.value):
        machine = apart(PEAK)
        peaks = {name: max(peak, machine["peaks"][name]) for name, peak in peaks.items()}
        for task, name in found:
            speeds = apart(f"{task}/{name}")
            found[task, name] += speeds
            told = ", ".join(f"{speed:.0f}" for speed in speeds)
            print(f"round {number + 1}, {task}, {name}: {told} images/s", flush=True)
    print(f"\n{len(os.sched_getaffinity(0))} cores; median (least to most) of all windows\n")
    print(
        "| task | who | images/s | GFLOP per image | GFLOP/s | a matrix product's peak | share "
        "| ratio to the best plain peer | to the best peer |"
    )
    print("| --- " * 9 + "|")
    for task in _TASKS.value:
        for name, side in SIDES.items():
            if side.precision in precisions() and task in side.tasks:
                print(row(task, name, found, machine["flops"][task], peaks), flush=True)


def check():
    """Prints how far each peer's losses are from ours; whether all agree."""
    from benchmarks import agreement

    print(
        "Relative differences of D's and G's losses and of their gradients' norms, iteration by "
        f"iteration; allowed {agreement.FIRST:.0e} for D's first, {agreement.LATER:.0e} after it."
    )
    right = True
    for task in _TASKS.value:
        for name, side in SIDES.items():
            if side.is_ours or task not in side.tasks:
                continue
            if side.missing:
                print(f"{task}, {name}: not installed")
                continue
            found = agreement.differences(TASKS[task], name)
            right = right and agreement.agrees(found)
            told = "; ".join(" ".join(f"{number:.0e}" for number in row) for row in found)
            verdict = "agrees" if agreement.agrees(found) else "DIFFERS"
            print(f"{task}, {name}: {verdict} ({told})", flush=True)
    return right


def main(argv):
    del argv
    if unknown := [name for name in _TASKS.value if name not in TASKS]:
        sys.exit(f"--tasks: {unknown[0]!r} is not one of {', '.join(TASKS)}")
    if _MEASURE.value is None and not _CHECK.value:
        compare()
        return
    task, _, name = (_MEASURE.value or PEAK).partition("/")
    if not name or SIDES[name].needs is None:
        quiet.import_tensorflow()
    if _CHECK.value:
        sys.exit(0 if check() else 1)
    print(json.dumps(measured(TASKS[task], name) if name else flops_and_peaks()))


if __name__ == "__main__":
    app.run(main)
