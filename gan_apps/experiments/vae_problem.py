"""What does a VAE take for the same? (lecture 2)

The lecture: a VAE "does not really try to simulate real images"; of two pictures that differ from
the target by as much, one is still a digit and the other is not, and it "treats these the same".

Three pictures are made of each digit at the same squared error to it: the digit moved by one pixel;
the digit with specks, black pixels that are lit until the error is that of the move; and the digit
blurred until it is. The pixel error, which an autoencoder minimises and a Gaussian VAE up to its
deviation, cannot tell the three apart; a GAN's discriminator, trained against its generator alone,
is asked as well. It has seen none of the three: a score says how real a picture looks to it. It is
asked after a few passes over the data, and at the end: what no generated picture shows any more, a
discriminator may forget.

Then what comes of it. Pictures of a VAE and of a GAN from the prior, and their sharpness over that
of real ones: the mean of what a code could be is blurred. And random codes given to an autoencoder,
whose codes nothing asks to be like the prior but in their mean and variance, and to a VAE: how many
of their pictures lie among real digits (precision), as of real test digits. Both are of images of
14x14, in which a pixel's noise is small: these digits have no detail below two pixels.

Reference: Kingma & Welling 2014 (arXiv 1312.6114); Larsen et al. 2016 (arXiv 1512.09300) on errors
of pixels and errors that a discriminator sees; Kynkaanniemi et al. 2019 (arXiv 1904.06991).
"""

import keras
import numpy as np
import tensorflow as tf

import models
from gan_apps import plots
from gan_apps.data import sources
from gan_apps.data.minibatches import minibatches
from gan_apps.drawing import pictures
from gan_apps.evaluation import appearance
from gan_apps.evaluation.metrics import manifold_metrics
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.experiments.maximum_likelihood import features
from gan_apps.operating_system import quiet
from gan_apps.operating_system.progress import progress

AS_IT_IS = "as it is"
MOVED, SPECKED, BLURRED = CHANGES = ("moved by a pixel", "with specks", "blurred")
VAE, PLAIN, GAN = "VAE", "autoencoder", "GAN"
LATENT_DIM, BATCH_SIZE = 16, 64
ENCODER_WIDTHS, DECODER_WIDTHS = (256, 128), (128, 256)
GENERATOR_WIDTHS, DISCRIMINATOR_WIDTHS = (64, 32), (32, 64, 64)
# Passes over the data after which the discriminator is asked first.
EARLY = 6
DRAWN, SHOWN = 1000, 12
# Gaussian weights of a blur, along an axis; from the picture to its blur applied again and again.
BLUR = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
BLURS = 8


def squared_error(images, others):
    """Of each image to another, summed over pixels in [-1, 1]: float64 [n]."""
    return np.square(images - others).sum(axis=(1, 2, 3))


def moved(images):
    """Images one pixel to the right; what leaves the picture is lost, what comes is black."""
    shifted = np.roll(images, 1, axis=2)
    shifted[:, :, 0] = -1.0
    return shifted


def specked(images, errors, random):
    """Images with black pixels lit, so few and by so much that the squared errors are as given.

    Args:
      images: float64 [n, h, w, c] in [-1, 1].
      errors: float64 [n]. Not more than black pixels allow.
      random: numpy.random.Generator, which chooses the pixels.
    """
    changed = images.copy()
    for one, error in zip(changed, errors, strict=True):
        flat = one.reshape(-1)
        black = np.flatnonzero(flat == -1.0)
        # White, but for a little: from -1 a pixel can be lit by 2.
        count = int(np.ceil(error / 4.0))
        flat[random.choice(black, count, replace=False)] = np.sqrt(error / max(count, 1)) - 1.0
    return changed


def blurred(images, errors):
    """Images on the line to ever stronger blurs of theirs, at the squared errors that are given.

    Args:
      images: float64 [n, h, w, c] in [-1, 1].
      errors: float64 [n].

    Raises:
      ValueError: the strongest blur is nearer than that to its picture.
    """
    found, open_ = images.copy(), np.ones(len(images), bool)
    nearer = images
    for _ in range(BLURS):
        further = _blurred_once(nearer)
        reached = open_ & (squared_error(further, images) >= errors)
        # |a + s (b - a)|**2 = error, a and b the differences of two blurs: the larger root is in
        # [0, 1], since the error is between theirs.
        a, way = nearer - images, further - nearer
        square, mixed = squared_error(way, 0.0), (a * way).sum(axis=(1, 2, 3))
        rest = squared_error(a, 0.0) - errors
        root = np.sqrt(np.maximum(mixed**2 - square * rest, 0.0))
        share = (root - mixed) / np.maximum(square, 1e-12)
        mix = nearer + share[:, None, None, None] * way
        found[reached] = mix[reached]
        open_ &= ~reached
        nearer = further
    if open_.any():
        raise ValueError(f"{BLURS} blurs are not enough for {open_.sum()} of the pictures.")
    return found


def _blurred_once(images):
    for axis in (1, 2):
        padded = np.pad(
            images,
            [(2, 2) if one == axis else (0, 0) for one in range(4)],
            constant_values=-1.0,
        )
        side = images.shape[axis]
        images = sum(
            weight * padded.take(range(start, start + side), axis=axis)
            for start, weight in enumerate(BLUR)
        )
    return images


