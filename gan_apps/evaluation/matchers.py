"""A judge of pictures and sentences: which of a hundred sentences is nearest to a picture."""

import dataclasses
import json

import keras
import numpy as np

from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from models import networks
from models.encoders import nearness
from models.game import to_signed

# The networks of its game: of pictures, and of sentences.
PICTURES, SENTENCES = "matcher", "encoder"
# Sentences of which the own one is to be found, itself among them.
AMONG = 100
# Pictures, or sentences, per call of a network.
BATCH = 500


@dataclasses.dataclass(frozen=True)
class Matcher:
    """A trained matcher, and what is known of it.

    Args:
      pictures: models.matcher.PictureEncoder.
      sentences: models.encoders.SentenceEncoder.
      judge: runs.judge.Judge or None. What it looks at, and what it reads.
      record: dict or None. What is known of its data, as in data.parts.
    """

    pictures: keras.Model
    sentences: keras.Model
    judge: object = None
    record: dict | None = None

    # It reads no values.
    test_accuracy = slots = None

    @classmethod
    def of(cls, pictures, sentences):
        """That of two networks."""
        return cls(pictures, sentences)

    def judged(self, images):
        """None, and features [n, width] of uint8 images [n, h, w, c]."""
        features = [
            self.pictures({"images": to_signed(images[start : start + BATCH])}, training=False)
            for start in range(0, len(images), BATCH)
        ]
        return None, np.concatenate([np.asarray(one) for one in features])

    def encoded(self, sentences):
        """Sentences int32 [n, longest] as vectors float32 [n, width]."""
        parts = [
            self.sentences({"sentences": sentences[start : start + BATCH]}, training=False)
            for start in range(0, len(sentences), BATCH)
        ]
        return np.concatenate([np.asarray(one) for one in parts])

    def precision(self, images, sentences, seed):
        """Whether the own sentence of each image is the nearest of AMONG: bool [n] (R-precision).

        The others are those of other images, drawn by the seed; sentences that are equal to the own
        one are none of them. Of fewer images there are fewer.

        Args:
          images: uint8 [n, h, w, c]. sentences: int32 [n, longest]. seed: int.

        Reference: Xu et al. 2018 (arXiv 1711.10485), section 4.
        """
        return first_among(self.judged(images)[1], self.encoded(sentences), sentences, seed)


def first_among(features, vectors, sentences, seed):
    """`Matcher.precision` of features of images and vectors of sentences, float32 [n, d] each."""
    random, count = np.random.RandomState(seed), len(features)
    _, number = np.unique(sentences, axis=0, return_inverse=True)
    number = number.reshape(-1)
    scores = np.asarray(nearness(features, vectors))
    right = np.zeros(count, bool)
    for row in range(count):
        others = random.permutation(count)
        others = others[number[others] != number[row]][: AMONG - 1]
        right[row] = len(others) > 0 and (scores[row, others] < scores[row, row]).all()
    return right


def load(folder, draw):
    """The Matcher in a folder, a run of gan_apps.matcher, for what a network draws.

    Args:
      folder: path.
      draw: runs.draws.Draw. Of sentences.

    Raises:
      Refused: there is none, it is damaged, or it knows other sentences or pictures.
    """
    if draw.condition.kind != "sentences":
        raise Refused(f"--matcher={folder}: the run is asked for no sentences.")
    recipe = recipe_of(folder, "--matcher")
    judge = recipe.judges[PICTURES]
    if (judge.condition.wording, tuple(judge.shape)) != (draw.condition.wording, draw.shape):
        raise Refused(
            f"--matcher={folder}: learned from other sentences or pictures than this run did."
        )
    return Matcher(
        *(network_of(folder, recipe, name) for name in (PICTURES, SENTENCES)),
        judge,
        recipe.data,
    )


def recipe_of(folder, flag):
    """The run_dir.Recipe of a matcher; Refused, with the name of the flag, for a folder of none."""
    if not run_dir.is_run(folder):
        raise Refused(f"{flag}={folder}: is no run of gan_apps.matcher.")
    recipe = run_dir.read_recipe(folder)
    if not {PICTURES, SENTENCES} <= recipe.judges.keys():
        raise Refused(f"{flag}={folder}: is a run of gan_apps.{recipe.system}, not of a matcher.")
    return recipe


def network_of(folder, recipe, name):
    """One of the two networks of a matcher, with its weights."""
    path = folder / (name + run_dir.KERAS_WEIGHTS)
    try:
        manifest = json.loads((folder / run_dir.MANIFEST).read_text(encoding="utf-8"))
        expected = manifest["files"][path.name]["sha256"]
    except (OSError, ValueError, KeyError):
        raise Refused(f"{folder}: the matcher is not trained to its end.") from None
    if not path.is_file() or files.digest(path) != expected:
        raise Refused(f"{path} is damaged: its checksum is not the one beside it.")
    network = networks.rebuilt(recipe.judges[name].network)
    network.load_weights(path)
    return network
