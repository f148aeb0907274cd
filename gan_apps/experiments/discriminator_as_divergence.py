"""What a discriminator's loss tells of the generator (lectures 1 and 2).

The lectures: the discriminator is the judge of a GAN, but of distributions that do not overlap it
is right every time, its JS divergence is log 2 for a weak and a strong generator alike, and only
the earth mover's distance tells them apart; noise on its inputs makes them overlap.

Two lines: data (0, y), generator (distance, y), y uniform. Exact: JS = log 2 and W1 = distance for
every distance above 0; with noise of deviation s on what the discriminator is shown, JS is that of
N(0, s^2) and N(distance, s^2), by quadrature, and the best discriminator p / (p + q) is right with
probability Phi(distance / 2 s). Trained: DCGAN and WGANGP against all distances side by side.

A generator in training: data on a circle, a generator with one latent, whose points are a curve
too. Two curves meet in points at most, so that JS = log 2 at every moment of its training. Exact
beside it: W1 of samples by their best assignment, JS of both with noise by quadrature on the plane.

An estimate of JS is log 2 + (E log D + E log(1 - D)) / 2 on new points; of W1 the difference of
mean scores divided by the discriminator's largest slope.

Reference: Arjovsky & Bottou 2017 (arXiv 1701.04862), section 3 for the noise; Arjovsky et al. 2017
(arXiv 1701.07875), example 1 and figures 3 and 4.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from gan_apps import plots
from gan_apps.experiments import densities, points
from gan_apps.experiments.findings import Figure, Findings, Table
from models import DCGAN, OBJECTIVES, WGANGP
from models.penalties import gradient_norms, mixed

LOG_2 = math.log(2.0)
# From a weak generator to a perfect one.
DISTANCES = (4.0, 2.0, 1.0, 0.5, 0.25, 0.0)
NOISES = (0.0, 0.3, 1.0)
# The distance at which the discriminator is drawn.
DRAWN = 1.0
# Noise on the circle, and the plane on which its effect is integrated.
CIRCLE_NOISE = 0.3
REACH, CELLS = 3.0, 121
WIDTHS = (64, 64)
MINIBATCH_SIZE = 128
# Of the loop: the noise falls to 0 at this iteration, which is never reached.
NEVER = 10**9


def line(count, key):
    """The data (0, y) with y uniform in [0, 1], for points.train."""
    y = tf.random.stateless_uniform((count, 1), key)
    return tf.concat([tf.zeros_like(y), y], axis=1)


def lines(distances):
    """The generators (distance, y): uniform latents [stack, n, 1] in [-1, 1] -> points."""
    distances = tf.constant(distances, tf.float32)[:, None, None]

    def generate(latents):
        return tf.concat([tf.zeros_like(latents) + distances, (latents + 1.0) / 2.0], axis=-1)

    return generate


def circle(count, key):
    """The data on the circle of radius 1, for points.train."""
    angle = 2.0 * math.pi * tf.random.stateless_uniform((count,), key)
    return tf.stack([tf.cos(angle), tf.sin(angle)], axis=1)


def lines_jensen_shannon(distance, noise):
    """JS of the two lines with noise on them: that of N(0, noise^2) and N(distance, noise^2)."""
    if not noise:
        return LOG_2 if distance else 0.0
    x = np.linspace(-12.0 * noise, distance + 12.0 * noise, 8001)
    log_p, log_q = (densities.log_normal(x, mean, noise) for mean in (0.0, distance))
    return densities.jensen_shannon(log_p, log_q, x[1] - x[0])


def lines_accuracy(distance, noise):
    """How often p / (p + q) is right: Phi(distance / (2 noise))."""
    if not noise:
        return 1.0 if distance else 0.5
    return float(special.ndtr(distance / (2.0 * noise)))


def best_discriminator(x, distance, noise):
    """D*(x) = p / (p + q) of the two lines with noise."""
    return special.expit(
        densities.log_normal(x, 0.0, noise) - densities.log_normal(x, distance, noise)
    )


def curves_jensen_shannon(first, second, noise):
    """JS of points spread evenly over two curves [n, 2], with normal noise, on the plane's grid."""
    steps = np.linspace(-REACH, REACH, CELLS)
    plane = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 1, 2)

    def log_density(curve):
        squares = np.sum((plane - np.asarray(curve, np.float64)) ** 2, axis=-1)
        logs = special.logsumexp(-squares / (2.0 * noise**2), axis=1)
        return logs - np.log(2.0 * np.pi * noise**2 * len(curve))

    cell = (steps[1] - steps[0]) ** 2
    return densities.jensen_shannon(log_density(first), log_density(second), cell)


