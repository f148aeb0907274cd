"""The pages: one style, nothing but themselves, and no value that becomes HTML."""

import pathlib
import re

import jinja2
import pytest

from gan_apps import pages
from gan_apps.reports import run_record, run_report
from gan_apps.runs import run_dir
from tests import browsing

STYLE = pathlib.Path(pages.__file__).parent / "templates" / "style.css"
# One white pixel.
PIXEL = pages.data_uri(
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00"
    b"\x00\x02\x02D\x01\x00;",
    "image/gif",
)


def laboratory(words="words", name="wider_than_a_phone_" * 3):
    """The laboratory's page with one experiment, all of whose texts are `words`."""
    table = {"caption": words, "columns": [words] * 9, "rows": [[words] * 9]}
    experiment = {"name": name, "title": words, "claim": words, "answer": words}
    experiment |= {"pictures": [pages.Picture(PIXEL, words)], "tables": [table]}
    values = {"title": words, "size": words, "seed": 0, "num_seeds": 1}
    return pages.rendered("laboratory.html", experiments=[experiment], **values)


def run():
    return run_report.page([run_record.read(run_dir.shipped("wgan_gp_fashion"))])


def demo():
    return pages.rendered("demo.html", title="demo", others=[])


def canvas():
    return pages.rendered("canvas.html", title="canvas", others=[("a.html", "another")])


@pytest.mark.parametrize("written", [laboratory, run, demo, canvas])
def test_every_page_has_the_one_style_and_no_other(written):
    text = written()
    assert text.startswith("<!doctype html>\n<html lang=")
    assert re.findall(r"<style>\n(.*?)</style>", text, re.S) == [STYLE.read_text()]
    assert "stylesheet" not in text
    # No address of elsewhere, neither in the style nor beside it.
    assert not re.search(r"url\(|@import|https?:", text)


def test_values_do_not_become_html():
    text = laboratory(words='"><b>', name='"><b>')
    assert "<b>" not in text and '""' not in text
    assert text.count("&#34;&gt;&lt;b&gt;") == 13 + 2 * 9


def test_a_value_that_is_missing_is_a_fault():
    with pytest.raises(jinja2.UndefinedError, match="title"):
        pages.rendered("demo.html")


def test_in_a_browser_pages_ask_for_nothing_and_fit_a_phone(tmp_path):
    with browsing.chromium() as browser:
        opened = browser.new_page(viewport={"width": 390, "height": 844})
        asked = []
        opened.on("request", lambda request: asked.append(request.url))
        for page in (laboratory, run):
            path = tmp_path / f"{page.__name__}.html"
            path.write_text(page(), encoding="utf-8")
            opened.goto(path.as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth") <= 390
            # Every picture is there.
            assert opened.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
            assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
            asked.clear()
