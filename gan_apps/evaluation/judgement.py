"""What is said of a run's pictures beside real ones: they are drawn, looked at, and written of."""

import dataclasses
import functools

import numpy as np

from gan_apps.data import parts
from gan_apps.data.sides import Sides
from gan_apps.data.sources import DataSet
from gan_apps.drawing import latents, pictures, recursion, runtimes
from gan_apps.evaluation import (
    classifiers,
    enlargements,
    inception,
    likelihood,
    matchers,
    meanings,
    measures,
    metrics,
    neighbours,
    pixels,
)
from gan_apps.evaluation.facts import Facts, Real
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

NUM_IMAGES = 2_000
# A floor of less than this share of the features' size is rounding.
ALIKE = 1e-9
# Rows of a sheet of sentences, and pictures that are drawn for each.
ROWS_OF_SHEET, DRAWN = 10, 4


class NotMeasured(Exception):
    """There is nothing wrong, but the run, the data or the pictures do not allow to measure."""


def judge(
    run,
    recipe,
    *,
    num_images=NUM_IMAGES,
    seed=1,
    runtime="auto",
    dataset=None,
    judge=None,
    matcher=None,
    nearest=None,
    captioned=None,
    metric="own",
    name=None,
):
    """Draws `num_images` pictures, measures them, and writes them into `written(...)`.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      num_images: int. Pictures in all, as many of each label; of what draws from pictures no more
        than there are to give.
      seed: int. Seed of their inputs and of the choice of real images.
      runtime: as in drawing.runtimes.open_generator.
      dataset: str or None. Where the run's data are now, if not where they were.
      judge: path or None. The folder of a classifier of the run's data; None: the shipped one if
        there is one, else coarse colours.
      matcher: path or None. The folder of a matcher of the run's data, for what is drawn from
        sentences.
      captioned: path or None. Where to draw sentences, real pictures of them, and drawn ones.
      nearest: path or None. Where to draw pictures beside the training images nearest to them.
      metric: str. "own", or "fid" for Inception's features.
      name: str or None. Which of the recipe's draws; None for the first.

    Returns:
      dict. The content of the file.

    Raises:
      NotMeasured: the run draws nothing, there are too few images or pictures, or the images are
        all alike.
      Refused: the run cannot be drawn from, or its data are not here or have changed.
      Failed: Inception's weights cannot be had.
    """
    if not recipe.draws:
        raise NotMeasured(f"gan_apps.{recipe.system} judges pictures and draws none")
    name, draw = runtimes.named_draw(run, recipe, name)
    fid = metric == "fid"
    place = dataset or recipe.settings["dataset"]
    real = real_images(recipe, draw, place)
    looks, features_name = _looks(recipe, draw, real.given.condition, metric, judge, matcher)
    inputs, given = requested(draw, real.given, num_images, seed)
    generator = runtimes.open_generator(run, recipe, runtime, None, name)
    images = pictures.to_bytes(generator(inputs))
    if len(images) <= metrics.NEIGHBOURS:
        raise NotMeasured(f"{len(images)} pictures are too few")
    asked, said = None, None
    if draw.condition.slots:
        asked = draw.condition.numbers(inputs[draw.condition.column])
    elif not fid and looks.slots is not None:
        asked, said = _asked_of_sides(recipe, draw, real.given, given, looks.slots)
    facts = Facts(
        draw=draw,
        asked=asked,
        said=said,
        sentences=inputs.get("sentences"),
        images=images,
        given=given,
        real=real,
        judge=looks,
        seed=seed,
        codes=meanings.codes_of(run, recipe, draw, inputs),
        coder=meanings.coder_of(run, recipe),
        coded=functools.partial(likelihood.measured, run, recipe),
        enlarged=functools.partial(enlargements.measured, run, recipe, name, place, runtime),
        going_on=functools.partial(recursion.going_on, generator, draw.pictures),
        inception=fid,
    )
    if facts.frechet_floor <= ALIKE * facts.size:
        raise NotMeasured("the real images are all alike to what looks at them")
    report = {
        "dataset": recipe.settings["dataset"],
        "draw": name,
        **_compared(facts, parts.test_of(recipe.data, place)),
        "seed": seed,
        "features": features_name,
    }
    if facts.slots is not None:
        accuracy = looks.test_accuracy
        report["classifier_test_accuracy"] = accuracy["all"] if len(facts.slots) == 1 else accuracy
    report |= measures.measured(facts)
    if nearest is not None:
        picture = neighbours.sheet(images[facts.looked_up], real.trained.images)
        pictures.write_png(nearest, pictures.enlarged(picture))
    if captioned is not None:
        pictures.write_png(captioned, _sheet(draw, real.given, generator, seed))
    files.write_json(written(run, recipe, metric, name), report)
    return report


