"""How like pictures are: lines beside lines, drawings beside what they should be."""

import numpy as np

# How far apart two pixels of lines may be along each axis to be one.
WITHIN = 2


def f1(lines, others, within=WITHIN):
    """The F1 of lines beside others: float [n].

    Args:
      lines, others: bool [n, h, w].
      within: int. How far apart two pixels may be along each axis to be one.
    """
    found = [
        (one & grown(other, within)).sum((1, 2)) / np.maximum(one.sum((1, 2)), 1)
        for one, other in ((lines, others), (others, lines))
    ]
    return 2.0 * found[0] * found[1] / np.maximum(sum(found), 1e-9)


def grown(lines, within):
    """Lines bool [n, h, w], wider by some pixels on every side."""
    _, height, width = lines.shape
    padded = np.pad(lines, [(0, 0), (within, within), (within, within)])
    reach = range(2 * within + 1)
    parts = [padded[:, y : y + height, x : x + width] for y in reach for x in reach]
    return np.any(parts, axis=0)


def judged(drawn, targets, others):
    """{name: float} of drawings beside their targets, and of other real pictures beside those.

    Args:
      drawn, targets: uint8 [n, h, w, c].
      others: uint8 [m, h, w, c], m at least n.
    """
    # TensorFlow, which whoever compares lines does without.
    from gan_apps.evaluation import appearance, wasserstein

    count = len(targets)
    figures = {name: float(v.mean()) for name, v in appearance.to_targets(drawn, targets).items()}
    figures["sharpness"] = float(np.mean(appearance.edges(drawn) / appearance.edges(targets)))
    some = others[np.random.RandomState(0).choice(len(others), count, replace=False)]
    finest = targets.shape[1]
    own, real, floor = (
        wasserstein.patches(images, wasserstein.PATCHES * count, [0, place])[finest]
        for place, images in enumerate((drawn, targets, some))
    )
    figures["finest_level"] = wasserstein.distance(own, real, 0)
    figures["finest_level_of_real"] = wasserstein.distance(floor, real, 0)
    return figures
