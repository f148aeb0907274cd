"""Why squared error blurs, on super-resolution and on clips (lecture 2).

A reduced picture is that of many pictures. By the mean squared error the best answer is their mean,
whatever it looks like; by the mean absolute error their median. To draw one of them, as likely as
it is, costs exactly twice the squared error of the mean, 3.01 dB:

    E|x - y|^2 = 2 E|x - E x|^2 for independent x and y of one law

First with lines whose place the reduced picture does not tell, where all of this is known exactly;
then with photographs, the two that scikit-learn ships: what is learned from the sides of each is
measured on its middle. The other half is what comes next in a clip (`blur_frames`).

References: Ledig et al. 2017 (arXiv 1609.04802), figure 3; Blau & Michaeli 2018 (arXiv 1711.06077),
section 4, for the factor of two.
"""

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_sample_images

import models
from gan_apps import plots
from gan_apps.data import photos
from gan_apps.drawing import pictures
from gan_apps.evaluation import appearance, wasserstein
from gan_apps.experiments import blur_frames
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.operating_system import quiet
from gan_apps.operating_system.progress import progress

SCALE = 4
ERRORS = ("squared", "absolute")
# Side of the pictures of lines; they are dark and light.
LINES = 16
DARK, LIGHT = -1.0, 1.0
# Of photographs: the side of the squares, how far they are apart where they are learned from, and
# how much of a square is learned from at a time, in pixels of the reduced one.
SQUARE, APART, CROP = 96, 32, 16
# How far what is learned from is from what is measured.
REACH = 2 * SCALE
# Patches of each square, for distances between two dozen of them.
PATCHES = 128
BATCH = 16
# What pays for the discriminator beside the absolute error.
FEATURE_WEIGHT, ADVERSARIAL_WEIGHT = 0.2, 0.02
# Which of the squares that are measured are shown, as shares of them.
SHOWN = (0.2, 0.8)


def lines():
    """All eight pictures of parallel lines, SCALE apart: float32 [8, LINES, LINES, 1].

    Reduced by the mean of each cell they are one: gray.
    """
    upright = np.full((SCALE, LINES, LINES, 1), DARK, np.float32)
    for place, picture in enumerate(upright):
        picture[:, place::SCALE] = LIGHT
    return np.concatenate([upright, upright.swapaxes(1, 2)])


def exact():
    """What answers cost in the mean over all `lines`, in parts of the contrast: {answer: errors}.

    Returns:
      {"mean", "median", "one of them": {"squared", "absolute": float}}.
    """
    possible = (lines() - DARK) / (LIGHT - DARK)
    answers = {
        "mean": possible.mean(axis=0),
        "median": np.median(possible, axis=0),
        "one of them": possible[0],
    }
    return {name: costs(answer, possible) for name, answer in answers.items()}


def costs(answer, possible):
    """{"squared", "absolute": mean cost} of a picture, where each of `possible` is as likely."""
    apart = np.abs(answer - possible)
    return {"squared": float(np.mean(apart**2)), "absolute": float(np.mean(apart))}


