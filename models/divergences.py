"""The f-divergences of the f-GAN as rows.

D_f(P || Q) = integral q(x) f(p(x) / q(x)) dx is bounded from below by its variational form,
E_P[T] - E_Q[f*(T)], with T = g_f(v): f* the convex conjugate, g_f the activation that maps a raw
score v onto the domain of f*. The bound is tight at T*(x) = f'(p(x) / q(x)).

Every row is written in the form that is finite wherever the result fits the number type, in
float32 and in float64: `conjugate_of_activation` is f*(g_f(v)) fused, since composing the two
overflows for several rows at v = 20 already. tests/test_divergences.py proves both to be the same.

Reference: Nowozin, Cseke & Tomioka 2016 (arXiv 1606.00709), tables 1, 2, 5 and 6. The integrals
of Pearson and Neyman are exchanged in some prints of table 1; here f decides.
"""

import dataclasses
import math
from collections.abc import Callable

import keras
import tensorflow as tf

Function = Callable[[tf.Tensor], tf.Tensor]

LOG_2 = math.log(2.0)


@keras.saving.register_keras_serializable("gan_apps")
@dataclasses.dataclass(frozen=True, kw_only=True)
class FDivergence:
    """One row of the table. Functions are elementwise and keep the type of their argument.

    Args:
      name: str. The row's name in `DIVERGENCES` and on the command line.
      f: u > 0 -> f(u), convex.
      conjugate: t in the domain of f* -> f*(t) = sup_u (u t - f(u)).
      activation: raw score v -> g_f(v), in the domain of f* (its closure in floating point).
      conjugate_of_activation: raw score v -> f*(g_f(v)).
      threshold: float. f'(1): the activation that calls a sample as likely of P as of Q.
      value_at_one: float. f(1), which is 0 for a divergence in the strict sense. Default 0.

    `parameter` is what a row of FAMILIES was made with, else None. No argument, so that a row made
    by dataclasses.replace, which is another one, does not say that it is of the family.

    Raises:
      ValueError: f(1), f'(1) or the Fenchel-Young equality at u = 1 contradict each other.
    """

    name: str
    f: Function
    conjugate: Function
    activation: Function
    conjugate_of_activation: Function
    threshold: float
    value_at_one: float = 0.0
    parameter: float | None = dataclasses.field(default=None, init=False)

    def __post_init__(self) -> None:
        one = tf.constant(1.0, tf.float64)
        at_threshold = self.conjugate(tf.constant(self.threshold, tf.float64))
        # f(1) + f*(f'(1)) = 1 f'(1)
        for what, found, stated in (
            ("f(1)", self.f(one), self.value_at_one),
            ("f*(f'(1))", at_threshold, self.threshold - self.value_at_one),
        ):
            if not math.isclose(float(found), stated, rel_tol=1e-9, abs_tol=1e-9):
                raise ValueError(f"{what} of {self.name} is {float(found)}, not {stated}.")

    def get_config(self) -> dict:
        """The row by its name, and by its parameter if it is of a family.

        Raises:
          ValueError: it is in no table.
        """
        if self.parameter is not None:
            return {"name": self.name, "parameter": self.parameter}
        if DIVERGENCES.get(self.name) is not self:
            raise ValueError(
                f"a divergence is saved by its name in models.DIVERGENCES, where there is no such "
                f"row: {self.name!r}."
            )
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> "FDivergence":
        """The row that `get_config` described."""
        name, parameter = config["name"], config.get("parameter")
        if name not in DIVERGENCES:
            raise ValueError(f"models.DIVERGENCES has no row {name!r}.")
        return DIVERGENCES[name] if parameter is None else FAMILIES[name](parameter)


