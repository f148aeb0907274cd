"""Pictures of one kind into another and back, learned from two sets that have no pairs.

What is drawn of a picture must pass for one of the other set, and must say enough of what it was
drawn from that a second translator finds it again.
"""

import functools
from typing import Any

import keras
import tensorflow as tf

from models.adversary import Adversary
from models.game import AbstractGame, Examples, Networks, Player
from models.losses import Objective

# The two sets: columns of a minibatch, and what the networks' names end in.
SIDES = ("a", "b")
OTHER = {"a": "b", "b": "a"}


class Pool:
    """Pictures that were drawn before, of which a discriminator is shown some for new ones.

    It is filled by the first minibatches, as far as whole ones go. From then on every new picture
    is shown with probability 1/2, and else goes in for an old one, which is shown and leaves; no
    two of a minibatch go in for the same.

    Args:
      game: models.game.AbstractGame. Its saved state keeps the pool.
      name: str. Of what is kept.
      shape: (h, w, c).
      size: int. Pictures that it holds; 0 for none, and every new picture is shown.

    Reference: Shrivastava et al. 2017 (arXiv 1612.07828), section 2.3.
    """

    def __init__(self, game: AbstractGame, name: str, shape: tuple, size: int) -> None:
        self.game = game
        self.size = size
        if size:
            self.pictures = game.keep(name, (size, *shape))
            self.filled = game.keep(f"filled_{name}", (), "int64")

    def exchanged(self, pictures: tf.Tensor) -> tf.Tensor:
        """What is shown for new pictures [n, h, w, c], n at most `size`."""
        if not self.size:
            return pictures
        count = pictures.shape[0]
        filled = tf.cast(self.filled.value, tf.int32)
        is_filling = filled + count <= self.size
        # The first of a random order of those that are there.
        order = tf.where(tf.range(self.size) < filled, self.game.uniform((self.size,)), -1.0)
        chosen = tf.math.top_k(order, count).indices
        places = tf.where(is_filling, filled + tf.range(count), chosen)
        goes_in = is_filling | (self.game.uniform((count,)) < 0.5)
        held = self.pictures.value
        old = tf.gather(held, places)
        goes_in_here = goes_in[:, None, None, None]
        shown = tf.where(goes_in_here & ~is_filling, old, pictures)
        kept = tf.where(goes_in_here, pictures, old)
        held.scatter_nd_update(places[:, None], kept)
        self.filled.assign_add(tf.where(is_filling, tf.constant(count, tf.int64), 0))
        return shown


@keras.saving.register_keras_serializable("gan_apps")
class CycleGAN(AbstractGame):
    """CycleGAN: translators B(a) and A(b), each against a discriminator of its own set.

    discriminator loss = (mean(real(D_B(b))) + mean(fake(D_B(B(a))))) / 2, and the same of A
    generator loss     = mean(generator(D_B(B(a)))) + mean(generator(D_A(A(b))))
                       + cycle_weight    (mean|A(B(a)) - a| + mean|B(A(b)) - b|)
                       + identity_weight (mean|A(a) - a|    + mean|B(b) - b|),
    all means over patches and pixels too. The discriminators are shown drawn pictures by way of a
    pool of earlier ones. A turn of all is on one drawing, as in the authors' code.

    Args:
      networks: {"generator_a", "generator_b", "discriminator_a", "discriminator_b"} of
        models.translators, and "averaged_generator_a", "averaged_generator_b" where averages are
        wanted. A generator is called by what it draws; discriminators take no sources.
      objective: models.losses.Objective. What a score costs.
      cycle_weight: float. Default 10.
      identity_weight: float. Of what a translator changes in a picture of the set that it draws; 0
        for none. Default 5.
      pool_size: int. As in `Pool`. Default 50.
      averaging_decay, seed: as in models.game.AbstractGame.
      **adversary: as in models.adversary.Adversary, for both.

    Reference: Zhu et al. 2017 (arXiv 1703.10593), sections 3, 4 and 5.2.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        objective: Objective,
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        pool_size: int = 50,
        averaging_decay: float = 0.999,
        seed: int = 0,
        **adversary: Any,
    ) -> None:
        super().__init__(networks, averaging_decay=averaging_decay, seed=seed)
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.adversaries = {
            side: Adversary(self, f"discriminator_{side}", objective, **adversary) for side in SIDES
        }
        self.pools = {
            side: Pool(
                self, f"pool_{side}", self.networks[f"generator_{side}"].output.shape[1:], pool_size
            )
            for side in SIDES
        }

    @property
    def players(self) -> tuple[Player, ...]:
        generators = tuple(f"generator_{side}" for side in SIDES)
        discriminators = tuple(f"discriminator_{side}" for side in SIDES)
        costs = tuple(f"adversarial_cost_{side}" for side in SIDES)
        drawings = 3 if self.identity_weight else 2
        generator = Player(
            name="generator",
            networks=generators,
            loss=self.cost,
            columns=SIDES,
            drawn=self.drawn,
            figures=("cycle", *(("identity",) if self.identity_weight else ()), *costs),
            through=(*generators * drawings, *discriminators),
        )
        judges = (
            self.adversaries[side].player(functools.partial(self.judged, side), drawn=self.drawn)
            for side in SIDES
        )
        return generator, *judges

    def input_shape_of(self, column: str) -> tuple | None:
        """The shape of a picture of a side, as the translators take it."""
        return super().input_shape_of("sources" if column in SIDES else column)

    def drawn(self, minibatch: Examples) -> tuple[Examples, Examples, Examples]:
        """(real, fake, same): pictures by their side; same is what is drawn of the side's own."""
        fake, same = {}, {}
        for side in SIDES:
            given = [minibatch[OTHER[side]]]
            # In one pass: what a picture becomes does not depend on what else is drawn.
            given += [minibatch[side]] if self.identity_weight else []
            drawn = self._translated(side, tf.concat(given, axis=0))
            count = minibatch[side].shape[0]
            fake[side], same[side] = drawn[:count], drawn[count:]
        return minibatch, fake, same

    def judged(self, side: str, drawing: tuple[Examples, Examples, Examples]) -> tf.Tensor:
        real, fake, _ = drawing
        shown = {"images": self.pools[side].exchanged(fake[side])}
        return self.adversaries[side].loss({"images": real[side]}, lambda _: shown) / 2.0

    def cost(self, drawing: tuple[Examples, Examples, Examples]) -> tf.Tensor:
        real, fake, same = drawing
        cost = tf.add_n(
            self.adversaries[side].cost({"images": fake[side]}, figure=f"adversarial_cost_{side}")
            for side in SIDES
        )
        again = {side: self._translated(side, fake[OTHER[side]]) for side in SIDES}
        cost += self.cycle_weight * self._distance("cycle", again, real)
        if self.identity_weight:
            cost += self.identity_weight * self._distance("identity", same, real)
        return cost

    def _translated(self, side: str, pictures: tf.Tensor) -> tf.Tensor:
        return self.networks[f"generator_{side}"]({"sources": pictures}, training=True)

    def _distance(self, figure: str, drawn: Examples, real: Examples) -> tf.Tensor:
        """The mean distance of a pixel, both sides' added up."""
        distance = tf.add_n(tf.reduce_mean(tf.abs(drawn[side] - real[side])) for side in SIDES)
        self.tell(figure, distance)
        return distance
