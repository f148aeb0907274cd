"""gan_apps: generative adversarial networks, drawn from, trained and shipped by command."""

import importlib
import pathlib

__version__ = "0.1.0"

_HERE = pathlib.Path(__file__).resolve().parent
# In the repository `models` and the shipped runs stand beside this package, once installed in it:
# at the top of an environment the name `models` would be everybody's (setup.py).
INSTALLED = (_HERE / "models").is_dir()
HOME = _HERE if INSTALLED else _HERE.parent
MODELS = f"{__name__}.models" if INSTALLED else "models"


def __getattr__(name):
    """`from gan_apps import models` is the same line in the repository and installed."""
    if name == "models":
        return importlib.import_module(MODELS)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
