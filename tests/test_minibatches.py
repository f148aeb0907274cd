"""Which images an iteration sees."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gan_apps.data.columns import OF_SIDES, Data
from gan_apps.data.minibatches import minibatches
from gan_apps.settings import Refused
from models.game import FOREIGN, Player

FOREIGN_LABELS = f"{FOREIGN}labels"


def order(data, batch_size=5, k=2, j=1, seed=0, horizontal_flips=False):
    """The minibatches of a discriminator that steps k times and of a generator that steps j."""
    labels = ("labels",) if data.condition.column else ()
    columns = {
        "discriminator": ("images", *labels, *(FOREIGN + name for name in labels)),
        "generator": labels,
    }
    players = tuple(
        Player(name=name, networks=(name,), loss=None, columns=columns[name], steps=steps)
        for name, steps in (("discriminator", k), ("generator", j))
    )
    return minibatches(data, players, batch_size, seed, horizontal_flips)


def epoch(minibatches, number, first_step=0):
    """The iterations of an epoch, from one of them on."""
    steps = minibatches.steps_per_epoch
    return list(minibatches.iterations(number * steps + first_step).take(steps - first_step))


def seen(iterations):
    """Which images (by their value) iterations hold."""
    return [one["discriminator"]["images"].numpy()[:, :, 0, 0, 0] for one in iterations]


def test_shapes_and_types(tiny_images):
    (iteration, *_) = epoch(order(tiny_images, j=3), 0)
    examples, conditions = iteration["discriminator"], iteration["generator"]
    assert examples["images"].shape == (2, 5, 28, 28, 1)
    assert examples["images"].dtype == "uint8"
    assert examples["labels"].shape == examples[FOREIGN_LABELS].shape == (2, 5)
    assert conditions["labels"].shape == (3, 5)


def test_an_epoch_sees_every_image_once(tiny_images):
    batches = order(tiny_images)
    assert batches.steps_per_epoch == 4
    values = np.concatenate([values.ravel() for values in seen(epoch(batches, 0))])
    assert_array_equal(np.sort(values), np.arange(40))


def test_epochs_seeds_differ_and_repeat(tiny_images):
    first = np.stack(seen(epoch(order(tiny_images), 0)))
    assert_array_equal(first, np.stack(seen(epoch(order(tiny_images), 0))))
    assert (first != np.stack(seen(epoch(order(tiny_images), 1)))).any()
    assert (first != np.stack(seen(epoch(order(tiny_images, seed=1), 0)))).any()


def test_an_epoch_goes_on_from_any_step(tiny_images):
    batches = order(tiny_images, j=2)
    whole, rest = epoch(batches, 3), epoch(batches, 3, first_step=2)
    assert len(rest) == 2
    for full, later in zip(whole[2:], rest, strict=True):
        for part in ("discriminator", "generator"):
            for name in full[part]:
                assert_array_equal(full[part][name], later[part][name])


def test_labels_belong_to_their_images_and_mismatched_ones_never_do(tiny_images):
    batches = order(tiny_images)
    shifts = set()
    for iteration in batches.iterations().take(20 * batches.steps_per_epoch):
        examples = iteration["discriminator"]
        labels = examples["labels"].numpy()
        assert_array_equal(labels, examples["images"].numpy()[:, :, 0, 0, 0] % 4)
        shift = (examples[FOREIGN_LABELS].numpy() - labels) % 4
        shifts.update(np.unique(shift))
    # Every foreign label occurs, and the own label never.
    assert shifts == {1, 2, 3}


def test_conditions_of_the_generator_are_drawn_apart_from_the_examples(tiny_images):
    (iteration, *_) = epoch(order(tiny_images, k=1), 0)
    labels = iteration["discriminator"]["labels"][0].numpy()
    assert (labels != iteration["generator"]["labels"][0].numpy()).any()


def test_more_images_an_iteration_than_there_are_is_refused(tiny_images):
    with pytest.raises(Refused, match="--batch_size=21 .*--discriminator_steps=2 is 42 .* has 40"):
        order(tiny_images, batch_size=21)


def test_without_labels_there_are_images_alone(tiny_images):
    whole = epoch(order(tiny_images.unconditional()), 1)
    assert all(set(i["discriminator"]) == {"images"} and i["generator"] == {} for i in whole)
    assert_array_equal(np.stack(seen(whole)), np.stack(seen(epoch(order(tiny_images), 1))))


def test_half_of_the_images_are_mirrored():
    images = np.zeros((64, 8, 8, 1), np.uint8)
    images[:, :, 0] = np.arange(1, 65, dtype=np.uint8)[:, None, None]
    mirrored = order(Data({"images": images}), 16, k=1, horizontal_flips=True)
    assert mirrored.steps_per_epoch == 4
    share = []
    for epoch_of_four in mirrored.iterations().take(10 * 4).batch(4):
        values = np.concatenate(epoch_of_four["discriminator"]["images"].numpy()[:, 0])
        left, right = values[:, 0, 0, 0], values[:, 0, -1, 0]
        # Each image once, one way or the other.
        assert_array_equal(np.sort(left + right), np.arange(1, 65))
        assert ((left == 0) != (right == 0)).all()
        share.append(np.mean(left == 0))
    assert 0.4 < np.mean(share) < 0.6 and np.std(share) > 0


def test_a_sample_is_the_seed_s(tiny_images):
    first, again, other = (tiny_images.sample(8, seed) for seed in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any() and first.shape == (8, 28, 28, 1)
    assert len(tiny_images.sample(64, seed=0)) == 64


def of_two_sets(batch_size=3, horizontal_flips=False, counts=(6, 8)):
    """Minibatches of pictures of two sets: of the first from 0 on, of the other from 100."""
    numbers = np.concatenate([np.arange(counts[0]), 100 + np.arange(counts[1])]).astype(np.uint8)
    images = np.broadcast_to(numbers[:, None, None, None], (len(numbers), 4, 4, 1)).copy()
    images[:, :, 0] += 50
    sides = (numbers >= 100).astype(np.int32)
    # Which picture is of which set does not depend on its place.
    shuffled = np.random.RandomState(0).permutation(len(numbers))
    data = Data({"images": images[shuffled], OF_SIDES: sides[shuffled]})
    player = Player(name="generator", networks=("generator",), loss=None, columns=("a", "b"))
    return minibatches(data, (player,), batch_size, 0, horizontal_flips)


def numbers_of(iterations, side):
    found = [one["generator"][side].numpy()[0, :, 0, 1, 0].astype(int) for one in iterations]
    return np.concatenate(found) - (100 if side == "b" else 0)


@pytest.mark.parametrize("side", ["a", "b"])
def test_each_of_two_sets_has_permutations_of_its_own(side):
    """Pass after pass, also where a minibatch ends one and begins the next."""
    count = {"a": 6, "b": 8}[side]
    batches = of_two_sets()
    assert (batches.images_per_iteration, batches.steps_per_epoch) == (6, 2)
    found = numbers_of(batches.iterations().take(8), side)[: 2 * count]
    passes = found.reshape(2, count)
    assert_array_equal(np.sort(passes), np.tile(np.arange(count), (2, 1)))
    assert (passes[0] != passes[1]).any()
    rest = numbers_of(batches.iterations(3).take(5), side)
    assert_array_equal(rest[: 2 * count - 9], found[9:])


def test_two_sets_of_one_size_come_in_other_orders():
    iterations = list(of_two_sets(counts=(8, 8)).iterations().take(8))
    assert (numbers_of(iterations, "a") != numbers_of(iterations, "b")).any()


def test_pictures_of_two_sets_are_mirrored_each_by_its_own_coin():
    iterations = list(of_two_sets(horizontal_flips=True).iterations().take(50))
    coins = {}
    for side in ("a", "b"):
        rows = np.concatenate([one["generator"][side].numpy()[0, :, 0, :, 0] for one in iterations])
        plain, mirrored = (rows[:, place] == rows[:, 1] + 50 for place in (0, 3))
        mirrored |= rows[:, 3] > rows[:, 2]
        coins[side] = mirrored
        assert (plain ^ mirrored).all() and 0.35 < mirrored.mean() < 0.65
    assert (coins["a"] != coins["b"]).any()
