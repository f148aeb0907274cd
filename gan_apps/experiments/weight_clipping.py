"""Weight clipping against the gradient penalty (lecture 4, "the problem"; lecture 2).

The lectures: with a clip a little too small the gradient fades by a factor in every layer, with one
a little too large it explodes, and between them lies a narrow band. The paper: clipped weights pile
up at the two ends, and the surface that a clipped discriminator learns is too simple.

The discriminator alone is trained, as WGAN and as WGANGP, against a generator that stays as it is:
the data plus normal noise of variance 1 (the paper's figure 1a). Exact beside it: what a layer of n
units whose weights are all c or -c multiplies a gradient by, half of its ReLUs open, which is
c sqrt(n / 2) for random signs and c n / 2 for equal ones; and the earth mover's distance of two
samples by their best assignment, which no discriminator divided by its largest slope can exceed.

Reference: Gulrajani et al. 2017 (arXiv 1704.00028), section 3 and figure 1.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from gan_apps import plots
from gan_apps.experiments import points
from gan_apps.experiments.findings import Figure, Findings, Table
from models import WGAN, WGANGP
from models.penalties import gradient_norms

CLIPS = (1e-1, 1e-2, 1e-3)
# WGAN's own, for the surfaces.
USUAL_CLIP = 1e-2
PENALTY = "penalty"
# The deep discriminator of the paper's figure 1b, and the one of its figure 1a, both narrower.
DEEP = (128,) * 11
SHALLOW = (128,) * 3
DEEP_DATASET = "Swiss roll"
# The paper's for slopes near 1; and its code's for points, as 10 holds the slope at 1 before its
# sign is found: the slope then is about 1 + W1 / (2 weight).
STRICT_WEIGHT, LOOSE_WEIGHT = 10.0, 0.1
# Latents of a point of the data, and of the noise that the generator adds.
DATA_LATENTS, NOISE_LATENTS = 3, 2
# A weight within this share of the clip is at an end.
AT_END = 0.01
# Of the plane that the surfaces are drawn on.
REACH = 2.5


def uniform(normals):
    """Normal numbers as uniform ones in [0, 1), by their distribution function."""
    below_one = 1.0 - 1e-6
    return tf.minimum(0.5 * (1.0 + tf.math.erf(normals / math.sqrt(2.0))), below_one)


def gaussians(centres, deviation):
    """Equally likely round Gaussians: normal latents [..., 3] -> points [..., 2]."""
    centres = tf.constant(centres, tf.float32)

    def sample(latents):
        modes = tf.cast(len(centres) * uniform(latents[..., 0]), tf.int32)
        return tf.gather(centres, modes) + deviation * latents[..., 1:]

    return sample


def swiss_roll(latents):
    """The spiral of points.swiss_roll, twice as large: normal latents [..., 3] -> [..., 2]."""
    angle = 1.5 * math.pi * (1.0 + 2.0 * uniform(latents[..., 0]))
    curve = tf.stack([angle * tf.cos(angle), angle * tf.sin(angle)], axis=-1)
    return curve / (2.25 * math.pi) + 0.03 * latents[..., 1:]


# In the paper's scales, about as wide as the generator's noise.
DATASETS = {
    "8 Gaussians": gaussians(points.ring(8, math.sqrt(2.0)), 0.0141),
    "25 Gaussians": gaussians(points.grid(5, math.sqrt(0.5)), 0.0177),
    DEEP_DATASET: swiss_roll,
}


def noisy(sample):
    """The generator: the data plus normal noise of variance 1, latents [..., 5] -> [..., 2]."""
    return lambda latents: sample(latents[..., :DATA_LATENTS]) + latents[..., DATA_LATENTS:]


def pair(sample, count, seed):
    """(real, fake), float32 [count, 2] each: samples of the data and of the generator."""
    latents = tf.random.stateless_normal((2, count, DATA_LATENTS + NOISE_LATENTS), (seed, 2))
    return sample(latents[0, :, :DATA_LATENTS]), noisy(sample)(latents[1])


def random_sign_factor(clip, units):
    """c sqrt(n / 2): a layer of weights c and -c times a gradient, in the mean of its square."""
    return clip * math.sqrt(units / 2.0)


def equal_sign_factor(clip, units):
    """c n / 2: the same where all signs agree, the most that half of n units can do."""
    return clip * units / 2.0


def share_clipped_at_first(clip, units):
    """The share of weights at an end once normal ones of deviation sqrt(2 / n) are clipped."""
    return math.erfc((1.0 - AT_END) * clip / math.sqrt(2.0) / math.sqrt(2.0 / units))


def trained(name, clip, widths, iterations, options, penalty_weight, stack=1):
    """A discriminator of the data set against its noisy copy; clip: float, or None for WGANGP."""
    keras.utils.set_random_seed(options.seed)
    sample = DATASETS[name]
    generator = points.FixedGenerator(stack, DATA_LATENTS + NOISE_LATENTS, noisy(sample))
    discriminator = points.PointDiscriminator(stack, widths)
    networks = {"generator": generator, "discriminator": discriminator}
    alone = {"discriminator_steps": 1, "generator_steps": 0, "seed": options.seed}
    if clip is None:
        model = WGANGP(networks, penalty_weight=penalty_weight, **alone)
        optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)
    else:
        model = WGAN(networks, clip=clip, **alone)
        optimizer = keras.optimizers.RMSprop(5e-4)
    model.compile({"discriminator": optimizer, "generator": keras.optimizers.SGD(0.0)})
    points.train(
        model,
        lambda count, key: sample(tf.random.stateless_normal((count, DATA_LATENTS), key)),
        iterations,
        minibatch_size=64,
        what=f"{name}, {kind_of(clip)}",
    )
    return discriminator


def kind_of(clip):
    """The name of a way to keep the discriminator Lipschitz, in tables and results."""
    return PENALTY if clip is None else f"clip {clip:g}"


def layer_norms(discriminator, rows):
    """Mean norm of the score's gradient at the input of each layer, float64 [layers, stack].

    Args:
      discriminator: points.PointDiscriminator.
      rows: float32 [n, coordinates]. Points for every repetition.
    """
    rows = tf.tile(rows, (discriminator.stack, 1))
    inputs = []
    with tf.GradientTape() as tape:
        for layer in discriminator.layers:
            tape.watch(rows)
            inputs.append(rows)
            rows = layer(rows)
            if layer is not discriminator.last:
                rows = discriminator.activation(rows)
    norms = []
    for gradient in tape.gradient(rows, inputs):
        # Squares of a vanished gradient are zero in float32.
        gradient = np.reshape(gradient, (discriminator.stack, -1, gradient.shape[-1]))
        norms.append(np.linalg.norm(gradient.astype(np.float64), axis=-1).mean(axis=1))
    return np.array(norms)


def factor_per_layer(norms):
    """The layers' common factor: (first norm / last norm) ** (1 / (layers - 1))."""
    return (norms[0] / norms[-1]) ** (1.0 / (len(norms) - 1))


