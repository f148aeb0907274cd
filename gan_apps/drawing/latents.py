"""The latents of a picture, from its seed."""

import collections

import numpy as np

from gan_apps.prompts.vocabulary import MISSING

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
      label: int >= 0, or a tuple of them; 0 where there are no labels.
      indices: iterable of ints >= 0.
      latent_dim: int.
      distribution: str. A key of DISTRIBUTIONS: what the run was trained with.

    Returns:
      float32 [len(indices), latent_dim].
    """
    draw = DISTRIBUTIONS[distribution]
    key = label if isinstance(label, tuple) else (label,)
    rows = [draw(np.random.RandomState([seed, *key, index]), latent_dim) for index in indices]
    return np.asarray(rows, np.float32).reshape(-1, latent_dim)


def requested(recipe, asked, num_images, seed, truncation=None):
    """The inputs of a run's generator for `num_images` pictures of each condition.

    Args:
      recipe: run_dir.Recipe of the run.
      asked: sequence of conditions: labels, or attributes as `Vocabulary.read` gives them. One may
        be asked for again, which gives other pictures of it. None for a run without conditions.
      num_images: int. Pictures per condition, or in all.
      seed: int.
      truncation: float or None. Normal latents beyond so many standard deviations are drawn again
        (Brock et al. 2019, arXiv 1809.11096, section 3.1). Default None.

    Returns:
      {"latents": float32 [n, latent_dim]}, and "labels": int32 [n] or "attributes": float32
      [n, values of all slots] if there are conditions.
    """
    times_seen = collections.Counter()
    rows, conditions = [], []
    for condition in (0,) if asked is None else asked:
        first = times_seen[condition] * num_images
        times_seen[condition] += 1
        indices = range(first, first + num_images)
        rows.append(_of(recipe, seed, condition, indices, truncation))
        conditions += [_filled(recipe, seed, condition, index) for index in indices]
    return _inputs(recipe, np.concatenate(rows), None if asked is None else conditions)


def of_one_character(recipe, asked, num_images, seed, truncation=None):
    """The inputs for `num_images` rows, each with every condition drawn from the same latents.

    A slot that a condition leaves open is drawn once for the row.

    Args:
      recipe, asked, seed, truncation: as in `requested`; the run has conditions.
      num_images: int. Rows.
    """
    rows, conditions = [], []
    for index in range(num_images):
        source = recipe.conditions[0] if recipe.vocabulary is not None else 0
        rows += [_of(recipe, seed, source, [index], truncation)] * len(asked)
        own = _filled(recipe, seed, source, index)
        conditions += [_completed(condition, own) for condition in asked]
    return _inputs(recipe, np.concatenate(rows), conditions)


def opened(recipe, attributes):
    """A description once for every value of the first slot that it leaves open, or itself."""
    if MISSING not in attributes:
        return [attributes]
    place = attributes.index(MISSING)
    count = len(recipe.vocabulary.slots[place].values)
    return [(*attributes[:place], value, *attributes[place + 1 :]) for value in range(count)]


def every_combination(recipe):
    """All attributes of the first two slots with each other, or of the only slot: (asked, columns).

    What else there is stays open. The rows of a grid of `columns` columns are the first slot's.
    """
    sizes = [len(slot.values) for slot in recipe.vocabulary.slots]
    rest = (MISSING,) * (len(sizes) - 2)
    if len(sizes) == 1:
        return [(value,) for value in range(sizes[0])], sizes[0]
    return [(row, column, *rest) for row in range(sizes[0]) for column in range(sizes[1])], sizes[1]


def interpolated(recipe, labels, seeds, shares, end=None):
    """The inputs for pictures on the way from one seed's first picture to another's.

    Normal and spherical latents are interpolated on the arc between them, which keeps the length
    that the generator was trained on (Shoemake 1985; White 2016, arXiv 1609.04468); uniform ones
    on the line.

    Args:
      recipe, labels: as in `requested`; one row of pictures for each label.
      seeds: (int, int).
      shares: sequence of floats in [0, 1]. How far each picture is on its way.
      end: attributes, or None. What the last picture is asked for, all others being on the line
        to it; slots that it leaves open stay as they are.
    """
    between = _line if recipe.latent_distribution == "uniform" else _arc
    rows, conditions, ends = [], [], []
    for label in (0,) if labels is None else labels:
        first, last = (_of(recipe, seed, label, [0])[0] for seed in seeds)
        rows.append([between(first, last, share) for share in shares])
        begin = _filled(recipe, seeds[0], label, 0)
        conditions += [begin] * len(shares)
        ends += [begin if end is None else _completed(end, begin)] * len(shares)
    rows = np.concatenate(rows).astype(np.float32)
    inputs = _inputs(recipe, rows, None if labels is None else conditions)
    if end is not None:
        share = np.tile(np.asarray(shares, np.float32), len(labels))[:, None]
        last = one_hot(recipe.vocabulary, ends)
        inputs["attributes"] = _line(inputs["attributes"], last, share)
    return inputs


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
    conditions = None
    if labels is not None:
        conditions = [_filled(recipe, terms[0][1][0], label, 0)] * len(rows)
    return _inputs(recipe, np.asarray(rows, np.float32), conditions)


def _of(recipe, seed, condition, indices, truncation=None):
    # A slot that is left open is number -1, and seeds are not negative.
    key = tuple(a + 1 for a in condition) if isinstance(condition, tuple) else condition
    rows = latents(seed, key, indices, recipe.latent_dim, recipe.latent_distribution)
    return rows if truncation is None else _truncated(rows, truncation, seed, key, indices)


def _truncated(rows, truncation, seed, key, indices):
    """Rows whose numbers beyond `truncation` are drawn again until none is."""
    rows = rows.copy()
    key = key if isinstance(key, tuple) else (key,)
    for row, index in zip(rows, indices, strict=True):
        random = np.random.RandomState([seed, *key, index, 1])
        while (beyond := np.abs(row) > truncation).any():
            row[beyond] = random.standard_normal(np.count_nonzero(beyond))
    return rows


def _filled(recipe, seed, condition, index):
    """A condition with its open slots drawn as the data have them."""
    if not isinstance(condition, tuple) or MISSING not in condition:
        return condition
    found, counts = recipe.vocabulary.compatible(condition)
    random = np.random.RandomState([seed, *(a + 1 for a in condition), index, 2])
    drawn = found[random.choice(len(found), p=np.asarray(counts) / np.sum(counts))]
    return _completed(condition, drawn)


def _completed(condition, other):
    """Attributes with their open slots as in `other`; a label as it is."""
    if not isinstance(condition, tuple):
        return condition
    return tuple(b if a == MISSING else a for a, b in zip(condition, other, strict=True))


def _inputs(recipe, rows, conditions):
    if conditions is None:
        return {"latents": rows}
    if recipe.vocabulary is None:
        return {"latents": rows, "labels": np.asarray(conditions, np.int32)}
    return {"latents": rows, "attributes": one_hot(recipe.vocabulary, conditions)}


def one_hot(vocabulary, attributes):
    """Tuples of numbers as float32 [n, values of all slots], zero in a slot that is MISSING."""
    sizes = [len(slot.values) for slot in vocabulary.slots]
    firsts = np.cumsum([0, *sizes[:-1]])
    vectors = np.zeros((len(attributes), sum(sizes)), np.float32)
    for row, numbers in enumerate(attributes):
        for first, number in zip(firsts, numbers, strict=True):
            if number != MISSING:
                vectors[row, first + number] = 1.0
    return vectors


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
