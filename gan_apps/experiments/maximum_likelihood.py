"""Why not simply fit a density by maximum likelihood? (lecture 2; lecture 3's classical answer)

The mean log-likelihood of samples of P under a model Q tends to -H(P, Q), and

    H(P, Q) = H(P) + KL(P || Q),    cross-entropy = entropy + divergence

with an H(P) that no model changes: the most likely model is the one with the smallest KL. Shown on
a code of four symbols in bits, and on the mixture that one Gaussian approximates: KL is smallest at
the mixture's own mean and deviation, to which those of samples tend. Entropies of densities are by
quadrature in float64.

Lecture 2 goes on: with a Gaussian mixture for a model the best parameters still make Gaussians,
"this only can generate a few blobs". Mixtures are fitted to images of digits by expectation
maximisation (scikit-learn) and drawn from, beside a GAN on the same images. Log-likelihoods are per
image, of its 784 pixels in [-1, 1], in nats; a GAN has none. Precision and coverage say how much of
what is drawn looks like a real digit and how many of the real ones are reached, on images of 14x14
and with as many pictures as there are test digits, whose own numbers say what real ones get. A
model that has learnt its images by heart exceeds them.

Reference: Goodfellow 2016 (arXiv 1701.00160), section 2; Kynkaanniemi et al. 2019 (arXiv
1904.06991); Naeem et al. 2020 (arXiv 2002.09797).
"""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import models
from gan_apps import plots
from gan_apps.data import sources
from gan_apps.data.minibatches import minibatches
from gan_apps.drawing import pictures
from gan_apps.evaluation.metrics import manifold_metrics
from gan_apps.experiments.densities import kl, log_normal
from gan_apps.experiments.fgan_gaussian import DEVIATIONS, GRID, MEANS, WEIGHTS, log_data
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.operating_system import quiet
from gan_apps.operating_system.progress import progress

CELL = GRID[1] - GRID[0]
SIZES = (10, 100, 1000, 10000, 100000)
SYMBOLS = (0.5, 0.25, 0.125, 0.125)
CODES = {"uniform": (0.25,) * 4, "reversed": SYMBOLS[::-1], "P itself": SYMBOLS}
# Components and scikit-learn's name of their covariances.
MIXTURES = {
    "1 Gaussian": (1, "full"),
    "10 blobs": (10, "diag"),
    "100 blobs": (100, "diag"),
    "10 Gaussians": (10, "full"),
}
# Added to every variance, for pixels that are always black: a deviation of 0.1.
LEAST_VARIANCE = 0.01
LATENT_DIM, BATCH_SIZE, LEARNING_RATE = 32, 64, 5e-4
GENERATOR_WIDTHS, DISCRIMINATOR_WIDTHS = (64, 32), (32, 64, 64)
SHOWN, DRAWN = 12, 1000


def entropy(p):
    """-sum(p log2(p)): the mean length of the best code's words, in bits."""
    return cross_entropy(p, p)


def cross_entropy(p, q):
    """-sum(p log2(q)): the mean length in bits of words of the best code for q."""
    return float(-np.sum(np.asarray(p) * np.log2(q)))


def kl_bits(p, q):
    """sum(p log2(p / q)): the bits that the wrong code wastes."""
    return float(np.sum(np.asarray(p) * np.log2(np.asarray(p) / np.asarray(q))))


def moments():
    """Mean and deviation of the mixture: the Gaussian with the smallest KL(P || Q)."""
    mean = sum(w * m for w, m in zip(WEIGHTS, MEANS, strict=True))
    parts = zip(WEIGHTS, MEANS, DEVIATIONS, strict=True)
    return mean, math.sqrt(sum(w * (s**2 + (m - mean) ** 2) for w, m, s in parts))


def density_entropies(mu, sigma):
    """{"entropy", "cross_entropy", "kl"} of the mixture and N(mu, sigma), an integral each."""
    log_p, log_q = log_data(GRID), log_normal(GRID, mu, sigma)
    mean = lambda values: float(np.sum(np.exp(log_p) * values) * CELL)
    return {"entropy": -mean(log_p), "cross_entropy": -mean(log_q), "kl": kl(log_p, log_q, CELL)}