def _log_omega(y: tf.Tensor) -> tf.Tensor:
    """L with exp(L) + L = y, elementwise: the logarithm of Lambert's W(exp(y)).

    Newton's iteration on a convex, increasing function; it starts within a factor of the solution
    and is exact to the last digits after eight steps, for any finite y.
    """

    @tf.custom_gradient
    def solve(y: tf.Tensor) -> tuple[tf.Tensor, Function]:
        root = tf.where(y < 1.0, y, tf.math.log(tf.maximum(y, 1.0)))
        for _ in range(8):
            # (exp(L) + L - y) / (exp(L) + 1), written so that exp(L) cannot overflow.
            root -= tf.sigmoid(root) + (root - y) * tf.sigmoid(-root)
        # dL/dy = 1 / (1 + exp(L)); solved again, so that it can be differentiated in turn.
        return root, lambda upstream: upstream * tf.sigmoid(-_log_omega(y))

    return solve(y)


def _jeffrey_conjugate(t: tf.Tensor) -> tf.Tensor:
    # W(e^(1-t)) + 1/W(e^(1-t)) + t - 2 with W = exp(L) = 1 - t - L: the large terms cancel exactly.
    root = _log_omega(1.0 - t)
    return tf.exp(-root) - root - 1.0


def _log_softplus(v: tf.Tensor) -> tf.Tensor:
    """log(softplus(v)) with a finite slope where softplus(v) is next to nothing."""
    # log(log(1 + exp(v))) = v - exp(v) / 2 + O(exp(2 v)), exact below -20 in float64.
    tail = v < -20.0
    ordinary = tf.math.log(tf.nn.softplus(tf.where(tail, tf.zeros_like(v), v)))
    return tf.where(tail, v - tf.exp(v) / 2.0, ordinary)


TOTAL_VARIATION = FDivergence(
    name="total_variation",
    f=lambda u: tf.abs(u - 1.0) / 2.0,
    conjugate=lambda t: t,
    activation=lambda v: tf.tanh(v) / 2.0,
    conjugate_of_activation=lambda v: tf.tanh(v) / 2.0,
    threshold=0.0,
)
KL = FDivergence(
    name="kl",
    f=lambda u: u * tf.math.log(u),
    conjugate=lambda t: tf.exp(t - 1.0),
    activation=lambda v: v,
    conjugate_of_activation=lambda v: tf.exp(v - 1.0),
    threshold=1.0,
)
REVERSE_KL = FDivergence(
    name="reverse_kl",
    f=lambda u: -tf.math.log(u),
    conjugate=lambda t: -1.0 - tf.math.log(-t),
    activation=lambda v: -tf.exp(-v),
    conjugate_of_activation=lambda v: v - 1.0,
    threshold=-1.0,
)
PEARSON = FDivergence(
    name="pearson",
    f=lambda u: (u - 1.0) ** 2,
    conjugate=lambda t: t**2 / 4.0 + t,
    activation=lambda v: v,
    conjugate_of_activation=lambda v: v**2 / 4.0 + v,
    threshold=0.0,
)
NEYMAN = FDivergence(
    name="neyman",
    f=lambda u: (1.0 - u) ** 2 / u,
    conjugate=lambda t: 2.0 - 2.0 * tf.sqrt(1.0 - t),
    activation=lambda v: -tf.math.expm1(-v),
    conjugate_of_activation=lambda v: -2.0 * tf.math.expm1(-v / 2.0),
    threshold=0.0,
)
SQUARED_HELLINGER = FDivergence(
    name="squared_hellinger",
    f=lambda u: (tf.sqrt(u) - 1.0) ** 2,
    conjugate=lambda t: t / (1.0 - t),
    activation=lambda v: -tf.math.expm1(-v),
    conjugate_of_activation=tf.math.expm1,
    threshold=0.0,
)
JEFFREY = FDivergence(
    name="jeffrey",
    f=lambda u: (u - 1.0) * tf.math.log(u),
    conjugate=_jeffrey_conjugate,
    activation=lambda v: v,
    conjugate_of_activation=_jeffrey_conjugate,
    threshold=0.0,
)
JENSEN_SHANNON = FDivergence(
    name="jensen_shannon",
    f=lambda u: u * tf.math.log(u) - (u + 1.0) * tf.math.log((u + 1.0) / 2.0),
    conjugate=lambda t: -tf.math.log(2.0 - tf.exp(t)),
    activation=lambda v: LOG_2 - tf.nn.softplus(-v),
    conjugate_of_activation=lambda v: tf.nn.softplus(v) - LOG_2,
    threshold=0.0,
)
GAN = FDivergence(
    name="gan",
    f=lambda u: u * tf.math.log(u) - (u + 1.0) * tf.math.log(u + 1.0),
    conjugate=lambda t: -tf.math.log(-tf.math.expm1(t)),
    activation=lambda v: -tf.nn.softplus(-v),
    conjugate_of_activation=tf.nn.softplus,
    threshold=-LOG_2,
    value_at_one=-2.0 * LOG_2,
)


