"""What can go wrong with a training, as rows of a table; pure functions of metrics.jsonl.

A failure is told by a sign that a row of metrics.jsonl shows, given the rows before it. It is named
once every row has shown the sign for PATIENCE rows and ITERATIONS iterations, so that neither a bad
minibatch nor the first pictures, which are all gray, are taken for one. The thresholds were set on
runs that were made to fail and on good ones (BUILD_NOTES.md).
"""

import dataclasses
import math
from collections.abc import Callable

from gan_apps.settings import Failed

PATIENCE = 3
ITERATIONS = 200
# The figures of a row that are for the diagnosis, not for the progress line.
FIGURES = (
    "discriminator_accuracy",
    "discriminator_gradient_norm",
    "generator_gradient_norm",
    "diversity",
    "duplicates",
    "classes_covered",
    "kernel_distance",
    "saturated_pixels",
    "weight_norm",
)


class WentWrong(Failed):
    """A training failed.

    Args:
      message: str. What is wrong; one sentence or more.
      healthy: int. The last iteration at which all was well.
    """

    def __init__(self, message, healthy):
        super().__init__(message)
        self.healthy = healthy


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """One way in which a training goes wrong.

    Args:
      name: str. What it is called in metrics.jsonl and TensorBoard.
      measured: str. What the sign is, in words.
      sign: function. The row that is looked at, and a list of the rows before it -> whether it is
        seen in that row.
      sentence: str. What is happening, with fields of the row in braces.
      advice: str. What helps.
    """

    name: str
    measured: str
    sign: Callable
    sentence: str
    advice: str


# Shares and ratios, so that they mean the same for every objective and data set.
TOLD_APART = 0.999
NOTHING_TO_LEARN = 0.02
NO_GRADIENT = 0.05
ALIKE, ONE_PICTURE = 0.95, 0.02
LOST_DIVERSITY = 0.4
LOST_CLASSES = 0.6
GROWTH = 1e-3
NEAR, FELL_BACK = 0.1, 0.3
# Farther than good runs are seen to swing (.08), for one whose first pictures are near already;
# untrained pictures are .5 to 2 away. The features are bounded, so this has a scale.
FAR = 0.15
BEYOND_REAL = 0.1


def _told_apart(row):
    return row.get("discriminator_accuracy", 0.0) >= TOLD_APART


def _too_strong(row, before):
    # A discriminator that is right of everything and has nothing left to learn.
    return _told_apart(row) and (
        row["discriminator_gradient_norm"] < NOTHING_TO_LEARN * row["generator_gradient_norm"]
    )


def _gradient_vanishes(row, before):
    strongest = _highest("generator_gradient_norm", before)
    return _told_apart(row) and row["generator_gradient_norm"] < NO_GRADIENT * strongest


def _collapsed(row, before):
    if "diversity" not in row:
        return False
    # A generator that has only begun has doubles too, but fewer and fewer.
    grows = row["diversity"] > max(_latest("diversity", before), ONE_PICTURE)
    return (
        (row["duplicates"] >= ALIKE and not grows)
        or row["diversity"] < LOST_DIVERSITY * min(_highest("diversity", before), 1.0)
        or row.get("classes_covered", 1.0) < LOST_CLASSES * _highest("classes_covered", before)
    )


def _diverges(row, before):
    distances = [one["kernel_distance"] for one in before if "kernel_distance" in one]
    if not distances or "weight_norm" not in row:
        return False
    first = distances[0]
    # A norm that has leapt up counts as long as it is compared with one from before.
    long_ago = [one for one in before if row["step"] - one["step"] >= ITERATIONS]
    earlier = long_ago[-1] if long_ago else before[0]
    grown = math.log(row["weight_norm"] / earlier.get("weight_norm", row["weight_norm"]))
    grows = grown > GROWTH * max(row["step"] - earlier["step"], ITERATIONS)
    was_near = min(distances) < NEAR * first
    fell_back = row["kernel_distance"] > max(FELL_BACK * first, FAR)
    return grows or (was_near and fell_back)