def changed(images, random):
    """{what was done: float64 [n, h, w, c]} of images in [-1, 1], all at one squared error each."""
    shifted = moved(images)
    errors = squared_error(shifted, images)
    return {
        MOVED: shifted,
        SPECKED: specked(images, errors, random),
        BLURRED: blurred(images, errors),
    }


def trained(name, data, options, watch=None):
    """The game of that name, trained on a data.columns.Data.

    Args:
      watch: function of the game, called after EARLY passes and at the end; or None.
    """
    keras.utils.set_random_seed(options.seed)
    quiet.without_remapper()
    epochs = options.sized(2, 60)
    if name == GAN:
        networks = models.pair(
            generator={"latent_dim": LATENT_DIM, "widths": GENERATOR_WIDTHS},
            discriminator={"widths": DISCRIMINATOR_WIDTHS},
        )
        game = models.DCGAN(
            networks,
            objective=models.OBJECTIVES["non_saturating"],
            real_gradient_weight=1.0,
            seed=options.seed,
        )
        game.compile()
    else:
        shared = {"latent_dim": LATENT_DIM, "architecture": "mlp"}
        noise = name == VAE
        networks = {
            "encoder": models.Encoder(widths=ENCODER_WIDTHS, noise=noise, **shared),
            "generator": models.CodeGenerator(
                widths=DECODER_WIDTHS, likelihood="gaussian", **shared
            ),
        }
        game = models.VAE(networks, kl_weight=float(noise), seed=options.seed)
        game.compile()
    order = minibatches(data.unconditional(), game.players, BATCH_SIZE, options.seed)
    for number in progress(range(epochs), name):
        epoch = order.iterations(number * order.steps_per_epoch).take(order.steps_per_epoch)
        game.fit(epoch, verbose=0)
        if watch is not None and number + 1 in (EARLY, epochs):
            watch(game)
    return game


def drawn(game, options):
    """DRAWN pictures uint8 of a game, from normal latents."""
    latents = tf.random.stateless_normal((DRAWN, LATENT_DIM), (options.seed, 1))
    return pictures.to_bytes(game.drawing({"latents": latents}, training=False))


def scores(game, images):
    """What a GAN's discriminator says of images in [-1, 1]: [n], larger for what looks real."""
    images = tf.constant(images, tf.float32)
    return np.ravel(game.discriminator({"images": images}, training=False))


def run(options, folder):
    """Changes digits, trains the three, asks the discriminator; returns what was found."""
    random = np.random.default_rng(options.seed)
    train, test = (sources.load("digits", split) for split in ("train", "test"))
    digits = np.asarray(test.images, np.float64) / 127.5 - 1.0
    versions = {AS_IT_IS: digits, **changed(digits, random)}
    errors = {name: squared_error(images, digits) for name, images in versions.items()}
    asked = []

    def ask(game):
        asked.append({name: scores(game, images) for name, images in versions.items()})

    games = {name: trained(name, train, options) for name in (VAE, PLAIN)}
    games[GAN] = trained(GAN, train, options, ask)
    said, at_the_end = asked[0], asked[-1]
    made = {name: drawn(game, options) for name, game in games.items()}
    results = {
        "changes": {
            name: {
                "squared_error": errors[name].mean(),
                "score": said[name].mean(),
                "moved_looks_more_real": float(np.mean(said[MOVED] > said[name])),
                "score_at_the_end": at_the_end[name].mean(),
                "at_the_end": float(np.mean(at_the_end[MOVED] > at_the_end[name])),
            }
            for name in versions
        },
        "largest_difference": max(np.abs(errors[name] - errors[MOVED]).max() for name in CHANGES),
        "drawn": {
            name: _looked_at(images, train.images, test.images)
            for name, images in {"real digits": test.images, **made}.items()
        },
    }
    _draw_changes(folder / "same_error.png", versions, errors, said, results)
    _draw_drawn(folder / "drawn.png", {"real digits": test.images, **made}, results["drawn"])
    return Findings(
        title="What a VAE takes for the same",
        claim="A VAE does not really try to simulate real images: of two pictures that are as far "
        "from the target, one of them a digit and the other none, it treats these the same; a GAN "
        'learns a discriminator instead: lecture 2 ("Theory of Generative Adversarial Nets").',
        answer=_answer(results),
        results=results,
        tables=_tables(results),
        figures=FIGURES,
    )


def _looked_at(images, real, test):
    """The sharpness of pictures over that of real ones, and how many lie among them."""
    edges, real_edges = (
        appearance.edges(features(some).reshape(-1, 14, 14, 1)).mean() for some in (images, test)
    )
    found = manifold_metrics(features(real), features(images[: len(test)]))
    return {
        "sharpness": edges / real_edges,
        **{key: found[key] for key in ("precision", "coverage")},
    }


