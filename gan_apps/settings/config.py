"""What a training run is made of: a frozen dataclass per command.

A field, its flag, its help, its default and its check stand together. `LENGTH` names the one field
that a resumed run may change.
"""

import dataclasses
import math

LENGTH = "num_epochs"
# Names of the rows in data.sources, models.losses, models.divergences, models.penalties and
# models.networks, spelled here because settings are read without TensorFlow.
DATASETS = ("mnist", "fashion_mnist", "digits")
OBJECTIVES = ("non_saturating", "minimax", "least_squares", "hinge", "wasserstein")
DIVERGENCES = (
    "total_variation",
    "kl",
    "reverse_kl",
    "pearson",
    "neyman",
    "squared_hellinger",
    "jeffrey",
    "jensen_shannon",
    "jensen_shannon_weighted",
    "gan",
    "alpha",
)
GENERATOR_OBJECTIVES = ("trick", "exact")
PENALTIES = ("none", "two_sided", "one_sided", "one_sided_linear")
NORMALIZATIONS = ("none", "spectral")
PRECISIONS = ("auto", "float32", "bfloat16")
MAX_SEED = 2**32 - 1


def setting(default, help, *, minimum=None, above=None, maximum=None, below=None, choices=None):
    """A dataclass field with its documentation and its bounds.

    Args:
      default: int, float, str, bool or a tuple of ints. Its type is the flag's type.
      help: str. The flag's help.
      minimum, above, maximum, below: numbers. Closed and open bounds of the value, or of each
        element of a tuple.
      choices: tuple of str. All that is allowed.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "above": above,
        "maximum": maximum,
        "below": below,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings that every algorithm has. Raises ValueError, naming the field and the value."""

    dataset: str = setting("mnist", "What to learn; digits needs no download.", choices=DATASETS)
    num_epochs: int = setting(
        16, "Passes over the data; may grow when a run is resumed.", minimum=1
    )
    batch_size: int = setting(64, "Images per discriminator update.", minimum=2)
    latent_dim: int = setting(32, "Length of the generator's noise vector.", minimum=1)
    generator_widths: tuple = setting(
        (96, 64), "Feature maps of the generator, coarse to fine.", minimum=1
    )
    discriminator_widths: tuple = setting(
        (48, 96, 192), "Feature maps of the discriminator, fine to coarse.", minimum=1
    )
    discriminator_steps: int = setting(
        1, "Discriminator updates per iteration, each on new real images.", minimum=1
    )
    generator_steps: int = setting(1, "Generator updates per iteration.", minimum=1)
    discriminator_learning_rate: float = setting(
        5e-4, "Adam's step size for the discriminator.", above=0
    )
    generator_learning_rate: float = setting(5e-4, "Adam's step size for the generator.", above=0)
    beta_1: float = setting(0.0, "Adam's decay of the gradient's mean.", minimum=0, below=1)
    beta_2: float = setting(0.99, "Adam's decay of the gradient's square.", minimum=0, below=1)
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
        16, "R1 is taken in every so many iterations, weighted up in proportion.", minimum=1
    )
    penalty: str = setting(
        "none",
        "Gradient penalty between real and generated images; two_sided is WGAN-GP's.",
        choices=PENALTIES,
    )
    penalty_weight: float = setting(10.0, "lambda of that penalty.", above=0)
    clip: float = setting(
        0.0, "Keeps every discriminator weight in [-clip, clip]; 0 for no clipping.", minimum=0
    )
    normalization: str = setting(
        "none",
        "spectral divides every discriminator kernel by its largest singular value.",
        choices=NORMALIZATIONS,
    )
    averaging_decay: float = setting(
        0.999,
        "Decay per iteration of the generator's moving average, which is what is drawn from.",
        minimum=0,
        below=1,
    )
    precision: str = setting(
        "auto",
        "What the networks compute in; auto takes bfloat16 where the processor has it.",
        choices=PRECISIONS,
    )
    jit_compile: bool = setting(
        False, "Compile the training step with XLA, which draws other noise for the same seed."
    )
    seed: int = setting(
        0,
        "Seed of everything random, drawing too: same seed, same result.",
        minimum=0,
        maximum=MAX_SEED,
    )
    log_steps: int = setting(100, "Iterations per row of metrics.jsonl.", minimum=1)
    save_steps: int = setting(500, "Iterations between saved states.", minimum=1)

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))


@dataclasses.dataclass(frozen=True, kw_only=True)
class CGANConfig(TrainConfig):
    """Settings of the conditional GAN."""

    objective: str = setting(
        "non_saturating",
        "What a score costs the two networks: a GAN's, Wasserstein's, or an f-divergence's.",
        choices=OBJECTIVES + DIVERGENCES,
    )
    mismatched_weight: float = setting(
        0.5,
        "Share of real images with a foreign label among the discriminator's negative pairs.",
        minimum=0,
        below=1,
    )
    generator_objective: str = setting(
        "trick",
        "What the generator does with an f-divergence: maximise the activation of its scores "
        "(trick), or minimise the bound itself.",
        choices=GENERATOR_OBJECTIVES,
    )
    pi: float = setting(0.5, "Weight of the data in jensen_shannon_weighted.", above=0, below=1)
    alpha: float = setting(0.5, "Order of the alpha divergence, neither 0 nor 1.")

    def __post_init__(self):
        super().__post_init__()
        if self.alpha in (0.0, 1.0):
            raise ValueError(f"alpha must be neither 0 nor 1, got {self.alpha}.")
        constrained = self.penalty != "none" or self.clip or self.normalization == "spectral"
        if self.objective == "wasserstein" and not constrained:
            raise ValueError(
                "objective must not be 'wasserstein' while nothing keeps the discriminator "
                "Lipschitz; add --penalty=two_sided, --clip=0.01 or --normalization=spectral."
            )


def differences(config, other):
    """The fields in which two configs of one class differ: {name: (mine, theirs)}."""
    pairs = {
        field.name: (getattr(config, field.name), getattr(other, field.name))
        for field in dataclasses.fields(config)
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def to_json(config):
    """A config as JSON values."""
    return {
        field.name: list(value)
        if isinstance(value := getattr(config, field.name), tuple)
        else value
        for field in dataclasses.fields(config)
    }


def from_json(config_class, values):
    """The inverse of `to_json`; ValueError for fields missing, unknown or out of bounds."""
    fields = {field.name: field for field in dataclasses.fields(config_class)}
    if not isinstance(values, dict) or values.keys() != fields.keys():
        odd = sorted(set(fields) ^ set(values)) if isinstance(values, dict) else [type(values)]
        raise ValueError(f"settings do not match {config_class.__name__}: {odd}.")
    return config_class(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
    )


def _check(field, value):
    expected = type(field.default)
    if expected is float and type(value) is int:
        pass
    elif type(value) is not expected:
        raise ValueError(f"{field.name} must be a {expected.__name__}, got {value!r}.")
    if expected is str:
        choices = field.metadata["choices"]
        if choices and value not in choices:
            raise ValueError(f"{field.name} must be one of {', '.join(choices)}, got {value!r}.")
        return
    if expected is tuple and not value:
        raise ValueError(f"{field.name} must name at least one value, got none.")
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