def hidden_weights(discriminator):
    """Every weight between two hidden layers, flat."""
    return np.concatenate([np.ravel(layer.kernels) for layer in discriminator.body[1:]])


def share_at_ends(weights, clip):
    """The share of weights within AT_END of c or -c."""
    return float(np.mean(np.abs(weights) >= (1.0 - AT_END) * clip))


def slopes(discriminator, rows):
    """norm(grad D(x)) at points [n, coordinates], float32 [n]."""
    score = lambda images: discriminator({"images": images})[:, 0]
    return np.asarray(gradient_norms(score, tf.cast(rows, tf.float32)[:, None, None, :]))


def surface(discriminator, side):
    """(points [side**2, 2] of the drawn plane, scores [side, side])."""
    steps = np.linspace(-REACH, REACH, side)
    plane = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return plane, points.scores(discriminator, plane).reshape(side, side)


def estimate(discriminator, real, fake, plane):
    """(mean(D(x)) - mean(D(G(z)))) / the largest slope: what it says of W1, and the slopes."""
    largest = slopes(discriminator, np.concatenate([real, fake, plane])).max()
    difference = (
        points.scores(discriminator, real).mean() - points.scores(discriminator, fake).mean()
    )
    between = 0.5 * (np.asarray(real) + np.asarray(fake))
    return float(difference / largest), float(np.median(slopes(discriminator, between)))


