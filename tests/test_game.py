"""The contract of the loop: for every model, and for games of other players."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

import models
from gan_apps.conditions import Labels
from gan_apps.data.columns import Data
from gan_apps.data.minibatches import minibatches
from gan_apps.training import states
from models import AbstractGame, Player, penalties
from models.game import LATENT_DISTRIBUTIONS, to_signed
from models.penalties import PENALTIES
from tests.tiny_models import (
    CASES,
    COUNT,
    MODELS,
    NUM_CLASSES,
    built,
    fitted,
    iterations,
    metric_names,
    stepped,
    updated,
)


def copies(network):
    return [weight.copy() for weight in network.get_weights()]


def moved(before, network):
    return any((old != new).any() for old, new in zip(before, network.get_weights(), strict=True))


def everything(model):
    return {name: variable.numpy().copy() for name, variable in states.variables(model).items()}


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@pytest.fixture(params=["dcgan", "cgan"])
def either(request):
    """A model without conditions and one with: for what the loop does the same for all."""
    return request.param


@pytest.mark.parametrize("name, objective", CASES)
def test_every_objective_trains(name, objective):
    model = built(name, objective)
    logs = stepped(model, 1)
    assert set(logs) == metric_names(name)
    assert np.isfinite(list(logs.values())).all()


def test_contract(name, tmp_path):
    k, j = 2, 1
    whole = built(name, discriminator_steps=k, generator_steps=j)
    logs = stepped(whole, 2)
    assert set(logs) == metric_names(name)
    assert np.isfinite(list(logs.values())).all()
    assert int(whole.optimizers["discriminator"].iterations) == 2 * k
    assert int(whole.optimizers["generator"].iterations) == 2 * j
    # One draw of latents for each update, and one of mixing for each gradient penalty.
    assert int(whole.draws) == 2 * (k + j + (k if name == "wgan_gp" else 0))
    # Same seed, same weights; and a state goes on as if nothing had been.
    again = built(name, discriminator_steps=k, generator_steps=j)
    stepped(again, 1)
    states.save(tmp_path, again, 0.0)
    resumed = built(name, discriminator_steps=k, generator_steps=j)
    states.restore(tmp_path, resumed)
    stepped(resumed, 1, first=1)
    ours, theirs = everything(resumed), everything(whole)
    for variable in ours:
        assert_array_equal(ours[variable], theirs[variable], err_msg=variable)


def test_history_of_fit_has_exactly_our_names_and_is_finite(name):
    history = fitted(built(name)).history
    assert set(history) == metric_names(name)
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize("k, j", [(3, 1), (1, 2)])
def test_updates_per_iteration(either, k, j):
    model = built(either, discriminator_steps=k, generator_steps=j)
    stepped(model, 2)
    assert int(model.optimizers["discriminator"].iterations) == 2 * k
    assert int(model.optimizers["generator"].iterations) == 2 * j
    assert int(model.iteration) == 2


def test_a_longer_k_at_the_start(either):
    # Two turns of the generator wait for 6 updates of the discriminator each: 3 iterations of 2.
    model = built(
        either, discriminator_steps=2, initial_discriminator_steps=6, initial_iterations=2
    )
    turns = []
    for number, iteration in enumerate(iterations(model, 9)):
        model.train_step(iteration)
        turns.append(int(model.optimizers["generator"].iterations))
        assert int(model.optimizers["discriminator"].iterations) == 2 * (number + 1)
    assert turns == [0, 0, 1, 1, 1, 2, 3, 4, 5]


def test_a_longer_k_at_the_start_in_a_graph():
    traced = built(
        "wgan_gp", discriminator_steps=2, initial_discriminator_steps=6, initial_iterations=2
    )
    fitted(traced, 9)
    assert int(traced.optimizers["generator"].iterations) == 5


def test_a_longer_k_that_is_no_multiple_of_k_is_refused(name):
    with pytest.raises(ValueError, match="multiple of discriminator_steps, 2, got 5"):
        built(name, discriminator_steps=2, initial_discriminator_steps=5)


def test_each_update_moves_only_its_own_variables(name):
    model = built(name)
    (iteration,) = iterations(model, 1)
    networks = model.generator, model.discriminator
    before = [[v.numpy().copy() for v in n.trainable_variables] for n in networks]

    def moved_trainables():
        pairs = zip(before, networks, strict=True)
        return [
            any((o != v.numpy()).any() for o, v in zip(old, n.trainable_variables, strict=True))
            for old, n in pairs
        ]

    updated(model, "discriminator")
    assert moved_trainables() == [False, True]
    before[1] = [v.numpy().copy() for v in model.discriminator.trainable_variables]
    updated(model, "generator")
    assert moved_trainables() == [True, False]


def test_another_seed_gives_other_weights(either):
    first, other = (built(either, seed=seed) for seed in (1, 2))
    for model in (first, other):
        stepped(model, 1)
    assert moved(copies(first.generator), other.generator)


def test_the_seed_keys_the_noise_and_not_only_the_weights(name):
    first, other = built(name, seed=1), built(name, seed=2)
    assert np.abs(first.latents(3, 5) - other.latents(3, 5)).max() > 0.1


def test_latents_are_new_at_every_draw_and_go_on_from_the_counter(name):
    model = built(name)
    first, second = model.latents(3, 5), model.latents(3, 5)
    assert np.abs(first - second).max() > 0.1
    model.draws.assign(0)
    assert_allclose(model.latents(3, 5), first, atol=0)


def test_the_average_is_warmed_up_and_follows(either):
    model = built(either, averaging_decay=0.5)
    start = copies(model.averaged_generator)
    stepped(model, 1)
    # decay = min(.5, (1 + 1) / (10 + 1)) after the first iteration.
    decay = 2.0 / 11.0
    for average, old, new in zip(
        model.averaged_generator.get_weights(), start, model.generator.get_weights(), strict=True
    ):
        assert_allclose(average, decay * old + (1 - decay) * new, rtol=1e-4, atol=1e-6)
    assert model.averaged_generator.trainable_variables == []


def test_real_gradient_penalty_is_due_every_interval(either):
    # With a huge weight the penalty decides the first update and is absent from the second.
    plain, penalised = (
        built(either),
        built(either, real_gradient_weight=1e3, real_gradient_interval=2),
    )
    stepped(plain, 1)
    stepped(penalised, 1)
    assert moved(copies(plain.discriminator), penalised.discriminator)
    plain, penalised = (
        built(either),
        built(either, real_gradient_weight=1e3, real_gradient_interval=2),
    )
    for model in (plain, penalised):
        model.iteration.assign(1)
        stepped(model, 1)
    assert not moved(copies(plain.discriminator), penalised.discriminator)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, kind", [*(("wgan_gp", kind) for kind in PENALTIES), ("cgan", "two_sided")]
)
def test_a_gradient_penalty_is_measured_and_keeps_slopes_small(name, kind):
    model = built(name, "wasserstein", penalty=kind, penalty_weight=10.0, discriminator_steps=2)
    logs = stepped(model, 2)
    assert set(logs) == metric_names("wgan_gp")
    assert np.isfinite(list(logs.values())).all()
    heavy = built(name, "wasserstein", penalty=kind, penalty_weight=1e4, discriminator_steps=2)
    fitted(heavy, 30)
    slope = fitted(heavy, 1, first=30).history["gradient_norm"][0]
    assert 0.5 < slope < 1.5 if kind == "two_sided" else slope < 1.5


@pytest.mark.parametrize("name", ["cgan", "wgan"])
def test_clipping_leaves_every_weight_inside(name):
    model = built(name, "wasserstein", clip=0.01)
    assert set(stepped(model)) == metric_names("wgan")
    for variable in model.discriminator.trainable_variables:
        assert np.abs(variable.numpy()).max() <= 0.01 + 1e-9
    assert max(np.abs(v.numpy()).max() for v in model.generator.trainable_variables) > 0.01


def test_wasserstein_losses_are_the_differences_of_means():
    for model in (built("wgan"), built("wgan_gp")):
        real, fake = tf.constant([3.0, 5.0]), tf.constant([1.0, 2.0])
        assert_allclose(model.discriminator_loss(real, fake), -(4.0 - 1.5), rtol=1e-6)
        assert_allclose(model.generator_loss(fake), -1.5, rtol=1e-6)


def test_what_the_wasserstein_gans_cannot_be_without():
    with pytest.raises(ValueError, match="clip must be greater than 0, got 0"):
        built("wgan", clip=0)
    with pytest.raises(ValueError, match="penalty must be one of .*, got None"):
        built("wgan_gp", penalty=None)
    assert built("wgan").adversary.clip == 0.01
    adversary = built("wgan_gp").adversary
    assert (adversary.penalty, adversary.penalty_weight) == ("two_sided", 10.0)


def test_the_f_gan_s_losses_are_the_bound():
    row = models.DIVERGENCES["pearson"]
    real, fake = tf.constant([2.0, 0.0]), tf.constant([1.0, -1.0])
    # T = v, f*(t) = t**2 / 4 + t: the bound is mean(2, 0) - mean(1.25, -.75).
    for objective, generator in (("trick", 0.0), ("exact", -0.25)):
        model = built("fgan", "pearson", generator_objective=objective)
        assert model.divergence == row
        assert_allclose(model.discriminator_loss(real, fake), -(1.0 - 0.25), rtol=1e-6)
        assert_allclose(model.generator_loss(fake), generator, atol=1e-6)


@pytest.mark.parametrize("penalty", [{"penalty": "two_sided"}, {"real_gradient_weight": 1.0}])
def test_gradient_penalties_refuse_batch_normalization_in_the_discriminator(penalty):
    with pytest.raises(ValueError, match="batch normalisation in the discriminator"):
        built("dcgan", normalization="batch", **penalty)
    built("dcgan", normalization="virtual_batch", **penalty)


def test_batch_normalization_sees_real_and_generated_images_apart(monkeypatch):
    model = built("dcgan", normalization="batch")
    seen = []
    call = model.discriminator.call

    def watched(inputs, *args, **kwargs):
        seen.append(np.array(inputs["images"]))
        return call(inputs, *args, **kwargs)

    monkeypatch.setattr(model.discriminator, "call", watched)
    (iteration,) = iterations(model, 1)
    model.train_step(iteration)
    assert [len(images) for images in seen] == [COUNT] * 3
    assert_allclose(seen[0], to_signed(iteration["discriminator"]["images"][0]), atol=0)


def test_points_between_images_are_uniform_one_for_each_pair(monkeypatch):
    model = built("wgan_gp")
    seen = []
    real = penalties.gradient_penalty

    def watched(score, real_images, fake_images, mixing, kind):
        seen.append(np.array(mixing))
        return real(score, real_images, fake_images, mixing, kind)

    monkeypatch.setattr(penalties, "gradient_penalty", watched)
    stepped(model, 2)
    # One for each pair and not for each pixel, and new ones each time.
    assert [mixing.shape for mixing in seen] == [(COUNT, 1, 1, 1)] * 2
    assert (seen[0] != seen[1]).all()
    many = np.array(model.uniform((4000, 1, 1, 1)))
    assert many.min() >= 0.0 and many.max() < 1.0
    assert_allclose([many.mean(), many.std()], [0.5, 12**-0.5], atol=0.02)


def labels_given_to(network, monkeypatch):
    """The labels of every call of a network from now on."""
    seen = []
    call = network.call

    def watched(inputs, *args, **kwargs):
        seen.append(np.array(inputs["labels"]))
        return call(inputs, *args, **kwargs)

    monkeypatch.setattr(network, "call", watched)
    return seen


def test_the_generator_s_conditions_are_its_own(monkeypatch):
    model = built("cgan", generator_steps=2)
    (iteration,) = iterations(model, 1)
    seen = labels_given_to(model.generator, monkeypatch)
    model.train_step(iteration)
    assert_array_equal(seen[0], iteration["discriminator"]["labels"][0])
    assert_array_equal(seen[1:], iteration["generator"]["labels"])


def test_label_smoothing_moves_the_real_target_only():
    real, fake = tf.constant([0.3, -1.0]), tf.constant([0.5, 2.0])
    smooth, hard = (built("dcgan", "least_squares", label_smoothing=value) for value in (0.1, 0.0))
    # (s - .9)**2, and .9 (s - 1)**2 + .1 s**2, differ by .09 whatever s is.
    expected = np.mean((np.array(real) - 0.9) ** 2) + 0.09 + np.mean(np.array(fake) ** 2)
    assert_allclose(smooth.discriminator_loss(real, fake), expected, rtol=1e-5)
    assert_allclose(smooth.generator_loss(fake), hard.generator_loss(fake), rtol=1e-6)
    smooth = built("dcgan", "non_saturating", label_smoothing=0.1)
    sigmoid = 1 / (1 + np.exp(-np.array(real)))
    cross_entropy = -np.mean(0.9 * np.log(sigmoid) + 0.1 * np.log(1 - sigmoid))
    expected = cross_entropy + np.mean(np.log1p(np.exp(np.array(fake))))
    assert_allclose(smooth.discriminator_loss(real, fake), expected, rtol=1e-5)


@pytest.mark.parametrize("trick", ["label_smoothing", "flipped_labels"])
@pytest.mark.parametrize("objective", ["wasserstein", "hinge"])
def test_labels_are_refused_where_there_are_none(trick, objective):
    with pytest.raises(ValueError, match=f"{trick} must be 0 with the objective {objective}"):
        built("dcgan", objective, **{trick: 0.1})


def test_flipped_labels_change_places_with_the_given_share():
    model = built("dcgan", flipped_labels=0.25)
    real, fake = tf.fill(4000, 1.0), tf.fill(4000, -1.0)
    first, second = model.swapped(real, fake, 0.25)
    assert_allclose(np.mean(first == -1.0), 0.25, atol=0.03)
    assert_allclose(first + second, 0.0, atol=0)
    plain, none = model.swapped(real, fake, 0.0)
    assert plain is real and none is fake
    # Confident and right costs nothing, but for the pairs that were swapped.
    loss = model.discriminator_loss(tf.fill(4000, 100.0), tf.fill(4000, -100.0))
    assert_allclose(loss, 2 * 0.25 * 100.0, rtol=0.15)


def test_input_noise_falls_to_nothing(either):
    model = built(either, input_noise=0.5, input_noise_iterations=10)
    images = tf.zeros((40, 8, 8, 1))
    for iteration, deviation in ((0, 0.5), (5, 0.25), (10, 0.0), (20, 0.0)):
        model.iteration.assign(iteration)
        shown = model.adversary._shown({"images": images})["images"]
        assert_allclose(np.std(shown), deviation, atol=0.02)
    # Real and generated images of both updates: four draws more than the latents'.
    model = built(either, input_noise=0.5, input_noise_iterations=10)
    before = int(built(either).draws)
    stepped(model, 1)
    plain = built(either)
    stepped(plain, 1)
    assert int(model.draws) - int(plain.draws) == 3 + before


@pytest.mark.parametrize("kind", LATENT_DISTRIBUTIONS)
def test_latents_have_their_distribution(kind):
    model = built("dcgan", latent_distribution=kind)
    sample = np.array(model.latents(4000, 5))
    assert_allclose(sample.mean(), 0.0, atol=0.03)
    assert_allclose(sample.std(), {"uniform": 3**-0.5}.get(kind, 1.0), atol=0.03)
    lengths = np.linalg.norm(sample, axis=1)
    assert (np.ptp(lengths) < 1e-5) == (kind == "spherical")
    assert np.abs(sample).max() <= 1.0 or kind != "uniform"


def test_the_discriminator_s_reference_is_of_real_images():
    model = built("dcgan", normalization="virtual_batch")
    images = np.arange(64 * 64, dtype=np.uint8).reshape(64, 8, 8, 1)
    model.set_reference(images)
    (layer,) = (x for x in model.discriminator.layers if type(x).__name__ == "PrependReference")
    assert_allclose(layer.reference, to_signed(images), atol=0)
    layer.reference.assign(tf.zeros_like(layer.reference))
    with pytest.raises(ValueError, match="no reference batch yet; call set_reference"):
        model.compile(model.optimizers)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan", "cgan"])
def test_virtual_batch_normalization_scores_and_draws_each_by_itself(name):
    model = built(name, normalization="virtual_batch", generator_normalization="virtual_batch")
    logs = fitted(model, 2).history
    assert np.isfinite(list(logs.values())).all()
    latents = model.latents(6, 5)
    inputs = {"latents": latents}
    if model.conditions:
        inputs["labels"] = tf.range(6) % NUM_CLASSES
    together = model.generator(inputs, training=True)
    alone = model.generator({key: value[2:3] for key, value in inputs.items()}, training=True)
    assert together.shape == (6, 8, 8, 1)
    assert_allclose(together[2:3], alone, atol=1e-5)
    # What was kept of the reference serves when it is not there.
    drawn = model.generator(inputs, training=False)
    assert_allclose(drawn, together, atol=1e-5)


def test_spectral_normalization_iterates_once_per_discriminator_update(either, monkeypatch):
    model = built(either, normalization="spectral", discriminator_steps=2, real_gradient_weight=0.0)
    assert len(model.adversary.spectral_layers) == 3
    counts = []
    for layer in model.adversary.spectral_layers:
        real = layer.power_iteration
        monkeypatch.setattr(layer, "power_iteration", lambda real=real: (counts.append(1), real()))
    before = [layer.u.numpy().copy() for layer in model.adversary.spectral_layers]
    stepped(model, 1)
    assert len(counts) == 2 * 3
    for layer, old in zip(model.adversary.spectral_layers, before, strict=True):
        assert np.abs(layer.u.numpy() - old).max() > 1e-4


@pytest.mark.parametrize("name", ["cgan", "wgan_gp"])
def test_bfloat16_trains_float32_weights(name):
    model = built(name, policy="mixed_bfloat16", real_gradient_weight=1.0)
    history = fitted(model).history
    assert np.isfinite(list(history.values())).all()
    assert {w.dtype for n in (model.generator, model.discriminator) for w in n.weights} == {
        "float32"
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cgan", "fgan", "wgan_gp"])
def test_xla_compiles_the_step_to_the_same_losses(name, monkeypatch):
    # XLA draws other numbers for the same key, so both steps are given the same ones.
    fixed = lambda model, n, size: tf.sin(tf.reshape(tf.range(n * 5.0), (n, size)))
    monkeypatch.setattr(MODELS[name], "latents", fixed)
    monkeypatch.setattr(MODELS[name], "uniform", lambda model, shape: tf.fill(shape, 0.3))
    compiled, plain = (
        fitted(built(name, jit_compile=jit, real_gradient_weight=1.0), 1).history
        for jit in (True, False)
    )
    assert_allclose(compiled["discriminator_loss"], plain["discriminator_loss"], rtol=1e-5)
    # After one update of the discriminator, in which Adam moves every weight by its full step,
    # by the sign of gradients that may be next to nothing.
    assert_allclose(compiled["generator_loss"], plain["generator_loss"], rtol=1e-3)


def test_cgan_weights_its_three_terms():
    # Losses at scores 0 are log 2 each: log 2 + log 2 / 2 + log 2 / 2.
    model, zero = built(), tf.zeros(3)
    assert_allclose(model.discriminator_loss(zero, zero, zero), 2 * np.log(2.0), rtol=1e-6)
    assert_allclose(model.generator_loss(zero), np.log(2.0), rtol=1e-6)
    confident = tf.constant([100.0])
    assert_allclose(model.discriminator_loss(confident, -confident, confident), 50.0, rtol=1e-6)
    assert_allclose(model.discriminator_loss(confident, confident, -confident), 50.0, rtol=1e-6)
    assert_allclose(model.discriminator_loss(-confident, -confident, -confident), 100.0, rtol=1e-6)


def test_cgan_without_mismatched_pairs():
    model = built(mismatched_weight=0.0)
    scores = tf.constant([100.0])
    assert_allclose(model.discriminator_loss(scores, -scores), 0.0, atol=1e-6)
    assert_allclose(model.discriminator_loss(scores, scores), 100.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0.0, [0, 0, 1, 2]), (0.2, 9 * [0] + 4 * [1] + 3 * [2]), (0.5, [0, 0, 0, 1])],
)
def test_mismatched_pairs_take_from_a_condition_what_others_have_too(share, drawn):
    """Of three pictures, one label's are (2, 1, 1) in four, other labels' (1, 1, 2) in four.

    What cannot be told from them is q = (p - m p') / (1 - m), not p.
    """
    own, others = np.array([2, 1, 1]) / 4, np.array([1, 1, 2]) / 4
    expected = (own - share * others) / (1 - share)
    assert_allclose(np.bincount(drawn, minlength=3) / len(drawn), expected, atol=1e-9)
    model, scores = built(mismatched_weight=share), tf.Variable(tf.zeros(3))

    def slope(drawn):
        with tf.GradientTape() as tape:
            shown = [tf.gather(scores, one) for one in ([0, 0, 1, 2], drawn, [0, 1, 2, 2])]
            loss = model.discriminator_loss(*shown[: 3 if share else 2])
        return tf.convert_to_tensor(tape.gradient(loss, scores)).numpy()

    assert_allclose(slope(drawn), 0.0, atol=1e-7)
    if share:
        assert np.abs(slope([0, 0, 1, 2])).max() > 0.01


def test_without_mismatched_pairs_a_foreign_label_is_not_even_looked_at(monkeypatch):
    model = built(mismatched_weight=0.0)
    (iteration,) = iterations(model, 1)
    columns = {player.name: player.columns for player in model.players}
    assert columns["discriminator"] == ("images", "labels")
    seen = labels_given_to(model.discriminator, monkeypatch)
    updated(model, "discriminator")
    labels = iteration["discriminator"]["labels"][0].numpy()
    assert_allclose(seen, [labels[:, None], labels[:, None]])


def test_cgan_hands_the_foreign_label_to_the_discriminator(monkeypatch):
    model = built()
    seen = labels_given_to(model.discriminator, monkeypatch)
    (iteration,) = iterations(model, 1)
    updated(model, "discriminator")
    labels = iteration["discriminator"]["labels"][0].numpy()
    assert_allclose(seen[0], np.stack([labels, (labels + 1) % NUM_CLASSES], axis=1))
    assert_allclose(seen[1], labels[:, None])


def test_to_signed_maps_bytes_to_the_range_of_tanh():
    assert_allclose(to_signed(tf.constant([0, 255], tf.uint8)), [-1.0, 1.0], atol=1e-6)


class Toy(AbstractGame):
    """Networks of one weight each, all 1 at first, and players as `made` of the game has them."""

    def __init__(self, names, made, **loop):
        super().__init__({name: line() for name in names}, **loop)
        self.updates = self._counter("updates")
        self.made = made

    @property
    def players(self):
        return self.made(self)

    def weight(self, name):
        """The weight of a network, differentiable."""
        return tf.reduce_sum(self.networks[name](tf.ones((1, 1))))

    def weights_now(self):
        return {name: float(self.weight(name)) for name in self.networks}


def line():
    inputs = keras.Input((1,), name="x")
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    return keras.Model(inputs, layer(inputs))


def descending(game, **rates):
    """The game, compiled with plain gradient descent, of rate .125 if no other is given."""
    rates = {player.name: rates.get(player.name, 0.125) for player in game.players}
    game.compile({name: keras.optimizers.SGD(rate) for name, rate in rates.items()})
    return game


def updates_of(game):
    return {name: int(optimizer.iterations) for name, optimizer in game.optimizers.items()}


def three_players(seen):
    """Three players who move a weight each; what they are given is appended to `seen`."""

    def made(game):
        def player(name, **row):
            def loss(minibatch):
                seen.append((name, game.minibatch_size, minibatch))
                return game.weight(name)

            return Player(name=f"player_{name}", networks=(name,), loss=loss, **row)

        return (
            player("a", columns=("images",)),
            player("b", columns=("labels", "foreign_labels"), steps=2),
            player("c", steps=3),
        )

    return made


def three_minibatches():
    labels = tf.reshape(tf.range(8), (2, 4))
    return {
        "player_a": {"images": tf.fill((1, 4, 2, 2, 1), tf.constant(255, tf.uint8))},
        "player_b": {"labels": labels, "foreign_labels": labels + 1},
        "player_c": {},
    }


def test_three_players_have_turns_steps_and_columns_of_their_own():
    seen = []
    game = descending(Toy("abc", three_players(seen)))
    logs = game.train_step(three_minibatches())
    assert [name for name, _, _ in seen] == list("abbccc")
    # Who needs nothing of the data still knows how many rows an update has.
    assert {size for _, size, _ in seen} == {4}
    minibatches = [minibatch for _, _, minibatch in seen]
    assert_array_equal(minibatches[0]["images"], np.ones((4, 2, 2, 1)))
    for step, minibatch in enumerate(minibatches[1:3]):
        assert minibatch["labels"].dtype == tf.int32
        assert_array_equal(minibatch["labels"], 4 * step + np.arange(4))
        assert_array_equal(minibatch["foreign_labels"], minibatch["labels"] + 1)
    assert minibatches[3:] == [{}] * 3
    # The slope of each loss is 1.
    assert game.weights_now() == {"a": 1 - 0.125, "b": 1 - 0.25, "c": 1 - 0.375}
    assert updates_of(game) == {"player_a": 1, "player_b": 2, "player_c": 3}
    assert list(logs) == [f"player_{n}_{k}" for k in ("loss", "gradient_norm") for n in "abc"]
    # Means over the updates of a turn.
    assert_allclose([logs["player_a_loss"], logs["player_b_loss"]], [1.0, (1.0 + 0.875) / 2])
    assert_allclose(logs["player_c_gradient_norm"], 1.0)


def test_three_players_in_a_graph_are_those_of_the_steps():
    dataset = tf.data.Dataset.from_tensors(three_minibatches()).repeat(5)
    game = descending(Toy("abc", three_players([])))
    history = game.fit(dataset, shuffle=False, verbose=0).history
    assert game.weights_now() == {"a": 1 - 5 * 0.125, "b": 1 - 5 * 0.25, "c": 1 - 5 * 0.375}
    assert updates_of(game) == {"player_a": 5, "player_b": 10, "player_c": 15}
    assert int(game.iteration) == 5
    assert set(history) == {mean.name for mean in game.metrics}


def test_a_game_of_three_goes_on_from_its_state(tmp_path):
    def new():
        game = Toy("abc", three_players([]))
        game.compile({player.name: keras.optimizers.Adam(0.1) for player in game.players})
        return game

    whole, first, second = new(), new(), new()
    for _ in range(4):
        whole.train_step(three_minibatches())
    first.train_step(three_minibatches())
    states.save(tmp_path, first, 0.0)
    states.restore(tmp_path, second)
    for _ in range(3):
        second.train_step(three_minibatches())
    ours, theirs = everything(second), everything(whole)
    groups = {name.split("/")[0] for name in ours}
    assert {*"abc", "player_a_optimizer", "player_b_optimizer", "player_c_optimizer"} < groups
    for variable in ours:
        assert_array_equal(ours[variable], theirs[variable], err_msg=variable)


def some_data(count=1, size=4):
    """An iteration's minibatches of a player who is called `player`."""
    return {"player": {"images": tf.zeros((count, size, 2, 2, 1))}}


def test_a_player_who_is_due_now_and_then():
    def made(game):
        always = Player(name="always", networks=("a",), loss=lambda _: game.weight("a"))
        now_and_then = Player(
            name="player",
            networks=("b",),
            loss=lambda _: game.weight("b"),
            columns=("images",),
            steps=2,
            due=lambda iteration: tf.equal(iteration % 3, 2),
            after=lambda: game.updates.assign_add(1),
        )
        return always, now_and_then

    game = descending(Toy("ab", made))
    turns = []
    for _ in range(7):
        game.train_step(some_data(2))
        turns.append(updates_of(game)["player"])
    assert turns == [0, 0, 2, 2, 2, 4, 4]
    traced = descending(Toy("ab", made))
    traced.fit(tf.data.Dataset.from_tensors(some_data(2)).repeat(7), shuffle=False, verbose=0)
    for one in (game, traced):
        assert updates_of(one) == {"always": 7, "player": 4}
        assert int(one.updates) == 4
        assert one.weights_now() == {"a": 1 - 7 * 0.125, "b": 1 - 4 * 0.125}


def test_what_is_done_after_an_update_is_done_to_what_it_left():
    def made(game):
        (weight,) = game.networks["a"].trainable_variables
        after = lambda: weight.assign(tf.maximum(weight, 0.9))
        loss = lambda _: game.weight("a")
        return (Player(name="player", networks=("a",), loss=loss, steps=2, after=after),)

    game = descending(Toy("a", made))
    logs = game.train_step(some_data(2))
    # .875 and .775 are both too low: the second update begins at .9.
    assert_allclose(game.weights_now()["a"], 0.9, rtol=1e-6)
    assert_allclose(logs["player_loss"], (1.0 + 0.9) / 2, rtol=1e-6)


def test_figures_are_told_beside_the_loss_or_in_its_place():
    def made(game):
        def loss(_):
            weight = game.weight("a")
            game.tell("half", weight / 2)
            game.tell("other_loss", 7.0)
            return weight

        row = {"networks": ("a",), "loss": loss, "steps": 2}
        return (
            Player(name="player", figures=("half", "other_loss"), **row),
            Player(name="other", figures=("half", "other_loss"), **row),
        )

    game = descending(Toy("a", made))
    # Before anything is traced, each once: losses, other figures, norms.
    assert [mean.name for mean in game.metrics] == [
        "player_loss",
        "other_loss",
        "half",
        "player_gradient_norm",
        "other_gradient_norm",
    ]
    logs = {name: float(value) for name, value in game.train_step(some_data(2)).items()}
    weights = 1.0 - 0.125 * np.arange(4)
    assert_allclose(logs["half"], np.mean(weights) / 2)
    assert_allclose(logs["player_loss"], np.mean(weights[:2]))
    # It is told, and not what its player minimises.
    assert_allclose(logs["other_loss"], 7.0)
    # A new epoch begins anew.
    game.reset_metrics()
    assert float(game.train_step(some_data(2))["half"]) < np.mean(weights) / 2


def test_a_figure_that_was_not_declared_is_refused():
    def made(game):
        def loss(_):
            game.tell("secret", 1.0)
            return game.weight("a")

        return (Player(name="player", networks=("a",), loss=loss),)

    with pytest.raises(KeyError, match="secret"):
        descending(Toy("a", made)).train_step(some_data())


def test_a_network_that_two_players_train():
    def made(game):
        both = lambda factor: lambda _: factor * (game.weight("shared") + game.weight("own"))
        return (
            Player(name="first", networks=("shared",), loss=both(1.0)),
            Player(name="second", networks=("shared", "own"), loss=both(-2.0)),
        )

    game = descending(Toy(("shared", "own", "nobody_s"), made), first=0.5, second=0.125)
    logs = game.train_step(some_data())
    # Down by .5 and up by 2 times .125; each has its own optimizer, and the norm of its own part.
    assert game.weights_now() == {"shared": 1 - 0.5 + 0.25, "own": 1 + 0.25, "nobody_s": 1.0}
    assert_allclose(logs["first_gradient_norm"], 1.0)
    assert_allclose(logs["second_gradient_norm"], 8**0.5, rtol=1e-6)
    assert updates_of(game) == {"first": 1, "second": 1}
    assert all(not optimizer.variables[2:] for optimizer in game.optimizers.values())


def test_a_game_without_an_adversary():
    def made(game):
        def loss(minibatch):
            drawn = game.networks["a"](minibatch["images"][:, 0, 0])
            return tf.reduce_mean((drawn - 3.0 * minibatch["images"][:, 0, 0]) ** 2)

        return (Player(name="player", networks=("a",), loss=loss, columns=("images",)),)

    game = descending(Toy(("a", "averaged_a"), made, averaging_decay=0.5))
    images = tf.random.stateless_normal((1, 16, 1, 1, 1), (1, 2))
    dataset = tf.data.Dataset.from_tensors({"player": {"images": images}}).repeat(60)
    history = game.fit(dataset, shuffle=False, verbose=0).history
    assert set(history) == {"player_loss", "player_gradient_norm"}
    assert_allclose(game.weights_now()["a"], 3.0, atol=1e-3)
    # Its average follows, though no player moves it.
    assert_allclose(game.weights_now()["averaged_a"], 3.0, atol=1e-3)
    assert game.networks["averaged_a"].trainable_variables == []
    assert int(game.draws) == 0


def test_averages_are_of_those_that_have_one():
    made = lambda game: (Player(name="player", networks=("b",), loss=lambda _: game.weight("b")),)
    game = Toy(("a", "averaged_a", "b"), made)
    assert [name for name, _ in game.averages] == ["a"]
    descending(game).train_step(some_data())
    assert game.weights_now() == {"a": 1.0, "averaged_a": 1.0, "b": 1 - 0.125}


@pytest.mark.parametrize(
    "names, got",
    [
        ((), "none"),
        (("generator",), "generator"),
        (("generator", "discriminator", "critic"), "generator, discriminator, critic"),
    ],
)
def test_other_optimizers_than_one_for_each_player_are_refused(names, got):
    model = built("dcgan")
    words = f"one for each of discriminator, generator, got {got}\\.$"
    with pytest.raises(ValueError, match=words):
        model.compile({name: keras.optimizers.SGD() for name in names})


LABELS = models.Condition("labels", (NUM_CLASSES,))


class TwoAdversaries(AbstractGame):
    """A generator asked by labels, a discriminator of pictures and a critic of labelled ones."""

    def __init__(self, seed=0, **critic):
        keras.utils.set_random_seed(seed)
        body = {"image_size": 8, "widths": (8,)}
        networks = {
            "generator": models.Generator(latent_dim=5, condition=LABELS, **body),
            "discriminator": models.Discriminator(**body),
            "critic": models.Discriminator(condition=LABELS, classifier=True, **body),
        }
        super().__init__(networks, seed=seed)
        self.first = models.Adversary(self, "discriminator", models.OBJECTIVES["least_squares"])
        objective = models.OBJECTIVES["wasserstein"]
        critic = {"penalty": "two_sided", "classifier_weight": 0.5, **critic}
        self.second = models.Adversary(self, "critic", objective, **critic)
        self.compile({player.name: keras.optimizers.Adam(1e-3) for player in self.players})

    @property
    def players(self):
        costs = ("seen_by_both", "seen_by_discriminator", "seen_by_critic")
        return (
            self.first.player(self.of_pictures, columns=("images", "labels")),
            self.second.player(
                self.of_labels, columns=("images", "labels", "foreign_labels"), steps=2
            ),
            Player(
                name="generator",
                networks=("generator",),
                loss=self.seen,
                columns=("labels",),
                figures=(*costs, *self.first.cost_figures, *self.second.cost_figures),
            ),
        )

    def drawn(self, labels):
        latents = self.latents(self.minibatch_size, 5)
        images = self.networks["generator"]({"latents": latents, "labels": labels}, training=True)
        return {"images": images, "labels": labels}

    def of_pictures(self, minibatch):
        real = {"images": minibatch["images"]}
        return self.first.loss(real, lambda real: pictures(self.drawn(minibatch["labels"])))

    def of_labels(self, minibatch):
        foreign = {"labels": minibatch["foreign_labels"]}
        real = {name: minibatch[name] for name in ("images", "labels")}
        return self.second.loss(real, lambda real: self.drawn(real["labels"]), foreign)

    def seen(self, minibatch):
        fake = self.drawn(minibatch["labels"])
        cost = self.first.cost(pictures(fake), figure="seen_by_discriminator")
        cost += self.second.cost(fake, figure="seen_by_critic")
        self.tell("seen_by_both", cost)
        return cost


def pictures(examples):
    return {"images": examples["images"]}


def labelled_minibatches(number=0):
    def uniform(salt, shape, high):
        return tf.random.stateless_uniform(shape, (number, salt), 0, high, tf.int32)

    def examples(salt, steps):
        images = tf.cast(uniform(salt, (steps, COUNT, 8, 8, 1), 256), tf.uint8)
        labels = uniform(salt + 1, (steps, COUNT), NUM_CLASSES)
        return {"images": images, "labels": labels}

    critic = examples(2, 2)
    critic["foreign_labels"] = (critic["labels"] + 1) % NUM_CLASSES
    return {
        "discriminator": examples(0, 1),
        "critic": critic,
        "generator": {"labels": uniform(4, (1, COUNT), NUM_CLASSES)},
    }


def test_two_adversaries_in_one_game_tell_their_figures_apart():
    game = TwoAdversaries()
    assert game.first.figures == ("discriminator_loss", "discriminator_accuracy")
    assert game.second.figures == (
        "critic_loss",
        "wasserstein_estimate_of_critic",
        "gradient_norm_of_critic",
        "critic_accuracy",
    )
    assert (game.first.cost_figures, game.second.cost_figures) == (
        (),
        ("classifier_loss_of_critic",),
    )
    before = {name: copies(network) for name, network in game.networks.items()}
    logs = {key: float(value) for key, value in game.train_step(labelled_minibatches()).items()}
    names = [mean.name for mean in game.metrics]
    assert list(logs) == names and len(set(names)) == len(names)
    assert set(names) == {
        *game.first.figures,
        *game.second.figures,
        *game.second.cost_figures,
        "seen_by_both",
        "seen_by_discriminator",
        "seen_by_critic",
        "generator_loss",
        *(f"{name}_gradient_norm" for name in game.networks),
    }
    assert np.isfinite(list(logs.values())).all()
    assert updates_of(game) == {"discriminator": 1, "critic": 2, "generator": 1}
    assert all(moved(before[name], network) for name, network in game.networks.items())
    # Latents of each update, and the points between of the critic's two.
    assert int(game.draws) == 1 + 2 + 1 + 2
    # What the generator pays is what each of them costs, and half of the classifier's weight.
    both = logs["seen_by_discriminator"] + logs["seen_by_critic"]
    classifier = 0.5 / 2 * logs["classifier_loss_of_critic"]
    assert_allclose(logs["seen_by_both"], both + classifier, rtol=1e-5)
    assert_allclose(logs["generator_loss"], logs["seen_by_both"], rtol=1e-6)


def test_two_adversaries_learn_in_a_graph():
    game = TwoAdversaries(penalty=None, clip=0.02)
    assert "gradient_norm_of_critic" not in game.second.figures
    dataset = tf.data.Dataset.range(4).map(labelled_minibatches)
    history = game.fit(dataset, shuffle=False, verbose=0).history
    assert set(history) == {mean.name for mean in game.metrics}
    assert np.isfinite(list(history.values())).all()
    # Only the weights of the one that clips are clipped.
    largest = {
        name: max(np.abs(weight).max() for weight in copies(network))
        for name, network in game.networks.items()
    }
    assert largest["critic"] <= 0.02 + 1e-9 < largest["discriminator"]


def test_an_adversary_scores_real_images_with_a_foreign_column_in_one_pass(monkeypatch):
    game = TwoAdversaries(penalty=None)
    seen = labels_given_to(game.networks["critic"], monkeypatch)
    game.minibatch_size = COUNT
    columns = {name: stack[0] for name, stack in labelled_minibatches()["critic"].items()}
    game.update(game.players[1], columns)
    labels = columns["labels"].numpy()
    assert_array_equal(seen[0], np.stack([labels, columns["foreign_labels"]], axis=1))
    assert_array_equal(seen[1], labels[:, None])


def test_an_objective_halves_its_negative_terms_where_there_are_foreign_pairs():
    objective = models.OBJECTIVES["least_squares"]
    real, fake, foreign = (tf.constant(scores) for scores in ([1.0, 3.0], [2.0, 0.0], [3.0, 1.0]))
    # (0 + 4) / 2, (4 + 0) / 2 and (9 + 1) / 2.
    assert_allclose(objective.discriminator_loss(real, fake), 2.0 + 2.0)
    assert_allclose(objective.discriminator_loss(real, fake, foreign), 2.0 + (2.0 + 5.0) / 2)
    assert_allclose(objective.generator_loss(fake), (1.0 + 1.0) / 2)


def test_minibatches_hold_what_each_player_asks_for():
    columns = {
        "images": np.broadcast_to(
            np.arange(40, dtype=np.uint8)[:, None, None, None], (40, 8, 8, 1)
        ).copy(),
        "labels": np.arange(40, dtype=np.int32) % NUM_CLASSES,
    }
    game = TwoAdversaries()
    data = Data(columns, Labels(tuple("abcd")))
    order = minibatches(data, game.players, COUNT, seed=0)
    iteration = next(iter(order.iterations()))
    for player in game.players:
        found = iteration[player.name]
        assert tuple(found) == player.columns
        assert {stack.shape[:2] for stack in found.values()} == {(player.steps, COUNT)}
    critic = {name: stack.numpy() for name, stack in iteration["critic"].items()}
    assert_array_equal(critic["images"][..., 0, 0, 0] % NUM_CLASSES, critic["labels"])
    assert (critic["foreign_labels"] != critic["labels"]).all()
    # Each player's examples are in an order of their own.
    pictures = [iteration[name]["images"].numpy()[0] for name in ("discriminator", "critic")]
    assert (pictures[0] != pictures[1]).any()
    assert np.isfinite([float(value) for value in game.train_step(iteration).values()]).all()


def odd_game(*names):
    class Odd(models.AbstractGame):
        @property
        def players(self):
            return tuple(
                models.Player(name=name, networks=(), loss=lambda minibatch: 0.0) for name in names
            )

    return Odd({})


def test_two_players_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'one' twice"):
        odd_game("one", "other", "one").compile()


def test_minibatches_without_any_column_are_refused():
    game = odd_game("one")
    game.compile()
    with pytest.raises(ValueError, match="must hold a column of some player"):
        game.train_step({"one": {}})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"steps": 2}, "steps must be 1 for the one, .*, got 2"),
        ({"due": lambda iteration: iteration > 3}, "due must be None for the one, .*, got <func"),
    ],
    ids=["steps", "due"],
)
def test_a_player_of_one_drawing_has_one_update(row, words):
    with pytest.raises(ValueError, match=words):
        Player(name="one", networks=(), loss=lambda drawn: 0.0, drawn=lambda m: m, **row)


def test_a_classifier_that_has_nothing_to_read_is_refused():
    words = "classifier_weight must be 0 where the discriminator has no condition, .*, got 0.5"
    with pytest.raises(ValueError, match=words):
        built("dcgan", classifier_weight=0.5)
