"""report.html: the findings of all experiments as one page that needs no network."""

import base64
import html

from gan_apps.experiments.findings import cell
from gan_apps.machine import files

REPORT = "report.html"
_TYPES = {".png": "image/png", ".gif": "image/gif"}
_STYLE = """
:root { color-scheme: light; }
body { font: 17px/1.55 Georgia, 'Times New Roman', serif; color: #1a1a1a; background: #fff;
       max-width: 62rem; margin: 3rem auto; padding: 0 1.25rem; }
h1, h2, nav, table, figcaption { font-family: system-ui, sans-serif; }
h1 { font-size: 2rem; margin-bottom: .2rem; }
h2 { font-size: 1.45rem; margin-top: 3.5rem; border-top: 2px solid #1a1a1a; padding-top: .8rem; }
nav ol { columns: 2; padding-left: 1.2rem; font-size: .95rem; }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 4px solid #999; color: #444; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .5rem 0 1.2rem;
        font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; font-weight: 600; }
th, td { text-align: right; padding: .25rem .7rem; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #1a1a1a; }
figure { margin: 1.6rem 0; }
img { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; color: #444; }
@media print { h2 { break-before: page; } nav { display: none; } }
"""


def write(folder, found, options):
    """Writes the report of {name: Findings}, whose pictures are in `folder`/name."""
    files.write_text(folder / REPORT, page(folder, found, options))


def page(folder, found, options):
    """The report as HTML; pictures are inside it."""
    links = "".join(
        f'<li><a href="#{name}">{html.escape(findings.title)}</a></li>'
        for name, findings in found.items()
    )
    size = "quick" if options.quick else "full" if options.full else "default"
    sections = "".join(_section(name, findings, folder / name) for name, findings in found.items())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>The GAN laboratory</title><style>{_STYLE}</style></head><body>\n"
        "<h1>The GAN laboratory</h1>\n<p>What the lectures claim, tried, beside the exact answers. "
        f"Made by <code>python -m gan_apps.lab</code>, {size} size, seed {options.seed}, "
        f"{options.num_seeds} repetitions.</p>\n"
        f"<nav><ol>{links}</ol></nav>\n{sections}</body></html>\n"
    )


def _section(name, findings, folder):
    tables = "".join(_table(table) for table in findings.tables)
    figures = "".join(_figure(figure, folder) for figure in findings.figures)
    return (
        f'<section id="{name}"><h2>{html.escape(findings.title)}</h2>\n'
        f"<blockquote><p>{html.escape(findings.claim)}</p></blockquote>\n"
        f"<p>{html.escape(findings.answer)}</p>\n{figures}{tables}"
        f"<p><code>python -m gan_apps.lab --experiment={name}</code></p></section>\n"
    )


def _table(table):
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell(value))}</td>" for value in row) + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="table"><table><caption>{html.escape(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>\n"
    )


def _figure(figure, folder):
    path = folder / figure.file
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    caption = html.escape(figure.caption)
    return (
        f'<figure><img alt="{caption}" src="data:{_TYPES[path.suffix]};base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>\n"
    )