def _saturated(row, before):
    return row.get("saturated_pixels", 0.0) > BEYOND_REAL


def _latest(name, rows):
    return next((row[name] for row in reversed(rows) if name in row), math.inf)


def _highest(name, rows):
    return max((row[name] for row in rows if name in row), default=0.0)


FAILURES = (
    Failure(
        name="discriminator_too_strong",
        measured=f"{TOLD_APART:.1%} of pairs of a real and a generated image told apart, and a "
        f"gradient of less than {NOTHING_TO_LEARN} of the generator's",
        sign=_too_strong,
        sentence="The discriminator tells every generated picture and has nothing left to learn.",
        advice="Weaken it: fewer --discriminator_steps, a lower --discriminator_learning_rate, "
        "--real_gradient_weight=1, --label_smoothing=0.1 or --input_noise=0.1.",
    ),
    Failure(
        name="vanishing_gradient",
        measured=f"as many told apart, and the generator's gradient below {NO_GRADIENT} of what "
        "it was",
        sign=_gradient_vanishes,
        sentence="The generator's gradient has fallen to {generator_gradient_norm:.2g}: nothing "
        "tells it how to get better.",
        advice="Take an objective that does not saturate, such as non_saturating or a Wasserstein "
        "one, and weaken the discriminator.",
    ),
    Failure(
        name="mode_collapse",
        measured=f"{ALIKE:.0%} of the sample with a double and no more diversity than before, or "
        f"diversity below {LOST_DIVERSITY} "
        f"of its best, or classes covered below {LOST_CLASSES} of it",
        sign=_collapsed,
        sentence="Pictures are as far apart as {diversity:.2f} of what real ones are, and "
        "{duplicates:.0%} have a double.",
        advice="Lower the learning rates, add --real_gradient_weight=1 or --penalty=two_sided, or "
        "go back with --on_collapse=rollback.",
    ),
    Failure(
        name="divergence",
        measured=f"weights that grow by {GROWTH:.1%} an iteration, or pictures as far from real "
        f"ones as {FELL_BACK} of the first ones, and {FAR} at least, after being near",
        sign=_diverges,
        sentence="The weights have grown to a norm of {weight_norm:.3g}, and the pictures are "
        "{kernel_distance:.2g} from real ones.",
        advice="Lower --discriminator_learning_rate and --generator_learning_rate.",
    ),
    Failure(
        name="saturated_pixels",
        measured=f"{BEYOND_REAL:.0%} more pixels at the ends of their range than in real images",
        sign=_saturated,
        sentence="{saturated_pixels:.0%} more of the pixels than in real images are wholly black "
        "or white.",
        advice="Lower --generator_learning_rate.",
    ),
)


def found(rows):
    """The failures that the last of `rows` names, a tuple of rows of FAILURES."""
    return tuple(failure for failure in FAILURES if _is_seen(failure, rows))


def _is_seen(failure, rows):
    """Whether the last rows have all shown the sign, for long enough."""
    seen, since = 0, 0
    for count in range(len(rows) - 1, -1, -1):
        if not failure.sign(rows[count], rows[:count]):
            since = rows[count]["step"]
            break
        seen += 1
    return seen >= PATIENCE and rows[-1]["step"] - since >= ITERATIONS


def healthy(rows):
    """The iteration of the last of `rows` that shows no sign of any failure; 0 if all do."""
    for count in range(len(rows) - 1, -1, -1):
        if not any(failure.sign(rows[count], rows[:count]) for failure in FAILURES):
            return rows[count]["step"]
    return 0


def told(row, names):
    """What a row says of the failures called `names`, in words for the user."""
    said = [
        f"{failure.sentence.format(**row)} {failure.advice}"
        for failure in FAILURES
        if failure.name in names
    ]
    return f"{' and '.join(map(words, names))} at iteration {row['step']:,}: {' '.join(said)}"


def words(name):
    """The name of a failure as it is written in a sentence."""
    return name.replace("_", " ")


def diverged(what, iteration):
    """What is said of a number that is infinite or none; `what` says which."""
    return f"divergence at iteration {iteration:,}: {what}."
