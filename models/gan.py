"""The game of two: a generator, and a discriminator that tells its images from real ones.

An iteration is k discriminator updates on fresh real minibatches and fresh latents, then j
generator updates on fresh latents and fresh conditions (Goodfellow et al. 2014, algorithm 1; with
conditions, Reed et al. 2016, algorithm 1).
"""

import abc
from typing import Any

import keras
import tensorflow as tf

from models.adversary import Adversary
from models.encoders import mixed
from models.game import AVERAGED, FOREIGN, AbstractGame, Examples, Networks, Player

NETWORKS = ("generator", f"{AVERAGED}generator", "discriminator")
# Where pictures are asked for in sentences, what makes the vectors that the others take.
ENCODER = "encoder"
ENCODERS = (ENCODER, f"{AVERAGED}{ENCODER}")


class AbstractGAN(AbstractGame):
    """A generator against a discriminator; a subclass says only what each minimises.

    Args:
      networks: {"generator", "averaged_generator", "discriminator"}, the second where an average is
        wanted. The generator takes {"latents": [n, latent_dim], <condition>: [n, ...]} and gives
        images in [-1, 1]. With "encoder" (and its average) among them the condition is "encoded",
        what that makes of the sentences of the data.
      discriminator_steps: int. k, discriminator updates per iteration. Default 1.
      generator_steps: int. j, generator updates per iteration. Default 1.
      initial_discriminator_steps: int. Discriminator updates before each of the first
        `initial_iterations` turns of the generator: a multiple of k, or 0 (the default) for k. An
        iteration stays k updates; the generator sits out those in between.
      initial_iterations: int. Default 25 (Gulrajani et al. 2017, released code: 100 updates each).
      fixed_encoder: bool. Whether the encoder stays as it is; else it moves in the discriminator's
        turn. Default False.
      interpolated_share: float. Share of the generator's minibatch that is asked for what is half
        way between its sentence and the next one's. Default 0.
      latent_distribution, averaging_decay, seed: as in models.game.AbstractGame.
      **adversary: as in models.adversary.Adversary.
    """

    # The share of foreign pairs that the discriminator is shown; 0 without conditions.
    mismatched_weight = 0.0

    def __init__(
        self,
        networks: Networks,
        *,
        discriminator_steps: int = 1,
        generator_steps: int = 1,
        initial_discriminator_steps: int = 0,
        initial_iterations: int = 25,
        fixed_encoder: bool = False,
        interpolated_share: float = 0.0,
        latent_distribution: str = "normal",
        averaging_decay: float = 0.999,
        seed: int = 0,
        **adversary: Any,
    ) -> None:
        super().__init__(
            networks,
            latent_distribution=latent_distribution,
            averaging_decay=averaging_decay,
            seed=seed,
        )
        if {*networks, f"{AVERAGED}generator"} - {*ENCODERS} != set(NETWORKS):
            raise ValueError(
                f"networks must be {', '.join(NETWORKS)}, got {', '.join(networks) or 'none'}; "
                "models.pair makes them."
            )
        asked, judged = (
            getattr(networks[name], "condition", None) for name in ("generator", "discriminator")
        )
        if asked != judged:
            raise ValueError(
                f"generator and discriminator must have the same condition, got {asked} and "
                f"{judged}."
            )
        if initial_discriminator_steps % discriminator_steps:
            raise ValueError(
                f"initial_discriminator_steps must be a multiple of discriminator_steps, "
                f"{discriminator_steps}, got {initial_discriminator_steps}."
            )
        self.discriminator_steps = discriminator_steps
        self.generator_steps = generator_steps
        # Iterations to each turn of the generator at the start, and how many such turns.
        self.initial_turn = max(initial_discriminator_steps // discriminator_steps, 1)
        self.initial_iterations = initial_iterations
        self.fixed_encoder = fixed_encoder
        self.interpolated_share = interpolated_share
        self.adversary = Adversary(self, "discriminator", self, **adversary)

    @property
    def generator(self) -> keras.Model:
        return self.networks["generator"]

    @property
    def averaged_generator(self) -> keras.Model:
        return self.networks["averaged_generator"]

    @property
    def discriminator(self) -> keras.Model:
        return self.networks["discriminator"]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The column of what the data say of an image: () or one name."""
        encoder = self.networks.get(ENCODER)
        condition = self.adversary.condition if encoder is None else encoder.condition
        return () if condition is None else (condition.column,)

    @property
    def told(self) -> tuple[str, ...]:
        """The column of what the networks are told of an image: that, or what is made of it."""
        condition = self.adversary.condition
        return () if condition is None else (condition.column,)

    @property
    def players(self) -> tuple[Player, ...]:
        foreign = [FOREIGN + name for name in self.conditions if self.mismatched_weight]
        return (
            self.adversary.player(
                self._judged,
                columns=("images", *self.conditions, *foreign),
                steps=self.discriminator_steps,
                networks=() if self.fixed_encoder else tuple(self.networks.keys() & {ENCODER}),
            ),
            Player(
                name="generator",
                networks=("generator",),
                loss=self._seen,
                columns=self.conditions,
                steps=self.generator_steps,
                figures=("generator_loss", *self.adversary.cost_figures),
                due=None if self.initial_turn == 1 else self._is_the_generators_turn,
                through=("generator", "discriminator"),
            ),
        )

    @abc.abstractmethod
    def discriminator_loss(
        self,
        real_scores: tf.Tensor,
        fake_scores: tf.Tensor,
        foreign_scores: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Returns the scalar the discriminator minimises.

        Args:
          real_scores: float32 [n]. Real images with their own conditions.
          fake_scores: float32 [n]. Generated images with the conditions they were asked for.
          foreign_scores: float32 [n] or None. Real images with conditions that are not theirs.
        """

    @abc.abstractmethod
    def generator_loss(self, fake_scores: tf.Tensor) -> tf.Tensor:
        """Returns the scalar the generator minimises; fake_scores: float32 [n]."""

    def drawn(self, asked: Examples) -> Examples:
        """Examples generated from fresh latents and the conditions of `asked`, and with both."""
        conditions = {name: asked[name] for name in self.told}
        latents = self.latents(self.minibatch_size, self.generator.latent_dim)
        # An encoder that moves with the discriminator is not to make pictures worse.
        given = {name: tf.stop_gradient(values) for name, values in conditions.items()}
        images = self.generator({"latents": latents, **given}, training=True)
        return {"images": images, "latents": latents, **conditions}

    def swapped(
        self, scores: tf.Tensor, other_scores: tf.Tensor, share: float
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Two sets of scores [n], a random share of whose pairs have changed places."""
        if not share:
            return scores, other_scores
        chosen = self.uniform(scores.shape) < share
        return tf.where(chosen, other_scores, scores), tf.where(chosen, scores, other_scores)

    def set_reference(self, images: tf.Tensor) -> None:
        """As in models.adversary.Adversary."""
        self.adversary.set_reference(images)

    def encoded(self, minibatch: Examples) -> Examples:
        """Examples with what the encoder makes of their sentences; as they are without one."""
        if ENCODER not in self.networks:
            return minibatch
        found = dict(minibatch)
        (sentences,), (vectors,) = self.conditions, self.told
        for prefix in ("", FOREIGN):
            if prefix + sentences in found:
                said = {sentences: found.pop(prefix + sentences)}
                found[prefix + vectors] = self.networks[ENCODER](said, training=True)
        return found

    def _judged(self, minibatch: Examples) -> tf.Tensor:
        minibatch = self.encoded(minibatch)
        real = {name: minibatch[name] for name in ("images", *self.told)}
        foreign = None
        if self.mismatched_weight:
            foreign = {name: minibatch[FOREIGN + name] for name in self.told}
        return self.adversary.loss(real, self.drawn, foreign)

    def _seen(self, minibatch: Examples) -> tf.Tensor:
        asked = self.encoded(minibatch)
        if self.interpolated_share:
            asked |= {name: mixed(asked[name], self.interpolated_share) for name in self.told}
        return self.adversary.cost(self.drawn(asked), figure="generator_loss")

    def _is_the_generators_turn(self, iteration: tf.Tensor) -> tf.Tensor:
        begun = iteration >= self.initial_turn * self.initial_iterations
        return begun | ((iteration + 1) % self.initial_turn == 0)