def _of_family(row: FDivergence, parameter: float) -> FDivergence:
    """The row, which says from now on what it was made with."""
    object.__setattr__(row, "parameter", float(parameter))
    return row


def jensen_shannon_weighted(pi: float = 0.5) -> FDivergence:
    """The row pi KL(P || M) + (1 - pi) KL(Q || M) with M = pi P + (1 - pi) Q.

    Args:
      pi: float in (0, 1). The weight of P. Default 0.5, half of `jensen_shannon`.
    """
    if not 0.0 < pi < 1.0:
        raise ValueError(f"pi must lie between 0 and 1, got {pi}.")
    log_pi, log_rest = math.log(pi), math.log1p(-pi)

    def f(u: tf.Tensor) -> tf.Tensor:
        mixture = 1.0 - pi + pi * u
        return pi * u * tf.math.log(u) - mixture * tf.math.log(mixture)

    row = FDivergence(
        name="jensen_shannon_weighted",
        f=f,
        conjugate=lambda t: (1.0 - pi) * (log_rest - tf.math.log1p(-pi * tf.exp(t / pi))),
        activation=lambda v: -pi * log_pi - tf.nn.softplus(-v),
        # pi exp(t / pi) at t = g_f(v) is exp(-softplus(-v) / pi).
        conjugate_of_activation=lambda v: (
            (1.0 - pi) * (log_rest - tf.math.log(-tf.math.expm1(-tf.nn.softplus(-v) / pi)))
        ),
        threshold=0.0,
    )
    return _of_family(row, pi)


def alpha(alpha: float = 0.5) -> FDivergence:
    """The row of the alpha divergences, f(u) = (u**a - 1 - a (u - 1)) / (a (a - 1)).

    Args:
      alpha: float, neither 0 nor 1 (whose limits are reverse_kl and kl). Default 0.5, twice
        `squared_hellinger`.
    """
    if not math.isfinite(alpha) or alpha in (0.0, 1.0):
        raise ValueError(f"alpha must be a finite number other than 0 and 1, got {alpha}.")
    a, power = alpha, alpha / (alpha - 1.0)

    def f(u: tf.Tensor) -> tf.Tensor:
        return (u**a - 1.0 - a * (u - 1.0)) / (a * (a - 1.0))

    def conjugate(t: tf.Tensor) -> tf.Tensor:
        base = t * (a - 1.0) + 1.0
        return (tf.nn.relu(base) if a > 1.0 else base) ** power / a - 1.0 / a

    activation: Function
    fused: Function
    if a > 1.0:
        activation, fused = (lambda v: v), conjugate
    else:
        activation = lambda v: 1.0 / (1.0 - a) - tf.nn.softplus(-v)
        log_rest = math.log(1.0 - a)
        # ((1 - a) softplus(-v))**power, whose slope would overflow before the power itself does.
        fused = lambda v: tf.exp(power * (log_rest + _log_softplus(-v))) / a - 1.0 / a
    row = FDivergence(
        name="alpha",
        f=f,
        conjugate=conjugate,
        activation=activation,
        conjugate_of_activation=fused,
        threshold=0.0,
    )
    return _of_family(row, alpha)


DIVERGENCES = {
    row.name: row
    for row in (
        TOTAL_VARIATION,
        KL,
        REVERSE_KL,
        PEARSON,
        NEYMAN,
        SQUARED_HELLINGER,
        JEFFREY,
        JENSEN_SHANNON,
        jensen_shannon_weighted(),
        GAN,
        alpha(),
    )
}
# The rows that have a parameter: name -> parameter -> row.
FAMILIES = {"jensen_shannon_weighted": jensen_shannon_weighted, "alpha": alpha}
