"""Why squared error blurs, on clips: what comes next need not be in what has been.

A digit that meets an edge goes on in a direction that nothing tells. By the mean squared error the
best next frame is the mean of all that may come, in which the digit is in every place at once, each
time fainter; a discriminator that looks at a frame beside what came before it asks for one of them.
Where edges reflect exactly, nothing is left to guess, and both errors may be right.

One translator from equal weights, trained for equal time by squared error and against a
discriminator, on clips of scikit-learn's digits of both kinds.

Reference: Mathieu et al. 2016 (arXiv 1511.05440), section 3; Lotter et al. 2015 (arXiv 1511.06380).
"""

import time

import keras
import numpy as np
import tensorflow as tf

import models
from gan_apps import plots
from gan_apps.data import moving, sources
from gan_apps.drawing import pictures
from gan_apps.evaluation import appearance, wasserstein
from gan_apps.experiments.findings import Figure, Findings, Table
from gan_apps.operating_system import quiet
from gan_apps.operating_system.progress import progress

KINDS = {"stochastic": "turning at random", "exact": "reflected exactly"}
# What each error weighs, as models.NextFrame takes them.
ERRORS = {
    "squared": {"lp_weight": 1.0, "adversarial_weight": 0.0},
    "adversarial": {"lp_weight": 1.0, "adversarial_weight": 0.15},
}
SIDE, HISTORY = 48, 4
BATCH = 16
# In a clip, so that one is at an edge often.
DIGITS = 2
# Clips that are learned from, and others that are measured by, of other digits.
LEARNED, MEASURED = 1_000, 60
# Patches of each frame, for distances between some hundred of them.
PATCHES = 32
SHOWN = 4


def clips(kind, split, seed):
    """Clips of digits that move, uint8 [n, moving.FRAMES, SIDE, SIDE, 1].

    Args:
      kind: str. A key of KINDS.
      split: "train" or "test". Of which of scikit-learn's digits.
      seed: int.
    """
    count = {"train": LEARNED, "test": MEASURED}[split]
    stills = sources.load("digits", split).images
    return moving.clips(stills, count, SIDE, seed, kind == "stochastic", DIGITS)


def stretches(made):
    """(histories uint8 [n, h, w, HISTORY], next frames [n, h, w, 1]) of all places in clips."""
    ends = range(HISTORY, made.shape[1])
    histories = [pictures.on_channels(made[:, end - HISTORY : end]) for end in ends]
    return np.concatenate(histories), np.concatenate([made[:, end] for end in ends])


def trained(error, histories, images, seconds, options):
    """A network that has learned for so many seconds by an error; its average.

    Args:
      error: str. A key of ERRORS.
      histories, images: as `stretches` gives them.
      seconds: float. Of a processor, for the training itself, tracing left out.
      options: findings.Options.
    """
    # The same weights at the beginning, whatever the error.
    keras.utils.set_random_seed(options.seed)
    arguments = {"image_size": SIDE, "source_channels": HISTORY, "channels": 1}
    networks = {
        name: models.PictureTranslator(**arguments, widths=(64, 48, 32), dropout=0.0)
        for name in ("generator", "averaged_generator")
    }
    if ERRORS[error]["adversarial_weight"]:
        networks["discriminator"] = models.PatchDiscriminator(
            **arguments, patch=16, widths=(32, 64), normalization="spectral"
        )
    game = models.NextFrame(
        networks,
        objective=models.OBJECTIVES["non_saturating"],
        gradient_difference_weight=0.0,
        averaging_decay=0.99,
        seed=options.seed,
        **ERRORS[error],
    )
    quiet.without_remapper()
    game.compile({p.name: keras.optimizers.Adam(5e-4, beta_1=0.5) for p in game.players})
    dataset = tf.data.Dataset.from_tensor_slices({"images": images, "sources": histories})
    minibatches = models.minibatches(dataset, game, batch_size=BATCH)
    iterations = iter(minibatches.iterations())
    step = tf.function(game.train_step, autograph=False)
    step(next(iterations))
    # Of the processor, so that what else runs on the machine favours neither.
    begun = time.process_time()
    # In tenths of the time, so that the line on stderr moves.
    for tenth in progress(range(1, 11), f"{error} error"):
        while time.process_time() < begun + tenth * seconds / 10:
            step(next(iterations))
    return game.drawn_by("generator")


def drawn(network, histories):
    """The next frames, uint8 [n, h, w, 1]."""
    parts = [
        network({"sources": pictures.to_signed(histories[start : start + 100])}, training=False)
        for start in range(0, len(histories), 100)
    ]
    return pictures.to_bytes(np.concatenate(parts))


