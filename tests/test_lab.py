"""The laboratory: what it refuses and writes, and that nothing finished is run twice."""

import ast
import dataclasses
import json
import re

import pytest

from gan_apps.experiments import EXPERIMENTS, LECTURES, findings, lab_report, laboratory
from gan_apps.experiments.findings import Figure, Findings, Options, Table
from tests.conftest import ROOT

OPTIONS = Options(seed=3)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--output_dir=d"], ["--experiment", "name one", *EXPERIMENTS]),
        (["--experiment=mode_colapse", "--output_dir=d"], ["'mode_colapse'", *EXPERIMENTS]),
        (["--experiment=all"], ["--output_dir"]),
        (
            ["--experiment=all", "--output_dir=d", "--num_seeds=-1"],
            ["--num_seeds must be at least 1, got -1"],
        ),
        (["--experiment=all", "--output_dir=d", "--num_seeds=101"], ["at most 100, got 101"]),
        (["--experiment=all", "--output_dir=d", "--seed=-1"], ["--seed must be", "got -1"]),
        (["--experiment=all", "--output_dir=d", "--quick", "--full"], ["--quick", "--full"]),
        (["--experiment=all", "--output_dir=/dev/null/d"], ["--output_dir=/dev/null/d"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line(refused, tmp_path, arguments, words):
    line = refused("lab", *arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def experiment(monkeypatch):
    """A stand-in for all experiments; the list of the folders that it was run in."""
    ran = []

    def run(options, folder):
        ran.append(folder)
        (folder / "one.png").write_bytes(b"picture of " + folder.name.encode())
        return Findings(
            title=f"A < B in {folder.name}",
            claim="c",
            answer="a",
            results={"value": float("inf"), "seed": options.seed},
            tables=(Table(caption="t", columns=("x", "y"), rows=(("row", 1.23456),)),),
            figures=(Figure(file="one.png", caption="see"),),
        )

    module = type("Module", (), {"run": staticmethod(run)})
    monkeypatch.setattr(laboratory.importlib, "import_module", lambda name: module)
    return ran


def test_results_are_written_and_a_finished_experiment_is_not_run_again(experiment, tmp_path):
    first = laboratory.perform("js_saturates", tmp_path / "lab", OPTIONS)
    results = json.loads((tmp_path / "lab" / laboratory.RESULTS).read_text())
    assert results == {"value": "inf", "seed": 3}
    again = laboratory.perform("js_saturates", tmp_path / "lab", OPTIONS)
    assert len(experiment) == 1 and again.title == first.title
    assert again.tables[0].rows[0][1] == 1.23456
    # With other options, or without its picture, it is.
    laboratory.perform("js_saturates", tmp_path / "lab", dataclasses.replace(OPTIONS, seed=4))
    assert len(experiment) == 2
    (tmp_path / "lab" / "one.png").unlink()
    laboratory.perform("js_saturates", tmp_path / "lab", dataclasses.replace(OPTIONS, seed=4))
    assert len(experiment) == 3


def test_the_report_holds_every_experiment_and_needs_nothing_else(experiment, tmp_path):
    laboratory.perform_all(tmp_path, OPTIONS)
    page = (tmp_path / lab_report.REPORT).read_text()
    for name in EXPERIMENTS:
        assert f'id="{name}"' in page and f"A &lt; B in {name}" in page
    assert page.count("data:image/png;base64,") == len(EXPERIMENTS)
    assert "1.235" in page
    # No file and no address but what is inside.
    assert not re.search(r'(src|href)="(?!data:|#)', page) and "url(" not in page


@pytest.mark.parametrize(
    "value, text",
    [
        (3, "3"),
        (12345, "12,345"),
        (0.0, "0"),
        (0.69314718, "0.6931"),
        (1.5e-7, "1.5e-07"),
        (float("inf"), "inf"),
        ("kl", "kl"),
        (True, "True"),
    ],
)
def test_cells(value, text):
    assert findings.cell(value) == text


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="has 1 cells"):
        Table(caption="t", columns=("x", "y"), rows=((1,),))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_claim_names_its_lectures_by_number_and_title(name):
    source = (ROOT / "gan_apps" / "experiments" / f"{name}.py").read_text(encoding="utf-8")
    keywords = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword))
    (claim,) = (node.value.value for node in keywords if node.arg == "claim")
    named = dict(re.findall(r"(\d) \(([^)]*)\)", claim))
    assert named
    assert named == {number: f'"{LECTURES[int(number)]}"' for number in named}
    # Once it is named, the number is enough.
    assert set(re.findall(r"lecture (\d)", claim)) <= set(named)
    # A file's number means nothing to a reader, and "seed" is a word of random numbers alone.
    assert not re.search(r"\b00\d\b", claim) and "seed" not in claim
