"""The page of a run: what is on it, and that it needs nothing else."""

import html.parser
import json
import re
import shutil

import pytest

from gan_apps.reports import curves, run_record, run_report
from gan_apps.runs import run_dir
from gan_apps.settings import Refused


class Links(html.parser.HTMLParser):
    """Collects what a page would load."""

    def __init__(self):
        super().__init__()
        self.loaded, self.open = [], []

    def handle_starttag(self, tag, attributes):
        self.loaded += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(text):
    """The page's text; it is whole, and loads nothing from elsewhere."""
    links = Links()
    links.feed(text)
    assert links.open == []
    # The icon is nothing; without it a browser asks for one.
    assert links.loaded.pop(0) == "data:,"
    assert links.loaded and all(link.startswith("data:image/") for link in links.loaded)
    return text


@pytest.mark.parametrize(
    "name, watched",
    [
        ("cgan_digits", False),
        pytest.param("cgan_anime", True, marks=pytest.mark.slow),
        pytest.param("dcgan_faces", True, marks=pytest.mark.slow),
        ("wgan_gp_fashion", True),
    ],
)
def test_a_shipped_run_has_a_page(name, watched):
    run = run_record.read(run_dir.shipped(name))
    text = checked(run_report.page([run]))
    assert ("made before training was watched" in text) is not watched
    assert ("nothing found" in text) is watched
    assert f"{run.measured['frechet_ratio']:.2f} x" in text
    assert f"{run.trained:,} iterations" in text


def test_a_run_of_today_has_everything(tiny_run):
    run = run_record.read(tiny_run)
    text = checked(run_report.page([run]))
    for words in (
        "nothing found",
        "mode collapse",
        "kernel distance",
        "iteration 22",
        "processor",
        "label by label",
        "python -m gan_apps.cgan --mode=train --dataset=digits",
        "--generator_widths=16,8",
    ):
        assert words in text
    assert "made before training was watched" not in text
    titles = [title for title, _ in curves.charts([run])]
    assert "discriminator's loss" in titles and "diversity of the sample" in titles


def test_failures_and_going_back_are_on_it(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    rows = run_dir.read_metrics(run)
    for row in rows[2:]:
        row["diagnosis"] = ["mode_collapse"]
    rows.append({"step": 20, "epoch": 1, "rollback": 1, "reason": "because of <that>."})
    (run / run_dir.METRICS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = run_record.read(run)
    assert found.spans == {"mode_collapse": [(15, 20)]}
    text = checked(run_report.page([found]))
    assert '<td><span class="mark bad">seen</span> iterations 15 to 20<small>' in text
    assert "<td>never</td>" in text
    assert "Went back to iteration 20" in text and "because of &lt;that&gt;." in text


def test_runs_stand_side_by_side(tiny_run, tmp_path):
    other = shutil.copytree(tiny_run, tmp_path / "other")
    config = json.loads((other / run_dir.CONFIG).read_text())
    config["settings"]["seed"] = 7
    (other / run_dir.CONFIG).write_text(json.dumps(config))
    (other / run_dir.EVALUATION).unlink()
    text = checked(run_report.page([run_record.read(tiny_run), run_record.read(other)]))
    assert re.search(r"<td>seed</td><td>0</td><td>7</td>", text)
    assert "other was not measured" in text
    # What is the same is not among what differs.
    assert text.index("<td>seed</td>") < text.index("<td>dataset</td>")


def test_nothing_that_a_run_holds_becomes_html(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "<i>run")
    config = json.loads((run / run_dir.CONFIG).read_text())
    config["settings"]["dataset"] = config["versions"]["python"] = "<i>"
    config["settings"]["<i>"] = config["versions"]["<i>"] = ["<i>"]
    (run / run_dir.CONFIG).write_text(json.dumps(config))
    measured = json.loads((run / run_dir.EVALUATION).read_text())
    measured["features"] = "<i>"
    for names in ("manifold", "manifold_of_real"):
        measured[names]["<i>"] = 0.5
    measured["per_label"]["<i>"] = next(iter(measured["per_label"].values()))
    (run / run_dir.EVALUATION).write_text(json.dumps(measured))
    text = checked(run_report.page([run_record.read(run)]))
    assert "<i>" not in text and text.count("&lt;i&gt;") >= 10


def test_a_run_that_has_hardly_begun_has_a_page(tiny_run, tmp_path):
    (tmp_path / "run").mkdir()
    shutil.copy(tiny_run / run_dir.CONFIG, tmp_path / "run")
    text = run_report.page([run_record.read(tmp_path / "run")])
    for words in ("not ended", "nothing is known of its training", "Not measured", "None has been"):
        assert words in text


def test_a_damaged_run_is_refused(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    (run / run_dir.EVALUATION).write_text("{")
    with pytest.raises(Refused, match="cannot be read"):
        run_record.read(run)


def test_the_command_writes_the_page_it_names(gan_apps, tiny_run, tmp_path):
    result = gan_apps("report", f"--run_dir={tiny_run}")
    assert (result.stdout, result.stderr) == ("report_tiny.html\n", "")
    checked((tmp_path / "report_tiny.html").read_text())
    again = gan_apps("report", f"--compare={tiny_run},{tiny_run}", "--output=two.html")
    assert again.stdout == "two.html\n", again.stderr
