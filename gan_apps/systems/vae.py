"""The variational autoencoder, and the autoencoder by a recipe."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps.games.two_players import POLICIES
from gan_apps.runs.draws import Draw, Latents, Pictures
from gan_apps.settings import ARCHITECTURES, Averaged, Training, changed, setting
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame

# Names of models.vae.LIKELIHOODS, spelled here because settings are read without TensorFlow.
LIKELIHOODS = ("bernoulli", "gaussian")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Averaged, Training):
    """Settings of the variational autoencoder, chosen by measurement (benchmarks/RESULTS.md)."""

    likelihood: str = setting(
        "bernoulli",
        "What pictures are to the model: bits, drawn anew from the gray values whenever a picture "
        "is seen (bernoulli), or gray values with one deviation, which is learned (gaussian).",
        choices=LIKELIHOODS,
    )
    latent_dim: int = setting(50, "Length of the code.", minimum=1)
    kl_weight: float = setting(
        1.0, "Weight of the divergence of the codes from the prior; 0 for none.", minimum=0
    )
    code_noise: bool = setting(
        True,
        "Draw the codes from the encoder's posterior; without it they are its mean, as in a plain "
        "autoencoder, and --kl_weight is 0.",
    )
    importance_samples: int = setting(
        1,
        "K, codes of a picture in an update: the bound of the likelihood grows nearer with it, and "
        "the generator works as often.",
        minimum=1,
        only_if=(
            "--kl_weight is 1 and --code_noise is on",
            lambda config: config.kl_weight == 1.0 and config.code_noise,
        ),
    )
    architecture: str = setting(
        "mlp",
        "The networks: dense layers (mlp) or convolutions (dcgan, dvbpr).",
        choices=ARCHITECTURES,
    )
    encoder_widths: tuple = setting(
        (), "Units or feature maps of the encoder, fine to coarse; none: what fits.", minimum=1
    )
    generator_widths: tuple = setting(
        (), "The generator's, coarse to fine; none: what fits the images.", minimum=1
    )
    batch_size: int = changed(Training, "batch_size", 128, help="Images per update.")
    beta_1: float = changed(Training, "beta_1", 0.9)
    beta_2: float = changed(Training, "beta_2", 0.999)
    decay_fraction: float = changed(Training, "decay_fraction", 1.0)
    autoencoder_learning_rate: float = setting(1e-3, "The optimizer's step size.", above=0)

    def check(self) -> None:
        if self.kl_weight and not self.code_noise:
            raise ValueError(
                f"kl_weight must be 0 with --nocode_noise, got {self.kl_weight}: a code without "
                "noise is infinitely far from the prior."
            )


def _networks(config: Config, shape: tuple[int, ...], dtype: str) -> tuple[dict, dict]:
    """The arguments of an Encoder and of a CodeGenerator."""
    height, _, channels = shape
    shared = {
        "latent_dim": config.latent_dim,
        "image_size": height,
        "channels": channels,
        "architecture": config.architecture,
        "dtype": dtype,
    }
    encoder = {**shared, "widths": config.encoder_widths, "noise": config.code_noise}
    generator = {**shared, "widths": config.generator_widths, "likelihood": config.likelihood}
    return encoder, generator


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models.networks import named
    from models.vae import VAE, CodeGenerator, Encoder

    networks = {}
    for prefix, dtype in (("", POLICIES[config.precision]), ("averaged_", "float32")):
        encoder, generator = _networks(config, data.shape, dtype)
        networks[f"{prefix}encoder"] = named("encoder", Encoder, **encoder)
        networks[f"{prefix}generator"] = named("generator", CodeGenerator, **generator)
    return VAE(
        networks,
        kl_weight=config.kl_weight,
        importance_samples=config.importance_samples,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
    )


def draws(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Draw]:
    from models import networks
    from models.vae import Reconstruction

    encoder, generator = _networks(config, data.shape, "float32")
    whole = Reconstruction(encoder=encoder, generator=generator)
    return {
        "generator": Draw(
            network=networks.described(game.drawn_by("generator")),
            shape=data.shape,
            latents=Latents(size=config.latent_dim),
        ),
        "reconstruction": Draw(
            network=networks.described(whole),
            parts=("encoder", "generator"),
            shape=data.shape,
            pictures=Pictures(column="images", shape=data.shape),
        ),
    }


SYSTEM = System(
    name="vae",
    title="codes pictures and draws from codes: the VAE, and by a recipe the autoencoder",
    config=Config,
    game=game,
    draws=draws,
    takes=frozenset(("latents", "pictures")),
    shipped="vae_digits",
    recipes={
        "autoencoder": Recipe(
            reference="Hinton & Salakhutdinov 2006, Science 313, with three dense layers either "
            "way and a code of 2",
            values={
                "likelihood": "gaussian",
                "latent_dim": 2,
                "kl_weight": 0.0,
                "code_noise": False,
                "architecture": "mlp",
                "encoder_widths": (512, 256),
                "generator_widths": (256, 512),
            },
        ),
    },
)