def mixture_samples(count, random):
    """Samples [count] of the mixture."""
    first = random.random(count) < WEIGHTS[0]
    return np.where(first, *MEANS) + np.where(first, *DEVIATIONS) * random.standard_normal(count)


def likelihood(samples, mu, sigma):
    """The mean log-likelihood of samples under N(mu, sigma)."""
    return float(np.mean(log_normal(samples, mu, sigma)))


def most_likely(samples):
    """(mu, sigma) of the Gaussian under which samples are most likely."""
    return float(np.mean(samples)), float(np.std(samples))


def as_points(images):
    """uint8 images [n, 28, 28, 1] as rows of 784 numbers in [-1, 1]."""
    return images.reshape(len(images), -1) / 127.5 - 1.0


def features(images):
    """uint8 images [n, 28, 28, 1] as rows of 14x14 means, in which a pixel's noise is small."""
    return images.reshape(len(images), 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(images), -1)


def fitted(name, real, test, options):
    """A mixture of MIXTURES fitted to real images.

    Returns:
      (DRAWN images uint8 drawn from it, {"train", "test"}: mean log-likelihoods).
    """
    components, covariance = MIXTURES[name]
    mixture = GaussianMixture(
        components,
        covariance_type=covariance,
        reg_covar=LEAST_VARIANCE,
        max_iter=options.sized(3, 15),
        # Converged or not, it is the best of its iterations.
        tol=1e-3,
        random_state=options.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(as_points(real))
    rows = mixture.sample(DRAWN)[0]
    # They come component by component.
    np.random.default_rng(options.seed).shuffle(rows)
    scores = {"train": mixture.score(as_points(real)), "test": mixture.score(as_points(test))}
    return pictures.to_bytes(rows).reshape(-1, *real.shape[1:]), scores


def trained_gan(data, options):
    """DRAWN images uint8 of a DCGAN trained on the images of a data.columns.Data."""
    keras.utils.set_random_seed(options.seed)
    quiet.without_remapper()
    networks = models.pair(
        generator={"latent_dim": LATENT_DIM, "widths": GENERATOR_WIDTHS},
        discriminator={"widths": DISCRIMINATOR_WIDTHS},
    )
    model = models.DCGAN(networks, objective=models.OBJECTIVES["non_saturating"], seed=options.seed)
    optimizer = lambda: keras.optimizers.Adam(LEARNING_RATE, 0.5)
    model.compile({"discriminator": optimizer(), "generator": optimizer()})
    order = minibatches(data.unconditional(), model.players, BATCH_SIZE, options.seed)
    for number in progress(range(options.sized(1, 60)), "GAN"):
        epoch = order.iterations(number * order.steps_per_epoch).take(order.steps_per_epoch)
        model.fit(epoch, shuffle=False, verbose=0)
    latents = tf.random.stateless_normal((DRAWN, LATENT_DIM), (options.seed, 1))
    images = model.averaged_generator({"latents": latents}, training=False)
    return pictures.to_bytes(images)


def run(options, folder):
    random = np.random.default_rng(options.seed)
    mean, deviation = moments()
    sizes = SIZES[:3] if options.quick else SIZES
    samples = mixture_samples(max(sizes), random)
    found = {size: most_likely(samples[:size]) for size in sizes}
    codes = {
        name: {
            "entropy": entropy(SYMBOLS),
            "cross_entropy": cross_entropy(SYMBOLS, code),
            "kl": kl_bits(SYMBOLS, code),
        }
        for name, code in CODES.items()
    }
    train, test = (sources.load("digits", split) for split in ("train", "test"))
    drawn, likelihoods = {"real": test.images}, {}
    for name in progress(QUICK_MIXTURES if options.quick else MIXTURES, "mixtures"):
        drawn[name], likelihoods[name] = fitted(name, train.images, test.images, options)
    drawn["GAN"] = trained_gan(train, options)
    digits = {
        name: {
            **likelihoods.get(name, {}),
            **manifold_metrics(features(train.images), features(images[: len(test.images)])),
        }
        for name, images in drawn.items()
    }
    results = {
        "codes": codes,
        "gaussian": {
            "mu_exact": mean,
            "sigma_exact": deviation,
            "at_best": density_entropies(mean, deviation),
            "samples": {
                size: {"mu": mu, "sigma": sigma, **density_entropies(mu, sigma)}
                for size, (mu, sigma) in found.items()
            },
        },
        "digits": digits,
    }
    draw_likelihood(folder / "likelihood.png", samples, sizes, results["gaussian"])
    draw_digits(folder / "digits.png", drawn)
    return Findings(
        title="Maximum likelihood, and why it is not enough",
        claim="Maximum likelihood is minimum KL(P_data || P_G), since the data's entropy is given; "
        "but a Gaussian mixture as P_G can only generate a few blobs, so a network takes its "
        'place: lecture 2 ("Theory of Generative Adversarial Nets").',
        answer=_answer(results),
        results=results,
        tables=_tables(results),
        figures=FIGURES,
    )


def _answer(results):
    gaussian, digits = results["gaussian"], results["digits"]
    largest = max(gaussian["samples"])
    most = gaussian["samples"][largest]
    parts = [*results["codes"].values(), gaussian["at_best"], *gaussian["samples"].values()]
    gap = max(abs(part["cross_entropy"] - part["entropy"] - part["kl"]) for part in parts)
    best = gaussian["at_best"]
    blobs, gan, real = digits["10 blobs"], digits["GAN"], digits["real"]
    answer = (
        "Cross-entropy is entropy plus KL to "
        f"{gap:.0e} wherever it was looked at. The Gaussian with the smallest KL has mean "
        f"{gaussian['mu_exact']:.4f} and deviation {gaussian['sigma_exact']:.4f}; the likeliest "
        f"for {largest:,} samples has {most['mu']:.4f} and {most['sigma']:.4f}, a KL of "
        f"{most['kl']:.4f} against {best['kl']:.4f}. Of what ten blobs draw, "
        f"{blobs['precision']:.0%} lies among the real digits and {blobs['coverage']:.0%} of the "
        f"real ones are reached; of the GAN's pictures {gan['precision']:.0%} and "
        f"{gan['coverage']:.0%}, of real test digits {real['precision']:.0%} and "
        f"{real['coverage']:.0%}."
    )
    if "100 blobs" in digits:
        many, full = digits["100 blobs"], digits["10 Gaussians"]
        answer += (
            " A hundred blobs learn the images by heart: a log-likelihood of "
            f"{many['train']:.0f} on them, {many['test']:.0f} on others. On digits as small as "
            "these ten Gaussians with all their covariances do better than the lecture says: "
            f"{full['precision']:.0%} and {full['coverage']:.0%}, of {FULL_NUMBERS:,} parameters."
        )
    return answer


# Means and covariances of ten Gaussians in 784 dimensions, and their weights.
FULL_NUMBERS = 10 * (784 + 784 * 785 // 2) + 9
QUICK_MIXTURES = ("10 blobs",)


def _tables(results):
    gaussian = results["gaussian"]
    columns = ("entropy", "cross_entropy", "kl")
    rows = [
        (f"{size:,} samples", one["mu"], one["sigma"], *(one[name] for name in columns))
        for size, one in gaussian["samples"].items()
    ]
    exact = gaussian["mu_exact"], gaussian["sigma_exact"]
    rows.append(("smallest KL", *exact, *(gaussian["at_best"][name] for name in columns)))
    return (
        Table(
            caption="Code words for four symbols of P = 1/2, 1/4, 1/8, 1/8: mean length in bits",
            columns=("code made for", "entropy of P", "length (cross-entropy)", "KL"),
            rows=tuple(
                (name, *(one[column] for column in columns))
                for name, one in results["codes"].items()
            ),
        ),
        Table(
            caption="The likeliest Gaussian for samples of a mixture (nats)",
            columns=("fitted to", "mu", "sigma", "H(P)", "H(P, Q)", "KL(P || Q)"),
            rows=tuple(rows),
        ),
        Table(
            caption="Digits: log-likelihood per image (nats), and what is drawn beside real ones",
            columns=("model", "train images", "test images", "precision", "coverage"),
            rows=tuple(
                (
                    "real test digits" if name == "real" else name,
                    one.get("train", "-"),
                    one.get("test", "-"),
                    one["precision"],
                    one["coverage"],
                )
                for name, one in results["digits"].items()
            ),
        ),
    )


def draw_likelihood(path, samples, sizes, gaussian):
    """The mixture and its likeliest Gaussian; KL and minus log-likelihood along the mean."""
    mean, deviation = gaussian["mu_exact"], gaussian["sigma_exact"]
    means = np.linspace(mean - 2.0, mean + 2.0, 81)
    along = [density_entropies(mu, deviation) for mu in means]
    with plots.drawing(path, columns=2, height=5.0) as (_, (axes,)):
        axes[0].fill_between(GRID, np.exp(log_data(GRID)), color="#cccccc", label="P, the data")
        best = np.exp(log_normal(GRID, mean, deviation))
        axes[0].plot(GRID, best, **plots.line(1, markers=False), label="Q, smallest KL")
        axes[0].set(title="The best Gaussian is none of the humps", xlim=(-5, 8))
        axes[0].set(xlabel="x", ylabel="density")
        axes[0].legend()
        for number, name, label in (
            (0, "cross_entropy", "cross-entropy H(P, Q)"),
            (1, "kl", "KL(P || Q)"),
        ):
            values = [one[name] for one in along]
            axes[1].plot(means, values, **plots.line(number, markers=False), label=label)
        for number, size in enumerate((sizes[0], sizes[1]), 2):
            values = [-likelihood(samples[:size], mu, deviation) for mu in means]
            axes[1].plot(
                means,
                values,
                **plots.line(number, markers=False),
                label=f"-log-likelihood, {size} samples",
            )
        axes[1].axvline(mean, color="#999999", linewidth=1)
        arrow = {"arrowstyle": "<->", "color": "#555555"}
        ends = gaussian["at_best"]["kl"], gaussian["at_best"]["cross_entropy"]
        axes[1].annotate("", (mean, ends[0]), (mean, ends[1]), arrowprops=arrow)
        axes[1].text(mean + 0.07, sum(ends) / 2, f"entropy H(P) = {ends[1] - ends[0]:.3f}")
        axes[1].set(title="The same minimum, the entropy apart", xlabel="mean of Q", ylabel="nats")
        axes[1].set_ylim(0, 3.6)
        axes[1].legend(loc="upper center", ncols=2, fontsize=11)


def draw_digits(path, drawn):
    """Two rows of pictures of each model."""
    with plots.drawing(path, rows=len(drawn), width=9.0, height=1.75 * len(drawn)) as (_, axes):
        for (axis,), (name, images) in zip(axes, drawn.items(), strict=True):
            framed = np.pad(images[: 2 * SHOWN], ((0, 0), (2, 2), (2, 2), (0, 0)))
            axis.imshow(pictures.grid(framed, SHOWN)[..., 0], cmap="gray", vmin=0)
            axis.set_title("Real digits" if name == "real" else name)
            axis.set_axis_off()


FIGURES = (
    Figure(
        file="likelihood.png",
        caption="Left: one Gaussian cannot be the mixture; the likeliest covers both humps. Right: "
        "cross-entropy and KL differ by the data's entropy, which no model changes, so both are "
        "smallest at the same mean; the likelihood of samples comes near as they become more.",
    ),
    Figure(
        file="digits.png",
        caption="Real digits, Gaussian mixtures of maximum likelihood, and a GAN. Blobs are means "
        "with noise around them.",
    ),
)
