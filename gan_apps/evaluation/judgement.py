"""What a classifier says of a run's pictures, beside what it says of real ones."""

import dataclasses

import numpy as np

from gan_apps.data import parts, sources
from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.evaluation import (
    classifier,
    inception,
    intervals,
    metrics,
    neighbours,
    pixels,
)
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

# The floor is a mean over this many samples of the training set.
FLOOR_SAMPLES = 5
NUM_IMAGES = 2_000
# Pictures whose nearest training image is looked for.
NEAREST_IMAGES = 200
# Features of more dimensions are too dear to take the Frechet distance of two hundred times.
MOST_DIMENSIONS = 512
MANIFOLD = ("precision", "recall", "density", "coverage")
# A floor of less than this share of the features' size is rounding.
ALIKE = 1e-9


class NotMeasured(Exception):
    """There is nothing wrong, but the data or the pictures do not allow to measure; says why."""


@dataclasses.dataclass(frozen=True)
class Real:
    """The real images that a run's pictures are judged beside.

    Args:
      trained: data.sources.Images. All that the run was trained on, in which copies are looked for.
      compared: data.sources.Images. What distances are taken to.
      others: data.sources.Images. Real images that are not among those compared: for the floors.
      own: int [n] or None. Which of `trained` those compared are; None if none of them is.
    """

    trained: sources.Images
    compared: sources.Images
    others: sources.Images
    own: np.ndarray | None


def evaluate(
    run,
    recipe,
    *,
    num_images=NUM_IMAGES,
    seed=1,
    runtime="auto",
    dataset=None,
    judge=None,
    nearest=None,
    metric="own",
):
    """Draws `num_images` pictures, judges them, and writes metrics.json or metrics_fid.json.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      num_images: int. Pictures in all, as many of each label.
      seed: int. Seed of their latents and of the choice of real images.
      runtime: as in drawing.runtimes.open_generator.
      dataset: str or None. Where the run's data are now, if not where they were.
      judge: path or None. The folder of a classifier of the run's data; None: the shipped one if
        there is one, else coarse colours.
      nearest: path or None. Where to draw pictures beside the training images nearest to them.
      metric: str. "own", or "fid" for Inception's features. With these there is one sample for the
        floor, and no more real images are looked at than pictures: a picture takes Inception a
        thousand times the work.

    Returns:
      dict. The content of the file.

    Raises:
      NotMeasured: there are too few images or pictures, or the images are all alike.
      Refused: the run cannot be drawn from, or its data are not here or have changed.
      Failed: Inception's weights cannot be had.
    """
    fid = metric == "fid"
    if fid:
        judge, features_name = inception.Inception(), inception.NAME
    else:
        judge, features_name = _judge(recipe, judge)
    place = dataset or recipe.settings["dataset"]
    found = real_images(recipe, place)
    real, apart = found.others, found.compared
    reference = apart.images
    num_labels = 1 if recipe.labels is None else len(recipe.labels)
    if num_images < num_labels:
        raise NotMeasured(f"{num_images} pictures are not one of each of its {num_labels} labels")
    generator = runtimes.open_generator(run, recipe, runtime)
    per_label = num_images // num_labels
    inputs = latents.requested(recipe, recipe.conditions, per_label, seed)
    images = pictures.to_bytes(generator(inputs))
    if len(images) <= metrics.NEIGHBOURS:
        raise NotMeasured(f"{len(images)} pictures are too few")
    probabilities, features = judge.judged(images)
    random = np.random.RandomState(seed)
    if fid:
        apart = sources.subset(apart, random.permutation(len(reference))[: len(images)])
        reference = apart.images
    _, reference_features = judge.judged(reference)
    # Distances fall with the number of pictures, so that a floor is one of as many.
    count = min(len(images), len(real.images))
    samples = [
        random.choice(len(real.images), count, replace=False)
        for _ in range(1 if fid else FLOOR_SAMPLES)
    ]
    real_features = [judge.judged(real.images[chosen])[1] for chosen in samples]
    # The kernel's cube wants features of about 1, which those of Inception are and ours are not.
    size = float(np.mean(reference_features**2))
    floor = np.mean([metrics.frechet_distance(one, reference_features) for one in real_features])
    if floor <= ALIKE * size:
        raise NotMeasured("the real images are all alike to what looks at them")
    scale = 1.0 if fid else size**-0.5
    chosen = random.permutation(len(reference))[:count]
    some = reference_features[chosen]
    every_picture = features
    if count < len(images):
        features = features[random.permutation(len(images))[:count]]
    distance = metrics.frechet_distance(features, reference_features)
    manifold = metrics.manifold(some, features)
    test = parts.test_of(recipe.data, place)
    report = {
        "dataset": recipe.settings["dataset"],
        "num_images": len(images),
        "num_compared": count,
        "test_part": test,
        "compared_with": "real images it was trained on"
        if test == parts.NONE
        else "real images kept apart",
        "seed": seed,
        "features": features_name,
        "frechet_distance": distance,
        "frechet_floor": float(floor),
        **_ratio(distance, floor, min(count, len(reference)), features.shape[1]),
        "kernel_distance": metrics.kernel_distance(scale * features, scale * some),
        "kernel_distance_of_real": metrics.kernel_distance(scale * real_features[0], scale * some),
        "manifold": {name: float(values.mean()) for name, values in manifold.items()},
        "manifold_of_real": metrics.manifold_metrics(some, real_features[0]),
    }
    report["intervals"] = _intervals(
        report, features, reference_features, some, manifold, scale, seed
    )
    if recipe.labels is not None and apart.labels is not None:
        report["per_label"] = _per_label(
            recipe,
            scale * every_picture,
            inputs["labels"],
            scale * reference_features,
            apart.labels,
        )
    if probabilities is not None and len(judge.slots) == 1:
        report["classifier_test_accuracy"] = judge.test_accuracy["all"]
        report["classifier_score"] = metrics.classifier_score(probabilities)
        scores = [
            metrics.classifier_score(probabilities, weights)
            for weights in intervals.weights(len(images), seed)
        ]
        report["intervals"]["classifier_score"] = intervals.interval(
            scores, report["classifier_score"]
        )
    if probabilities is not None and recipe.labels is not None:
        report |= _of_labels(recipe, images, inputs["labels"], probabilities, real, seed)
        right = np.argmax(probabilities, axis=1) == inputs["labels"]
        report["intervals"]["conditional_accuracy"] = intervals.of_mean(right, seed)
    if probabilities is not None and recipe.vocabulary is not None:
        report["classifier_test_accuracy"] = judge.test_accuracy
        report |= _of_attributes(judge, inputs["attributes"], probabilities)
    some = images[random.permutation(len(images))[:NEAREST_IMAGES]]
    trained = found.trained.images
    report["nearest_distance"] = neighbours.nearest_distance(some, trained)
    report["nearest_distance_of_real"] = neighbours.nearest_distance(
        reference[:NEAREST_IMAGES],
        trained,
        None if found.own is None else found.own[:NEAREST_IMAGES],
    )
    if nearest is not None:
        picture = neighbours.sheet(some, trained)
        pictures.write_png(nearest, pictures.enlarged(picture))
    files.write_json(run / (run_dir.FID_EVALUATION if fid else run_dir.EVALUATION), report)
    return report


