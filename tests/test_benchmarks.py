"""What the measurements against peers rest on: sound windows, and peers that compute the same."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import likeness, time_to_quality, windows
from benchmarks.tasks import TASKS
from benchmarks.training import SIDES
from tests.conftest import ROOT


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves."""
    now = [0.0]
    monkeypatch.setattr(windows.time, "perf_counter", lambda: now[0])
    return now


def test_windows_leave_the_start_out_and_are_whole_rounds(clock):
    measured = windows.Windows(images_per_iteration=10, seconds=20.0, count=2)
    while not measured.complete:
        # Tracing takes a minute; then an iteration a second, and half a second in the last window.
        traced = measured.iteration > 0
        clock[0] += (1.0 if len(measured.speeds) < 1 else 0.5) if traced else 60.0
        measured.after_iteration()
    # Two rounds of 16 s are the first window longer than 20 s; three of 8 s the second.
    assert measured.speeds == pytest.approx([10.0, 20.0])
    assert measured.iteration == windows.WARM_UP + 5 * windows.ROUND


def test_the_time_to_a_share_is_that_of_its_first_row():
    rows = [
        {"seconds": 15.0, "conditional_accuracy": 0.5},
        {"seconds": 18.0, "conditional_accuracy": 0.91},
        {"seconds": 22.0, "conditional_accuracy": 0.89},
    ]
    assert time_to_quality.seconds_to(rows, 0.9) == 18.0
    assert time_to_quality.seconds_to(rows, 0.98) is None


def small(name, **changes):
    """A task of `benchmarks.training` with small networks and minibatches."""
    task = TASKS[name]
    if task.keras_io:
        return task
    generator_widths, discriminator_widths = (16, 8), (8, 16, 16)
    if task.has_sides:
        generator_widths, discriminator_widths = (16, 8, 8), (8, 16, 16, 16)
    config = dataclasses.replace(
        task.config,
        generator_widths=generator_widths,
        discriminator_widths=discriminator_widths,
        batch_size=8,
        **changes,
    )
    return dataclasses.replace(
        task,
        config=config,
        generator_widths=generator_widths,
        discriminator_widths=discriminator_widths,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side"),
    [(name, "keras") for name in TASKS]
    + [(name, "torch") for name in SIDES["torch"].tasks]
    + [(name, "keras, careful") for name in SIDES["keras, careful"].tasks]
    + [("digits", "torch, careful")],
)
def test_peers_compute_what_we_compute(name, side):
    if side.startswith("torch"):
        pytest.importorskip("torch")
    from benchmarks import agreement

    found = agreement.differences(small(name), side)
    assert agreement.agrees(found), found


# Its flags have the names of those of benchmarks.training.
ENLARGED = """
import dataclasses, json, sys
from benchmarks import enlarging

one = dataclasses.replace(enlarging.task(residual_blocks=2), count=32, side=96)
print(json.dumps(enlarging.differences(one, sys.argv[1])))
"""


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["keras", "torch"])
def test_peers_enlarge_as_we_do(peer):
    pytest.importorskip(peer)
    command = [sys.executable, "-c", ENLARGED, peer]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    first, *later = json.loads(printed.splitlines()[-1])
    # Adam magnifies.
    assert first < 1e-5
    assert max(later) < 1e-2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("digits", {"real_gradient_weight": 110.0}),
        ("digits", {"mismatched_weight": 0.4}),
        ("wgan_gp", {"penalty_weight": 11.0}),
    ],
)
def test_a_peer_that_computes_something_else_is_found(name, changes, monkeypatch):
    from benchmarks import agreement
    from benchmarks.peers import keras_gan

    class Other(keras_gan.GAN):
        def __init__(self, task, careful):
            config = changed(task.config, **changes)
            super().__init__(dataclasses.replace(task, config=config), careful)

    changed = dataclasses.replace
    monkeypatch.setattr(keras_gan, "GAN", Other)
    assert not agreement.agrees(agreement.differences(small(name), "keras"))


@pytest.mark.slow
def test_the_tasks_have_the_networks_that_their_commands_have_by_default():
    from benchmarks import ours
    from models import networks

    row = networks.ARCHITECTURES["dcgan"]
    for name in ("digits", "wgan_gp"):
        assert TASKS[name].generator_widths == row.generator_widths(28)
        assert TASKS[name].discriminator_widths == row.discriminator_widths(28)
    assert TASKS["faces"].discriminator_widths == row.discriminator_widths(64)
    # .66 GFLOP an image, as counted by others for the same networks.
    model, _ = ours.built(TASKS["keras_io"], "float32", TASKS["keras_io"].images_per_iteration)
    assert ours.step_flops(model) == pytest.approx(0.65e9, rel=0.03)


def test_lines_match_within_two_pixels():
    lines = np.zeros((3, 16, 16), bool)
    lines[:, 4, 2:14] = True
    moved = np.stack([np.roll(one, by, axis=0) for one, by in zip(lines, (0, 2, 3), strict=True)])
    assert likeness.f1(lines, moved).tolist() == [1.0, 1.0, 0.0]
    # All of the given lines are drawn, and as many others.
    moved[0, 12, 2:14] = True
    assert likeness.f1(lines, moved)[0] == pytest.approx(2 * 0.5 / 1.5)


def test_drawings_that_are_their_targets_have_no_fault():
    random = np.random.RandomState(0)
    targets, others = (random.randint(0, 256, (20, 16, 16, 3)).astype(np.uint8) for _ in range(2))
    figures = likeness.judged(targets.copy(), targets, others)
    assert (figures["l1"], figures["ssim"], figures["sharpness"]) == (0.0, 1.0, 1.0)
    assert figures["finest_level"] < figures["finest_level_of_real"]
    blurred = np.broadcast_to(targets.mean(axis=(1, 2), keepdims=True), targets.shape)
    worse = likeness.judged(blurred.astype(np.uint8), targets, others)
    assert worse["sharpness"] < 0.01 and worse["l1"] > 50