def discriminator_alone(generator, data, iterations, options, what, noise=None):
    """A discriminator trained against a generator that stays as it is.

    Args:
      generator: a stacked network of points.
      data: as for points.train.
      iterations: int.
      options: findings.Options.
      what: str. The name in the progress bar.
      noise: float, or None. Deviation of the noise on what a DCGAN's discriminator is shown; None
        for a WGANGP.

    Returns:
      points.PointDiscriminator.
    """
    keras.utils.set_random_seed(options.seed)
    discriminator = points.PointDiscriminator(generator.stack, WIDTHS)
    networks = {"generator": generator, "discriminator": discriminator}
    loop = {"generator_steps": 0, "seed": options.seed, "latent_distribution": "uniform"}
    if noise is None:
        # One-sided: the slope may be below 1, so that no wrong sign of it is held fast.
        model = WGANGP(networks, penalty="one_sided", discriminator_steps=1, **loop)
    else:
        model = DCGAN(
            networks,
            objective=OBJECTIVES["non_saturating"],
            input_noise=noise,
            input_noise_iterations=NEVER,
            **loop,
        )
    decay = keras.optimizers.schedules.CosineDecay(2e-3, iterations, alpha=0.02)
    optimizers = {
        "discriminator": keras.optimizers.Adam(decay, beta_1=0.5),
        "generator": keras.optimizers.SGD(0.0),
    }
    model.compile(optimizers)
    points.train(model, data, iterations, MINIBATCH_SIZE, what=what)
    return discriminator


def shown_pairs(generator, data, count, noise, seed):
    """(real, fake) images [stack * count, 1, 1, 2] with noise, new to the discriminator."""
    stack = generator.stack
    real = tf.tile(data(count, tf.constant([seed, 11], tf.int64)), (stack, 1))[:, None, None, :]
    latents = tf.random.stateless_uniform((stack * count, 1), (seed, 12), -1.0, 1.0)
    fake = generator({"latents": latents})
    normals = noise * tf.random.stateless_normal((2, *real.shape), (seed, 13))
    return real + normals[0], fake + normals[1]


def jensen_shannon_estimate(discriminator, real, fake):
    """(JS [stack], accuracy [stack]) as the discriminator reports them of these images."""
    real_scores, fake_scores = (
        tf.reshape(discriminator({"images": images}), (discriminator.stack, -1))
        for images in (real, fake)
    )
    objective = OBJECTIVES["non_saturating"]
    loss = tf.reduce_mean(objective.real(real_scores), axis=1) + tf.reduce_mean(
        objective.fake(fake_scores), axis=1
    )
    right = np.mean(real_scores > 0.0, axis=1) + np.mean(fake_scores <= 0.0, axis=1)
    return LOG_2 - loss.numpy() / 2.0, right / 2.0


def wasserstein_estimate(discriminator, real, fake):
    """W1 [stack]: the difference of mean scores divided by the largest slope found."""
    score = lambda images: discriminator({"images": images})[:, 0]
    per_member = lambda values: np.reshape(values, (discriminator.stack, -1))
    difference = per_member(score(real)).mean(axis=1) - per_member(score(fake)).mean(axis=1)
    mixing = np.linspace(0.0, 1.0, len(real), dtype=np.float32)[:, None, None, None]
    between = gradient_norms(score, mixed(real, fake, mixing))
    return difference / per_member(between).max(axis=1)


def snapshots(options):
    """(times, points.PointGenerator) of a WGAN-GP on the circle, each moment one of the stack."""
    keras.utils.set_random_seed(options.seed)
    networks = {
        "generator": points.PointGenerator(1, 1, WIDTHS),
        "averaged_generator": points.PointGenerator(1, 1, WIDTHS),
        "discriminator": points.PointDiscriminator(1, WIDTHS),
    }
    model = WGANGP(
        networks,
        penalty="one_sided",
        seed=options.seed,
        latent_distribution="uniform",
    )
    optimizer = lambda: keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)
    model.compile({"discriminator": optimizer(), "generator": optimizer()})
    times = options.sized(quick=(0, 10, 20), default=(0, 30, 100, 300, 1000, 2000))
    kept = []

    def watch(_):
        kept.append([weight.numpy() for weight in model.generator.weights])

    points.train(
        model,
        circle,
        times[-1],
        MINIBATCH_SIZE,
        what="a generator on the circle",
        watch=watch,
        watched=times,
    )
    frozen = points.PointGenerator(len(times), 1, WIDTHS)
    frozen.set_weights([np.concatenate(parts) for parts in zip(*kept, strict=True)])
    return times, frozen


