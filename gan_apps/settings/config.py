"""What a training run is made of: a frozen dataclass per command.

A field, its flag, its help, its default and its check stand together. `LENGTH`, `PLACE` and
`ANSWER` name the fields that a resumed run may change.
"""

import dataclasses
import math
import os

from gan_apps.settings import rows

LENGTH = "num_epochs"
PLACE = "distribute"
ANSWER = "on_collapse"
# No setting, but a flag that is asked anew at every start.
ACCEPT = "accept_changed_data"
ON_COLLAPSE = ("warn", "stop", "rollback")
# Data sets that have a name; tfds:NAME and folders are taken too.
DATASETS = ("mnist", "fashion_mnist", "digits")
TFDS = "tfds:"
# Names of rows in models.penalties, models.networks and models.adversarial, spelled here because
# settings are read without TensorFlow.
PENALTIES = ("none", "two_sided", "one_sided", "one_sided_linear")
ARCHITECTURES = ("dcgan", "mlp")
NORMALIZATIONS = ("auto", "none", "batch", "virtual_batch", "spectral")
GENERATOR_NORMALIZATIONS = ("none", "batch", "virtual_batch")
LATENT_DISTRIBUTIONS = ("normal", "spherical", "uniform")
GENERATOR_OBJECTIVES = ("trick", "exact")
OPTIMIZERS = ("adam", "rmsprop")
DISTRIBUTIONS = ("none", "mirrored", "multi_worker")
PRECISIONS = ("auto", "float32", "bfloat16")
MAX_SEED = 2**32 - 1


