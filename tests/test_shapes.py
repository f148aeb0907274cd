"""The shapes of the benchmark: what is counted as right is, and nothing else."""

import numpy as np
import pytest

from benchmarks import shapes


@pytest.fixture(scope="module")
def every():
    random = np.random.RandomState(0)
    return [(scene, shapes.picture(scene, random)) for scene in shapes.scenes()]


def test_a_scene_is_right_by_its_own_picture_alone(every):
    assert all(shapes.is_of(scene, image) for scene, image in every)
    assert not shapes.is_of(every[0][0], np.zeros_like(every[0][1]))
    for scene, image in every:
        if len(scene.shapes) > 1:
            assert not shapes.is_of(scene.swapped, image)
    for (scene, _), (other, image) in zip(every, every[1:] + every[:1], strict=True):
        alike = {(colour, scene.size, scene.place) for colour, _ in scene.shapes} == {
            (colour, other.size, other.place) for colour, _ in other.shapes
        }
        if not alike:
            assert not shapes.is_of(scene, image), (scene, other)


def test_what_is_held_out_is_made_of_what_is_learned():
    known, held_out = shapes.parted()
    assert not set(known) & set(held_out) and len(known) + len(held_out) == len(shapes.scenes())
    parts = lambda some: {part for s in some for part in (*s.shapes, s.size, s.place)}
    assert parts(held_out) <= parts(known)
    # Of one shape and of two.
    assert {len(scene.shapes) for scene in held_out} == {1, 2}


def test_two_shapes_are_told_apart_by_the_order_of_words_alone():
    scene = next(scene for scene in shapes.scenes() if len(scene.shapes) > 1)
    for seed in range(20):
        one, other = (
            shapes.sentence(some, np.random.RandomState(seed)) for some in (scene, scene.swapped)
        )
        assert one != other and sorted(one.split()) == sorted(other.split())
    # Either may be named first.
    said = {shapes.sentence(scene, np.random.RandomState(seed)) for seed in range(200)}
    assert len(said) == 2 * 2 * (len(shapes.CALLED[scene.shapes[0][1]]) ** 2)
