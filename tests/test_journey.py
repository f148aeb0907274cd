"""Whole trainings through the command: made, killed, resumed, drawn from."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from gan_apps.operating_system import locks
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


def start(folder, *arguments, dies=None, may_write_everywhere=True, memory=None):
    """A training as a process; it dies in a write that tests.dying knows, or is held short."""
    module = ["gan_apps.cgan"] if dies is None else ["tests.dying", *map(str, dies)]
    command = [sys.executable, "-m", *module, *TINY, *arguments]
    if not may_write_everywhere and os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override", *command]
    if memory is not None:
        command = ["prlimit", f"--as={memory}", *command]
    return subprocess.Popen(
        command,
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


def assert_same_ending(run, other, same_names=True):
    """Bit for bit; in a process that has made other networks, layers have other names."""
    ours, theirs = last_state(run), last_state(other)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    for name in ("metrics.jsonl", "samples.png", *["generator.tflite"] * same_names):
        assert (run / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.slow
def test_a_training_is_made_drawn_from_and_lengthened(gan_apps, gan_apps_process, tmp_path):
    result = gan_apps_process("cgan", *TINY, "--num_epochs=1")
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

    longer = gan_apps_process(
        "cgan", "--mode=train", "--run_dir=checkpoints/cgan_001", "--num_epochs=2"
    )
    assert longer.returncode == 0, longer.stderr
    assert json.loads((run / "config.json").read_text())["settings"]["num_epochs"] == 2
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["iterations"] == 44

    # A kill between the last state and the generator: the same command writes the generator.
    (run / "manifest.json").write_text(json.dumps({**manifest, "iterations": 22}))
    # In a process of its own: a .tflite names layers by how many the process has made before.
    again = gan_apps_process("cgan", "--mode=train", "--run_dir=checkpoints/cgan_001")
    assert again.returncode == 0, again.stderr
    assert json.loads((run / "manifest.json").read_text()) == manifest
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(5, 45, 5))


@pytest.mark.slow
def test_a_folder_that_a_kill_left_before_its_config_is_trained_into(gan_apps, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".writing-7-config.json").write_text("{")
    result = gan_apps("cgan", *TINY, "--num_epochs=1", "--run_dir=run")
    assert result.returncode == 0, result.stderr
    assert not list((tmp_path / "run").rglob(".writing-*"))


@pytest.mark.slow
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
def test_a_run_killed_in_three_writes_ends_bit_for_bit_like_one_that_was_not(
    gan_apps_process, tmp_path
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    # With deterministic kernels, which change nothing on a processor.
    result = gan_apps_process(
        "cgan", *TINY, "--num_epochs=3", "--deterministic", f"--run_dir={whole}"
    )
    assert result.returncode == 0 and result.stderr == "", result.stderr
    assert json.loads((whole / "config.json").read_text())["settings"]["deterministic"] is True
    # 22 iterations an epoch: states after 8, 16, 22, 24, 32, ... A process begins where the one
    # before it was left, and dies in its count-th write.
    for moment, count, left in (
        ("half_written", 2, [8]),
        ("not_yet_named", 3, [8, 16, 22]),
        ("old_ones_still_there", 2, [16, 22, 24, 32]),
    ):
        process = start(tmp_path, "--num_epochs=3", f"--run_dir={killed}", dies=[moment, count])
        _, errors = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, errors
        assert states(killed) == [f"step_{iteration:09d}.npz" for iteration in left]
        unfinished = [path.name for path in killed.rglob(".writing-*")]
        assert len(unfinished) == (moment != "old_ones_still_there"), unfinished
        assert (killed / locks.NAME).exists()
        # As if it had died in that write too.
        with (killed / "metrics.jsonl").open("a") as file:
            file.write('{"step": 3')
    result = gan_apps_process("cgan", *TINY, "--num_epochs=3", f"--run_dir={killed}")
    assert result.returncode == 0, result.stderr
    assert_same_ending(whole, killed)
    assert {path.name for path in killed.iterdir()} == {path.name for path in whole.iterdir()}


@pytest.mark.slow
def test_a_second_training_of_a_run_is_refused_and_sigterm_saves_and_exits_143(refused, tmp_path):
    process = start(tmp_path, "--num_epochs=5000", "--run_dir=run")
    run = tmp_path / "run"
    try:
        wait_for(lambda: states(run), process)
        config = (run / "config.json").read_bytes()
        line = refused("cgan", *TINY, "--num_epochs=5001", "--run_dir=run")
        assert line == "error: --run_dir=run: another process is training in it."
        assert (run / "config.json").read_bytes() == config
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 143, errors
    (line,) = errors.splitlines()
    assert states(run)[-1] in line and "--run_dir=run" in line
    assert not (run / locks.NAME).exists()


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or (os.geteuid() == 0 and not shutil.which("setpriv")),
    reason="root may write everywhere",
)
def test_a_run_directory_that_cannot_be_written_is_refused_and_stays_as_it_is(tmp_path):
    run = tmp_path / "run"
    run.mkdir(mode=0o555)
    process = start(tmp_path, "--run_dir=run", may_write_everywhere=False)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2, errors
    assert errors == "error: --run_dir=run: cannot be written: Permission denied.\n"
    assert list(run.iterdir()) == []


def row(run):
    """The iteration of the last whole row of metrics.jsonl, 0 if there is none."""
    path = run / "metrics.jsonl"
    rows = path.read_text().split("\n")[:-1] if path.exists() else []
    return json.loads(rows[-1])["step"] if rows else 0


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("prlimit"), reason="no prlimit to bound the memory by")
def test_a_minibatch_larger_than_memory_is_one_line(tmp_path):
    process = start(
        tmp_path, "--image_size=384", "--batch_size=1400", "--run_dir=run", memory=8_000_000_000
    )
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2, errors
    (line,) = errors.splitlines()
    assert re.match(r"error: --batch_size=1400: needs \d+\.\d GB of memory and more, and ", line)
    assert not (tmp_path / "run").exists()


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


@pytest.mark.slow
def test_a_folder_for_each_label_is_learned_drawn_by_name_and_judged(gan_apps, tmp_path):
    random = np.random.RandomState(0)
    data = tmp_path / "my pictures"
    # Bright and dark ones, so that what is drawn by a name can be told from its brightness.
    for part, count in (("train", 80), ("test", 40)):
        for name, value in (("clair de lune", 220), ("été", 30)):
            folder = data / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.randint(value - 20, value + 20, (20, 24, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    (data / "train" / "été" / "broken.png").write_bytes(b"no picture")
    (data / "train" / ".cache").mkdir()
    Image.new("L", (8, 8), 99).save(data / "train" / ".cache" / "a.png")
    own = ["--batch_size=16", "--image_size=16", "--num_epochs=12", "--run_dir=run"]
    tiny = [flag for flag in TINY if not flag.startswith("--dataset")]
    result = gan_apps("cgan", *tiny, f"--dataset={data}", *own)
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[0] == (
        "1 of 161 files skipped: train/été/broken.png (not an image). Left out: 1 picture in "
        "hidden or system folders (.cache)."
    )
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    (draw,) = config["draws"].values()
    names = ["clair de lune", "été"]
    assert draw["condition"] == {"kind": "labels", "names": names, "flag": "label"}
    brightness = []
    for name in ("clair de lune", "ÉTÉ"):
        drawn = gan_apps("cgan", "--run_dir=run", f"--label={name}", "--output=a.png")
        assert drawn.returncode == 0, drawn.stderr
        with Image.open(tmp_path / "a.png") as picture:
            brightness.append(np.asarray(picture).mean())
    assert brightness[0] > brightness[1] + 50
    refused = gan_apps("cgan", "--run_dir=run", "--label=lune")
    assert refused.returncode == 2
    assert "'lune' is not one of 0 to 1 or clair de lune, été." in refused.stderr
    judged = gan_apps("evaluate", "--run_dir=run", "--num_images=200")
    assert judged.returncode == 0, judged.stderr
    # What learns without labels takes the same folder.
    own[-2:] = ["--num_epochs=1", "--run_dir=other"]
    result = gan_apps("dcgan", *tiny, f"--dataset={data}", *own)
    assert result.returncode == 0, result.stderr
