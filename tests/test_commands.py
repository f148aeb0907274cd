"""The commands beside the algorithms': evaluate and classifier."""

import shutil

import pytest


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["evaluate"], ["--run_dir"]),
        (["evaluate", "--run_dir=absent"], ["--run_dir=absent", "no such folder"]),
        (
            ["evaluate", "--run_dir=.", "--num_images=9"],
            ["--num_images must be at least 100, got 9"],
        ),
        (["evaluate", "--run_dir=.", "--seed=-1"], ["--seed must be at least 0, got -1"]),
        (
            ["evaluate", "--run_dir=.", "--metric=is"],
            ["--metric must be one of own, fid, got 'is'"],
        ),
        (["evaluate", "--run_dir=.", "--metric=fid", "--classifier=c"], ["--classifier=c"]),
        (["report"], ["--run_dir", "--compare"]),
        (["report", "--compare=a"], ["--compare=a", "two runs"]),
        (["report", "--run_dir=a", "--compare=a,b"], ["--run_dir", "--compare"]),
        (["report", "--run_dir=absent"], ["--run_dir=absent", "no such folder"]),
        (["report", "--run_dir=absent", "--output=a.pdf"], ["--output=a.pdf", ".html"]),
        (["report", "--run_dir=absent", "--output=no/a.html"], ["--output=no/a.html"]),
        (["classifier"], ["--output"]),
        (
            ["classifier", "--output=c", "--num_epochs=0"],
            ["--num_epochs must be at least 1, got 0"],
        ),
        (["classifier", "--output=c", "--seed=4294967296"], ["--seed must", "got 4294967296"]),
        (["classifier", "--output=absent/c"], ["--output=absent/c", "does not exist"]),
        (["classifier", "--output=c", "--dataset=mnits"], ["--dataset must", "'mnits'"]),
        (["classifier", "--output=c", "--image_size=30"], ["--image_size must be", "got 30"]),
        (["evaluate", "--run_dir=.", "--seed=x"], ["--seed=x: must be a whole number"]),
        (["wgan_gp", "--penalty_weight=u"], ["--penalty_weight=u: must be a number"]),
        (["wgan_gp", "--horizontal_flips=maybe"], ["--horizontal_flips=maybe: must be true or f"]),
        (["evaluate", "--run_dir="], ["--run_dir: name the run"]),
        (["evaluate", "--run_dir=.", "--nearest=a.gif"], ["--nearest=a.gif", "must end in .png"]),
        (["evaluate", "--run_dir=.", "--runtime=torch"], ["--runtime must", "litert", "'torch'"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line_that_names_flag_and_value(refused, tmp_path, arguments, words):
    line = refused(*arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_evaluate_writes_what_it_prints(gan_apps, tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    (run / "metrics.json").unlink()
    result = gan_apps("evaluate", f"--run_dir={run}", "--num_images=100")
    assert result.returncode == 0, result.stderr
    assert (run / "metrics.json").is_file() and "coverage" in result.stdout
    assert result.stdout.splitlines()[-1] == str(run / "metrics.json")