def _answer(results):
    changes, drawn_by = results["changes"], results["drawn"]
    specks, blur = (changes[name]["moved_looks_more_real"] for name in (SPECKED, BLURRED))
    later, blur_later = (changes[name]["at_the_end"] for name in (SPECKED, BLURRED))
    vae, plain, gan = (drawn_by[name] for name in (VAE, PLAIN, GAN))
    return (
        f"At a squared error of {changes[MOVED]['squared_error']:.1f} a digit, alike to "
        f"{results['largest_difference']:.0e} for all three, pixels cannot tell a digit that moved "
        f"from one with specks or a blurred one. A young discriminator takes the moved digit for "
        f"more real than the one with specks in {specks:.0%} of the test digits, and than the "
        f"blurred one in {blur:.0%}; at the end of the training in {later:.0%} and "
        f"{blur_later:.0%}: it knows what its generator shows, and forgets the rest. The "
        f"VAE's pictures have {vae['sharpness']:.0%} of real digits' sharpness, the GAN's "
        f"{gan['sharpness']:.0%}. Of random codes the VAE makes pictures that lie among real "
        f"digits in {vae['precision']:.0%} of the cases, the autoencoder in "
        f"{plain['precision']:.0%}; real test digits do in "
        f"{drawn_by['real digits']['precision']:.0%}."
    )


def _tables(results):
    changes = results["changes"]
    return (
        Table(
            caption="Three changes of the test digits at one squared error",
            columns=(
                "digit",
                "squared error",
                "score, early",
                "moved looks more real",
                "score, at the end",
                "moved looks more real",
            ),
            rows=tuple(
                (
                    name,
                    one["squared_error"],
                    one["score"],
                    f"{one['moved_looks_more_real']:.1%}" if name in CHANGES[1:] else "-",
                    one["score_at_the_end"],
                    f"{one['at_the_end']:.1%}" if name in CHANGES[1:] else "-",
                )
                for name, one in changes.items()
            ),
        ),
        Table(
            caption="Pictures from random codes (sharpness over that of real test digits)",
            columns=("drawn by", "sharpness", "precision", "coverage"),
            rows=tuple(
                (name, one["sharpness"], one["precision"], one["coverage"])
                for name, one in results["drawn"].items()
            ),
        ),
    )


def _draw_changes(path, versions, errors, said, results):
    """A digit and its three changes; below, the two judges' words for all test digits."""
    # Of a middling error, so that it is typical.
    one = np.argsort(errors[MOVED])[len(errors[MOVED]) // 2]
    with plots.drawing(path, height=7.6) as (figure, ((whole,),)):
        whole.remove()
        places = figure.add_gridspec(2, 4, height_ratios=(1.0, 1.25))
        for column, (name, images) in enumerate(versions.items()):
            axis = figure.add_subplot(places[0, column])
            axis.imshow(images[one, ..., 0], cmap="gray", vmin=-1, vmax=1)
            numbers = f"squared error {errors[name][one]:.1f}\nscore {said[name][one]:+.2f}"
            axis.set_title(f"{name}\n{numbers}")
            axis.set_axis_off()
        order = np.argsort(errors[MOVED])
        left, right = (figure.add_subplot(places[1, half]) for half in (slice(0, 2), slice(2, 4)))
        for number, name in enumerate(CHANGES, 1):
            style = plots.line(number)
            dots = {"color": style["color"], "marker": style["marker"], "linestyle": "none"}
            left.plot(
                errors[name][order], label=name, **{**dots, "markersize": 12 - 4 * number + 2}
            )
            right.plot(errors[name], said[name], label=name, **{**dots, "markersize": 4})
        left.set(
            title="Pixels: the three are the same", xlabel="test digit", ylabel="squared error"
        )
        share = min(
            results["changes"][name]["moved_looks_more_real"] for name in (SPECKED, BLURRED)
        )
        right.set(
            title=f"A discriminator: moved is more real in {share:.0%}",
            xlabel="squared error",
            ylabel="score",
        )
        for axis in (left, right):
            axis.legend(fontsize=11)


def _draw_drawn(path, drawn_by, found):
    """Two rows of pictures of each, with their numbers."""
    size = {"rows": len(drawn_by), "width": 9.0, "height": 1.75 * len(drawn_by)}
    with plots.drawing(path, **size) as (_, axes):
        for (axis,), (name, images) in zip(axes, drawn_by.items(), strict=True):
            framed = np.pad(images[: 2 * SHOWN], ((0, 0), (2, 2), (2, 2), (0, 0)))
            axis.imshow(pictures.grid(framed, SHOWN)[..., 0], cmap="gray", vmin=0)
            one = found[name]
            axis.set_title(
                f"{name}: sharpness {one['sharpness']:.2f}, {one['precision']:.0%} among the real"
            )
            axis.set_axis_off()


FIGURES = (
    Figure(
        file="same_error.png",
        caption="Above: a digit, and three pictures at the same squared error from it. Below: what "
        "pixels say of such three of every test digit, and what the discriminator of a GAN says, "
        "which was trained on none of them.",
    ),
    Figure(
        file="drawn.png",
        caption="Real digits, and random codes drawn by a VAE, an autoencoder and a GAN. The VAE's "
        "are blurred; an autoencoder's codes are not where random ones are.",
    ),
)
