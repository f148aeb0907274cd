"""The generator's loss: saturating, non-saturating, and what the second one descends (lecture 4).

The lectures: log(1 - D) is "slow at the beginning", so -log D is used ("label x from P_G as
positive"); at the best discriminator its gradient is that of KL(P_g, P_r) - 2 JSD(P_g, P_r); its
first term, the reverse KL, drops modes, where maximum likelihood, KL(P_r, P_g), covers them all;
its second term drives the two distributions apart.

Exact, with P_r a mixture on the line and P_g = mu + sigma z: the identity's left side is the mean
over z of the suite's own generator losses at the scores of D* = p / (p + q), which stays as it is
while the samples move; its right side the change of integrals over x; both by central differences.
The best Gaussian of each divergence by SciPy. Writing the integrals out shows that

    KL(P_g, P_r) - 2 JSD(P_g, P_r) = 2 KL((P_g + P_r) / 2, P_r),

at least 0, and 0 only where the generator is right.

Trained: what reaches one generator while a new discriminator learns to tell its points from the
ring's; trainings with both losses by plain gradient descent (Adam divides by the gradient's size,
which is the point here); the Gaussian with DCGAN and FGAN on the bimodal target.

Reference: Goodfellow et al. 2014 (arXiv 1406.2661), section 3; Arjovsky & Bottou 2017 (arXiv
1701.04862), theorems 2.4 and 2.5 and figures 2 and 3; Shannon et al. 2020 (arXiv 2010.08029).
"""

import math

import keras
import numpy as np
import tensorflow as tf
from scipy import optimize

from gan_apps import plots
from gan_apps.experiments import densities, points
from gan_apps.experiments.findings import Figure, Findings, Table
from models import DCGAN, DIVERGENCES, FGAN, OBJECTIVES

SATURATING, NON_SATURATING = "minimax", "non_saturating"
NAMES = {SATURATING: "saturating, log(1 - D)", NON_SATURATING: "non-saturating, -log D"}
# The bimodal target: weights, means, deviations.
TARGET = ((0.4, 0.6), (-2.0, 2.0), (0.6, 0.6))
GRID = np.linspace(-30.0, 30.0, 12001)
CELL = GRID[1] - GRID[0]
# Generators (mu, sigma) at which the identity is tried.
PLACES = ((0.0, 1.0), (1.5, 0.8), (-3.0, 1.2), (5.0, 2.0))
# Between N(distance, 1) and N(0, 1).
DISTANCES = np.linspace(0.0, 8.0, 33)
# Of every fit, on the side of the heavier mode.
START = (1.0, 0.7)
RING_DEVIATION = 0.02
MINIBATCH_SIZE = 256
LATENT_DIM, WIDTHS = 2, (64, 64)
# The generator's last kernel at the beginning, as a share of the usual.
MIDDLE = 0.1
# Where a Gaussian begins that has N(0, 1) to learn, and its rate of plain gradient descent.
FAR = (6.0, 1.0)
RATE = 0.05


def log_target(x):
    """Logarithm of the target's density."""
    return densities.log_mixture(x, *TARGET)


def reverse_kl(log_p, log_q):
    """KL(P_g, P_r) for P_r = p, P_g = q."""
    return densities.kl(log_q, log_p, CELL)


def softened_reverse_kl(log_p, log_q):
    """2 KL((P_g + P_r) / 2, P_r): what the non-saturating generator descends."""
    log_m = np.logaddexp(log_p, log_q) - math.log(2.0)
    return 2.0 * densities.kl(log_m, log_p, CELL)


# What a Gaussian can be fitted by, as functions of (log p, log q) on GRID, and how it is trained.
FITS = {
    "kl": lambda log_p, log_q: densities.kl(log_p, log_q, CELL),
    "reverse_kl": reverse_kl,
    SATURATING: lambda log_p, log_q: 2.0 * densities.jensen_shannon(log_p, log_q, CELL),
    NON_SATURATING: softened_reverse_kl,
}
FIT_LABELS = {
    "kl": "KL(P_r, P_g), maximum likelihood",
    "reverse_kl": "KL(P_g, P_r), reverse KL",
    SATURATING: "2 JSD, saturating loss",
    NON_SATURATING: "KL(P_g, P_r) - 2 JSD, non-saturating",
}


def slope(function, at, step=1e-4):
    """The gradient of function(array) at the array `at`, by central differences."""
    at = np.asarray(at, np.float64)
    ways = step * np.eye(len(at))
    return np.array([(function(at + way) - function(at - way)) / (2.0 * step) for way in ways])


