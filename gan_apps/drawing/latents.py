"""The inputs of a network that draws from latents: noise from seeds, and what is asked for."""

import collections
import statistics

import numpy as np

DISTRIBUTIONS = {
    "normal": lambda random, size: random.standard_normal(size),
    "spherical": lambda random, size: _to_length(random.standard_normal(size), size**0.5),
    "uniform": lambda random, size: random.uniform(-1.0, 1.0, size),
}


# The kind of a code that is a number in [-1, 1]; others are one of so many values, as numbers of
# which one is 1: as in models.codes.
NUMBER = 1


def latents(seed, key, indices, size, distribution="normal", codes=()):
    """Latents, one row per picture.

    Picture `index` of a key has the same latents however many are drawn with it. RandomState is
    NumPy's frozen generator: its numbers are the same in every version.

    Args:
      seed: int in [0, 2**32).
      key: tuple of ints >= 0. What the picture is asked for, as its condition keys it.
      indices: iterable of ints >= 0.
      size: int.
      distribution: str. A key of DISTRIBUTIONS: what the run was trained with.
      codes: ints, as in runs.draws.Latents. Default ().

    Returns:
      float32 [len(indices), size].
    """
    draw, noise = DISTRIBUTIONS[distribution], size - sum(codes)
    rows = []
    for index in indices:
        random = np.random.RandomState([seed, *key, index])
        values = draw(random, noise)
        shares = random.random_sample(len(codes))
        own = [
            _code(kind, _of_share(kind, share)) for kind, share in zip(codes, shares, strict=True)
        ]
        rows.append(np.concatenate([values, *own]))
    return np.asarray(rows, np.float32).reshape(-1, size)


def _of_share(kind, share):
    """The value of a code below which a share in [0, 1) of what it is drawn from lies."""
    return 2.0 * share - 1.0 if kind == NUMBER else int(share * kind)


def _code(kind, value):
    """A code's value as the numbers that latents have of it."""
    return [value] if kind == NUMBER else np.eye(kind)[value]


def with_codes(inputs, latents, asked):
    """Inputs, once for each of several rows of codes that are asked for, which take their places.

    Args:
      inputs: {name: array [n, ...]}.
      latents: runs.draws.Latents.
      asked: sequence of sequences of a value for each code, None where it stays.

    Returns:
      The same of len(asked) n pictures, all of the first row first.
    """
    repeated = {name: np.concatenate([values] * len(asked)) for name, values in inputs.items()}
    count, rows = len(inputs["latents"]), repeated["latents"]
    for number, values in enumerate(asked):
        place = latents.noise
        for kind, value in zip(latents.codes, values, strict=True):
            if value is not None:
                rows[number * count : (number + 1) * count, place : place + kind] = _code(
                    kind, value
                )
            place += kind
    return repeated


def walked(draw, num_steps, seed, asked=()):
    """The inputs for a row of pictures for each code, which alone changes along it.

    A code of several values takes all of them, a number as many steps from -1 to 1.

    Args:
      draw: runs.draws.Draw whose latents have codes.
      num_steps: int. Of a number.
      seed: int. Of the noise and of the codes that are not walked through.
      asked: a value for each code, None for one that is as the seed has it. Default ().

    Returns:
      (inputs, list of ints: pictures in each row).
    """
    codes = draw.latents.codes
    asked = asked or (None,) * len(codes)
    rows, lengths = [], []
    for place, kind in enumerate(codes):
        values = np.linspace(-1.0, 1.0, num_steps) if kind == NUMBER else range(kind)
        rows += [[*asked[:place], value, *asked[place + 1 :]] for value in values]
        lengths.append(len(values))
    return with_codes(
        requested(draw, draw.condition.every()[:1], 1, seed), draw.latents, rows
    ), lengths


def requested(draw, asked, num_images, seed, truncation=None):
    """The inputs of a draw for `num_images` pictures of each value that is asked for.

    Args:
      draw: runs.draws.Draw with latents.
      asked: sequence of values of its condition. One may be asked for again, which gives other
        pictures of it.
      num_images: int. Pictures of each.
      seed: int.
      truncation: float or None. Normal latents beyond so many standard deviations are drawn again
        (Brock et al. 2019, arXiv 1809.11096, section 3.1). Default None.

    Returns:
      {"latents": float32 [n, size]}, and the condition's column if it has one.
    """
    return with_values(draw, asked, num_images, seed, truncation)[0]


