"""What is in the shop for a user, and designs: the best items, and pictures that are searched for.

The run says what users like; another run, a class-conditional least-squares GAN that keeps its
discriminator, draws.
"""

import csv
import dataclasses
import functools
import io
import os
import pathlib
import sys

import numpy as np

from gan_apps.conditions.labels import Labels
from gan_apps.conditions.users import Users
from gan_apps.drawing import boards, latents, pictures, runtimes
from gan_apps.drawing.draw import check_writable
from gan_apps.operating_system import files, quiet
from gan_apps.runs import run_dir
from gan_apps.runs.draws import Draw
from gan_apps.settings import Failed, Refused
from gan_apps.settings.drawing import GRID

RECOMMENDER, GENERATOR, DISCRIMINATOR = "recommender", "generator", "discriminator"
# What draws for a run whose own shop nobody else knows.
SHIPPED_GENERATOR = "cgan_fashion"
# Pictures that are drawn as they come: the best are begun with, or stand for a shop that is not
# here.
DRAWN = 1_000
# Latents that are searched from at once.
BATCH = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Designer:
    """What says what users like, what draws, and what says whether a picture passes for real.

    Args:
      recommender: models.dvbpr.Recommender, and `shape`, (h, w, c) of what it looks at, `users`,
        conditions.users.Users.
      generator: models.networks.Generator, and its runs.draws.Draw.
      discriminator: models.networks.Discriminator.
    """

    recommender: object
    shape: tuple
    users: Users
    generator: object
    draw: Draw
    discriminator: object

    @classmethod
    def opened(cls, run, generator):
        """That of two runs, paths; Refused where they are none, or do not fit."""
        recipe = run_dir.read_recipe(run)
        if RECOMMENDER not in recipe.judges:
            raise Refused(
                f"--run_dir={run}: was trained by gan_apps.{recipe.system}; gan_apps.dvbpr draws "
                "by runs of its own."
            )
        judge = recipe.judges[RECOMMENDER]
        with _named("--generator"):
            other = run_dir.read_recipe(generator)
            draw = other.draws.get(GENERATOR)
            if draw is None or draw.latents is None or DISCRIMINATOR not in other.judges:
                raise Refused(
                    f"--generator={generator}: holds no generator with its discriminator; train "
                    "one by gan_apps.cgan with --objective=least_squares --keep_discriminator."
                )
            if other.settings.get("objective") != "least_squares":
                raise Refused(
                    f"--generator={generator}: its --objective is "
                    f"{other.settings.get('objective')}; least_squares is the one whose "
                    "discriminator says 1 of what is real."
                )
            if draw.shape != judge.shape:
                raise Refused(
                    f"--generator={generator}: draws {_sides(draw.shape)} pictures; the users of "
                    f"{run} were shown {_sides(judge.shape)} ones."
                )
        _without_remapping()
        network = _network(run, RECOMMENDER, judge)
        with _named("--generator"):
            return cls(
                network,
                judge.shape,
                judge.condition,
                _network(generator, GENERATOR, draw),
                draw,
                _network(generator, DISCRIMINATOR, other.judges[DISCRIMINATOR]),
            )

    def liked(self, user, images):
        """How much a user likes pictures uint8 [n, h, w, c]: float32 [n]."""
        from gan_apps.evaluation import preferences

        return preferences.scores(self.recommender, images, [user])[0]

    def real(self, images, labels):
        """What the discriminator says of pictures uint8 [n, h, w, c]: float32 [n], 1 is real."""
        from models import dvbpr

        asked = self._asked(labels)
        said = [
            dvbpr.realness(
                self.discriminator,
                pictures.to_signed(images[start : start + BATCH]),
                {name: values[start : start + BATCH] for name, values in asked.items()},
            ).numpy()
            for start in range(0, len(images), BATCH)
        ]
        return np.concatenate(said)

    def drawn(self, labels, seed):
        """Pictures of labels, one each, as they come: uint8 [n, h, w, c]."""
        return self._drawn(self._starts(labels, seed), labels)

    def designed(self, user, labels, seed, *, starts, steps, step_size, realness_weight):
        """Pictures that are searched for, from the best of some that are drawn as they come.

        Args:
          user: int.
          labels: int32 [m]. Of those that are drawn first.
          seed: int. Of them.
          starts: int. How many of them are begun with.
          steps, step_size: as in models.search.Search.climbed.
          realness_weight: float. eta.

        Returns:
          (uint8 [starts, h, w, c], int32 [starts], float32 [starts]): the pictures, the best one
          first; their labels; theta . Phi - eta (D - 1)**2 of each.
        """
        import tensorflow as tf

        search = self._search(realness_weight)
        found = self._starts(labels, seed)
        conditions, asked = self._goal_of(user, labels)
        values = search.valued(tf.constant(found), asked, conditions).numpy()
        best = np.argsort(-values, kind="stable")[:starts]
        labels, found = labels[best], tf.constant(found[best])
        conditions, asked = self._goal_of(user, labels)
        *_, (found, _) = search.climbed(found, asked, conditions, steps=steps, step_size=step_size)
        values = search.valued(found, asked, conditions).numpy()
        order = np.argsort(-values, kind="stable")
        labels = labels[order]
        return self._drawn(found.numpy()[order], labels), labels, values[order]

    # Its graph serves every user; a process has one designer, which need not be freed.
    @functools.cache  # noqa: B019
    def _search(self, realness_weight):
        from models import dvbpr
        from models.search import Prior, Search

        goal = dvbpr.liked(self.recommender)
        if realness_weight:
            goal = goal + realness_weight * dvbpr.taken_for_real(self.discriminator)
        taken = self.draw.latents
        # Normal latents keep their length: their density would have all designs in its middle,
        # where they look alike, and the paper's search has no bound at all.
        law = "spherical" if taken.distribution == "normal" else taken.distribution
        prior = Prior(taken.size, law, taken.codes)
        return Search(lambda given: self.generator(given, training=False), goal, prior)

    def _goal_of(self, user, labels):
        """What the generator is asked for, and what the goal: {column: tensor [n, ...]}."""
        import tensorflow as tf

        conditions = {name: tf.constant(given) for name, given in self._asked(labels).items()}
        return conditions, {**conditions, "users": tf.fill((len(labels),), user)}

    def _starts(self, labels, seed):
        draw = self.draw
        rows = [
            latents.latents(
                seed, draw.condition.key(label), [place], draw.latents.size,
                draw.latents.distribution, draw.latents.codes,
            )
            for label, place in zip(labels, _places(labels), strict=True)
        ]  # fmt: skip
        return np.concatenate(rows)

    def _drawn(self, rows, labels):
        given = {"latents": rows, **self._asked(labels)}
        return pictures.to_bytes(runtimes.in_batches(self.generator)(given))

    def _asked(self, labels):
        return self.draw.condition.inputs(labels)


