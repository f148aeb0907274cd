"""Metrics of generated images, on the features and probabilities of a classifier. NumPy only."""

import numpy as np

# Of manifold_metrics: what its published figures are given for.
NEIGHBOURS = 5


def frechet_distance(features, other_features):
    """norm(m1 - m2)**2 + trace(S1 + S2 - 2 (S1 S2)**(1/2)), m and S means and covariances.

    The trace of the root is the sum of the roots of the eigenvalues of A S2 A with A = S1**(1/2),
    a symmetric matrix, so that no complex number appears.

    Args:
      features, other_features: [n, d] and [m, d], at least two rows each.

    Returns:
      float, at least 0 but for rounding. It falls with n and m: compare at equal counts.

    Reference: Dowson & Landau 1982; Heusel et al. 2017 (arXiv 1706.08500), equation 6.
    """
    first, second = np.asarray(features, np.float64), np.asarray(other_features, np.float64)
    root = _square_root(np.cov(first, rowvar=False))
    covariance = np.cov(second, rowvar=False)
    roots = np.sqrt(np.clip(np.linalg.eigvalsh(root @ covariance @ root), 0.0, None))
    shift = np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
    return float(shift + np.trace(root @ root) + np.trace(covariance) - 2.0 * roots.sum())


def classifier_score(probabilities):
    """exp(mean(KL(p(y|x), p(y)))): 1 for pictures that are all alike, the class count at best.

    Args:
      probabilities: [n, classes], rows that sum to 1.

    Reference: Salimans et al. 2016 (arXiv 1606.03498), section 4, with this project's classifier
    in the place of Inception.
    """
    rows = np.asarray(probabilities, np.float64)
    marginal = rows.mean(axis=0, keepdims=True)
    ratio = np.log(np.maximum(rows, 1e-300)) - np.log(np.maximum(marginal, 1e-300))
    return float(np.exp(np.sum(rows * ratio, axis=1).mean()))


def manifold_metrics(real, fake, neighbours=NEIGHBOURS):
    """Precision, recall, density and coverage: what two samples have of each other's manifold.

    A sample's manifold is the union of balls around its points, each as wide as the distance to
    its `neighbours`-th nearest other point.

      precision  share of fake points in the real manifold
      recall     share of real points in the fake manifold
      density    mean over fake points of (real balls it lies in) / neighbours; may exceed 1
      coverage   share of real points whose ball holds a fake point

    Args:
      real, fake: features [n, d] and [m, d], more than `neighbours` rows each.
      neighbours: int. k. Default 5.

    Returns:
      {"precision", "recall", "density", "coverage"}: floats.

    Reference: Kynkaanniemi et al. 2019 (arXiv 1904.06991), equations 1 and 2; Naeem et al. 2020
    (arXiv 2002.09797), equations 5 and 6.
    """
    real, fake = np.asarray(real, np.float32), np.asarray(fake, np.float32)
    real_radii, fake_radii = (_radii(points, neighbours) for points in (real, fake))
    within, recalled = [], []
    nearest = np.full(len(real), np.inf, np.float32)
    for start in range(0, len(fake), _ROWS):
        distances = _squared_distances(fake[start : start + _ROWS], real)
        within.append(np.sum(distances < real_radii, axis=1))
        nearest = np.minimum(nearest, distances.min(axis=0))
    for start in range(0, len(real), _ROWS):
        distances = _squared_distances(real[start : start + _ROWS], fake)
        recalled.append(np.any(distances < fake_radii, axis=1))
    within, covered = np.concatenate(within), nearest < real_radii
    return {
        "precision": float(np.mean(within > 0)),
        "recall": float(np.mean(np.concatenate(recalled))),
        "density": float(np.mean(within) / neighbours),
        "coverage": float(np.mean(covered)),
    }


def conditional_accuracy(probabilities, labels):
    """The share of pictures that the classifier reads as what was asked for."""
    return float(np.mean(np.argmax(probabilities, axis=1) == labels))


def accuracy_per_label(probabilities, labels):
    """`conditional_accuracy` of each label that occurs: {label: share}."""
    labels = np.asarray(labels)
    return {
        int(label): conditional_accuracy(probabilities[labels == label], label)
        for label in np.unique(labels)
    }


def read_right(probabilities, attributes, sizes):
    """Whether each attribute of each picture is read as it was asked for.

    Args:
      probabilities: [n, sum(sizes)]. Of the values of each slot, one slot after the other.
      attributes: int [n, slots]. What was asked for; -1 where nothing was, which is always right.
      sizes: ints. Values of each slot.

    Returns:
      bool [n, slots].
    """
    slots = np.split(np.asarray(probabilities), np.cumsum(sizes)[:-1], axis=1)
    read = np.stack([np.argmax(slot, axis=1) for slot in slots], axis=1)
    attributes = np.asarray(attributes)
    return (read == attributes) | (attributes < 0)


def attribute_numbers(attributes, sizes):
    """One-hot attributes [n, sum(sizes)] as numbers int [n, slots], -1 for a slot of zeros."""
    slots = np.split(np.asarray(attributes), np.cumsum(sizes)[:-1], axis=1)
    return np.stack([np.where(slot.any(axis=1), slot.argmax(axis=1), -1) for slot in slots], axis=1)


def spread_within_labels(images, labels):
    """Standard deviation of a pixel among the images of a label, averaged over pixels and labels.

    Args:
      images: [n, h, w, c], any scale.
      labels: [n].
    """
    images, labels = np.asarray(images, np.float64), np.asarray(labels)
    return float(
        np.mean([images[labels == label].std(axis=0).mean() for label in np.unique(labels)])
    )


# Rows of distances at a time: memory does not grow with the square of the sample.
_ROWS = 1000


def _squared_distances(points, others):
    products = points @ others.T
    lengths = np.sum(points**2, axis=1)[:, None] + np.sum(others**2, axis=1)
    return np.maximum(lengths - 2.0 * products, 0.0)


def _radii(points, neighbours):
    """The squared distance of each point to its `neighbours`-th nearest other."""
    radii = []
    for start in range(0, len(points), _ROWS):
        distances = _squared_distances(points[start : start + _ROWS], points)
        # Its own place is the nearest.
        rows = np.arange(len(distances))
        distances[rows, start + rows] = -1.0
        radii.append(np.partition(distances, neighbours, axis=1)[:, neighbours])
    return np.concatenate(radii)


def _square_root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
