"""What a classifier says of a run's pictures, beside what it says of real ones."""

import numpy as np

from gan_apps.data import sources
from gan_apps.drawing import draw, pictures, runtimes
from gan_apps.evaluation import classifier, metrics
from gan_apps.machine import files
from gan_apps.runs import run_dir

# The floor is a mean over this many samples of the training set.
FLOOR_SAMPLES = 5


def evaluate(run, recipe, *, num_images=200, seed=1, runtime="auto"):
    """Draws `num_images` pictures of each label, judges them, and writes metrics.json.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      num_images: int. Pictures per label.
      seed: int. Seed of their latents and of the choice of real images.
      runtime: as in drawing.runtimes.open_generator.

    Returns:
      dict. The content of metrics.json.

    Raises:
      Refused: the run cannot be drawn from, or there is no classifier for its data.
    """
    dataset = recipe.settings["dataset"]
    judge, test_accuracy = classifier.load(dataset)
    generator = runtimes.open_generator(run, recipe, runtime)
    latents, labels = draw.requested(range(recipe.num_classes), num_images, seed, recipe.latent_dim)
    images = pictures.to_bytes(generator(latents, labels))
    probabilities, features = judge.judged(images)
    real, test = sources.load(dataset), sources.load(dataset, "test")
    _, test_features = judge.judged(test.images)
    random = np.random.RandomState(seed)
    samples = [
        random.choice(len(real.images), min(len(images), len(real.images)), replace=False)
        for _ in range(FLOOR_SAMPLES)
    ]
    floor = np.mean(
        [
            metrics.frechet_distance(judge.judged(real.images[chosen])[1], test_features)
            for chosen in samples
        ]
    )
    distance = metrics.frechet_distance(features, test_features)
    spread = metrics.spread_within_labels(images, labels)
    real_spread = metrics.spread_within_labels(real.images[samples[0]], real.labels[samples[0]])
    per_label = metrics.accuracy_per_label(probabilities, labels)
    report = {
        "dataset": dataset,
        "num_images": len(images),
        "seed": seed,
        "features": f"{features.shape[1]} of the {dataset} classifier, penultimate layer",
        "classifier_test_accuracy": test_accuracy,
        "conditional_accuracy": metrics.conditional_accuracy(probabilities, labels),
        "accuracy_per_label": {
            recipe.label_names[label]: share for label, share in per_label.items()
        },
        "frechet_distance": distance,
        "frechet_floor": float(floor),
        "frechet_ratio": distance / float(floor),
        "classifier_score": metrics.classifier_score(probabilities),
        "spread_ratio": spread / real_spread,
    }
    files.write_json(run / run_dir.EVALUATION, report)
    return report


def table(report):
    """A report as lines of text."""
    rows = [
        ("pictures judged", f"{report['num_images']:,}"),
        ("read as asked", f"{report['conditional_accuracy']:.2%}"),
        ("  the same classifier on real test images", f"{report['classifier_test_accuracy']:.2%}"),
        ("Frechet distance to the test set", f"{report['frechet_distance']:.3f}"),
        ("  floor: as many real training images", f"{report['frechet_floor']:.3f}"),
        ("  ratio", f"{report['frechet_ratio']:.2f}"),
        ("classifier score", f"{report['classifier_score']:.2f}"),
        ("spread within a label, of real images'", f"{report['spread_ratio']:.2f}"),
    ]
    rows += [
        (f"read as asked: {name}", f"{share:.1%}")
        for name, share in report["accuracy_per_label"].items()
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value:>8}" for name, value in rows)
