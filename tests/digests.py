"""What three tiny trainings ended with when they were first made, to tell whether anything moves.

python -m tests.digests      makes the trainings again and writes tests/digests.json

The bits are those of one processor with its libraries; elsewhere the sums below them are compared.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import tempfile

import numpy as np

from gan_apps.operating_system import processor
from gan_apps.runs import run_dir
from tests.conftest import run_command

FILE = pathlib.Path(__file__).with_suffix(".json")
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")
NETWORKS = ("generator", "averaged_generator", "discriminator")
# What all three are trained with: 11 iterations of one discriminator update, 2 of five.
TINY = (
    "--mode=train",
    "--dataset=digits",
    "--batch_size=128",
    "--num_epochs=1",
    "--generator_widths=16,8",
    "--discriminator_widths=8,16",
    "--latent_dim=8",
    "--precision=float32",
    "--log_steps=2",
)
RUNS = {
    "cgan": ("--label_smoothing=0.1", "--flipped_labels=0.1", "--input_noise=0.1"),
    # The networks that dcgan began with, in words, so that its defaults may change.
    "dcgan": (
        "--normalization=batch",
        "--real_gradient_weight=0",
        "--discriminator_learning_rate=2e-4",
        "--generator_learning_rate=1e-3",
        "--horizontal_flips",
    ),
    "wgan_gp": (
        "--discriminator_learning_rate=1e-3",
        "--generator_learning_rate=1e-3",
        "--beta_2=0.9",
        "--discriminator_steps=5",
    ),
}


def machine():
    """What the bits of a training depend on."""
    return {
        "processor": processor.described(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def trained(app, folder):
    """Trains the tiny run of `app` in `folder`; returns its digest."""
    result = run_command(app, *TINY, *RUNS[app], "--run_dir=run", cwd=folder)
    assert result.returncode == 0, result.stderr
    return digest(folder / "run")


def digest(run):
    """{network: {"sha256", "norm", "shadow"}} of a run's last state, and the rows of its metrics.

    The shadow is the projection of all weights on fixed signs.
    """
    newest = sorted((run / run_dir.STATES).glob("step_*.npz"))[-1]
    with np.load(newest) as arrays:
        values = {
            network: np.concatenate(
                [arrays[key].ravel() for key in sorted(arrays) if key.startswith(f"{network}/")]
            )
            for network in NETWORKS
        }
    rows = [json.loads(line) for line in (run / run_dir.METRICS).read_text().splitlines()]
    return {"networks": {name: _summed(all_of) for name, all_of in values.items()}, "metrics": rows}


def _summed(values):
    signs = np.random.RandomState(0).choice([-1.0, 1.0], len(values))
    return {
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
        "norm": float(np.linalg.norm(values)),
        "shadow": float(signs @ values),
    }


def main():
    made = {"machine": machine()}
    for app in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            made[app] = trained(app, pathlib.Path(folder))
    FILE.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
