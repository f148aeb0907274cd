"""Metrics of generated images, on the features and probabilities of a classifier. NumPy only."""

import numpy as np


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


def _square_root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
