"""Which images an iteration sees."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gan_apps.data.minibatches import Minibatches
from gan_apps.data.sources import Images
from gan_apps.settings import Refused


def minibatches(tiny_images, batch_size=5, k=2, j=1, seed=0):
    return Minibatches(tiny_images, batch_size, k, j, seed)


def seen(dataset):
    """Which images (by their value) the iterations of a dataset hold."""
    return [iteration["examples"]["images"].numpy()[:, :, 0, 0, 0] for iteration in dataset]


def test_shapes_and_types(tiny_images):
    (iteration, *_) = minibatches(tiny_images, j=3).epoch(0)
    examples, conditions = iteration["examples"], iteration["conditions"]
    assert examples["images"].shape == (2, 5, 28, 28, 1)
    assert examples["images"].dtype == "uint8"
    assert examples["labels"].shape == examples["mismatched_labels"].shape == (2, 5)
    assert conditions["labels"].shape == (3, 5)


def test_an_epoch_sees_every_image_once(tiny_images):
    batches = minibatches(tiny_images)
    assert batches.steps_per_epoch == 4
    values = np.concatenate([values.ravel() for values in seen(batches.epoch(0))])
    assert_array_equal(np.sort(values), np.arange(40))


def test_epochs_seeds_differ_and_repeat(tiny_images):
    first = np.stack(seen(minibatches(tiny_images).epoch(0)))
    assert_array_equal(first, np.stack(seen(minibatches(tiny_images).epoch(0))))
    assert (first != np.stack(seen(minibatches(tiny_images).epoch(1)))).any()
    assert (first != np.stack(seen(minibatches(tiny_images, seed=1).epoch(0)))).any()


def test_an_epoch_goes_on_from_any_step(tiny_images):
    batches = minibatches(tiny_images, j=2)
    whole, rest = list(batches.epoch(3)), list(batches.epoch(3, first_step=2))
    assert len(rest) == 2
    for full, later in zip(whole[2:], rest, strict=True):
        for part in ("examples", "conditions"):
            for name in full[part]:
                assert_array_equal(full[part][name], later[part][name])


def test_labels_belong_to_their_images_and_mismatched_ones_never_do(tiny_images):
    batches = minibatches(tiny_images)
    shifts = set()
    for epoch in range(20):
        for iteration in batches.epoch(epoch):
            examples = iteration["examples"]
            labels = examples["labels"].numpy()
            assert_array_equal(labels, examples["images"].numpy()[:, :, 0, 0, 0] % 4)
            shift = (examples["mismatched_labels"].numpy() - labels) % 4
            shifts.update(np.unique(shift))
    # Every foreign label occurs, and the own label never.
    assert shifts == {1, 2, 3}


def test_conditions_of_the_generator_are_drawn_apart_from_the_examples(tiny_images):
    (iteration, *_) = minibatches(tiny_images, k=1).epoch(0)
    labels = iteration["examples"]["labels"][0].numpy()
    assert (labels != iteration["conditions"]["labels"][0].numpy()).any()


def test_more_images_an_iteration_than_there_are_is_refused(tiny_images):
    with pytest.raises(Refused, match="--batch_size=21 .*--discriminator_steps=2 is 42 .* has 40"):
        minibatches(tiny_images, batch_size=21)


def test_without_labels_there_are_images_alone(tiny_images):
    bare = Images(tiny_images.images)
    whole = list(Minibatches(bare, 5, 2, 1, 0).epoch(1))
    assert all(set(i["examples"]) == {"images"} and i["conditions"] == {} for i in whole)
    assert_array_equal(np.stack(seen(whole)), np.stack(seen(minibatches(tiny_images).epoch(1))))


def test_half_of_the_images_are_mirrored():
    images = np.zeros((64, 8, 8, 1), np.uint8)
    images[:, :, 0] = np.arange(1, 65, dtype=np.uint8)[:, None, None]
    mirrored = Minibatches(Images(images), 16, 1, 1, 0, horizontal_flips=True)
    share = []
    for epoch in range(10):
        (values,) = (
            np.concatenate([i["examples"]["images"].numpy()[0] for i in mirrored.epoch(epoch)]),
        )
        left, right = values[:, 0, 0, 0], values[:, 0, -1, 0]
        # Each image once, one way or the other.
        assert_array_equal(np.sort(left + right), np.arange(1, 65))
        assert ((left == 0) != (right == 0)).all()
        share.append(np.mean(left == 0))
    assert 0.4 < np.mean(share) < 0.6 and np.std(share) > 0


def test_a_sample_is_the_seed_s(tiny_images):
    first, again, other = (minibatches(tiny_images, seed=s).sample(8) for s in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any() and first.shape == (8, 28, 28, 1)
    assert len(minibatches(tiny_images).sample(64)) == 64
