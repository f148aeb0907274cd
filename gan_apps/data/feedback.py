"""A shop: pictures of its items, and which of them each user chose.

A folder or a zip holds

    feedback.csv     user,item
                     17,Sandal/0003.png
    pictures         each an item, called by its path in the folder, or by as much of its end as no
                     other has, with its ending or without: Sandal/0003.png, 0003.png, 0003
    items.csv        item,class: of which class each is; without it the folders that items lie in
                     are classes, if all lie in such

An example is a choice. Of every user one choice is kept to validate by and one to test by ("leave
one out"), chosen by a seed: nothing learns them. Whoever chose less than FEWEST items is left out.
"""

import collections
import dataclasses
import functools
import hashlib
import os
import pathlib

import numpy as np

from gan_apps.conditions.users import Users
from gan_apps.data import archives, folders
from gan_apps.data.columns import Data
from gan_apps.pictures import reading
from gan_apps.settings import Refused, is_named

FILE, HEADER = "feedback.csv", ["user", "item"]
CLASSES, CLASSES_HEADER = "items.csv", ["item", "class"]
TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# One choice to learn, one to validate by, one to test by.
FEWEST = 3
SEED = 0


@dataclasses.dataclass(frozen=True)
class Shop:
    """What there is to choose.

    Args:
      pictures: uint8 [items, h, w, c].
      names: tuple of str. The paths of the items.
      classes: tuple of str. What classes there are; empty if nothing says.
      class_of: int32 [items]. Which of them each is of; -1 where nothing says.
    """

    pictures: np.ndarray
    names: tuple
    classes: tuple = ()
    class_of: np.ndarray | None = None

    def of_class(self, name):
        """The indices of the items of a class, by its name in any case; all if there are none."""
        if not self.classes:
            return np.arange(len(self.names))
        alike = [n for n, one in enumerate(self.classes) if one.casefold() == name.casefold()]
        return np.flatnonzero(np.isin(self.class_of, alike))


@dataclasses.dataclass(frozen=True, eq=False)
class Choices:
    """Who chose what of a shop.

    Args:
      shop: Shop.
      names: tuple of str. What the users are called.
      parts: {one of SPLITS: (users int32 [n], items int32 [n])}.
    """

    shop: Shop
    names: tuple
    parts: dict

    @property
    def num_items(self):
        return len(self.shop.names)

    @functools.cached_property
    def counts(self):
        """How many users chose each item to learn from: int64 [items]."""
        return np.bincount(self.parts[TRAIN][1], minlength=self.num_items)

    def chosen(self, splits=SPLITS):
        """bool [users, items]: which items a user chose in some of the splits."""
        found = np.zeros((len(self.names), self.num_items), bool)
        for split in splits:
            found[self.parts[split]] = True
        return found

    @functools.cached_property
    def _passed(self):
        """What `foreign` counts by: (sorted int64 [n], first of each user int64 [users]).

        The items that a user did not choose, in order, are r plus how many of those that were
        chosen stand before: those of which the place among the others is at most r.
        """
        users, items = (one.astype(np.int64) for one in self.parts[TRAIN])
        order = np.lexsort((items, users))
        users, items = users[order], items[order]
        first = np.searchsorted(users, np.arange(len(self.names)))
        places = items - (np.arange(len(items)) - first[users])
        return users * (self.num_items + 1) + places, first

    def foreign(self, users, key):
        """For each user an item that this one did not choose to learn from, drawn uniformly.

        Args:
          users: int32 [...], in a graph.
          key: int64 [2].

        Returns:
          int64 [...].
        """
        import tensorflow as tf

        passed, first = (tf.constant(one) for one in self._passed)
        counts = np.bincount(self.parts[TRAIN][0], minlength=len(self.names))
        left = tf.gather(tf.constant(self.num_items - counts), users)
        # 31 bits of a number are more than there are items; 24 would miss some of a large shop.
        bits = tf.random.stateless_uniform(users.shape, key, 0, 2**31 - 1, tf.int32)
        drawn = tf.cast(bits, tf.int64) % left
        users = tf.cast(users, tf.int64)
        flat = tf.reshape(users * (self.num_items + 1) + drawn, [-1])
        before = tf.reshape(tf.searchsorted(passed, flat, side="right"), users.shape)
        return drawn + tf.cast(before, tf.int64) - tf.gather(first, users)


