"""The earth mover's distance, exactly, and what a WGAN-GP's discriminator makes of it.

The earth mover is lecture 1's; the linear programme, its dual and the gradient penalty are lecture
4's; that a 1-Lipschitz function solves the dual is lecture 3's.

P is a pile of earth, p[i] at x[i], and Q one of q[j] at y[j]; a way from x to y costs its length.

    primal  min sum(plan * distance), the plan's rows sum to p, its columns to q, plan >= 0
    dual    max sum(p * f) + sum(q * g), f[i] + g[j] <= distance[i, j]

Both are solved as linear programmes (SciPy's HiGHS, sparse constraints), each for itself. They are
equal, and earth moves only where f[i] + g[j] = distance[i, j] (complementary slackness). As a cost
is a distance, h(x) = min_j (distance(x, y[j]) - g[j]) is a 1-Lipschitz function of the whole space
with E_P[h] - E_Q[h] = W1: what the discriminator of a Wasserstein GAN is to find. On the line W1
is the area between the two cumulative distribution functions.

The penalty lambda mean((norm(grad D) - 1)**2) does not keep D 1-Lipschitz. Between two points at
distance W it pays to be steeper: the slope s maximises s W - lambda (s - 1)**2 at s = 1 + W / (2
lambda), so that the raw estimate mean(D(x)) - mean(D(y)) is that much too large. Divided by the
steepest slope of D between any y[j] and x[i], it is feasible in the dual: never more than W1.

Reference: Kantorovich 1942; Peyre & Cuturi 2019 (arXiv 1803.00567), sections 2 and 3; Gulrajani et
al. 2017 (arXiv 1704.00028).
"""

import dataclasses
import time

import keras
import numpy as np
import tensorflow as tf
from scipy import optimize, sparse
from scipy.spatial.distance import cdist

from gan_apps import plots
from gan_apps.experiments import points
from gan_apps.experiments.findings import Figure, Findings, Table
from models import WGANGP

# Earth on ten places, in twentieths. The lectures' piles are pictures without numbers.
PILE = np.array([0, 3, 6, 4, 0, 0, 2, 3, 2, 0]) / 20
GOAL = np.array([2, 0, 0, 0, 1, 4, 5, 0, 4, 4]) / 20
UNITS = 20
# Distances between two points; with LAMBDA the slopes are 1.01 to 6.
GAPS = np.array([0.2, 1.0, 5.0, 20.0, 100.0])
LAMBDA = 10.0
PENALTIES = (
    ("two_sided", 0.1),
    ("two_sided", 10.0),
    ("one_sided", 10.0),
    ("one_sided", 100.0),
    # The lectures' form, not squared: no bias between two points where lambda > W.
    ("one_sided_linear", 10.0),
)
QUICK_PENALTIES = (("two_sided", 0.1), ("one_sided", 100.0))
LEARNING_RATE = 2e-3
# Half the width of the plane's pictures.
SIDE = 1.7
# Estimates below this share of W1 are drawn at it.
LOWEST = 0.3


@dataclasses.dataclass(frozen=True)
class Transport:
    """The solutions of both programmes.

    Args:
      distances: [n, m]. Between x[i] and y[j].
      plan: [n, m]. Earth moved from x[i] to y[j].
      f, g: [n], [m]. The potentials.
      primal, dual: float. What the plan costs, and what the potentials are worth.
    """

    distances: np.ndarray
    plan: np.ndarray
    f: np.ndarray
    g: np.ndarray
    primal: float
    dual: float

    @property
    def slackness(self):
        """The largest of plan * (distance - f - g): 0 where earth moves only along tight pairs."""
        return float(np.max(np.abs(self.plan * self.slack)))

    @property
    def slack(self):
        """distance[i, j] - f[i] - g[j], at least 0."""
        return self.distances - self.f[:, None] - self.g


def transport(x, y, p=None, q=None):
    """The cheapest way to move P onto Q.

    Args:
      x, y: [n, d] and [m, d].
      p, q: [n] and [m], at least 0, each summing to 1. Default None: all points alike.
    """
    distances = cdist(x, y)
    n, m = distances.shape
    p, q = _weights(n, p), _weights(m, q)
    amounts = np.concatenate([p, q])
    # Row i sums what leaves x[i], row n + j what comes to y[j].
    sums = sparse.vstack(
        [
            sparse.kron(sparse.eye(n), np.ones((1, m))),
            sparse.kron(np.ones((1, n)), sparse.eye(m)),
        ]
    )
    primal = _solved(distances.ravel(), A_eq=sums.tocsc(), b_eq=amounts)
    dual = _solved(-amounts, A_ub=sums.T.tocsc(), b_ub=distances.ravel(), bounds=(None, None))
    return Transport(
        distances, primal.x.reshape(n, m), dual.x[:n], dual.x[n:], primal.fun, -dual.fun
    )


