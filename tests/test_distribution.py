"""Several devices and workers learn what one does."""

import json
import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from gan_apps import settings, systems
from gan_apps.command import system_command
from gan_apps.conditions import Labels
from gan_apps.data.columns import Data
from gan_apps.data.minibatches import minibatches
from gan_apps.settings import Refused, workers
from gan_apps.training import distribution
from models import Player
from tests import mirrored
from tests.conftest import ROOT
from tests.test_journey import TINY, last_state, row, states, wait_for

# Largest difference of any variable: sums of float32 in another order, over three iterations and
# over 22. Weights are of size 0.02 to 1, and an iteration moves them by up to 0.001. Rounding grows
# as the training goes on: after 44 iterations some weights differ by 0.001, and by as much if one
# process takes other kernels (TF_ENABLE_ONEDNN_OPTS=0).
MIRRORED_TOLERANCE = 1e-5
WORKERS_TOLERANCE = 1e-5
# The bias of a convolution that batch normalisation follows, and the moving mean that it shifts:
# its gradient is zero, and Adam makes steps of full length out of the rounding.
WITHOUT_GRADIENT = {"batch": {"discriminator/003", "discriminator/006"}}

CGANConfig, DCGANConfig = (systems.find(name).config for name in ("cgan", "dcgan"))

# The state at the end of the digits' first epoch.
FIRST = "step_000000022.npz"
# Seconds in which anything is done, however busy the machine is.
WAIT = 1500


def cluster(*addresses, kind="worker", index=0):
    return json.dumps(
        {"cluster": {"worker": list(addresses)}, "task": {"type": kind, "index": index}}
    )


