"""The latents of a picture, from its seed."""

import collections

import numpy as np

DISTRIBUTIONS = {
    "normal": lambda random, size: random.standard_normal(size),
    "spherical": lambda random, size: _to_length(random.standard_normal(size), size**0.5),
    "uniform": lambda random, size: random.uniform(-1.0, 1.0, size),
}


def latents(seed, label, indices, latent_dim, distribution="normal"):
    """Latents, one row per picture.

    Picture `index` of `label` has the same latents however many are drawn with it. RandomState is
    NumPy's frozen generator: its numbers are the same in every version.

    Args:
      seed: int in [0, 2**32).
      label: int >= 0; 0 where there are no labels.
      indices: iterable of ints >= 0.
      latent_dim: int.
      distribution: str. A key of DISTRIBUTIONS: what the run was trained with.

    Returns:
      float32 [len(indices), latent_dim].
    """
    draw = DISTRIBUTIONS[distribution]
    rows = [draw(np.random.RandomState([seed, label, index]), latent_dim) for index in indices]
    return np.asarray(rows, np.float32).reshape(-1, latent_dim)


def requested(recipe, labels, num_images, seed):
    """The inputs of a run's generator for `num_images` pictures of each label.

    Args:
      recipe: run_dir.Recipe of the run.
      labels: sequence of ints; a label may be asked for again, which gives other pictures of it.
        None for a run without labels.
      num_images: int. Pictures per label, or in all.
      seed: int.

    Returns:
      {"latents": float32 [n, latent_dim]}, and "labels": int32 [n] if there are labels.
    """
    times_seen = collections.Counter()
    rows = []
    for label in (0,) if labels is None else labels:
        first = times_seen[label] * num_images
        times_seen[label] += 1
        rows.append(_of(recipe, seed, label, range(first, first + num_images)))
    return _inputs(np.concatenate(rows), labels, num_images)


def interpolated(recipe, labels, seeds, shares):
    """The inputs for pictures on the way from one seed's first picture to another's.

    Normal and spherical latents are interpolated on the arc between them, which keeps the length
    that the generator was trained on (Shoemake 1985; White 2016, arXiv 1609.04468); uniform ones
    on the line.

    Args:
      recipe, labels: as in `requested`; one row of pictures for each label.
      seeds: (int, int).
      shares: sequence of floats in [0, 1]. How far each picture is on its way.
    """
    between = _line if recipe.latent_distribution == "uniform" else _arc
    rows = []
    for label in (0,) if labels is None else labels:
        first, last = (_of(recipe, seed, label, [0])[0] for seed in seeds)
        rows.append([between(first, last, share) for share in shares])
    return _inputs(np.concatenate(rows).astype(np.float32), labels, len(shares))


def arithmetic(recipe, labels, terms):
    """The inputs for a sum of means of latents: each term's members and mean, then the sum.

    A sum that is longer than the latents that are named are in the mean is shortened to that, since
    the generator has seen none of its length; spherical latents are always put back on their
    sphere, and uniform ones clipped to their cube. Means are left as short as they are: they are
    of the common, as in the lecture.

    Args:
      recipe: run_dir.Recipe.
      labels: (int,) or None.
      terms: sequence of (sign, seeds): +1 or -1, and the seeds whose first pictures' latents are
        averaged (Radford et al. 2016, section 6.3.2: means of three).

    Returns:
      The inputs, their pictures in this order: for each term, its members (if there is more than
      one) and its mean; then the sum.
    """
    label = 0 if labels is None else labels[0]
    members = [
        [_of(recipe, seed, label, [0])[0].astype(np.float64) for seed in seeds]
        for _, seeds in terms
    ]
    length = np.mean([np.linalg.norm(one) for group in members for one in group])

    def drawable(vector):
        if recipe.latent_distribution == "uniform":
            return np.clip(vector, -1.0, 1.0)
        if recipe.latent_distribution == "spherical":
            return _to_length(vector, length)
        return _to_length(vector, min(length, np.linalg.norm(vector)))

    rows = []
    for group in members:
        rows += group if len(group) > 1 else []
        rows.append(drawable(np.mean(group, axis=0)) if len(group) > 1 else group[0])
    total = sum(
        sign * np.mean(group, axis=0) for (sign, _), group in zip(terms, members, strict=True)
    )
    rows.append(drawable(total))
    return _inputs(np.asarray(rows, np.float32), labels, len(rows))


def _of(recipe, seed, label, indices):
    return latents(seed, label, indices, recipe.latent_dim, recipe.latent_distribution)


def _inputs(rows, labels, repeats):
    if labels is None:
        return {"latents": rows}
    return {"latents": rows, "labels": np.repeat(np.asarray(labels, np.int32), repeats)}


def _line(first, last, share):
    return (1.0 - share) * first + share * last


def _arc(first, last, share):
    """sin((1 - s) a) / sin(a) first + sin(s a) / sin(a) last, a the angle between the two."""
    cosine = np.dot(first, last) / (np.linalg.norm(first) * np.linalg.norm(last))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return _line(first, last, share)
    return (np.sin((1.0 - share) * angle) * first + np.sin(share * angle) * last) / np.sin(angle)


def _to_length(vector, length):
    norm = np.linalg.norm(vector)
    return vector * (length / norm) if norm else vector
