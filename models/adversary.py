"""An adversary: a discriminator, what it pays, and what it costs others to be seen by it.

A game has as many as it likes: one against a generator, two in CycleGAN, one for each level of a
pyramid, none in an autoencoder.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import tensorflow as tf

from models import penalties
from models.augmentations import augmented, named
from models.conditions import Condition
from models.encoders import matching
from models.game import AbstractGame, Examples, Player, layers_of, to_signed
from models.losses import AC, ClassifierObjective
from models.normalization import BatchNormalization, PrependReference, SpectrallyNormalized

# What the cosines of an auxiliary matcher are divided by.
TEMPERATURE = 0.1


class Losses(Protocol):
    """What scores cost, such as a models.losses.Objective."""

    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor: ...

    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor: ...


# Tells a figure.
Tell = Callable[[str, tf.Tensor], None]


class Reader(Protocol):
    """What a network's second output costs: "logits", which read something of an image.

    Attributes:
      figures: names of what it tells in the turn of whoever drew the images.
    """

    @property
    def figures(self) -> tuple[str, ...]: ...

    def term(
        self,
        real_logits: tf.Tensor,
        fake_logits: tf.Tensor,
        real: Examples,
        fake: Examples,
    ) -> tf.Tensor:
        """What it adds to the discriminator's loss."""

    def cost(self, logits: tf.Tensor, fake: Examples, tell: Tell) -> tf.Tensor:
        """What it adds to the loss of whoever drew `fake`."""


@dataclasses.dataclass(frozen=True)
class _Classifier:
    """The auxiliary classifier of a discriminator: what it costs, and what it reads."""

    objective: ClassifierObjective
    condition: Condition
    weight: float
    figures = ("classifier_loss",)

    def term(
        self,
        real_logits: tf.Tensor | None,
        fake_logits: tf.Tensor | None,
        real: Examples,
        fake: Examples,
    ) -> tf.Tensor:
        """What it adds to the discriminator's loss."""
        shown, asked = self._one_hot(real), self._one_hot(fake)
        return self.weight * self.objective.discriminator(
            real_logits, fake_logits, shown, asked, self.condition.sizes
        )

    def cost(self, logits: tf.Tensor | None, fake: Examples, tell: Tell) -> tf.Tensor:
        """What whoever drew `fake` pays for it, half of its weight; tells it before that."""
        loss = self.objective.generator(logits, self._one_hot(fake), self.condition.sizes)
        tell(*self.figures, loss)
        return self.weight / 2 * loss

    def _one_hot(self, examples: Examples) -> tf.Tensor:
        return self.condition.one_hot(examples[self.condition.column])


@dataclasses.dataclass(frozen=True)
class _Matcher:
    """The auxiliary matcher of a discriminator: which sentence of the minibatch an image is of.

    The contrast of images and sentences of Zhang et al. 2021 (arXiv 2101.04702, equations 4 to 7),
    on the discriminator's own features.
    """

    condition: Condition
    weight: float
    figures = ("matching_loss",)

    def term(
        self, real_logits: tf.Tensor, fake_logits: tf.Tensor, real: Examples, fake: Examples
    ) -> tf.Tensor:
        """What it adds to the discriminator's loss: of real images alone."""
        del fake_logits, fake
        return self.weight * matching(real_logits, real[self.condition.column], TEMPERATURE)

    def cost(self, logits: tf.Tensor, fake: Examples, tell: Tell) -> tf.Tensor:
        """What whoever drew `fake` pays for it, half of its weight; tells it before that."""
        loss = matching(logits, fake[self.condition.column], TEMPERATURE)
        tell(*self.figures, loss)
        return self.weight / 2 * loss