def _ratio(distance, floor, count, dimensions):
    """{"frechet_ratio"}, or {"no_ratio"} with the reason, of a distance to `count` images.

    Of much fewer images than features the covariance is mostly missing: their distance to real
    images is then as large as that to one picture again and again, and what a generator is worth
    cannot be told from a ratio of the two. At half as many, one picture is at 1.5 x the floor of
    white noise, which is the worst case.
    """
    if 2 * count < dimensions:
        return {
            "no_ratio": f"{count} images are too few to compare by {dimensions} features; the "
            "kernel distance is unbiased"
        }
    return {"frechet_ratio": distance / float(floor)}


def _shape(recipe):
    described = recipe.generator["config"]
    return [described["image_size"], described["image_size"], described["channels"]]


def _judge(recipe, folder):
    """What looks at the pictures of a run, and what its features are called."""
    dataset, shape = recipe.settings["dataset"], _shape(recipe)
    found = folder or classifier.shipped_for(dataset, recipe.vocabulary, shape)
    if found is None:
        return pixels.Pixels(), f"mean colours of an {pixels.SIDE}x{pixels.SIDE} mosaic"
    judge = classifier.load(found)
    slots = judge.slots
    if recipe.vocabulary is not None:
        slots = recipe.vocabulary.to_json()["slots"]
    elif recipe.label_names:
        slots = [["label", list(recipe.label_names)]]
    if (judge.slots, judge.image_shape) != (slots, shape):
        raise Refused(f"--classifier={found}: reads other pictures than this run draws.")
    name = dataset if recipe.vocabulary is None else found.name.removeprefix("classifier_")
    return judge, f"{classifier.FEATURES} of the {name} classifier, penultimate layer"


