"""Two distributions draw nearer: JS, KL and total variation against W1 (lectures 1, 3, 4).

JS(P, Q) = KL(P || M) / 2 + KL(Q || M) / 2 with M = (P + Q) / 2, at most log 2 (lecture 3 leaves
the halves out, lecture 2 has them). Where the supports are disjoint JS is log 2, total variation 1
and KL infinite however near they are, so that a generator is told nothing; W1 is the way.

Exact: atoms are counted and their W1 is a linear programme (experiments/optimal_transport.py);
densities on the line are integrated by quadrature in float64. The theorems of lecture 3 as numbers:
W1 is continuous, abs(W(theta) - W(theta')) is at most E[abs(g_theta(z) - g_theta'(z))], and its
gradient is -E[grad_theta f(g_theta(z))] at the best f. On the line f' = sign(G - F), F and G the
distribution functions of data and generator.

Lecture 1's reasons why JS says log 2: both are low-dimensional surfaces in a space of many
dimensions, which hardly meet; and even if they overlap, a discriminator tells apart the few samples
that it is shown. The second is a discriminator trained on n points of each, whose loss L reports
JS = log 2 - L / 2, on its own points and on fresh ones.

Reference: Arjovsky et al. 2017 (arXiv 1701.07875), example 1 and theorems 1 and 3; Arjovsky &
Bottou 2017 (arXiv 1701.04862), section 2.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from gan_apps import plots
from gan_apps.experiments import points
from gan_apps.experiments.densities import jensen_shannon, kl, log_normal, wasserstein
from gan_apps.experiments.fgan_gaussian import log_data
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.experiments.optimal_transport import transport
from models import DCGAN, OBJECTIVES

LOG_2 = math.log(2.0)
# Offsets of lines and surfaces; both ends of the way are looked at closely.
OFFSETS = (0.0, 1e-6, 1e-4, 0.01, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
# Of two normal distributions of deviation 1 all but 1e-15 lies here.
GRID = np.linspace(-9.0, 21.0, 6001)
DISTANCES = np.linspace(0.0, 12.0, 49)
# Generators mu + sigma z of the theorem on gradients, whose data are fgan_gaussian's mixture.
GENERATORS = ((0.0, 1.0), (1.0, 2.0), (3.0, 0.5), (-2.0, 1.5))
FINE = np.linspace(-14.0, 16.0, 300001)
DIMENSIONS = (2, 3, 5, 10, 30, 100, 784)
SURFACES = (1, 2, 4)
NEAR = 0.1
# Of the space of the surfaces that draw nearer, and of the samples that are told apart.
SPACE = 100
SAMPLE_SPACE, SHIFT = 16, 1.0
SIZES = (8, 32, 128, 512, 2048, 8192)
LEARNING_RATE = 2e-3


def counted(x, y):
    """The empirical distributions p, q [k] of points x [n, d] and y [m, d] on their k atoms."""
    atoms, owner = np.unique(np.concatenate([x, y]), axis=0, return_inverse=True)
    owner = owner.reshape(-1)
    count = lambda part: np.bincount(part, minlength=len(atoms)) / len(part)
    return count(owner[: len(x)]), count(owner[len(x) :])


def atoms_kl(p, q):
    """sum(p log(p / q)) over the atoms of p: infinite if q lacks one of them."""
    held = p > 0
    if np.any(q[held] == 0):
        return math.inf
    return float(np.sum(p[held] * np.log(p[held] / q[held])))


def atoms_divergences(p, q):
    """{"js", "kl", "tv"} of probabilities p, q [k] of the same atoms."""
    middle = (p + q) / 2
    return {
        "js": (atoms_kl(p, middle) + atoms_kl(q, middle)) / 2,
        "kl": atoms_kl(p, q),
        "tv": float(np.abs(p - q).sum() / 2),
    }


def drawn_nearer(x, direction):
    """Points x against themselves moved by each of OFFSETS along a unit vector.

    Returns:
      {"js", "kl", "tv", "w1"}: lists, one number an offset.
    """
    found = {"js": [], "kl": [], "tv": [], "w1": []}
    for offset in OFFSETS:
        y = x + offset * direction
        for name, value in atoms_divergences(*counted(x, y)).items():
            found[name].append(value)
        found["w1"].append(transport(x, y).primal)
    return found


def line(count):
    """Points [count, 2] of the segment from (0, 0) to (0, 1)."""
    return np.stack([np.zeros(count), np.linspace(0.0, 1.0, count)], axis=1)


def surface(count, dimensions, random):
    """Points [count, dimensions] of a curved two-dimensional surface."""
    flat = random.uniform(-1.0, 1.0, (count, 2))
    waves = np.concatenate([flat, np.sin(3.0 * flat), flat[:, :1] * flat[:, 1:]], axis=1)
    axes = np.linalg.qr(random.standard_normal((dimensions, waves.shape[1])))[0]
    return waves @ axes.T


def share_near(dimensions, surface_dimensions, near, pairs, random):
    """The share of a flat disc's points that are within `near` of another flat through its centre.

    Args:
      dimensions: int. Of the space.
      surface_dimensions: int. Of both flats, whose directions are random.
      near: float. For discs of radius 1.
      pairs: int. Pairs of flats; 100 points of each.
    """
    shares = []
    for _ in range(pairs):
        shape = (dimensions, surface_dimensions)
        one, other = (np.linalg.qr(random.standard_normal(shape))[0] for _ in range(2))
        direction = random.standard_normal((100, surface_dimensions))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        radius = random.random((100, 1)) ** (1.0 / surface_dimensions)
        disc = (radius * direction) @ one.T
        away = np.linalg.norm(disc - disc @ other @ other.T, axis=1)
        shares.append(np.mean(away < near))
    return float(np.mean(shares))


def gaussians(distance):
    """Divergences of N(0, 1) and N(distance, 1), and their slopes in the distance.

    Returns:
      {"js", "kl", "tv", "w1"}: (value, slope), by quadrature.
    """
    log_p, log_q = log_normal(GRID, 0.0, 1.0), log_normal(GRID, distance, 1.0)
    p, q, step = np.exp(log_p), np.exp(log_q), GRID[1] - GRID[0]
    log_m = np.logaddexp(log_p, log_q) - LOG_2
    # How q changes with the distance, and what each divergence pays for a change of q.
    change = (GRID - distance) * q
    slope = lambda price: float(np.sum(change * price) * step)
    # W1's price is the potential -f, f' = sign(G - F), which falls towards P.
    climb = np.sign(np.cumsum(p - q))
    return {
        "js": (jensen_shannon(log_p, log_q, step), slope((log_q - log_m) / 2)),
        "kl": (kl(log_p, log_q, step), slope(-np.exp(log_p - log_q))),
        "tv": (float(np.abs(p - q).sum() * step / 2), slope(np.sign(q - p) / 2)),
        "w1": (wasserstein(log_p, log_q, step), slope(np.cumsum(climb) * step)),
    }


def w1_of_generator(mu, sigma):
    """W1 of the mixture and N(mu, sigma), by quadrature."""
    return wasserstein(log_data(FINE), log_normal(FINE, mu, sigma), FINE[1] - FINE[0])


def gradients_of_w1(mu, sigma, step=1e-3):
    """The gradient of W1 in (mu, sigma), twice.

    Returns:
      (by differences of W1, by the theorem: -E[f'(g(z)) (1, z)] with f' = sign(G - F)): [2] each.
    """
    width = FINE[1] - FINE[0]
    density = np.exp(log_normal(FINE, mu, sigma))
    climb = np.sign(np.cumsum(density - np.exp(log_data(FINE))))
    z = (FINE - mu) / sigma
    theorem = [-float(np.sum(climb * density * part) * width) for part in (1.0, z)]
    differences = [
        (w1_of_generator(mu + a, sigma + b) - w1_of_generator(mu - a, sigma - b)) / (2 * step)
        for a, b in ((step, 0.0), (0.0, step))
    ]
    return differences, theorem


def steepest_change(random):
    """The largest abs(W(theta) - W(theta')) / E[abs(g_theta - g_theta')] of random generators."""
    z = np.linspace(-6.0, 6.0, 2001)
    weights = np.exp(log_normal(z, 0.0, 1.0)) * (z[1] - z[0])
    ratios = []
    for _ in range(20):
        mu, sigma = random.uniform((-3.0, 0.3), (3.0, 3.0))
        shift, stretch = random.uniform(-0.5, 0.5), random.uniform(0.0, 0.5)
        change = abs(w1_of_generator(mu + shift, sigma + stretch) - w1_of_generator(mu, sigma))
        ratios.append(change / np.sum(weights * np.abs(shift + stretch * z)))
    return float(max(ratios))


def reported(real_scores, fake_scores):
    """JS as a discriminator's scores report it: log 2 - L / 2, L its cross-entropy loss."""
    loss = np.mean(np.logaddexp(0.0, -real_scores)) + np.mean(np.logaddexp(0.0, fake_scores))
    return float(LOG_2 - loss / 2)


def accuracy(real_scores, fake_scores):
    """The share of points that a discriminator tells right."""
    return float(np.mean(np.concatenate([real_scores > 0, fake_scores < 0])))


def told_apart(size, options, random):
    """A discriminator trained on `size` points of two distributions that overlap.

    They are N(0, I) and N(SHIFT e, I) in SAMPLE_SPACE dimensions, e a unit vector: the JS of two
    normal distributions on the line.

    Returns:
      {"own", "fresh", "accuracy", "fresh_accuracy"}: floats, means of the repetitions: JS as
      reported on the points it was trained on and on 2,000 fresh ones, and the share told right.
    """
    shift = SHIFT * np.eye(SAMPLE_SPACE)[0]
    normal = lambda count: random.standard_normal((options.num_seeds, count, SAMPLE_SPACE))
    x, y = normal(size), normal(size) + shift
    fresh_x, fresh_y = normal(2000)[0], normal(2000)[0] + shift
    keras.utils.set_random_seed(options.seed)
    discriminator = points.PointDiscriminator(len(x), (32, 32), coordinates=SAMPLE_SPACE)
    still = tf.constant(y, tf.float32)
    generator = points.FixedGenerator(len(y), 1, lambda latents: still)
    model = DCGAN(
        {"generator": generator, "discriminator": discriminator},
        objective=OBJECTIVES["non_saturating"],
        generator_steps=0,
        seed=options.seed,
    )
    optimizers = {
        "discriminator": keras.optimizers.Adam(LEARNING_RATE),
        "generator": keras.optimizers.Adam(),
    }
    model.compile(optimizers)
    iterations = options.sized(quick=100, default=1000)
    points.train(model, points.shuffled(x), iterations, size, what=f"{size} samples")
    found = {"own": [], "fresh": [], "accuracy": [], "fresh_accuracy": []}
    fresh = [points.scores(discriminator, side) for side in (fresh_x, fresh_y)]
    for one in range(len(x)):
        own = [points.scores(discriminator, side[one])[one] for side in (x, y)]
        unseen = [side[one] for side in fresh]
        for name, function, pair in (
            ("own", reported, own),
            ("fresh", reported, unseen),
            ("accuracy", accuracy, own),
            ("fresh_accuracy", accuracy, unseen),
        ):
            found[name].append(function(*pair))
    return {name: float(np.mean(values)) for name, values in found.items()}


def run(options, folder):
    random = np.random.default_rng(options.seed)
    count = options.sized(20, 100)
    lines = drawn_nearer(line(count), np.array([1.0, 0.0]))
    way = random.standard_normal(SPACE)
    surfaces = drawn_nearer(surface(count, SPACE, random), way / np.linalg.norm(way))
    meeting = {
        size: [
            share_near(d, size, NEAR, options.sized(20, 300), random)
            for d in DIMENSIONS
            if d > size
        ]
        for size in SURFACES
    }
    nearer = [gaussians(distance) for distance in DISTANCES]
    gradients = [gradients_of_w1(*generator) for generator in GENERATORS]
    samples = {size: told_apart(size, options, random) for size in options.sized(SIZES[:2], SIZES)}
    exact = gaussians(SHIFT)["js"][0]
    names = {name: [one[name] for one in nearer] for name in ("js", "kl", "tv", "w1")}
    results = {
        "offsets": OFFSETS,
        "lines": lines,
        "surfaces": surfaces,
        "share_near": meeting,
        "distances": DISTANCES,
        "gaussians": {name: [value for value, _ in both] for name, both in names.items()},
        "gradients": {name: [slope for _, slope in both] for name, both in names.items()},
        "theorem_3": [
            {"mu": mu, "sigma": sigma, "differences": differences, "theorem": theorem}
            for (mu, sigma), (differences, theorem) in zip(GENERATORS, gradients, strict=True)
        ],
        "theorem_1": steepest_change(random),
        "samples": samples,
        "samples_exact": exact,
    }
    draw_lines(folder / "lines.png", lines)
    draw_gaussians(folder / "gaussians.png", results)
    animate_gaussians(folder / "gaussians.gif", results, options.sized(8, 2))
    draw_surfaces(folder / "surfaces.png", surfaces, meeting)
    draw_samples(folder / "samples.png", samples, exact)
    return Findings(
        title="JS saturates where distributions do not overlap",
        claim="JS is log 2 whenever two distributions do not overlap, so a generator that comes "
        'nearer earns nothing: lectures 0 ("WGAN"), 1 ("Theory behind GAN") and 4 ("Improved '
        'GAN"). They do not overlap, since data are low-dimensional surfaces in a space of many '
        "dimensions and since only samples are seen: lecture 1. W1 is continuous in the generator, "
        'and has a gradient: lecture 3 ("Wasserstein GAN").',
        answer=_answer(results),
        results=results,
        tables=_tables(results),
        figures=FIGURES,
    )


def _saturated(found):
    """Offsets other than 0 where JS is log 2 to 1e-6, and the largest abs(W1 - offset)."""
    moved = [js for offset, js in zip(OFFSETS, found["js"], strict=True) if offset]
    error = max(abs(w1 - offset) for offset, w1 in zip(OFFSETS, found["w1"], strict=True))
    return sum(abs(js - LOG_2) < 1e-6 for js in moved), len(moved), error


def _answer(results):
    flat, moved, error = _saturated(results["lines"])
    flat_too, _, error_too = _saturated(results["surfaces"])
    slopes = results["gradients"]
    last = len(DISTANCES) - 1
    worst = max(
        abs(a - b)
        for one in results["theorem_3"]
        for a, b in zip(one["differences"], one["theorem"], strict=True)
    )
    few, many = min(results["samples"]), max(results["samples"])
    samples = results["samples"]
    return (
        f"Two lines: at {flat} of {moved} offsets, down to {OFFSETS[1]:g}, JS is log 2 to 1e-6, "
        f"and it is {results['lines']['js'][0]:.0f} where they meet; two surfaces in {SPACE} "
        f"dimensions: {flat_too} of {moved}. W1 is the offset to {max(error, error_too):.0e}. "
        f"Gaussians {DISTANCES[last]:g} deviations apart do overlap, but JS has a slope of "
        f"{slopes['js'][last]:.0e} there and total variation of {slopes['tv'][last]:.0e}, W1 of "
        f"{slopes['w1'][last]:.3f}. The gradient of W1 is the theorem's to {worst:.0e}, and W1 "
        f"changed at most {results['theorem_1']:.2f} times as much as its generator. Told apart by "
        f"{few} points of each, distributions whose JS is {results['samples_exact']:.3f} seem to "
        f"have {samples[few]['own']:.3f} (log 2 is {LOG_2:.3f}), with {many} points "
        f"{samples[many]['own']:.3f}; on fresh points the discriminator reports "
        f"{samples[few]['fresh']:.2f} and {samples[many]['fresh']:.2f}."
    )


def _tables(results):
    lines, surfaces = results["lines"], results["surfaces"]
    rows = zip(
        OFFSETS,
        *(lines[name] for name in ("js", "tv", "kl", "w1")),
        *(surfaces[name] for name in ("js", "w1")),
        strict=True,
    )
    shown = [number for number, distance in enumerate(DISTANCES) if distance % 2 == 0]
    values, slopes = results["gaussians"], results["gradients"]
    return (
        Table(
            caption=f"Parallel lines, and surfaces in {SPACE} dimensions, an offset apart (nats)",
            columns=(
                "offset",
                "lines: JS",
                "TV",
                "KL",
                "W1",
                "surfaces: JS",
                "W1",
            ),
            rows=tuple(rows),
        ),
        Table(
            caption="N(0, 1) and N(distance, 1): value and slope in the distance",
            columns=("distance", "JS", "slope", "KL", "slope", "TV", "slope", "W1", "slope"),
            rows=tuple(
                (
                    float(DISTANCES[number]),
                    *(
                        part[name][number]
                        for name in ("js", "kl", "tv", "w1")
                        for part in (values, slopes)
                    ),
                )
                for number in shown
            ),
        ),
        Table(
            caption="The gradient of W1 to the mixture in (mu, sigma) of a generator mu + sigma z",
            columns=("mu", "sigma", "differences", "", "theorem", " "),
            rows=tuple(
                (one["mu"], one["sigma"], *one["differences"], *one["theorem"])
                for one in results["theorem_3"]
            ),
        ),
        Table(
            caption=f"A discriminator's JS; exactly {results['samples_exact']:.4f} (nats)",
            columns=("points of each", "own points", "told right", "fresh points", "told right"),
            rows=tuple(
                (
                    size,
                    *(one[name] for name in ("own", "accuracy", "fresh", "fresh_accuracy")),
                )
                for size, one in results["samples"].items()
            ),
        ),
    )


def draw_lines(path, found):
    """Parallel lines: where they are, what is said of them, and the same close to 0."""
    with plots.drawing(path, columns=3, height=4.6) as (_, (axes,)):
        axes[0].plot([0, 0], [0, 1], color=plots.REAL, linewidth=5, label="P, the data")
        axes[0].plot([0.6, 0.6], [0, 1], color=plots.FAKE, linewidth=5, label="Q, the generator")
        arrow = {"arrowstyle": "<->", "linewidth": 2}
        axes[0].annotate("", (0.02, 0.5), (0.58, 0.5), arrowprops=arrow)
        axes[0].text(0.3, 0.53, "offset", ha="center")
        axes[0].set(title="Two lines", xlim=(-0.3, 1.1), ylim=(-0.1, 1.35), xlabel="x", ylabel="y")
        axes[0].legend(loc="upper left")
        # The far side is the near side's mirror image.
        both = [-offset for offset in OFFSETS[:0:-1]] + list(OFFSETS)
        mirrored = lambda name: found[name][:0:-1] + found[name]
        for number, (name, label) in enumerate(LABELS.items()):
            if name == "kl":
                continue
            moved = [value for offset, value in zip(both, mirrored(name), strict=True) if offset]
            away = [offset for offset in both if offset]
            half = len(away) // 2
            style = plots.line(number, markers=False)
            axes[1].plot(away[:half], moved[:half], **style)
            axes[1].plot(away[half:], moved[half:], **style, label=label)
            axes[1].plot(0.0, found[name][0], marker="o", color=style["color"])
            axes[2].plot(OFFSETS[1:], found[name][1:], **plots.line(number), label=label)
        axes[1].plot([], [], " ", label="KL: infinite")
        axes[1].set(title="JS and TV jump, W1 does not", xlabel="offset", ylabel="nats; distance")
        axes[1].set_ylim(-0.05, 1.5)
        axes[1].legend(loc="upper center", ncols=2, handlelength=1.5)
        axes[2].set(title="Close to 0", xscale="log", yscale="log", xlabel="offset")
        axes[2].legend(loc="lower right")


LABELS = {"js": "JS", "kl": "KL", "tv": "total variation", "w1": "W1"}


def draw_gaussians(path, results):
    """Gaussians: the values, and the slopes that a generator follows."""
    with plots.drawing(path, columns=2, height=5.0) as (_, (axes,)):
        for number, (name, label) in enumerate(LABELS.items()):
            style = plots.line(number, markers=False)
            axes[0].plot(DISTANCES, results["gaussians"][name], **style, label=label)
            axes[1].plot(DISTANCES[1:], results["gradients"][name][1:], **style, label=label)
        axes[0].axhline(LOG_2, color="#999999", linewidth=1)
        axes[0].text(DISTANCES[-1], LOG_2 - 0.03, "log 2", ha="right", va="top")
        axes[0].set(title="Value", ylim=(0, 3), xlabel="distance (deviations)")
        axes[0].set_ylabel("nats; distance")
        axes[0].legend(loc="upper right")
        axes[1].set(title="Slope: what moves the generator", yscale="log", ylim=(1e-9, 100))
        axes[1].set(xlabel="distance (deviations)", ylabel="slope")
        axes[1].legend(loc="lower left")


def animate_gaussians(path, results, every):
    """The generator's Gaussian comes nearer; JS moves only at the end."""
    frames = []
    with plots.figure(columns=2, height=4.2) as (drawn, (axes,)):
        for last in range(len(DISTANCES) - 1, -1, -every):
            for axis in axes:
                axis.clear()
            for mean, colour, dashes, label in (
                (0.0, plots.REAL, "-", "P, the data"),
                (DISTANCES[last], plots.FAKE, "--", "Q, the generator"),
            ):
                height = np.exp(log_normal(GRID, mean, 1.0))
                axes[0].fill_between(GRID, height, color=colour, alpha=0.35)
                axes[0].plot(GRID, height, color=colour, linestyle=dashes, label=label)
            axes[0].set(xlim=(-4, 16), ylim=(0, 0.5), xlabel="x", ylabel="density")
            axes[0].legend(loc="upper right")
            for number, (name, share) in enumerate((("js", LOG_2), ("w1", DISTANCES[-1]))):
                values = np.array(results["gaussians"][name]) / share
                style = plots.line(2 * number, markers=False)
                label = ("JS / log 2", f"W1 / {DISTANCES[-1]:g}")[number]
                axes[1].plot(DISTANCES[last:], values[last:], **style, label=label)
                axes[1].plot(DISTANCES[last], values[last], "o", color=style["color"])
            axes[1].set(xlim=(12.3, -0.3), ylim=(-0.05, 1.3), xlabel="distance (deviations)")
            axes[1].set_ylabel("share of the start")
            axes[1].legend(loc="upper right", ncols=2)
            frames.append(plots.pixels(drawn))
    plots.write_animation(path, frames)


def draw_surfaces(path, found, meeting):
    """How little random surfaces meet, and what is said of one that draws nearer another."""
    with plots.drawing(path, columns=2, height=5.0) as (_, (axes,)):
        for number, (size, shares) in enumerate(meeting.items()):
            inside = DIMENSIONS[len(DIMENSIONS) - len(shares) :]
            axes[0].plot(inside, shares, **plots.line(number), label=f"{size}-dimensional")
        axes[0].set(xscale="log", yscale="log", title=f"Share of a disc within {NEAR:g} of another")
        axes[0].set_xticks(DIMENSIONS, [str(size) for size in DIMENSIONS])
        axes[0].minorticks_off()
        axes[0].set(xlabel="dimensions of the space", ylabel="share of its points")
        axes[0].legend()
        for number, name in ((0, "js"), (2, "tv"), (3, "w1")):
            axes[1].plot(OFFSETS[1:], found[name][1:], **plots.line(number), label=LABELS[name])
        axes[1].set(xscale="log", yscale="log", title=f"Two surfaces in {SPACE} dimensions")
        axes[1].set(xlabel="offset", ylabel="nats; distance")
        axes[1].legend(loc="lower right")


def draw_samples(path, samples, exact):
    """JS and accuracy as a discriminator reports them on its own and on fresh points."""
    sizes = list(samples)
    with plots.drawing(path, columns=2, height=5.0) as (_, (axes,)):
        for axis, own, fresh in (
            (axes[0], "own", "fresh"),
            (axes[1], "accuracy", "fresh_accuracy"),
        ):
            for number, (name, label) in enumerate(
                ((own, "its own points"), (fresh, "fresh points"))
            ):
                values = [samples[size][name] for size in sizes]
                axis.plot(sizes, values, **plots.line(number), label=label)
            axis.set(xscale="log", xlabel="points of each that it is trained on")
            axis.set_xticks(sizes, [str(size) for size in sizes])
            axis.minorticks_off()
        axes[0].axhline(LOG_2, color="#999999", linewidth=1)
        axes[0].text(sizes[-1], LOG_2 + 0.02, "log 2", ha="right")
        axes[0].axhline(exact, color=plots.EXACT, linestyle=":", label="exact")
        axes[0].set(title="JS that the discriminator reports", ylabel="nats")
        axes[1].axhline(best_accuracy(), color=plots.EXACT, linestyle=":", label="best possible")
        axes[1].set(title="Told right", ylabel="share", ylim=(0.45, 1.03))
        axes[0].legend(loc="lower right")
        axes[1].legend(loc="lower right")


def best_accuracy():
    """What the best discriminator of told_apart tells right: (1 + total variation) / 2."""
    return (1.0 + gaussians(SHIFT)["tv"][0]) / 2.0


FIGURES = (
    Figure(
        file="lines.png",
        caption="Parallel lines: JS and total variation say the same at every offset and drop to 0 "
        "where the lines meet; W1 is the offset.",
    ),
    Figure(
        file="gaussians.png",
        caption="Gaussians always overlap a little, and still JS and total variation are flat from "
        "a few deviations on: their slopes fall below 1e-6, while that of W1 stays 1.",
    ),
    Figure(
        file="gaussians.gif",
        caption="The generator comes nearer: W1 falls all the way, JS only at the end of it.",
    ),
    Figure(
        file="surfaces.png",
        caption="Left: in a space of many dimensions hardly a point of one low-dimensional surface "
        "is near another. Right: for two curved surfaces JS is log 2 down to the last offset.",
    ),
    Figure(
        file="samples.png",
        caption="Distributions that overlap widely: trained on few points, a discriminator tells "
        "all of them apart and reports log 2, though on fresh points it is hardly better than a "
        "guess, and far too sure. Only many points bring both reports to the exact JS.",
    ),
)