def run(options, folder):
    """Trains discriminators against generators that stay as they are; returns what was found."""
    on_lines, trained = _on_lines(options)
    in_training, curves = _in_training(options)
    _draw_lines(folder / "lines.png", on_lines)
    _draw_discriminators(folder / "discriminators.png", trained)
    _draw_training(folder / "training.png", in_training, curves)
    return Findings(
        title="The discriminator as a divergence",
        claim="Of distributions that do not overlap a discriminator is right every time, so its "
        'accuracy and its loss mean nothing: lecture 1 ("Theory behind GAN"). The JS divergence '
        "that it estimates tells little of weak and strong generators, and noise on its inputs "
        'makes them overlap: lecture 2 ("Theory of Generative Adversarial Nets"). The earth '
        "mover's distance needs no noise.",
        answer=_answer(on_lines, in_training),
        results={"lines": on_lines, "training": in_training},
        tables=_tables(on_lines, in_training),
        figures=(
            Figure(
                file="lines.png",
                caption="Two parallel lines that come nearer. Left: JS. Without noise it is log 2 "
                "until they meet; noise on the discriminator's inputs gives it a slope, the more "
                "the wider it is. Right: the earth mover's distance falls in proportion. Thin "
                "lines are exact, markers are what discriminators report.",
            ),
            Figure(
                file="discriminators.png",
                caption=f"D across two lines at distance {DRAWN:g}, data left, generator right: "
                "the best one, p / (p + q), and a trained one. Gray: the two densities. Without "
                "noise the best D is only determined on the lines themselves; a step between them "
                "has no slope at the generator's points.",
            ),
            Figure(
                file="training.png",
                caption="A generator in training (dots) and its data (circle), and what a new "
                "discriminator reports at each moment. JS without noise stays near log 2 while "
                "the generator improves, until the curves are nearer than so small a network can "
                "tell, and then says nothing; the earth mover's distance and JS with noise fall "
                "with the distance that is seen.",
            ),
        ),
    )


def _on_lines(options):
    iterations = options.sized(quick=100, default=1500, full=10000)
    seeds = options.sized(quick=1, default=options.num_seeds)
    generator = points.FixedGenerator(len(DISTANCES) * seeds, 1, lines(DISTANCES * seeds))
    count = 2000
    mean = lambda values: np.reshape(values, (seeds, len(DISTANCES))).mean(axis=0).tolist()
    found, trained = {"distance": list(DISTANCES), "noise": {}}, {}
    for noise in NOISES:
        what = f"lines, noise {noise:g}"
        discriminator = discriminator_alone(generator, line, iterations, options, what, noise)
        pairs = shown_pairs(generator, line, count, noise, options.seed)
        value, accuracy = jensen_shannon_estimate(discriminator, *pairs)
        found["noise"][f"{noise:g}"] = {
            "js": mean(value),
            "js_exact": [lines_jensen_shannon(distance, noise) for distance in DISTANCES],
            "accuracy": mean(accuracy),
            "accuracy_exact": [lines_accuracy(distance, noise) for distance in DISTANCES],
        }
        trained[noise] = discriminator
    discriminator = discriminator_alone(generator, line, iterations, options, "lines, W1")
    pairs = shown_pairs(generator, line, count, 0.0, options.seed)
    found["w1"] = mean(wasserstein_estimate(discriminator, *pairs))
    found["w1_exact"] = list(DISTANCES)
    return found, trained


def _in_training(options):
    iterations = options.sized(quick=100, default=2000, full=10000)
    count = options.sized(quick=200, default=500)
    times, generator = snapshots(options)
    found = {"iteration": list(times)}
    for key, noise in (("js", 0.0), ("js_noisy", CIRCLE_NOISE)):
        what = f"circle, noise {noise:g}"
        discriminator = discriminator_alone(generator, circle, iterations, options, what, noise)
        pairs = shown_pairs(generator, circle, 2000, noise, options.seed)
        value, accuracy = jensen_shannon_estimate(discriminator, *pairs)
        found[key] = value.tolist()
        if not noise:
            found["accuracy"] = accuracy.tolist()
    discriminator = discriminator_alone(generator, circle, iterations, options, "circle, W1")
    real, fake = shown_pairs(generator, circle, count, 0.0, options.seed)
    found["w1"] = wasserstein_estimate(discriminator, real, fake).tolist()
    found["js_exact"] = [LOG_2] * len(times)
    real, fake = (np.reshape(images, (len(times), count, 2)) for images in (real, fake))
    found["w1_exact"] = [
        points.earth_movers_distance(*pair) for pair in zip(real, fake, strict=True)
    ]
    # Two samples of the very same distribution are not at distance 0.
    other = circle(count, tf.constant([options.seed, 14], tf.int64)).numpy()
    found["w1_floor"] = points.earth_movers_distance(real[0], other)
    spread = tf.linspace(-1.0, 1.0, count)[:, None]
    curves = np.reshape(generator({"latents": tf.tile(spread, (len(times), 1))}), fake.shape)
    angles = np.linspace(0.0, 2.0 * np.pi, 256, endpoint=False)
    truth = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found["js_noisy_exact"] = [
        curves_jensen_shannon(truth, curve, CIRCLE_NOISE) for curve in curves
    ]
    return found, fake


