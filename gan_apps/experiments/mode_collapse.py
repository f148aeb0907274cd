"""Which GANs find all modes of simple data, and how well (lecture 2: eight Gaussians).

The data are a ring of 8 Gaussians (radius 1, deviation .01), a grid of 25 (spacing 2, deviation
.05) and a Swiss roll. Every algorithm trains the same narrow networks for as many generator
updates; the best recipe found, `annealed`, for more. Counted as in the literature, on 2,500
samples: a sample is of high quality within 3 deviations of its nearest mode (98.9 % of real ones
are), a mode is captured if it has one such sample, and the reverse KL is that of the histogram of
nearest modes against the uniform one, in nats.

References: Metz et al. 2017 (arXiv 1611.02163, Unrolled GAN); Srivastava et al. 2017 (arXiv
1705.07761, VEEGAN), whose protocol it is; Lin et al. 2018 (arXiv 1712.04086, PacGAN).
"""

import dataclasses
import json

import keras
import numpy as np
import tensorflow as tf

from gan_apps import plots
from gan_apps.experiments import points
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.operating_system import files
from models import DCGAN, DIVERGENCES, FGAN, OBJECTIVES, WGAN, WGANGP

NUM_SAMPLES = 2500
# High quality: within so many deviations of the nearest mode.
NEAR = 3.0
LATENT_DIM = 2
WIDTHS = (128, 128, 128)
MINIBATCH_SIZE = 256
SAMPLES = "samples.npz"


@dataclasses.dataclass(frozen=True)
class Modes:
    """Equally likely round Gaussians.

    Args:
      centres: float [modes, 2].
      deviation: float.
      scale: float. What the networks see is multiplied by it.
    """

    centres: np.ndarray
    deviation: float
    scale: float = 1.0

    @property
    def draw(self):
        return points.gaussians(self.scale * self.centres, self.scale * self.deviation)

    def counted(self, samples):
        """Modes captured, share of high quality and reverse KL of samples [n, 2]."""
        distances = np.linalg.norm(samples[:, None] - self.centres, axis=-1)
        nearest = distances.argmin(axis=1)
        good = distances.min(axis=1) <= NEAR * self.deviation
        shares = np.bincount(nearest, minlength=len(self.centres)) / len(samples)
        present = shares[shares > 0]
        return {
            "modes": len(np.unique(nearest[good])),
            "high_quality": float(good.mean()),
            "reverse_kl": float(np.sum(present * np.log(present * len(self.centres)))),
        }


@dataclasses.dataclass(frozen=True)
class Roll:
    """A Swiss roll, whose pictures are looked at; it has no modes to count."""

    scale: float = 1.0

    @property
    def draw(self):
        return points.swiss_roll()


