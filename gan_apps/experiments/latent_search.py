"""What a search in latent space draws: with a prior and without, climbing and sampling (lecture 2).

The lecture shows pictures of the Plug & Play Generative Network (Nguyen et al. 2017, arXiv
1612.00005): a generator that nobody can ask, and a classifier that says where to go. Four searches
for each digit, by one classifier:

- ascent in pixels, without a generator: the classifier is sure, and nobody else sees a digit;
- ascent in latents without a prior: what the generator was never asked to draw;
- ascent with the prior: the most likely picture, over and over;
- samples of the posterior: each start another picture.

A second classifier, of another seed, says what is a digit and what fools the first alone. Variety
is the spread of its features within a digit, over that of test digits. The data are scikit-learn's.

References: Nguyen et al. 2015 (arXiv 1412.1897) on pictures that fool classifiers; Nguyen et al.
2016 (arXiv 1605.09304) on ascent through a generator.
"""

import keras
import numpy as np
import tensorflow as tf

import models
from gan_apps import plots
from gan_apps.data import sources
from gan_apps.data.minibatches import minibatches
from gan_apps.drawing import pictures
from gan_apps.evaluation import classifiers, metrics
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.experiments.vae_problem import GAN, LATENT_DIM, trained
from gan_apps.operating_system.progress import progress
from models import search

REAL = "real test digits"
IN_PIXELS, NO_PRIOR, MAXIMUM, POSTERIOR = SEARCHES = (
    "ascent in pixels",
    "ascent without a prior",
    "ascent with the prior",
    "posterior sampled",
)
DIGITS, SHOWN = 10, 12
STEPS, STEP_SIZE = 150, 0.05
# Of a search in pixels, all of which are in [-1, 1].
PIXEL_STEP = 0.01
# How often what is not read as asked goes on from where it is, as in searching.chains.
ROUNDS, SURE = 4, 0.8


def classifier(data, seed, epochs):
    """A models.AttributeClassifier of digits, trained with a seed of its own."""
    keras.utils.set_random_seed(seed)
    network = models.AttributeClassifier(condition=data.condition.network, name="classifier")
    game = models.Classifier({"classifier": network}, seed=seed)
    game.compile({"classifier": keras.optimizers.Adam(2e-3)})
    order = minibatches(data, game.players, 32, seed)
    for number in progress(range(epochs), f"classifier {seed}"):
        first = number * order.steps_per_epoch
        game.fit(order.iterations(first).take(order.steps_per_epoch), verbose=0)
    return network


def goal_of(network):
    """The models.search.Goal of a classifier."""
    return search.read_as(lambda inputs: network(inputs, training=False), (DIGITS,))


def found(kind, game, network, count, options):
    """`count` pictures of each digit that a search finds: (uint8 [n, h, w, c], norms [n]).

    Args:
      kind: str. One of SEARCHES.
      game: the GAN.
      network: the classifier that is searched by.
      count: int.
      options: findings.Options.

    Returns:
      The pictures, those of 0 first, and the lengths of their latents over sqrt(d), which of random
      ones are about 1; of pixels that of the noise they start as.
    """
    labels = np.repeat(np.arange(DIGITS), count)
    asked = {"attributes": tf.one_hot(labels, DIGITS)}
    shape = game.drawn_by("generator").output_shape[1:]
    in_pixels = kind == IN_PIXELS

    def draw(inputs):
        if in_pixels:
            return tf.tanh(tf.reshape(inputs["latents"], (-1, *shape)))
        return game.drawing(inputs, training=False)

    size = int(np.prod(shape)) if in_pixels else LATENT_DIM
    ends = tf.random.stateless_normal((len(labels), size), (options.seed, 7))
    walker = search.Search(
        draw, goal_of(network), search.Prior(size) if kind in (MAXIMUM, POSTERIOR) else None
    )
    steps = options.sized(10, STEPS)
    bar = iter(progress(range(steps), kind))
    if kind == POSTERIOR:
        ends = _sampled(walker, ends, asked, steps, options.seed, bar)
    else:
        step = PIXEL_STEP if in_pixels else STEP_SIZE
        for moved, _ in walker.climbed(ends, asked, steps=steps, step_size=step):
            ends = moved
            next(bar, None)
    next(bar, None)
    lengths = np.linalg.norm(ends, axis=1) / size**0.5
    return pictures.to_bytes(draw({"latents": ends})), lengths