def sampled_gradient(name, log_p, place):
    """grad of E_z[generator loss(D*(mu + sigma z))] at (mu, sigma), with D* as it is there.

    Args:
      name: str. A key of OBJECTIVES.
      log_p: function of x.
      place: (mu, sigma) of the generator and of the q in D* = p / (p + q).
    """
    z = np.linspace(-12.0, 12.0, 8001)
    weight = np.exp(densities.log_normal(z, 0.0, 1.0)) * (z[1] - z[0])
    loss = OBJECTIVES[name].generator

    def mean_loss(moved):
        x = moved[0] + moved[1] * z
        # The raw score of D*: sigmoid(log p - log q) = p / (p + q).
        scores = log_p(x) - densities.log_normal(x, *place)
        return float(np.sum(weight * loss(tf.constant(scores)).numpy()))

    return slope(mean_loss, place)


def divergence_gradient(name, log_p, place):
    """grad of a row of FITS at (mu, sigma)."""
    log_p = log_p(GRID)
    return slope(lambda at: FITS[name](log_p, densities.log_normal(GRID, *at)), place)


def difference_gradient(log_p, place):
    """grad[KL(P_g, P_r) - 2 JSD(P_g, P_r)] at (mu, sigma): the lecture's right side."""
    return divergence_gradient("reverse_kl", log_p, place) - divergence_gradient(
        SATURATING, log_p, place
    )


def moments(weights, means, deviations):
    """(mean, standard deviation) of a mixture: the Gaussian of maximum likelihood."""
    weights, means, deviations = map(np.asarray, (weights, means, deviations))
    mean = np.sum(weights * means)
    return float(mean), float(np.sqrt(np.sum(weights * (deviations**2 + means**2)) - mean**2))


def best_gaussian(name):
    """(mu, sigma, divergence) of the Gaussian nearest to the target, from every likely start."""
    log_p = log_target(GRID)

    def value(at):
        return FITS[name](log_p, densities.log_normal(GRID, at[0], math.exp(at[1])))

    starts = [moments(*TARGET), *zip(*TARGET[1:], strict=True)]
    options = {"xatol": 1e-7, "fatol": 1e-11}
    found = [
        optimize.minimize(value, (mu, math.log(sigma)), method="Nelder-Mead", options=options)
        for mu, sigma in starts
    ]
    best = min(found, key=lambda result: result.fun)
    return float(best.x[0]), float(math.exp(best.x[1])), float(best.fun)


def generator_gradients(model, latents):
    """{objective: norm of the generator's gradient, float64 [stack]} against D as it is now."""
    generator, norms = model.generator, {}
    for name in NAMES:
        with tf.GradientTape() as tape:
            images = generator({"latents": latents})
            scores = model.discriminator({"images": images})
            # The repetitions' means, added: each gradient is that of one repetition.
            loss = generator.stack * tf.reduce_mean(OBJECTIVES[name].generator(scores))
        squares = [
            np.sum(np.square(gradient, dtype=np.float64), axis=(1, 2))
            for gradient in tape.gradient(loss, generator.trainable_variables)
        ]
        norms[name] = np.sqrt(np.sum(squares, axis=0))
    return norms


def ring_gradients(options):
    """(discriminator updates done, {objective: gradient norms [times, stack]}) at the beginning.

    The generator stays as it begins, with its points in the middle of the ring.
    """
    keras.utils.set_random_seed(options.seed)
    stack = options.num_seeds
    generator = points.PointGenerator(stack, LATENT_DIM, WIDTHS)
    generator.last.kernels.assign(MIDDLE * generator.last.kernels)
    model = DCGAN(
        {
            "generator": generator,
            "averaged_generator": points.PointGenerator(stack, LATENT_DIM, WIDTHS),
            "discriminator": points.PointDiscriminator(stack, WIDTHS),
        },
        objective=OBJECTIVES[NON_SATURATING],
        generator_steps=0,
        seed=options.seed,
    )
    optimizers = {
        "discriminator": keras.optimizers.Adam(1e-3, beta_1=0.5),
        "generator": keras.optimizers.SGD(0.0),
    }
    model.compile(optimizers)
    iterations = options.sized(quick=100, default=1000, full=10000)
    times = np.unique(np.linspace(0, iterations, 26).astype(int))
    latents = tf.random.stateless_normal((stack * 512, LATENT_DIM), (options.seed, 3))
    norms = {name: [] for name in NAMES}

    def watch(_):
        for name, values in generator_gradients(model, latents).items():
            norms[name].append(values)

    points.train(
        model,
        points.gaussians(points.ring(), RING_DEVIATION),
        iterations,
        MINIBATCH_SIZE,
        what="a discriminator",
        watch=watch,
        watched=times,
    )
    return times, {name: np.array(values) for name, values in norms.items()}


