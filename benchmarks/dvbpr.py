"""Customers whose taste is known: how well it is learned from what they chose, and designed for.

  python -m benchmarks.dvbpr --write=fashion_shop        makes a shop of Fashion-MNIST's garments
                                                         and its customers, in a new folder
  python -m benchmarks.dvbpr --dataset=fashion_shop      measures the shipped run, some minutes

The customers are made up. Customer u likes picture i by

    t_ui = 1 if its class is one of three that u likes + a_u brightness_i + b_u width_i

with a_u, b_u normal; brightness is a picture's mean gray value, width the deviation of where its
gray lies from left to right, both in deviations from the shop's mean. Of 500 items of the shop that
u happens to see, u chooses the 60 with the largest 2 t_ui + noise (Gumbel's law, so that the first
choice is one of the softmax). So the best AUC that anything can reach is that of t itself, and how
much a design is truly liked can be computed from the design.

Every fifth item is new: nobody has seen it. What customers will choose of those, 2 of 100, is drawn
by the same law and is in no file.
"""

import dataclasses
import pathlib
import sys
import time

import numpy as np
from absl import app, flags
from PIL import Image

USERS, ITEMS, SEEN, CHOICES = 300, 2_500, 500, 60
LIKED_CLASSES, CLASS_WEIGHT, SHARPNESS = 3, 1.0, 2.0
# Which items are new, and what each customer sees and chooses of them.
NEW, SEEN_OF_NEW, CHOICES_OF_NEW = 5, 100, 2
# Designs, and items of the shop, of each customer.
BEST = 10

_WRITE = flags.DEFINE_string("write", None, "Make the shop in this new folder, and stop.")
_DATASET = flags.DEFINE_string("dataset", "fashion_shop", "The shop that --write made.")
_RUN = flags.DEFINE_string("run_dir", None, "A run of gan_apps.dvbpr. Default: the shipped one.")
_GENERATOR = flags.DEFINE_string("generator", None, "What designs. Default: the shipped one.")
_USERS = flags.DEFINE_integer("users", 20, "Customers who are designed for.", 1)


@dataclasses.dataclass(frozen=True)
class Customers:
    """Tastes that are known.

    Args:
      classes: float [users, classes]. What each likes of a class.
      slopes: float [users, 2]. What each likes of brightness and of width.
      means, deviations: float [2]. Those of the shop.
    """

    classes: np.ndarray
    slopes: np.ndarray
    means: np.ndarray
    deviations: np.ndarray

    @classmethod
    def made(cls, images, num_classes, num_users=USERS, seed=0):
        """Customers of a shop with the pictures `images`, uint8 [n, h, w, 1]."""
        random = np.random.RandomState(seed)
        classes = np.zeros((num_users, num_classes))
        for row in classes:
            row[random.choice(num_classes, LIKED_CLASSES, replace=False)] = CLASS_WEIGHT
        measured = looks(images)
        slopes = random.standard_normal((num_users, 2))
        return cls(classes, slopes, measured.mean(axis=0), measured.std(axis=0))

    def likes(self, images, labels):
        """t: float [users, n] of pictures uint8 [n, h, w, 1] of classes int [n]."""
        measured = (looks(images) - self.means) / self.deviations
        return self.classes[:, labels] + self.slopes @ measured.T

    def chosen(self, images, labels, seen=SEEN, choices=CHOICES, seed=1):
        """What each chooses: int [users, choices]."""
        random, likes = np.random.RandomState(seed), self.likes(images, labels)
        rows = []
        for row in likes:
            some = random.choice(len(row), seen, replace=False)
            wanted = SHARPNESS * row[some] + random.gumbel(size=seen)
            rows.append(some[np.argsort(-wanted)[:choices]])
        return np.stack(rows)


def looks(images):
    """(brightness, width) of pictures uint8 [n, h, w, 1]: float [n, 2]."""
    gray = images[..., 0].astype(np.float64)
    brightness = gray.mean(axis=(1, 2))
    columns = gray.sum(axis=1) + 1e-9
    shares = columns / columns.sum(axis=1, keepdims=True)
    places = np.arange(gray.shape[2])
    middle = shares @ places
    width = np.sqrt(np.sum(shares * (places - middle[:, None]) ** 2, axis=1))
    return np.stack([brightness, width], axis=1)


def shop():
    """(images uint8 [ITEMS, 28, 28, 1], labels int [ITEMS], their names): equally many a class."""
    from gan_apps.data import sources

    data = sources.load("fashion_mnist")
    names, each = data.condition.names, ITEMS // len(data.condition.names)
    random = np.random.RandomState(0)
    chosen = [random.choice(data.of(label), each, replace=False) for label in range(len(names))]
    chosen = np.concatenate(chosen)
    return data.images[chosen], data.numbers[chosen], names


def write(folder):
    images, labels, names = shop()
    folder.mkdir(parents=True)
    files = []
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        # A class may be called by a word with a slash.
        place = folder / names[label].replace("/", " or ")
        place.mkdir(exist_ok=True)
        Image.fromarray(image[..., 0]).save(place / f"{number:04d}.png")
        files.append(f"{number:04d}")
    old = np.flatnonzero(np.arange(len(images)) % NEW)
    chosen = old[Customers.made(images, len(names)).chosen(images[old], labels[old])]
    rows = [f"{user},{files[item]}" for user, items in enumerate(chosen) for item in items]
    (folder / "feedback.csv").write_text("\n".join(["user,item", *rows]) + "\n")
    listed = [f"{name},{names[label]}" for name, label in zip(files, labels, strict=True)]
    (folder / "items.csv").write_text("\n".join(["item,class", *listed]) + "\n")


