"""gan_apps: generative adversarial networks that are drawn from, trained, resumed and shipped by command."""

__version__ = "0.1.0"
