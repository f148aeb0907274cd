"""What is measured of a run's pictures, as rows of a table: metrics.json, text, page and card.

What a row needs is facts of `evaluation.facts.Facts`, which this module is given and does not
import: whoever only shows what was measured needs no TensorFlow.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from gan_apps.evaluation import intervals, metrics, wasserstein

INTERVALS = "intervals"
# What an interval is.
BETWEEN = "95 % of other pictures"
# Features of more dimensions are too dear to take the Frechet distance of two hundred times.
MOST_DIMENSIONS = 512


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure of a run's pictures.

    Args:
      name: str. What metrics.json calls it. Names that old files have mean what they meant.
      label: str. What readers call it; {real} stands for what it is compared with, {part} for the
        part that a value is of.
      value: function of Facts -> float; or a dict of one value for each part, if it `has_parts`;
        None for what cannot be measured.
      needs: tuple of str. The facts without which there is no such row.
      form: str. How a value is written.
      floor: str or None. What metrics.json calls the same of real images. Old files may lack it.
      of_real: function of Facts -> that, in the form of the value. None: the file has it anyway.
      beside: str. What the floor is; {real} as in label.
      interval: function of Facts -> [low, high], or a dict of them for the parts, or None: what
        95 % of other pictures would give.
      has_parts: bool.
      is_detail: bool. Whether it stands in the text alone.
    """

    name: str
    label: str
    value: Callable
    needs: tuple = ()
    form: str = "{:.3f}"
    floor: str | None = None
    of_real: Callable | None = None
    beside: str = "of other real images"
    interval: Callable | None = None
    has_parts: bool = False
    is_detail: bool = False

    def shown(self, value):
        """A value, or that of a part, as text."""
        return self.form.format(**value) if isinstance(value, dict) else self.form.format(value)


@dataclasses.dataclass(frozen=True)
class Line:
    """What a reader is shown of a measure, or of a part of it: texts.

    Args:
      label, value: str.
      between: str or None. Its interval.
      floor, beside: str or None, and what it is.
    """

    label: str
    value: str
    between: str | None
    floor: str | None
    beside: str


def measured(facts):
    """What can be measured, as metrics.json has it: {name: value}, floors, and intervals."""
    report, between = {}, {}
    for measure in MEASURES:
        if any(getattr(facts, need) is None for need in measure.needs):
            continue
        value = measure.value(facts)
        if value is None:
            continue
        report[measure.name] = value
        of_real = measure.of_real and measure.of_real(facts)
        if of_real is not None:
            report[measure.floor] = of_real
        found = measure.interval and measure.interval(facts)
        if found is not None:
            between |= found if measure.has_parts else {measure.name: found}
    return {**report, INTERVALS: between}


def lines(report, *, details, real="real images"):
    """The Lines of the content of a metrics.json, old or new.

    Args:
      report: dict.
      details: bool. Whether those that are details are among them.
      real: str. What the pictures are compared with.
    """
    for measure in MEASURES:
        if measure.name not in report or (measure.is_detail and not details):
            continue
        value, floor = report[measure.name], report.get(measure.floor)
        parts = {"": value}
        if measure.has_parts:
            parts = value
        for part, one in parts.items():
            beside = floor.get(part) if measure.has_parts and floor is not None else floor
            between = report.get(INTERVALS, {}).get(part or measure.name)
            yield Line(
                measure.label.format(part=part, real=real),
                measure.shown(one),
                None if between is None else " to ".join(map(measure.shown, between)),
                None if beside is None else measure.shown(beside),
                measure.beside.format(real=real),
            )


def _frechet_interval(facts):
    if facts.features.shape[1] > MOST_DIMENSIONS:
        return None
    distances = metrics.frechet_distances(facts.features, facts.reference_features, facts.weights)
    return intervals.interval(distances, facts.frechet_distance)


def _enough(facts):
    """(images, features of each, whether the first are enough for a ratio).

    Of much fewer images than features the covariance is mostly missing.

    Their distance to real images is then as large as that to one picture again and again, and what
    a generator is worth cannot be told from a ratio of the two. At half as many, one picture is at
    1.5 x the floor of white noise, which is the worst case.
    """
    count, dimensions = len(facts.some_features), facts.features.shape[1]
    return count, dimensions, 2 * count >= dimensions


def _frechet_ratio(facts):
    *_, enough = _enough(facts)
    return facts.frechet_distance / facts.frechet_floor if enough else None


def _no_ratio(facts):
    count, dimensions, enough = _enough(facts)
    if enough:
        return None
    return (
        f"{count} images are too few to compare by {dimensions} features; the kernel distance is "
        "unbiased"
    )


def _kernel_distance(facts):
    return metrics.kernel_distance(facts.scale * facts.features, facts.scale * facts.some_features)


