"""Which images an iteration sees."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gan_apps.data.columns import Data
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