# For 500 x 500 points a fifth of the time of "highs-ds" in the primal, and far less in the dual.
METHOD = "highs-ipm"


def _solved(costs, **constraints):
    found = optimize.linprog(costs, method=METHOD, **constraints)
    if not found.success:
        raise ArithmeticError(f"The linear programme: {found.message}")
    return found


def _weights(count, weights):
    return np.full(count, 1.0 / count) if weights is None else np.asarray(weights)


def area_between(x, y, p=None, q=None):
    """W1 on the line: integral of abs(F - G), F and G the cumulative distribution functions.

    Args:
      x, y: [n] and [m].
      p, q: as for `transport`.
    """
    places = np.sort(np.concatenate([x, y]))
    gap = cumulative(x, p, places[:-1]) - cumulative(y, q, places[:-1])
    return float(np.sum(np.abs(gap) * np.diff(places)))


def cumulative(x, p, places):
    """The cumulative distribution function of p at x [n], at `places` [m]."""
    order = np.argsort(x)
    sums = np.concatenate([[0.0], np.cumsum(_weights(len(x), p)[order])])
    return sums[np.searchsorted(x[order], places, side="right")]


def potential(solved, y, places):
    """h(x) = min_j (norm(x - y[j]) - g[j]) at `places` [k, d], with E_P[h] - E_Q[h] = W1."""
    return np.min(cdist(places, y) - solved.g, axis=1)


def steepest(scores_of_x, scores_of_y, distances):
    """The largest slope of a discriminator between an x[i] and a y[j], up or down."""
    return float(np.max(np.abs(scores_of_x[:, None] - scores_of_y) / distances))


def penalised_slope(distance, penalty_weight):
    """The slope of the best penalised discriminator between two points: 1 + W / (2 lambda)."""
    return 1.0 + distance / (2.0 * penalty_weight)


def estimates(x, y, penalty, penalty_weight, options, what):
    """mean(D(x)) - mean(D(y)) of WGAN-GP's discriminator, trained while the generator stands still.

    Args:
      x, y: [repetitions, n, d]. Real and generated points.
      penalty: str. A key of models.penalties.PENALTIES.
      penalty_weight: float. lambda.
      options: findings.Options.
      what: str. The name in the progress bar.

    Returns:
      {"raw", "slope", "corrected"}: [repetitions]. The estimate, the discriminator's steepest slope
      between x and y, and their quotient, which is at most W1.
    """
    iterations = options.sized(quick=300, default=2000)
    keras.utils.set_random_seed(options.seed)
    discriminator = points.PointDiscriminator(len(x), (64, 64), coordinates=x.shape[-1])
    still = tf.constant(y, tf.float32)
    generator = points.FixedGenerator(len(y), 1, lambda latents: still)
    model = WGANGP(
        {"generator": generator, "discriminator": discriminator},
        penalty=penalty,
        penalty_weight=penalty_weight,
        discriminator_steps=1,
        generator_steps=0,
        seed=options.seed,
    )
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, iterations, alpha=0.01)
    optimizers = {
        "discriminator": keras.optimizers.Adam(rate, 0.5, 0.9),
        "generator": keras.optimizers.Adam(),
    }
    model.compile(optimizers)
    points.train(model, points.shuffled(x), iterations, x.shape[1], what=what)
    found = {"raw": [], "slope": [], "corrected": []}
    for one, (real, fake) in enumerate(zip(x, y, strict=True)):
        of_real = points.scores(discriminator, real)[one]
        of_fake = points.scores(discriminator, fake)[one]
        raw = float(of_real.mean() - of_fake.mean())
        slope = steepest(of_real, of_fake, cdist(real, fake))
        for name, value in (("raw", raw), ("slope", slope), ("corrected", raw / slope)):
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def humps(count, random):
    """Points [count, 1] of two humps, the data, and of the one hump of a generator."""
    sides = np.where(random.random(count) < 0.5, -1.5, 1.5)
    return (sides + 0.4 * random.standard_normal(count))[:, None], random.standard_normal(
        (count, 1)
    )


