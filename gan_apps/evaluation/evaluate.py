"""What a classifier says of a run's pictures, beside what it says of real ones."""

import numpy as np

from gan_apps.data import sources
from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.evaluation import classifier, metrics
from gan_apps.machine import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

# The floor is a mean over this many samples of the training set.
FLOOR_SAMPLES = 5
NUM_IMAGES = 2_000
MANIFOLD = ("precision", "recall", "density", "coverage")


def evaluate(run, recipe, *, num_images=NUM_IMAGES, seed=1, runtime="auto"):
    """Draws `num_images` pictures, judges them, and writes metrics.json.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      num_images: int. Pictures in all, as many of each label.
      seed: int. Seed of their latents and of the choice of real images.
      runtime: as in drawing.runtimes.open_generator.

    Returns:
      dict. The content of metrics.json.

    Raises:
      Refused: the run cannot be drawn from, or there is no classifier for its data.
    """
    dataset = recipe.settings["dataset"]
    judge, test_accuracy = classifier.load(dataset)
    if not can_judge(recipe):
        size = recipe.generator["config"]["image_size"]
        raise Refused(
            f"--run_dir={run}: draws {size}x{size} pictures, which the classifier cannot read."
        )
    generator = runtimes.open_generator(run, recipe, runtime)
    per_label = num_images // (1 if recipe.labels is None else len(recipe.labels))
    inputs = latents.requested(recipe, recipe.labels, per_label, seed)
    images = pictures.to_bytes(generator(inputs))
    probabilities, features = judge.judged(images)
    real, test = sources.load(dataset), sources.load(dataset, "test")
    _, test_features = judge.judged(test.images)
    random = np.random.RandomState(seed)
    samples = [
        random.choice(len(real.images), min(len(images), len(real.images)), replace=False)
        for _ in range(FLOOR_SAMPLES)
    ]
    real_features = [judge.judged(real.images[chosen])[1] for chosen in samples]
    floor = np.mean([metrics.frechet_distance(one, test_features) for one in real_features])
    distance = metrics.frechet_distance(features, test_features)
    reference = test_features[random.permutation(len(test_features))[: len(images)]]
    report = {
        "dataset": dataset,
        "num_images": len(images),
        "seed": seed,
        "features": f"{features.shape[1]} of the {dataset} classifier, penultimate layer",
        "classifier_test_accuracy": test_accuracy,
        "frechet_distance": distance,
        "frechet_floor": float(floor),
        "frechet_ratio": distance / float(floor),
        "classifier_score": metrics.classifier_score(probabilities),
        "manifold": metrics.manifold_metrics(reference, features),
        "manifold_of_real": metrics.manifold_metrics(reference, real_features[0]),
    }
    if recipe.labels is not None:
        chosen = samples[0]
        report |= _of_labels(
            recipe,
            images,
            inputs["labels"],
            probabilities,
            real.images[chosen],
            real.labels[chosen],
        )
    files.write_json(run / run_dir.EVALUATION, report)
    return report


def can_judge(recipe):
    """Whether there is a classifier for a run's data, and for pictures of its size."""
    described = recipe.generator["config"]
    shape = [described["image_size"], described["image_size"], described["channels"]]
    return classifier.reads(recipe.settings["dataset"], shape)


def _of_labels(recipe, images, labels, probabilities, real, chosen):
    """What can be said of pictures that were asked for by a label, beside `chosen` real ones."""
    spread = metrics.spread_within_labels(images, labels)
    real_spread = metrics.spread_within_labels(real.images[chosen], real.labels[chosen])
    per_label = metrics.accuracy_per_label(probabilities, labels)
    return {
        "conditional_accuracy": metrics.conditional_accuracy(probabilities, labels),
        "accuracy_per_label": {
            recipe.label_names[label]: share for label, share in per_label.items()
        },
        "spread_ratio": spread / real_spread,
    }


def table(report):
    """A report as lines of text."""
    rows = [
        ("pictures judged", f"{report['num_images']:,}"),
        ("Frechet distance to the test set", f"{report['frechet_distance']:.3f}"),
        ("  floor: as many real training images", f"{report['frechet_floor']:.3f}"),
        ("  ratio", f"{report['frechet_ratio']:.2f}"),
        ("classifier score", f"{report['classifier_score']:.2f}"),
    ]
    for name in MANIFOLD:
        rows.append((f"{name} (5 neighbours)", f"{report['manifold'][name]:.3f}"))
        rows.append(("  of real training images", f"{report['manifold_of_real'][name]:.3f}"))
    if "conditional_accuracy" in report:
        accuracy = f"{report['classifier_test_accuracy']:.2%}"
        rows += [
            ("read as asked", f"{report['conditional_accuracy']:.2%}"),
            ("  the same classifier on real test images", accuracy),
            ("spread within a label, of real images'", f"{report['spread_ratio']:.2f}"),
        ]
        rows += [
            (f"read as asked: {name}", f"{share:.1%}")
            for name, share in report["accuracy_per_label"].items()
        ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value:>8}" for name, value in rows)
