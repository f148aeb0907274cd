"""The figures of metrics.jsonl as small charts, one line for each run."""

import base64
import io

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402

COLOURS = ("#1f5fa8", "#c8552b", "#2e8b6f", "#8e5ea2", "#b8860b", "#555555")
FAILED = "#e8b4ae"
# More points than this are not to be told apart in a chart of this size.
MOST_POINTS = 600
STYLE = {
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    # Letters stay letters: the reader's own are sharp, and the file is small.
    "svg.fonttype": "none",
    "svg.hashsalt": "gan_apps",
}
# Figure -> (title, whether its axis is logarithmic, what is drawn as a dashed line, and its name).
CHARTS = {
    "discriminator_loss": ("discriminator's loss", False, None, None),
    "generator_loss": ("generator's loss", False, None, None),
    "wasserstein_estimate": ("estimate of Wasserstein's distance", False, None, None),
    "classifier_loss": ("auxiliary classifier's loss", False, None, None),
    "kernel_distance": ("kernel distance of the sample", "symlog", 0.0, "real images"),
    "diversity": ("diversity of the sample", False, 1.0, "real images"),
    "duplicates": ("duplicates in the sample", False, None, None),
    "classes_covered": ("classes covered", False, 1.0, "all of them"),
    "discriminator_accuracy": ("pairs told apart", False, 0.5, "chance"),
    "discriminator_gradient_norm": ("discriminator's gradient", "log", None, None),
    "generator_gradient_norm": ("generator's gradient", "log", None, None),
    "gradient_norm": ("slope that the penalty sees", False, 1.0, "where it wants it"),
    "weight_norm": ("norm of all weights", False, None, None),
    "saturated_pixels": ("saturated pixels beyond real ones", False, 0.0, "real images"),
}


def colour(number):
    """The colour of the run with this number on a page."""
    return COLOURS[number % len(COLOURS)]


def charts(runs):
    """[(title, SVG as a data URI)] of every figure that a run of `runs` has.

    Args:
      runs: list of reports.gathered.Gathered.
    """
    drawn = []
    for name, (title, scale, level, level_name) in CHARTS.items():
        having = [run for run in runs if any(name in row for row in run.rows)]
        if having:
            drawn.append((title, _chart(name, having, runs, title, scale, level, level_name)))
    return drawn


def _chart(name, having, runs, title, scale, level, level_name):
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(4.3, 2.3))
        try:
            for run in having:
                rows = [row for row in run.rows if name in row]
                rows = rows[:: -(-len(rows) // MOST_POINTS)]
                own = colour(runs.index(run))
                steps, values = [row["step"] for row in rows], [row[name] for row in rows]
                mark = "." if len(rows) < 40 else None
                axes.plot(steps, values, color=own, marker=mark, label=run.name)
                for note in run.times_back:
                    axes.axvline(note["step"], color=own, linewidth=0.8, linestyle=":")
                if len(runs) == 1:
                    for spans in run.spans.values():
                        for first, last in spans:
                            axes.axvspan(first, last, color=FAILED, alpha=0.5, linewidth=0)
            if level is not None:
                axes.axhline(level, color="#777777", linewidth=0.9, linestyle="--")
                axes.annotate(
                    level_name,
                    (1, level),
                    xycoords=("axes fraction", "data"),
                    xytext=(0, 2),
                    textcoords="offset points",
                    ha="right",
                    color="#777777",
                    fontsize=8,
                )
            if scale == "symlog":
                axes.set_yscale("symlog", linthresh=1e-2)
            elif scale:
                axes.set_yscale(scale)
            axes.set_title(title)
            axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
            axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(6))
            image = io.BytesIO()
            figure.savefig(image, format="svg", metadata={"Date": None, "Creator": None})
        finally:
            pyplot.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(image.getvalue()).decode("ascii")
