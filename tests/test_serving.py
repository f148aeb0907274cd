"""Exports draw what the network draws."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from gan_apps.drawing.latents import requested
from gan_apps.runs import run_dir
from gan_apps.serving import saved_model
from models import networks


@pytest.fixture(scope="module")
def draw(tiny_run):
    return run_dir.read_recipe(tiny_run).draw


@pytest.fixture(scope="module")
def generator(tiny_run, draw):
    generator = networks.rebuilt(draw.network)
    generator.load_weights(tiny_run / "generator.weights.h5")
    return generator


def test_the_saved_model_of_a_training_is_its_generator(tiny_run, draw, generator):
    loaded = tf.saved_model.load(str(tiny_run / run_dir.SAVED_MODEL / "1"))
    assert set(loaded.signatures) == {"latents", "images", "serving_default"}
    inputs = requested(draw, draw.condition.every(), 2, 0)
    served = loaded.signatures["latents"](
        **{name: tf.constant(values) for name, values in inputs.items()}
    )
    expected = generator(inputs, training=False)
    assert set(served) == {"images"}
    assert_allclose(served["images"], (expected + 1.0) / 2.0, atol=1e-6)


def test_versions_are_numbered_and_never_replaced(generator, draw, tmp_path):
    paths = [saved_model.write_version(generator, draw, tmp_path / "served") for _ in range(2)]
    assert [path.name for path in paths] == ["1", "2"]
    assert sorted(path.name for path in (tmp_path / "served").iterdir()) == ["1", "2"]
    assert (paths[0] / "saved_model.pb").is_file()


def test_the_litert_file_is_static_and_named(tiny_run, draw):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(tiny_run / "generator.tflite"))
    assert interpreter.get_signature_list() == {
        "latents": {"inputs": ["labels", "latents"], "outputs": ["images"]}
    }
    inputs = {d["name"]: d for d in interpreter.get_input_details()}
    shapes = sorted(tuple(int(n) for n in d["shape"]) for d in inputs.values())
    assert shapes == [(1,), (1, draw.latents.size)]
    (output,) = interpreter.get_output_details()
    assert tuple(output["shape"]) == (1, 28, 28, 1)
    assert output["dtype"] == np.float32