def ring_and_part(count, random):
    """Points [count, 2] of a ring of eight, the data, and of a generator that knows three of it."""
    centres = points.ring()

    def draw(modes, deviation):
        noise = deviation * random.standard_normal((count, 2))
        return centres[random.integers(modes, size=count)] + noise

    return draw(8, 0.05), draw(3, 0.1)


EXAMPLES = {"line": humps, "plane": ring_and_part}


def run(options, folder):
    random = np.random.default_rng(options.seed)
    places = np.arange(len(PILE), dtype=float)[:, None]
    piles = transport(places, places, PILE, GOAL)
    # Every place sends its earth to all of Q, whatever the way.
    plan = np.outer(PILE, GOAL)
    careless = float(np.sum(plan * piles.distances))
    shown = {name: make(options.sized(24, 48), random) for name, make in EXAMPLES.items()}
    solved = {name: transport(*pair) for name, pair in shown.items()}
    large = _large(options.sized(60, 500), random)
    between = _two_points(options)
    trained = _trained(options, random)
    results = {
        "piles": {**_agreement(piles), "careless": careless},
        **{name: _agreement(one) for name, one in solved.items()},
        "line_by_area": area_between(*(side[:, 0] for side in shown["line"])),
        "large": large,
        "two_points": between,
        "estimates": trained,
    }
    draw_piles(folder / "piles.png", piles, (plan, careless))
    animate_piles(folder / "piles.gif", piles, options.sized(6, 24))
    draw_line(folder / "line.png", *shown["line"], solved["line"])
    draw_plane(folder / "plane.png", *shown["plane"], solved["plane"])
    draw_estimates(folder / "estimates.png", between, trained)
    return Findings(
        title="The earth mover's distance, exactly",
        claim="Of all moving plans the one with the smallest average distance defines the "
        'Wasserstein distance: lecture 1 ("Theory behind GAN"). It is a linear programme, whose '
        'dual a 1-Lipschitz discriminator solves: lectures 3 ("Wasserstein GAN") and 4 ("Improved '
        'GAN"). The gradient penalty keeps the discriminator Lipschitz: lecture 4.',
        answer=_answer(results),
        results=results,
        tables=_tables(results),
        figures=FIGURES,
    )


def _agreement(solved):
    return {
        "primal": solved.primal,
        "dual": solved.dual,
        "gap": abs(solved.primal - solved.dual),
        "slackness": solved.slackness,
    }


def _large(count, random):
    """Both programmes for `count` x `count` points of the plane, and the processor's seconds."""
    pair = ring_and_part(count, random)
    start = time.process_time()
    solved = transport(*pair)
    return {"points": count, **_agreement(solved), "seconds": time.process_time() - start}


def _two_points(options):
    """Discriminators between 0 and each of GAPS, beside the slopes that the penalty asks for."""
    near = np.zeros((len(GAPS), 16, 1))
    found = estimates(near, near - GAPS[:, None, None], "one_sided", LAMBDA, options, "two points")
    return {
        "distances": GAPS,
        "slopes": found["raw"] / GAPS,
        "slopes_exact": penalised_slope(GAPS, LAMBDA),
        "corrected": found["corrected"] / GAPS,
    }


def _trained(options, random):
    """Estimates over W1 of the same samples: {example: {penalty: ...}}, means of repetitions."""
    count = options.sized(64, 128)
    found = {}
    for name, make in EXAMPLES.items():
        pairs = [make(count, random) for _ in range(options.num_seeds)]
        x, y = (np.stack(side) for side in zip(*pairs, strict=True))
        exact = np.array([transport(*pair).primal for pair in pairs])
        found[name] = {"exact": exact.mean()}
        for penalty, weight in options.sized(QUICK_PENALTIES, PENALTIES):
            label = f"{penalty} {weight:g}"
            one = estimates(x, y, penalty, weight, options, f"{name}, {label}")
            found[name][label] = {
                "slope": one["slope"].mean(),
                "raw": np.mean(one["raw"] / exact),
                "corrected": np.mean(one["corrected"] / exact),
            }
    return found