class Chosen:
    """What the items of choices are, as a column of them; it is indexed as the array would be.

    Args:
      values: array [items, ...]. What each item is.
      choices: Choices.
      users, items: int32 [n]. Whose choices, of what.
    """

    def __init__(self, values, choices, users, items):
        self.values, self.choices, self.users, self.items = values, choices, users, items
        self.shape = (len(items), *values.shape[1:])

    def __len__(self):
        return len(self.items)

    def __getitem__(self, chosen):
        return self.values[np.atleast_1d(self.items[chosen])]

    def subset(self, chosen):
        return Chosen(self.values, self.choices, self.users[chosen], self.items[chosen])

    def encoded(self, chosen):
        """What tells some of them from others: a list of bytes."""
        return [self._digests[item] for item in self.items[chosen]]

    @functools.cached_property
    def _digests(self):
        return [hashlib.sha256(np.ascontiguousarray(one)).digest() for one in self.values]

    @functools.cached_property
    def _held(self):
        import tensorflow as tf

        # Not in the graph that asks for it first, which would hold all of them itself.
        with tf.init_scope():
            return tf.constant(self.values)

    def gathered(self, indices):
        """Of int64 indices of any shape, in a graph: [..., ...]."""
        import tensorflow as tf

        return tf.gather(self._held, tf.gather(tf.constant(self.items), indices))

    def foreign(self, indices, key):
        """The same of items that the users of those choices did not choose, drawn by the key."""
        import tensorflow as tf

        users = tf.gather(tf.constant(self.users), indices)
        return tf.gather(self._held, self.choices.foreign(users, key))


@dataclasses.dataclass(frozen=True)
class Feedback:
    """That a run learns choices: what data.sources.DataSet asks."""

    # The side of the pictures, for want of another.
    default_size = 64
    # Other choices are other ones left out.
    keeps_apart_by_its_data = True

    @classmethod
    def of(cls, settings):
        """That of the settings of a run, a dict; None for a run that learns no choices."""
        return cls() if "taste_dim" in settings else None

    def reads(self, name):
        """Whether the data are read as choices, whatever they are."""
        del name
        return True

    def load(self, name, split, size):
        """The Data of the choices of a split, one of SPLITS, as `of_split` gives them."""
        return of_split(read(name, size), split)

    def has_test(self, name):
        """Whether there are choices that are never trained on."""
        del name
        return True


def of_split(choices, split):
    """The Data of the choices of a split.

    Its columns are "users", "images", what was chosen, and "items", its number in the shop. Of the
    last two models.order draws foreign ones too.
    """
    users, items = choices.parts[split]
    numbers = np.arange(choices.num_items, dtype=np.int32)
    columns = {
        "images": Chosen(choices.shop.pictures, choices, users, items),
        "items": Chosen(numbers, choices, users, items),
        "users": users,
    }
    return Data(columns, Users(choices.names))


def read(name, size):
    """The Choices of a folder or a zip; what cannot be used of it is counted and named on stderr.

    Args:
      name: str. Its path.
      size: int. The side to which pictures are cropped and resized.

    Raises:
      Refused: it is no shop, or nothing of it can be used.
    """
    if is_named(name):
        raise Refused(
            f"--dataset={name}: holds no choices; name a folder or zip of pictures with a {FILE}."
        )
    shop, skipped = read_shop(name, size)
    rows = archives.table(name, FILE, HEADER)
    if rows is None:
        raise Refused(
            f"--dataset={name}: has no {FILE}, whose lines are {','.join(HEADER)}: who chose what."
        )
    if not rows:
        raise Refused(f"--dataset={name}: {FILE} holds no choice.")
    find, unknown = _finder(shop.names), []
    chosen = collections.defaultdict(dict)
    for line, row in rows:
        if len(row) != len(HEADER) or not all(row):
            unknown.append(f"line {line} ({','.join(row)[:40]!r} is not {','.join(HEADER)})")
            continue
        user, item = row
        number = find(item)
        if number is None:
            unknown.append(f"line {line} (no picture {item[:40]!r})")
        else:
            # Once, however often it is listed.
            chosen[user][number] = True
    few = sorted(user for user, items in chosen.items() if len(items) < FEWEST)
    all_of_it = [user for user, items in chosen.items() if len(items) == len(shop.names)]
    names = tuple(sorted(set(chosen) - set(few) - set(all_of_it), key=_in_order))
    sentences = []
    if skipped:
        sentences.append(f"{len(skipped)} pictures skipped: {folders.named(skipped)}.")
    if unknown:
        sentences.append(
            f"{len(unknown)} of {len(rows)} lines of {FILE} skipped: {folders.named(unknown)}."
        )
    if few:
        sentences.append(
            f"{len(few)} of {len(chosen)} users left out, who chose less than {FEWEST} items: "
            f"{folders.named(few)}."
        )
    if all_of_it:
        sentences.append(f"Left out, who chose everything: {folders.named(sorted(all_of_it))}.")
    folders.say(name, *sentences)
    if not names:
        raise Refused(
            f"--dataset={name}: {FILE} has no user who chose {FEWEST} items of the shop or more: "
            "one to learn from, one to validate and one to test by."
        )
    return Choices(shop, names, _left_out(names, chosen))