def exact_path(name, start, rate, steps):
    """(mu, sigma) [steps + 1, 2] of gradient descent against D* of N(0, 1) at every step."""
    path = [np.array(start)]
    for _ in range(steps):
        path.append(path[-1] - rate * divergence_gradient(name, log_standard, path[-1]))
    return np.array(path)


def log_standard(x):
    """Logarithm of the standard normal density."""
    return densities.log_normal(x, 0.0, 1.0)


def learned_path(name, options, iterations):
    """mu [iterations + 1, stack] of a Gaussian that begins at FAR and has N(0, 1) to learn."""
    draw = lambda count, key: tf.random.stateless_normal((count, 1), key)
    model = _gaussian_model(name, FAR, "relu", options, discriminator_steps=5)
    optimizers = {
        "discriminator": keras.optimizers.Adam(2e-3, beta_1=0.5),
        "generator": keras.optimizers.SGD(RATE),
    }
    model.compile(optimizers)
    path = []
    watch = lambda _: path.append(np.ravel(model.generator.last.biases))
    watched = range(iterations + 1)
    points.train(
        model, draw, iterations, MINIBATCH_SIZE, what=NAMES[name], watch=watch, watched=watched
    )
    return np.array(path)


def _gaussian_model(name, start, activation, options, **loop):
    """The suite's model whose generator is mu + sigma z, from (mu, sigma) = start."""
    keras.utils.set_random_seed(options.seed)
    stack = options.num_seeds
    # One layer without an activation: mu is its bias, sigma the size of its kernel.
    names = ("generator", "averaged_generator")
    networks = {name: points.PointGenerator(stack, 1, (), coordinates=1) for name in names}
    for generator in networks.values():
        generator.last.biases.assign(tf.fill((stack, 1, 1), start[0]))
        generator.last.kernels.assign(tf.fill((stack, 1, 1), start[1]))
    networks["discriminator"] = points.PointDiscriminator(stack, WIDTHS, 1, activation)
    loop = {"seed": options.seed, **loop}
    if name in OBJECTIVES:
        return DCGAN(networks, objective=OBJECTIVES[name], **loop)
    return FGAN(networks, divergence=DIVERGENCES[name], generator_objective="exact", **loop)