def with_values(draw, asked, num_images, seed, truncation=None):
    """What `requested` gives, and the values with what they leave open as it was drawn.

    Args:
      draw, asked, num_images, seed, truncation: as in `requested`.

    Returns:
      (inputs, list of values).
    """
    times_seen = collections.Counter()
    rows, values = [], []
    for value in asked:
        first = times_seen[value] * num_images
        times_seen[value] += 1
        indices = range(first, first + num_images)
        rows.append(_of(draw, seed, value, indices, truncation))
        values += [_filled(draw, seed, value, index) for index in indices]
    return _inputs(draw, np.concatenate(rows), values), values


def of_one_character(draw, asked, num_images, seed, truncation=None):
    """The inputs for `num_images` rows, each with every value drawn from the same latents.

    What a value leaves open is drawn once for the row.

    Args:
      draw, asked, seed, truncation: as in `requested`.
      num_images: int. Rows.
    """
    source = draw.condition.every()[0]
    rows, values = [], []
    for index in range(num_images):
        rows += [_of(draw, seed, source, [index], truncation)] * len(asked)
        own = _filled(draw, seed, source, index)
        values += [draw.condition.completed(value, own) for value in asked]
    return _inputs(draw, np.concatenate(rows), values)


def interpolated(draw, asked, seeds, shares, end=None, given=None):
    """The inputs for pictures on the way from one seed's first picture to another's.

    Normal and spherical latents are interpolated on the arc between them, which keeps the length
    that the generator was trained on (Shoemake 1985; White 2016, arXiv 1609.04468); uniform ones
    on the line, and codes too.

    Args:
      draw, asked: as in `requested`; one row of pictures for each value.
      seeds: (int, int).
      shares: sequence of floats in [0, 1]. How far each picture is on its way.
      end: a value of the condition, or None. What the last picture is asked for, all others being
        on the line to it; what it leaves open stays as it is.
      given: float32 [2, size] or None. Latents to go between instead of those of the seeds.
    """
    noise = draw.latents.noise
    along = _line if draw.latents.distribution == "uniform" else _arc

    def between(first, last, share):
        codes = _line(first[noise:], last[noise:], share)
        return np.concatenate([along(first[:noise], last[:noise], share), codes])

    rows, values, ends = [], [], []
    for value in asked:
        first, last = (
            given if given is not None else [_of(draw, seed, value, [0])[0] for seed in seeds]
        )
        rows.append([between(first, last, share) for share in shares])
        begin = _filled(draw, seeds[0], value, 0)
        values += [begin] * len(shares)
        ends += [begin if end is None else draw.condition.completed(end, begin)] * len(shares)
    inputs = _inputs(draw, np.concatenate(rows).astype(np.float32), values)
    if end is not None:
        share = np.tile(np.asarray(shares, np.float32), len(asked))[:, None]
        for column, last in draw.condition.inputs(ends).items():
            if inputs[column].ndim == 1:
                # Labels have nothing between them.
                inputs[column] = np.where(share[:, 0] < 0.5, inputs[column], last)
            else:
                inputs[column] = _line(inputs[column], last, share)
    return inputs