def measured(images, true):
    """{"psnr", "ssim", "sharpness", "sharpness_difference", "finest": float} of frames.

    Args:
      images, true: uint8 [n, h, w, 1]. What was drawn, and what came. The last figure is the sliced
        Wasserstein distance of their finest levels of detail, between patches from other places.
    """
    found = {name: float(one.mean()) for name, one in appearance.to_targets(images, true).items()}
    of_images, of_true = (
        wasserstein.patches(some, PATCHES * len(true), seed)[SIDE]
        for some, seed in ((images, [0, 0]), (true, [0, 1]))
    )
    edges = appearance.edges(true)
    return {
        **{name: found[name] for name in ("psnr", "ssim", "sharpness_difference")},
        "sharpness": float(np.mean(appearance.edges(images) / edges)),
        "finest": wasserstein.distance(of_images, of_true, 0),
    }


def of_kind(kind, options):
    """({answer: what `measured` says}, {answer: frames}, histories) on clips of a kind.

    The answers are those of networks trained by each of ERRORS, the last frame again, and "true".
    """
    seconds = options.sized(quick=2.0, default=90.0, full=1200.0)
    histories, images = stretches(clips(kind, "train", options.seed))
    given, true = stretches(clips(kind, "test", options.seed + 1))
    answers = {
        f"{error} error": drawn(trained(error, histories, images, seconds, options), given)
        for error in ERRORS
    }
    answers |= {"the last frame again": given[..., -1:], "true": true}
    return {name: measured(one, true) for name, one in answers.items()}, answers, given


def run(options, folder):
    """Trains by each error on clips of each kind; returns what was found."""
    found = {kind: of_kind(kind, options) for kind in KINDS}
    results = {kind: one for kind, (one, *_) in found.items()}
    for kind, (_, answers, given) in found.items():
        _draw(folder / f"{kind}.png", answers, given)
    squared, against = (results["stochastic"][f"{error} error"] for error in ERRORS)
    exact = [results["exact"][f"{error} error"] for error in ERRORS]
    return Findings(
        title="Why squared error blurs the future",
        claim="A network that is trained by squared error predicts the expectation: where several "
        "things may come next, their blurred mean (Lotter et al. 2015; Mathieu et al. 2016).",
        answer="Digits that turn at the edges at random: after equal time the network by squared "
        f"error reads {squared['psnr']:.2f} dB with {squared['sharpness']:.2f} of the true frames' "
        f"sharpness, that against a discriminator {against['psnr']:.2f} dB with "
        f"{against['sharpness']:.2f}; the finest detail is {squared['finest']:.0f} and "
        f"{against['finest']:.0f} from true frames'. Where edges reflect exactly, it is "
        f"{exact[0]['psnr']:.2f} dB with {exact[0]['sharpness']:.2f} and {exact[1]['psnr']:.2f} dB "
        f"with {exact[1]['sharpness']:.2f}.",
        results=results,
        tables=tuple(
            Table(
                caption=f"Digits, {words}: the next frame of clips of other digits. Sharpness: 1 "
                "is right. Sliced Wasserstein distance x 1,000 to the true frames, of the detail "
                "of 1 pixel; the last row is its floor.",
                columns=("", "PSNR in dB", "SSIM", "sharpness difference", "sharpness", "detail"),
                rows=tuple(
                    (name, *(one[key] for key in ("psnr", "ssim", "sharpness_difference",
                                                  "sharpness", "finest")))
                    for name, one in results[kind].items()
                ),
            )
            for kind, words in KINDS.items()
        ),
        figures=tuple(
            Figure(
                file=f"{kind}.png",
                caption=f"Digits, {words}: two given frames of four, the next one by each error, "
                "and what came.",
            )
            for kind, words in KINDS.items()
        ),
    )  # fmt: skip


def _draw(path, answers, given):
    """Those stretches of which the squared error is furthest from what came."""
    apart = np.abs(answers["squared error"].astype(int) - answers["true"]).mean(axis=(1, 2, 3))
    chosen = np.argsort(-apart, kind="stable")[: 3 * SHOWN : 3]
    columns = {
        "before": given[..., -2:-1],
        "last": given[..., -1:],
        **{f"by {error} error": answers[f"{error} error"] for error in ERRORS},
        "what came": answers["true"],
    }
    with plots.drawing(
        path, rows=SHOWN, columns=len(columns), width=2.2 * len(columns), height=2.3 * SHOWN
    ) as (_, axes):
        for panels, number in zip(axes, chosen, strict=True):
            for panel, (title, frames) in zip(panels, columns.items(), strict=True):
                panel.imshow(frames[number, ..., 0], cmap="gray", vmin=0, vmax=255)
                panel.set_title(title if number == chosen[0] else "", fontsize=11)
                panel.set(xticks=(), yticks=())
                panel.grid(False)
