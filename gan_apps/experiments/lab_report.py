"""report.html: the findings of all experiments as one page that needs no network."""

from gan_apps import pages
from gan_apps.experiments.findings import cell
from gan_apps.operating_system import files

REPORT = "report.html"
_TYPES = {".png": "image/png", ".gif": "image/gif"}


def write(folder, found, options):
    """Writes the report of {name: Findings}, whose pictures are in `folder`/name."""
    files.write_text(folder / REPORT, page(folder, found, options))


def page(folder, found, options):
    """The report as HTML; pictures are inside it."""
    return pages.rendered(
        "laboratory.html",
        title="The GAN laboratory",
        size="quick" if options.quick else "full" if options.full else "default",
        seed=options.seed,
        num_seeds=options.num_seeds,
        experiments=[_experiment(name, one, folder / name) for name, one in found.items()],
    )


def _experiment(name, findings, folder):
    return {
        "name": name,
        "title": findings.title,
        "claim": findings.claim,
        "answer": findings.answer,
        "pictures": [_picture(figure, folder / figure.file) for figure in findings.figures],
        "tables": [
            {
                "caption": table.caption,
                "columns": table.columns,
                "rows": [[cell(value) for value in row] for row in table.rows],
            }
            for table in findings.tables
        ],
    }


def _picture(figure, path):
    return pages.Picture(pages.data_uri(path.read_bytes(), _TYPES[path.suffix]), figure.caption)
