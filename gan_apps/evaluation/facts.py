"""What is known of a run's pictures and of the real ones beside them, each found when asked for."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from gan_apps.data.columns import Data
from gan_apps.drawing import pictures
from gan_apps.evaluation import (
    appearance,
    intervals,
    matchers,
    meanings,
    metrics,
    neighbours,
    wasserstein,
)
from gan_apps.runs.draws import Draw

# The floor is a mean over this many samples of the training set.
FLOOR_SAMPLES = 5
# Frames after those that are given that are measured, as far as clips have them, at least so many
# and at most so many stretches of them.
AHEAD = (1, 2, 4, 8)
LEAST_AHEAD, MOST_AHEAD = 20, 300
# Pictures whose nearest training image is looked for.
NEAREST_IMAGES = 200


@dataclasses.dataclass(frozen=True)
class Real:
    """The real images that a run's pictures are judged beside.

    Args:
      trained: data.columns.Data. All that the run was trained on, in which copies are looked for.
      compared: data.columns.Data. What distances are taken to.
      others: data.columns.Data. Real images that are not among those compared: for the floors.
      own: int [n] or None. Which of `trained` those compared are; None if none of them is.
      given: data.columns.Data. What is drawn from, by what draws from pictures of the data: those
        compared, or with them those of the other set.
    """

    trained: Data
    compared: Data
    others: Data
    own: np.ndarray | None
    given: Data


@dataclasses.dataclass(kw_only=True, eq=False, repr=False)
class Facts:
    """What measures are made of; None where it is not known of this run.

    Args:
      draw: runs.draws.Draw.
      asked: int [n, slots] or None. What each picture was asked for, -1 where a slot was open.
      sentences: int32 [n, longest] or None. The sentence that each was asked for.
      said: int [n, slots] or None. What the data say of the picture of another set that each was
        drawn from, -1 where they say nothing.
      images: uint8 [n, h, w, c]. What was drawn.
      given: int [n] or None. Which of the pictures given in `real.given` each was drawn from.
      real: Real.
      judge: what looks at pictures: `judged`, `test_accuracy` and, if it reads any, `slots`.
      seed: int. Of the choice of real images.
      coded: function of uint8 images -> what `likelihood.measured` says of them.
      enlarged: function without arguments -> what `enlargements.measured` says of the run.
      going_on: function of (histories, count) -> frames, as `drawing.recursion.going_on` gives
        them; None, the default, of what goes on with no clip.
      codes: meanings.Codes of the pictures, or None.
      coder: meanings.Coder of the run, or None.
      inception: bool. Whether the judge is Inception, to which a picture is a thousand times the
        work: there is one sample for the floor then, and no more real images than pictures.
    """

    draw: Draw
    asked: np.ndarray | None
    said: np.ndarray | None
    images: np.ndarray
    given: np.ndarray | None
    real: Real
    judge: object
    seed: int
    coded: Callable
    enlarged: Callable
    sentences: np.ndarray | None = None
    going_on: Callable | None = None
    codes: meanings.Codes | None = None
    coder: meanings.Coder | None = None
    inception: bool = False

    def __post_init__(self):
        # All choices are made here, so that no measure moves another.
        random = np.random.RandomState(self.seed)
        self.reference, self.own = self.real.compared, self.real.own
        if self.inception:
            some = random.permutation(len(self.reference))[: len(self.images)]
            self.reference = self.reference.subset(some)
            self.own = None if self.own is None else self.own[some]
        # Distances fall with the number of pictures, so that a floor is one of as many.
        self.count = min(len(self.images), len(self.real.others))
        self.samples = [
            random.choice(len(self.real.others), self.count, replace=False)
            for _ in range(1 if self.inception else FLOOR_SAMPLES)
        ]
        self.some = random.permutation(len(self.reference))[: self.count]
        self.compared = np.arange(len(self.images))
        if self.count < len(self.images):
            self.compared = random.permutation(len(self.images))[: self.count]
        self.looked_up = random.permutation(len(self.images))[:NEAREST_IMAGES]

    # What the judge sees.

    @functools.cached_property
    def judged(self):
        """(probabilities or None, features) of all pictures."""
        return self.judge.judged(self.images)

    @property
    def probabilities(self):
        return self.judged[0]

    @property
    def slots(self):
        """[[noun, values], ...] that the judge reads, or None."""
        return None if self.probabilities is None else self.judge.slots

    @functools.cached_property
    def features(self):
        """Of the pictures that are compared, as many as there are real ones."""
        return self.judged[1][self.compared]

    @functools.cached_property
    def reference_features(self):
        return self.judge.judged(self.reference.images)[1]

    @functools.cached_property
    def some_features(self):
        """As many of the reference as there are pictures that are compared, or all of it."""
        return self.reference_features[self.some]

    @functools.cached_property
    def real_features(self):
        """Of each sample of other real images, as many as pictures that are compared."""
        return [self.judge.judged(self.real.others.images[one])[1] for one in self.samples]

    @functools.cached_property
    def size(self):
        """The mean square of a feature."""
        return float(np.mean(self.reference_features**2))

    @property
    def scale(self):
        """The kernel's cube wants features of about 1, which Inception's are and ours are not."""
        return 1.0 if self.inception else self.size**-0.5

    @functools.cached_property
    def frechet_distance(self):
        return metrics.frechet_distance(self.features, self.reference_features)

    @functools.cached_property
    def frechet_floor(self):
        return float(
            np.mean(
                [
                    metrics.frechet_distance(one, self.reference_features)
                    for one in self.real_features
                ]
            )
        )

    @functools.cached_property
    def manifold(self):
        """{name: a value of each picture or of each real one}, of which the metrics are means."""
        return metrics.manifold(self.some_features, self.features)

    @functools.cached_property
    def weights(self):
        """How often each of the pictures that are compared counts when they are drawn again."""
        return intervals.weights(len(self.features), self.seed)

    # What was asked for.

    @property
    def label(self):
        """What was asked for where that is one thing: int [n]."""
        return self.asked[:, 0] if self.asked is not None and self.asked.shape[1] == 1 else None

    @property
    def label_names(self):
        return (self.draw.condition.slots or self.slots)[0][1]

    @property
    def label_probabilities(self):
        """The probabilities of a judge that reads one thing."""
        return self.probabilities if self.slots is not None and len(self.slots) == 1 else None

    @functools.cached_property
    def reference_asked(self):
        """What the reference could be asked for by: int [n, slots]."""
        return self._asked_of(self.reference)

    @functools.cached_property
    def others_asked(self):
        return self._asked_of(self.real.others)

    def _asked_of(self, data):
        same = self.asked is not None and data.condition.slots == self.draw.condition.slots
        return data.numbers.reshape(len(data), -1) if same else None

    @functools.cached_property
    def right(self):
        """Whether each slot of each picture is read as it was asked for: bool [n, slots]."""
        if self.asked is None or self.probabilities is None:
            return None
        return metrics.read_right(self.probabilities, self.asked, self.sizes)

    @property
    def sizes(self):
        """How many values each slot has that the judge reads."""
        return [len(values) for _, values in self.slots]

    @property
    def kept(self):
        """What the data say of the picture of another set that each was drawn from, int [n, slots].

        -1 where something else is asked of what is drawn; None where nothing else is said.
        """
        if self.said is None:
            return None
        kept = np.where(self.asked < 0, self.said, -1)
        return kept if (kept >= 0).any() else None

    @functools.cached_property
    def kept_right(self):
        """How often that is read of the pictures, and of those given: {slot's noun: share} each."""
        given = self.real.given.given(self.draw.pictures)[self.given]
        return [
            metrics.shares_right(
                metrics.read_right(one, self.kept, self.sizes), self.kept, self.slots
            )
            for one in (self.probabilities, self.judge.judged(given)[0])
        ]

    @functools.cached_property
    def matched_right(self):
        """Whether a matcher finds the sentence of each picture among others: bool [n], or None."""
        if self.sentences is None or not isinstance(self.judge, matchers.Matcher):
            return None
        vectors = self.judge.encoded(self.sentences)
        return matchers.first_among(self.judged[1], vectors, self.sentences, self.seed)

    @functools.cached_property
    def reference_matched(self):
        """The same of the real images that are compared, and their first captions."""
        said = self.reference.numbers[:, 0]
        vectors = self.judge.encoded(said)
        return matchers.first_among(self.reference_features, vectors, said, self.seed)

    # What needs no judge.

    @functools.cached_property
    def sharpness(self):
        """The edges of each picture over those of its target, or else of real images: [n].

        None where those have none.
        """
        edges = appearance.edges(self.images)
        if self.targets is None:
            real = np.full(len(edges), appearance.edges(self.reference.images[self.some]).mean())
        else:
            real = appearance.edges(self.targets)
        known = real > 0.0
        return edges[known] / real[known] if known.any() else None

    @functools.cached_property
    def patches(self):
        """Of the pictures that are compared: {side of the level: patches}."""
        return self._patches(self.images[self.compared], [self.seed, 0])

    @functools.cached_property
    def reference_patches(self):
        return self._patches(self.reference.images[self.some], [self.seed, 1])

    @functools.cached_property
    def real_patches(self):
        return self._patches(self.real.others.images[self.samples[0]], [self.seed, 0])

    def _patches(self, images, seed):
        return wasserstein.patches(images, wasserstein.PATCHES * self.count, seed)

    @functools.cached_property
    def targets(self):
        """What each picture should be, uint8 [n, h, w, c], if the data know it."""
        if self.given is None or not self.draw.has_target:
            return None
        return np.asarray(self.real.compared.images[self.given])

    @functools.cached_property
    def to_targets(self):
        """What `appearance.to_targets` says of each picture."""
        return None if self.targets is None else appearance.to_targets(self.images, self.targets)

    @functools.cached_property
    def given_to_targets(self):
        """The same of the given pictures themselves, where they are of the drawn ones' shape.

        Of a clip that is its last frame.
        """
        if self.targets is None or self.draw.pictures.shape_of_one != self.draw.shape:
            return None
        given = np.asarray(self.real.compared.columns[self.draw.pictures.column][self.given])
        return appearance.to_targets(given[..., -self.draw.shape[-1] :], self.targets)

    @functools.cached_property
    def ahead(self):
        """(what `appearance.to_targets` says of frames drawn from drawn ones, and of the last given
        one in their place): {frame: {name: [n]}} each; None of what goes on with no clip.
        """
        if not self.draw.goes_on:
            return None
        random = np.random.RandomState(self.seed)
        histories = self.real.compared.columns[self.draw.pictures.column]
        for count in sorted(AHEAD, reverse=True):
            chosen, coming = histories.going_on(count)
            if len(chosen) >= LEAST_AHEAD:
                break
        else:
            return None
        some = random.permutation(len(chosen))[:MOST_AHEAD]
        given, channels = np.asarray(histories[chosen[some]]), self.draw.shape[-1]
        drawn, last = self.going_on(given, count), given[..., -channels:]
        truth = pictures.frames_of(np.asarray(coming[some]), count)
        told = [frame for frame in AHEAD if frame <= count]
        return tuple(
            {frame: appearance.to_targets(found(frame - 1), truth[:, frame - 1]) for frame in told}
            for found in (lambda place: drawn[:, place], lambda _: last)
        )

    # What a run says that codes pictures.

    @functools.cached_property
    def code(self):
        """What `likelihood.measured` says of the real images; None of a run that has no code."""
        return None if self.inception else self.coded(self.real.compared.images)

    # What a run does that enlarges photos.

    @functools.cached_property
    def enlargements(self):
        """What `enlargements.measured` says; None of a run that enlarges none."""
        return None if self.inception else self.enlarged()

    # What the codes of a run have come to mean.

    @functools.cached_property
    def named_codes(self):
        """Which label each value of the first code is, by real images; None if nobody knows."""
        some = self.real.others
        if self.codes is None or self.codes.place is None or some.numbers is None:
            return None
        if len(some.condition.slots) != 1:
            return None
        some = some.subset(np.arange(min(len(some), meanings.NAMING)))
        values = self.codes.values(self.codes.said(some.images))
        return meanings.matched(
            values, some.numbers, self.codes.kinds[self.codes.place], *some.condition.sizes
        )

    @functools.cached_property
    def codes_right(self):
        """Whether the code that is read of each real image names its label: bool [n]."""
        if self.named_codes is None:
            return None
        read = self.codes.values(self.codes.said(self.reference.images))
        return self.named_codes[read] == self.reference.numbers

    @functools.cached_property
    def drawn_codes_right(self):
        """Whether each picture is read by the judge as the label that its code is: bool [n]."""
        if self.named_codes is None or self.label_probabilities is None:
            return None
        asked = self.named_codes[self.codes.values(self.codes.drawn)]
        return self.probabilities.argmax(axis=1) == asked

    @functools.cached_property
    def neighbours_right(self):
        """Whether the image it was trained on whose code is nearest has each one's label: bool [n].

        None where labels or codes are not known, and where images compared are of those.
        """
        trained, some = self.real.trained, self.reference
        if self.coder is None or self.own is not None or some.numbers is None:
            return None
        if some.numbers.ndim > 1:
            return None
        near = neighbours.labels_by_nearest(
            self.coder.codes(trained.images), trained.numbers, self.coder.codes(some.images)
        )
        return near == some.numbers

    @functools.cached_property
    def redrawn_right(self):
        """Whether the judge reads the same of images drawn from their codes: bool [n], or None."""
        if self.coder is None or self.label_probabilities is None:
            return None
        some = self.reference.images[self.some]
        probabilities, _ = self.judge.judged(self.coder.redrawn(some))
        return probabilities.argmax(axis=1) == self.judge.judged(some)[0].argmax(axis=1)

    @functools.cached_property
    def turned(self):
        """How a number of the code goes with what it may turn: {words: correlation}, or None."""
        if self.codes is None or self.images.shape[-1] != 1 or not self.codes.numbers():
            return None
        return {
            f"code {place}, {what}": float(np.corrcoef(numbers, measure(self.images))[0, 1])
            for place, numbers in self.codes.numbers().items()
            for what, measure in meanings.TURNED.items()
        }

    def nearest_distance(self):
        """Of some pictures to the training images (neighbours.nearest_distance)."""
        return neighbours.nearest_distance(self.images[self.looked_up], self.real.trained.images)

    def nearest_distance_of_real(self):
        return neighbours.nearest_distance(
            self.reference.images[:NEAREST_IMAGES],
            self.real.trained.images,
            None if self.own is None else self.own[:NEAREST_IMAGES],
        )
