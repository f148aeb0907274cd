"""A picture drawn from another: between its error to the right one and a discriminator of both."""

import abc
from typing import Any, ClassVar

import tensorflow as tf

from models.adversary import Adversary
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import Objective

# A real and a generated example of the same sources.
Pair = tuple[Examples, Examples]


class AbstractTranslation(AbstractGame):
    """A generator of pictures from `sources`, alone or against a discriminator of such pairs.

    discriminator loss = (mean(real(D(s, x))) + mean(fake(D(s, G(s))))) / 2
    generator loss     = error(x, G(s)) + adversarial_weight mean(generator(D(s, G(s)))),
    all means over patches too. A subclass says what is drawn in a turn (`pair`) and the error.

    As in the algorithm of Isola et al. 2017 (arXiv 1611.07004) a turn of both is on one minibatch,
    of which one picture is drawn.

    Args:
      networks: {"generator", "averaged_generator", "discriminator"}; the second where an average is
        wanted, the third where `adversarial_weight` is not 0.
      objective: models.losses.Objective. What a score costs.
      adversarial_weight: float. 0 for the error alone.
      averaging_decay, seed: as in models.game.AbstractGame.
      **adversary: as in models.adversary.Adversary.
    """

    # What `error` tells; then what it tells beside that where there is a discriminator, and how
    # many times it looks through one.
    errors: ClassVar[tuple[str, ...]]
    errors_seen: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        adversarial_weight: float,
        averaging_decay: float = 0.999,
        seed: int = 0,
        **adversary: Any,
    ) -> None:
        super().__init__(networks, averaging_decay=averaging_decay, seed=seed)
        self.adversarial_weight = adversarial_weight
        # Nobody judges where the scores cost nothing.
        if adversarial_weight:
            self.adversary = Adversary(self, "discriminator", objective, **adversary)

    @property
    def players(self) -> tuple[Player, ...]:
        columns = ("images", "sources")
        if not self.adversarial_weight:
            alone = Player(
                name="generator",
                networks=("generator",),
                loss=self.cost,
                columns=columns,
                drawn=self.pair,
                figures=self.errors,
                through=("generator",),
            )
            return (alone,)
        looks = ("discriminator",) * (1 + len(self.errors_seen))
        generator = Player(
            name="generator",
            networks=("generator",),
            loss=self.cost,
            drawn=self.pair,
            figures=(*self.errors, *self.errors_seen, "adversarial_cost"),
            through=("generator", *looks),
        )
        return self.adversary.player(self.judged, columns=columns, drawn=self.pair), generator

    @abc.abstractmethod
    def pair(self, minibatch: Examples) -> Pair:
        """(real, fake): {"images", "sources"} of the same sources."""

    @abc.abstractmethod
    def error(self, pair: Pair) -> tf.Tensor:
        """How far the drawn pictures are from the real ones, weighted; tells what it is made of."""

    def drawn_of(self, images: tf.Tensor, sources: tf.Tensor) -> Pair:
        """The pair of images and of what is drawn of their sources."""
        fake = self.networks["generator"]({"sources": sources}, training=True)
        return {"images": images, "sources": sources}, {"images": fake, "sources": sources}

    def judged(self, pair: Pair) -> tf.Tensor:
        real, fake = pair
        return self.adversary.loss(real, lambda _: fake) / 2.0

    def cost(self, pair: Pair) -> tf.Tensor:
        cost = self.error(pair)
        if self.adversarial_weight:
            _, fake = pair
            cost += self.adversarial_weight * self.adversary.cost(fake, figure="adversarial_cost")
        return cost
