"""Whole trainings through the command: made, killed, resumed, drawn from."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.conftest import ROOT

TINY = [
    "--mode=train",
    "--dataset=digits",
    "--generator_widths=16,8",
    "--discriminator_widths=8,16",
    "--latent_dim=8",
    "--precision=float32",
    "--log_steps=5",
    "--save_steps=8",
]


def start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "gan_apps.cgan", *TINY, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def states(run):
    return sorted(path.name for path in (run / "states").glob("step_*.npz"))


def wait_for(condition, process, timeout=120):
    deadline = time.monotonic() + timeout
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def last_state(run):
    with np.load(run / "states" / states(run)[-1]) as archive:
        return {name: archive[name] for name in archive.files if name != "seconds"}


def assert_same_ending(run, other):
    ours, theirs = last_state(run), last_state(other)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    for name in ("metrics.jsonl", "generator.tflite", "samples.png"):
        assert (run / name).read_bytes() == (other / name).read_bytes(), name


def test_a_training_is_made_drawn_from_and_lengthened(gan_apps, tmp_path):
    result = gan_apps("cgan", *TINY, "--num_epochs=1")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    run = tmp_path / "checkpoints" / "cgan_001"
    assert lines[0] == "Run: checkpoints/cgan_001" and lines[-1] == "checkpoints/cgan_001"
    assert lines[1].startswith("epoch 1/1, iteration 22: discriminator_loss ")
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [5, 10, 15, 20]
    assert [path.name for path in (run / "samples").iterdir()] == ["step_0000022.png"]
    assert states(run) == ["step_000000008.npz", "step_000000016.npz", "step_000000022.npz"]

    drawn = gan_apps("cgan", "--digit=4", "--num_images=2", "--run_dir=checkpoints/cgan_001")
    assert drawn.stdout == "digit_4.png\n", drawn.stderr
    assert (tmp_path / "digit_4.png").is_file()

    # Nothing is left to do, and nothing is written again.
    before = (run / "manifest.json").stat().st_mtime_ns
    again = gan_apps("cgan", "--mode=train", "--run_dir=checkpoints/cgan_001")
    assert again.stdout.splitlines()[-1] == "checkpoints/cgan_001", again.stderr
    assert (run / "manifest.json").stat().st_mtime_ns == before

    longer = gan_apps("cgan", "--mode=train", "--run_dir=checkpoints/cgan_001", "--num_epochs=2")
    assert longer.returncode == 0, longer.stderr
    assert json.loads((run / "config.json").read_text())["settings"]["num_epochs"] == 2
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["iterations"] == 44

    # A kill between the last state and the generator: the same command writes the generator.
    (run / "manifest.json").write_text(json.dumps({**manifest, "iterations": 22}))
    assert gan_apps("cgan", "--mode=train", "--run_dir=checkpoints/cgan_001").returncode == 0
    assert json.loads((run / "manifest.json").read_text()) == manifest
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(5, 45, 5))


def test_a_folder_that_a_kill_left_before_its_config_is_trained_into(gan_apps, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".writing-7-config.json").write_text("{")
    result = gan_apps("cgan", *TINY, "--num_epochs=1", "--run_dir=run")
    assert result.returncode == 0, result.stderr
    assert not list((tmp_path / "run").rglob(".writing-*"))


def test_ctrl_c_saves_says_where_and_exits_130(tmp_path):
    process = start(tmp_path, "--num_epochs=50", "--run_dir=run")
    run = tmp_path / "run"
    wait_for(lambda: states(run), process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    (line,) = errors.splitlines()
    assert states(run)[-1] in line and "--run_dir=run" in line


@pytest.mark.slow
def test_a_run_killed_twice_ends_bit_for_bit_like_one_that_was_not(gan_apps, tmp_path):
    arguments = [*TINY, "--num_epochs=4"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert gan_apps("cgan", *arguments, f"--run_dir={whole}").returncode == 0
    # The first kill falls in the second epoch, the second in the third: 22 iterations an epoch.
    for iteration in (30, 54):
        process = start(tmp_path, "--num_epochs=4", f"--run_dir={killed}")
        reached = lambda at=iteration: row(killed) >= at
        wait_for(reached, process)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert 0 < int(states(killed)[-1][5:14]) < 88
    assert gan_apps("cgan", *arguments, f"--run_dir={killed}").returncode == 0
    assert_same_ending(whole, killed)


def row(run):
    """The iteration of the last whole row of metrics.jsonl, 0 if there is none."""
    path = run / "metrics.jsonl"
    rows = path.read_text().split("\n")[:-1] if path.exists() else []
    return json.loads(rows[-1])["step"] if rows else 0


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"),
    reason="mounting a small disk needs root",
)
def test_a_full_disk_leaves_the_previous_state_good(gan_apps, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        run = disk / "run"
        process = start(tmp_path, "--num_epochs=50", f"--run_dir={run}")
        wait_for(lambda: len(states(run)) >= 2, process)
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        (disk / "filler").write_bytes(bytes(free - free % 4096))
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1, errors
        (line,) = errors.splitlines()
        assert "No space left on device" in line
        left = states(run)
        assert left and not list(run.rglob(".writing-*"))
        for name in left:
            with np.load(run / "states" / name) as archive:
                assert all(np.isfinite(archive[key]).all() for key in archive.files)
        (disk / "filler").unlink()
        process = start(tmp_path, "--num_epochs=50", f"--run_dir={run}")
        wait_for(lambda: states(run)[-1] > left[-1], process)
        process.kill()
        process.communicate()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_memory_is_flat(tmp_path):
    process = start(tmp_path, "--num_epochs=30", "--run_dir=run")
    run = pathlib.Path(tmp_path / "run")
    resident = []
    for iteration in (110, 330, 550, 640):
        wait_for(lambda at=iteration: row(run) >= at, process)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        resident.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
    process.kill()
    process.communicate()
    # Megabytes, after 5, 15, 25 and 29 epochs.
    assert resident[-1] - resident[0] < 40, resident