def test_workers_are_those_of_tf_config(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", cluster("a:1", "b:2", index="1"))
    assert workers.from_environment() == workers.Workers(("a:1", "b:2"), 1)
    assert not workers.from_environment().is_chief
    values = {
        "cluster": {"worker": ["b:2"], "chief": ["a:1"]},
        "task": {"type": "chief", "index": 0},
    }
    monkeypatch.setenv("TF_CONFIG", json.dumps(values))
    assert workers.from_environment() == workers.Workers(("a:1", "b:2"), 0)
    assert workers.from_environment().is_chief
    values["task"]["type"] = "worker"
    monkeypatch.setenv("TF_CONFIG", json.dumps(values))
    assert workers.from_environment().index == 1


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "the environment has no TF_CONFIG"),
        ("{", "TF_CONFIG={ cannot be used"),
        ("[]", "cannot be used"),
        ("{}", "has no 'cluster'"),
        ('{"cluster": {"worker": ["a:1"]}}', "has no 'task'"),
        (cluster("a:1", index=1), "the cluster has no worker 1"),
        (cluster("a:1", index=-1), "the cluster has no worker -1"),
        (cluster("a:1", kind="chief"), "the cluster has no 'chief'"),
        (cluster("a"), "an address is not host:port"),
        (cluster("a:1", "a:1"), "two workers have one address"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "'ps' is neither"),
    ],
)
def test_another_tf_config_is_refused(text, words, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(Refused, match=words):
        workers.from_environment()


def test_workers_need_tf_config_and_one_folder(monkeypatch):
    config = CGANConfig(distribute="multi_worker")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(Refused, match="multi_worker needs --run_dir"):
        system_command._join_the_workers(None, config)
    with pytest.raises(Refused, match="the environment has no TF_CONFIG"):
        system_command._join_the_workers("run", config)


@pytest.mark.parametrize("change", [{"jit_compile": True}, {"initial_discriminator_steps": 5}])
def test_what_replicas_cannot_do_is_refused(change):
    DCGANConfig(**change)
    with pytest.raises(ValueError, match=f"{next(iter(change))} must stay .*distribute=mirrored"):
        DCGANConfig(**change, distribute="mirrored")


def test_one_device_is_not_mirrored():
    with pytest.raises(Refused, match="sees one device here, .*--distribute=none"):
        distribution.Place("mirrored")


def test_a_batch_size_that_cannot_be_shared_is_refused(monkeypatch):
    class Three:
        num_replicas_in_sync = 3

    monkeypatch.setattr(distribution, "strategy", lambda distribute: Three())
    place = distribution.Place("mirrored")
    place.refuse_uneven(9)
    with pytest.raises(Refused, match="--batch_size=64: 3 replicas .* a multiple of 3"):
        place.refuse_uneven(64)


def test_a_run_may_go_on_elsewhere_and_an_older_one_does_not_say_where(tmp_path):
    stored = CGANConfig()
    system_command._refuse_changes(tmp_path, CGANConfig(distribute="mirrored"), stored)
    system_command._refuse_changes(tmp_path, CGANConfig(on_collapse="stop"), stored)
    words = "and --distribute and --on_collapse: --seed is 0 in the run, not 3"
    with pytest.raises(Refused, match=words):
        system_command._refuse_changes(tmp_path, CGANConfig(distribute="mirrored", seed=3), stored)
    values = settings.to_json(CGANConfig(distribute="mirrored"))
    assert settings.from_json(CGANConfig, values).distribute == "mirrored"
    del values["distribute"]
    assert settings.from_json(CGANConfig, values) == stored


def test_parts_of_a_minibatch_are_the_minibatch():
    random = np.random.RandomState(0)
    columns = {
        "images": random.randint(0, 256, (50, 8, 8, 1), np.uint8),
        "labels": random.randint(0, 4, 50).astype(np.int32),
    }
    wanted = {
        "discriminator": (("images", "labels", "foreign_labels"), 2),
        "generator": (("labels",), 3),
    }
    players = tuple(
        Player(name=name, networks=(), loss=abs, columns=columns, steps=steps)
        for name, (columns, steps) in wanted.items()
    )
    data = Data(columns, Labels(tuple("abcd")))
    order = minibatches(data, players, 6, 0, horizontal_flips=True)
    assert order.steps_per_epoch == 4
    # From the second iteration of an epoch to the first of the next.
    whole = list(order.iterations(5).take(4))
    # One worker with replicas 0 and 1 of 3, and another with replica 2.
    first = list(order.iterations(5, range(2), 3).take(8))
    second = list(order.iterations(5, range(2, 3), 3).take(4))
    for number, iteration in enumerate(whole):
        thirds = [first[2 * number], first[2 * number + 1], second[number]]
        for kind, values in iteration.items():
            for name, value in values.items():
                parts = [third[kind][name] for third in thirds]
                assert {part.shape[1] for part in parts} == {2}
                assert_array_equal(np.concatenate(parts, axis=1), value, err_msg=name)


@pytest.mark.slow
def test_two_replicas_train_what_one_does(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "tests.mirrored", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT,
    )
    assert result.returncode == 0, result.stderr
    for case in mirrored.CASES:
        alone = mirrored.trained(case, "none")
        with np.load(tmp_path / f"{case}.npz") as together:
            assert alone.keys() == set(together.files)
            for name in alone.keys() - WITHOUT_GRADIENT.get(case, set()):
                assert_allclose(
                    together[name],
                    alone[name],
                    rtol=0,
                    atol=MIRRORED_TOLERANCE,
                    err_msg=f"{case} {name}",
                )


@pytest.fixture
def started():
    """Starts two workers on this machine, the chief first; none outlives the test."""
    processes = []

    def start(run, *arguments):
        processes.extend(_two_workers(run, *arguments))
        return processes[-2:]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _two_workers(run, *arguments):
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("localhost", 0))
        addresses = [f"localhost:{free.getsockname()[1]}" for free in (one, other)]
    return [
        subprocess.Popen(
            [sys.executable, "-m", "gan_apps.cgan", *TINY, f"--run_dir={run}", *arguments],
            cwd=run.parent,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TF_CONFIG": cluster(*addresses, index=index),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]


def ended(processes):
    """(exit code, stdout, stderr) of each."""
    outputs = [process.communicate(timeout=WAIT) for process in processes]
    return [(p.returncode, *output) for p, output in zip(processes, outputs, strict=True)]


def finished(start, *arguments):
    """What two workers print that come to the end.

    A worker that is starved of processor for ten seconds is lost to the other, which no test of
    this file is about: then both are started again.
    """
    for _ in range(3):
        results = ended(start(*arguments))
        if not any(code and "heartbeat" in errors for code, _, errors in results):
            break
    assert [code for code, _, _ in results] == [0, 0], results
    return [output for _, output, _ in results]


@pytest.mark.slow
def test_two_workers_train_what_one_does_also_when_they_are_killed(
    gan_apps_process, started, tmp_path
):
    # A state at the end of each of the two epochs.
    epochs, several = ("--num_epochs=2", "--save_steps=22"), "--distribute=multi_worker"
    alone, together, killed = (tmp_path / name for name in ("alone", "together", "killed"))
    (chief, worker) = finished(started, together, *epochs, several)
    assert "epoch 2/2, iteration 44: " in chief
    assert worker.splitlines() == [
        "Worker 2 of 2 waits for the others.",
        f"Run: {together}",
        str(together),
    ]

    # One worker is killed: the other says so and ends.
    processes = started(killed, *epochs, several)
    wait_for(lambda: states(killed), processes[0], timeout=WAIT)
    processes[1].kill()
    (chief, _) = ended(processes)
    assert chief[0] == 1, chief
    assert "the workers can no longer go on together" in chief[2].splitlines()[-1]
    assert states(killed) == [FIRST] and FIRST in chief[2].splitlines()[-1]
    # Asked to stop, as a scheduler does: the chief saves.
    processes = started(killed, *epochs, several)
    wait_for(lambda: row(killed) >= 30, processes[0], timeout=WAIT)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    results = ended(processes)
    assert [code for code, _, _ in results] == [143, 143], results
    assert states(killed)[-1] in results[0][2] and 30 <= int(states(killed)[-1][5:14]) < 44
    finished(started, killed, *epochs, several)
    whole, gone_on = last_state(together), last_state(killed)
    for name in whole:
        assert_array_equal(gone_on[name], whole[name], err_msg=name)
    assert (killed / "metrics.jsonl").read_bytes() == (together / "metrics.jsonl").read_bytes()

    result = gan_apps_process("cgan", *TINY, *epochs, f"--run_dir={alone}")
    assert result.returncode == 0, result.stderr
    with np.load(alone / "states" / FIRST) as one, np.load(together / "states" / FIRST) as two:
        for name in whole:
            # The losses among the metrics are in the rows, the norms of gradients differ.
            if not name.startswith("metrics/"):
                assert_allclose(two[name], one[name], rtol=0, atol=WORKERS_TOLERANCE, err_msg=name)
    rows = [(run / "metrics.jsonl").read_text().splitlines() for run in (alone, together)]
    for first, second in zip(*rows, strict=True):
        for name in ("discriminator_loss", "generator_loss"):
            assert_allclose(json.loads(first)[name], json.loads(second)[name], rtol=1e-3)