def draw(run, asked):
    """Draws the best items of the shop for a user, and designs; returns the path written.

    Args:
      run: path of a run of gan_apps.dvbpr.
      asked: settings.drawing.ForUser.

    Raises:
      Refused: the runs do not fit, or there is no such user, class or shop.
      Failed: the picture cannot be written.
    """
    if asked.user is None:
        raise Refused("--user: name whom to draw for, such as --user=17.")
    output = pathlib.Path(asked.output or f"user_{_as_file_name(asked.user)}{GRID}")
    check_writable(output)
    recipe = run_dir.read_recipe(run)
    if isinstance(recipe.condition, Users):
        user = recipe.condition.number(asked.user)
    generator = pathlib.Path(asked.generator or run_dir.shipped(SHIPPED_GENERATOR))
    labels = _labels(generator, asked.class_)
    shop_at = asked.dataset or recipe.settings["dataset"]
    is_here = os.path.exists(shop_at)
    if asked.dataset is not None and not is_here:
        raise Refused(f"--dataset={asked.dataset}: there is no such folder or zip.")
    quiet.import_tensorflow()
    designer = Designer.opened(run, generator)
    size = designer.shape[0]
    if is_here:
        title, items, classes = _in_the_shop(shop_at, size, designer, asked.class_, labels)
    else:
        # Nobody has the shop of a shipped run, whose documents say so.
        if run.parent != run_dir.SHIPPED:
            print(
                f"The shop ({shop_at}) is not here: the best of {DRAWN:,} pictures that "
                f"{generator.name} draws as they come stand for its items. --dataset says where it "
                "is.",
                file=sys.stderr,
            )
        title = f"the shop is not here; of {DRAWN:,} pictures drawn as they come, the best"
        classes = np.resize(labels, DRAWN)
        items = designer.drawn(classes, asked.seed + 1)
    liked = designer.liked(user, items)
    best = np.argsort(-liked, kind="stable")[: asked.num_images]
    designs, of, _ = designer.designed(
        user,
        np.resize(labels, DRAWN),
        asked.seed,
        starts=asked.starts,
        steps=asked.steps,
        step_size=asked.step_size,
        realness_weight=asked.realness_weight,
    )
    designs, of = designs[: asked.num_images], of[: asked.num_images]
    names = designer.draw.condition.names
    rows = [
        _row(f"{asked.user}: {title}", designer, user, items[best], classes[best], names),
        _row("designed", designer, user, designs, of, names),
    ]
    _write(output, rows)
    return output


