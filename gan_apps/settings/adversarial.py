"""Settings of what draws from latents and of what learns against a discriminator."""

import dataclasses

from gan_apps.settings import rows
from gan_apps.settings.setting import Settings, setting
from gan_apps.settings.training import Averaged, Training, refused_with_replicas

# Names of rows in models.penalties, models.networks and models.game, spelled here because settings
# are read without TensorFlow.
PENALTIES = ("none", "two_sided", "one_sided", "one_sided_linear")
ARCHITECTURES = ("dcgan", "dvbpr", "mlp")
NORMALIZATIONS = ("auto", "none", "batch", "virtual_batch", "spectral")
GENERATOR_NORMALIZATIONS = ("none", "batch", "virtual_batch")
LATENT_DISTRIBUTIONS = ("normal", "spherical", "uniform")
GENERATOR_OBJECTIVES = ("trick", "exact")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Latents(Settings):
    """Settings of what draws from noise."""

    latent_dim: int = setting(32, "Length of the generator's noise vector.", minimum=1)
    latent_distribution: str = setting(
        "normal",
        "What it is drawn from: a normal distribution, the sphere, or the cube [-1, 1].",
        choices=LATENT_DISTRIBUTIONS,
    )

    @property
    def codes(self) -> tuple[int, ...]:
        """Noise of other kinds, after it: as in models.codes."""
        return ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adversarial(Settings):
    """Settings of a discriminator and of what it pays beside its objective."""

    discriminator_widths: tuple = setting(
        (), "Feature maps of the discriminator, fine to coarse; none: what fits.", minimum=1
    )
    normalization: str = setting(
        "none",
        "What is normalised in the discriminator; spectral divides every kernel by its largest "
        "singular value, auto is batch for convolutions and none for dense layers.",
        choices=NORMALIZATIONS,
    )
    discriminator_steps: int = setting(
        1, "k, discriminator updates per iteration, each on new real images.", minimum=1
    )
    discriminator_learning_rate: float = setting(
        5e-4, "The optimizer's step size for the discriminator.", above=0
    )
    real_gradient_weight: float = setting(
        1.0, "gamma of R1, the gradient penalty on real images; 0 for none.", minimum=0
    )
    real_gradient_interval: int = setting(
        16,
        "R1 is taken in every so many iterations, weighted up in proportion.",
        minimum=1,
        only_if=(
            "--real_gradient_weight is above 0",
            lambda config: config.taken_gradient_weight > 0,
        ),
    )
    penalty: str = setting(
        "none",
        "Gradient penalty between real and generated images; two_sided is WGAN-GP's.",
        choices=PENALTIES,
    )
    penalty_weight: float = setting(
        10.0,
        "lambda of that penalty.",
        above=0,
        only_if=("--penalty is given", lambda config: config.penalty != "none"),
    )
    clip: float = setting(
        0.0, "Keeps every discriminator weight in [-clip, clip]; 0 for no clipping.", minimum=0
    )
    input_noise: float = setting(
        0.0,
        "Standard deviation of the noise on the discriminator's images at the start; it falls "
        "linearly to zero.",
        minimum=0,
    )
    input_noise_fraction: float = setting(
        1.0,
        "The first part of training in which that noise falls.",
        above=0,
        maximum=1,
        only_if=("--input_noise is above 0", lambda config: config.input_noise > 0),
    )

    augmentations: str = setting(
        "none",
        "How every image, real or generated, is changed before the discriminator sees it, so that "
        "it does not learn few images by heart: names with commas between them, of colour, "
        "warp, translation, cutout.",
    )

    def check(self):
        refuse_unknown_augmentations("augmentations", self.taken_augmentations)
        penalties = {
            "penalty": self.penalty != "none",
            "real_gradient_weight": self.real_gradient_weight is not None,
        }
        for name, given in penalties.items():
            if self.taken_normalization == "batch" and given and getattr(self, name):
                raise ValueError(
                    f"normalization must not be 'batch' with --{name}={getattr(self, name)}: the "
                    "penalty is on the slope of one image's score, which batch normalisation "
                    "makes depend on the whole minibatch. Take --normalization=none, "
                    f"virtual_batch or spectral, or --{name}={'none' if name == 'penalty' else 0}."
                )

    @property
    def examples_per_iteration(self):
        return self.batch_size * self.discriminator_steps

    @property
    def is_dense(self):
        """Whether the discriminator is made of dense layers."""
        return False

    @property
    def taken_augmentations(self):
        """What `augmentations` comes to: a tuple of names."""
        return names_of_augmentations(self.augmentations)

    @property
    def taken_normalization(self):
        """What `normalization` comes to, a name that models.networks knows."""
        if self.normalization != "auto":
            return self.normalization
        # Batch normalisation levels every unit's mean over real and over generated images, and a
        # dense layer has little else to tell them apart by: such pairs collapse (RESULTS.md).
        return "none" if self.is_dense else "batch"

    @property
    def taken_gradient_weight(self):
        """What `real_gradient_weight` comes to, where it was left open."""
        if self.real_gradient_weight is not None:
            return self.real_gradient_weight
        # One bound on the discriminator's slope is enough, and batch normalisation allows none.
        return 0.0 if self.is_lipschitz or self.taken_normalization == "batch" else 1.0

    @property
    def is_lipschitz(self):
        """Whether something bounds the discriminator's slope."""
        return self.penalty != "none" or self.clip > 0 or self.normalization == "spectral"

    def adversary(self, iterations):
        """The arguments of models.adversary.Adversary, for a training of so many iterations."""
        names = (
            "real_gradient_interval",
            "penalty_weight",
            "clip",
            "input_noise",
        )
        return {
            **{name: getattr(self, name) for name in names},
            "real_gradient_weight": self.taken_gradient_weight,
            "augmentations": self.taken_augmentations,
            "penalty": None if self.penalty == "none" else self.penalty,
            "input_noise_iterations": max(round(self.input_noise_fraction * iterations), 1),
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class GAN(Adversarial, Latents, Averaged, Training):
    """Settings of a generator against a discriminator."""

    architecture: str = setting(
        "dcgan",
        "The networks: convolutions (dcgan), deeper ones of 5x5 (dvbpr, the lecture's for 64 and "
        "128 pixels), or dense layers (mlp).",
        choices=ARCHITECTURES,
    )
    generator_widths: tuple = setting(
        (), "Feature maps of the generator, coarse to fine; none: what fits the images.", minimum=1
    )
    generator_normalization: str = setting(
        "batch", "What is normalised in the generator.", choices=GENERATOR_NORMALIZATIONS
    )
    generator_steps: int = setting(1, "j, generator updates per iteration.", minimum=1)
    generator_learning_rate: float = setting(
        5e-4, "The optimizer's step size for the generator.", above=0
    )
    initial_discriminator_steps: int = setting(
        0,
        "A longer k at the start, a multiple of k: so many discriminator updates before each of "
        "the generator's first --initial_iterations turns; 0 for k.",
        minimum=0,
    )
    initial_iterations: int = setting(
        25,
        "Turns of the generator that wait for the longer k.",
        minimum=1,
        only_if=(
            "--initial_discriminator_steps is given",
            lambda config: config.initial_discriminator_steps > 0,
        ),
    )

    def check(self):
        if self.initial_discriminator_steps % self.discriminator_steps:
            raise ValueError(
                f"initial_discriminator_steps must be a multiple of --discriminator_steps="
                f"{self.discriminator_steps}, got {self.initial_discriminator_steps}."
            )
        if self.distribute != "none" and self.initial_discriminator_steps:
            name = "initial_discriminator_steps"
            raise ValueError(refused_with_replicas(name, 0, self.distribute))

    @property
    def is_dense(self):
        return self.architecture == "mlp"

    def game(self, iterations):
        """The arguments of models.gan.AbstractGAN, for a training of so many iterations."""
        names = (
            "discriminator_steps",
            "generator_steps",
            "initial_discriminator_steps",
            "initial_iterations",
            "latent_distribution",
            "averaging_decay",
            "seed",
        )
        return {**{name: getattr(self, name) for name in names}, **self.adversary(iterations)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Labelled(Settings):
    """Settings of an objective that calls images real or generated."""

    label_smoothing: float = setting(
        0.0, "One-sided: 1 - the target of real images.", minimum=0, below=0.5
    )
    flipped_labels: float = setting(
        0.0, "Share of noisy labels: real taken for generated and back.", minimum=0, below=0.5
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Divergence(Settings):
    """Settings of what minimises an f-divergence; a subclass says which in `minimises`."""

    generator_objective: str = setting(
        "trick",
        "What the generator does with an f-divergence: maximise the activation of its scores "
        "(trick), or minimise the bound itself (exact).",
        choices=GENERATOR_OBJECTIVES,
        only_if=(
            "an f-divergence is minimised",
            lambda config: config.minimises in rows.divergences(),
        ),
    )
    pi: float = setting(
        0.5,
        "Weight of the data in jensen_shannon_weighted.",
        above=0,
        below=1,
        only_if=(
            "jensen_shannon_weighted is what is minimised",
            lambda config: config.minimises == "jensen_shannon_weighted",
        ),
    )
    alpha: float = setting(
        0.5,
        "Order of the alpha divergence, neither 0 nor 1.",
        excluded=(0, 1),
        only_if=("alpha is what is minimised", lambda config: config.minimises == "alpha"),
    )


def names_of_augmentations(words):
    """What a setting such as `augmentations` comes to: a tuple of names."""
    return () if words == "none" else tuple(words.split(","))


def refuse_unknown_augmentations(setting, names):
    """ValueError where a name is none of a row's."""
    known = rows.augmentations()
    if odd := [name for name in names if name not in known]:
        raise ValueError(
            f"{setting} must be none, or names of {', '.join(known)} with commas between them, "
            f"got {odd[0]!r}."
        )


def refuse_steep(config):
    """Refuses the Wasserstein objective where nothing bounds the discriminator's slope."""
    if config.objective == "wasserstein" and not config.is_lipschitz:
        raise ValueError(
            "objective must not be 'wasserstein' while nothing keeps the discriminator Lipschitz; "
            "add --penalty=two_sided, --clip=0.01 or --normalization=spectral."
        )
