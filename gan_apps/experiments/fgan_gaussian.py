"""One Gaussian approximates a mixture, with every f-divergence (lectures 1, 2, 4).

P = .33 N(-1, .0625) + .67 N(2, 2), variances; Q = mu + sigma z. Q cannot equal P, so every
divergence has an optimum of its own. It is known by quadrature, and the f-GAN has to find it from
samples: with the generator's exact objective, and with the trick, which rests elsewhere.

Exact: D_f on a fixed grid in float64; its minimum by SciPy; the trick's resting point is the root
of its gradient, E_z[T*'(mu + sigma z) (1, z)] = 0 with T* = f'(p / q) at that very (mu, sigma).

Reference: Nowozin et al. 2016 (arXiv 1606.00709), section 2.4 (batch 1024, step size .01,
discriminator 1-64-tanh-64-tanh-1).
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from scipy import integrate, optimize

from gan_apps import plots
from gan_apps.experiments import points
from gan_apps.experiments.densities import log_mixture, log_normal
from gan_apps.experiments.findings import Figure, Findings, Table
from models import DIVERGENCES, FGAN

WEIGHTS, MEANS, DEVIATIONS = (0.33, 0.67), (-1.0, 2.0), (0.25, 2.0**0.5)
# Of the data and every model that is looked at, all but 1e-15 lies here.
GRID = np.linspace(-14.0, 16.0, 6001)
# The rows whose optima differ clearly, of which the paper prints a table.
PRINTED = ("kl", "reverse_kl", "jensen_shannon", "jeffrey", "pearson")
START = (0.5, 1.5)
_SCORES = np.linspace(-3.0, 3.0, 7)
MINIBATCH_SIZE = 1024
LEARNING_RATE = 0.01
# The generator is slower, so that the discriminator stays near its best for it; and for a quick
# try, in which it would not get far.
GENERATOR_LEARNING_RATE, QUICK_GENERATOR_LEARNING_RATE = 0.002, 0.02
# The discriminator's first units are steep, and zero at points spread over the data: those of the
# usual beginning are all zero at x = 0 and flat in the right tail, where Q's edge is to be found.
ZEROS, STEEPNESS = (-5.0, 8.0), 3.0
# Row -> bound of its discriminators' last kernels, and with the 64 units before them of abs(v).
# Where total_variation's tanh v is flat, it has no gradient left to follow the generator with;
# neyman's exp(-v / 2) grows without end.
LARGEST_NORM = {"total_variation": 0.5, "neyman": 1.0}
# Rows that take longer than others: T is steep in the tails (1 / r and 1 / r**2), where samples are
# rare. Row -> iterations, times those of the others.
LONGER = {"jeffrey": 3, "neyman": 3}


def log_data(x):
    """Logarithm of the mixture's density."""
    return log_mixture(x, WEIGHTS, MEANS, DEVIATIONS)


def integral(values):
    """The integral over the real line of a function given on GRID."""
    return float(integrate.simpson(values, x=GRID))


def divergence_value(row, mu, sigma):
    """D_f(P || Q) = integral q f(p / q), less f(1), so that it is 0 at P = Q for every row."""
    log_q = log_normal(GRID, mu, sigma)
    values = row.f(tf.exp(tf.constant(log_data(GRID) - log_q))).numpy()
    return integral(np.exp(log_q) * values) - row.value_at_one


def optimum(row):
    """(mu*, sigma*, D_f(P || Q*)) of the best Gaussian."""
    found = optimize.minimize(
        lambda at: divergence_value(row, at[0], np.exp(at[1])),
        _with_log(START),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-11},
    )
    return float(found.x[0]), float(np.exp(found.x[1])), float(found.fun)


def trick_gradient(row, mu, sigma):
    """What the trick's generator feels at the optimal T: -E_z[T*'(mu + sigma z) (1, z)]."""
    log_q = log_normal(GRID, mu, sigma)
    ratio = tf.exp(tf.constant(log_data(GRID) - log_q))
    with tf.GradientTape() as tape:
        tape.watch(ratio)
        value = row.f(ratio)
    best = tape.gradient(value, ratio).numpy()
    # Integrated by parts: E_z[T'] = -integral T q' and E_z[T' z] = -integral T (z q)'.
    z = (GRID - mu) / sigma
    q = np.exp(log_q)
    return [integral(-best * q * z / sigma), integral(best * q * (1.0 - z**2) / sigma)]