def run(options, folder):
    """Trains the deep and the shallow discriminators; returns what was found."""
    gradients, weights = _deep(options)
    surfaces, drawn = _shallow(options)
    _draw_gradients(folder / "gradients.png", gradients)
    _draw_weights(folder / "weights.png", weights)
    _draw_surfaces(folder / "surfaces.png", drawn)
    return Findings(
        title="Weight clipping and the gradient penalty",
        claim="With a clip a little too small, the gradient shrinks in every layer and vanishes "
        "exponentially; a little too large, it explodes; the range between may be narrow: lecture "
        '4 ("Improved GAN"). The gradient penalty keeps the slope at 1 instead: lectures 0 '
        '("WGAN"), 2 ("Theory of Generative Adversarial Nets") and 4, and '
        "Gulrajani et al. 2017, figure 1.",
        answer=_answer(gradients, surfaces),
        results={"gradients": gradients, "surfaces": surfaces},
        tables=_tables(gradients, surfaces),
        figures=(
            Figure(
                file="gradients.png",
                caption=f"The gradient of a score on its way back through {len(DEEP) + 1} layers "
                "(from right to left), on a logarithmic axis. Thin lines: weights all c or -c, "
                "with random signs below, with equal signs above. What reaches layer 1 is what a "
                "generator would learn from.",
            ),
            Figure(
                file="weights.png",
                caption="The weights between the hidden layers after training. Clipped, they lie "
                "at both ends: with a small clip from the first clipping on, with a large one more "
                "and more, and on one side. With the penalty they keep the bell in which they "
                "began.",
            ),
            Figure(
                file="surfaces.png",
                caption="The learned score over the plane, lighter where it calls a point real; "
                "dots are the data. Clipped above, penalised below. Each panel has its own scale "
                "of scores.",
            ),
        ),
    )


def _deep(options):
    stack = options.sized(quick=1, default=options.num_seeds)
    iterations = options.sized(quick=60, default=400, full=3000)
    real, _ = pair(DATASETS[DEEP_DATASET], 512, options.seed)
    gradients, weights = {}, {}
    for clip in (*CLIPS, None):
        discriminator = trained(DEEP_DATASET, clip, DEEP, iterations, options, STRICT_WEIGHT, stack)
        # Repetitions differ by factors, so their mean is taken of the logarithms.
        norms = np.exp(np.mean(np.log(layer_norms(discriminator, real)), axis=1))
        kind = kind_of(clip)
        weights[kind] = hidden_weights(discriminator)
        gradients[kind] = {"norms": norms.tolist(), "factor": float(factor_per_layer(norms))}
        if clip is not None:
            gradients[kind] |= {
                "factor_random_signs": random_sign_factor(clip, DEEP[0]),
                "factor_equal_signs": equal_sign_factor(clip, DEEP[0]),
                "at_ends": share_at_ends(weights[kind], clip),
                "at_ends_at_first": share_clipped_at_first(clip, DEEP[0]),
            }
    return gradients, weights


def _shallow(options):
    iterations = options.sized(quick=100, default=2000, full=20000)
    count = options.sized(quick=200, default=500)
    side = options.sized(quick=41, default=101)
    found, drawn = {}, {}
    for name, sample in DATASETS.items():
        real, fake = pair(sample, count, options.seed)
        found[name] = {"exact": points.earth_movers_distance(real, fake)}
        for clip in (USUAL_CLIP, None):
            discriminator = trained(name, clip, SHALLOW, iterations, options, LOOSE_WEIGHT)
            plane, scores = surface(discriminator, side)
            value, slope = estimate(discriminator, real, fake, plane)
            found[name][kind_of(clip)] = {"estimate": value, "median_slope": slope}
            drawn[name, clip] = scores, real
    return found, drawn


def _answer(gradients, surfaces):
    reach = {kind: found["norms"][0] for kind, found in gradients.items()}
    factors = ", ".join(f"{found['factor']:.2g} with {kind}" for kind, found in gradients.items())
    clipped, penalised = (
        np.mean([found[kind]["estimate"] / found["exact"] for found in surfaces.values()])
        for kind in (kind_of(USUAL_CLIP), PENALTY)
    )
    ends = ", ".join(
        f"{found['at_ends']:.0%} ({kind}; {found['at_ends_at_first']:.0%} at the first clipping)"
        for kind, found in gradients.items()
        if "at_ends" in found
    )
    slopes = ", ".join(f"{norm:.2g} with {kind}" for kind, norm in reach.items())
    return (
        f"Each layer multiplies the gradient by {factors}. After {len(DEEP) + 1} layers the slope "
        f"at the points is {slopes}. Of the weights, {ends} lie at the ends. A discriminator "
        f"divided by its largest slope shows {clipped:.0%} of the exact earth mover's distance "
        f"with clip {USUAL_CLIP:g} and {penalised:.0%} with the penalty (mean of {len(surfaces)} "
        "data sets)."
    )