def of_lines(options):
    """What networks that are trained by each error draw of lines: {error: float [h, w, 1]}."""
    images = lines()
    sources = np.full((len(images), LINES // SCALE, LINES // SCALE, 1), images.mean(), np.float32)
    iterations = options.sized(quick=100, default=400)
    drawn = {}
    for error in ERRORS:
        networks = enlargers(options.seed, channels=1, widths=(16, 8), blocks=1)
        _train(networks, images, sources, iterations, 8, options, error, pixel_error=error)
        drawn[error] = np.asarray(networks["averaged_generator"]({"sources": sources[:1]}))[0]
    return drawn


def photographs():
    """Squares of the two photographs: ((images, sources) to learn, the same to measure), uint8."""
    learned, measured = [], []
    for photo in load_sample_images().images:
        photo = photos.whole_steps(photo, SCALE)
        both, width = (photo, photos.reduced(photo, SCALE)), photo.shape[1]
        first, last = (side - side % SCALE for side in (width // 3, 2 * width // 3))
        for sides in ((0, first), (last, width)):
            learned.append(_squares(both, sides, APART))
        # As far from what was learned as the reduced pixels of it reach.
        measured.append(_squares(both, (first + REACH, last - REACH), SQUARE))
    return tuple(
        tuple(np.concatenate([one[column] for one in some]) for column in (0, 1))
        for some in (learned, measured)
    )


def _squares(both, columns, apart):
    (photo, small), (first, last) = both, columns
    places = [
        (top, left)
        for top in range(0, photo.shape[0] - SQUARE + 1, apart)
        for left in range(first, last - SQUARE + 1, apart)
    ]
    side = SQUARE // SCALE
    images = [photo[top : top + SQUARE, left : left + SQUARE] for top, left in places]
    sources = [
        small[top // SCALE : top // SCALE + side, left // SCALE : left // SCALE + side]
        for top, left in places
    ]
    return np.stack(images), np.stack(sources)


def enlargers(seed, **arguments):
    """A network that enlarges and its equal for the average."""
    keras.utils.set_random_seed(seed)
    return {
        name: models.Enlarger(scale=SCALE, **arguments)
        for name in ("generator", "averaged_generator")
    }


def of_photographs(options):
    """What is drawn of the squares that are measured: {kind: uint8 [n, SQUARE, SQUARE, 3]}.

    The kinds are what is true, the plain enlargement, a network trained by each error, and one that
    goes on from the second against a discriminator.
    """
    (images, sources), (true, given) = photographs()
    by_error = options.sized(quick=10, default=2000, full=8000)
    against = options.sized(quick=5, default=1000, full=4000)
    drawn = {"true": true, "bicubic": np.stack([photos.enlarged(one, SCALE) for one in given])}
    signed = {"sources": pictures.to_signed(given)}

    def kept(name, networks):
        drawn[name] = pictures.to_bytes(networks["averaged_generator"](signed, training=False))

    for error in ERRORS:
        networks = enlargers(options.seed, widths=(32, 16), blocks=4)
        _train(networks, images, sources, by_error, BATCH, options, error, pixel_error=error)
        kept(f"{error} error", networks)
    networks["discriminator"] = models.PatchDiscriminator(
        image_size=SCALE * CROP,
        source_channels=3,
        patch=16,
        widths=(32, 64),
        normalization="spectral",
    )
    what = "against a discriminator"
    _train(
        networks,
        images,
        sources,
        against,
        BATCH,
        options,
        what,
        adversarial_weight=ADVERSARIAL_WEIGHT,
        feature_weight=FEATURE_WEIGHT,
    )
    kept(what, networks)
    return drawn


def _train(networks, images, sources, iterations, batch, options, what, **arguments):
    """Trains the networks of a models.SRGAN, with its average, for so many iterations."""
    against = "discriminator" in networks
    game = models.SRGAN(
        networks,
        objective=models.OBJECTIVES["non_saturating"],
        **{"adversarial_weight": 0.0, "crop": CROP, "seed": options.seed, **arguments},
    )

    def optimizer():
        rate = keras.optimizers.schedules.CosineDecay(2e-4 if against else 1e-3, iterations)
        return keras.optimizers.Adam(rate)

    quiet.without_remapper()
    game.compile({player.name: optimizer() for player in game.players})
    dataset = tf.data.Dataset.from_tensor_slices({"images": images, "sources": sources})
    minibatches = models.minibatches(dataset, game, batch_size=batch)
    # In tenths, so that the line on stderr moves.
    for _ in progress(range(10), what):
        game.fit(minibatches, steps_per_epoch=max(iterations // 10, 1), verbose=0)


def measured(drawn):
    """{kind: {"psnr", "sharpness", "finest", "next_finest": float}} of what `of_photographs` gives.

    The last two are sliced Wasserstein distances to the true squares' two finest levels of detail.
    """
    true = drawn["true"]
    found = {}
    for kind, images in drawn.items():
        of_kind, of_true = (
            wasserstein.patches(some, PATCHES * len(true), seed)
            for some, seed in ((images, [0, 0]), (true, [0, 1]))
        )
        finest, next_finest = (
            wasserstein.distance(of_kind[side], of_true[side], 0)
            for side in wasserstein.sides(SQUARE)[:2]
        )
        found[kind] = {
            "psnr": float(appearance.to_targets(images, true)["psnr"].mean()),
            "sharpness": float(np.mean(appearance.edges(images) / appearance.edges(true))),
            "finest": finest,
            "next_finest": next_finest,
        }
    return found


def run(options, folder):
    known, trained = exact(), of_lines(options)
    learned = {
        error: costs((drawn - DARK) / (LIGHT - DARK), (lines() - DARK) / (LIGHT - DARK))
        for error, drawn in trained.items()
    }
    drawn = of_photographs(options)
    clips = blur_frames.run(options, folder)
    found = measured(drawn)
    _draw_lines(folder / "lines.png", trained)
    _draw_photographs(folder / "photographs.png", drawn)
    squared, against = found["squared error"], found["against a discriminator"]
    ratio = known["one of them"]["squared"] / known["mean"]["squared"]
    return Findings(
        title="Why squared error blurs",
        claim="\"MSE tends to produce blurry images on any task: when you can't predict well, "
        'predict the expectation": lecture 2 ("Theory of Generative Adversarial Nets"). A '
        "discriminator asks for one of the many pictures instead.",
        answer=f"Lines whose place the reduced picture does not tell cost {ratio:.2f} times the "
        "squared error of their mean, which shows no line at all, when one of the true pictures is "
        f"drawn: {10 * np.log10(ratio):.2f} dB. A network trained by squared error learned that "
        f"mean to {learned['squared']['squared'] / known['mean']['squared']:.3f} of its error. On "
        f"photographs the network by squared error reads {squared['psnr']:.2f} dB with "
        f"{squared['sharpness']:.2f} of the originals' sharpness; with a discriminator "
        f"{against['psnr']:.2f} dB and {against['sharpness']:.2f}. {clips.answer}",
        results={
            "lines": {"exact": known, "learned": learned},
            "photographs": found,
            "clips": clips.results,
        },
        tables=(
            Table(
                caption="Lines: what an answer costs in the mean, in parts of the contrast.",
                columns=("answer", "squared error", "absolute error"),
                rows=tuple(
                    (name, one["squared"], one["absolute"])
                    for name, one in (
                        *known.items(),
                        *((f"trained by {error} error", learned[error]) for error in ERRORS),
                    )
                ),
            ),
            Table(
                caption="Photographs, squares that nothing was learned from. Sharpness: 1 is "
                "right. Sliced Wasserstein distance x 1,000 to the true squares, of the detail of "
                "1 and of 2 pixels: 0 is right.",
                columns=("", "PSNR in dB", "sharpness", "detail of 1", "detail of 2"),
                rows=tuple(
                    (kind, one["psnr"], one["sharpness"], one["finest"], one["next_finest"])
                    for kind, one in found.items()
                    if kind != "true"
                ),
            ),
            *clips.tables,
        ),
        figures=(
            Figure(
                file="lines.png",
                caption="Three of the eight pictures whose reduced one is the same gray, and what "
                "networks draw of that gray: by squared error the mean, by absolute error the "
                "median, which is empty.",
            ),
            Figure(
                file="photographs.png",
                caption="Squares of two photographs that nothing was learned from: plainly "
                "enlarged, by each error, against a discriminator, and as they are.",
            ),
            *clips.figures,
        ),
    )


def _draw_lines(path, trained):
    shown = [("one", lines()[0]), ("another", lines()[2]), ("another", lines()[5])]
    shown += [(f"by {error} error", trained[error]) for error in ERRORS]
    with plots.drawing(path, columns=len(shown), height=2.9) as (_, axes):
        for panel, (title, picture) in zip(axes[0], shown, strict=True):
            _show(panel, title, picture[..., 0], cmap="gray", vmin=DARK, vmax=LIGHT)


def _draw_photographs(path, drawn):
    kinds = [*[kind for kind in drawn if kind != "true"], "true"]
    with plots.drawing(
        path, rows=len(SHOWN), columns=len(kinds), width=2.6 * len(kinds), height=5.6
    ) as (_, axes):
        for row, (panels, share) in enumerate(zip(axes, SHOWN, strict=True)):
            for panel, kind in zip(panels, kinds, strict=True):
                picture = drawn[kind][round(share * len(drawn[kind]))]
                _show(panel, "" if row else kind, picture)


def _show(panel, title, picture, **colours):
    panel.imshow(picture, interpolation="nearest", **colours)
    panel.set_title(title, fontsize=11)
    panel.set(xticks=(), yticks=())
    panel.grid(False)
