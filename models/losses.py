"""The GAN objectives as rows: what one score costs, for the discriminator and for the generator.

Notation: s is a raw discriminator score (no sigmoid), any shape; every function works score by
score and the training step takes the means. With s = D(x):

    discriminator loss = mean(real(D(x))) + mean(fake(D(G(z))))
    generator loss     = mean(generator(D(G(z))))

so that a third kind of pair (a real image with a condition that is not its own) is one more mean
of `fake`. Every row is written in a form that is finite for any float32 score.
"""

import dataclasses
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from models.divergences import FDivergence

Term = Callable[[tf.Tensor], tf.Tensor]


@keras.saving.register_keras_serializable("gan_apps")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Objective:
    """What a score costs.

    Args:
      name: str. The row's name in `OBJECTIVES` and on the command line.
      real: scores of matching real pairs -> what the discriminator pays for them.
      fake: scores of generated or mismatched pairs -> what the discriminator pays for them.
      generator: scores of generated pairs -> what the generator pays for them.
      reference: str. Where the formulas are printed.
      has_labels: bool. Whether `real` and `fake` are the losses of a label, "real" or "generated",
        that may be smoothed or now and then be wrong. Default False.

    `divergence` and `generator_objective` are what `variational` made it of, else None. No
    arguments, as in models.divergences.FDivergence.
    """

    name: str
    real: Term
    fake: Term
    generator: Term
    reference: str
    has_labels: bool = False
    divergence: FDivergence | None = dataclasses.field(default=None, init=False)
    generator_objective: str | None = dataclasses.field(default=None, init=False)

    def __post_init__(self) -> None:
        scores = tf.constant([-1.0, 0.0, 1.0])
        for term in ("real", "fake", "generator"):
            if getattr(self, term)(scores).shape != scores.shape:
                raise ValueError(f"{term} of objective {self.name} must work score by score.")

    def get_config(self) -> dict:
        """The row by its name, or by the divergence that it is the bound of.

        Raises:
          ValueError: it is in no table.
        """
        if self.divergence is not None:
            return {
                "divergence": self.divergence.get_config(),
                "generator_objective": self.generator_objective,
            }
        if OBJECTIVES.get(self.name) is not self:
            raise ValueError(
                f"an objective is saved by its name in models.OBJECTIVES, where there is no such "
                f"row: {self.name!r}."
            )
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> "Objective":
        """The row that `get_config` described."""
        if "divergence" in config:
            row = FDivergence.from_config(config["divergence"])
            return variational(row, config["generator_objective"])
        if config["name"] not in OBJECTIVES:
            raise ValueError(f"models.OBJECTIVES has no row {config['name']!r}.")
        return OBJECTIVES[config["name"]]

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """mean(real(s)) + mean(fake(s)); foreign pairs are half of the negative ones."""
        loss = tf.reduce_mean(self.real(real_scores))
        negative = tf.reduce_mean(self.fake(fake_scores))
        if foreign_scores is None:
            return loss + negative
        return loss + 0.5 * negative + 0.5 * tf.reduce_mean(self.fake(foreign_scores))

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        """mean(generator(s))."""
        return tf.reduce_mean(self.generator(fake_scores))


def label_positive(scores: tf.Tensor) -> tf.Tensor:
    """-log(sigmoid(s)) = softplus(-s): the cross-entropy of calling s real."""
    return tf.nn.softplus(-scores)


def label_negative(scores: tf.Tensor) -> tf.Tensor:
    """-log(1 - sigmoid(s)) = softplus(s): the cross-entropy of calling s generated."""
    return tf.nn.softplus(scores)


