"""The page of one run or of several: HTML that needs no network, its pictures inside it."""

import base64
import html
import io

from PIL import Image

from gan_apps.machine import files
from gan_apps.reports import curves
from gan_apps.runs import run_dir
from gan_apps.training import diagnosis

# Pictures of the way are scaled down to this width; those of the end are not.
THUMBNAIL = 420
_STYLE = """
:root { color-scheme: light; --ink: #1c1e21; --quiet: #62676e; --line: #dfe2e6; --soft: #f5f6f8;
        --good: #1d7a4f; --bad: #b3372b; --unsure: #8a6d1a; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; color: var(--ink);
       background: #fff; max-width: 74rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .7rem; padding-top: .7rem;
     border-top: 1px solid var(--line); }
p { margin: .4rem 0; }
.quiet { color: var(--quiet); }
.mark { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; font-size: .85rem;
        font-weight: 600; color: #fff; background: var(--good); }
.mark.bad { background: var(--bad); } .mark.unsure { background: var(--unsure); }
.swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px;
          margin-right: .4rem; vertical-align: -1px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top; }
th { font-weight: 600; } thead th { border-bottom: 2px solid var(--ink); }
td.number { white-space: nowrap; }
td small { color: var(--quiet); display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
.charts img, figure img { width: 100%; height: auto; display: block; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr));
            gap: .9rem; }
.large { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1.2rem; }
figure { margin: 0; } figure img { image-rendering: pixelated; background: var(--soft); }
figcaption { font-size: .85rem; color: var(--quiet); padding-top: .25rem; }
.large figure { max-width: 44rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: .7rem;
      white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--quiet); }
@media print { h2 { break-after: avoid; } figure { break-inside: avoid; } }
"""


def write(path, runs):
    """Writes the page of `runs`, a list of reports.gathered.Gathered, to `path`."""
    files.write_text(path, page(runs))


def page(runs):
    """The page as HTML."""
    title = " and ".join(run.name for run in runs)
    sections = [
        ("Diagnosis", _diagnosis(runs)),
        ("Curves", _curves(runs)),
        ("Pictures", _pictures(runs)),
        ("Measured", _measured(runs)),
        ("Settings", _settings(runs)),
        ("Made with", _made_with(runs)),
    ]
    body = "".join(f"<section><h2>{name}</h2>\n{content}</section>\n" for name, content in sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>\n"
        f"<header><h1>{_text(title)}</h1>\n{''.join(map(_headline, runs))}</header>\n"
        f"{body}</body></html>\n"
    )


def _headline(run):
    described = run.recipe.generator["config"]
    size, channels = described["image_size"], described["channels"]
    what = f"{size}x{size} {'gray' if channels == 1 else 'colour'} images"
    ratio = ""
    if run.measured and "frechet_ratio" in run.measured:
        ratio = f", Frechet distance {run.measured['frechet_ratio']:.2f} x the floor"
    finished = "" if (run.path / run_dir.MANIFEST).is_file() else ", not ended"
    return (
        f"<p>{_verdict(run)} <b>{_text(run.name)}</b>: {_text(run.recipe.app)} on "
        f"{_text(run.recipe.settings['dataset'])}, {what}, {run.trained:,} iterations{finished}"
        f"{ratio}</p>\n"
    )


def _verdict(run):
    if run.times_back:
        return '<span class="mark bad">went back</span>'
    if run.spans:
        worst = ", ".join(diagnosis.words(name) for name in run.spans)
        return f'<span class="mark bad">{worst}</span>'
    if not run.watched:
        return '<span class="mark unsure">not watched</span>'
    return '<span class="mark">nothing found</span>'


def _diagnosis(runs):
    return "".join(
        _diagnosis_of(run, f"<h3>{_text(run.name)}</h3>" * (len(runs) > 1)) for run in runs
    )