def trick_rest(row, start):
    """(mu, sigma) where the trick comes to rest, searched for from `start`."""
    if np.allclose(row.activation(_SCORES), row.conjugate_of_activation(_SCORES)):
        # f* is the identity (total_variation): the trick is the exact objective.
        return optimum(row)[:2]
    found = optimize.root(
        lambda at: trick_gradient(row, at[0], np.exp(at[1])), _with_log(start), tol=1e-9
    )
    if not found.success:
        raise ArithmeticError(f"The trick's resting point of {row.name}: {found.message}")
    return float(found.x[0]), float(np.exp(found.x[1]))


def bound(row, scores, mu, sigma):
    """F = E_P[g_f(v)] - E_Q[f*(g_f(v))] - f(1) by quadrature, of raw scores v on GRID."""
    scores = tf.constant(scores, tf.float64)
    of_data = np.exp(log_data(GRID)) * row.activation(scores).numpy()
    of_model = np.exp(log_normal(GRID, mu, sigma)) * row.conjugate_of_activation(scores).numpy()
    return integral(of_data - of_model) - row.value_at_one


def _with_log(point):
    return np.array([point[0], np.log(point[1])])


class Gaussian(keras.Model):
    """{"latents": z [stack * n, 1]} -> points mu + sigma z, each repetition with its own."""

    latent_dim = 1

    def __init__(self, mu, sigma):
        super().__init__()
        self.stack = len(mu)
        self.mu = self._parameter("mu", mu)
        self.sigma = self._parameter("sigma", sigma)
        self.built = True

    def _parameter(self, name, values):
        start = lambda shape, dtype: tf.reshape(tf.cast(values, dtype), shape)
        return self.add_weight(shape=(self.stack, 1), initializer=start, name=name)

    def call(self, inputs, training=False):
        z = tf.reshape(inputs["latents"], (self.stack, -1))
        return tf.reshape(self.mu + self.sigma * z, (-1, 1, 1, 1))


def mixture(count, key):
    """Samples [count, 1] of P, for points.train."""
    first = tf.random.stateless_uniform((count, 1), key) < WEIGHTS[0]
    normal = tf.random.stateless_normal((count, 1), key + 1)
    return tf.where(first, *MEANS) + tf.where(first, *DEVIATIONS) * normal