def measure(run, generator, place, num_users):
    from gan_apps.data import feedback
    from gan_apps.evaluation import classifiers, preferences
    from gan_apps.runs import run_dir
    from gan_apps.searching import designs

    designer = designs.Designer.opened(run, generator)
    choices = feedback.read(place, designer.shape[0])
    pictures, names = choices.shop.pictures, designer.draw.condition.names
    labels = np.array([names.index(choices.shop.classes[c]) for c in choices.shop.class_of])
    # The shop is read in the order of its folders, and was made in that of the labels.
    order = np.argsort([pathlib.PurePath(name).stem for name in choices.shop.names])
    customers = Customers.made(pictures[order], len(names))
    truth = customers.likes(pictures, labels)[[int(name) for name in choices.names]]
    rows = {
        "best possible (the taste itself)": truth,
        "DVBPR, by pictures": preferences.scores(designer.recommender, pictures),
        "matrix factorisation": preferences.factorised(choices),
        "popularity": choices.counts[None].astype(float),
    }
    new = np.flatnonzero(~choices.chosen().any(axis=0))
    wanted = customers.chosen(pictures[new], labels[new], SEEN_OF_NEW, CHOICES_OF_NEW, seed=2)
    wanted = wanted[[int(name) for name in choices.names]]
    print(f"{len(choices.names)} customers, {len(pictures):,} items, {len(new)} of them new")
    print(f"{'AUC':36}{'left out':>12}{'new items':>12}")
    for name, given in rows.items():
        both = preferences.auc(choices, given, "test"), auc_of_new(given[:, new], wanted)
        print(f"{name:36}" + "".join(f"{value:12.3f}" for value in both))
    judge = classifiers.load(run_dir.shipped("classifier_fashion"))
    table = designed(designer, customers, choices, truth, labels, num_users, judge)
    print(f"\n{num_users} customers, {BEST} pictures each, means")
    print(f"{'':44}{'truly liked':>12}{'D':>8}{'|D-1|':>8}{'read as class':>15}")
    for name, figures in table.items():
        print(f"{name:44}{figures[0]:12.2f}{figures[1]:8.2f}{figures[2]:8.2f}{figures[3]:15.1%}")


def auc_of_new(given, wanted):
    """How often what customers want, int [users, m], is scored above others: given [users, n]."""
    found = []
    for user, items in enumerate(wanted):
        row = given[user if len(given) > 1 else 0]
        others = np.delete(row, items)
        found += [np.mean(row[one] > others) + 0.5 * np.mean(row[one] == others) for one in items]
    return np.mean(found)


def designed(designer, customers, choices, truth, labels, num_users, judge):
    """{what: (truly liked, D, |D - 1|, share read as their class)} of BEST pictures a customer."""
    from gan_apps.settings.drawing import ForUser

    pictures, every = choices.shop.pictures, np.arange(len(designer.draw.condition.names))
    defaults = ForUser(user="0")
    plain_labels = np.resize(every, 1_000).astype(np.int32)
    plain = designer.drawn(plain_labels, seed=1)
    found = {}

    def add(name, user, images, own):
        number = int(choices.names[user])
        truly = customers.likes(images, own)[number]
        real = designer.real(images, own.astype(np.int32))
        read = judge.judged(images)[0].argmax(axis=1) == own
        found.setdefault(name, []).append(
            [truly.mean(), real.mean(), np.abs(real - 1.0).mean(), read.mean()]
        )

    for user in range(num_users):
        scores = designer.liked(user, pictures)
        first = np.argsort(-scores)[:BEST]
        add("shop, first by the recommender", user, pictures[first], labels[first])
        best = np.argsort(-truth[user])[:BEST]
        add("shop, truly liked most", user, pictures[best], labels[best])
        some = np.random.RandomState(user).choice(len(pictures), BEST, replace=False)
        add("shop, any", user, pictures[some], labels[some])
        first = np.argsort(-designer.liked(user, plain))[:BEST]
        add("drawn as they come, first of 1,000", user, plain[first], plain_labels[first])
        for weight in (defaults.realness_weight, 0.0):
            images, own, _ = designer.designed(
                user,
                plain_labels,
                0,
                starts=defaults.starts,
                steps=defaults.steps,
                step_size=defaults.step_size,
                realness_weight=weight,
            )
            add(f"designed, eta = {weight:g}", user, images[:BEST], own[:BEST])
    return {name: np.mean(rows, axis=0) for name, rows in found.items()}


def main(argv):
    from gan_apps.command.design_requests import SHIPPED_GENERATOR
    from gan_apps.operating_system import quiet
    from gan_apps.runs import run_dir

    del argv
    if _WRITE.value is not None:
        write(pathlib.Path(_WRITE.value))
        return
    begun = time.monotonic()
    quiet.import_tensorflow()
    run = pathlib.Path(_RUN.value or run_dir.shipped("dvbpr_fashion"))
    generator = pathlib.Path(_GENERATOR.value or run_dir.shipped(SHIPPED_GENERATOR))
    measure(run, generator, _DATASET.value, _USERS.value)
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    app.run(main)