def _diagnosis_of(run, heading):
    if not run.rows:
        return f"{heading}<p>There is no {run_dir.METRICS}: nothing is known of its training.</p>\n"
    if not run.watched:
        return (
            f"{heading}<p>This run was made before training was watched, so that its "
            f"{run_dir.METRICS} holds nothing that a failure could be told by.</p>\n"
        )
    rows = []
    for failure in diagnosis.FAILURES:
        spans = run.spans.get(failure.name, [])
        seen = ", ".join(f"iterations {first:,} to {last:,}" for first, last in spans) or "never"
        advice = f"<small>{_text(failure.advice)}</small>" if spans else ""
        mark = '<span class="mark bad">seen</span> ' if spans else ""
        rows.append(
            [
                _text(diagnosis.words(failure.name)) + f"<small>{_text(failure.measured)}</small>",
                f"{mark}{seen}{advice}",
            ]
        )
    back = "".join(
        f"<p>Went back to iteration {note['step']:,} and on with new noise ({note['rollback']}): "
        f"{_text(note['reason'])}</p>\n"
        for note in run.times_back
    )
    return heading + _table(["failure", "seen"], rows) + back


def _curves(runs):
    drawn = curves.charts(runs)
    if not drawn:
        return f"<p>There is no {run_dir.METRICS} to draw.</p>\n"
    keys = "".join(
        f'<span class="swatch" style="background:{curves.colour(at)}"></span>'
        f"{_text(run.name)} &ensp;"
        for at, run in enumerate(runs)
    )
    legend = f"<p>{keys}</p>\n" if len(runs) > 1 else ""
    images = "".join(f'<img alt="{_text(title)}" src="{uri}">' for title, uri in drawn)
    return (
        f"{legend}<p class=quiet>By iteration. The sample is pictures of one fixed set of latents; "
        "its distances are between the mean colours of 8x8 mosaics. Where a failure was seen is "
        f"shaded.</p>\n<div class=charts>{images}</div>\n"
    )


def _pictures(runs):
    content = []
    for run in runs:
        last = run.path / run_dir.SAMPLES
        heading = f"<h3>{_text(run.name)}</h3>" * (len(runs) > 1)
        way = "".join(_figure(path, caption, THUMBNAIL) for caption, path in run.pictures)
        large = _figure(last, "of the finished run") if last.is_file() else ""
        rounds = run.path / run_dir.ROUNDS
        if not way and rounds.is_file():
            large += _figure(rounds, "the same latents after more and more iterations")
        if not way and not large:
            large = "<p>None has been drawn yet.</p>"
        content.append(
            f"{heading}<div class=pictures>{way}</div>\n<div class=large>{large}</div>\n"
        )
    return "".join(content)


def _measured(runs):
    having = [run for run in runs if run.measured]
    if not having:
        return f"<p>Not measured: there is no {run_dir.EVALUATION} (gan_apps.evaluate).</p>\n"
    lacking = [run.name for run in runs if not run.measured]
    rows = {}
    for at, run in enumerate(having):
        for name, cell in _measures(run.measured):
            rows.setdefault(name, [""] * len(having))[at] = cell
    names = ["", *(_text(run.name) for run in having)]
    table = _table(names, [[name, *cells] for name, cells in rows.items()])
    notes = "".join(f"<p>{_text(name)} was not measured.</p>\n" for name in lacking)
    per_label = "".join(_per_label(run) for run in having)
    return (
        f"{table}{notes}{per_label}<p class=quiet>Beneath a figure: what 95 % of other pictures of "
        "the same generator would give (bootstrap), and the floor, which is that of as many other "
        "real images.</p>\n"
    )