def draw_piles(path, solved, careless):
    """The two piles, the best plan and a careless one, as matrices."""
    places = np.arange(len(PILE))
    plans = (("Best plan", solved.plan, solved.primal), ("Careless", *careless))
    with plots.drawing(path, columns=3, height=4.4) as (_, (axes,)):
        axes[0].bar(places - 0.2, PILE * UNITS, 0.4, color=plots.REAL, label="P, the earth")
        axes[0].bar(places + 0.2, GOAL * UNITS, 0.4, color=plots.FAKE, label="Q, the goal")
        axes[0].set(title="Two piles", xlabel="place", ylabel="earth (twentieths)", xticks=places)
        axes[0].set_ylim(top=8)
        axes[0].legend(ncols=2, loc="upper center")
        for axis, (name, plan, cost) in zip(axes[1:], plans, strict=True):
            axis.imshow(plan.T * UNITS, origin="lower", vmin=0, cmap="Greys")
            for i, j in np.argwhere(plan > 1e-9):
                shade = "white" if plan[i, j] > 0.5 * plan.max() else "black"
                amount = f"{plan[i, j] * UNITS:.2g}"
                axis.text(i, j, amount, ha="center", va="center", color=shade, fontsize=11)
            axis.set(title=f"{name}: average way {cost:.2f}", xlabel="from place")
            axis.set(ylabel="to place", xticks=places, yticks=places)
            axis.grid(False)


def animate_piles(path, solved, steps):
    """Earth on its way along the best plan, a twentieth a block."""
    moves = [
        (i, j)
        for i, j in np.argwhere(solved.plan > 1e-9)
        for _ in range(round(solved.plan[i, j] * UNITS))
    ]
    start, end = np.array(moves, float).T
    low, high = _heights(start), _heights(end)
    frames = []
    with plots.figure(height=4.0) as (drawn, ((axis,),)):
        for part in np.linspace(0.0, 1.0, steps + 1):
            axis.clear()
            axis.bar(
                start + part * (end - start),
                np.full(len(moves), 0.92),
                0.8,
                bottom=low + part * (high - low),
                color=plots.REAL,
                edgecolor="white",
            )
            outline = {"color": "none", "edgecolor": plots.FAKE, "linewidth": 2}
            axis.bar(np.arange(len(GOAL)), GOAL * UNITS, 0.9, **outline)
            axis.set(xlim=(-0.7, 9.7), ylim=(0, 7), xticks=range(10), xlabel="place")
            axis.set(ylabel="earth (twentieths)")
            moved = f"{part * solved.primal:.2f} of {solved.primal:.2f} places on average"
            axis.set_title(f"Moved {moved}")
            frames.append(plots.pixels(drawn))
    plots.write_animation(path, frames, 0.12)


def _heights(places):
    """How many blocks of the same place come before each block."""
    return np.array([np.sum(places[:one] == place) for one, place in enumerate(places)], float)


def draw_line(path, x, y, solved):
    """On the line: the distribution functions with the area between them, and the potential."""
    places = np.linspace(-3.5, 3.5, 1401)
    of_data, of_model = (cumulative(side[:, 0], None, places) for side in (x, y))
    with plots.drawing(path, columns=2, height=4.8) as (_, (axes,)):
        axes[0].fill_between(places, of_data, of_model, color="#cccccc", label="the area is W1")
        axes[0].plot(places, of_data, color=plots.REAL, label="F of P")
        axes[0].plot(places, of_model, color=plots.FAKE, linestyle="--", label="G of Q")
        axes[0].set(title=f"Area between: {area_between(x[:, 0], y[:, 0]):.6f}", xlabel="x")
        axes[0].set(ylabel="share of the points below x")
        axes[0].legend(loc="upper left")
        height = potential(solved, y, places[:, None])
        axes[1].plot(places, height, color=plots.EXACT, label="potential h")
        low = height.min()
        for number, (side, colour, name) in enumerate(((x, plots.REAL, "P"), (y, plots.FAKE, "Q"))):
            level = np.full(len(side), low - 0.25 - 0.25 * number)
            axes[1].plot(side[:, 0], level, "|", color=colour, markersize=12, label=name)
        axes[1].set(title=f"E_P[h] - E_Q[h] = {solved.dual:.6f}", xlabel="x", ylabel="h(x)")
        axes[1].set_aspect("equal", adjustable="datalim")
        axes[1].legend(loc="upper right")