@dataclasses.dataclass(frozen=True)
class SideBySide:
    """Divergences as one row, for FGAN: equal parts of the scores, one after the other, are theirs.

    Args:
      rows: tuple of models.FDivergence.
    """

    rows: tuple
    name = "side_by_side"

    def activation(self, scores):
        return self._parts(scores, lambda row: row.activation)

    def conjugate_of_activation(self, scores):
        return self._parts(scores, lambda row: row.conjugate_of_activation)

    def _parts(self, scores, function):
        count, rows = tf.shape(scores)[0], len(self.rows)
        parts = [scores[count * i // rows : count * (i + 1) // rows] for i in range(rows)]
        return tf.concat(
            [function(row)(part) for row, part in zip(self.rows, parts, strict=True)], axis=0
        )


def _discriminator(rows, stack, seed):
    """Discriminators of `rows`, as many for each."""
    discriminator = points.PointDiscriminator(stack, (64, 64), coordinates=1, activation="tanh")
    first, last = discriminator.body[0], discriminator.last
    generator = np.random.default_rng(seed)
    steepness = STEEPNESS * generator.standard_normal(first.kernels.shape)
    first.kernels.assign(steepness)
    first.biases.assign(-steepness * generator.uniform(*ZEROS, steepness.shape))
    largest = np.repeat([LARGEST_NORM.get(row.name, np.inf) for row in rows], stack // len(rows))
    largest = tf.constant(largest[:, None, None], tf.float32)

    def within(kernels):
        norms = tf.norm(kernels, axis=1, keepdims=True)
        return kernels * tf.minimum(1.0, tf.math.divide_no_nan(largest, norms))

    last.kernels.constraint = within
    return discriminator


def fgan(rows, kind, mu, sigma, options, iterations, generator_steps=1):
    """The f-GANs of a list of rows that start at Gaussians mu, sigma [stack], as many for each."""
    keras.utils.set_random_seed(options.seed)
    model = FGAN(
        {
            "generator": Gaussian(mu, sigma),
            "averaged_generator": Gaussian(mu, sigma),
            "discriminator": _discriminator(rows, len(mu), options.seed),
        },
        divergence=SideBySide(tuple(rows)),
        generator_objective=kind,
        generator_steps=generator_steps,
        seed=options.seed,
    )

    def optimizer(rate):
        # Large enough to move, in the end too small to blur.
        falling = keras.optimizers.schedules.CosineDecay(rate, iterations, alpha=0.02)
        return keras.optimizers.Adam(falling, beta_1=0.5)

    slower = options.sized(quick=QUICK_GENERATOR_LEARNING_RATE, default=GENERATOR_LEARNING_RATE)
    model.compile({"discriminator": optimizer(LEARNING_RATE), "generator": optimizer(slower)})
    return model


def learned(rows, kind, options):
    """What the f-GANs learn from samples: `trained` of all rows, side by side if equally long."""
    found = {}
    for longer in sorted({LONGER.get(name, 1) for name in rows}):
        group = {name: row for name, row in rows.items() if LONGER.get(name, 1) == longer}
        found |= trained(group, kind, options, longer)
    return {name: found[name] for name in rows}


def trained(rows, kind, options, longer):
    """What the f-GANs of one group learn from samples.

    Args:
      rows: {name: models.FDivergence}.
      kind: str. The generator's objective, "exact" or "trick".
      longer: int. Factor of the iterations.

    Returns:
      {name: dict} of "mu", "sigma": float, means over the last tenth of the training and over the
      repetitions; "bound": float, F there of the learned discriminator, by quadrature; "path":
      [(iteration, mu, sigma)] of the first repetition.
    """
    iterations = longer * options.sized(quick=200, default=3000, full=20000)
    repetitions = options.num_seeds
    start = np.repeat([START], len(rows) * repetitions, axis=0).T
    model = fgan(list(rows.values()), kind, *start, options, iterations)
    every = iterations // 100
    seen = {}

    def watch(done):
        seen[done] = model.generator.mu.numpy()[:, 0], model.generator.sigma.numpy()[:, 0]

    points.train(
        model,
        mixture,
        iterations,
        MINIBATCH_SIZE,
        what=f"{kind} objective",
        watch=watch,
        watched=range(0, iterations + 1, every),
        chunk=every,
    )
    tail = np.array([seen[done] for done in seen if done > 0.9 * iterations])
    mus, sigmas = tail.mean(axis=0).reshape(2, len(rows), repetitions)
    scores = points.scores(model.discriminator, GRID[:, None])
    scores = scores.reshape(len(rows), repetitions, -1)
    found = {}
    for number, (name, row) in enumerate(rows.items()):
        own = zip(scores[number], mus[number], sigmas[number], strict=True)
        first = number * repetitions
        found[name] = {
            "mu": float(mus[number].mean()),
            "sigma": float(sigmas[number].mean()),
            "bound": float(np.mean([bound(row, *values) for values in own])),
            "path": [(done, float(m[first]), float(s[first])) for done, (m, s) in seen.items()],
        }
    return found


def estimated(rows, gaussians, options):
    """F as discriminators report it that are trained on models that stand still.

    Args:
      rows: {name: models.FDivergence}.
      gaussians: {name: (mu, sigma)}.

    Returns:
      {name of the model: {name of the row: F}}.
    """
    iterations = options.sized(quick=60, default=2000)
    mus, sigmas = np.tile(np.array(list(gaussians.values())).T, len(rows))
    model = fgan(list(rows.values()), "exact", mus, sigmas, options, iterations, generator_steps=0)
    points.train(model, mixture, iterations, MINIBATCH_SIZE // 2, what="discriminators as tests")
    scores = iter(points.scores(model.discriminator, GRID[:, None]))
    table = {name: {} for name in gaussians}
    for tested, row in rows.items():
        for trained, at in gaussians.items():
            table[trained][tested] = bound(row, next(scores), *at)
    return table


def run(options, folder):
    exact = {name: optimum(row) for name, row in DIVERGENCES.items()}
    rests = {name: trick_rest(row, exact[name][:2]) for name, row in DIVERGENCES.items()}
    found = learned(DIVERGENCES, "exact", options)
    tricks = learned(DIVERGENCES, "trick", options)
    gaussians = {name: (values["mu"], values["sigma"]) for name, values in found.items()}
    cross = {
        trained: {tested: divergence_value(row, *at) for tested, row in DIVERGENCES.items()}
        for trained, at in gaussians.items()
    }
    cross_estimated = estimated(DIVERGENCES, gaussians, options)
    results = {
        name: {
            "mu": found[name]["mu"],
            "sigma": found[name]["sigma"],
            "mu_exact": exact[name][0],
            "sigma_exact": exact[name][1],
            "bound": found[name]["bound"],
            "divergence": cross[name][name],
            "divergence_exact": exact[name][2],
            "trick": {
                "mu": tricks[name]["mu"],
                "sigma": tricks[name]["sigma"],
                "mu_exact": rests[name][0],
                "sigma_exact": rests[name][1],
            },
        }
        for name in DIVERGENCES
    }
    _draw_gaussians(folder / "gaussians.png", gaussians)
    _draw_rests(folder / "resting_points.png", results)
    _draw_cross_table(folder / "cross_table.png", cross)
    _animate(folder / "training.gif", found, options.sized(quick=6, default=30))
    errors = {
        name: max(abs(v["mu"] - v["mu_exact"]), abs(v["sigma"] - v["sigma_exact"]))
        for name, v in results.items()
    }
    worst = max(errors, key=errors.get)
    on_diagonal = [name for name in PRINTED if _best_of(cross, name) == name]
    return Findings(
        title="What each f-divergence makes of a model that cannot match the data",
        claim="Every f-divergence can be minimised by its own GAN; when the model cannot equal "
        'the data, each gives another best model: lectures 1 ("Theory behind GAN") and 2 ("Theory '
        'of Generative Adversarial Nets"), whose table "train and test" is that of Nowozin et al. '
        "2016.",
        answer=f"The f-GAN finds each divergence's own best Gaussian from samples: the largest "
        f"error of mu or sigma is {errors[worst]:.3f} ({worst}). Of the five divergences of the "
        f"printed table, {len(on_diagonal)} are smallest for the model that was trained with "
        f"them. KL's Gaussian is the widest to cover all data, reverse KL's stays with the larger "
        f"mode. With the trick the generator rests elsewhere, KL's at reverse KL's optimum.",
        results={**results, "cross_table": cross, "cross_table_estimated": cross_estimated},
        tables=_tables(results, cross, cross_estimated),
        figures=(
            Figure(
                file="gaussians.png",
                caption="The mixture (gray) and the Gaussian that each divergence's f-GAN learned.",
            ),
            Figure(
                file="training.gif",
                caption="The first repetition while it learns, for three divergences.",
            ),
            Figure(
                file="resting_points.png",
                caption="Where the f-GANs come to rest: rings are exact (filled: learned). A line "
                "leads from a divergence's optimum to where the trick rests instead.",
            ),
            Figure(
                file="cross_table.png",
                caption="Each learned model tested with every divergence, exactly: how much more "
                "than the best model of the column. The diagonal is the smallest of its column.",
            ),
        ),
    )


def _best_of(cross, tested):
    """The model, among those of the printed table, for which a divergence is smallest."""
    return min(PRINTED, key=lambda trained: cross[trained][tested])


def _tables(results, cross, cross_estimated):
    rows = tuple(
        (
            name,
            *(value[key] for key in ("mu", "mu_exact", "sigma", "sigma_exact")),
            *(value["trick"][key] for key in ("mu", "mu_exact", "sigma", "sigma_exact")),
            value["bound"],
            value["divergence"],
            value["divergence_exact"],
        )
        for name, value in results.items()
    )
    tables = [
        Table(
            caption="Learned beside exact (*): the exact objective, the trick, the lower bound F "
            "of the learned discriminator, D_f of the learned Gaussian, the least possible D_f.",
            columns=("divergence", "mu", "mu*", "sigma", "sigma*", "trick mu", "mu*")
            + ("trick sigma", "sigma*", "F", "D_f", "D_f*"),
            rows=rows,
        )
    ]
    for caption, table in (
        ("D_f of the model trained with (row), tested with (column), by quadrature.", cross),
        ("The same as a discriminator trained on each model reports it.", cross_estimated),
    ):
        rows = tuple((name, *(table[name][tested] for tested in PRINTED)) for name in PRINTED)
        tables.append(Table(caption=caption, columns=("trained with", *PRINTED), rows=rows))
    return tuple(tables)


def _words(name):
    return name.replace("_", " ")


def _draw_gaussians(path, gaussians):
    with plots.drawing(path, columns=2, height=5.0, sharey=True) as (_, ((left, right),)):
        for axes, names in ((left, PRINTED[:3]), (right, ("pearson", "neyman", "jeffrey"))):
            _mixture(axes)
            for number, name in enumerate(names):
                density = np.exp(log_normal(GRID, *gaussians[name]))
                style = plots.line(number, markers=False)
                axes.plot(GRID, density, **style, label=_words(name))
            axes.legend(loc="upper right")
        left.set_ylabel("density")


def _mixture(axes):
    axes.fill_between(GRID, np.exp(log_data(GRID)), color="#cfcfcf", label="data")
    axes.set(xlim=(-5, 7), ylim=(0, 0.56), xlabel="x")


def _draw_rests(path, results):
    with plots.drawing(path, height=7.0) as (_, ((axes,),)):
        for number, (name, value) in enumerate(results.items()):
            style = plots.line(number)
            color, marker = style["color"], style["marker"]
            for kind, size in ((value, 13), (value["trick"], 7)):
                exact = kind["mu_exact"], kind["sigma_exact"]
                ring = {"markerfacecolor": "none", "markeredgewidth": 1.6, "markersize": size + 5}
                axes.plot(*exact, "o", color=color, **ring)
                axes.plot(kind["mu"], kind["sigma"], marker, color=color, markersize=size)
            ends = [(v["mu_exact"], v["sigma_exact"]) for v in (value, value["trick"])]
            axes.plot(*np.transpose(ends), color=color, linewidth=0.9, linestyle=":")
            # Rows that differ by a factor share their optimum, and its label.
            if name not in ("gan", "jensen_shannon_weighted", "alpha"):
                axes.annotate(
                    _words(name), ends[0], (9, 9), textcoords="offset points", color=color
                )
        axes.plot([], [], "ko", markersize=13, label="learned, exact objective")
        axes.plot([], [], "ko", markersize=7, label="learned, trick")
        axes.plot([], [], "ko", markerfacecolor="none", markersize=14, label="exact")
        axes.set(xlabel="mu", ylabel="sigma", title="Each divergence has its own best Gaussian")
        axes.legend(loc="lower left")


def _draw_cross_table(path, cross):
    values = np.array([[cross[trained][tested] for tested in PRINTED] for trained in PRINTED])
    excess = values / values.min(axis=0) - 1.0
    with plots.drawing(path, width=9.0, height=6.5) as (_, ((axes,),)):
        axes.imshow(np.log10(excess + 1e-2), cmap=f"{plots.AREAS}_r")
        axes.grid(False)
        for (row, column), value in np.ndenumerate(values):
            dark = excess[row, column] > 0.15
            axes.text(
                column,
                row,
                f"{value:.4f}\n+{100 * excess[row, column]:.1f} %",
                ha="center",
                va="center",
                color="white" if dark else "black",
                weight="bold" if row == column else "normal",
            )
        names = [_words(name).replace(" ", "\n") for name in PRINTED]
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="tested with", ylabel="trained with", title="D_f, exactly")


def _animate(path, found, frames):
    """The panels of kl, reverse_kl and pearson, at about so many moments of the training."""
    names = ("kl", "reverse_kl", "pearson")
    moments = len(found["kl"]["path"])
    chosen = sorted({round(i) for i in np.geomspace(1, moments, frames)})
    drawn = []
    with plots.figure(columns=3, width=12.0, height=4.2, sharey=True) as (figure, (row,)):
        for moment in chosen:
            for axes, name in zip(row, names, strict=True):
                iteration, mu, sigma = found[name]["path"][moment - 1]
                axes.clear()
                _mixture(axes)
                axes.plot(GRID, np.exp(log_normal(GRID, mu, sigma)), color=plots.FAKE)
                axes.set_title(f"{_words(name)}, iteration {iteration:,}")
            drawn.append(plots.pixels(figure))
    plots.write_animation(path, drawn, seconds_per_frame=0.15)