def _answer(on_lines, in_training):
    plain = on_lines["noise"][f"{NOISES[0]:g}"]
    noisy = on_lines["noise"][f"{NOISES[-1]:g}"]
    apart = len(DISTANCES) - 1
    error = max(
        abs(found - exact)
        for found, exact in zip(on_lines["w1"], on_lines["w1_exact"], strict=True)
    )
    return (
        f"Between lines at distances {DISTANCES[0]:g} to {DISTANCES[apart - 1]:g} discriminators "
        f"report a JS of {min(plain['js'][:apart]):.3f} to {max(plain['js'][:apart]):.3f} (exact: "
        f"log 2 = {LOG_2:.3f}) and are right for at least {min(plain['accuracy'][:apart]):.1%} of "
        "the points; the earth mover's distance they report is within "
        f"{error:.2f} of the distance. With noise of deviation {NOISES[-1]:g} on their inputs "
        f"JS goes from {noisy['js'][0]:.3f} (exact {noisy['js_exact'][0]:.3f}) to "
        f"{noisy['js'][apart - 1]:.3f} (exact {noisy['js_exact'][apart - 1]:.3f}). While a "
        f"generator learns the circle, JS goes from {in_training['js'][0]:.3f} to "
        f"{in_training['js'][-1]:.3f} (exact: log 2 throughout), JS with noise from "
        f"{in_training['js_noisy'][0]:.3f} to {in_training['js_noisy'][-1]:.3f} (exact "
        f"{in_training['js_noisy_exact'][0]:.3f} to {in_training['js_noisy_exact'][-1]:.3f}), and "
        f"W1 from {in_training['w1'][0]:.2f} to {in_training['w1'][-1]:.2f} "
        f"(exact, of samples, {in_training['w1_exact'][0]:.2f} to "
        f"{in_training['w1_exact'][-1]:.2f}; of two samples of the data "
        f"{in_training['w1_floor']:.2f})."
    )


def _tables(on_lines, in_training):
    first = on_lines["noise"][f"{NOISES[0]:g}"]
    noisy = {f"noise {noise:g}": on_lines["noise"][f"{noise:g}"] for noise in NOISES[1:]}
    columns = [on_lines["distance"], first["js"], first["js_exact"], first["accuracy"]]
    columns += [row[key] for row in noisy.values() for key in ("js", "js_exact")]
    names = [f"{what}, {name}" for name in noisy for what in ("JS", "exact")]
    keys = ("iteration", "js", "accuracy", "js_noisy", "js_noisy_exact", "w1", "w1_exact")
    return (
        Table(
            caption="Two lines (nats; the same unit of length for distance and W1)",
            columns=("distance", "JS", "exact", "accuracy", *names, "W1", "exact"),
            rows=tuple(zip(*columns, on_lines["w1"], on_lines["w1_exact"], strict=True)),
        ),
        Table(
            caption=f"A generator that learns the circle; noise {CIRCLE_NOISE:g}; the exact JS "
            "without noise is log 2 = 0.6931 in every row",
            columns=("iteration", "JS", "accuracy", "JS, noise", "exact", "W1", "exact"),
            rows=tuple(zip(*(in_training[key] for key in keys), strict=True)),
        ),
    )


