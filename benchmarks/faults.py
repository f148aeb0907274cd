"""Whether a training that is killed again and again ends as one that never was.

  python -m benchmarks.faults --kills=20              a small network on scikit-learn's digits
  python -m benchmarks.faults --kills=3 --seed=1      other moments

One training runs undisturbed. Another of the same settings is killed with SIGKILL at moments spread
at random over its iterations, each time gone on with by the same command, and compared in the end:
every array of the last state, the metrics, the generator's file and the pictures, byte for byte.
"""

import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags

from gan_apps.runs import run_dir

FLAGS = [
    "--mode=train",
    "--dataset=digits",
    "--num_epochs=6",
    "--generator_widths=16,8",
    "--discriminator_widths=8,16",
    "--latent_dim=8",
    "--precision=float32",
    "--log_steps=1",
    "--save_steps=8",
]
# A kill comes up to so many seconds after its iteration is seen: also while a state is written.
MOST_LATE = 0.3
COMPARED = (
    run_dir.METRICS,
    f"generator{run_dir.LITERT}",
    run_dir.SAMPLES,
    run_dir.ROUNDS,
    run_dir.ROUNDS_MOVING,
    run_dir.EVALUATION,
)
ROOT = pathlib.Path(run_dir.__file__).resolve().parents[2]

_KILLS = flags.DEFINE_integer("kills", 20, "How often the training is killed.", 1)
_SEED = flags.DEFINE_integer("seed", 0, "Chooses the moments.", 0)


def start(run):
    return subprocess.Popen(
        [sys.executable, "-m", "gan_apps.cgan", *FLAGS, f"--run_dir={run}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    _, errors = process.communicate()
    if process.returncode != 0:
        sys.exit(f"the training ended with {process.returncode}: {errors}")


def rows(run):
    """How many whole rows metrics.jsonl has: one for each iteration."""
    path = run / run_dir.METRICS
    return path.read_bytes().count(b"\n") if path.exists() else 0


def newest(run):
    paths = sorted((run / run_dir.STATES).glob("step_*.npz"))
    return paths[-1] if paths else None


def killed(run, iteration, late):
    """Trains until `iteration` is done and `late` seconds have gone, and kills the process."""
    process = start(run)
    while rows(run) < iteration and process.poll() is None:
        time.sleep(0.002)
    time.sleep(late)
    process.kill()
    _, errors = process.communicate()
    if process.returncode != -signal.SIGKILL:
        sys.exit(f"it was to be killed and ended with {process.returncode}: {errors}")
    state = newest(run)
    left = [path.name for path in run.rglob(".writing-*")]
    print(
        f"killed after iteration {rows(run)}, newest state {state.stem if state else 'none'}"
        f"{', in the midst of ' + ', '.join(left) if left else ''}",
        flush=True,
    )


def differences(run, other):
    """What two runs do not have alike."""
    arrays = []
    for one in (run, other):
        with np.load(newest(one)) as archive:
            arrays.append({name: archive[name] for name in archive.files if name != "seconds"})
    ours, theirs = arrays
    found = [
        name
        for name in sorted(ours.keys() | theirs.keys())
        if name not in ours or not np.array_equal(ours[name], theirs.get(name))
    ]
    alike = lambda name: (run / name).read_bytes() == (other / name).read_bytes()
    return found + [name for name in COMPARED if not alike(name)]


def main(argv):
    del argv
    chosen = random.Random(_SEED.value)
    with tempfile.TemporaryDirectory() as folder:
        whole, broken = pathlib.Path(folder) / "whole", pathlib.Path(folder) / "broken"
        finished(start(whole))
        iterations = json.loads((whole / run_dir.MANIFEST).read_text())["iterations"]
        # The last few are left, so that there is something to kill.
        moments = sorted(chosen.randrange(iterations - 10) for _ in range(_KILLS.value))
        for moment in moments:
            killed(broken, moment, chosen.uniform(0, MOST_LATE))
        finished(start(broken))
        found = differences(whole, broken)
    if found:
        sys.exit(f"{len(found)} things differ: {', '.join(found)}")
    print(f"{len(moments)} kills in {iterations} iterations; everything is the same, bit for bit")


if __name__ == "__main__":
    app.run(main)