def draw_plane(path, x, y, solved):
    """In the plane: the plan as arrows and as a matrix, and the potential as a map."""
    with plots.drawing(path, columns=3, height=4.6) as (_, (axes,)):
        for i, j in np.argwhere(solved.plan > 1e-9):
            axes[0].annotate(
                "",
                x[i],
                y[j],
                arrowprops={"arrowstyle": "->", "color": "#888888", "shrinkA": 2, "shrinkB": 2},
            )
        axes[0].set_title(f"Best plan: {solved.primal:.4f}")
        # Along the ring, so that the matrix shows which mode fetches from which.
        rows, columns = (np.argsort(np.arctan2(*side.T[::-1])) for side in (x, y))
        axes[1].imshow(solved.plan[rows][:, columns] > 1e-9, cmap="Greys", interpolation="none")
        axes[1].set(title="The plan as a matrix", xlabel="point of Q", ylabel="point of P")
        axes[1].grid(False)
        side = np.linspace(-SIDE, SIDE, 161)
        mesh = np.stack(np.meshgrid(side, side), axis=-1)
        height = potential(solved, y, mesh.reshape(-1, 2)).reshape(mesh.shape[:2])
        drawn = axes[2].contourf(side, side, height, 14, cmap=plots.AREAS)
        axes[2].figure.colorbar(drawn, ax=axes[2], label="h", shrink=0.75)
        axes[2].set_title(f"Potential h: {solved.dual:.4f}")
        for axis in (axes[0], axes[2]):
            axis.plot(*x.T, "o", color=plots.REAL, markeredgecolor="white", label="P")
            axis.plot(*y.T, "s", color=plots.FAKE, markeredgecolor="white", label="Q")
            axis.set(aspect="equal", xlim=(-SIDE, SIDE), ylim=(-SIDE, SIDE))
            axis.set(xlabel="first coordinate", ylabel="second coordinate")
        axes[0].legend(loc="upper right", handlelength=1)


def draw_estimates(path, between, trained):
    """The penalty's bias between two points and on the examples, before and after its removal."""
    with plots.drawing(path, columns=2, height=5.2) as (_, (axes,)):
        ways = np.geomspace(GAPS[0] / 2, GAPS[-1] * 2, 200)
        exact = penalised_slope(ways, LAMBDA)
        axes[0].plot(ways, exact, color=plots.EXACT, label="1 + W / (2 lambda)")
        axes[0].plot(GAPS, between["slopes"], "o", color=plots.FAKE, label="trained, raw")
        axes[0].plot(GAPS, between["corrected"], "D", color=plots.REAL, label="over its slope")
        axes[0].set(xscale="log", xlabel="distance W of two points", ylabel="estimate / W")
        axes[0].set_title(f"Two points, lambda {LAMBDA:g}")
        axes[0].legend(loc="upper left")
        labels = [label for label in trained["line"] if label != "exact"]
        names = [label.replace("_sided", "-sided").replace("_", "\n") for label in labels]
        names = [name.replace(" ", "\n") for name in names]
        styles = ((plots.REAL, "o"), (plots.FAKE, "s"))
        for number, (example, (colour, marker)) in enumerate(zip(EXAMPLES, styles, strict=True)):
            found = [trained[example][label] for label in labels]
            at = np.arange(len(labels)) + 0.24 * number - 0.12
            for kind, face in (("raw", "none"), ("corrected", colour)):
                axes[1].plot(
                    at,
                    np.maximum([one[kind] for one in found], LOWEST),
                    marker,
                    color=colour,
                    markerfacecolor=face,
                    markersize=9,
                    label=f"{example}, {kind}",
                )
        axes[1].axhspan(0.95, 1.05, color="#dddddd", label="within 5 %")
        axes[1].axhline(1.0, color=plots.EXACT)
        axes[1].set(xticks=range(len(names)), xticklabels=names, xlabel="penalty, lambda")
        axes[1].set(ylabel="estimate / W1")
        axes[1].set(title="The same samples: trained over exact", yscale="log")
        ticks = (LOWEST, 0.5, 1.0, 2.0, 5.0)
        axes[1].set_yticks(ticks, [f"{LOWEST:g} or less", *(f"{tick:g}" for tick in ticks[1:])])
        axes[1].minorticks_off()
        axes[1].legend(ncols=2)