NON_SATURATING = Objective(
    name="non_saturating",
    real=label_positive,
    fake=label_negative,
    generator=label_positive,
    reference="Goodfellow et al. 2014 (arXiv 1406.2661), section 3",
    has_labels=True,
)
MINIMAX = Objective(
    name="minimax",
    real=label_positive,
    fake=label_negative,
    generator=lambda s: -tf.nn.softplus(s),
    reference="Goodfellow et al. 2014 (arXiv 1406.2661), equation 1",
    has_labels=True,
)
LEAST_SQUARES = Objective(
    name="least_squares",
    real=lambda s: (s - 1.0) ** 2,
    fake=lambda s: s**2,
    generator=lambda s: (s - 1.0) ** 2,
    reference="Mao et al. 2017 (arXiv 1611.04076), equation 9, without its factors 1/2",
    has_labels=True,
)
HINGE = Objective(
    name="hinge",
    real=lambda s: tf.nn.relu(1.0 - s),
    fake=lambda s: tf.nn.relu(1.0 + s),
    generator=lambda s: -s,
    reference="Miyato et al. 2018 (arXiv 1802.05957), equations 16 and 17",
)
WASSERSTEIN = Objective(
    name="wasserstein",
    real=lambda s: -s,
    fake=lambda s: s,
    generator=lambda s: -s,
    reference="Arjovsky et al. 2017 (arXiv 1701.07875), equations 2 and 3; the discriminator, "
    "there called the critic, must be kept Lipschitz by other means",
)

OBJECTIVES = {row.name: row for row in (NON_SATURATING, MINIMAX, LEAST_SQUARES, HINGE, WASSERSTEIN)}


def attribute_cross_entropy(
    logits: tf.Tensor, attributes: tf.Tensor, sizes: Sequence[int]
) -> tf.Tensor:
    """Mean over images of the sum over slots of -log p(own value of the slot).

    Args:
      logits: float32 [n, sum(sizes)]. Raw scores of the values, one slot after the other.
      attributes: float32 [n, sum(sizes)]. One-hot in each slot; a slot of zeros costs nothing
        and has no slope.
      sizes: ints. Values of each slot.

    Returns:
      float32 scalar, at least 0.
    """
    parts = (tf.split(values, list(sizes), axis=1) for values in (attributes, logits))
    # TensorFlow's slope is softmax(logits) - own, which is none only where `own` adds up to 1: by
    # itself a slot of zeros would cost nothing and push its logits down without end.
    costs = [
        tf.reduce_sum(own, axis=1) * tf.nn.softmax_cross_entropy_with_logits(own, slot)
        for own, slot in zip(*parts, strict=True)
    ]
    return tf.reduce_mean(tf.add_n(costs))


