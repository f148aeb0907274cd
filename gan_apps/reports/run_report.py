"""The page of one run or of several: HTML that needs no network, its pictures inside it."""

import io

from PIL import Image

from gan_apps import pages
from gan_apps.evaluation import measures, verdicts
from gan_apps.operating_system import files
from gan_apps.pages import Cell, Mark
from gan_apps.reports import curves
from gan_apps.runs import run_dir
from gan_apps.training import diagnosis

# Pictures of the way are scaled down to this width; those of the end are not.
THUMBNAIL = 420


def write(path, runs):
    """Writes the page of `runs`, a list of run_record.RunRecord, to `path`."""
    files.write_text(path, page(runs))


def page(runs):
    """The page as HTML."""
    return pages.rendered(
        "run.html",
        title=" and ".join(run.name for run in runs),
        runs=[_run(number, run) for number, run in enumerate(runs)],
        charts=curves.charts(runs),
        measured=_measured(runs),
        settings=_settings(runs),
        versions=_versions(runs),
        metrics_file=run_dir.METRICS,
        evaluation_file=run_dir.EVALUATION,
    )


def _run(number, run):
    way, large = _pictures(run)
    return {
        "name": run.name,
        "colour": curves.colour(number),
        "verdict": _verdict(run),
        "system": run.recipe.system,
        "dataset": run.recipe.settings["dataset"],
        "draws": [draw.shape for draw in run.recipe.draws.values()],
        "trained": run.trained,
        "ended": (run.path / run_dir.MANIFEST).is_file(),
        "ratio": f"{run.measured['frechet_ratio']:.2f} x"
        if "frechet_ratio" in (run.measured or {})
        else None,
        "has_rows": bool(run.rows),
        "watched": run.watched,
        "failures": [_failure(failure, run) for failure in diagnosis.FAILURES],
        "times_back": run.times_back,
        "way": way,
        "large": large,
        "command": run.command,
    }


def _verdict(run):
    if run.times_back:
        return Mark("went back", "bad")
    if run.spans:
        return Mark(", ".join(diagnosis.words(name) for name in run.spans), "bad")
    if not run.watched:
        return Mark("not watched", "unsure")
    return Mark("nothing found", "good")


def _failure(failure, run):
    """The row of a failure: what it is, and when it was seen."""
    what = Cell(diagnosis.words(failure.name), (failure.measured,))
    spans = run.spans.get(failure.name)
    if not spans:
        return what, "never"
    seen = ", ".join(f"iterations {first:,} to {last:,}" for first, last in spans)
    return what, Cell(seen, (failure.advice,), Mark("seen", "bad"))


def _pictures(run):
    """Those of the way, and those of the end."""
    way = [_picture(path, caption, THUMBNAIL) for caption, path in run.pictures]
    large = []
    if (run.path / run_dir.SAMPLES).is_file():
        large.append(_picture(run.path / run_dir.SAMPLES, "of the finished run"))
    if not way and (run.path / run_dir.ROUNDS).is_file():
        caption = "the same latents after more and more iterations"
        large.append(_picture(run.path / run_dir.ROUNDS, caption))
    return way, large


def _picture(path, caption, width=None):
    with Image.open(path) as image:
        if width is not None and image.width > width:
            image = image.resize((width, round(image.height * width / image.width)))
        png = io.BytesIO()
        image.save(png, "PNG", optimize=True)
    return pages.Picture(pages.data_uri(png.getvalue(), "image/png"), caption)


def _measured(runs):
    """The table of the runs that were measured, or None if there are none."""
    having = [run for run in runs if run.measured]
    if not having:
        return None
    rows = {}
    for at, run in enumerate(having):
        for name, cell in _measures(run.measured):
            rows.setdefault(name, [""] * len(having))[at] = cell
    return {
        "heads": ["", *(run.name for run in having)],
        "rows": [[name, *cells] for name, cells in rows.items()],
        "lacking": [run.name for run in runs if not run.measured],
        "per_label": [_per_label(run) for run in having if run.measured.get("per_label")],
    }


def _measures(report):
    """[(name, cell)] of the content of metrics.json, old or new."""
    if (told := verdicts.lines(report)) is not None:
        # Of a judge.
        yield from told
        return
    yield "pictures judged", f"{report['num_images']:,}"
    if "compared_with" in report:
        yield "compared with", report["compared_with"]
    yield "by", report["features"]
    for line in measures.lines(report, details=False):
        notes = [] if line.between is None else [line.between]
        if line.floor is not None:
            notes.append(f"{line.beside}: {line.floor}")
        yield line.label.strip(), Cell(line.value, tuple(notes))


def _per_label(run):
    """The table of a run's labels."""
    read = run.measured.get("accuracy_per_label", {})
    names = ["kernel_distance", "precision", "recall", "density", "coverage"]
    heads = ["label", *(diagnosis.words(name) for name in names)]
    rows = [
        [
            label,
            *(f"{figures[name]:.3f}" for name in names),
            *([f"{read[label]:.1%}"] if read else []),
        ]
        for label, figures in run.measured["per_label"].items()
    ]
    return {"name": run.name, "heads": heads + ["read as asked"] * bool(read), "rows": rows}


def _settings(runs):
    """Two tables: the settings that tell these runs apart or were chosen, and the others."""
    names = list(dict.fromkeys(name for run in runs for name in run.recipe.settings))
    of = lambda run, name: _value(run.recipe.settings.get(name, "(no such setting)"))
    differ = [name for name in names if len({of(run, name) for run in runs}) > 1]
    chosen = [name for name in names if any(name in run.changed for run in runs)]
    first = differ if len(runs) > 1 else chosen
    rows = {name: [name, *(of(run, name) for run in runs)] for name in names}
    return {
        "heads": ["setting", *(run.name for run in runs)],
        "first": [rows[name] for name in first],
        "others": [rows[name] for name in names if name not in first],
    }


def _versions(runs):
    """The table of what the runs were made with."""
    names = list(dict.fromkeys(name for run in runs for name in run.recipe.versions))
    if "processor" not in names:
        names.append("processor")
    rows = [
        [
            name,
            *(", then ".join(run.recipe.versions_of(name)) or "not recorded" for run in runs),
        ]
        for name in names
    ]
    return {"heads": ["", *(run.name for run in runs)], "rows": rows}


def _value(value):
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
