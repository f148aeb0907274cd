"""How often a run that learned sentences draws what is asked for, where the truth is known.

  python -m benchmarks.captions --folder=FOLDER

Pictures of shapes (benchmarks.shapes) and sentences that are said of them are learned as a user's
are, from FOLDER/data: first a matcher learns which sentence is of which picture, then the
conditional GAN begins with its encoder. Of the scenes that were learned and of those that were held
out, four pictures each are drawn of four sentences and counted exactly; of scenes of two shapes
besides those whose sentence, with its shapes exchanged, gives the exchanged picture as well. What
is there of an earlier time is gone on with.
"""

import json
import pathlib

import numpy as np
from absl import app, flags
from PIL import Image

from benchmarks import shapes
from gan_apps.operating_system import files, quiet

IMAGES, CAPTIONS = 4_000, 3
# Sentences of each scene that are asked for, and pictures of each.
ASKED, PICTURES = 2, 4
MATCHER = {
    "image_size": shapes.SIZE,
    "num_epochs": 12,
    "batch_size": 50,
    "log_steps": 200,
}
GENERATOR = {
    "image_size": shapes.SIZE,
    "num_epochs": 60,
    "batch_size": 50,
    "generator_widths": (64, 48),
    "discriminator_widths": (48, 96),
    "latent_dim": 16,
    "precision": "float32",
    "log_steps": 500,
    "interpolated_share": 0.0,
}

_FOLDER = flags.DEFINE_string("folder", None, "Where data and runs are kept.", required=True)
_EPOCHS = flags.DEFINE_integer("epochs", GENERATOR["num_epochs"], "Of the conditional GAN.", 1)


def write_data(folder):
    """Pictures of the scenes to learn, as many of each, with captions.jsonl."""
    known, _ = shapes.parted()
    random = np.random.RandomState(1)
    folder.mkdir(parents=True)
    lines = []
    for number in range(IMAGES):
        scene = known[number % len(known)]
        Image.fromarray(shapes.picture(scene, random)).save(folder / f"{number}.png")
        said = [shapes.sentence(scene, random) for _ in range(CAPTIONS)]
        lines.append(json.dumps({"file": f"{number}.png", "captions": said}))
    files.write_text(folder / "captions.jsonl", "\n".join(lines) + "\n")


def trained(name, folder, **values):
    """The run of a system in `folder`, trained to its end."""
    from gan_apps import systems
    from gan_apps.training import train

    system = systems.find(name)
    config = system.config(dataset=str(folder / "data"), **values)
    return train.train(system, config, folder / name)


def counted(run):
    """Shares of pictures that are right: {"seen", "held out", "word order": (share, count)}."""
    from gan_apps.drawing import latents, pictures, runtimes
    from gan_apps.runs import run_dir

    recipe = run_dir.read_recipe(run)
    generator = runtimes.open_generator(run, recipe)
    draw, random = recipe.draw, np.random.RandomState(2)

    def drawn(sentences):
        asked = [draw.condition.read_one(one) for one in sentences]
        images = pictures.to_bytes(generator(latents.requested(draw, asked, PICTURES, seed=0)))
        return images.reshape(len(sentences), PICTURES, *draw.shape)

    def right(some, sentences):
        images = drawn(sentences)
        return np.array(
            [
                [shapes.is_of(scene, one) for one in row]
                for scene, row in zip(some, images, strict=True)
            ]
        )

    known, held_out = shapes.parted()
    found = {}
    for name, some in (("seen", known), ("held out", held_out)):
        some = [scene for scene in some for _ in range(ASKED)]
        found[name] = right(some, [shapes.sentence(scene, random) for scene in some])
    # The same words in another order: "a red circle left of a blue square", and exchanged.
    pairs = [
        scene
        for scene in shapes.scenes()
        if len(scene.shapes) > 1 and scene.shapes[0] < scene.shapes[1]
    ]
    both = []
    for scene in pairs:
        seed = random.randint(2**31)
        ways = [shapes.sentence(one, np.random.RandomState(seed)) for one in (scene, scene.swapped)]
        both.append(ways)
    first = right(pairs, [ways[0] for ways in both])
    second = right([scene.swapped for scene in pairs], [ways[1] for ways in both])
    found["word order"] = first & second
    return {name: [float(one.mean()), int(one.size)] for name, one in found.items()}


def main(argv):
    del argv
    folder = pathlib.Path(_FOLDER.value)
    if not (folder / "data" / "captions.jsonl").is_file():
        write_data(folder / "data")
    quiet.import_tensorflow()
    matcher = trained("matcher", folder, **MATCHER)
    values = {**GENERATOR, "num_epochs": _EPOCHS.value}
    run = trained("cgan", folder, encoder_run_dir=str(matcher), **values)
    found = counted(run)
    files.write_json(folder / "counted.json", found)
    print("| pictures | right | of |")
    print("| --- " * 3 + "|")
    for name, (share, count) in found.items():
        print(f"| {name} | {share:.1%} | {count:,} |")


if __name__ == "__main__":
    app.run(main)
