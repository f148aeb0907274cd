"""How well the nearest of MNIST's training digits names a test digit, by pixels and by codes.

  python -m benchmarks.nearest_codes --run_dirs=checkpoints/vae_digits,checkpoints/bigan_digits

Prints a row for raw pixels, for as many principal components as the first run's codes have numbers,
and for each run's own codes; --folder=FOLDER keeps them. The measure is that of Donahue et al. 2017
(arXiv 1605.09782, table 1): the share of 10,000 test digits whose nearest neighbour, by Euclidean
distance, among 60,000 training digits has their label.
"""

import json
import pathlib

from absl import app, flags

from gan_apps.operating_system import files, quiet

_RUNS = flags.DEFINE_list("run_dirs", None, "Runs that find codes of digits.", required=True)
_FOLDER = flags.DEFINE_string("folder", None, "Where the result is kept.")


def main(argv):
    del argv
    quiet.import_tensorflow()
    import numpy as np
    from sklearn.decomposition import PCA

    from gan_apps.data import sources
    from gan_apps.evaluation import meanings, neighbours
    from gan_apps.runs import run_dir

    train, test = (sources.load("mnist", part) for part in ("train", "test"))

    def right(points, others):
        near = neighbours.labels_by_nearest(
            points.astype(np.float32), train.numbers, others.astype(np.float32)
        )
        return float(np.mean(near == test.numbers))

    pixels = [
        part.images.reshape(len(part.images), -1).astype(np.float32) for part in (train, test)
    ]
    told, size = {"raw pixels": right(*pixels)}, None
    for path in map(pathlib.Path, _RUNS.value):
        coder = meanings.coder_of(path, run_dir.read_recipe(path))
        codes = [coder.codes(part.images) for part in (train, test)]
        if size is None:
            size = codes[0].shape[1]
            found = PCA(size, svd_solver="covariance_eigh").fit(pixels[0])
            told[f"{size} principal components"] = right(*map(found.transform, pixels))
        told[f"{codes[0].shape[1]} numbers of {path.name}"] = right(*codes)
    print(json.dumps(told, indent=2))
    if _FOLDER.value:
        pathlib.Path(_FOLDER.value).mkdir(parents=True, exist_ok=True)
        files.write_json(pathlib.Path(_FOLDER.value) / "nearest_codes.json", told)


if __name__ == "__main__":
    app.run(main)
