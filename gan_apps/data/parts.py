"""What of a data set is trained on, what is kept apart to measure by, and how to tell it again.

A run's config.json holds a record, which says this for good:

  num_images      how many images the data had, those held out included
  sha256          the digest of them (`digest`)
  test            which part is never trained on: OWN, HELD_OUT or NONE
  num_held_out    how many images that is, if they are HELD_OUT, else 0
  seed            what chose them
  judges_share    if some images are left to judges: the share of all, which no generator learns
  earlier         if the data changed on the way: [{num_images, sha256}] of what they were before

Nothing here asks what an image is: any data set that `sources` reads has its parts.
"""

import hashlib

import numpy as np

from gan_apps.data import folders, sources
from gan_apps.settings import ACCEPT, Refused, is_named

# One image in so many is held out where data have no test part of their own.
SHARE = 10
# Of fewer images none is: a tenth of them tells nothing.
FEWEST = 100
# The same for every run and every classifier, so that no judge has learned what it judges by.
SEED = 0

OWN, HELD_OUT, NONE = "its own", "held out", "none"

_ROWS = 500


def loaded(data_set, record):
    """All images of a data set that the run of a record may train on, those held out included.

    Args:
      data_set: sources.DataSet.
      record: dict or None. As in `kept_up`; {} for a run that begins now, which takes `recorded` of
        this.
    """
    # Runs from before there were records have all of a folder, its test part too.
    split = folders.ALL if record is None else folders.TRAIN
    return data_set.load(split)


def recorded(data_set, data, judges_share=0.0):
    """The record of a run that begins now.

    Args:
      data_set: sources.DataSet.
      data: data.columns.Data. All of it, as `loaded` gives it.
      judges_share: float. The share of the images that is left to judges. Default 0.

    Raises:
      Refused: there are too few images to leave any to judges.
    """
    chosen = ()
    if data_set.has_test():
        test = OWN
    else:
        chosen = _held_out(data, SEED) if _are_enough(data) else ()
        test = HELD_OUT if len(chosen) else NONE
    if judges_share and len(data) < FEWEST:
        raise Refused(
            f"--judges_share={judges_share}: --dataset={data_set.name} has {len(data)} images; of "
            f"less than {FEWEST} none are kept apart."
        )
    record = {
        "num_images": len(data),
        "test": test,
        "num_held_out": len(chosen),
        "seed": SEED,
        **({"judges_share": judges_share} if judges_share else {}),
    }
    return {**record, "sha256": digest(data, in_order=_is_in_order(record))}


def kept_up(record, data_set, data, accept=False):
    """The record of a run that goes on.

    Args:
      record: dict or None. The run's record; None for one that began before there were records,
        which goes on with all of its data, whatever they are now.
      data_set, data: as in `recorded`.
      accept: bool. Whether to go on with other data than those the run began with. What was held
        out of them can then not be told from what was trained on, and nothing is from now on.

    Raises:
      Refused: they are other data.
    """
    if record is None or not (change := changed(record, data)):
        return record
    if not accept or getattr(data_set.pairing, "keeps_apart_by_its_data", False):
        if accept:
            raise Refused(
                f"--dataset={data_set.name}: {change}; which choices are kept apart is no longer "
                "known, so this run cannot go on with them."
            )
        raise Refused(f"--dataset={data_set.name}: {change}; --{ACCEPT} goes on with them.")
    before = {key: record[key] for key in ("num_images", "sha256")}
    now = recorded(data_set, data)
    if now["test"] != record["test"] or now["test"] == HELD_OUT:
        now = _nothing_kept_apart(now, data)
    return {**now, "earlier": [*record.get("earlier", []), before]}


def begun_with(record, initial, data):
    """The record of a run that begins with the networks of another.

    Args:
      record: dict. That of the run, as if it began with none.
      initial: dict or None. That of the other, which must have kept the same images apart.
      data: data.columns.Data. The run's, all of them.
    """
    same = initial is not None and all(
        initial.get(name) == record.get(name)
        for name in ("sha256", "test", "num_held_out", "seed", "judges_share")
    )
    if same or not _is_in_order(record):
        return record
    return _nothing_kept_apart(record, data)


def _nothing_kept_apart(record, data):
    """The record of a run that may have learned from any image but those of a test part."""
    test = OWN if record["test"] == OWN else NONE
    kept = {name: value for name, value in record.items() if name != "judges_share"}
    return {**kept, "test": test, "num_held_out": 0, "sha256": digest(data, in_order=False)}


def _is_in_order(record):
    """Whether the place of an image says what it is for."""
    return record["test"] == HELD_OUT or bool(record.get("judges_share"))


def changed(record, data):
    """How data differ from those of a record, in words; "" if they do not."""
    count, before = len(data), record["num_images"]
    if count != before:
        return f"{count:,} images, {before:,} when the run began"
    in_order = _is_in_order(record)
    if digest(data, in_order=in_order) == record["sha256"]:
        return ""
    order = ", or in another order" if in_order else ""
    return f"{count:,} images, as when the run began, but not the same ones{order}"


