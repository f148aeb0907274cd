"""Every shipped run, exported, through the loader and session that TF-Serving uses."""

import concurrent.futures
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps.drawing import latents, runtimes
from gan_apps.runs import run_dir
from gan_apps.serving import exports
from tests import c_session
from tests.conftest import SHIPPED_RUNS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (c_session.FOLDER / "libtensorflow_cc.so.2").is_file(),
        reason="this platform's tensorflow brings no libtensorflow_cc.so.2",
    ),
]


@pytest.fixture(scope="module", params=SHIPPED_RUNS)
def served(request, tmp_path_factory):
    """(draw, folder of the version, session, generator drawn here) of each shipped run."""
    run = run_dir.shipped(request.param)
    recipe = run_dir.read_recipe(run)
    output = tmp_path_factory.mktemp("exports") / request.param
    (form,) = exports.export(run, recipe, output, "saved_model")
    local = runtimes.open_generator(run, recipe, "litert")
    return recipe.draw, form.path, c_session.Session(form.path), local


def asked(draw, count):
    """Inputs of the signatures that take seeds, for `count` pictures."""
    inputs = {"seed": np.arange(count, dtype=np.int64)}
    words = []
    if draw.condition.kind == "attributes":
        words = [slot.attributes[0].encode() for slot in draw.condition.vocabulary.slots]
    elif draw.condition.kind == "labels":
        words = [name.encode() for name in draw.condition.names]
    if words:
        inputs["prompt"] = [words[number % len(words)] for number in range(count)]
    return inputs


def row(inputs, number):
    return {name: values[number : number + 1] for name, values in inputs.items()}


def test_its_pictures_are_those_drawn_here(served):
    draw, _, session, local = served
    inputs = latents.requested(draw, draw.condition.every()[:3], 3, 1)
    images = session.run("latents", inputs)["images"]
    assert_allclose(images, (local(inputs) + 1.0) / 2.0, atol=1 / 255)


def test_files_images_and_seeds_agree(served):
    draw, _, session, _ = served
    inputs = asked(draw, 5)
    images = session.run("images", inputs)["images"]
    files = session.run("serving_default", inputs)["image_bytes"]
    for number, (image, file) in enumerate(zip(images, files, strict=True)):
        with Image.open(io.BytesIO(file)) as picture:
            pixels = np.asarray(picture).reshape(image.shape)
        assert_allclose(pixels, image * 255, atol=0.51)
        # The picture of a request does not depend on what is drawn with it.
        alone = session.run("images", row(inputs, number))["images"][0]
        assert_allclose(alone, image, atol=1e-4)


def test_callers_at_once_get_what_each_asked_for(served):
    draw, _, session, _ = served
    inputs = asked(draw, 24)
    expected = session.run("images", inputs)["images"]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        replies = pool.map(lambda number: session.run("images", row(inputs, number)), range(24))
        for reply, image in zip(replies, expected, strict=True):
            assert_allclose(reply["images"][0], image, atol=1e-4)


def test_a_prompt_that_is_not_understood_is_an_invalid_argument(served):
    draw, _, session, _ = served
    if draw.condition.column is None:
        assert set(session.signatures["images"].inputs) == {"seed"}
        return
    inputs = asked(draw, 2)
    inputs["prompt"][1] = b"rainbow hair"
    with pytest.raises(c_session.SessionError, match="not understood.*rainbow hair") as failure:
        session.run("images", inputs)
    assert failure.value.code == c_session.INVALID_ARGUMENT


# TensorFlow's tool with one list of arguments after the other; its process knows nothing of us.
SAVED_MODEL_CLI = """
import json, sys
from tensorflow.python.tools import saved_model_cli
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        saved_model_cli.main()
    except SystemExit as end:
        if end.code:
            raise
"""


def test_saved_model_cli_shows_every_signature_and_runs_one(served, tmp_path):
    draw, path, session, _ = served
    expressions = "seed=[3]"
    inputs = {"seed": np.array([3], np.int64)}
    if draw.condition.column is not None:
        inputs["prompt"] = asked(draw, 1)["prompt"]
        expressions += f";prompt=['{inputs['prompt'][0].decode()}']"
    model = ["--dir", str(path), "--tag_set", "serve"]
    runs = ["--signature_def", "images", "--input_exprs", expressions, "--outdir", str(tmp_path)]
    calls = json.dumps([["show", *model], ["run", *model, *runs]])
    result = subprocess.run(
        [sys.executable, "-c", SAVED_MODEL_CLI, calls], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    for name in ("serving_default", "images", "latents"):
        assert f'SignatureDef key: "{name}"' in result.stdout
        assert name in session.signatures
    drawn = np.load(tmp_path / "images.npy")
    assert_allclose(drawn, session.run("images", inputs)["images"], atol=1e-4)