def _draw_lines(path, found):
    with plots.drawing(path, columns=2, height=5.2) as (_, axes):
        left, right = axes[0]
        fine = np.linspace(0.0, DISTANCES[0], 161)[1:]
        for number, noise in enumerate(NOISES):
            style = plots.line(number)
            exact = [lines_jensen_shannon(distance, noise) for distance in fine]
            left.plot(fine, exact, color=style["color"], linewidth=1.0)
            label = f"noise {noise:g}" if noise else "no noise"
            values = found["noise"][f"{noise:g}"]["js"]
            left.plot(found["distance"], values, label=label, **{**style, "linestyle": ""})
        style = plots.line(3)
        right.plot(fine, fine, color=style["color"], linewidth=1.0)
        right.plot(found["distance"], found["w1"], **{**style, "linestyle": ""})
        left.axhline(LOG_2, color="#999999", linewidth=0.8)
        left.text(2.5, LOG_2 + 0.01, "log 2", va="bottom", color="#555555")
        left.set_ylim(-0.03, 0.78)
        left.set_title("JS divergence that discriminators report")
        left.set_ylabel("JS, in nats")
        right.set_title("Earth mover's distance that they report")
        right.set_ylabel("W1, in units of length")
        left.legend(loc="lower left")
        for ax in (left, right):
            ax.set_xlabel("distance of the generator: weak to perfect")
            ax.invert_xaxis()


def _draw_discriminators(path, trained):
    x = np.linspace(-2.0, 3.0, 401)
    with plots.drawing(path, columns=len(trained), height=4.4, sharey=True) as (_, axes):
        for ax, (noise, discriminator) in zip(axes[0], trained.items(), strict=True):
            if noise:
                for mean in (0.0, DRAWN):
                    density = np.exp(densities.log_normal(x, mean, noise))
                    ax.fill_between(x, 0.9 * density / density.max(), color="#888888", alpha=0.3)
                ax.plot(x, best_discriminator(x, DRAWN, noise), label="best", **_thin())
            else:
                ax.vlines((0.0, DRAWN), 0.0, 0.9, color="#888888", linewidth=5, alpha=0.5)
                ax.plot((0.0, DRAWN), (1.0, 0.0), "o", color=plots.EXACT, label="best")
            rows = np.stack([x, np.full_like(x, 0.5)], axis=1)
            scores = points.scores(discriminator, rows)[DISTANCES.index(DRAWN)]
            style = plots.line(2, markers=False)
            ax.plot(x, special.expit(scores.astype(np.float64)), label="trained", **style)
            ax.set_title(f"noise {noise:g}" if noise else "no noise")
            ax.set_xlabel("across the lines")
        axes[0][0].set_ylabel("D, the probability of data")
        axes[0][0].legend(loc="upper right")


def _thin():
    return {"color": plots.EXACT, "linewidth": 3.5, "alpha": 0.6}


def _draw_training(path, found, fakes):
    angles = np.linspace(0.0, 2.0 * np.pi, 200)
    layout = {"rows": 2, "columns": len(fakes), "gridspec_kw": {"height_ratios": (1.0, 1.8)}}
    with plots.drawing(path, height=6.2, **layout) as (figure, axes):
        for ax, time, fake in zip(axes[0], found["iteration"], fakes, strict=True):
            ax.plot(np.cos(angles), np.sin(angles), color=plots.REAL, linewidth=1.2)
            ax.scatter(*fake.T, s=6, color=plots.FAKE, zorder=3)
            ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xticks=(), yticks=())
            ax.spines[:].set_visible(False)
            ax.set_title(f"{time:,} iterations", fontsize=12)
        grid = axes[1][0].get_gridspec()
        for ax in axes[1]:
            ax.remove()
        half = len(fakes) // 2
        left, right = figure.add_subplot(grid[1, :half]), figure.add_subplot(grid[1, half:])
        moments = np.arange(len(fakes))
        for number, (key, label) in enumerate(
            (("js", "JS"), ("js_noisy", f"JS, noise {CIRCLE_NOISE:g}"))
        ):
            style = plots.line(number)
            left.plot(moments, found[key], label=label, **style)
            left.plot(moments, found[f"{key}_exact"], color=style["color"], linewidth=0.9)
        style = plots.line(3)
        right.plot(moments, found["w1"], label="earth mover's distance", **style)
        right.plot(moments, found["w1_exact"], color=style["color"], linewidth=0.9)
        floor = {"color": "#999999", "linewidth": 0.9, "label": "of two samples of the data"}
        right.axhline(found["w1_floor"], **floor)
        left.set_ylabel("nats")
        left.set_ylim(-0.03, 0.78)
        right.set_ylabel("units of length")
        right.set_ylim(bottom=0.0)
        left.legend(loc="lower left")
        right.legend(loc="upper right")
        for ax in (left, right):
            ax.set_xticks(moments, [f"{time:,}" for time in found["iteration"]])
            ax.set_xlabel("iterations of the generator (thin: exact)")
