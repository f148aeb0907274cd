"""BiGAN and ALI: the joint game at equal densities, their turned labels, and codes of pictures."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from gan_apps import conditions, systems
from gan_apps.command import requests
from gan_apps.drawing import latents
from gan_apps.runs.draws import Draw, Latents, Pictures
from gan_apps.settings import Refused
from gan_apps.settings.drawing import FromEither
from models import OBJECTIVES, BiGAN, Encoder, Generator, networks
from models.bigan import JointDiscriminator, Redrawn

NARROW = {"image_size": 8, "architecture": "mlp", "latent_dim": 3, "widths": (8,)}
RANDOM = np.random.RandomState(0)


def pictures(count=6):
    return RANDOM.uniform(-1.0, 1.0, (count, 8, 8, 1)).astype(np.float32)


def made(noise=False, objective="non_saturating", adversary=(), seed=0, **encoder):
    keras.utils.set_random_seed(seed)
    found = {}
    for prefix in ("", "averaged_"):
        found[f"{prefix}generator"] = Generator(**NARROW)
        found[f"{prefix}encoder"] = Encoder(**NARROW, noise=noise, **encoder)
    found["discriminator"] = JointDiscriminator(**NARROW, joint_width=8)
    model = BiGAN(found, objective=OBJECTIVES[objective], adversary=adversary)
    model.compile()
    model.minibatch_size = 6
    return model


def losses(model, images):
    """Of the discriminator, and of the generator with the encoder, on the same draws."""
    found = []
    for loss in (model.judged, model.turned):
        model.draws.assign(3)
        found.append(float(loss({"images": tf.constant(images)})))
    return found


def test_at_equal_joint_densities_the_game_is_worth_two_logs_of_two():
    model = made()
    # The best discriminator there is D = 1/2, a score of 0.
    last = model.networks["discriminator"].get_layer("scores")
    last.set_weights([np.zeros_like(weight) for weight in last.get_weights()])
    assert_allclose(losses(model, pictures()), 2.0 * math.log(2.0), rtol=1e-6)


@pytest.mark.parametrize("noise", [False, True])
def test_labels_are_turned_for_the_generator_and_the_encoder(noise):
    model = made(noise)
    images = tf.constant(pictures())
    found = losses(model, images)
    # Which of the two draws its noise first is the players' own.
    for first, loss, sign in (("real", found[0], 1.0), ("fake", found[1], -1.0)):
        model.draws.assign(3)
        draw = {"real": lambda: model.coded(images), "fake": lambda: model.drawn({})}
        pairs = {name: draw[name]() for name in dict.fromkeys((first, *draw))}
        real, fake = (model.networks["discriminator"](pairs[name], training=True) for name in draw)
        expected = tf.reduce_mean(tf.nn.softplus(-sign * real) + tf.nn.softplus(sign * fake))
        assert_allclose(loss, float(expected), rtol=1e-5)


def test_an_encoder_with_noise_draws_its_codes():
    images = np.repeat(pictures(1), 400, axis=0)
    model = made(noise=True)
    head = model.networks["encoder"].get_layer("log_deviation")
    head.set_weights([np.zeros_like(head.kernel), np.full(3, -1.0)])
    codes = model.coded(images)["latents"].numpy()
    assert_allclose(codes.std(axis=0), math.exp(-1.0), rtol=0.15)
    mean = model.networks["encoder"]({"images": images[:1]})["mean"].numpy()
    assert_allclose(codes.mean(axis=0), mean[0], atol=0.1)
    # Without, a code is a function of its picture.
    plain = made(noise=False, levelled=False)
    assert_array_equal(*(plain.coded(images[:2])["latents"].numpy()[None] for _ in range(2)))


def test_codes_are_levelled_unless_told_otherwise():
    images = pictures(400)
    means = [
        Encoder(**NARROW, noise=False, levelled=levelled)({"images": images}, training=True)["mean"]
        for levelled in (True, False)
    ]
    assert_allclose(means[0].numpy().std(axis=0), 1.0, rtol=1e-2)
    assert np.abs(means[1].numpy().std(axis=0) - 1.0).min() > 0.05
    assert "levelled" not in Encoder(**NARROW, noise=False).get_config()


def test_each_player_moves_its_own_and_r1_looks_at_pictures():
    model = made(adversary={"real_gradient_weight": 1.0, "real_gradient_interval": 1})
    before = {name: network.get_weights() for name, network in model.networks.items()}
    stack = {"images": tf.constant(pictures())[None]}
    step = tf.function(model.train_step, autograph=False)
    logs = step({"discriminator": stack, "generator": stack})
    assert all(np.isfinite(float(value)) for value in logs.values())
    for name, network in model.networks.items():
        moved = [
            np.abs(a - b).max() for a, b in zip(before[name], network.get_weights(), strict=True)
        ]
        assert max(moved) > 0, name
    discriminator, generator = model.players
    assert discriminator.networks == ("discriminator",)
    assert generator.networks == ("generator", "encoder")


def test_the_encoder_turns_the_generator_around_on_a_toy():
    """Pictures of two gray levels: what is drawn from the code of a picture is nearly it."""
    keras.utils.set_random_seed(0)
    narrow = {**NARROW, "latent_dim": 1, "widths": (32,)}
    found = {
        "generator": Generator(**narrow, normalization="none"),
        "encoder": Encoder(**narrow, noise=False),
        "discriminator": JointDiscriminator(**narrow, joint_width=32),
    }
    model = BiGAN(found, objective=OBJECTIVES["non_saturating"])
    optimizer = lambda: keras.optimizers.Adam(2e-3, 0.5)
    model.compile({"discriminator": optimizer(), "generator": optimizer()})
    level = RANDOM.choice([-0.8, 0.8], 64).astype(np.float32)
    images = np.broadcast_to(level[:, None, None, None], (64, 8, 8, 1)).copy()
    stack = {"images": tf.constant(images)[None]}
    step = tf.function(model.train_step, autograph=False)
    for _ in range(400):
        step({"discriminator": stack, "generator": stack})
    code = found["encoder"]({"images": images})["mean"]
    again = found["generator"]({"latents": code}).numpy()
    assert np.abs(again - images).mean() < 0.25
    assert np.mean(np.sign(again.mean(axis=(1, 2, 3))) == np.sign(level)) == 1.0


def test_what_is_drawn_again_is_rebuilt_and_says_its_code():
    network = Redrawn(encoder={**NARROW, "noise": False}, generator=NARROW)
    again = networks.rebuilt(networks.described(network))
    again.set_weights(network.get_weights())
    images = pictures()
    assert_allclose(again({"images": images}), network({"images": images}), rtol=1e-6)
    drawn = network.get_layer("generator")({"latents": network.code(images)["mean"]})
    assert_allclose(network({"images": images}), drawn, rtol=1e-6)


def latent_draw():
    return Draw(
        network={"class": "networks.Generator", "config": {}},
        shape=(8, 8, 1),
        latents=Latents(size=3),
    )


def test_the_way_between_two_pictures_is_that_between_their_codes(tmp_path):
    for name, level in (("dark", 20), ("light", 200)):
        Image.fromarray(np.full((8, 8), level, np.uint8)).save(tmp_path / f"{name}.png")

    def code(images):
        return np.stack([images.mean(axis=(1, 2, 3)), *np.ones((2, len(images)))], axis=1).astype(
            np.float32
        )

    paths = f"{tmp_path / 'dark.png'}, {tmp_path / 'light.png'}"
    asked = FromEither(interpolate=paths, frames=5)
    request = requests.request(tmp_path / "run", latent_draw(), asked, None, code)
    assert request.output.name == "run_interpolate_dark_light.png" and request.columns == 5
    ends = code(np.stack([np.full((8, 8, 1), level / 127.5 - 1.0) for level in (20, 200)]))
    rows = request.inputs["latents"]
    assert_allclose(rows[[0, -1]], ends, atol=1e-5)
    expected = latents.interpolated(latent_draw(), [()], (0, 0), np.linspace(0, 1, 5), None, ends)
    assert_allclose(rows, expected["latents"], atol=1e-5)
    # Seeds are seeds still.
    seeds = requests.request(tmp_path, latent_draw(), FromEither(interpolate="1,2"), None, code)
    first = latents.requested(latent_draw(), conditions.Nothing().every(), 1, 1)["latents"]
    assert_allclose(seeds.inputs["latents"][:1], first, atol=1e-6)
    for words, coder, asked in (
        ("must be two seeds, or two files", code, "1,2,3"),
        ("must be two seeds, such", None, "1"),
        ("is not a seed", None, paths),
        (r"gone.png: cannot be used", code, f"{tmp_path / 'dark.png'},gone.png"),
    ):
        with pytest.raises(Refused, match=words):
            request = FromEither(interpolate=asked)
            requests.request(tmp_path, latent_draw(), request, None, coder)


def test_a_draw_that_says_codes_is_written_and_read():
    draw = Draw(
        network={"class": "bigan.Redrawn", "config": {}},
        shape=(8, 8, 1),
        pictures=Pictures(column="images", shape=(8, 8, 1)),
        parts=("encoder", "generator"),
        coded_for="generator",
    )
    assert Draw.from_json(json.loads(json.dumps(draw.to_json()))) == draw
    assert "coded_for" not in latent_draw().to_json()
    with pytest.raises(TypeError, match="coded_for must be the name of a draw, got 3"):
        Draw(network=draw.network, shape=draw.shape, pictures=draw.pictures, coded_for=3)


@pytest.mark.slow
def test_a_run_finds_codes_in_either_runtime_and_is_measured_by_them(tmp_path):
    from gan_apps.drawing import runtimes
    from gan_apps.runs import run_dir
    from gan_apps.training import train
    from tests.conftest import TINY

    system = systems.find("bigan")
    config = system.config(**{**TINY, "num_epochs": 2, "encoder_widths": (8, 16)})
    run = train.train(system, config, tmp_path / "run")
    report = json.loads((run / run_dir.EVALUATION).read_text())
    assert report["neighbour_accuracy"] > 0.7
    recipe = run_dir.read_recipe(run)
    images = RANDOM.uniform(-1, 1, (3, 28, 28, 1)).astype(np.float32)
    litert, found = (
        runtimes.open_coder(run, recipe, "generator", runtime)(images)
        for runtime in ("litert", "keras")
    )
    assert litert.shape == (3, 8)
    assert_allclose(litert, found, atol=1e-4)
    # The picture that is drawn from the code is the one that is drawn from the picture.
    again = runtimes.open_generator(run, recipe, name="reconstruction")({"images": images})
    drawn = runtimes.open_generator(run, recipe, name="generator")({"latents": litert})
    assert_allclose(drawn, again, atol=1e-4)
    assert runtimes.open_coder(run, recipe, "reconstruction") is None