def arithmetic(draw, value, terms, given=None, values=None):
    """The inputs for a sum of means of latents: each term's members and mean, then the sum.

    A sum that is longer than the latents that are named are in the mean is shortened to that, since
    the generator has seen none of its length; spherical latents are always put back on their
    sphere, and uniform ones clipped to their cube. Means are left as short as they are: they are
    of the common, as in the lecture. Codes become those that are nearest to their sums.

    Args:
      draw: as in `requested`.
      value: of the draw's condition: what all of them are asked for.
      terms: sequence of (sign, seeds): +1 or -1, and the seeds whose first pictures' latents are
        averaged (Radford et al. 2016, section 6.3.2: means of three).
      given: float32 [terms, size] or None. Latents, one of each term, instead of those of seeds.
      values: list of values of the condition, of each term, or None: those are then asked for
        instead of `value`, and of the sum what is nearest to theirs.

    Returns:
      The inputs, their pictures in this order: for each term, its members (if there is more than
      one) and its mean; then the sum.
    """
    if given is None:
        members = [
            [_of(draw, seed, value, [0])[0].astype(np.float64) for seed in seeds]
            for _, seeds in terms
        ]
    else:
        members = [[one.astype(np.float64)] for one in given]
    noise = draw.latents.noise
    length = np.mean([np.linalg.norm(one[:noise]) for group in members for one in group])

    def drawable(vector):
        return np.concatenate([of_noise(vector[:noise]), _nearest(draw.latents, vector[noise:])])

    def of_noise(vector):
        if draw.latents.distribution == "uniform":
            return np.clip(vector, -1.0, 1.0)
        if draw.latents.distribution == "spherical":
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
    if values is not None:
        signs = [sign for sign, _ in terms]
        values = [*values, _summed(signs, values)]
        return _inputs(draw, np.asarray(rows, np.float32), values)
    filled = _filled(draw, terms[0][1][0], value, 0)
    return _inputs(draw, np.asarray(rows, np.float32), [filled] * len(rows))


def sheet(draw, value, side):
    """The inputs for side x side pictures, row by row: all latents of two numbers.

    The values of a number are those below which (i + 1/2) / side of what it is drawn from lies
    (Kingma & Welling 2014, arXiv 1312.6114, figure 4). The first number grows to the right, the
    second one upwards.

    Args:
      draw: runs.draws.Draw of two normal or uniform latents.
      value: of the draw's condition: what all of them are asked for.
      side: int.
    """
    shares = (np.arange(side) + 0.5) / side
    places = 2.0 * shares - 1.0
    if draw.latents.distribution == "normal":
        places = np.array([statistics.NormalDist().inv_cdf(share) for share in shares])
    rows = [(across, up) for up in places[::-1] for across in places]
    filled = _filled(draw, 0, value, 0)
    return _inputs(draw, np.asarray(rows, np.float32), [filled] * len(rows))


def _of(draw, seed, value, indices, truncation=None):
    key, own = draw.condition.key(value), draw.latents
    rows = latents(seed, key, indices, own.size, own.distribution, own.codes)
    if truncation is None:
        return rows
    noise = _truncated(rows[:, : own.noise], truncation, seed, key, indices)
    return np.concatenate([noise, rows[:, own.noise :]], axis=1)


def _nearest(latents, numbers):
    """The codes that are nearest to sums of codes: the largest value, the number kept in range."""
    parts, place = [], 0
    for kind in latents.codes:
        own = numbers[place : place + kind]
        parts.append(np.clip(own, -1.0, 1.0) if kind == NUMBER else _code(kind, own.argmax()))
        place += kind
    return np.concatenate([*parts, []])


def _summed(signs, values):
    """The value that is nearest to a sum of values: in each slot what is left most of."""
    numbers = [value if isinstance(value, tuple) else (value,) for value in values]
    left = []
    for slot in zip(*numbers, strict=True):
        counts = dict.fromkeys(slot, 0)
        for sign, number in zip(signs, slot, strict=True):
            counts[number] += sign
        left.append(max(counts, key=counts.get))
    return tuple(left) if isinstance(values[0], tuple) else left[0]


def _truncated(rows, truncation, seed, key, indices):
    """Rows whose numbers beyond `truncation` are drawn again until none is."""
    rows = rows.copy()
    for row, index in zip(rows, indices, strict=True):
        random = np.random.RandomState([seed, *key, index, 1])
        while (beyond := np.abs(row) > truncation).any():
            row[beyond] = random.standard_normal(np.count_nonzero(beyond))
    return rows


def _filled(draw, seed, value, index):
    """A value with what it leaves open drawn as the data have it."""
    return draw.condition.filled(value, lambda key: np.random.RandomState([seed, *key, index, 2]))


def _inputs(draw, rows, values):
    return {"latents": rows, **draw.condition.inputs(values)}


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
