"""Metrics of generated images, on the features and probabilities of a classifier. NumPy only."""

import numpy as np

# Of manifold_metrics: what its published figures are given for.
NEIGHBOURS = 5
# Rows of distances at a time: memory does not grow with the square of the sample.
_ROWS = 1000


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


def frechet_distances(features, other_features, weights):
    """`frechet_distance` for several choices of `features`: float64 [r].

    Args:
      features, other_features: as there.
      weights: [r, n]. How often each of `features` counts in each choice.
    """
    first, second = np.asarray(features, np.float64), np.asarray(other_features, np.float64)
    weights = np.asarray(weights, np.float64)
    covariance = np.cov(second, rowvar=False)
    root = _square_root(covariance)
    distances = []
    # One choice at a time: all of their products at once are n * d**2 numbers.
    for counts in weights:
        count = counts.sum()
        mean = counts @ first / count
        chosen = counts > 0
        centred = (first[chosen] - mean) * np.sqrt(counts[chosen])[:, None]
        own = centred.T @ centred / (count - 1.0)
        roots = np.sqrt(np.clip(np.linalg.eigvalsh(root @ own @ root), 0.0, None))
        shift = np.sum((mean - second.mean(axis=0)) ** 2)
        distances.append(shift + np.trace(own) + np.trace(covariance) - 2.0 * roots.sum())
    return np.array(distances)


def kernel_distance(features, other_features):
    """The unbiased squared maximum mean discrepancy of k(x, y) = (x.y / d + 1)**3, or KID.

      mean(k(x, x') over pairs of two x) + mean(k(y, y') over pairs of two y) - 2 mean(k(x, y))

    Unlike the Frechet distance it may be compared between samples of different sizes; it may fall
    below 0 where the two distributions are the same.

    Args:
      features, other_features: [n, d] and [m, d], at least two rows each.

    Returns:
      float.

    Reference: Binkowski et al. 2018 (arXiv 1801.01401), section 4.
    """
    once = np.ones((1, len(features)))
    return float(kernel_distances(features, other_features, once)[0])


def kernel_distances(features, other_features, weights):
    """`kernel_distance` for several choices of `features`: float64 [r].

    Args:
      features, other_features: as there.
      weights: [r, n]. How often each of `features` counts in each choice; a row that counts twice
        makes no pair with itself.
    """
    first, second = np.asarray(features, np.float64), np.asarray(other_features, np.float64)
    weights = np.asarray(weights, np.float64)
    counts = weights.sum(axis=1)
    within = sum(
        np.sum((weights @ kernel.T) * weights[:, rows], axis=1)
        for rows, kernel in _kernel_of_pairs(first)
    )
    within /= counts**2 - np.sum(weights**2, axis=1)
    means = [_kernel(first[rows], second).mean(axis=1) for rows in _blocks(first)]
    between = weights @ np.concatenate(means) / counts
    others = sum(kernel.sum() for _, kernel in _kernel_of_pairs(second))
    return within + others / (len(second) * (len(second) - 1)) - 2.0 * between


def _kernel(points, others):
    return (points @ others.T / points.shape[1] + 1.0) ** 3


def _kernel_of_pairs(points):
    """The kernel of each point with each other one, 0 with itself, in parts: (slice, [rows, n])."""
    for rows in _blocks(points):
        kernel = _kernel(points[rows], points)
        places = np.arange(len(kernel))
        kernel[places, rows.start + places] = 0.0
        yield rows, kernel


def _blocks(points):
    return [slice(start, start + _ROWS) for start in range(0, len(points), _ROWS)]


def nearest_and_mean_distances(features, groups):
    """How far pictures are from the others that were asked for alike.

    Args:
      features: [n, d].
      groups: [n]. What each was asked for; two or more of each.

    Returns:
      (nearest, mean): float32 [n] each. Distance of each point to the nearest other one of its
      group, and the mean of those to all of them.
    """
    points, groups = np.asarray(features, np.float32), np.asarray(groups)
    nearest, mean = np.zeros(len(points), np.float32), np.zeros(len(points), np.float32)
    for group in np.unique(groups):
        (members,) = np.where(groups == group)
        distances = np.sqrt(_squared_distances(points[members], points[members]))
        np.fill_diagonal(distances, 0.0)
        mean[members] = distances.sum(axis=1) / (len(members) - 1)
        np.fill_diagonal(distances, np.inf)
        nearest[members] = distances.min(axis=1)
    return nearest, mean


def classifier_score(probabilities, weights=None):
    """exp(mean(KL(p(y|x), p(y)))): 1 for pictures that are all alike, the class count at best.

    Args:
      probabilities: [n, classes], rows that sum to 1.
      weights: int [n] or None. How often each row counts; None: once.

    Reference: Salimans et al. 2016 (arXiv 1606.03498), section 4, with this project's classifier
    in the place of Inception.
    """
    rows = np.asarray(probabilities, np.float64)
    marginal = np.average(rows, axis=0, weights=weights)
    ratio = np.log(np.maximum(rows, 1e-300)) - np.log(np.maximum(marginal, 1e-300))
    return float(np.exp(np.average(np.sum(rows * ratio, axis=1), weights=weights)))


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
    return {name: float(values.mean()) for name, values in manifold(real, fake, neighbours).items()}


def manifold(real, fake, neighbours=NEIGHBOURS):
    """What `manifold_metrics` are the means of: {name: float64 [m] or [n]}, one value a point."""
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
        "precision": (within > 0).astype(np.float64),
        "recall": np.concatenate(recalled).astype(np.float64),
        "density": within / neighbours,
        "coverage": covered.astype(np.float64),
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


def shares_right(right, attributes, slots):
    """How often each slot is read right where something was asked, and how often all are at once.

    Args:
      right: bool [n, slots]. Of `read_right`.
      attributes: int [n, slots]. What was asked for; -1 where nothing was.
      slots: [[noun, [value, ...]], ...]. Their names; a noun that several have is told apart by
        what it can be.

    Returns:
      {name: float, "all": float}, without slots that nothing was asked of.
    """
    nouns, shares = [noun for noun, _ in slots], {}
    for place, (noun, values) in enumerate(slots):
        if nouns.count(noun) > 1:
            few = [value.replace("_", " ") for value in values[:2]]
            noun += f" ({', '.join(few)}{', ...' if len(values) > 2 else ''})"
        known = np.asarray(attributes)[:, place] >= 0
        if known.any():
            shares[noun] = float(right[known, place].mean())
    return {**shares, "all": float(right.all(axis=1).mean())}


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


def variety(features, asked, real_features, real_asked):
    """How varied pictures are within what was asked for, as a share of what real ones are.

      sum_a n_a trace(cov(features of a)) / sum_a n_a trace(cov(real features of a))

    over all that was asked for, n_a its generated pictures; of which there must be two or more on
    both sides. The traces are unbiased, so that the counts need not be equal.

    Args:
      features, real_features: [n, d] and [m, d].
      asked, real_asked: int [n, slots] and [m, slots].

    Returns:
      float, 1 for pictures that vary as real ones do; None if nothing is there to compare.
    """
    kinds, groups = np.unique(asked, axis=0, return_inverse=True)
    ours = theirs = 0.0
    for group, kind in enumerate(kinds):
        own = np.asarray(features[groups.reshape(-1) == group], np.float64)
        real = np.asarray(real_features[(real_asked == kind).all(axis=1)], np.float64)
        if min(len(own), len(real)) > 1:
            ours += len(own) * own.var(axis=0, ddof=1).sum()
            theirs += len(own) * real.var(axis=0, ddof=1).sum()
    return float(ours / theirs) if theirs else None


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