def digest(data, *, in_order):
    """A SHA-256 of what a network sees of a data set: pixels, and labels or attributes.

    It knows neither paths nor times, so that data may move; and it costs a pass over what is in
    memory already, or over the small PNG files of a prepared copy, about a second a gigabyte.

    Args:
      data: data.columns.Data.
      in_order: bool. Whether the same images in another order are other data, as they are where
        the place of an image says whether it is held out.
    """
    several = len(data.condition.slots) > 1
    names = () if several or not data.condition.slots else tuple(data.condition.slots[0][1])
    described = [tuple(data.images.shape[1:]), names]
    if several:
        described.append(data.condition.slots)
    others = set(data.columns) - {"images", data.condition.column}
    described += [(name, data.columns[name].shape[1:]) for name in sorted(others)]
    digests = []
    for start in range(0, len(data), _ROWS):
        rows = slice(start, start + _ROWS)
        of_block = [hashlib.sha256() for _ in range(len(data))[rows]]
        for values in data.columns.values():
            in_memory = isinstance(values, np.ndarray)
            some = values[rows] if in_memory else values.encoded(rows)
            for one, value in zip(of_block, some, strict=True):
                one.update(_little(value) if in_memory else value)
        digests += [one.digest() for one in of_block]
    whole = hashlib.sha256(repr(described).encode())
    whole.update(b"".join(digests if in_order else sorted(digests)))
    return whole.hexdigest()


def test_of(record, name):
    """Which part of its data a run was never trained on: OWN, HELD_OUT or NONE.

    Args:
      record: dict or None. None for a run that began before there were records: all of a folder
        was trained on then, whatever is in it.
      name: str. Its data set.
    """
    if record is not None:
        return record["test"]
    return OWN if is_named(name) and sources.has_test(name) else NONE


def train_part(data, record, is_judge=False):
    """What of `data`, all that `sources.load` gave, the run of a record trains on.

    Args:
      is_judge: bool. Whether it is a judge, which learns what is left to judges and nothing else.
        Default False.
    """
    if record is None or not _is_in_order(record):
        return data
    held_out = _held_out(data, record["seed"]) if record["test"] == HELD_OUT else ()
    share = record.get("judges_share", 0.0)
    for_judges = _for_judges(data, record["seed"], share, held_out)
    if is_judge and share:
        return data.subset(for_judges)
    return data.subset(np.setdiff1d(np.arange(len(data)), [*held_out, *for_judges]))


def share_no_image(record, judge_record):
    """Whether a judge and what it judges were trained on the same data without a common image.

    Args:
      record, judge_record: dicts or None. The records of the two.
    """
    return bool(
        record
        and judge_record
        and record.get("judges_share")
        and all(
            record.get(name) == judge_record.get(name)
            for name in ("sha256", "test", "seed", "judges_share")
        )
    )


def test_part(data_set, data, record):
    """What the run of a record is never trained on, or None.

    Args:
      data_set, data: as in `recorded`.
      record: dict or None. As in `test_of`.
    """
    test = test_of(record, data_set.name)
    if test == OWN:
        return data_set.load("test")
    return data.subset(_held_out(data, record["seed"])) if test == HELD_OUT else None


def _are_enough(data):
    """Whether there are so many examples, and clips if they are of such, that some are spared."""
    clips = SHARE if data.groups is None else len(np.unique(data.groups))
    return len(data) >= FEWEST and clips >= SHARE


def tenth(data):
    """The indices of the two parts of any data: what HELD_OUT would train on, and the rest."""
    held_out = _held_out(data, SEED)
    return np.setdiff1d(np.arange(len(data)), held_out), held_out


def _held_out(data, seed):
    """The indices of one image in SHARE, in order; of every label and attribute some are left.

    Of what belongs together all goes.
    """
    groups = np.arange(len(data)) if data.groups is None else data.groups
    count = len(np.unique(groups))
    order = np.random.RandomState(seed).permutation(count)
    chosen = np.flatnonzero(np.isin(groups, order[count - count // SHARE :]))
    return _spared(data, chosen, ())


def _for_judges(data, seed, share, held_out):
    """The indices of a share of the images, in order, none of them held out.

    Of every label and attribute some are left to learn to draw.
    """
    count = len(data)
    order = np.random.RandomState(seed).permutation(count)
    chosen = np.setdiff1d(order[: round(share * count)], held_out)
    return _spared(data, chosen, held_out)


def _spared(data, chosen, gone):
    """Those of the indices `chosen` whose values are also those of images that are left."""
    conditions = _conditions(data)
    if conditions is None:
        return chosen
    left = np.delete(conditions, [*chosen, *gone], axis=0)
    can_go = [
        np.isin(values[chosen], others) for values, others in zip(conditions.T, left.T, strict=True)
    ]
    return chosen[np.all(can_go, axis=0)]


def _conditions(data):
    """The labels int32 [n, 1] or attributes int32 [n, slots] of a data set, or None.

    No sentence need be left to learn: its words are, those of others.
    """
    return None if not data.condition.slots else data.numbers.reshape(len(data), -1)


def _little(values):
    """The bytes of an array, or of one number, on any machine."""
    values = np.asarray(values)
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