def setting(
    default,
    help,
    *,
    minimum=None,
    above=None,
    maximum=None,
    below=None,
    excluded=(),
    choices=None,
    only_if=None,
    is_path=False,
):
    """A dataclass field with its documentation, its bounds and what it depends on.

    Args:
      default: int, float, str, bool or a tuple of ints. Its type is the flag's type.
      help: str. The flag's help.
      minimum, above, maximum, below: numbers. Closed and open bounds of the value, or of each
        element of a tuple.
      excluded: tuple of numbers. Values between the bounds that are not allowed.
      choices: tuple of str, or function that returns one. All that is allowed.
      only_if: (str, function). Another value than the default means something only if the function
        of the config is true, which the words say; it is refused otherwise, not ignored.
      is_path: bool. Whether it names a file or folder, in which "~" is the home folder.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "above": above,
        "maximum": maximum,
        "below": below,
        "excluded": excluded,
        "choices": choices,
        "only_if": only_if,
        "is_path": is_path,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings that every algorithm has. Raises ValueError, naming the field and the value."""

    dataset: str = setting(
        "mnist",
        "What to learn: mnist, fashion_mnist, digits (needs no download), tfds:NAME for any image "
        "set of TensorFlow Datasets, or a folder of images (for cgan with a folder in it for each "
        "label, or a folder or zip that has a tags.csv).",
        is_path=True,
    )
    image_size: int = setting(
        0,
        "Side of the images in pixels, a multiple of 4, to which the data are cropped and resized; "
        "0: 28 for the data sets with a name, 64 for others.",
        minimum=0,
        maximum=512,
    )
    horizontal_flips: bool = setting(False, "Mirror a random half of the real images.")
    num_epochs: int = setting(
        16, "Passes over the data; may grow when a run is resumed.", minimum=1
    )
    batch_size: int = setting(64, "Images per discriminator update.", minimum=2)
    latent_dim: int = setting(32, "Length of the generator's noise vector.", minimum=1)
    latent_distribution: str = setting(
        "normal",
        "What it is drawn from: a normal distribution, the sphere, or the cube [-1, 1].",
        choices=LATENT_DISTRIBUTIONS,
    )
    architecture: str = setting(
        "dcgan", "The networks: convolutions (dcgan) or dense layers (mlp).", choices=ARCHITECTURES
    )
    generator_widths: tuple = setting(
        (), "Feature maps of the generator, coarse to fine; none: what fits the images.", minimum=1
    )
    discriminator_widths: tuple = setting(
        (), "Feature maps of the discriminator, fine to coarse; none: what fits.", minimum=1
    )
    generator_normalization: str = setting(
        "batch", "What is normalised in the generator.", choices=GENERATOR_NORMALIZATIONS
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
    generator_steps: int = setting(1, "j, generator updates per iteration.", minimum=1)
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
    optimizer: str = setting("adam", "What updates both networks.", choices=OPTIMIZERS)
    discriminator_learning_rate: float = setting(
        5e-4, "The optimizer's step size for the discriminator.", above=0
    )
    generator_learning_rate: float = setting(
        5e-4, "The optimizer's step size for the generator.", above=0
    )
    beta_1: float = setting(0.0, "Adam's decay of the gradient's mean.", minimum=0, below=1)
    beta_2: float = setting(
        0.99, "Decay of the gradient's square, in Adam and RMSprop.", minimum=0, below=1
    )
    decay_fraction: float = setting(
        0.5,
        "The last part of training in which both learning rates fall linearly to zero.",
        minimum=0,
        maximum=1,
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
            lambda config: config.real_gradient_weight > 0,
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
    averaging_decay: float = setting(
        0.999,
        "Decay per iteration of the generator's moving average, which is what is drawn from.",
        minimum=0,
        below=1,
    )
    precision: str = setting(
        "auto",
        "What the networks compute in; auto takes bfloat16 where what trains here has it: the GPUs "
        "if there are any, else the processor.",
        choices=PRECISIONS,
    )
    jit_compile: bool = setting(
        False, "Compile the training step with XLA, which draws other noise for the same seed."
    )
    distribute: str = setting(
        "none",
        "Several devices, which share every minibatch of --batch_size and learn what one would: "
        "those of this machine (mirrored), or those of all workers that TF_CONFIG names "
        "(multi_worker). May change when a run is resumed.",
        choices=DISTRIBUTIONS,
    )
    seed: int = setting(
        0,
        "Seed of everything random, drawing too: same seed, same result.",
        minimum=0,
        maximum=MAX_SEED,
    )
    deterministic: bool = setting(
        False,
        "Use no kernel of TensorFlow whose result may differ from one time to the next. On a "
        "processor there is none, and it changes nothing; on a GPU it costs speed.",
    )
    log_steps: int = setting(100, "Iterations per row of metrics.jsonl.", minimum=1)
    save_steps: int = setting(500, "Iterations between saved states.", minimum=1)
    on_collapse: str = setting(
        "warn",
        "When training is seen to fail (see the report's diagnosis): say so, stop, or go back to "
        "the last good state and on from there with new noise.",
        choices=ON_COLLAPSE,
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        if not self.dataset:
            raise ValueError("dataset must name what to learn, got ''.")
        if self.image_size and (self.image_size < 8 or self.image_size % 4):
            raise ValueError(
                f"image_size must be 0, or 8 or more and a multiple of 4, got {self.image_size}."
            )
        for field in dataclasses.fields(self):
            _check_use(field, self)
        if self.optimizer == "rmsprop" and self.beta_1:
            raise ValueError(f"beta_1 must be 0 with --optimizer=rmsprop, got {self.beta_1}.")
        if self.on_collapse == "rollback" and self.distribute == "multi_worker":
            raise ValueError(
                "on_collapse must not be 'rollback' with --distribute=multi_worker: the other "
                "workers would not know that the chief goes back."
            )
        if self.initial_discriminator_steps % self.discriminator_steps:
            raise ValueError(
                f"initial_discriminator_steps must be a multiple of --discriminator_steps="
                f"{self.discriminator_steps}, got {self.initial_discriminator_steps}."
            )
        for name in ("jit_compile", "initial_discriminator_steps"):
            if self.distribute != "none" and getattr(self, name):
                raise ValueError(
                    f"{name} must stay {TrainConfig.__dataclass_fields__[name].default} with "
                    f"--distribute={self.distribute}: the replicas cannot wait for each other "
                    "inside of what it compiles or leaves out."
                )
        penalties = {"penalty": self.penalty != "none", "real_gradient_weight": True}
        for name, given in penalties.items():
            if self.taken_normalization == "batch" and given and getattr(self, name):
                raise ValueError(
                    f"normalization must not be 'batch' with --{name}={getattr(self, name)}: the "
                    "penalty is on the slope of one image's score, which batch normalisation "
                    "makes depend on the whole minibatch. Take --normalization=none, "
                    f"virtual_batch or spectral, or --{name}={'none' if name == 'penalty' else 0}."
                )

    @property
    def taken_normalization(self):
        """What `normalization` comes to, a name that models.networks knows."""
        if self.normalization != "auto":
            return self.normalization
        # Batch normalisation levels every unit's mean over real and over generated images, and a
        # dense layer has little else to tell them apart by: such pairs collapse (BUILD_NOTES.md).
        return "none" if self.architecture == "mlp" else "batch"

    @property
    def is_lipschitz(self):
        """Whether something bounds the discriminator's slope."""
        return self.penalty != "none" or self.clip > 0 or self.normalization == "spectral"


def _changed(name, default, **bounds):
    """A setting of TrainConfig with another default, and other bounds if given."""
    field = TrainConfig.__dataclass_fields__[name]
    return dataclasses.field(default=default, metadata={**field.metadata, **bounds})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _DivergenceConfig(TrainConfig):
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class DCGANConfig(TrainConfig):
    """Settings of the DCGAN, and of the GANs that differ from it by their objective."""

    objective: str = setting(
        "non_saturating", "What a score costs the two networks.", choices=rows.objectives
    )
    label_smoothing: float = setting(
        0.0, "One-sided: 1 - the target of real images.", minimum=0, below=0.5
    )
    flipped_labels: float = setting(
        0.0, "Share of noisy labels: real taken for generated and back.", minimum=0, below=0.5
    )
    # The networks of Radford et al. 2016, section 4; with the paper's Adam (2e-4, .5, .999) they
    # are 2.5 x as far from MNIST after two epochs (benchmarks/RESULTS.md).
    normalization: str = _changed("normalization", "auto")
    real_gradient_weight: float = _changed("real_gradient_weight", 0.0)
    discriminator_learning_rate: float = _changed("discriminator_learning_rate", 2e-4)
    generator_learning_rate: float = _changed("generator_learning_rate", 1e-3)

    def __post_init__(self):
        super().__post_init__()
        if self.objective == "wasserstein" and not self.is_lipschitz:
            raise ValueError(
                "objective must not be 'wasserstein' while nothing keeps the discriminator "
                "Lipschitz; add --penalty=two_sided, --clip=0.01 or --normalization=spectral."
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FGANConfig(_DivergenceConfig):
    """Settings of the f-GAN."""

    divergence: str = setting(
        "jensen_shannon", "Which f-divergence to minimise.", choices=rows.divergences
    )

    @property
    def minimises(self):
        return self.divergence


@dataclasses.dataclass(frozen=True, kw_only=True)
class WGANConfig(TrainConfig):
    """Settings of the Wasserstein GAN with weight clipping (Arjovsky et al. 2017, algorithm 1)."""

    clip: float = _changed("clip", 0.01, minimum=None, above=0)
    discriminator_steps: int = _changed("discriminator_steps", 5)
    optimizer: str = _changed("optimizer", "rmsprop")
    discriminator_learning_rate: float = _changed("discriminator_learning_rate", 5e-5)
    generator_learning_rate: float = _changed("generator_learning_rate", 5e-5)
    normalization: str = _changed("normalization", "auto")
    real_gradient_weight: float = _changed("real_gradient_weight", 0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WGANGPConfig(TrainConfig):
    """Settings of WGAN-GP (Gulrajani et al. 2017, algorithm 1)."""

    penalty: str = _changed("penalty", "two_sided", choices=PENALTIES[1:])
    discriminator_steps: int = _changed("discriminator_steps", 5)
    discriminator_learning_rate: float = _changed("discriminator_learning_rate", 1e-4)
    generator_learning_rate: float = _changed("generator_learning_rate", 1e-4)
    beta_2: float = _changed("beta_2", 0.9)
    real_gradient_weight: float = _changed("real_gradient_weight", 0.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CGANConfig(DCGANConfig, _DivergenceConfig):
    """Settings of the conditional GAN."""

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
        "the attributes of an image; the generator heeds it by half. 0 for none.",
        minimum=0,
    )
    initial_run_dir: str = setting(
        "",
        "Begin with the networks of this run instead of random ones; it has the same bodies, and "
        "its saved states.",
        is_path=True,
    )
    # Chosen by measurement (benchmarks/RESULTS.md).
    normalization: str = _changed("normalization", "none")
    real_gradient_weight: float = _changed("real_gradient_weight", 1.0)
    discriminator_learning_rate: float = _changed("discriminator_learning_rate", 5e-4)
    generator_learning_rate: float = _changed("generator_learning_rate", 5e-4)

    @property
    def minimises(self):
        return self.objective


def differences(config, other):
    """The fields in which two configs of one class differ: {name: (mine, theirs)}."""
    pairs = {
        field.name: (getattr(config, field.name), getattr(other, field.name))
        for field in dataclasses.fields(config)
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def is_named(dataset):
    """Whether a data set has a name, and is no path."""
    return dataset in DATASETS or dataset.startswith(TFDS)


def check_spelling(dataset):
    """ValueError for a data set that a user most likely misspelt.

    It is no check of the settings: those of a run stay good when its data are gone or moved.
    """
    # A name without a separator that is no folder either.
    if not is_named(dataset) and "/" not in dataset and not os.path.exists(dataset):
        raise ValueError(
            f"dataset must be one of {', '.join(DATASETS)}, tfds:NAME or a folder of images, "
            f"got {dataset!r}."
        )


def to_json(config):
    """A config as JSON values."""
    return {
        field.name: list(value)
        if isinstance(value := getattr(config, field.name), tuple)
        else value
        for field in dataclasses.fields(config)
    }


def from_json(config_class, values):
    """The inverse of `to_json`; ValueError for fields that are unknown or out of bounds.

    A field that is not there takes its default: it is a setting of which the program that wrote
    the values had not heard. So the default of a new setting is what was done before there was it.
    """
    known = [field.name for field in dataclasses.fields(config_class)]
    if not isinstance(values, dict) or not values.keys() <= set(known):
        odd = sorted(set(values) - set(known)) if isinstance(values, dict) else [type(values)]
        raise ValueError(f"settings do not match {config_class.__name__}: {odd}.")
    return config_class(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
    )


def allowed(field):
    """The choices of a field, or None."""
    choices = field.metadata["choices"]
    return choices() if callable(choices) else choices


def _check(field, value):
    expected = type(field.default)
    if expected is float and type(value) is int:
        pass
    elif type(value) is not expected:
        raise ValueError(f"{field.name} must be a {expected.__name__}, got {value!r}.")
    if expected is str:
        choices = allowed(field)
        if choices and value not in choices:
            raise ValueError(f"{field.name} must be one of {', '.join(choices)}, got {value!r}.")
        return
    for number in value if expected is tuple else (value,):
        if expected is tuple and type(number) is not int:
            raise ValueError(f"{field.name} must be whole numbers, got {number!r}.")
        if not math.isfinite(number):
            raise ValueError(f"{field.name} must be finite, got {number}.")
        for bound, words, holds in (
            ("minimum", "at least", lambda a, b: a >= b),
            ("above", "greater than", lambda a, b: a > b),
            ("maximum", "at most", lambda a, b: a <= b),
            ("below", "less than", lambda a, b: a < b),
        ):
            limit = field.metadata[bound]
            if limit is not None and not holds(number, limit):
                raise ValueError(f"{field.name} must be {words} {limit}, got {number}.")
        if number in field.metadata["excluded"]:
            listed = " nor ".join(str(value) for value in field.metadata["excluded"])
            raise ValueError(f"{field.name} must be neither {listed}, got {number}.")


def _check_use(field, config):
    """Refuses a value that nothing would heed."""
    value, only_if = getattr(config, field.name), field.metadata["only_if"]
    if only_if is not None and value != field.default and not only_if[1](config):
        raise ValueError(
            f"{field.name} must stay {field.default} unless {only_if[0]}, got {value}."
        )
