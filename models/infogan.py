"""InfoGAN: a GAN whose latents hold codes that must be read back from the pictures.

Notation: z is noise and c the codes, x a picture, and q(c|x) what is read of it. Since

    I(c; G(z, c)) >= H(c) + E[log q(c | G(z, c))],

with equality where q is the true posterior, who raises the second term raises a bound of what the
pictures tell of their codes. Nothing says what a code is to mean: it comes to be what varies most.

Reference: Chen et al. 2016 (arXiv 1606.03657), equations 4 to 6.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from models import codes as kinds
from models.augmentations import augmented, named
from models.dcgan import DCGAN
from models.game import Examples, Networks
from models.networks import SLOPE, AbstractNetwork, DiscriminatorBody, Generator
from models.normalization import SpectralDense


@keras.saving.register_keras_serializable("gan_apps")
class ReadingDiscriminator(AbstractNetwork):
    """Pictures to their scores and, on the same features, to what is said of their codes.

    Inputs: {"images": float32 [n, image_size, image_size, channels]}. Output: {"scores": float32
    [n, 1], "logits": float32 [n, ...], what models.codes reads}.

    Args:
      codes: ints, as in models.codes.
      learned_deviation: bool. Whether it says how sure it is of numbers. Default False: their
        deviation is 1.
      posterior_width: int. Units between the features and what is said. Default 128.
      **body: as in models.networks.DiscriminatorBody.
    """

    def __init__(
        self,
        *,
        codes: Sequence[int],
        learned_deviation: bool = False,
        posterior_width: int = 128,
        name: str | None = None,
        **body: Any,
    ) -> None:
        made = DiscriminatorBody(**body)
        kinds.refuse(codes)
        images = made.input()
        features = made.features(images)
        layers = keras.layers
        dense = SpectralDense if made.normalization == "spectral" else layers.Dense
        hidden = layers.Dense(posterior_width, dtype=made.dtype)(features)
        hidden = layers.LeakyReLU(negative_slope=SLOPE, dtype=made.dtype)(hidden)
        count = sum(kinds.sizes(codes, learned_deviation))
        outputs = {
            "scores": dense(1, name="scores", dtype="float32")(features),
            "logits": layers.Dense(count, name="logits", dtype="float32")(hidden),
        }
        arguments = {
            "codes": list(codes),
            "learned_deviation": learned_deviation,
            "posterior_width": posterior_width,
            **made.arguments,
        }
        super().__init__({"images": images}, outputs, arguments, name)
        self.codes = tuple(codes)
        self.learned_deviation = learned_deviation

    def expected(self, logits: tf.Tensor) -> tf.Tensor:
        """The mean of the codes of which it said so: float32 [n, sum(codes)]."""
        return kinds.expected(self.codes, logits, self.learned_deviation)


class Posterior:
    """What codes that cannot be read back cost, for models.adversary.Adversary.

    Args:
      network: ReadingDiscriminator.
      weight: float. Of codes that are one of several values.
      uniform_weight: float. Of codes that are numbers.
      augmentations: names of rows of models.augmentations.AUGMENTATIONS. How pictures are changed
        before codes of several values are read, so that these come to be what changes leave.
      agreement_weight: float. Of how alike those codes are read of real pictures, changed or not.
        With it, generated ones teach nothing of them.
      number_noise: float. Deviation of the Gaussian noise through which numbers are read, so that
        they come to turn what is seen in spite of it.
      number_augmentations: names of such rows for each number, the last ones for all that follow.
        How pictures are changed besides before it is read.
    """

    # Draws noise by a function of a shape and a key, and the shape: the game's, which is made with
    # this one.
    noise: Callable[[Callable, Sequence[int]], tf.Tensor]

    def __init__(
        self,
        network: ReadingDiscriminator,
        weight: float,
        uniform_weight: float,
        augmentations: Sequence[str] = (),
        agreement_weight: float = 0.0,
        number_noise: float = 0.0,
        number_augmentations: Sequence[Sequence[str]] = ((),),
    ) -> None:
        self.network = network
        # The places of the codes of each kind.
        self.values, self.numbers = (
            [
                place
                for place, kind in enumerate(network.codes)
                if (kind == kinds.UNIFORM) == is_number
            ]
            for is_number in (False, True)
        )
        self.agreement_weight = agreement_weight if self.values else 0.0
        self.augmentations = tuple(augmentations)
        # How pictures are seen, and which codes are read of what is seen so.
        self.views: dict[tuple[tuple[str, ...], float], list[int]] = {}
        if self.values:
            self.views[self.augmentations, 0.0] = [*self.values]
        for number, place in enumerate(self.numbers):
            names = tuple(number_augmentations[min(number, len(number_augmentations) - 1)])
            self.views.setdefault((names, number_noise), []).append(place)
        self.weights = [
            uniform_weight if kind == kinds.UNIFORM else weight for kind in network.codes
        ]
        # A figure for each kind of which there is a code.
        told = {"information": self.values, "uniform_information": self.numbers}
        self.told = {name: places for name, places in told.items() if places}
        self.figures = tuple(self.told)

    def term(
        self,
        real_logits: tf.Tensor | None,
        fake_logits: tf.Tensor,
        real: Examples,
        fake: Examples,
    ) -> tf.Tensor:
        """What it adds to the discriminator's loss.

        Of real pictures no code is known, but that changing one should not change its code. Where
        that is asked, codes of several values are learned from real pictures alone: otherwise they
        would be whatever the generator happens to divide its first ones by.
        """
        if not self.agreement_weight:
            return self._unread(self._log_posteriors(fake_logits, fake, self.values + self.numbers))
        terms = kinds.agreements(
            self.network.codes,
            real_logits,
            self._logits(self._seen(real["images"], self.augmentations)),
            self.network.learned_deviation,
        )
        unread = self._unread(self._log_posteriors(fake_logits, fake, self.numbers))
        return unread - self.agreement_weight * tf.add_n(terms)

    def cost(
        self, logits: tf.Tensor, fake: Examples, tell: Callable[[str, tf.Tensor], None]
    ) -> tf.Tensor:
        """What it adds to the generator's loss; tells the bound H(c) + E[log q(c|x)] in nats."""
        found = self._log_posteriors(logits, fake, self.values + self.numbers)
        for name, places in self.told.items():
            bounds = [
                kinds.entropy(self.network.codes[place]) + tf.reduce_mean(found[place])
                for place in places
            ]
            tell(name, tf.add_n(bounds))
        return self._unread(found)

    def _log_posteriors(
        self, logits: tf.Tensor, fake: Examples, places: Sequence[int]
    ) -> dict[int, tf.Tensor]:
        """log q of the codes at `places`, float32 [n] each, of pictures whose logits are known."""
        codes = self.network.codes
        own = fake["latents"][:, -sum(codes) :]
        found = {}
        for view, read in self.views.items():
            if asked := [place for place in read if place in places]:
                said = self._logits(self._seen(fake["images"], *view)) if any(view) else logits
                terms = kinds.log_posteriors(codes, said, own, self.network.learned_deviation)
                found.update({place: terms[place] for place in asked})
        return found

    def _logits(self, images: tf.Tensor) -> tf.Tensor:
        return self.network({"images": images}, training=True)["logits"]

    def _seen(self, images: tf.Tensor, names: Sequence[str], deviation: float = 0.0) -> tf.Tensor:
        uniform = functools.partial(self.noise, tf.random.stateless_uniform)
        images = augmented(named(names), images, uniform)
        if deviation:
            images += deviation * self.noise(tf.random.stateless_normal, images.shape)
        return images

    def _unread(self, log_posteriors: dict[int, tf.Tensor]) -> tf.Tensor:
        terms = (
            -self.weights[place] * tf.reduce_mean(one) for place, one in log_posteriors.items()
        )
        return sum(terms, tf.constant(0.0))