def learned_gaussian(name, options):
    """(mu [stack], sigma [stack]) of the Gaussian that the suite's own model fits to the target."""
    model = _gaussian_model(name, START, "tanh", options, discriminator_steps=2)
    iterations = options.sized(quick=150, default=2000, full=20000)
    decay = lambda: keras.optimizers.schedules.CosineDecay(5e-3, iterations, alpha=0.02)
    optimizer = lambda: keras.optimizers.Adam(decay(), beta_1=0.5)
    model.compile({"discriminator": optimizer(), "generator": optimizer()})
    tail = []

    def watch(_):
        layer = model.generator.last
        tail.append([np.ravel(layer.biases), np.abs(np.ravel(layer.kernels))])

    watched = range(3 * iterations // 4, iterations + 1, max(iterations // 100, 1))
    what = f"a Gaussian by {name}"
    points.train(model, target, iterations, MINIBATCH_SIZE, what=what, watch=watch, watched=watched)
    return np.mean(tail, axis=0)


def target(count, key):
    """Samples [count, 1] of the target, for points.train."""
    weights, means, deviations = TARGET
    first = tf.random.stateless_uniform((count, 1), key) < weights[0]
    normal = tf.random.stateless_normal((count, 1), key + 1)
    return tf.where(first, *means) + tf.where(first, *deviations) * normal


def run(options, folder):
    """Checks the identity, trains with each loss; returns what was found."""
    identity = [_identity(place) for place in PLACES]
    times, norms = ring_gradients(options)
    steps = options.sized(quick=20, default=200, full=1000)
    paths = {
        name: (exact_path(name, FAR, RATE, steps)[:, 0], learned_path(name, options, steps))
        for name in NAMES
    }
    fits = {name: _fit(name, options) for name in FITS}
    slopes = _slopes_by_distance()
    _draw_losses(folder / "losses.png", slopes)
    _draw_beginning(folder / "beginning.png", times, norms, paths)
    _draw_fits(folder / "fits.png", fits)
    results = {
        "identity": identity,
        "slopes": {"distance": DISTANCES, **slopes},
        "discriminator_learns": {
            name: {"first": np.mean(values[0]), "last": np.mean(values[-1])}
            for name, values in norms.items()
        },
        "beginning": {
            name: {"start": FAR[0], "exact": exact[-1], "learned": np.mean(learned[-1])}
            for name, (exact, learned) in paths.items()
        },
        "fits": fits,
    }
    return Findings(
        title="The generator's loss",
        claim="log(1 - D) is slow at the beginning, so the real implementation minimises -log D; "
        "at the best discriminator its gradient is grad[KL(P_g, P_r) - 2 JSD(P_g, P_r)]. The "
        "reverse KL drops modes, and the minus sign drives the distributions apart: lecture "
        '4 ("Improved GAN"), and Arjovsky & Bottou 2017.',
        answer=_answer(results, steps),
        results=results,
        tables=_tables(results),
        figures=(
            Figure(
                file="losses.png",
                caption="Left: the two losses of one generated point. Where the discriminator is "
                "sure (D near 0) log(1 - D) is flat and -log D steep. Right: the exact slope that "
                "each gives a generator N(distance, 1) when the data are N(0, 1), beside the "
                "earth mover's distance, whose slope is 1 everywhere.",
            ),
            Figure(
                file="beginning.png",
                caption="Left: the gradient that reaches a generator at its beginning while a new "
                "discriminator learns; mean of the repetitions, band from least to most. Right: "
                f"a Gaussian that begins at {FAR[0]:g} and has to come to 0 by plain gradient "
                "descent: trained, and exactly with the best discriminator at every step. The "
                "trained discriminator begins without knowledge and follows behind.",
            ),
            Figure(
                file="fits.png",
                caption="One Gaussian for two modes. Maximum likelihood and 2 JSD spread over "
                "both; the reverse KL, and the non-saturating loss with it, keep one. Lines are "
                "the exact optima, dots what the suite's own models learned.",
            ),
        ),
    )


def _identity(place):
    left = sampled_gradient(NON_SATURATING, log_target, place)
    right = difference_gradient(log_target, place)
    softened = divergence_gradient(NON_SATURATING, log_target, place)
    return {
        "mu": place[0],
        "sigma": place[1],
        "generator_loss": left,
        "kl_minus_2_jsd": right,
        "softened": softened,
        "difference": float(max(np.abs(left - right).max(), np.abs(left - softened).max())),
    }


def _fit(name, options):
    mu, sigma, value = best_gaussian(name)
    means, deviations = learned_gaussian(name, options)
    return {
        "mu_exact": mu,
        "sigma_exact": sigma,
        "divergence": value,
        "mu": float(np.mean(means)),
        "sigma": float(np.mean(deviations)),
    }


def _slopes_by_distance():
    return {
        name: np.array(
            [divergence_gradient(name, log_standard, (distance, 1.0))[0] for distance in DISTANCES]
        )
        for name in NAMES
    }


def _answer(results, steps):
    worst = max(row["difference"] for row in results["identity"])
    at_6 = int(np.argmin(np.abs(DISTANCES - FAR[0])))
    flat, steep = (results["slopes"][name][at_6] for name in NAMES)
    learns, path, fits = (results[key] for key in ("discriminator_learns", "beginning", "fits"))
    before, after = learns[SATURATING], learns[NON_SATURATING]
    resting = "; ".join(
        f"{FIT_LABELS[name]}: mu {fit['mu']:.2f}, sigma {fit['sigma']:.2f}"
        for name, fit in fits.items()
    )
    return (
        f"Both sides of the identity agree to {worst:.1g} at {len(PLACES)} generators. "
        f"{FAR[0]:g} standard deviations from the data the exact slope is {flat:.2g} with "
        f"log(1 - D) and {steep:.2g} with -log D. While a discriminator learns, the gradient that "
        f"reaches a generator goes from {before['first']:.2g} to {before['last']:.2g} with "
        f"the first and from {after['first']:.2g} to {after['last']:.2g} with the second. After "
        f"{steps} steps from {FAR[0]:g} the generator's mean is {path[SATURATING]['learned']:.2f} "
        f"(exact {path[SATURATING]['exact']:.2f}) with the first and "
        f"{path[NON_SATURATING]['learned']:.2f} (exact {path[NON_SATURATING]['exact']:.2f}) with "
        f"the second. With modes at {TARGET[1][0]:g} and {TARGET[1][1]:g}, a Gaussian comes to "
        f"rest at: {resting}. The minus sign is less of a defect than it looks: KL(P_g, P_r) - "
        "2 JSD is 2 KL((P_g + P_r) / 2, P_r), never negative and 0 only at P_g = P_r."
    )


def _tables(results):
    return (
        Table(
            caption="The identity at four generators N(mu, sigma^2): gradient with respect to "
            "(mu, sigma) of the non-saturating loss at the best discriminator, and of "
            "KL(P_g, P_r) - 2 JSD",
            columns=("mu", "sigma", "loss, mu", "KL-2JSD, mu", "loss, sigma", "KL-2JSD, sigma"),
            rows=tuple(
                (
                    row["mu"],
                    row["sigma"],
                    *(
                        float(row[side][axis])
                        for axis in range(2)
                        for side in ("generator_loss", "kl_minus_2_jsd")
                    ),
                )
                for row in results["identity"]
            ),
        ),
        Table(
            caption="The best Gaussian for two modes, exact and learned from the same start",
            columns=("descends", "mu*", "mu", "sigma*", "sigma", "divergence at the optimum"),
            rows=tuple(
                (
                    FIT_LABELS[name],
                    fit["mu_exact"],
                    fit["mu"],
                    fit["sigma_exact"],
                    fit["sigma"],
                    fit["divergence"],
                )
                for name, fit in results["fits"].items()
            ),
        ),
    )


def _draw_losses(path, slopes):
    belief = np.linspace(0.005, 0.995, 397)
    scores = tf.constant(np.log(belief) - np.log1p(-belief))
    with plots.drawing(path, columns=2, height=5.0) as (_, axes):
        left, right = axes[0]
        for number, (name, label) in enumerate(NAMES.items()):
            style = plots.line(number, markers=False)
            left.plot(belief, OBJECTIVES[name].generator(scores), label=label, **style)
            right.semilogy(DISTANCES[1:], slopes[name][1:], label=label, **style)
        right.axhline(1.0, label="earth mover's distance", **plots.line(2, markers=False))
        left.set_xlabel("D(G(z)), how real a generated point looks")
        left.set_ylabel("generator's loss")
        left.set_title("Flat where the generator is bad")
        right.set_xlabel("distance from the data, in standard deviations")
        right.set_ylabel("slope of the loss")
        right.set_title("The exact slope at the best discriminator")
        left.legend()
        right.legend(loc="lower left")


def _draw_beginning(path, times, norms, paths):
    with plots.drawing(path, columns=2, height=5.0) as (_, axes):
        left, right = axes[0]
        for number, (name, label) in enumerate(NAMES.items()):
            style = plots.line(number, markers=False)
            left.semilogy(times, norms[name].mean(axis=1), label=label, **style)
            band = norms[name].min(axis=1), norms[name].max(axis=1)
            left.fill_between(times, *band, color=style["color"], alpha=0.2, linewidth=0)
            exact, learned = paths[name]
            right.plot(learned.mean(axis=1), label=label, **style)
            right.plot(exact, color=style["color"], linewidth=0.9)
        right.plot([], [], color="#111111", linewidth=0.9, label="thin: exact")
        left.set_xlabel("updates of the discriminator")
        left.set_ylabel("norm of the generator's gradient")
        left.set_title("A better discriminator, a smaller or a larger gradient")
        right.set_xlabel("updates of the generator")
        right.set_ylabel("mean of the generator (data: 0)")
        right.set_title("Slow at the beginning")
        left.legend(loc="center right")
        right.legend(loc="center right")


def _draw_fits(path, fits):
    x = np.linspace(-6.0, 6.0, 601)
    places = {"kl": 0, SATURATING: 0, "reverse_kl": 1, NON_SATURATING: 1}
    titles = ("Spread over both modes", "One mode, the other dropped")
    with plots.drawing(path, columns=2, height=5.0, sharey=True) as (_, axes):
        for ax, title in zip(axes[0], titles, strict=True):
            ax.fill_between(x, np.exp(log_target(x)), color="#d9d9d9", label="data")
            ax.set_title(title)
            ax.set_xlabel("x")
        for number, (name, fit) in enumerate(fits.items()):
            ax, style = axes[0][places[name]], plots.line(number, markers=False)
            exact = densities.log_normal(x, fit["mu_exact"], fit["sigma_exact"])
            ax.plot(x, np.exp(exact), label=FIT_LABELS[name], **style)
            dots = x[number * 6 :: 24]
            learned = densities.log_normal(dots, fit["mu"], fit["sigma"])
            marker = plots.line(number)["marker"]
            ax.plot(dots, np.exp(learned), marker, color=style["color"])
        axes[0][0].set_ylabel("density")
        for ax in axes[0]:
            ax.set_ylim(0.0, 0.95)
            ax.legend(loc="upper left")
