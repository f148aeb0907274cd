"""How well searches in latent space find what a judge wants, and what pictures show.

  python -m benchmarks.search --folder=FOLDER --what=digits --independent=JUDGE
  python -m benchmarks.search --folder=FOLDER --what=faces --dataset=anime_faces.zip
  python -m benchmarks.search --folder=FOLDER --what=like_digits
  python -m benchmarks.search --folder=FOLDER --what=like_faces --dataset=anime_faces.zip

The judge that counts is not the one that was searched by: of digits a second gan_apps.classifier
with another seed, of faces checkpoints/classifier_anime_apart, on the words of test faces. FOLDER
gets WHAT.json, and WHAT.png to look at.
"""

import itertools
import json
import pathlib
import time

from absl import app, flags

from gan_apps.operating_system import files, quiet

ROWS = ("digits", "faces", "like_digits", "like_faces")
SHOWN = 10
# Of the range, a mean absolute error at which a picture counts as found again.
FOUND = 0.02

_FOLDER = flags.DEFINE_string("folder", None, "Where the results are kept.", required=True)
_WHAT = flags.DEFINE_enum("what", None, ROWS, "What is measured.", required=True)
_INDEPENDENT = flags.DEFINE_string("independent", None, "The judge that is not searched by.")
_DATASET = flags.DEFINE_string("dataset", "mnist", "The real pictures.")
_COUNT = flags.DEFINE_integer("count", 100, "Pictures: of each digit, or in all.", 10)
_SEED = flags.DEFINE_integer("seed", 1, "Seed of where searches start.")
_STEPS = flags.DEFINE_integer("steps", None, "As of gan_apps.ppgn.")
_STEP_SIZE = flags.DEFINE_float("step_size", None, "As of gan_apps.ppgn.")
_NOISE_SCALE = flags.DEFINE_float("noise_scale", None, "As of gan_apps.ppgn.")


def opened(name):
    """(network, runs.draws.Draw, run_dir.Recipe) of a shipped run."""
    from gan_apps.drawing import runtimes
    from gan_apps.runs import run_dir

    run = run_dir.shipped(name)
    recipe = run_dir.read_recipe(run)
    name, draw = runtimes.named_draw(run, recipe)
    return runtimes.keras_network(runtimes.weights(run, name), name, draw), draw, recipe


def searched(name, judge, values, count):
    """(pictures uint8 of a shipped run, as a judge is asked for them; the run's own; seconds)."""
    from gan_apps import ppgn
    from gan_apps.drawing import pictures, runtimes
    from gan_apps.runs import run_dir
    from gan_apps.searching import chains, wanted

    network, draw, _ = opened(name)
    defaults, asked = ppgn.Config(), flags.FLAGS
    options = {
        key: getattr(defaults, key) if asked[key].value is None else asked[key].value
        for key in ("steps", "step_size", "noise_scale")
    }
    begun = time.process_time()
    inputs, _ = chains.sampled(
        network,
        draw,
        wanted.opened(run_dir.shipped(judge)),
        values,
        count,
        seed=_SEED.value,
        options=options,
        bar=lambda steps, words: steps,
    )
    seconds = time.process_time() - begun
    generator = runtimes.keras_generator(network, draw)
    own = wanted.starts(draw, len(values) * count, _SEED.value + 1)
    return *(pictures.to_bytes(generator(one)) for one in (inputs, own)), seconds, options


def held_out(name, size=0):
    """Real pictures: a test part, or the tenth that no judge has learned."""
    from gan_apps.data import parts, sources

    if name in sources.SOURCES:
        return sources.load(name, "test")
    data = sources.load(name, "all", image_size=size)
    return data.subset(parts.tenth(data)[1])


