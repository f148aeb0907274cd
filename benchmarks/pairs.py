"""What the two terms of pix2pix are good for: pixel error alone, a discriminator alone, both.

  python -m benchmarks.pairs --folder=FOLDER --dataset=edges2goods.zip --direction=BtoA
  python -m benchmarks.pairs --folder=FOLDER --dataset=... --minutes=20 --image_size=128

The rows are those of the paper's table 1 (Isola et al. 2017, arXiv 1611.07004). Each trains in a
process of its own, all at once, for the same processor time, which other work on the machine does
not change; then it draws the test part of the pairs, by the average of its weights. Told are the
distances to the targets; sharpness, the mean of the pictures' ratios to their targets; and the
sliced Wasserstein distance at the finest level, with that of as many pictures to train on beside
it. FOLDER/<row>.json and FOLDER/<row>.png, source, drawn and target of each, are written at the
end; a row that is there is not trained again.
"""

from absl import app, flags

from benchmarks import timed_rows
from gan_apps.operating_system import processor

ROWS = {
    "L1": {"adversarial_weight": 0.0},
    "adversarial": {"l1_weight": 0.0},
    "both": {},
}
# What all have: no rates that fall, since a row ends with its time.
COMMON = {
    "batch_size": 16,
    "dropout": 0.0,
    "horizontal_flips": True,
    "generator_learning_rate": 5e-4,
    "discriminator_learning_rate": 5e-4,
    "decay_fraction": 0.0,
}
PAIRS_IN_A_ROW = 5

_FOLDER = flags.DEFINE_string("folder", None, "Where the results are kept.", required=True)
_DATASET = flags.DEFINE_string("dataset", None, "Pairs, as in gan_apps.pix2pix.", required=True)
_DIRECTION = flags.DEFINE_enum("direction", "AtoB", ["AtoB", "BtoA"], "As in gan_apps.pix2pix.")
_SIZE = flags.DEFINE_integer("image_size", 64, "As in gan_apps.pix2pix.", 8)
_MINUTES = flags.DEFINE_float("minutes", 10.0, "Processor time of each row's training.", 0.0)
_PRECISION = flags.DEFINE_string("precision", "auto", "As in gan_apps.pix2pix.")
_ROW = flags.DEFINE_enum("row", None, list(ROWS), "Train and judge this row alone, in here.")


def measured(name):
    """Trains a row and judges it; returns its figures and a picture of all its drawings."""
    from benchmarks.likeness import judged
    from gan_apps import settings, systems
    from gan_apps.data import parts
    from gan_apps.data.sources import DataSet

    system = systems.find("pix2pix")
    data_of = {"dataset": _DATASET.value, "direction": _DIRECTION.value}
    config = processor.resolved(
        system.config(
            **data_of,
            image_size=_SIZE.value,
            precision=_PRECISION.value,
            **COMMON,
            **ROWS[name],
        )
    )
    data_set = DataSet.of(settings.to_json(config))
    data = parts.loaded(data_set, {})
    record = parts.recorded(data_set, data)
    test = parts.test_part(data_set, data, record)
    data = parts.train_part(data, record)
    model, figures = timed_rows.trained(system, config, data, _MINUTES.value)
    figures["pairs"] = len(test)
    drawn, picture = _drawn(model, test)
    return {**figures, **judged(drawn, test.images, data.images)}, picture


def _drawn(model, test):
    """(uint8 [n, h, w, c] drawn of the test sources, a picture of all beside their targets)"""
    import numpy as np

    from gan_apps.drawing import pictures, runtimes
    from models.game import to_signed

    network = runtimes.in_batches(model.drawn_by("generator"))
    sources = test.columns["sources"]
    drawn = pictures.to_bytes(network({"sources": to_signed(sources).numpy()}))
    rows = np.stack([pictures.fitted(sources, drawn.shape[1:]), drawn, test.images], axis=1)
    return drawn, pictures.grid(rows.reshape(-1, *drawn.shape[1:]), 3 * PAIRS_IN_A_ROW)


COLUMNS = {
    "L1": lambda row: f"{row['l1']:.2f}",
    "PSNR": lambda row: f"{row['psnr']:.2f}",
    "SSIM": lambda row: f"{row['ssim']:.3f}",
    "sharpness": lambda row: f"{row['sharpness']:.2f}",
    "finest level (real)": lambda row: (
        f"{row['finest_level']:.1f} ({row['finest_level_of_real']:.1f})"
    ),
}


def main(argv):
    del argv
    timed_rows.main("benchmarks.pairs", _FOLDER.value, ROWS, _ROW.value, measured, COLUMNS)


if __name__ == "__main__":
    app.run(main)