def _kernel_distance_of_real(facts):
    return metrics.kernel_distance(
        facts.scale * facts.real_features[0], facts.scale * facts.some_features
    )


def _kernel_interval(facts):
    return intervals.interval(
        metrics.kernel_distances(
            facts.scale * facts.features, facts.scale * facts.some_features, facts.weights
        )
    )


def _manifold_intervals(facts):
    """Precision and density count generated pictures, recall and coverage real ones.

    Those are what is drawn again; the balls around them stay.
    """
    return {name: intervals.of_mean(values, facts.seed) for name, values in facts.manifold.items()}


def _likelihood_intervals(facts):
    return {name: intervals.of_mean(-one, facts.seed) for name, one in facts.code[0].items()}


def _classifier_score_interval(facts):
    weights = intervals.weights(len(facts.images), facts.seed)
    scores = [metrics.classifier_score(facts.label_probabilities, one) for one in weights]
    return intervals.interval(scores, metrics.classifier_score(facts.label_probabilities))


def _accuracy_per_label(facts):
    asked = facts.label >= 0
    shares = metrics.accuracy_per_label(facts.label_probabilities[asked], facts.label[asked])
    return {facts.label_names[label]: share for label, share in shares.items()}


def _attribute_accuracy(facts):
    if len(facts.slots) == 1:
        return None
    return metrics.shares_right(facts.right, facts.asked, facts.slots)


def _kept_accuracy(facts, place):
    """Of pictures (place 0) or of those given (1), without the sum: other things are asked."""
    return {name: share for name, share in facts.kept_right[place].items() if name != "all"}


def _accuracy_per_attribute(facts):
    if len(facts.slots) == 1:
        return None
    return {
        f"{value.replace('_', ' ')} {noun}": float(
            facts.right[facts.asked[:, place] == number, place].mean()
        )
        for place, (noun, values) in enumerate(facts.slots)
        for number, value in enumerate(values)
        if (facts.asked[:, place] == number).any()
    }


def _spread_ratio(facts):
    """The spread of a pixel within a label, over that of as many real images; None if unknown."""
    random = np.random.RandomState(facts.seed)
    labels, real_labels = facts.label, facts.others_asked[:, 0]
    ours, theirs = [], []
    for label in np.unique(labels):
        mine, others = np.flatnonzero(labels == label), np.flatnonzero(real_labels == label)
        count = min(len(mine), len(others))
        # One picture has no spread.
        if count > 1:
            ours.append(mine[:count])
            theirs.append(random.permutation(others)[:count])
    if not ours:
        return None
    mine, others = np.concatenate(ours), np.concatenate(theirs)
    real = facts.real.others.images[others]
    spread = metrics.spread_within_labels(real, real_labels[others])
    if not spread:
        return None
    return metrics.spread_within_labels(facts.images[mine], labels[mine]) / spread


def _variety(facts):
    return metrics.variety(
        facts.judged[1], facts.asked, facts.reference_features, facts.reference_asked
    )


def _per_label(facts):
    """The pictures of each label beside the real images of it: {label's name: {metric: float}}."""
    features, reference = facts.scale * facts.judged[1], facts.scale * facts.reference_features
    of_label = {}
    for label, name in enumerate(facts.label_names):
        own, real = features[facts.label == label], reference[facts.reference_asked[:, 0] == label]
        # Fewer have no neighbours to measure by.
        if min(len(own), len(real)) > metrics.NEIGHBOURS:
            of_label[name] = {
                "kernel_distance": metrics.kernel_distance(own, real),
                **metrics.manifold_metrics(real[: len(own)], own),
            }
    return of_label


def _of_mean(values):
    """The value and the interval of a mean of `values`, a function of Facts -> [n]."""
    return {
        "value": lambda facts: float(np.mean(values(facts))),
        "interval": lambda facts: intervals.of_mean(values(facts), facts.seed),
    }


def _bounds(facts):
    """H(c) + E[log q(c|x)] of each code: {words: nats}."""
    kinds, found = facts.codes.kinds, facts.codes.bounds(facts.images).mean(axis=1)
    return {
        f"code {place + 1}, {f'one of {kind}' if kind > 1 else 'a number'}": float(value)
        for place, (kind, value) in enumerate(zip(kinds, found, strict=True))
    }


def _to_target(name):
    """The columns of a row that says how far pictures are from what they should be."""
    return {
        "needs": ("to_targets",),
        "floor": f"{name}_of_given",
        "of_real": lambda facts: (
            facts.given_to_targets and float(np.mean(facts.given_to_targets[name]))
        ),
        "beside": "of the picture given, the last if several",
        **_of_mean(lambda facts: facts.to_targets[name]),
    }


