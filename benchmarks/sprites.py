"""How often cgan_sprites draws the six attributes that it is asked for, learned together or not.

  python -m benchmarks.sprites --folder=sprites_test

The folder is that of the test characters, made by examples/sprites_in_words.py: none of their
combinations of hair, body, bottomwear and topwear is one that the run learned. Four pictures of
each of their clips are drawn, and of as many combinations that were learned, and read by the judge
that shares no picture with the run; beside them what it reads of the test characters themselves.
"""

import pathlib

import numpy as np
from absl import app, flags

from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir

PICTURES = 4

_FOLDER = flags.DEFINE_string("folder", None, "The test characters.", required=True)
_RUN = flags.DEFINE_string("run_dir", str(run_dir.SHIPPED / "cgan_sprites"), "The run.")
_JUDGE = flags.DEFINE_string(
    "classifier", str(run_dir.SHIPPED / "classifier_sprites_apart"), "Its judge."
)


def main(argv):
    del argv
    quiet.import_tensorflow()
    from gan_apps.data import sources
    from gan_apps.drawing import latents, pictures, runtimes
    from gan_apps.evaluation import classifiers, metrics

    run = pathlib.Path(_RUN.value)
    recipe = run_dir.read_recipe(run)
    generator, draw = runtimes.open_generator(run, recipe), recipe.draw
    judge = classifiers.load(pathlib.Path(_JUDGE.value))
    test = sources.load(_FOLDER.value, image_size=draw.shape[0])
    places = {slot.noun: place for place, slot in enumerate(draw.condition.vocabulary.slots)}
    # Test characters need not be of all values: they are numbered as the run numbers them.
    known = [list(slot.values) for slot in draw.condition.vocabulary.slots]
    own = test.condition.vocabulary.slots
    numbers = np.zeros(test.numbers.shape, int)
    for column, slot in enumerate(own):
        values = np.array([known[places[slot.noun]].index(value) for value in slot.values])
        numbers[:, places[slot.noun]] = values[test.numbers[:, column]]
    never = sorted(set(map(tuple, numbers.tolist())))
    learned = draw.condition.vocabulary.combinations
    assert not set(never) & set(learned)
    chosen = np.random.RandomState(0).permutation(len(learned))[: len(never)]

    def right(images, asked):
        probabilities, _ = judge.judged(images)
        return metrics.read_right(probabilities, np.asarray(asked), judge.sizes)

    rows = {"real pictures of test characters": right(test.images, numbers)}
    for name, asked in (
        ("drawn, learned combinations", [learned[one] for one in chosen]),
        ("drawn, combinations never seen", never),
    ):
        inputs = latents.requested(draw, asked, PICTURES, seed=1)
        images = pictures.to_bytes(generator(inputs))
        rows[name] = right(images, np.repeat(asked, PICTURES, axis=0))
    print(f"| read as asked | of | all six | {' | '.join(places)} |")
    print("| --- " * (3 + len(places)) + "|")
    for name, found in rows.items():
        shares = [found.all(axis=1).mean(), *found.mean(axis=0)]
        print(f"| {name} | {len(found):,} | {' | '.join(f'{one:.2%}' for one in shares)} |")


if __name__ == "__main__":
    app.run(main)