def real_images(recipe, dataset):
    """The Real images for a run.

    They are what it was never trained on beside what it was. A run that was trained on everything
    has no such part: a tenth of its data then stands for it, the one that no classifier has seen,
    and the report says so.

    Args:
      recipe: run_dir.Recipe.
      dataset: str. Where its data are now.

    Raises:
      NotMeasured: they are too few.
      Refused: they are not here, or not those that the run was trained on.
    """
    size, _, channels = _shape(recipe)
    data = sources.numbered_as(parts.loaded(dataset, recipe.data, size), recipe.label_names)
    if data.images.shape[-1] != channels:
        raise Refused(f"--dataset={dataset}: its images are not those the run learned.")
    if recipe.data is not None and (change := parts.changed(recipe.data, data)):
        raise Refused(f"--dataset={dataset}: {change}.")
    trained = parts.train_part(data, recipe.data)
    compared = parts.test_part(dataset, data, recipe.data, size)
    if compared is not None:
        compared = sources.numbered_as(compared, recipe.label_names)
        found = Real(trained, compared, trained, None)
    elif len(data.images) < parts.FEWEST:
        raise NotMeasured(
            f"{len(data.images)} images are too few to hold any out ({parts.FEWEST} are needed); "
            "it was trained on all of them"
        )
    else:
        others, own = parts.tenth(data)
        found = Real(trained, sources.subset(data, own), sources.subset(data, others), own)
    for some, what in ((found.compared, "to compare with"), (found.others, "to take a floor of")):
        if len(some.images) <= metrics.NEIGHBOURS:
            raise NotMeasured(f"{len(some.images)} images {what} are too few")
    return found


def _intervals(report, features, reference_features, some, manifold, scale, seed):
    """Within what the metrics of features would move with other pictures: {name: [low, high]}.

    Precision and density count generated pictures, recall and coverage real ones, which are what is
    drawn again; the balls around them stay.
    """
    weights = intervals.weights(len(features), seed)
    frechet = {}
    if features.shape[1] <= MOST_DIMENSIONS:
        distances = metrics.frechet_distances(features, reference_features, weights)
        frechet["frechet_distance"] = intervals.interval(distances, report["frechet_distance"])
    return {
        **frechet,
        "kernel_distance": intervals.interval(
            metrics.kernel_distances(scale * features, scale * some, weights)
        ),
        **{name: intervals.of_mean(values, seed) for name, values in manifold.items()},
    }


def _per_label(recipe, features, labels, reference_features, reference_labels):
    """The pictures of each label beside the real images of it: {label's name: {metric: float}}."""
    of_label = {}
    for label, name in enumerate(recipe.label_names):
        own, real = features[labels == label], reference_features[reference_labels == label]
        # Fewer have no neighbours to measure by.
        if min(len(own), len(real)) > metrics.NEIGHBOURS:
            of_label[name] = {
                "kernel_distance": metrics.kernel_distance(own, real),
                **metrics.manifold_metrics(real[: len(own)], own),
            }
    return of_label


def _of_labels(recipe, images, labels, probabilities, real, seed):
    """What can be said of pictures that were asked for by a label, beside real ones with labels."""
    per_label = metrics.accuracy_per_label(probabilities, labels)
    return {
        "conditional_accuracy": metrics.conditional_accuracy(probabilities, labels),
        "accuracy_per_label": {
            recipe.label_names[label]: share for label, share in per_label.items()
        },
        **_spread(images, labels, real, seed),
    }


def _spread(images, labels, real, seed):
    """{"spread_ratio": of pictures to that of as many real ones}, or {} where that is unknown."""
    random = np.random.RandomState(seed)
    ours, theirs = [], []
    for label in np.unique(labels) if real.labels is not None else ():
        mine, others = np.flatnonzero(labels == label), np.flatnonzero(real.labels == label)
        count = min(len(mine), len(others))
        # One picture has no spread.
        if count > 1:
            ours.append(mine[:count])
            theirs.append(random.permutation(others)[:count])
    if not ours:
        return {}
    mine, others = np.concatenate(ours), np.concatenate(theirs)
    spread = metrics.spread_within_labels(real.images[others], real.labels[others])
    if not spread:
        return {}
    return {"spread_ratio": metrics.spread_within_labels(images[mine], labels[mine]) / spread}