def _tables(gradients, surfaces):
    columns = ("factor_random_signs", "factor_equal_signs", "at_ends", "at_ends_at_first")
    clipped = kind_of(USUAL_CLIP)
    return (
        Table(
            caption=f"A discriminator of {len(DEEP) + 1} layers, {DEEP[0]} wide, on the "
            f"{DEEP_DATASET}",
            columns=(
                "discriminator",
                "slope at the points",
                "factor per layer",
                "exact, random signs",
                "exact, equal signs",
                "weights at the ends",
                "exact, at the first clipping",
            ),
            rows=tuple(
                (
                    kind,
                    found["norms"][0],
                    found["factor"],
                    *(found.get(name, "") for name in columns),
                )
                for kind, found in gradients.items()
            ),
        ),
        Table(
            caption="Earth mover's distance between the data and their noisy copy: exact, and "
            "shown by a discriminator divided by its largest slope (never more than exact)",
            columns=(
                "data",
                "exact W1",
                clipped,
                PENALTY,
                f"slope, {clipped}",
                f"slope, {PENALTY}",
            ),
            rows=tuple(
                (
                    name,
                    found["exact"],
                    found[clipped]["estimate"],
                    found[PENALTY]["estimate"],
                    found[clipped]["median_slope"],
                    found[PENALTY]["median_slope"],
                )
                for name, found in surfaces.items()
            ),
        ),
    )


def _draw_gradients(path, gradients):
    layers = np.arange(1, len(DEEP) + 2)
    with plots.drawing(path, height=6.5) as (_, axes):
        (ax,) = axes[0]
        for number, (kind, found) in enumerate(gradients.items()):
            style = plots.line(number)
            ax.semilogy(layers, found["norms"], label=kind, **style)
            if kind == PENALTY:
                continue
            for factor in (found["factor_random_signs"], found["factor_equal_signs"]):
                exact = found["norms"][-1] * factor ** (layers[-1] - layers)
                ax.semilogy(layers, exact, color=style["color"], linewidth=0.8)
        ax.plot([], [], color="#111111", linewidth=0.8, label="exact: random, equal signs")
        ax.set_ylim(1e-28, 1e13)
        ax.set_xticks(layers)
        ax.set_xlabel("layer (1 takes the points)")
        ax.set_ylabel("norm of the score's gradient")
        ax.set_title("A clipped gradient explodes or vanishes; a penalised one does neither")
        ax.legend(loc="lower right")


def _draw_weights(path, weights):
    with plots.drawing(path, columns=len(weights), height=4.2) as (_, axes):
        for number, (ax, (kind, values)) in enumerate(zip(axes[0], weights.items(), strict=True)):
            reach = np.abs(values).max()
            share = np.full(len(values), 1.0 / len(values))
            ax.hist(values, bins=51, range=(-reach, reach), weights=share, color=plots.REAL)
            ax.set_title(kind)
            ax.set_xticks([-reach, 0.0, reach], [f"{-reach:.2g}", "0", f"{reach:.2g}"])
            ax.set_xlabel("weight")
            plots.shares_along(ax.yaxis)
            if not number:
                ax.set_ylabel("share of the weights")


def _draw_surfaces(path, drawn):
    names = list(dict.fromkeys(name for name, _ in drawn))
    rows = {USUAL_CLIP: kind_of(USUAL_CLIP), None: PENALTY}
    with plots.drawing(path, rows=len(rows), columns=len(names), height=8.2) as (_, axes):
        for row, (clip, kind) in zip(axes, rows.items(), strict=True):
            for ax, name in zip(row, names, strict=True):
                scores, real = drawn[name, clip]
                steps = np.linspace(-REACH, REACH, len(scores))
                # The outskirts are not what the surfaces differ in.
                levels = np.linspace(np.quantile(scores, 0.3), scores.max(), 17)
                ax.contourf(steps, steps, scores, levels=levels, extend="min")
                ax.contour(
                    steps,
                    steps,
                    scores,
                    levels=levels,
                    colors="white",
                    linewidths=0.6,
                    linestyles="-",
                )
                ax.scatter(*np.transpose(real), s=7, color="#c0392b", edgecolors="none")
                ax.set_aspect("equal")
                ax.set_xticks([-2, 0, 2])
                ax.set_yticks([-2, 0, 2])
                ax.grid(False)
                ax.set_title(f"{name}, {kind}")