def _measures(report):
    """[(name, cell as HTML)] of the content of metrics.json, old or new."""
    between = report.get("intervals", {})

    def cell(name, value, form, floor=None):
        notes = []
        if name in between:
            notes.append(" to ".join(form.format(end) for end in between[name]))
        if floor is not None:
            notes.append(f"real {form.format(floor)}")
        small = "".join(f"<small>{note}</small>" for note in notes)
        return form.format(value) + small

    yield "pictures judged", f"{report['num_images']:,}"
    if "compared_with" in report:
        yield "compared with", _text(report["compared_with"])
    yield "by", _text(report["features"])
    distance = cell(
        "frechet_distance", report["frechet_distance"], "{:.3f}", report["frechet_floor"]
    )
    yield "Frechet distance", distance
    if "frechet_ratio" in report:
        yield "over the floor", f"{report['frechet_ratio']:.2f} x"
    else:
        yield "over the floor", _text(report["no_ratio"])
    if "kernel_distance" in report:
        yield (
            "kernel distance (KID)",
            cell(
                "kernel_distance",
                report["kernel_distance"],
                "{:.5f}",
                report["kernel_distance_of_real"],
            ),
        )
    for name, value in report.get("manifold", {}).items():
        yield name, cell(name, value, "{:.3f}", report["manifold_of_real"][name])
    if "classifier_score" in report:
        yield "classifier score", cell("classifier_score", report["classifier_score"], "{:.2f}")
    if "conditional_accuracy" in report:
        real = report["classifier_test_accuracy"]
        shown = cell("conditional_accuracy", report["conditional_accuracy"], "{:.2%}", real)
        yield "read as asked", shown
    for name, share in report.get("attribute_accuracy", {}).items():
        real = report["classifier_test_accuracy"][name]
        yield f"read as asked: {_text(name)}", cell("", share, "{:.2%}", real)
    if "spread_ratio" in report:
        yield "spread within a label, of real images'", f"{report['spread_ratio']:.2f}"
    if "nearest_distance" in report:
        yield (
            "distance to the nearest training image",
            cell("", report["nearest_distance"], "{:.1f}", report["nearest_distance_of_real"]),
        )


def _per_label(run):
    of_label = run.measured.get("per_label")
    if not of_label:
        return ""
    read = run.measured.get("accuracy_per_label", {})
    names = ["kernel_distance", "precision", "recall", "density", "coverage"]
    heads = [
        "label",
        *(diagnosis.words(name) for name in names),
        *(["read as asked"] if read else []),
    ]
    rows = [
        [
            _text(label),
            *(f"{figures[name]:.3f}" for name in names),
            *([f"{read[label]:.1%}"] if read else []),
        ]
        for label, figures in of_label.items()
    ]
    return (
        f"<details><summary>{_text(run.name)}, label by label</summary>{_table(heads, rows)}"
        "</details>\n"
    )


def _settings(runs):
    names = list(dict.fromkeys(name for run in runs for name in run.recipe.settings))
    of = lambda run, name: _value(run.recipe.settings.get(name, "(no such setting)"))
    differ = [name for name in names if len({of(run, name) for run in runs}) > 1]
    chosen = [name for name in names if any(name in run.changed for run in runs)]
    first = differ if len(runs) > 1 else chosen
    heads = ["setting", *(_text(run.name) for run in runs)]
    lines = lambda some: [[_text(name), *(_text(of(run, name)) for run in runs)] for name in some]
    said = "Those that differ." if len(runs) > 1 else "Those that are not the command's defaults."
    others = [name for name in names if name not in first]
    shown = _table(heads, lines(first)) if first else "<p>None.</p>"
    return (
        f"<p class=quiet>{said}</p>{shown}\n"
        f"<details><summary>the other {len(others)}</summary>{_table(heads, lines(others))}"
        "</details>\n"
    )


def _made_with(runs):
    heads = ["", *(_text(run.name) for run in runs)]
    names = list(dict.fromkeys(name for run in runs for name in run.recipe.versions))
    if "processor" not in names:
        names.append("processor")
    rows = [
        [_text(name), *(_text(run.recipe.versions.get(name, "not recorded")) for run in runs)]
        for name in names
    ]
    commands = "".join(
        f"<p>{_text(run.name)} is made again by</p>\n<pre>{_text(run.command)}</pre>\n"
        for run in runs
    )
    return (
        f"{_table(heads, rows)}{commands}<p class=quiet>Bit for bit on a machine of the same kind, "
        "with the same versions and --precision=float32; else nearly.</p>\n"
    )


def _table(heads, rows):
    """A table of cells that are HTML."""
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
        "</div>\n"
    )


def _figure(path, caption, width=None):
    with Image.open(path) as image:
        if width is not None and image.width > width:
            image = image.resize((width, round(image.height * width / image.width)))
        png = io.BytesIO()
        image.save(png, "PNG", optimize=True)
    data = base64.b64encode(png.getvalue()).decode("ascii")
    caption = _text(caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _value(value):
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _text(value):
    return html.escape(str(value))