class Adversary:
    """A discriminator of a game, with its penalties.

    What it judges are examples {"images": float32 [n, h, w, c], <column>: ...} with the columns
    that the network takes. Where the network has a condition, it is judged with m of them at once.

    Args:
      game: models.game.AbstractGame. Whose network it is.
      network: str. The network's name: {"images", ...} -> scores [n, m] of each image with each of
        its m conditions ([n, 1] without a condition), or [n, m, ...] of each patch of it, of all of
        which means are taken; or {"scores": those, "logits": those of its auxiliary classifier}.
      losses: what the scores cost: `discriminator_loss(real_scores, fake_scores, foreign_scores)`
        and `generator_loss(fake_scores)`, such as a models.losses.Objective.
      real_gradient_weight: float. gamma of R1, 0 for none. Default 0.
      real_gradient_interval: int. R1 is added in every so many iterations, weighted up in
        proportion (Karras et al. 2020, arXiv 1912.04958, "lazy regularization"). Default 16.
      penalty: str or None. A key of models.penalties.PENALTIES: the gradient penalty between real
        and generated images. Default None.
      penalty_weight: float. lambda of that penalty. Default 10.
      clip: float. Every weight is kept in [-clip, clip]; 0 for no clipping, the default.
      input_noise: float. Standard deviation of the Gaussian noise on every image that it is shown,
        at the first iteration. Default 0.
      input_noise_iterations: int. Iterations in which that noise falls linearly to 0. Default 1.
      classifier_weight: float. Weight of what the auxiliary classifier costs, for a network that
        has one; generated images pay half of it. What is encoded of sentences has no values to be
        read: it is matched with the minibatch's. Default 0.
      classifier_objective: models.losses.ClassifierObjective. The row that says what that is.
        Default: models.losses.AC.
      reader: Reader or None. What the network's logits cost, if it has such without being a
        classifier. Default None.
      augmentations: names of rows of models.augmentations.AUGMENTATIONS. How every image, real or
        generated, is changed before it is shown. Default ().
    """

    def __init__(
        self,
        game: AbstractGame,
        network: str,
        losses: Losses,
        *,
        real_gradient_weight: float = 0.0,
        real_gradient_interval: int = 16,
        penalty: str | None = None,
        penalty_weight: float = 10.0,
        clip: float = 0.0,
        input_noise: float = 0.0,
        input_noise_iterations: int = 1,
        classifier_weight: float = 0.0,
        classifier_objective: ClassifierObjective = AC,
        reader: Reader | None = None,
        augmentations: Sequence[str] = (),
    ) -> None:
        self.game = game
        self.name = network
        self.network = game.networks[network]
        self.losses = losses
        self.real_gradient_weight = real_gradient_weight
        self.real_gradient_interval = real_gradient_interval
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.clip = clip
        self.input_noise = input_noise
        self.input_noise_iterations = input_noise_iterations
        self.augmentations = named(augmentations)
        self.condition: Condition | None = getattr(self.network, "condition", None)
        self.reader = reader
        if classifier_weight:
            if self.condition is None:
                raise ValueError(
                    f"classifier_weight must be 0 where the {network} has no condition, which its "
                    f"classifier would read, got {classifier_weight}."
                )
            if self.condition.column == "encoded":
                self.reader = _Matcher(self.condition, classifier_weight)
            else:
                self.reader = _Classifier(classifier_objective, self.condition, classifier_weight)
        self.spectral_layers = layers_of(self.network, SpectrallyNormalized)
        looks_at_one_image = penalty is not None or real_gradient_weight
        if looks_at_one_image and layers_of(self.network, BatchNormalization):
            raise ValueError(
                "a gradient penalty takes the slope of one image's score, which batch "
                "normalisation in the discriminator makes depend on the whole minibatch."
            )

    def player(
        self, loss: Callable[[Any], tf.Tensor], *, networks: tuple[str, ...] = (), **row: Any
    ) -> Player:
        """The Player that trains this discriminator, and other networks with it if named.

        Args:
          loss: function of a minibatch, which ends in `self.loss`.
          **row: other fields of models.game.Player.
        """
        return Player(
            name=self.name,
            networks=(self.name, *networks),
            loss=loss,
            figures=self.figures,
            after=self._clip_weights if self.clip else None,
            # Real examples and generated ones.
            through=(self.name, self.name),
            **row,
        )

    @property
    def figures(self) -> tuple[str, ...]:
        """What it tells in its own turn."""
        names = [f"{self.name}_loss"]
        if self.penalty is not None or self.clip:
            # mean(D(x)) - mean(D(G(z))): the earth mover's distance where D is kept Lipschitz.
            names.append(self._figure("wasserstein_estimate"))
        if self.penalty is not None:
            names.append(self._figure("gradient_norm"))
        # What training is diagnosed by: it needs no threshold, which every objective has elsewhere.
        return (*names, f"{self.name}_accuracy")

    @property
    def cost_figures(self) -> tuple[str, ...]:
        """What it tells in the turn of whoever pays `cost`."""
        return () if self.reader is None else tuple(map(self._figure, self.reader.figures))

    def loss(
        self, real: Examples, draw: Callable[[Examples], Examples], foreign: Examples | None = None
    ) -> tf.Tensor:
        """What the discriminator minimises.

        Args:
          real: {column: [n, ...]}. Real examples, images in [-1, 1] among them.
          draw: function of `real` -> generated examples of the same columns.
          foreign: {column: [n, ...]} or None. Conditions that the real images do not have.
        """
        # Once for each of its updates, as the paper's algorithm has it.
        for layer in self.spectral_layers:
            layer.power_iteration()
        real = self._shown(real)
        fake = self._shown(draw(real))
        # One pass over the real images scores them with their own and with a foreign condition.
        kinds = [real] if foreign is None else [real, foreign]
        real_scores, logits = self._judged(real, kinds)
        fake_scores, fake_logits = self._judged(fake, [fake])
        fake_scores = fake_scores[:, 0]
        foreign_scores = real_scores[:, 1] if len(kinds) > 1 else None
        real_scores = real_scores[:, 0]
        loss = self.losses.discriminator_loss(real_scores, fake_scores, foreign_scores)
        self._tell(loss, real_scores, fake_scores)
        loss = loss + self._real_gradient_term(real) + self._gradient_term(real, fake)
        if self.reader is None:
            return loss
        return loss + self.reader.term(logits, fake_logits, real, fake)

    def cost(
        self,
        fake: Examples,
        figure: str | None = None,
        price: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> tf.Tensor:
        """What whoever drew the examples `fake` pays to be seen by this discriminator.

        Args:
          fake: {column: [n, ...]}. Generated examples.
          figure: str or None. A declared figure, by which what the scores alone cost is told.
          price: function of scores [n, ...] -> scalar, or None: the losses' `generator_loss`.
        """
        scores, logits = self._judged(self._shown(fake), [fake])
        loss = (price or self.losses.generator_loss)(scores[:, 0])
        if figure is not None:
            self.game.tell(figure, loss)
        if self.reader is None:
            return loss

        def tell(name: str, value: tf.Tensor) -> None:
            self.game.tell(self._figure(name), value)

        return loss + self.reader.cost(logits, fake, tell)

    def set_reference(self, images: tf.Tensor) -> None:
        """Gives virtual batch normalisation its reference batch.

        Args:
          images: uint8 [normalization.REFERENCE_SIZE, h, w, c]. Real images.
        """
        for layer in layers_of(self.network, PrependReference):
            layer.reference.assign(to_signed(images))

    def _figure(self, name: str) -> str:
        # A game's only discriminator needs no word of whose figure it is.
        return name if self.name == "discriminator" else f"{name}_of_{self.name}"

    def _tell(self, loss: tf.Tensor, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> None:
        self.game.tell(f"{self.name}_loss", loss)
        # One pair for each image: all pairs of a large minibatch would cost more than the update.
        told_apart = tf.cast(real_scores > fake_scores, tf.float32)
        self.game.tell(f"{self.name}_accuracy", tf.reduce_mean(told_apart))
        if self.penalty is not None or self.clip:
            difference = tf.reduce_mean(real_scores) - tf.reduce_mean(fake_scores)
            self.game.tell(self._figure("wasserstein_estimate"), difference)

    def _clip_weights(self) -> None:
        for variable in self.network.trainable_variables:
            variable.assign(tf.clip_by_value(variable, -self.clip, self.clip))

    def _shown(self, examples: Examples) -> Examples:
        """Examples as the discriminator is shown them: images changed, with this iteration's noise.

        What is asked of an image is asked of the changed one as well.
        """
        images = augmented(self.augmentations, examples["images"], self.game.uniform)
        if self.input_noise:
            done = tf.cast(self.game.iteration.value, tf.float32) / self.input_noise_iterations
            deviation = self.input_noise * tf.nn.relu(1.0 - done)
            noise = self.game.noise(tf.random.stateless_normal, images.shape)
            images += deviation * noise
        return {**examples, "images": images}

    def _judged(
        self, examples: Examples, kinds: Sequence[Examples]
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Scores [n, m] of each image with the condition of each of m `kinds`; logits or None."""
        asked = {}
        if self.condition is not None:
            column = self.condition.column
            asked = {column: tf.stack([kind[column] for kind in kinds], axis=1)}
        # Examples may say more of an image than the network is to know; one that is no graph of
        # layers says nothing of what it takes, and takes what it likes.
        known = getattr(self.network, "input", examples)
        given = {name: values for name, values in examples.items() if name in known}
        outputs = self.network({**given, **asked}, training=True)
        if isinstance(outputs, dict):
            return outputs["scores"], outputs["logits"]
        return outputs, None

    def _score(self, examples: Examples) -> penalties.Score:
        """A function of images alone, the rest of their examples already inside."""

        def score(images: tf.Tensor) -> tf.Tensor:
            scores = self._judged({**examples, "images": images}, [examples])[0][:, 0]
            patches = list(range(1, scores.shape.rank))
            return tf.reduce_mean(scores, axis=patches) if patches else scores

        return score

    def _real_gradient_term(self, real: Examples) -> tf.Tensor | float:
        if not self.real_gradient_weight:
            return 0.0

        def penalty() -> tf.Tensor:
            weight = self.real_gradient_weight / 2 * self.real_gradient_interval
            return weight * penalties.real_gradient_penalty(self._score(real), real["images"])

        due = tf.equal(self.game.iteration.value % self.real_gradient_interval, 0)
        return tf.cond(due, penalty, lambda: 0.0)

    def _gradient_term(self, real: Examples, fake: Examples) -> tf.Tensor | float:
        if self.penalty is None:
            return 0.0
        mixing = self.game.uniform((real["images"].shape[0], 1, 1, 1))
        penalty, norms = penalties.gradient_penalty(
            self._score(real), real["images"], fake["images"], mixing, self.penalty
        )
        self.game.tell(self._figure("gradient_norm"), tf.reduce_mean(norms))
        return self.penalty_weight * penalty
