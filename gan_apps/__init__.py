"""gan_apps: generative adversarial networks, drawn from, trained and shipped by command."""

__version__ = "0.1.0"
