"""What is in the shop for a user, and designs: the best items, and pictures that are searched for.

The run says what users like; another run, a class-conditional least-squares GAN that keeps its
discriminator, draws.
"""

import csv
import io
import os
import pathlib
import sys

import numpy as np

from gan_apps.conditions.labels import Labels
from gan_apps.conditions.users import Users
from gan_apps.drawing import boards, pictures
from gan_apps.drawing.draw import check_writable
from gan_apps.operating_system import files, quiet
from gan_apps.runs import run_dir
from gan_apps.settings import Failed, Refused, named_by
from gan_apps.settings.drawing import GRID

# What draws for a run whose own shop nobody else knows.
SHIPPED_GENERATOR = "cgan_fashion"
# Pictures that are drawn as they come: the best are begun with, or stand for a shop that is not
# here.
DRAWN = 1_000


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
    from gan_apps.searching.designs import Designer

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
    with named_by("--generator"):
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


def _as_file_name(user):
    return "".join(letter if letter.isalnum() else "_" for letter in user)[:40] or "_"
