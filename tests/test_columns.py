"""A set of examples: its columns go together, and are grouped by what is drawn unasked."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gan_apps.conditions import Attributes, Labels, Nothing
from gan_apps.data.columns import Data
from gan_apps.prompts import vocabulary

FACES, NUMBERS = vocabulary.learned(["blue hair red eyes", "red hair", "red hair blue eyes"])
PICTURES = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 2, 3), np.uint8)
NOTHING = Data({"images": PICTURES})
LABELS = Data({"images": PICTURES, "labels": np.array([3, 1, 3], np.int32)}, Labels(tuple("abcd")))
ATTRIBUTES = Data(
    {"images": PICTURES, "attributes": np.asarray(NUMBERS, np.int32)}, Attributes(FACES)
)
ALL = [NOTHING, LABELS, ATTRIBUTES]


def test_examples_are_grouped_by_what_is_drawn_unasked():
    assert [LABELS.of(label).tolist() for label in range(4)] == [[], [1], [], [0, 2]]
    for data in ALL:
        groups = [data.of(value) for value in data.condition.every()]
        assert_array_equal(np.sort(np.concatenate(groups)), np.arange(3))
    assert ATTRIBUTES.of(ATTRIBUTES.condition.every()[0]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("data", ALL)
def test_every_column_of_an_example_goes_where_it_goes(data):
    assert len(data) == 3 and data.shape == (4, 2, 3)
    some = data.subset(np.array([2, 0]))
    assert len(some) == 2 and some.condition == data.condition
    assert some.columns.keys() == data.columns.keys()
    for name, values in some.columns.items():
        assert_array_equal(values, data.columns[name][[2, 0]])


@pytest.mark.parametrize("data", ALL)
def test_the_same_pictures_of_which_nothing_is_asked(data):
    bare = data.unconditional()
    assert bare.columns.keys() == {"images"} and bare.images is data.images
    assert bare.condition == Nothing() and bare.numbers is None
    assert (data.numbers is None) == (data is NOTHING)


def test_what_is_no_condition_s_stays():
    both = Data({**LABELS.columns, "outlines": PICTURES}, LABELS.condition)
    assert both.unconditional().columns.keys() == {"images", "outlines"}
