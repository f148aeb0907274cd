"""How near CycleGAN comes to a truth that is known, with its cycle term and without.

  python -m benchmarks.known_truth --folder=FOLDER
  python -m benchmarks.known_truth --folder=FOLDER --minutes=5 --row="no cycle"

Digits are to become their tinted negatives, dark on yellow paper, of which it sees only those of
other digits: no picture is in both sets, and nothing says which belongs to which. Told is the mean
distance of a pixel to the truth, as a share of the range, on test digits, either way; and beside it
how far pictures are from themselves that went there and back, which needs no truth. Each row trains
in a process of its own, all at once, for the same processor time. FOLDER/<row>.json and
FOLDER/<row>.png, a digit, what is drawn, its truth and the way back, are written at the end; a row
that is there is not trained again.
"""

from absl import app, flags

from benchmarks import timed_rows
from gan_apps.operating_system import processor

ROWS = {"cycle": {}, "no cycle": {"cycle_weight": 0.0}}
# What both rows have: no rates that fall, since a row ends with its time, and no identity term,
# which would be a second thing to hold pictures to.
COMMON = {
    "identity_weight": 0.0,
    "batch_size": 8,
    "generator_widths": (32, 32, 32),
    "residual_blocks": 4,
    "patch": "34",
    "decay_fraction": 0.0,
    "averaging_decay": 0.99,
}
# Paper of this colour, in shares of white.
TINT = (1.0, 0.84, 0.55)
EACH, TEST = 10_000, 1_000
SHOWN = 24

_FOLDER = flags.DEFINE_string("folder", None, "Where the results are kept.", required=True)
_MINUTES = flags.DEFINE_float("minutes", 15.0, "Processor time of each row's training.", 0.0)
_ROW = flags.DEFINE_enum("row", None, list(ROWS), "Train and judge this row alone, in here.")


def truth(digits):
    """The tinted negatives of digits uint8 [n, h, w, 1]: uint8 [n, h, w, 3]."""
    import numpy as np

    return np.round((255 - digits.astype(np.float32)) * TINT).astype(np.uint8)


def two_sets(digits):
    """The Data of digits uint8 [n, h, w, 1] and of the tinted negatives of the other half."""
    import numpy as np

    from gan_apps.data.columns import OF_SIDES, Data

    half = len(digits) // 2
    images = np.concatenate([np.repeat(digits[:half], 3, axis=3), truth(digits[half:])])
    return Data({"images": images, OF_SIDES: (np.arange(len(images)) >= half).astype(np.int32)})


def measured(name):
    """Trains a row and judges it; returns its figures and a picture of some of its drawings."""
    from gan_apps import systems
    from gan_apps.data import sources

    system = systems.find("cyclegan")
    config = processor.resolved(system.config(dataset="mnist", **COMMON, **ROWS[name]))
    data = two_sets(sources.load("mnist").images[: 2 * EACH])
    model, figures = timed_rows.trained(system, config, data, _MINUTES.value)
    errors, picture = judged(model, sources.load("mnist", "test").images[:TEST])
    return {**figures, **errors}, picture


def judged(model, digits):
    """What a model makes of digits uint8 [n, h, w, 1]: ({error: share of the range}, a picture)."""
    import numpy as np

    from gan_apps.drawing import pictures, runtimes
    from models.game import to_signed

    shown = {"a": np.repeat(digits, 3, axis=3), "b": truth(digits)}
    real = {side: to_signed(images).numpy() for side, images in shown.items()}
    draw = {side: runtimes.in_batches(model.drawn_by(f"generator_{side}")) for side in ("a", "b")}
    drawn = {side: draw[side]({"sources": real[other]}) for side, other in (("a", "b"), ("b", "a"))}
    again = {
        side: draw[side]({"sources": drawn[other]}) for side, other in (("a", "b"), ("b", "a"))
    }
    distance = lambda one, other: float(np.abs(one - other).mean()) / 2.0
    errors = {
        "to_negatives": distance(drawn["b"], real["b"]),
        "to_digits": distance(drawn["a"], real["a"]),
        "digits_and_back": distance(again["a"], real["a"]),
        "negatives_and_back": distance(again["b"], real["b"]),
    }
    columns = (real["a"], drawn["b"], real["b"], again["a"])
    rows = np.stack([pictures.to_bytes(one[:SHOWN]) for one in columns], axis=1)
    return errors, pictures.enlarged(pictures.grid(rows.reshape(-1, *rows.shape[2:]), 4 * 4))


def main(argv):
    del argv
    columns = {
        name.replace("_", " "): lambda row, name=name: f"{row[name]:.4f}"
        for name in ("to_negatives", "to_digits", "digits_and_back", "negatives_and_back")
    }
    timed_rows.main("benchmarks.known_truth", _FOLDER.value, ROWS, _ROW.value, measured, columns)


if __name__ == "__main__":
    app.run(main)