def _of_attributes(judge, asked, probabilities):
    """What can be said of pictures that were asked for by attributes, float32 [n, values]."""
    sizes = [len(values) for _, values in judge.slots]
    attributes = metrics.attribute_numbers(asked, sizes)
    right = metrics.read_right(probabilities, attributes, sizes)
    per_value = {
        f"{value.replace('_', ' ')} {noun}": float(
            right[attributes[:, place] == number, place].mean()
        )
        for place, (noun, values) in enumerate(judge.slots)
        for number, value in enumerate(values)
        if (attributes[:, place] == number).any()
    }
    return {
        "attribute_accuracy": {
            **{noun: float(right[:, place].mean()) for place, (noun, _) in enumerate(judge.slots)},
            "all": float(right.all(axis=1).mean()),
        },
        "accuracy_per_attribute": per_value,
    }


def over_the_floor(report):
    """How many times its floor the Frechet distance of a report is, or why that is not said."""
    if "frechet_ratio" in report:
        return f"{report['frechet_ratio']:.2f}"
    return f"none: {report['no_ratio']}"


def table(report):
    """A report as lines of text."""
    real = report["compared_with"]
    rows = [
        ("pictures judged", f"{report['num_images']:,}"),
        (f"Frechet distance to {real}", f"{report['frechet_distance']:.3f}"),
        ("  floor: as many other real images", f"{report['frechet_floor']:.3f}"),
        ("  ratio", over_the_floor(report)),
        _within(report, "frechet_distance", "{:.3f}"),
        ("kernel distance (KID)", f"{report['kernel_distance']:.5f}"),
        ("  floor: as many other real images", f"{report['kernel_distance_of_real']:.5f}"),
        _within(report, "kernel_distance", "{:.5f}"),
    ]
    if report["num_compared"] < report["num_images"]:
        rows.insert(
            1,
            ("  of which compared, as many as there are real ones", f"{report['num_compared']:,}"),
        )
    if "classifier_score" in report:
        rows.append(("classifier score", f"{report['classifier_score']:.2f}"))
        rows.append(_within(report, "classifier_score", "{:.2f}"))
    for name in MANIFOLD:
        rows.append((f"{name} (5 neighbours)", f"{report['manifold'][name]:.3f}"))
        rows.append(_within(report, name, "{:.3f}"))
        rows.append(("  of other real images", f"{report['manifold_of_real'][name]:.3f}"))
    rows += [
        ("distance to the nearest training image", f"{report['nearest_distance']:.1f}"),
        (f"  of {real}", f"{report['nearest_distance_of_real']:.1f}"),
    ]
    if "conditional_accuracy" in report:
        accuracy = f"{report['classifier_test_accuracy']:.2%}"
        rows += [
            ("read as asked", f"{report['conditional_accuracy']:.2%}"),
            _within(report, "conditional_accuracy", "{:.2%}"),
            ("  the same classifier on real test images", accuracy),
        ]
        if "spread_ratio" in report:
            rows.append(("spread within a label, of real images'", f"{report['spread_ratio']:.2f}"))
        rows += [
            (f"read as asked: {name}", f"{share:.1%}")
            for name, share in report["accuracy_per_label"].items()
        ]
    for name, share in report.get("attribute_accuracy", {}).items():
        rows.append((f"read as asked: {name}", f"{share:.2%}"))
        known = report["classifier_test_accuracy"][name]
        rows.append(("  the same classifier on real images it has not seen", f"{known:.2%}"))
    for name, share in report.get("accuracy_per_attribute", {}).items():
        rows.append((f"read as asked: {name}", f"{share:.1%}"))
    rows += [
        (
            f"{label}: kernel distance, precision, recall",
            f"{one['kernel_distance']:.4f}, {one['precision']:.3f}, {one['recall']:.3f}",
        )
        for label, one in report.get("per_label", {}).items()
    ]
    rows.append(("features", report["features"]))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value:>8}" for name, value in rows)


def _within(report, name, form):
    if name not in report["intervals"]:
        return "  95 % of other pictures", "not taken"
    low, high = (form.format(value) for value in report["intervals"][name])
    return "  95 % of other pictures", f"{low} to {high}"
