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

from gan_apps.drawing import pictures, runtimes
from gan_apps.evaluation import forms
from gan_apps.runs import run_dir
from gan_apps.serving import exports
from tests import c_session, picture_runs
from tests.conftest import SHIPPED_RUNS

# Some that draw from pictures: gray sketches, pictures in colour, and the last frames of clips.
MADE = {
    "sketches": {},
    "colours": {"source_channels": 3, "made_by": None},
    "clips": {"source_channels": 12, "made_by": None, "frames": 4},
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (c_session.FOLDER / "libtensorflow_cc.so.2").is_file(),
        reason="this platform's tensorflow brings no libtensorflow_cc.so.2",
    ),
]


@pytest.fixture(scope="module", params=[*SHIPPED_RUNS, *MADE])
def run(request, tmp_path_factory):
    if request.param not in MADE:
        return run_dir.shipped(request.param)
    made = tmp_path_factory.mktemp("runs") / request.param
    picture_runs.made(made, **MADE[request.param])
    return made


@pytest.fixture(scope="module")
def served(run, tmp_path_factory):
    """(draw, folder of the version, session, generator drawn here) of each run."""
    recipe = run_dir.read_recipe(run)
    output = tmp_path_factory.mktemp("exports") / run.name
    (form,) = exports.export(run, recipe, output, "saved_model")
    local = runtimes.open_generator(run, recipe, "litert")
    return recipe.draw, form.path, c_session.Session(form.path), local


def asked(draw, count):
    """What is asked of the signatures that take no numbers of the network, `count` times."""
    inputs, words = {}, []
    if draw.latents is not None:
        inputs["seed"] = np.arange(count, dtype=np.int64)
    if draw.condition.kind == "attributes":
        words = [slot.attributes[0].encode() for slot in draw.condition.vocabulary.slots]
    elif draw.condition.kind == "labels":
        words = [name.encode() for name in draw.condition.names]
    if words:
        inputs["prompt"] = [words[number % len(words)] for number in range(count)]
    if draw.pictures is not None:
        frames = draw.pictures.frames
        inputs["image_bytes"] = as_asked(
            draw,
            [[given(number + place, draw) for place in range(frames)] for number in range(count)],
        )
    return inputs


def as_asked(draw, clips):
    """Lists of files as a run is given them: of a clip all, of others the one."""
    return clips if draw.goes_on else [clip[0] for clip in clips]


def given(number, draw):
    """A file of a picture of any kind, and of any size where that does not change the answer's."""
    channels, kind, size = [(3, "PNG", 80), (3, "JPEG", 33), (1, "PNG", 20), (4, "PNG", 40)][
        number % 4
    ]
    size = 20 if draw.is_any_size else size
    return picture_runs.encoded(picture_runs.scene(size, channels, number), kind)


def row(inputs, number):
    return {name: values[number : number + 1] for name, values in inputs.items()}


def test_its_pictures_are_those_drawn_here(run, served):
    draw, _, session, local = served
    name = next(iter(run_dir.read_recipe(run).draws))
    inputs, _ = forms.inputs(run, name, draw, seed=1)
    inputs = {name: values[::7][:9] for name, values in inputs.items()}
    images = session.run(draw.signature, inputs)["images"]
    assert_allclose(images, (local(inputs) + 1.0) / 2.0, atol=1 / 255)


def test_a_file_gives_the_picture_that_is_drawn_of_it_here(run, served):
    draw, _, session, local = served
    if not draw.takes_files:
        assert "sketch_first" not in session.signatures
        return
    side, *_ = draw.pictures.shape if draw.is_any_size else draw.shape
    scenes = np.stack([picture_runs.scene(side, seed=seed) for seed in range(3)])
    frames = draw.pictures.frames
    encoded = [[picture_runs.encoded(image)] * frames for image in scenes]
    files = {"image_bytes": as_asked(draw, encoded)}

    def drawn(sources):
        signed = sources / np.float32(127.5) - np.float32(1.0)
        return pictures.to_bytes(local({draw.pictures.column: signed}))

    def answered(signature):
        for file in session.run(signature, files)["image_bytes"]:
            with Image.open(io.BytesIO(file)) as picture:
                assert picture.format == "PNG"
                yield np.asarray(picture, int).reshape(draw.shape)

    expected = drawn(
        np.concatenate([pictures.fitted(scenes, draw.pictures.shape_of_one)] * frames, -1)
    )
    assert_allclose(list(answered("serving_default")), expected, atol=1)
    assert ("sketch_first" in session.signatures) == draw.is_from_made
    if draw.is_from_made:
        sketch = runtimes.open_sketch(run, "generator", draw, "litert")
        sketches = pictures.to_bytes(sketch(scenes / np.float32(127.5) - np.float32(1.0)))
        assert 0.02 < (sketches == 0).mean() < 0.5
        assert_allclose(list(answered("sketch_first")), drawn(sketches), atol=1)


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


def test_a_file_that_is_no_picture_is_an_invalid_argument(served):
    draw, _, session, _ = served
    assert ("image_bytes" in session.signatures["images"].inputs) == (draw.pictures is not None)
    if draw.pictures is None:
        return
    for content, words in ((b"a letter", "neither a PNG nor a JPEG"), (given(0, draw)[:99], "PNG")):
        clips = [[content] * draw.pictures.frames]
        inputs = {**asked(draw, 1), "image_bytes": as_asked(draw, clips)}
        with pytest.raises(c_session.SessionError, match=words) as failure:
            session.run("serving_default", inputs)
        assert failure.value.code == c_session.INVALID_ARGUMENT


def test_a_prompt_that_is_not_understood_is_an_invalid_argument(served):
    draw, _, session, _ = served
    assert ("seed" in session.signatures["images"].inputs) == (draw.latents is not None)
    assert ("prompt" in session.signatures["images"].inputs) == (draw.condition.column is not None)
    if draw.condition.column is None:
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
for arguments in json.load(sys.stdin):
    sys.argv[1:] = arguments
    try:
        saved_model_cli.main()
    except SystemExit as end:
        if end.code:
            raise
"""


# A run of each kind of what is asked: labels, words, pictures.
@pytest.mark.parametrize("run", ["cgan_digits", "cgan_anime", "sketches"], indirect=True)
def test_saved_model_cli_shows_every_signature_and_runs_one(served, tmp_path):
    draw, path, session, _ = served
    inputs = asked(draw, 1)
    # Its expressions are of numbers and texts; files of pictures are neither.
    if draw.pictures is not None:
        inputs = {name: np.zeros((1, *shape), kind) for name, (shape, kind) in draw.inputs.items()}
    signature = "images" if draw.pictures is None else draw.signature
    expressions = ";".join(
        f"{name}={values.tolist() if isinstance(values, np.ndarray) else [values[0].decode()]}"
        for name, values in inputs.items()
    )
    model = ["--dir", str(path), "--tag_set", "serve"]
    runs = ["--signature_def", signature, "--input_exprs", expressions, "--outdir", str(tmp_path)]
    calls = json.dumps([["show", *model], ["run", *model, *runs]])
    result = subprocess.run(
        [sys.executable, "-c", SAVED_MODEL_CLI],
        input=calls,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    for name in ("serving_default", "images", draw.signature):
        assert f'SignatureDef key: "{name}"' in result.stdout
        assert name in session.signatures
    drawn = np.load(tmp_path / "images.npy")
    assert_allclose(drawn, session.run(signature, inputs)["images"], atol=1e-4)
