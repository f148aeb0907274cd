"""A system that only the tests have: three files, which `installed` puts beside the suite's own."""

import os
import pathlib
import shutil

from tests.conftest import ROOT

HERE = pathlib.Path(__file__).parent
# What a system is made of, and where its files go.
FILES = {
    "game.py": "models/negatives.py",
    "system.py": "gan_apps/systems/negatives.py",
    "command.py": "gan_apps/negatives.py",
}


def installed(folder):
    """A copy of the suite in `folder`, no file of it changed, with the three files added."""
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("gan_apps", "models"):
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    (folder / "checkpoints").symlink_to(ROOT / "checkpoints")
    for file, place in FILES.items():
        assert not (folder / place).exists()
        shutil.copyfile(HERE / file, folder / place)
    return {"PYTHONPATH": os.pathsep.join([str(folder)])}
