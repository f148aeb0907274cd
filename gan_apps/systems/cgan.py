"""The conditional GAN: digits by number, faces in words."""

import dataclasses
from typing import TYPE_CHECKING

from gan_apps import settings
from gan_apps.games import two_players
from gan_apps.runs.judge import Judge
from gan_apps.settings import GAN, Divergence, Labelled, Refused, Worded, rows, setting
from gan_apps.systems import Recipe, System

if TYPE_CHECKING:
    from gan_apps.data.columns import Data
    from models.game import AbstractGame


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Worded, Labelled, Divergence, GAN):
    """Settings of the conditional GAN, chosen by measurement (benchmarks/RESULTS.md)."""

    objective: str = setting(
        "non_saturating",
        "What a score costs the two networks: a GAN's, Wasserstein's, or an f-divergence's.",
        choices=lambda: rows.objectives() + rows.divergences(),
    )
    mismatched_weight: float = setting(
        0.5,
        "Share of real images with a foreign label among the discriminator's negative pairs.",
        minimum=0,
        below=1,
    )
    classifier_weight: float = setting(
        1.0,
        "For data with prompts: weight of the discriminator's auxiliary classifier, which reads "
        "the attributes of an image, or tells which sentence is said of it; the generator heeds it "
        "by half. 0 for none.",
        minimum=0,
    )
    classifier_objective: str = setting(
        "ac",
        "What that classifier learns: the attributes of real images (ac, as in AC-GANs), which "
        "makes generated ones typical of what is asked for; or those of real and of generated "
        "images as other values (adc, as in ADC-GANs), which keeps them as various as real ones, "
        "and which labels have as well.",
        choices=rows.classifier_objectives,
        only_if=("--classifier_weight is above 0", lambda config: config.classifier_weight > 0),
    )
    keep_discriminator: bool = setting(
        False,
        "Keep the discriminator with what is drawn from, so that gan_apps.dvbpr can design with "
        "the run: it says which designs pass for real.",
    )
    initial_run_dir: str = setting(
        "",
        "Begin with the networks of this run instead of random ones; it has the same bodies, and "
        "its saved states.",
        is_path=True,
    )

    encoder_width: int = setting(
        64, "For data with sentences: length of the vector that one becomes.", minimum=2
    )
    encoder_run_dir: str = setting(
        "",
        "For data with sentences: begin with the encoder of this run of gan_apps.matcher, instead "
        "of learning it with the discriminator from nothing.",
        is_path=True,
    )
    fixed_encoder: bool = setting(
        False,
        "Leave that encoder as it is.",
        only_if=("--encoder_run_dir is given", lambda config: bool(config.encoder_run_dir)),
    )
    interpolated_share: float = setting(
        0.25,
        "For data with sentences: share of the generator's pictures that are asked for what is "
        "half way between two sentences.",
        minimum=0,
        maximum=1,
    )

    @property
    def minimises(self) -> str:
        return self.objective

    def check(self) -> None:
        settings.refuse_steep(self)


def game(config: Config, data: "Data", iterations: int) -> "AbstractGame":
    from models import CGAN
    from models.losses import CLASSIFIER_OBJECTIVES

    are_sentences = data.condition.kind == two_players.SENTENCES
    if are_sentences and config.classifier_objective != "ac":
        raise Refused(
            f"--classifier_objective={config.classifier_objective}: --dataset={config.dataset} has "
            "sentences, which have no values to read; leave it out."
        )
    if config.encoder_run_dir and not are_sentences:
        raise Refused(
            f"--encoder_run_dir={config.encoder_run_dir}: --dataset={config.dataset} has no "
            "sentences to encode."
        )
    # Labels are one slot, which the third term alone teaches, if no classifier is asked for.
    asked = are_sentences or len(data.condition.sizes) > 1 or config.classifier_objective != "ac"
    classifier_weight = config.classifier_weight if asked else 0.0
    default = Config.__dataclass_fields__["classifier_weight"].default
    if not asked and config.classifier_weight not in (0.0, default):
        raise Refused(
            f"--classifier_weight={config.classifier_weight}: --dataset={config.dataset} has no "
            "prompts, whose attributes the classifier would read; --classifier_objective=adc reads "
            "labels as well."
        )
    classifier = CLASSIFIER_OBJECTIVES[config.classifier_objective]
    return two_players.built(
        CGAN,
        config,
        data,
        iterations,
        judged_by={"classifier": classifier.outputs if classifier_weight else 0},
        encoder_width=config.encoder_width,
        classifier_weight=classifier_weight,
        classifier_objective=classifier,
        objective=two_players.objective(config),
        label_smoothing=config.label_smoothing,
        flipped_labels=config.flipped_labels,
        mismatched_weight=config.mismatched_weight,
        fixed_encoder=config.fixed_encoder,
        interpolated_share=config.interpolated_share if are_sentences else 0.0,
    )


def judges(config: Config, data: "Data", game: "AbstractGame") -> dict[str, Judge]:
    if not config.keep_discriminator:
        return {}
    from models import networks

    network = networks.described(game.networks["discriminator"])
    return {"discriminator": Judge(network=network, shape=data.shape, condition=data.condition)}


SYSTEM = System(
    name="cgan",
    title="draws what is asked for: the conditional GAN, digits by number, faces in words",
    config=Config,
    game=game,
    draws=two_players.draws,
    judges=judges,
    conditional=True,
    learns=("labels", "attributes", "sentences"),
    shipped="cgan_digits",
    shipped_prompt="cgan_anime",
    recipes={
        "paper": Recipe(
            reference="Reed et al. 2016, arXiv 1605.05396, section 5 and algorithm 1",
            values={
                **two_players.WITHOUT,
                "architecture": "dcgan",
                "normalization": "batch",
                "generator_normalization": "batch",
                "latent_dim": 100,
                "latent_distribution": "normal",
                "batch_size": 64,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0002,
                "generator_learning_rate": 0.0002,
                "beta_1": 0.5,
                "beta_2": 0.999,
                "objective": "non_saturating",
                "mismatched_weight": 0.5,
                "classifier_weight": 0.0,
                "interpolated_share": 0.5,
            },
        ),
        "various": Recipe(
            reference="what is drawn of one request varies as the data do: the classifier of Hou "
            "et al. 2022, arXiv 2107.10060, and no mismatched pairs",
            values={
                "classifier_objective": "adc",
                "classifier_weight": 1.0,
                "mismatched_weight": 0.0,
            },
        ),
        "dvbpr": Recipe(
            reference="Kang et al. 2017, arXiv 1711.02231, figure 3, and the authors' code: a "
            "generator of designs for gan_apps.dvbpr, at 64 or 128 pixels",
            values={
                **two_players.WITHOUT,
                "architecture": "dvbpr",
                "normalization": "batch",
                "generator_normalization": "batch",
                "latent_dim": 100,
                "latent_distribution": "normal",
                "batch_size": 16,
                "num_epochs": 30,
                "optimizer": "adam",
                "discriminator_learning_rate": 0.0001,
                "generator_learning_rate": 0.0001,
                "beta_1": 0.5,
                "beta_2": 0.99,
                "objective": "least_squares",
                "mismatched_weight": 0.0,
                "classifier_weight": 0.0,
                "keep_discriminator": True,
            },
        ),
    },
)