def _in_the_shop(place, size, designer, name, labels):
    """(title, uint8 [n, h, w, c], the generator's label of each or -1) of a shop's items."""
    from gan_apps.data import feedback

    shop, _ = feedback.read_shop(place, size)
    known = designer.draw.condition.names
    number_of = [
        next((n for n, one in enumerate(known) if one.casefold() == own.casefold()), -1)
        for own in shop.classes
    ]
    classes = np.asarray([*number_of, -1])[shop.class_of]
    items = pictures.fitted(shop.pictures, designer.shape)
    title = f"in the shop, the best of {len(items):,}"
    if name is not None and shop.classes:
        own = np.flatnonzero(np.isin(classes, labels))
        if not len(own):
            raise Refused(
                f"--class={name}: the shop has no item of it; it has {', '.join(shop.classes)}."
            )
        items, classes = items[own], classes[own]
        title = f"in the shop, the best of {len(items):,} of {name}"
    return title, items, classes


def _labels(generator, name):
    """The labels that are drawn, int32 [m]: of the class that is asked for, or all."""
    with _named("--generator"):
        recipe = run_dir.read_recipe(generator)
        condition = recipe.draw.condition
        if not isinstance(condition, Labels):
            raise Refused(f"--generator={generator}: draws by no label, of which a design is one.")
    values = condition.every() if name is None else condition.read(name, "--class")
    return np.asarray(values, np.int32)


def _row(title, designer, user, images, labels, names):
    """(title, images, [(figure, ...)], [(class, liked, real)]) of some pictures."""
    liked = designer.liked(user, images)
    real = designer.real(images, np.maximum(labels, 0).astype(np.int32))
    called = [names[label] if label >= 0 else "" for label in labels]
    figures = [
        (word, round(float(one), 3), round(float(other), 3) if word else None)
        for word, one, other in zip(called, liked, real, strict=True)
    ]
    captions = [
        (word[:14], f"liked {one:.2f}", "" if other is None else f"real {other:.2f}")
        for word, one, other in figures
    ]
    return title, images, captions, figures


def _write(output, rows):
    try:
        if output.suffix.lower() == GRID:
            pictures.write_png(output, boards.board([row[:3] for row in rows]))
            return
        names = [
            f"{kind}_{number:02d}"
            for kind, row in zip(("shop", "design"), rows, strict=True)
            for number in range(len(row[1]))
        ]
        pictures.write_folder(output, np.concatenate([row[1] for row in rows]), names)
        figures = [one for row in rows for one in row[3]]
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["picture", "class", "liked", "real"])
        writer.writerows((name, *one) for name, one in zip(names, figures, strict=True))
        files.write_text(output / "scores.csv", table.getvalue())
    except OSError as error:
        raise Failed(f"--output={output}: cannot be written: {error.strerror or error}.") from None


class _named:
    """Says of another run what is refused of it, under the flag that named it."""

    def __init__(self, flag):
        self.flag = flag

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and issubclass(kind, Refused):
            raise Refused(str(error).replace("--run_dir", self.flag)) from None


def _without_remapping():
    """Leaves out what TensorFlow 2.21 fails to do to the graph of a search, and says on stderr."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"remapping": False})


def _network(run, name, declared):
    return runtimes.keras_network(runtimes.weights(run, name), name, declared)


def _places(labels):
    """How many of the same label stand before each."""
    seen = {}
    for label in labels:
        seen[label] = seen.get(label, -1) + 1
        yield seen[label]


def _sides(shape):
    height, width, channels = shape
    return f"{width}x{height} {'gray' if channels == 1 else 'colour'}"


def _as_file_name(user):
    return "".join(letter if letter.isalnum() else "_" for letter in user)[:40] or "_"
