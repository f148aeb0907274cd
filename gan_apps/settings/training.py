"""Settings of every training: data, optimizers, precision, devices, what is logged and saved."""

import dataclasses
import os
import re

from gan_apps.settings.setting import MAX_SEED, Settings, setting

# What a resumed run may change: its length may grow; where and how it is watched may be another.
LENGTH = "num_epochs"
CHANGEABLE = ("distribute", "on_collapse")
# No setting, but a flag that is asked anew at every start.
ACCEPT = "accept_changed_data"
ON_COLLAPSE = ("warn", "stop", "rollback")
# Data sets that have a name; tfds:NAME and folders are taken too.
DATASETS = ("mnist", "fashion_mnist", "digits")
# Those that are of clips: digits that are reflected at the edges, and that turn there at random.
CLIPS = ("moving_digits", "stochastic_digits")
TFDS = "tfds:"
OPTIMIZERS = ("adam", "rmsprop")
DISTRIBUTIONS = ("none", "mirrored", "multi_worker")
PRECISIONS = ("auto", "float32", "bfloat16")
# What pictures are drawn from: what the data hold beside them, or what is made of them (rows of
# models.sketches.SOURCES).
MADE = ("edges", "gray")
PAIRS = "pairs"
SOURCES = (PAIRS, *MADE)
DIRECTIONS = ("AtoB", "BtoA")
# What the lines of a file of words may be.
WORDS = ("auto", "attributes", "sentences")
# Two sets of pictures without pairs (rows of models.cyclegan.SIDES).
SIDES = ("a", "b")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Settings):
    """Settings that every training has."""

    dataset: str = setting(
        "mnist",
        "What to learn: mnist, fashion_mnist, digits (needs no download), tfds:NAME for any image "
        "set of TensorFlow Datasets, or a folder of images (for cgan with a folder in it for each "
        "label, or a folder or zip that has a tags.csv).",
        is_path=True,
    )
    image_size: int = setting(
        0,
        "Side of the images in pixels, a multiple of 4, to which the data are cropped and resized; "
        "0: 28 for the data sets with a name, 64 for others.",
        minimum=0,
        maximum=512,
    )
    judges_share: float = setting(
        0.0,
        "Share of the images that is left to judges: what draws learns none of them, and a "
        "gan_apps.classifier of the same share nothing else, so that the two have no image in "
        "common.",
        minimum=0,
        maximum=0.5,
    )
    horizontal_flips: bool = setting(False, "Mirror a random half of the real images.")
    num_epochs: int = setting(
        16, "Passes over the data; may grow when a run is resumed.", minimum=1
    )
    batch_size: int = setting(64, "Images per discriminator update.", minimum=2)
    optimizer: str = setting("adam", "What updates the networks.", choices=OPTIMIZERS)
    beta_1: float = setting(0.0, "Adam's decay of the gradient's mean.", minimum=0, below=1)
    beta_2: float = setting(
        0.99, "Decay of the gradient's square, in Adam and RMSprop.", minimum=0, below=1
    )
    decay_fraction: float = setting(
        0.5,
        "The last part of training in which the learning rates fall linearly to zero.",
        minimum=0,
        maximum=1,
    )
    precision: str = setting(
        "auto",
        "What the networks compute in; auto takes bfloat16 where what trains here has it: the GPUs "
        "if there are any, else the processor.",
        choices=PRECISIONS,
    )
    jit_compile: bool = setting(
        False, "Compile the training step with XLA, which draws other noise for the same seed."
    )
    distribute: str = setting(
        "none",
        "Several devices, which share every minibatch of --batch_size and learn what one would: "
        "those of this machine (mirrored), or those of all workers that TF_CONFIG names "
        "(multi_worker). May change when a run is resumed.",
        choices=DISTRIBUTIONS,
    )
    seed: int = setting(
        0,
        "Seed of everything random, drawing too: same seed, same result.",
        minimum=0,
        maximum=MAX_SEED,
    )
    deterministic: bool = setting(
        False,
        "Use no kernel of TensorFlow whose result may differ from one time to the next. On a "
        "processor there is none, and it changes nothing; on a GPU it costs speed.",
    )
    log_steps: int = setting(100, "Iterations per row of metrics.jsonl.", minimum=1)
    save_steps: int = setting(500, "Iterations between saved states.", minimum=1)
    on_collapse: str = setting(
        "warn",
        "When training is seen to fail (see the report's diagnosis): say so, stop, or go back to "
        "the last good state and on from there with new noise.",
        choices=ON_COLLAPSE,
    )

    @property
    def is_conditional(self):
        """Whether a system that can learn what is asked for does."""
        return True

    @property
    def examples_per_iteration(self):
        """Examples that the first player sees in an iteration."""
        return self.batch_size

    def check(self):
        if not self.dataset:
            raise ValueError("dataset must name what to learn, got ''.")
        check_image_size(self.image_size)
        if self.optimizer == "rmsprop" and self.beta_1:
            raise ValueError(f"beta_1 must be 0 with --optimizer=rmsprop, got {self.beta_1}.")
        if self.on_collapse == "rollback" and self.distribute == "multi_worker":
            raise ValueError(
                "on_collapse must not be 'rollback' with --distribute=multi_worker: the other "
                "workers would not know that the chief goes back."
            )
        if self.distribute != "none" and self.jit_compile:
            raise ValueError(refused_with_replicas("jit_compile", False, self.distribute))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Worded(Settings):
    """Settings of what learns from pictures and what is said of them."""

    words: str = setting(
        "auto",
        "What the lines of a tags.csv, metadata.csv or metadata.jsonl are: attributes, such as "
        "'blue hair red eyes', or sentences, whose words are learned in their order. auto takes "
        "them for sentences where at least half of them have a word such as above, near, through "
        "or with what else tells how things stand to each other; captions.jsonl always is.",
        choices=WORDS,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Paired(Settings):
    """Settings of what learns to draw one picture from another."""

    sources: str = setting(
        PAIRS,
        "What is drawn from: pairs (the data hold both pictures: one twice as wide as high, or two "
        "in the folders A and B), or what is made of each picture: edges (a line drawing), gray.",
        choices=SOURCES,
    )
    direction: str = setting(
        DIRECTIONS[0],
        "Which of a pair is drawn from which; A is the left half, or the folder A.",
        choices=DIRECTIONS,
        only_if=("--sources is pairs", lambda config: config.sources == PAIRS),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sided(Settings):
    """Settings of what learns to draw pictures of either of two sets from those of the other."""

    side_a: str = setting(
        "",
        "Which pictures of the data are the set a, such as 'blonde hair' or a label; none: those "
        "in the folder trainA.",
    )
    side_b: str = setting(
        "", "The same of the set b, such as 'blue hair'; none: those in the folder trainB."
    )

    def check(self):
        if bool(self.side_a) != bool(self.side_b):
            given, other = ("a", "b") if self.side_a else ("b", "a")
            raise ValueError(
                f"side_{other} must name a set too with --side_{given}="
                f"{self.side_a or self.side_b}, got ''."
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OfClips(Settings):
    """Settings of what learns how clips go on."""

    history: int = setting(
        4, "Frames of a clip that the next one is drawn from.", minimum=1, maximum=16
    )
    sheet: str = setting(
        "",
        "ROWSxCOLUMNS, such as 9x8, if the pictures of the data set are sheets of so many frames: "
        "a clip each row, from left to right.",
    )

    def check(self):
        if self.sheet and rows_and_columns(self.sheet) is None:
            raise ValueError(f"sheet must be ROWSxCOLUMNS, such as 9x8, got {self.sheet!r}.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Averaged(Settings):
    """Settings of a training whose networks have moving averages."""

    averaging_decay: float = setting(
        0.999,
        "Decay per iteration of the generator's moving average, which is what is drawn from.",
        minimum=0,
        below=1,
    )


def refused_with_replicas(name, default, distribute):
    """Why a setting must stay as it is on several devices."""
    return (
        f"{name} must stay {default} with --distribute={distribute}: the replicas cannot wait for "
        "each other inside of what it compiles or leaves out."
    )


def check_image_size(size):
    """ValueError for a side of pictures that no network draws; 0 is what fits the data."""
    if size and (size < 8 or size % 4):
        raise ValueError(f"image_size must be 0, or 8 or more and a multiple of 4, got {size}.")


def rows_and_columns(sheet):
    """(rows, columns) of a sheet as it is spelled, such as 9x8; None if it is none."""
    found = re.fullmatch(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})", sheet)
    return None if found is None else (int(found[1]), int(found[2]))


def is_named(dataset):
    """Whether a data set has a name, and is no path."""
    return dataset in (*DATASETS, *CLIPS) or dataset.startswith(TFDS)


def check_spelling(dataset):
    """ValueError for a data set that a user most likely misspelt.

    It is no check of the settings: those of a run stay good when its data are gone or moved.
    """
    # A name without a separator that is no folder either.
    if not is_named(dataset) and "/" not in dataset and not os.path.exists(dataset):
        raise ValueError(
            f"dataset must be one of {', '.join((*DATASETS, *CLIPS))}, tfds:NAME or a folder of "
            f"images, got {dataset!r}."
        )
