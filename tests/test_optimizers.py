"""Adam by one kernel."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from models.optimizers import Adam


def moved(kind, beta_1, gradients, **options):
    """The weights after an update by each gradient, and the optimizer's own variables."""
    weights = [keras.Variable(np.linspace(-1, 1, 12).reshape(3, 4)), keras.Variable([0.5])]
    optimizer = kind(1e-2, beta_1=beta_1, beta_2=0.9, **options)
    optimizer.build(weights)
    step = tf.function(lambda first, second: optimizer.apply([first, second], weights))
    for first, second in gradients:
        step(first, second)
    return [variable.numpy() for variable in (*weights, *optimizer.variables)]


@pytest.fixture
def gradients():
    random = np.random.RandomState(0)
    return [
        (random.normal(size=(3, 4)).astype("float32"), random.normal(size=1).astype("float32"))
        for _ in range(5)
    ]


@pytest.mark.parametrize("beta_1", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("options", [{}, {"amsgrad": True}, {"weight_decay": 0.1, "clipnorm": 1.0}])
def test_it_is_the_update_of_keras(beta_1, options, gradients):
    ours, theirs = (
        moved(kind, beta_1, gradients, **options) for kind in (Adam, keras.optimizers.Adam)
    )
    for one, other in zip(ours, theirs, strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_rows_that_were_looked_up_alone_have_the_gradient_of_the_whole_table():
    """Keras squares what a row was looked up for twice before it is added up."""
    found = []
    for kind, whole in ((Adam, False), (keras.optimizers.Adam, True)):
        table = keras.Variable(np.ones((4, 2), "float32"))
        optimizer = kind(1e-2)
        for _ in range(2):
            with tf.GradientTape() as tape:
                cost = tf.reduce_sum(tf.gather(table.value, [1, 1, 3]) ** 2)
            gradient = tape.gradient(cost, table.value)
            assert isinstance(gradient, tf.IndexedSlices)
            optimizer.apply([tf.convert_to_tensor(gradient) if whole else gradient], [table])
        found.append(table.numpy())
    assert_allclose(*found, rtol=1e-6)
    assert (found[0][[0, 2]] == 1.0).all() and (found[0][[1, 3]] < 1.0).all()


def test_it_is_saved_as_itself():
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(Adam(1e-3, beta_1=0.25))
    )
    assert type(again) is Adam
    assert float(again.beta_1) == 0.25
