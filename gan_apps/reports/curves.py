"""The figures of metrics.jsonl as small charts, one line for each run."""

from gan_apps import pages, plots

# More points than this are not to be told apart in a chart of this size.
MOST_POINTS = 600
# Inches.
WIDTH, HEIGHT = 4.3, 2.3
# What every player of a game tells: ending of the figure -> (title, as below).
OF_PLAYERS = {
    "_loss": ("{player}'s loss", False, None, None),
    "_gradient_norm": ("{player}'s gradient", "log", None, None),
}
# Figure -> (title, whether its axis is logarithmic, what is drawn as a dashed line, and its name).
CHARTS = {
    "wasserstein_estimate": ("estimate of Wasserstein's distance", False, None, None),
    "reconstruction": ("-log p of pictures given their code, in nats", False, None, None),
    "kl": ("divergence of codes from the prior, in nats", False, None, None),
    "active_units": ("numbers of the code that vary", False, None, None),
    "kernel_distance": ("kernel distance of the sample", "symlog", 0.0, "real images"),
    "diversity": ("diversity of the sample", False, 1.0, "real images"),
    "duplicates": ("duplicates in the sample", False, None, None),
    "classes_covered": ("classes covered", False, 1.0, "all of them"),
    "discriminator_accuracy": ("pairs told apart", False, 0.5, "chance"),
    "gradient_norm": ("slope that the penalty sees", False, 1.0, "where it wants it"),
    "weight_norm": ("norm of all weights", False, None, None),
    "saturated_pixels": ("saturated pixels beyond real ones", False, 0.0, "real images"),
}


def colour(number):
    """The colour of the run with this number on a page; the first line's is that of real data."""
    return plots.line(number + 1)["color"]


def charts(runs):
    """[(title, SVG as a data URI)] of every figure that a run of `runs` has.

    Args:
      runs: list of run_record.RunRecord.
    """
    drawn = []
    for name, (title, scale, level, level_name) in _charted(runs).items():
        svg = _chart(name, runs, title, scale, level, level_name)
        drawn.append((title, pages.data_uri(svg, "image/svg+xml")))
    return drawn


def _charted(runs):
    """The rows of CHARTS of what the runs have, after those of their players: first losses."""
    names = list(dict.fromkeys(name for run in runs for row in run.rows for name in row))
    players = {}
    for ending, (title, *rest) in OF_PLAYERS.items():
        for name in names:
            if name.endswith(ending):
                player = name.removesuffix(ending).replace("_", " ")
                players[name] = (title.format(player=player), *rest)
    return players | {name: chart for name, chart in CHARTS.items() if name in names}


def _chart(name, runs, title, scale, level, level_name):
    layout = {"width": WIDTH, "height": HEIGHT, "style": plots.SMALL}
    with plots.figure(**layout) as (figure, ((axes,),)):
        for number, run in enumerate(runs):
            rows = [row for row in run.rows if name in row]
            if not rows:
                continue
            rows = rows[:: -(-len(rows) // MOST_POINTS)]
            steps, values = [row["step"] for row in rows], [row[name] for row in rows]
            mark = "." if len(rows) < 40 else None
            axes.plot(steps, values, color=colour(number), marker=mark)
            for note in run.times_back:
                axes.axvline(note["step"], color=colour(number), linewidth=0.8, linestyle=":")
            if len(runs) == 1:
                for spans in run.spans.values():
                    for first, last in spans:
                        axes.axvspan(first, last, color=plots.FAILED, alpha=0.5, linewidth=0)
        if level is not None:
            axes.axhline(level, color=plots.LEVEL, linewidth=0.9, linestyle="--")
            axes.annotate(
                level_name,
                (1, level),
                xycoords=("axes fraction", "data"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="right",
                color=plots.LEVEL,
                fontsize=8,
                # Readable where the curve runs behind it.
                bbox={"facecolor": "white", "alpha": 0.7, "pad": 0.5, "linewidth": 0},
            )
        if scale == "symlog":
            axes.set_yscale("symlog", linthresh=1e-2)
        elif scale:
            axes.set_yscale(scale)
        axes.set_title(title)
        plots.counts_along(axes.xaxis)
        return plots.svg(figure)