def _compared(facts, test):
    """What a report says of how many pictures are judged, and beside what; test: as in parts."""
    seen = test == parts.NONE
    return {
        "num_images": len(facts.images),
        "num_compared": facts.count,
        "test_part": test,
        "compared_with": "real images it was trained on" if seen else "real images kept apart",
    }


def _sheet(draw, data, generator, seed):
    """Sentences of the data, each above its picture and DRAWN drawn ones: uint8 [h, w, c]."""
    if draw.condition.kind != "sentences":
        raise Refused("--captioned: the run is asked for no sentences.")
    chosen = np.random.RandomState(seed).permutation(len(data))[:ROWS_OF_SHEET]
    asked = draw.condition.values(data.numbers[chosen, 0])
    drawn = pictures.to_bytes(generator(latents.requested(draw, asked, DRAWN, seed)))
    rows = drawn.reshape(len(asked), DRAWN, *draw.shape)
    real = np.asarray(data.images[chosen])[:, None]
    words = [draw.condition.named(value) for value in asked]
    return pictures.captioned(words, np.concatenate([real, rows], axis=1))


def written(run, recipe, metric="own", name=None):
    """The file of a run in which `judge` writes what it measures of a draw; None for the first."""
    if metric == "fid":
        return run / run_dir.FID_EVALUATION
    is_first = name in (None, next(iter(recipe.draws), None))
    return run / (run_dir.EVALUATION if is_first else name + run_dir.EVALUATION_OF_DRAW)


def _asked_of_sides(recipe, draw, data, given, slots):
    """What is asked of pictures that become some of another set, and what is said of those given.

    Args:
      data: data.columns.Data, given: ints [n]. Which of it each was drawn from.
      slots: what a judge reads.

    Returns:
      (int [n, slots], the same), -1 where nothing is; or (None, None) where the sets are no words
      of the judge's.
    """
    sides = Sides.of(recipe.settings)
    if sides is None or data.condition.slots != slots:
        return None, None
    asked = sides.asked(data.condition, draw.side)
    if asked is None:
        return None, None
    said = data.of_side(draw.pictures.side).numbers.reshape(-1, len(slots))[given]
    return np.tile(asked, (len(given), 1)), said


