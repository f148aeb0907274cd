"""Runs experiments, prints their tables, writes results.json and the report."""

import dataclasses
import importlib
import json
import pathlib

from gan_apps.experiments import EXPERIMENTS, lab_report
from gan_apps.experiments.findings import Figure, Findings, Table, as_json, cell
from gan_apps.operating_system import files

RESULTS = "results.json"
# Everything that the report needs of an experiment, so that it is not run twice.
FINDINGS = "findings.json"


def perform(name, folder, options):
    """Runs one experiment, or reads what an equal run left in `folder`; prints and returns it.

    Args:
      name: str. A key of EXPERIMENTS.
      folder: path. Made if it is not there; gets results.json, findings.json and the pictures.
      options: findings.Options.

    Raises:
      OSError: the folder cannot be written to; its findings are removed before anything else is.
    """
    folder = pathlib.Path(folder)
    asked = {"experiment": name, **dataclasses.asdict(options)}
    findings = _finished(folder, asked)
    if findings is None:
        folder.mkdir(parents=True, exist_ok=True)
        files.clear_unfinished(folder)
        (folder / FINDINGS).unlink(missing_ok=True)
        module = importlib.import_module(f"gan_apps.experiments.{name}")
        findings = module.run(options, folder)
        files.write_json(folder / RESULTS, as_json(findings.results))
        stored = {"asked": asked, **dataclasses.asdict(findings)}
        files.write_json(folder / FINDINGS, as_json(stored))
    print(as_text(findings), flush=True)
    return findings


def perform_all(folder, options):
    """Every experiment in a folder of its own, and report.html beside them."""
    folder = pathlib.Path(folder)
    found = {}
    for number, name in enumerate(EXPERIMENTS, 1):
        print(f"\n[{number} of {len(EXPERIMENTS)}] {name}: {EXPERIMENTS[name]}", flush=True)
        found[name] = perform(name, folder / name, options)
        # Written after each, so that what is done has its page when the rest is interrupted.
        lab_report.write(folder, found, options)
    return found


def as_text(findings):
    """Tables and answer for a terminal."""
    parts = [f"{findings.title}\n"]
    for table in findings.tables:
        rows = [table.columns, *(tuple(cell(value) for value in row) for row in table.rows)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
        lines = [_aligned(row, widths) for row in rows]
        parts.append("\n".join([table.caption, lines[0], "-" * len(lines[0]), *lines[1:]]) + "\n")
    return "\n".join([*parts, findings.answer])


def _aligned(row, widths):
    first, *others = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)])


def _finished(folder, asked):
    """The findings in `folder` if they are of the same experiment and options, else None."""
    try:
        stored = json.loads((folder / FINDINGS).read_text(encoding="utf-8"))
        if stored.pop("asked") != asked:
            return None
        tables = tuple(Table(**table) for table in stored.pop("tables"))
        figures = tuple(Figure(**figure) for figure in stored.pop("figures"))
        findings = Findings(**stored, tables=tables, figures=figures)
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
        return None
    needed = [folder / RESULTS, *(folder / figure.file for figure in figures)]
    return findings if all(path.is_file() for path in needed) else None
