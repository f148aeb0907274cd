"""The commands beside the algorithms': evaluate and classifier."""

import pytest


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["evaluate"], ["--run_dir"]),
        (["evaluate", "--run_dir=absent"], ["--run_dir=absent", "no such folder"]),
        (["evaluate", "--run_dir=.", "--num_images=1"], ["--num_images=1", "2 to 10000"]),
        (["evaluate", "--run_dir=.", "--seed=-1"], ["--seed=-1"]),
        (["evaluate", "--metric=fid"], ["metric"]),
        (["classifier"], ["--output"]),
        (["classifier", "--output=c", "--num_epochs=0"], ["--num_epochs=0"]),
        (["classifier", "--output=c", "--seed=4294967296"], ["--seed=4294967296"]),
        (["classifier", "--output=absent/c"], ["--output=absent/c", "does not exist"]),
        (["classifier", "--output=c", "--dataset=mnits"], ["--dataset=mnits"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line_that_names_flag_and_value(refused, tmp_path, arguments, words):
    line = refused(*arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_data_without_a_classifier_is_refused(refused, tiny_run):
    line = refused("evaluate", f"--run_dir={tiny_run}")
    assert "digits" in line and "no classifier" in line
    assert not (tiny_run / "metrics.json").exists()