def requested(draw, data, num_images, seed):
    """The inputs of a draw for `num_images` pictures to be judged.

    What draws from latents alone is asked for everything that can be asked for, or for the first
    captions of the data; what is given pictures, for what the data say of those.

    Args:
      draw: runs.draws.Draw.
      data: data.columns.Data. The pictures to give, which were not trained on.
      num_images, seed: ints.

    Returns:
      ({input: array [n, ...]}, int [n] or None: which of the data was given).

    Raises:
      NotMeasured: that is less than one of each.
      Refused: the data have no such pictures, or cannot be asked for alike.
    """
    condition = draw.condition
    if draw.pictures is None and condition.kind == "sentences":
        # Those of real pictures, each once.
        chosen = np.random.RandomState(seed).permutation(len(data))[:num_images]
        values = condition.values(data.numbers[chosen, 0])
        return latents.requested(draw, values, 1, seed), None
    if draw.pictures is None:
        values = condition.every()
        if num_images < len(values):
            raise NotMeasured(
                f"{num_images} pictures are not one of each of its {len(values)} labels"
            )
        return latents.requested(draw, values, num_images // len(values), seed), None
    given, shape = data.given(draw.pictures), draw.pictures.shape
    # What is drawn without a condition may be judged by data that have one.
    is_foreign = condition.column is not None and data.condition.slots != condition.slots
    if given is None or tuple(given.shape[1:]) != shape or is_foreign:
        raise Refused("--dataset: its pictures are not those that the run draws from.")
    chosen = np.random.RandomState(seed).permutation(len(given))[:num_images]
    values = [()] * len(chosen)
    if condition.column is not None:
        rows = data.numbers[chosen].tolist()
        values = [tuple(row) if isinstance(row, list) else row for row in rows]
    inputs = condition.inputs(values)
    if draw.latents is not None:
        inputs = latents.requested(draw, values, 1, seed)
    return {**inputs, draw.pictures.column: pictures.to_signed(given[chosen])}, chosen


def _looks(recipe, draw, condition, metric, folder, matcher):
    """What looks at the pictures of a run, and what its features are called.

    Args:
      condition: conditions.AbstractCondition. What the data say of pictures, among them which is of
        which of two sets.
      metric: as in `judge`.
      folder, matcher: paths or None, of a classifier and of a matcher.
    """
    if metric == "fid":
        return inception.Inception(), inception.NAME
    if matcher is not None:
        looks = matchers.load(matcher, draw)
        return looks, f"{looks.pictures.output_shape[-1]} of the matcher {matcher.name}"
    dataset = recipe.settings["dataset"]
    slots = draw.condition.slots if draw.side is None else condition.slots
    found = folder or classifiers.shipped_for(dataset, draw, recipe.data, slots)
    if found is None:
        return pixels.Pixels(), f"mean colours of an {pixels.SIDE}x{pixels.SIDE} mosaic"
    looks = classifiers.load(found)
    slots = draw.condition.slots or looks.slots
    if (looks.slots, looks.image_shape) != (slots, list(draw.shape)):
        raise Refused(f"--classifier={found}: reads other pictures than this run draws.")
    name = dataset if len(slots) == 1 else found.name.removeprefix("classifier_")
    called = f"{classifiers.FEATURES} of the {name} classifier, penultimate layer"
    if parts.share_no_image(recipe.data, looks.record):
        called += "; it and the run learned from no image in common"
    return looks, called


def real_images(recipe, draw, dataset):
    """The facts.Real images for what a run draws.

    They are what it was never trained on beside what it was. A run that was trained on everything
    has no such part: a tenth of its data then stands for it, the one that no classifier has seen,
    and the report says so.

    Args:
      recipe: run_dir.Recipe.
      draw: runs.draws.Draw. One of its draws.
      dataset: str. Where its data are now.

    Raises:
      NotMeasured: they are too few.
      Refused: they are not here, or not those that the run was trained on.
    """
    data_set = dataclasses.replace(
        DataSet.of(recipe.settings), name=dataset, image_size=draw.shape[0]
    )
    data = parts.loaded(data_set, recipe.data).numbered_as(draw.condition)
    if data.shape != draw.shape:
        raise Refused(f"--dataset={dataset}: its images are not those the run learned.")
    if recipe.data is not None and (change := parts.changed(recipe.data, data)):
        raise Refused(f"--dataset={dataset}: {change}.")
    trained = data_set.learned(parts.train_part(data, recipe.data))
    compared = parts.test_part(data_set, data, recipe.data)
    side = draw.side
    if compared is not None:
        given = data_set.learned(compared.numbered_as(draw.condition))
        trained = trained.of_side(side)
        found = Real(trained, given.of_side(side), trained, None, given)
    elif len(data) < parts.FEWEST:
        raise NotMeasured(
            f"{len(data)} images are too few to hold any out ({parts.FEWEST} are needed); "
            "it was trained on all of them"
        )
    else:
        whole = data_set.learned(data)
        others, own = parts.tenth(whole)
        given = whole.subset(own)
        trained, compared, others = (
            one.of_side(side) for one in (whole, given, whole.subset(others))
        )
        own = np.flatnonzero(np.isin(whole.indices_of_side(side), own))
        found = Real(trained, compared, others, own, given)
    for some, what in ((found.compared, "to compare with"), (found.others, "to take a floor of")):
        if len(some) <= metrics.NEIGHBOURS:
            raise NotMeasured(f"{len(some)} images {what} are too few")
    return found


def table(report):
    """A report as lines of text."""
    rows = [("pictures judged", f"{report['num_images']:,}")]
    if report["num_compared"] < report["num_images"]:
        words = "  of which compared, as many as there are real ones"
        rows.append((words, f"{report['num_compared']:,}"))
    for line in measures.lines(report, details=True, real=report["compared_with"]):
        rows.append((line.label, line.value))
        if line.floor is not None:
            rows.append((f"  {line.beside}", line.floor))
        if line.between is not None:
            rows.append((f"  {measures.BETWEEN}", line.between))
    rows.append(("features", report["features"]))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value:>8}" for name, value in rows)