def digits(folder):
    import numpy as np

    from gan_apps.drawing import pictures
    from gan_apps.evaluation import classifiers, metrics

    images, own, seconds, options = searched(
        "fgan_digits", "classifier_mnist", list(range(10)), _COUNT.value
    )
    asked = np.repeat(np.arange(10), _COUNT.value)[:, None]
    test = held_out("mnist")
    judge = classifiers.load(pathlib.Path(_INDEPENDENT.value))
    real = classifiers.targets(test)
    (read, seen), (_, of_own), (_, of_real) = map(judge.judged, (images, own, test.images))
    some = of_real[np.random.RandomState(0).permutation(len(of_real))[: len(images)]]
    distances = [metrics.frechet_distance(one, some) for one in (seen, of_own)]
    pictures.write_png(
        folder / "digits.png",
        pictures.enlarged(
            pictures.grid(images.reshape(10, -1, 28, 28, 1)[:, :16].reshape(-1, 28, 28, 1), 16)
        ),
    )
    return {
        **options,
        "pictures": len(images),
        "read as asked by the other judge": float((read.argmax(axis=1) == asked[:, 0]).mean()),
        "the other judge on test digits": judge.test_accuracy["all"],
        "variety within a digit": metrics.variety(seen, asked, of_real, real),
        "Frechet distance": distances[0],
        "of the generator's own": distances[1],
        "ratio": distances[0] / distances[1],
        "processor seconds": seconds,
    }


def faces(folder):
    import numpy as np

    from gan_apps.drawing import pictures
    from gan_apps.evaluation import classifiers, metrics
    from gan_apps.runs import run_dir
    from gan_apps.searching import chains

    test = held_out(_DATASET.value, 64)
    real = classifiers.targets(test)
    # A search is of so many at once, for one prompt.
    count = chains.BATCH
    prompts = real[np.random.RandomState(0).permutation(len(real))[: max(_COUNT.value // count, 1)]]
    images, _, seconds, options = searched(
        "dcgan_faces", "classifier_anime", [tuple(map(int, one)) for one in prompts], count
    )
    chosen = np.repeat(prompts, count, axis=0)
    judge = classifiers.load(run_dir.shipped("classifier_anime_apart"))
    (read, seen), (of_real, features) = judge.judged(images), judge.judged(test.images)
    right, real_right = (
        metrics.shares_right(metrics.read_right(one, values, judge.sizes), values, judge.slots)
        for one, values in ((read, chosen), (of_real, real))
    )
    pictures.write_png(folder / "faces.png", pictures.grid(images[:50], 10))
    return {
        **options,
        "pictures": len(images),
        "read as asked by the other judge": right,
        "the other judge on test faces": real_right,
        "spread of its features over that of test faces": float(
            seen.var(axis=0).sum() / features.var(axis=0).sum()
        ),
        "processor seconds": seconds,
    }


def like(folder, name, own_seed=7):
    """How near the run comes to pictures of its own, and to real ones that it never saw."""
    import numpy as np

    from gan_apps.drawing import pictures, runtimes
    from gan_apps.searching import likeness, wanted

    network, draw, recipe = opened(name)
    generator = runtimes.keras_generator(network, draw)
    own = pictures.to_bytes(generator(wanted.starts(draw, _COUNT.value, own_seed)))
    test = held_out(_DATASET.value, draw.shape[0]).images
    test = test[np.random.RandomState(0).permutation(len(test))[: _COUNT.value]]
    told = {}
    for kind, images in (("own pictures", own), ("test pictures", np.asarray(test))):
        begun = time.process_time()
        found = likeness.nearest(
            network,
            draw,
            images,
            seed=_SEED.value,
            bar=lambda steps, words: steps,
            judge=likeness.judge_of(recipe, draw),
        )
        seconds, errors = time.process_time() - begun, found.errors[:, 0]
        drawn = pictures.to_bytes(generator({"latents": found.latents[:, 0]}))
        pairs = list(itertools.chain(*zip(images[: 3 * SHOWN], drawn, strict=False)))
        path = folder / f"{_WHAT.value}_{kind.replace(' ', '_')}.png"
        pictures.write_png(path, pictures.enlarged(pictures.grid(np.stack(pairs), 2 * SHOWN)))
        told[kind] = {
            "found again": float((errors <= FOUND).mean()),
            "mean absolute error": float(errors.mean()),
            "median": float(np.median(errors)),
            "95 of 100 below": float(np.quantile(errors, 0.95)),
            "processor seconds a picture": seconds / len(images),
        }
    return told


MEASURED = {
    "digits": digits,
    "faces": faces,
    "like_digits": lambda folder: like(folder, "fgan_digits"),
    "like_faces": lambda folder: like(folder, "dcgan_faces"),
}


def main(argv):
    del argv
    folder = pathlib.Path(_FOLDER.value)
    folder.mkdir(parents=True, exist_ok=True)
    quiet.import_tensorflow()
    told = MEASURED[_WHAT.value](folder)
    files.write_json(folder / f"{_WHAT.value}.json", told)
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    app.run(main)
