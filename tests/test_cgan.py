"""The command, as a user types it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gan_apps.runs import run_dir
from tests.conftest import ROOT


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_nines_from_the_shipped_run(gan_apps_process, tmp_path):
    result = gan_apps_process("cgan", "--digit=9")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "digit_9.png"
    assert result.stderr == ""
    image = opened(tmp_path / "digit_9.png")
    assert image.shape == (448, 448) and image.max() > 200 and image.min() == 0


def test_drawing_imports_neither_tensorflow_nor_keras(tmp_path):
    program = (
        "import sys, runpy; sys.argv = ['cgan', '--digit=9']\n"
        "try: runpy.run_module('gan_apps.cgan', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )
    assert (tmp_path / "digit_9.png").is_file()


def test_lists_of_digits_and_all_of_them(gan_apps, tmp_path):
    assert gan_apps("cgan", "--digit=3,1,4", "--num_images=5").returncode == 0
    assert opened(tmp_path / "digits_3_1_4.png").shape == (3 * 28 * 4, 5 * 28 * 4)
    assert gan_apps("cgan", "--num_images=4").stdout == "digits.png\n"
    assert opened(tmp_path / "digits.png").shape == (10 * 28 * 3, 4 * 28 * 3)


def test_folders_of_pictures(gan_apps, tmp_path):
    arguments = ("cgan", "--digit=7", "--num_images=3", "--seed=5")
    assert gan_apps(*arguments, "--output=sevens").stdout == "sevens\n"
    paths = sorted((tmp_path / "sevens").iterdir())
    assert [path.name for path in paths] == ["000.png", "001.png", "002.png"]
    pixels = [opened(path) for path in paths]
    assert all(image.shape == (28, 28) and image.dtype == np.uint8 for image in pixels)
    assert (pixels[0] != pixels[1]).any()


def test_same_seed_same_bytes_and_another_seed_others(gan_apps, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        gan_apps("cgan", "--digit=2", f"--seed={seed}", f"--output={name}.png")
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_both_runtimes_draw_the_shipped_run_alike(gan_apps, tmp_path):
    for runtime in ("litert", "keras"):
        result = gan_apps("cgan", "--num_images=3", f"--runtime={runtime}", f"--output={runtime}")
        assert result.returncode == 0, result.stderr
    for path in (tmp_path / "litert").iterdir():
        one, other = opened(path).astype(int), opened(tmp_path / "keras" / path.name).astype(int)
        # A value that lies between two bytes may be rounded either way.
        assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--digit=12"], ["--digit=12", "0 to 9"]),
        (["--digit=nine"], ["--digit=nine", "0 to 9"]),
        (["--digit="], ["--digit=", "0 to 9"]),
        (["--digit=1,,2"], ["--digit=1,,2", "''"]),
        (["--digit=-1"], ["--digit=-1"]),
        (["--digit=\N{SUPERSCRIPT TWO}"], ["--digit="]),
        (["--label=Sandal"], ["--label=Sandal", "--digit"]),
        (["--num_images=0"], ["--num_images must be at least 1, got 0"]),
        (["--num_images=ten"], ["--num_images=ten"]),
        (["--num_images=10001"], ["--num_images must be at most 10000, got 10001"]),
        (["--seed=-1"], ["--seed must be at least 0, got -1"]),
        (["--seed=4294967296"], ["--seed must be at most 4294967295, got 4294967296"]),
        (["--mode=fly"], ["--mode must be one of generate, train, got 'fly'"]),
        (["--runtime=torch"], ["--runtime must be one of auto, litert, keras, got 'torch'"]),
        (["--dgit=9"], ["dgit"]),
        (["9"], ["'9'"]),
        (["--output=absent/nine.png"], ["--output=absent/nine.png", "does not exist"]),
        (["--output=absent/nines"], ["--output=absent/nines", "does not exist"]),
        (["--output="], ["--output="]),
        (["--run_dir=absent"], ["--run_dir=absent", "no such folder"]),
        (["--run_dir=."], ["--run_dir=.", "not a run directory"]),
        (["--run_dir="], ["--run_dir="]),
        (["--batch_size=32"], ["--batch_size=32", "--mode=generate"]),
        (["--mode=train", "--digit=3"], ["--digit=3", "--mode=train"]),
        (["--mode=train", "--batch_size=0"], ["--batch_size", "at least 2, got 0"]),
        (["--mode=train", "--seed=-5"], ["--seed", "got -5"]),
        (["--mode=train", "--precision=half"], ["--precision", "'half'"]),
        (["--mode=train", "--beta_1=x"], ["--beta_1=x"]),
        (["--mode=train", "--run_dir="], ["--run_dir="]),
        (["--mode=train", "--dataset=mnits"], ["--dataset must", "fashion_mnist", "'mnits'"]),
        (
            ["--mode=train", "--dataset=digits", "--batch_size=1000", "--discriminator_steps=2"],
            ["--batch_size=1000", "--discriminator_steps=2", "2000", "1437"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value[0][:2] == "--" else "",
)
def test_bad_input_is_one_line_that_names_flag_and_value(refused, tmp_path, arguments, words):
    line = refused("cgan", *arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_its_own_says_the_same(refused, refused_process):
    """As all the commands of these tests do, which most of them run without one."""
    for arguments in (["--digit=12"], ["--dgit=9"], ["--mode=train", "--seed=-5"]):
        line = refused("cgan", *arguments)
        assert line.startswith("error: ") and refused_process("cgan", *arguments) == line


@pytest.mark.slow
def test_so_it_does_where_tensorflow_is_loaded_to_refuse(refused, refused_process):
    arguments = ["--mode=train", "--dataset=digits", "--batch_size=2000"]
    assert refused_process("cgan", *arguments) == refused("cgan", *arguments)


def test_an_output_that_cannot_be_written(gan_apps, tmp_path):
    result = gan_apps("cgan", "--digit=9", "--output=/proc/nine.png")
    assert result.returncode in (1, 2)
    (line,) = result.stderr.splitlines()
    assert "--output=/proc/nine.png" in line


@pytest.fixture
def harmed(tmp_path):
    """A copy of the shipped run, to be harmed."""
    return shutil.copytree(run_dir.shipped("cgan_digits"), tmp_path / "runs" / "harmed")


@pytest.mark.parametrize(
    "runtime, name", [("litert", "generator.tflite"), ("keras", "generator.weights.h5")]
)
def test_a_truncated_generator(refused, harmed, runtime, name):
    content = (harmed / name).read_bytes()
    (harmed / name).write_bytes(content[: len(content) // 2])
    line = refused("cgan", "--digit=9", f"--runtime={runtime}", f"--run_dir={harmed}")
    assert str(harmed) in line and name in line and "damaged" in line


def test_a_run_without_a_generator(refused, harmed):
    (harmed / "manifest.json").unlink()
    assert "no generator" in refused("cgan", f"--run_dir={harmed}")


def test_a_run_of_a_newer_format(refused, harmed):
    config = json.loads((harmed / "config.json").read_text())
    (harmed / "config.json").write_text(json.dumps({**config, "format": 99}))
    assert "format 99" in refused("cgan", f"--run_dir={harmed}")


def test_a_run_of_another_command(refused, harmed):
    config = json.loads((harmed / "config.json").read_text())
    (harmed / "config.json").write_text(json.dumps({**config, "app": "dcgan"}))
    assert "gan_apps.dcgan" in refused("cgan", f"--run_dir={harmed}")


def test_a_shipped_run_is_not_trained_further(refused, harmed):
    before = {path.name: path.stat().st_mtime_ns for path in harmed.iterdir()}
    line = refused("cgan", "--mode=train", f"--run_dir={harmed}")
    assert str(harmed) in line and "no optimizer state" in line
    assert {path.name: path.stat().st_mtime_ns for path in harmed.iterdir()} == before


def test_other_settings_are_refused_field_by_field(refused, tiny_run):
    line = refused(
        "cgan",
        "--mode=train",
        f"--run_dir={tiny_run}",
        "--batch_size=32",
        "--seed=3",
        "--latent_dim=8",
        # Decided when the run began, whatever this machine has.
        "--precision=auto",
    )
    assert "precision" not in line
    assert "--batch_size is 64 in the run, not 32" in line
    assert "--seed is 0 in the run, not 3" in line
    assert "latent_dim" not in line


def test_a_shorter_training_is_refused(refused, tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "longer")
    config = json.loads((run / "config.json").read_text())
    config["settings"]["num_epochs"] = 4
    (run / "config.json").write_text(json.dumps(config))
    line = refused("cgan", "--mode=train", f"--run_dir={run}", "--num_epochs=2")
    assert "--num_epochs is 4 in the run, not 2" in line


def test_a_folder_that_is_not_a_run_is_not_trained_into(refused, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    line = refused("cgan", "--mode=train", "--run_dir=mine")
    assert "--run_dir=mine" in line and "something else" in line


def test_help_is_worth_reading(gan_apps):
    result = gan_apps("cgan", "--help")
    text = result.stdout + result.stderr
    for words in (
        "python -m gan_apps.cgan --digit=9",
        "--digit",
        "--num_epochs",
        "gamma of R1",
        "checkpoints/cgan_001",
    ):
        assert words in text