def _sampled(walker, latents, asked, steps, seed, bar):
    """Chains in ROUNDS of which each picture takes as many as it needs to be read as asked."""
    is_open = tf.ones((len(latents), 1), tf.bool)
    schedule = search.annealed(steps=steps // ROUNDS or 1, step_size=STEP_SIZE)
    for number in range(ROUNDS):
        chain = walker.sampled(latents, asked, schedule=schedule, seed=seed, key=[number])
        for moved, _ in chain:
            last = moved
            next(bar, None)
        latents = tf.where(is_open, last, latents)
        is_open &= (walker.valued(latents, asked, {}) < np.log(SURE))[:, None]
    return latents


def looked_at(images, first, second, test):
    """What two classifiers say of `images`, as many of each digit, those of 0 first.

    Returns:
      {"sure": the mean probability by the first of what was asked for, "read by another": how often
      the second reads it, "variety": the spread of the second's features within a digit over that
      of test digits}.
    """
    labels = np.repeat(np.arange(DIGITS), len(images) // DIGITS)
    (own, _), (read, seen) = (classifiers.judged(network, images) for network in (first, second))
    _, real = classifiers.judged(second, test.images)
    return {
        "sure": float(own[np.arange(len(labels)), labels].mean()),
        "read by another": float((read.argmax(axis=1) == labels).mean()),
        "variety": metrics.variety(seen, labels[:, None], real, classifiers.targets(test)),
    }


def run(options, folder):
    """Trains a GAN and two classifiers, searches in four ways; returns what was found."""
    train, test = (sources.load("digits", split) for split in ("train", "test"))
    game = trained(GAN, train, options)
    first, second = (
        classifier(train, options.seed + place, options.sized(2, 20)) for place in (1, 2)
    )
    count = options.sized(SHOWN, 40)
    made = {kind: found(kind, game, first, count, options) for kind in SEARCHES}
    few = min(np.bincount(classifiers.targets(test)[:, 0]))
    order = [
        np.flatnonzero(classifiers.targets(test)[:, 0] == digit)[:few] for digit in range(DIGITS)
    ]
    images = {REAL: test.images[np.concatenate(order)]}
    images |= {kind: pictures_of for kind, (pictures_of, _) in made.items()}
    results = {kind: looked_at(some, first, second, test) for kind, some in images.items()}
    for kind, (_, lengths) in made.items():
        results[kind]["length"] = float(lengths.mean())
    _draw(folder / "searches.png", images, results)
    return Findings(
        title="What a search in latent space draws",
        claim="The Plug & Play Generative Network draws what a classifier is asked for, though its "
        'generator cannot be asked: lecture 2 ("Theory of Generative Adversarial Nets") shows its '
        "pictures.",
        answer=_answer(results),
        results=results,
        tables=(
            Table(
                caption=f"{count} pictures of each digit. Sure: the classifier that was searched "
                "by, of what was asked for. Read by another: a classifier that was not. Variety: "
                "its features' spread within a digit, over that of test digits. Length of latents: "
                "1 is that of random ones.",
                columns=("search", "sure", "read by another", "variety", "length"),
                rows=tuple(
                    (
                        kind,
                        f"{one['sure']:.1%}",
                        f"{one['read by another']:.1%}",
                        one["variety"],
                        one.get("length", "-"),
                    )
                    for kind, one in results.items()
                ),
            ),
        ),
        figures=(
            Figure(
                file="searches.png",
                caption="Zeros, ones and twos by each search. In pixels the classifier is fooled; "
                "without a prior latents go where the generator was never trained; with it they "
                "end at its likeliest picture; sampling draws as real digits vary.",
            ),
        ),
    )


def verdict(one):
    """What a search is, in a few words, by its numbers."""
    if one["sure"] - one["read by another"] > 0.2:
        return "fools one judge"
    if one["variety"] < 0.5:
        return "one picture, over and over"
    if one["variety"] < 0.8:
        return "less varied than real ones"
    return "digits, as varied as real ones" if one["read by another"] > 0.9 else "not all digits"


def _answer(results):
    pixels, free, best, sampled = (results[kind] for kind in SEARCHES)
    return (
        f"In pixels the classifier is {pixels['sure']:.0%} sure, and another reads "
        f"{pixels['read by another']:.0%} alike: {verdict(pixels)}. Through the generator without "
        f"a prior another reads {free['read by another']:.0%}, of latents {free['length']:.1f} "
        f"times as long as random ones. With the prior ascent shortens them to "
        f"{best['length']:.2f} and its pictures vary {best['variety']:.2f} times as real ones do. "
        f"Sampled, they are {sampled['length']:.2f} long, another reads "
        f"{sampled['read by another']:.0%}, and they vary {sampled['variety']:.2f} times as real "
        f"ones: {verdict(sampled)}."
    )


def _draw(path, images, results):
    """A panel for each search: a row each of three digits, its numbers and a verdict."""
    size = {"rows": len(images), "width": 9.0, "height": 2.3 * len(images)}
    with plots.drawing(path, **size) as (_, axes):
        for (axis,), (kind, some) in zip(axes, images.items(), strict=True):
            each = len(some) // DIGITS
            rows = some.reshape(DIGITS, each, *some.shape[1:])[:3, :SHOWN]
            grid = pictures.grid(rows.reshape(-1, *some.shape[1:]), rows.shape[1])
            axis.imshow(grid[..., 0], cmap="gray", vmin=0, vmax=255)
            one = results[kind]
            axis.set_title(
                f"{kind}: {one['sure']:.0%} sure, another reads {one['read by another']:.0%}, "
                f"variety {one['variety']:.2f}: {verdict(one)}",
                fontsize=10,
            )
            axis.set_axis_off()