# Scaled so that neighbours are half a unit apart: one noise suits both.
DATA = {
    "ring": Modes(points.ring(8, 1.0), 0.01, scale=0.65),
    "grid": Modes(points.grid(5, 2.0), 0.05, scale=0.25),
    "swiss_roll": Roll(),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an algorithm trains here; the settings are its paper's but for the learning rate, which
    is several times larger, since the networks are small and the training short.

    Args:
      model: class. A models.gan.AbstractGAN.
      arguments: dict. What it takes beside networks and seed.
      optimizer: function of a learning rate. Makes one of its two optimizers.
      learning_rate: float. At the start.
      falling: bool. Whether the rates fall to nothing along a cosine. Default False.
      longer: float. Its iterations, times those of the others. Default 1.
      spectral: bool. Whether the discriminator is spectrally normalised. Default False.
    """

    model: type
    arguments: dict = dataclasses.field(default_factory=dict)
    optimizer: object = lambda rate: keras.optimizers.Adam(rate, beta_1=0.5)
    learning_rate: float = 1e-3
    falling: bool = False
    longer: float = 1.0
    spectral: bool = False


def _gan(objective, **settings):
    return Recipe(model=DCGAN, arguments={"objective": OBJECTIVES[objective]}, **settings)


def _fgan(divergence):
    return Recipe(model=FGAN, arguments={"divergence": DIVERGENCES[divergence]})


FEW_DIVERGENCES = ("kl", "reverse_kl", "squared_hellinger")
RECIPES = {
    "minimax": _gan("minimax"),
    "non_saturating": _gan("non_saturating"),
    "lsgan": _gan("least_squares"),
    "wgan": Recipe(model=WGAN, optimizer=keras.optimizers.RMSprop, learning_rate=5e-4),
    # Gulrajani et al. 2017, released code for points: a weak penalty.
    "wgan_gp": Recipe(
        model=WGANGP,
        arguments={"penalty_weight": 0.1},
        optimizer=lambda rate: keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.9),
    ),
    "sn_gan": _gan("hinge", spectral=True),
    **{f"fgan_{name}": _fgan(name) for name in DIVERGENCES},
    # The best found: the lectures' noise on what the discriminator sees, which falls to nothing.
    "annealed": Recipe(
        model=DCGAN,
        arguments={"objective": OBJECTIVES["non_saturating"], "input_noise": 0.2},
        optimizer=lambda rate: keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.99),
        learning_rate=2e-3,
        falling=True,
        longer=14.0,
    ),
}
# Of the noise's fall: the last part of the training is without.
NOISY_SHARE = 0.8
BEST = "annealed"
MOMENTS = 24


def trained(name, options):
    """Trains a recipe on all data sets, `options.num_seeds` times each, side by side.

    Returns:
      (ints [moments], the iterations done; float32 [moments, data, seeds, NUM_SAMPLES, 2], samples
      then, in the data's own scale).
    """
    recipe = RECIPES[name]
    keras.utils.set_random_seed(options.seed)
    iterations = round(options.sized(quick=20, default=2000, full=20000) * recipe.longer)
    stack = len(DATA) * options.num_seeds
    networks = {
        "generator": points.PointGenerator(stack, LATENT_DIM, WIDTHS),
        "averaged_generator": points.PointGenerator(stack, LATENT_DIM, WIDTHS),
        "discriminator": points.PointDiscriminator(stack, WIDTHS, spectral=recipe.spectral),
    }
    noise_iterations = max(round(NOISY_SHARE * iterations), 1)
    model = recipe.model(
        networks,
        **recipe.arguments,
        input_noise_iterations=noise_iterations,
        seed=options.seed,
    )

    def optimizer(updates):
        rate = recipe.learning_rate
        if recipe.falling:
            rate = keras.optimizers.schedules.CosineDecay(rate, iterations * updates, alpha=0.01)
        return recipe.optimizer(rate)

    steps = model.discriminator_steps
    model.compile({"discriminator": optimizer(steps), "generator": optimizer(1)})
    draws = [data.draw for data in DATA.values()]

    def side_by_side(count, key):
        each = count // len(draws)
        drawn = [tf.reshape(draw(each, key), (steps, -1, 2)) for draw in draws]
        return tf.reshape(tf.concat(drawn, axis=1), (-1, 2))

    # Early ones close together: that is where most happens.
    parts = options.sized(quick=6, default=MOMENTS)
    moments = sorted({round(iterations * (i / parts) ** 2) for i in range(parts + 1)})
    seen = []
    points.train(
        model,
        side_by_side,
        iterations,
        MINIBATCH_SIZE,
        what=name,
        watch=lambda done: seen.append(_in_own_scale(model.generator, options)),
        watched=moments,
    )
    return np.array(moments), np.array(seen)


def _in_own_scale(generator, options):
    """Samples [data, seeds, NUM_SAMPLES, 2]."""
    samples = points.samples(generator, NUM_SAMPLES, options.seed)
    samples = samples.reshape(len(DATA), options.num_seeds, NUM_SAMPLES, 2)
    scales = np.array([data.scale for data in DATA.values()])
    return samples / scales[:, None, None, None].astype(np.float32)


def run(options, folder):
    names = [name for name in RECIPES if options.full or not _left_out(name)]
    found = {name: _trained_or_kept(name, options, folder) for name in names}
    finals = {name: samples[-1] for name, (_, samples) in found.items()}
    archive = {
        f"{data}/{name}/{seed}": finals[name][number, seed]
        for number, data in enumerate(DATA)
        for name in names
        for seed in range(options.num_seeds)
    }
    with files.replacing(folder / SAMPLES) as beside:
        np.savez_compressed(beside, **archive)
    results = {
        data: {name: _means(data, number, finals[name]) for name in names}
        for number, data in enumerate(DATA)
        if isinstance(DATA[data], Modes)
    }
    _draw_samples(folder / "samples.png", finals)
    _draw_moments(folder / "moments.png", found)
    _animate(folder / "training.gif", found)
    for name in names:
        (folder / _kept(name)).unlink()
    ring, grid = results["ring"], results["grid"]
    plain = ring["minimax"]
    return Findings(
        title="Which GANs find all modes",
        claim="A generator may learn only a very small part of the data, which is mode collapse: "
        'the eight Gaussians of lecture 2 ("Theory of Generative Adversarial Nets"). Unrolled GAN, '
        "VEEGAN, PacGAN and WGAN-GP were proposed against it.",
        answer=f"The minimax GAN finds {plain['modes']:.1f} of the ring's 8 modes with "
        f"{100 * plain['high_quality']:.1f} % of its samples near one; WGAN-GP "
        f"{ring['wgan_gp']['modes']:.1f} with {100 * ring['wgan_gp']['high_quality']:.1f} %. Noise "
        "on what the discriminator sees, falling to nothing while the learning rates fall, finds "
        f"{ring[BEST]['modes']:.1f} of 8 with {100 * ring[BEST]['high_quality']:.1f} %, and on the "
        f"grid {grid[BEST]['modes']:.1f} of 25 with {100 * grid[BEST]['high_quality']:.1f} %. The "
        "literature's best: 7.9 with 95.6 %, 24.8 with 93.6 % (PacGAN).",
        results=results,
        tables=tuple(_table(data, results[data]) for data in results),
        figures=(
            Figure(
                file="samples.png",
                caption="Samples (orange) on the data (gray) at the end, the first repetition. An "
                "algorithm without any has lost the data: its samples lie outside the panel.",
            ),
            Figure(
                file="moments.png",
                caption="The ring while it is learnt. Plain GANs jump from mode to mode or lose "
                "some for good; falling noise lets all of them stay.",
            ),
            Figure(file="training.gif", caption="The ring, while every algorithm learns it."),
        ),
    )


def _left_out(name):
    """Whether a recipe is only tried with --full."""
    kind, _, divergence = name.partition("_")
    return kind == "fgan" and divergence not in FEW_DIVERGENCES


def _kept(name):
    return f"{name}.npz"


def _trained_or_kept(name, options, folder):
    """What `trained` returns, kept in the folder until the experiment is finished."""
    path, asked = folder / _kept(name), json.dumps(dataclasses.asdict(options))
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["asked"]) == asked:
                return kept["moments"], kept["samples"]
    moments, samples = trained(name, options)
    with files.replacing(path) as beside:
        np.savez(beside, asked=asked, moments=moments, samples=samples)
    return moments, samples


def _means(data, number, samples):
    """Means over the repetitions of what is counted."""
    counted = [DATA[data].counted(repetition) for repetition in samples[number]]
    means = {key: float(np.mean([one[key] for one in counted])) for key in counted[0]}
    return {**means, "seeds": len(counted)}


def _table(data, rows):
    return Table(
        caption=f"{data}: modes captured of {len(DATA[data].centres)}, % of high quality, reverse "
        "KL in nats (0: equally often), means over the repetitions.",
        columns=("algorithm", "modes", "high quality %", "reverse KL"),
        rows=tuple(
            (name, row["modes"], 100 * row["high_quality"], row["reverse_kl"])
            for name, row in rows.items()
        ),
    )


def _draw_samples(path, finals):
    with plots.drawing(
        path, rows=len(DATA), columns=len(finals), width=2.1 * len(finals), height=7.0
    ) as (_, axes):
        for number, (data, row) in enumerate(zip(DATA, axes, strict=True)):
            for name, panel in zip(finals, row, strict=True):
                _scatter(panel, data, finals[name][number, 0])
                if not number:
                    panel.set_title(_words(name), fontsize=12)
            row[0].set_ylabel(_words(data))


def _draw_moments(path, found):
    names = ("minimax", "non_saturating", "wgan_gp", BEST)
    columns = 6
    with plots.drawing(path, rows=len(names), columns=columns, height=8.6) as (_, axes):
        for name, row in zip(names, axes, strict=True):
            moments, samples = found[name]
            chosen = np.linspace(1, len(moments) - 1, columns).round().astype(int)
            for panel, moment in zip(row, chosen, strict=True):
                _scatter(panel, "ring", samples[moment, 0, 0])
                panel.set_title(f"{moments[moment]:,}", fontsize=11, loc="center", pad=3)
            row[0].set_ylabel(_words(name))


def _animate(path, found):
    columns = -(-len(found) // 2)
    moments = max(len(samples) for _, samples in found.values())
    frames = []
    with plots.figure(rows=2, columns=columns, width=2.2 * columns, height=5.2) as (drawn, axes):
        for moment in range(moments):
            for panel in axes.flat:
                panel.clear()
                panel.axis("off")
            for (name, (done, samples)), panel in zip(found.items(), axes.flat, strict=False):
                # A very short training has fewer moments than another.
                now = min(moment, len(done) - 1)
                panel.axis("on")
                _scatter(panel, "ring", samples[now, 0, 0])
                panel.set_title(f"{_words(name)}\n{done[now]:,}", fontsize=11)
            frames.append(plots.pixels(drawn))
    plots.write_animation(path, frames)


def _scatter(panel, data, samples):
    real = DATA[data].draw(500, tf.constant([1, 1], tf.int64)).numpy() / DATA[data].scale
    limit = 1.25 * np.abs(real).max()
    dots = {"s": 3, "linewidths": 0, "rasterized": True}
    panel.scatter(*real.T, color="#b5b5b5", **{**dots, "s": 14})
    panel.scatter(*samples[:1000].T, color=plots.FAKE, alpha=0.6, **dots)
    panel.set(xlim=(-limit, limit), ylim=(-limit, limit), xticks=(), yticks=(), aspect="equal")


def _words(name):
    return name.replace("_", " ")