def read_shop(name, size):
    """(the Shop of a folder or a zip, names of pictures that cannot be read, and why)."""
    pictures, names, skipped, parts_of = [], [], [], []
    with archives.opened(name) as files:
        for parts, opened in sorted(files.items()):
            try:
                pictures.append(reading.read(opened(), size))
                names.append("/".join(parts))
                parts_of.append(parts)
            except reading.Unreadable as error:
                skipped.append(f"{'/'.join(parts)} ({error})")
    if not pictures:
        raise Refused(f"--dataset={name}: none of its {len(skipped)} pictures can be read.")
    if all(one.ndim == 2 for one in pictures):
        stacked = np.stack(pictures)[..., None]
    else:
        stacked = np.stack([reading.colour(one) for one in pictures])
    classes = _classes(name, names, parts_of)
    return Shop(stacked, tuple(names), *classes), skipped


def _classes(name, names, parts_of):
    """(what classes there are, int32 [items]), as in Shop."""
    rows, of_item = archives.table(name, CLASSES, CLASSES_HEADER), {}
    if rows is not None:
        find = _finder(names)
        for line, row in rows:
            number = find(row[0]) if len(row) == 2 and all(row) else None
            if number is None:
                raise Refused(
                    f"--dataset={name}: line {line} of {CLASSES} must be a picture of the shop and "
                    f"its class, is {','.join(row)[:60]!r}."
                )
            of_item[number] = row[1]
    else:
        depth = len(os.path.commonprefix([parts[:-1] for parts in parts_of]))
        if all(len(parts) > depth + 1 for parts in parts_of):
            of_item = {
                number: folders.label_name(parts[depth]) for number, parts in enumerate(parts_of)
            }
    classes = tuple(sorted(set(of_item.values())))
    numbers = [classes.index(of_item[n]) if n in of_item else -1 for n in range(len(names))]
    return classes, np.asarray(numbers, np.int32)


def _finder(names):
    """A function of what an item is called that gives its number, or None: by its path's end."""
    paths = [pathlib.PurePosixPath(name) for name in names]
    # Whole paths first: no end of another's means what is one.
    found = {name: number for number, name in enumerate(names)}
    whole = set(found)
    for number, path in enumerate(paths):
        for begin in range(len(path.parts)):
            end = "/".join(path.parts[begin:])
            for called in {end, end.removesuffix(path.suffix)} - whole:
                # One that two have means neither.
                found[called] = number if called not in found else None
    return lambda called: found.get(called)


def _in_order(user):
    """Users that are numbers in their order, before others."""
    return (not user.isdecimal(), int(user) if user.isdecimal() else 0, user)


def _left_out(names, chosen):
    """{one of SPLITS: (users int32 [n], items int32 [n])}: of every user one item in each test."""
    parts = {split: ([], []) for split in SPLITS}
    for user, name in enumerate(names):
        items = sorted(chosen[name])
        order = np.random.RandomState([SEED, user]).permutation(len(items))
        for place, at in enumerate(order):
            split = SPLITS[-1 - place] if place < 2 else TRAIN
            parts[split][0].append(user)
            parts[split][1].append(items[at])
    return {
        split: tuple(np.asarray(one, np.int32) for one in pair) for split, pair in parts.items()
    }