def _of_photos(name):
    """The columns of a row that says how photos of each set are enlarged."""

    def means(key):
        return lambda facts: {
            part: float(np.mean(values[key])) for part, values in facts.enlargements.items()
        }

    return {
        "needs": ("enlargements",),
        "value": means(name),
        "floor": f"{name}_of_plain_enlargement",
        "of_real": means(f"plain_{name}"),
        "beside": "of bicubic enlargement",
        "has_parts": True,
    }


def _ahead(name):
    """The columns of a row that says the same of frames that are drawn from drawn ones."""

    def of_frames(facts, place):
        return {str(frame): float(one[name].mean()) for frame, one in facts.ahead[place].items()}

    return {
        "name": f"{name}_ahead",
        "needs": ("ahead",),
        "value": lambda facts: of_frames(facts, 0),
        "floor": f"{name}_ahead_of_last",
        "of_real": lambda facts: of_frames(facts, 1),
        "beside": "of the last frame given in its place",
        "has_parts": True,
    }


def _sliced_wasserstein(patches, facts):
    distances = {
        str(side): wasserstein.distance(own, facts.reference_patches[side], facts.seed)
        for side, own in patches.items()
    }
    return distances or None


MEASURES = (
    Measure(
        name="frechet_distance",
        label="Frechet distance to {real}",
        value=lambda facts: facts.frechet_distance,
        floor="frechet_floor",
        of_real=lambda facts: facts.frechet_floor,
        beside="floor, of as many other real images",
        interval=_frechet_interval,
    ),
    Measure(name="frechet_ratio", label="  ratio", value=_frechet_ratio, form="{:.2f} x the floor"),
    Measure(name="no_ratio", label="  ratio", value=_no_ratio, form="none: {}"),
    Measure(
        name="kernel_distance",
        label="kernel distance (KID)",
        value=_kernel_distance,
        form="{:.5f}",
        floor="kernel_distance_of_real",
        of_real=_kernel_distance_of_real,
        beside="floor, of as many other real images",
        interval=_kernel_interval,
    ),
    Measure(
        name="classifier_score",
        label="classifier score",
        value=lambda facts: metrics.classifier_score(facts.label_probabilities),
        needs=("label_probabilities",),
        form="{:.2f}",
        interval=_classifier_score_interval,
    ),
    Measure(
        name="manifold",
        label=f"{{part}} ({metrics.NEIGHBOURS} neighbours)",
        value=lambda facts: {name: float(one.mean()) for name, one in facts.manifold.items()},
        floor="manifold_of_real",
        of_real=lambda facts: metrics.manifold_metrics(facts.some_features, facts.real_features[0]),
        interval=_manifold_intervals,
        has_parts=True,
    ),
    Measure(
        name="sliced_wasserstein",
        label="sliced Wasserstein distance x 1,000, detail of {part} pixels",
        value=lambda facts: _sliced_wasserstein(facts.patches, facts),
        form="{:.1f}",
        floor="sliced_wasserstein_of_real",
        of_real=lambda facts: _sliced_wasserstein(facts.real_patches, facts),
        beside="floor, of as many other real images",
        has_parts=True,
    ),
    Measure(
        name="sharpness",
        label="sharpness, over that of real images",
        needs=("sharpness",),
        **_of_mean(lambda facts: facts.sharpness),
    ),
    Measure(
        name="l1",
        label="distance to the target in gray levels (L1)",
        form="{:.2f}",
        **_to_target("l1"),
    ),
    Measure(
        name="psnr",
        label="PSNR to the target in dB",
        form="{:.2f}",
        **_to_target("psnr"),
    ),
    Measure(
        name="ssim",
        label="SSIM to the target",
        **_to_target("ssim"),
    ),
    Measure(
        name="psnr_of_photos",
        label="PSNR of {part} in dB, luma of whole photos",
        form="{:.2f}",
        **_of_photos("psnr"),
    ),
    Measure(
        name="ssim_of_photos",
        label="SSIM of {part}, luma of whole photos",
        form="{:.4f}",
        **_of_photos("ssim"),
    ),
    Measure(
        name="sharpness_of_photos",
        label="sharpness of {part}, over that of the originals",
        **_of_photos("sharpness"),
    ),
    Measure(
        name="sharpness_difference",
        label="sharpness difference to the target in dB",
        form="{:.2f}",
        **_to_target("sharpness_difference"),
    ),
    Measure(
        label="PSNR of frame {part} of going on, in dB",
        form="{:.2f}",
        **_ahead("psnr"),
    ),
    Measure(
        label="SSIM of frame {part} of going on",
        **_ahead("ssim"),
    ),
    Measure(
        label="sharpness difference of frame {part} of going on, in dB",
        form="{:.2f}",
        **_ahead("sharpness_difference"),
    ),
    Measure(
        name="negative_log_likelihood",
        label="-log p of {real} in nats, {part}",
        value=lambda facts: {name: -float(one.mean()) for name, one in facts.code[0].items()},
        needs=("code",),
        form="{:.2f}",
        interval=_likelihood_intervals,
        has_parts=True,
    ),
    Measure(
        name="active_units",
        label="numbers of the code that vary with the picture",
        value=lambda facts: facts.code[1],
        needs=("code",),
        form="{}",
    ),
    Measure(
        name="neighbour_accuracy",
        label="{real} whose nearest training image by the code has their label",
        needs=("neighbours_right",),
        form="{:.2%}",
        **_of_mean(lambda facts: facts.neighbours_right),
    ),
    Measure(
        name="redrawn_accuracy",
        label="{real} that are read alike when drawn again from their codes",
        needs=("redrawn_right",),
        form="{:.2%}",
        **_of_mean(lambda facts: facts.redrawn_right),
    ),
    Measure(
        name="code_accuracy",
        label="{real} whose code, matched one to one with labels, names theirs",
        needs=("codes_right",),
        form="{:.2%}",
        **_of_mean(lambda facts: facts.codes_right),
    ),
    Measure(
        name="drawn_code_accuracy",
        label="pictures that are read as the label which their code is",
        needs=("drawn_codes_right",),
        form="{:.2%}",
        floor="classifier_test_accuracy",
        beside="the same classifier on real images it has not seen",
        **_of_mean(lambda facts: facts.drawn_codes_right),
    ),
    Measure(
        name="code_information",
        label="what pictures tell of {part}, at least, in nats",
        value=_bounds,
        needs=("codes",),
        has_parts=True,
    ),
    Measure(
        name="turned",
        label="correlation in pictures: {part}",
        value=lambda facts: facts.turned,
        needs=("turned",),
        form="{:.2f}",
        has_parts=True,
    ),
    Measure(
        name="nearest_distance",
        label="median distance to the nearest training image, in gray levels of a mosaic",
        value=lambda facts: facts.nearest_distance(),
        form="{:.1f}",
        floor="nearest_distance_of_real",
        of_real=lambda facts: facts.nearest_distance_of_real(),
        beside="of {real}",
    ),
    Measure(
        name="conditional_accuracy",
        label="read as asked",
        needs=("label", "label_probabilities"),
        form="{:.2%}",
        floor="classifier_test_accuracy",
        beside="the same classifier on real images it has not seen",
        **_of_mean(lambda facts: facts.right[:, 0]),
    ),
    Measure(
        name="attribute_accuracy",
        label="read as asked: {part}",
        value=_attribute_accuracy,
        needs=("right",),
        form="{:.2%}",
        floor="classifier_test_accuracy",
        beside="the same classifier on real images it has not seen",
        has_parts=True,
    ),
    Measure(
        name="kept_accuracy",
        label="read as the data say of the given picture: {part}",
        value=lambda facts: _kept_accuracy(facts, 0),
        needs=("kept",),
        form="{:.2%}",
        floor="kept_accuracy_of_given",
        of_real=lambda facts: _kept_accuracy(facts, 1),
        beside="of the given picture itself",
        has_parts=True,
    ),
    Measure(
        name="r_precision",
        label="R-precision: the own sentence is the nearest of 100 to the matcher",
        needs=("matched_right",),
        form="{:.1%}",
        floor="r_precision_of_real",
        of_real=lambda facts: float(facts.reference_matched.mean()),
        beside="of {real}",
        **_of_mean(lambda facts: facts.matched_right),
    ),
    Measure(
        name="variety",
        label="variety within what was asked for, over that of real images",
        value=_variety,
        needs=("asked", "reference_asked"),
        form="{:.2f}",
    ),
    Measure(
        name="spread_ratio",
        label="spread of a pixel within a label, over that of real images",
        value=_spread_ratio,
        needs=("label", "label_probabilities", "others_asked"),
        form="{:.2f}",
    ),
    Measure(
        name="accuracy_per_label",
        label="read as asked: {part}",
        value=_accuracy_per_label,
        needs=("label", "label_probabilities"),
        form="{:.1%}",
        has_parts=True,
        is_detail=True,
    ),
    Measure(
        name="accuracy_per_attribute",
        label="read as asked: {part}",
        value=_accuracy_per_attribute,
        needs=("right",),
        form="{:.1%}",
        has_parts=True,
        is_detail=True,
    ),
    Measure(
        name="per_label",
        label="{part}: kernel distance, precision, recall",
        value=_per_label,
        needs=("label", "reference_asked"),
        form="{kernel_distance:.4f}, {precision:.3f}, {recall:.3f}",
        has_parts=True,
        is_detail=True,
    ),
)