def half_labelled(attributes: tf.Tensor, sizes: Sequence[int], half: int) -> tf.Tensor:
    """Values of slots among twice as many, of which the first half is real, the second generated.

    Args:
      attributes: float32 [n, sum(sizes)]. One-hot in each slot, zeros in an open one.
      sizes: ints. Values of each slot.
      half: int. 0: the images that show them are real; 1: they are generated.

    Returns:
      float32 [n, 2 sum(sizes)], the slots one after the other.
    """
    parts = []
    for own in tf.split(attributes, list(sizes), axis=1):
        absent = tf.zeros_like(own)
        parts += [absent, own] if half else [own, absent]
    return tf.concat(parts, axis=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierObjective:
    """What an auxiliary classifier costs the discriminator it is part of, and whoever draws.

    Args:
      name: str. The row's name in `CLASSIFIER_OBJECTIVES` and on the command line.
      outputs: int. Logits that the classifier has for each value of a slot.
      discriminator: (logits of real images, logits of generated ones, what the real ones show,
        what the generated ones were asked for, sizes) -> scalar.
      generator: (logits of generated images, what they were asked for, sizes) -> scalar.
      reference: str. Where the formulas are printed.

    Logits are float32 [n, outputs sum(sizes)], what is shown or asked for float32 [n, sum(sizes)].
    """

    name: str
    outputs: int
    discriminator: Callable
    generator: Callable
    reference: str


def _half_cross_entropy(
    logits: tf.Tensor, attributes: tf.Tensor, sizes: Sequence[int], half: int
) -> tf.Tensor:
    doubled = [2 * size for size in sizes]
    return attribute_cross_entropy(logits, half_labelled(attributes, sizes, half), doubled)


AC = ClassifierObjective(
    name="ac",
    outputs=1,
    discriminator=lambda real_logits, fake_logits, shown, asked, sizes: attribute_cross_entropy(
        real_logits, shown, sizes
    ),
    generator=attribute_cross_entropy,
    reference="Odena et al. 2017 (arXiv 1610.09585), with real images alone for the classifier",
)
ADC = ClassifierObjective(
    name="adc",
    outputs=2,
    discriminator=lambda real_logits, fake_logits, shown, asked, sizes: (
        _half_cross_entropy(real_logits, shown, sizes, 0)
        + _half_cross_entropy(fake_logits, asked, sizes, 1)
    ),
    # At the best classifier this is log q(x, y) / p(x, y), whose mean over the generated (x, y) is
    # least where they are distributed as the real ones, not where x is most typical of y.
    generator=lambda logits, asked, sizes: (
        _half_cross_entropy(logits, asked, sizes, 0) - _half_cross_entropy(logits, asked, sizes, 1)
    ),
    reference="Hou et al. 2022 (arXiv 2107.10060), equations 5 and 6",
)

CLASSIFIER_OBJECTIVES = {row.name: row for row in (AC, ADC)}


def labelled(
    objective: Objective, label_smoothing: float = 0.0, flipped_labels: float = 0.0
) -> Objective:
    """The objective for imperfect labels; flipping itself is the training step's.

    One-sided smoothing e makes the real loss (1 - e) real(s) + e fake(s): the cross-entropy to the
    target 1 - e, and for least squares (s - (1 - e))**2 but for a constant.

    Args:
      objective: Objective.
      label_smoothing: float in [0, 0.5). e. Default 0.
      flipped_labels: float in [0, 0.5). The share of wrong labels, to be refused where there is no
        label. Default 0.

    Raises:
      ValueError: the objective has no labels.

    Reference: Salimans et al. 2016 (arXiv 1606.03498), section 3.4: positive targets only.
    """
    for name, value in (("label_smoothing", label_smoothing), ("flipped_labels", flipped_labels)):
        if value and not objective.has_labels:
            raise ValueError(
                f"{name} must be 0 with the objective {objective.name}, which has no labels, "
                f"got {value}."
            )
    if not label_smoothing:
        return objective
    return dataclasses.replace(
        objective,
        real=lambda s: (
            (1.0 - label_smoothing) * objective.real(s) + label_smoothing * objective.fake(s)
        ),
    )


def variational(divergence: FDivergence, generator_objective: str = "trick") -> Objective:
    """The f-GAN objective of a divergence: the bound E_P[g_f(s)] - E_Q[f*(g_f(s))], up for D.

    Args:
      divergence: models.divergences.FDivergence.
      generator_objective: "trick" maximises E_Q[g_f(s)] (section 3.2 of the paper, the gradient is
        large where D is sure), "exact" minimises the bound itself. Their optima agree only where
        the generator can match the data.

    Reference: Nowozin et al. 2016 (arXiv 1606.00709), equations 4 and 6.
    """
    generators = {
        "trick": lambda s: -divergence.activation(s),
        "exact": lambda s: -divergence.conjugate_of_activation(s),
    }
    objective = Objective(
        name=divergence.name,
        real=lambda s: -divergence.activation(s),
        fake=divergence.conjugate_of_activation,
        generator=generators[generator_objective],
        reference="Nowozin et al. 2016 (arXiv 1606.00709), equations 4 and 6",
    )
    object.__setattr__(objective, "divergence", divergence)
    object.__setattr__(objective, "generator_objective", generator_objective)
    return objective