def _answer(results):
    trained = results["estimates"]
    # The same penalty for all examples: the one whose worst quotient is nearest to 1.
    labels = [label for label in trained["line"] if label != "exact"]
    error = lambda label, kind: max(abs(trained[name][label][kind] - 1.0) for name in EXAMPLES)
    kind, label = min(
        ((kind, label) for kind in ("raw", "corrected") for label in labels),
        key=lambda choice: error(choice[1], choice[0]),
    )
    weak = labels[0]
    gap = max(results[name]["gap"] for name in ("piles", "line", "plane", "large"))
    large = results["large"]
    return (
        f"The best plan moves the earth {results['piles']['primal']:.2f} places on average, a "
        f"careless one {results['piles']['careless']:.2f}. Primal and dual differ by {gap:.0e} at "
        f"most; {large['points']} x {large['points']} points took {large['seconds']:.0f} s of "
        "the processor for both. The raw estimate of a discriminator with a gradient penalty is "
        f"not W1: between two points {results['two_points']['distances'][1]:g} apart it is "
        f"{results['two_points']['slopes'][1]:.3f} times W (exactly "
        f"{results['two_points']['slopes_exact'][1]:.3f}), with the weakest penalty tried "
        f"({_spoken(weak)}) {trained['line'][weak]['raw']:.1f} times on the line and "
        f"{trained['plane'][weak]['raw']:.1f} times in the plane. Divided by its steepest slope it "
        "is never too large. Nearest to W1 in both examples comes "
        f"{_spoken(label)}, {kind}: {100 * error(label, kind):.1f} % off at worst."
    )


def _spoken(label):
    penalty, weight = label.split()
    return f"{penalty.replace('_', '-')}, lambda {weight}"


def _tables(results):
    names = {"piles": "two piles", "line": "line", "plane": "plane"}
    programmes = [
        (text, *(results[name][key] for key in ("primal", "dual", "gap", "slackness")))
        for name, text in names.items()
    ]
    large = results["large"]
    programmes.append(
        (
            f"{large['points']} x {large['points']} points",
            *(large[key] for key in ("primal", "dual", "gap", "slackness")),
        )
    )
    between = results["two_points"]
    rows = zip(GAPS, between["slopes"], between["slopes_exact"], between["corrected"], strict=True)
    estimated = [
        (example, _spoken(label), found["exact"], *one.values())
        for example, found in results["estimates"].items()
        for label, one in found.items()
        if label != "exact"
    ]
    return (
        Table(
            caption="Both linear programmes, and the largest plan x (distance - f - g)",
            columns=("example", "primal", "dual", "difference", "slackness"),
            rows=tuple(programmes),
        ),
        Table(
            caption=f"Two points, lambda {LAMBDA:g}, one-sided: the estimate over the distance",
            columns=("distance", "trained, raw", "1 + W / (2 lambda)", "over its slope"),
            rows=tuple(tuple(float(value) for value in row) for row in rows),
        ),
        Table(
            caption="WGAN-GP's discriminator on the same samples, mean of the repetitions",
            columns=(
                "example",
                "penalty",
                "W1, exact",
                "steepest slope",
                "raw / W1",
                "over its slope / W1",
            ),
            rows=tuple(estimated),
        ),
    )


FIGURES = (
    Figure(
        file="piles.png",
        caption="Two piles of earth and two of the many moving plans; an entry is the earth moved, "
        "in twentieths. The best plan's average way is the earth mover's distance.",
    ),
    Figure(
        file="piles.gif", caption="The best plan at work: every block goes straight to its goal."
    ),
    Figure(
        file="line.png",
        caption="Left: on the line W1 is the area between the distribution functions. Right: the "
        "dual's potential climbs with slope 1 towards P and falls with slope 1 towards Q; its "
        "difference of means is W1.",
    ),
    Figure(
        file="plane.png",
        caption="P is a ring of eight modes, Q a generator that has three of them. Left: who goes "
        "where. Middle: one entry in each row and column. Right: the 1-Lipschitz potential, whose "
        "slope the arrows follow upwards.",
    ),
    Figure(
        file="estimates.png",
        caption="Left: between two points the penalised slope is 1 + W / (2 lambda), not 1. Right: "
        "raw estimates (hollow) exceed W1 where the penalty is weak; divided by the steepest slope "
        "(filled) none exceeds it. A strong one-sided penalty needs no correction. A two-sided one "
        "can trap the discriminator on the line: a slope that must be 1 or -1 keeps its sign.",
    ),
)