@keras.saving.register_keras_serializable("gan_apps")
class InfoGAN(DCGAN):
    """A DCGAN whose generator is drawn with codes, which the discriminator also reads.

    Both of its losses have beside the DCGAN's
        sum over codes of -weight E[log q(c | G(z, c))].

    The paper leaves to chance what codes of several values divide pictures into, and to a lucky
    seed that it is kinds. With `code_augmentations` those are read from pictures that have been
    changed, A(G(z, c)): what a turn or a stretch takes away tells of no code. With an
    `agreement_weight` the discriminator's loss has also -weight times how alike codes are read of
    real pictures and of the same ones changed (`models.codes.agreements`; Hu et al. 2017, arXiv
    1702.08720), and has nothing of codes of several values of generated ones.

    Numbers are as well read by traces that nobody sees. Through noise of deviation `number_noise`,
    q(c | G(z, c) + noise), they are read best by what changes pictures most. One that is read from
    changed pictures, by `number_augmentations`, turns what changes leave, such as the width of
    strokes, and so what varies most, such as the slant, falls to another. And where the
    posterior says its own deviations, their logarithms add up to least if each number turns one
    thing alone: no covariance has a determinant above the product of its diagonal (Hadamard).

    Args:
      networks: as in AbstractGAN, the discriminator a ReadingDiscriminator, whose codes are the
        last numbers of the generator's latents.
      information_weight: float. lambda of codes of several values. Default 1.
      uniform_weight: float. lambda of codes that are numbers. Default 0.1.
      code_augmentations: names of rows of models.augmentations.AUGMENTATIONS. Default (), as in the
        paper.
      agreement_weight: float. Default 0, as in the paper.
      number_noise: float. Default 0, as in the paper.
      number_augmentations: names of such rows for each number. Default none, as in the paper.
      **loop: as in DCGAN.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        information_weight: float = 1.0,
        uniform_weight: float = 0.1,
        code_augmentations: Sequence[str] = (),
        agreement_weight: float = 0.0,
        number_noise: float = 0.0,
        number_augmentations: Sequence[Sequence[str]] = ((),),
        **loop: Any,
    ) -> None:
        reader = networks["discriminator"]
        posterior = Posterior(
            reader,
            information_weight,
            uniform_weight,
            code_augmentations,
            agreement_weight,
            number_noise,
            number_augmentations,
        )
        super().__init__(networks, reader=posterior, **loop)
        posterior.noise = self.noise
        self.codes = reader.codes


@keras.saving.register_keras_serializable("gan_apps")
class Typical(AbstractNetwork):
    """Pictures to what is typical of their codes: drawn with the codes' mean, and noise 0.

    Inputs: {"images": float32 [n, image_size, image_size, channels]}. Output: images of the same
    shape. Its weights are the discriminator's, then the generator's.

    Args:
      discriminator, generator: dicts. Arguments of a ReadingDiscriminator and of a
        models.networks.Generator.
      dtype: str. What both compute in. Default "float32".
    """

    def __init__(
        self,
        *,
        discriminator: dict,
        generator: dict,
        dtype: str = "float32",
        name: str | None = None,
    ) -> None:
        reader = ReadingDiscriminator(**{**discriminator, "name": "discriminator", "dtype": dtype})
        drawer = Generator(**{**generator, "name": "generator", "dtype": dtype})
        images = keras.Input(reader.input["images"].shape[1:], name="images")
        said = reader({"images": images})["logits"]
        noise = drawer.latent_dim - sum(reader.codes)
        latents = AfterNoise(reader.codes, reader.learned_deviation, noise, dtype="float32")(said)
        drawn = drawer({"latents": latents})
        arguments = {
            "discriminator": dict(discriminator), "generator": dict(generator), "dtype": dtype,
        }  # fmt: skip
        super().__init__({"images": images}, drawn, arguments, name)

    @property
    def reader(self) -> ReadingDiscriminator:
        return self.get_layer("discriminator")

    def code(self, images: tf.Tensor) -> tf.Tensor:
        """The mean of the codes of pictures: float32 [n, sum(codes)]."""
        return self.reader.expected(self.reader({"images": images}, training=False)["logits"])


@keras.saving.register_keras_serializable("gan_apps")
class AfterNoise(keras.layers.Layer):
    """What is said of codes to latents: noise that is 0, then the codes' mean.

    Args:
      codes, learned_deviation: as in ReadingDiscriminator.
      noise: int. How many numbers of noise there are.
    """

    def __init__(
        self, codes: Sequence[int], learned_deviation: bool, noise: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.codes = list(codes)
        self.learned_deviation = learned_deviation
        self.noise = noise

    def call(self, said: tf.Tensor) -> tf.Tensor:
        expected = kinds.expected(self.codes, said, self.learned_deviation)
        return tf.pad(expected, [[0, 0], [self.noise, 0]])

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (shape[0], self.noise + sum(self.codes))

    def get_config(self) -> dict:
        own = {
            "codes": self.codes,
            "learned_deviation": self.learned_deviation,
            "noise": self.noise,
        }
        return {**super().get_config(), **own}
