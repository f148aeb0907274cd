"""What the flags ask of a run: labels by their names."""

import types

import pytest
import tensorflow as tf

from gan_apps import conditions
from gan_apps.command import request_flags
from gan_apps.settings import Refused
from models.text import Labels


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A function of --label=VALUE and the names of a run's labels; the numbers that it asks for."""

    def numbers(value, names):
        values = {"digit": None, "label": value, "prompt": None}
        given = {name: types.SimpleNamespace(value=one) for name, one in values.items()}
        monkeypatch.setattr(request_flags.flags, "FLAGS", given)
        draw = types.SimpleNamespace(condition=conditions.Labels(names))
        return request_flags.requested_values(tmp_path, draw)[0]

    return numbers


@pytest.mark.parametrize(
    "value, names, expected",
    [
        ("dog,cat", ("cat", "dog"), [1, 0]),
        ("1, CAT", ("cat", "dog"), [1, 0]),
        ("cafe\u0301", ("Café", "dog"), [0]),
        ("très long", ("dog", "très long"), [1]),
        ("cats, dogs", ("a", "cats, dogs"), [1]),
        ("Cat,cat", ("Cat", "cat"), [0, 1]),
        # Folders called by numbers: the names are what is asked for.
        ("10,2", ("1", "10", "2"), [1, 2]),
        ("07", tuple("0123456789"), [7]),
    ],
)
def test_labels_are_asked_for_by_name(asked, value, names, expected):
    assert asked(value, names) == expected


@pytest.mark.parametrize(
    "value, names, words",
    [
        ("cow", ("cat", "dog"), "--label=cow: 'cow' is not one of 0 to 1 or cat, dog."),
        ("cat,cow", ("cat", "dog"), "--label=cat,cow: 'cow' is not"),
        ("0", ("1", "10", "2"), "--label=0: '0' is not one of 1, 10, 2."),
        ("x", tuple(f"c{i}" for i in range(99)), "c28, c29 and 69 more."),
    ],
)
def test_what_is_no_label_is_refused(asked, value, names, words):
    with pytest.raises(Refused) as refusal:
        asked(value, names)
    assert words in str(refusal.value)


def test_a_server_reads_labels_as_the_command_does():
    for names, words, numbers in (
        (["cat", "dog"], ["DOG", " 0 ", "2"], [1, 0, -1]),
        (["1", "10", "2"], ["10", "2", "0"], [1, 2, -1]),
    ):
        assert Labels(names)(tf.constant(words)).numpy().tolist() == numbers
