"""The client against servers that answer as TF-Serving does, and against some that do not.

`served` is a double: the real SavedModel, run by TensorFlow in this process, behind the server's
rules for JSON. Where TF_SERVING_URL names a real server with the model cgan_digits, or where
tensorflow_model_server is on PATH, that is asked too.
"""

import base64
import concurrent.futures
import contextlib
import http.server
import io
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_apps.clients import servers
from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.runs import run_dir
from gan_apps.serving import exports
from gan_apps.settings import Failed, Refused
from tests import picture_runs

MODEL = "cgan_digits"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    run = run_dir.shipped(MODEL)
    output = tmp_path_factory.mktemp("exports") / MODEL
    exports.export(run, run_dir.read_recipe(run), output, "saved_model")
    return output


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(str(exported / "saved_model" / "1")).signatures


@contextlib.contextmanager
def http_server(answer):
    """A server on loopback; `answer` gets path and body, and returns (code, content)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code, content = answer(self.path, body)
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def listed(name, values):
    """An output as the server's JSON has it: bytes in base64 if the name ends in _bytes."""
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(value).decode()} for value in values]
    return values.tolist()


def error(code, words):
    return code, json.dumps({"error": words}).encode()


def given(values, dtype):
    """An input as the server reads its JSON: bytes are in base64."""

    def read(one):
        if isinstance(one, list):
            return [read(part) for part in one]
        return base64.b64decode(one["b64"]) if isinstance(one, dict) else one

    return tf.constant(read(values) if dtype == tf.string else values, dtype)


def answering(signatures, model):
    """What a server answers that has the signatures of one model."""

    def answer(path, body):
        name, _, verb = path.removeprefix("/v1/models/").partition(":")
        if verb != "predict" or name != model:
            return error(404, f"Servable not found for request: Latest({name})")
        request = json.loads(body)
        signature = signatures.get(request.get("signature_name", "serving_default"))
        if signature is None:
            return error(400, "Serving signature not found")
        types = {spec.name: spec for spec in signature.structured_input_signature[1].values()}
        if request["inputs"].keys() != types.keys():
            return error(400, f"inputs must be {sorted(types)}")
        inputs = {key: given(values, types[key].dtype) for key, values in request["inputs"].items()}
        outputs = {key: listed(key, value.numpy()) for key, value in signature(**inputs).items()}
        # The server gives a single output without its name.
        only = outputs if len(outputs) > 1 else next(iter(outputs.values()))
        return 200, json.dumps({"outputs": only}).encode()

    return answer


@pytest.fixture(scope="module")
def served(signatures):
    with http_server(answering(signatures, MODEL)) as url:
        yield url


def grid(path):
    with Image.open(path) as image:
        return np.asarray(image, int)


def test_the_server_s_pictures_are_those_drawn_here(served, gan_apps, tmp_path):
    asked = ["--digit=9,3", "--seed=5", "--num_images=3"]
    remote = gan_apps("client", f"--server={served}", f"--model={MODEL}", *asked, "--output=a.png")
    assert remote.returncode == 0 and remote.stderr == "", remote.stderr
    assert remote.stdout == "a.png\n"
    assert gan_apps("cgan", *asked, "--output=b.png").returncode == 0
    assert np.abs(grid(tmp_path / "a.png") - grid(tmp_path / "b.png")).max() <= 1


def test_without_a_name_the_file_is_the_command_s(served, gan_apps, tmp_path):
    result = gan_apps("client", f"--server={served}/", f"--model={MODEL}", "--digit=4")
    assert result.stdout == "digit_4.png\n", result.stderr
    assert (tmp_path / "digit_4.png").is_file()


def inputs_of(digits, count):
    recipe = run_dir.read_recipe(run_dir.shipped(MODEL))
    return recipe, latents.requested(recipe.draw, digits, count, 1)


def test_many_pictures_are_asked_for_in_parts(served):
    recipe, inputs = inputs_of([1, 2], 40)
    drawn = servers.open_generator(served, MODEL, recipe.draw)(inputs)
    here = runtimes.open_generator(run_dir.shipped(MODEL), recipe, "litert")(inputs)
    assert drawn.shape == (80, 28, 28, 1) and len(drawn) > 2 * servers.BATCH
    np.testing.assert_allclose(drawn, here, atol=1e-4)


def test_many_clients_at_once_get_what_each_asked_for(served):
    recipe, _ = inputs_of([0], 1)
    generator = servers.open_generator(served, MODEL, recipe.draw)
    requests = [latents.requested(recipe.draw, [seed % 10], 2, seed) for seed in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(generator, requests))
    local = runtimes.open_generator(run_dir.shipped(MODEL), recipe, "litert")
    for request, reply in zip(requests, replies, strict=True):
        np.testing.assert_allclose(reply, local(request), atol=1e-4)


def test_png_files_come_in_base64(served):
    body = {"inputs": {"prompt": ["7"], "seed": [3]}}
    request = urllib.request.Request(
        f"{served}/v1/models/{MODEL}:predict", data=json.dumps(body).encode()
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        (output,) = json.load(reply)["outputs"]
    with Image.open(io.BytesIO(base64.b64decode(output["b64"]))) as image:
        assert image.format == "PNG" and image.size == (28, 28)


@pytest.fixture
def real_server(exported):
    """The address of a real TF-Serving server."""
    if "TF_SERVING_URL" in os.environ:
        yield os.environ["TF_SERVING_URL"]
        return
    binary = shutil.which("tensorflow_model_server")
    if binary is None:
        pytest.skip("no tensorflow_model_server on PATH, and TF_SERVING_URL names none")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"--model_base_path={exported / 'saved_model'}"
    process = subprocess.Popen(
        [binary, f"--rest_api_port={port}", f"--model_name={MODEL}", base, "--port=0"]
    )
    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_a_real_server_draws_the_same(real_server):
    recipe, inputs = inputs_of([1, 2], 4)
    drawn = servers.open_generator(real_server, MODEL, recipe.draw)(inputs)
    here = runtimes.open_generator(run_dir.shipped(MODEL), recipe, "litert")(inputs)
    np.testing.assert_allclose(drawn, here, atol=1e-3)


def predicted(answer, seconds=5.0):
    """What the client makes of a server's answer to a request for one picture."""
    recipe, inputs = inputs_of([1], 1)
    with http_server(answer) as url:
        return servers.open_generator(url, MODEL, recipe.draw, seconds)(inputs)


def outputs(values):
    return lambda path, body: (200, json.dumps({"outputs": values}).encode())


def test_a_server_that_is_not_available_is_asked_again(monkeypatch):
    monkeypatch.setattr(servers, "FIRST_PAUSE", 0.01)
    asked = []
    picture = np.zeros((1, 28, 28, 1)).tolist()

    def answer(path, body):
        asked.append(path)
        return error(503, "busy") if len(asked) < 3 else outputs(picture)(path, body)

    assert predicted(answer).min() == -1.0
    assert asked == [f"/v1/models/{MODEL}:predict"] * 3
    asked.clear()
    with pytest.raises(Failed, match=r"HTTP 503: busy \(asked 4 times\)"):
        predicted(lambda path, body: asked.append(path) or error(503, "busy"))
    assert len(asked) == servers.TRIES


@pytest.mark.parametrize("code, words", [(404, "Servable not found"), (400, "bad"), (500, "")])
def test_other_errors_are_told_at_once(code, words):
    asked = []
    with pytest.raises(Failed, match=f"HTTP {code}: {words or 'no reason given'}"):
        predicted(
            lambda path, body: (
                asked.append(path)
                or (code, json.dumps({"error": words}).encode() if words else b"")
            )
        )
    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda path, body: (200, b"<html>"), "no prediction"),
        (lambda path, body: (200, b'{"predictions": []}'), "no prediction"),
        (outputs("hello"), "something that is no picture"),
        (outputs([[1.0, 2.0]]), r"numbers of shape \(1, 2\) instead of 1 pictures of 28x28x1"),
        (outputs(np.full((1, 28, 28, 1), 7.0).tolist()), "numbers that are no picture"),
        (outputs({"image_bytes": ["abc"]}), "something that is no picture"),
    ],
)
def test_a_reply_that_is_no_picture_is_refused(answer, words):
    with pytest.raises(Failed, match=words):
        predicted(answer)


def test_a_slow_server_is_not_waited_for():
    released = threading.Event()

    def answer(path, body):
        released.wait(5)
        return error(500, "late")

    recipe, inputs = inputs_of([1], 1)
    with http_server(answer) as url:
        with pytest.raises(Failed, match="no reply within 0.2 s"):
            servers.open_generator(url, MODEL, recipe.draw, 0.2)(inputs)
        released.set()


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        ([], 2, ["--server"]),
        (["--server=http://localhost:1"], 2, ["--model"]),
        (["--server=localhost:8501"], 2, ["--server=localhost:8501", "http://"]),
        (["--server=ftp://localhost"], 2, ["ftp://localhost"]),
        (["--server=http://localhost:99999"], 2, ["99999"]),
        (["--server=grpc://localhost"], 2, ["must name a port"]),
        (["--server=http://127.0.0.1:1", "--timeout=0"], 2, ["--timeout must be greater than 0"]),
        (
            ["--server=http://127.0.0.1:1", "--timeout=nan"],
            2,
            ["--timeout must be finite, got nan"],
        ),
        (["--server=http://127.0.0.1:1", "--digit=10"], 2, ["--digit=10"]),
        (["--server=http://127.0.0.1:1", "--digit=1"], 1, ["cannot be reached", "127.0.0.1:1"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_and_a_server_that_is_down(refused, tmp_path, arguments, code, words):
    model = [f"--model={MODEL}"] if len(arguments) and "--model" not in words else []
    line = refused("client", *arguments, *model, code=code)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def grpc_server(signatures, model):
    """PredictionService with the real messages, answered by the signatures of one model."""
    grpc = pytest.importorskip("grpc")
    apis = pytest.importorskip(
        "tensorflow_serving.apis", reason="tensorflow-serving-api is missing"
    )
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    del apis

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            if request.model_spec.name != model:
                context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found for request")
            if self.unavailable:
                self.unavailable -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "loading")
            signature = signatures[request.model_spec.signature_name]
            inputs = {
                name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()
            }
            reply = predict_pb2.PredictResponse()
            for name, value in signature(**inputs).items():
                reply.outputs[name].CopyFrom(tf.make_tensor_proto(value.numpy()))
            return reply

    service = Service()
    service.unavailable = 0
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}", service
    server.stop(None)


@pytest.fixture
def grpc_served(signatures):
    with grpc_server(signatures, MODEL) as served:
        yield served


def test_grpc_draws_the_same(grpc_served, monkeypatch):
    monkeypatch.setattr(servers, "FIRST_PAUSE", 0.01)
    url, service = grpc_served
    recipe, inputs = inputs_of([7], 3)
    local = runtimes.open_generator(run_dir.shipped(MODEL), recipe, "litert")(inputs)
    service.unavailable = 2
    drawn = servers.open_generator(url, MODEL, recipe.draw)(inputs)
    np.testing.assert_allclose(drawn, local, atol=1e-4)
    with pytest.raises(Failed, match="NOT_FOUND: Servable not found"):
        servers.open_generator(url, "other", recipe.draw)(inputs)
    service.unavailable = 9
    with pytest.raises(Failed, match="UNAVAILABLE: loading .asked 4 times"):
        servers.open_generator(url, MODEL, recipe.draw)(inputs)


def test_grpc_s_packages_are_asked_for(monkeypatch):
    import builtins

    whole = builtins.__import__

    def without(name, *arguments, **rest):
        if name.startswith(("grpc", "tensorflow_serving")):
            raise ImportError(name)
        return whole(name, *arguments, **rest)

    monkeypatch.setattr(builtins, "__import__", without)
    recipe, _ = inputs_of([7], 1)
    with pytest.raises(Refused, match="pip install tensorflow-serving-api"):
        servers.open_generator("grpc://localhost:8500", MODEL, recipe.draw)


# ---- a run that draws from pictures ----

PICTURES, CLIPS = "from_sketches", "goes_on"


@pytest.fixture(scope="module")
def picture_signatures(exported_pictures):
    return tf.saved_model.load(str(exported_pictures)).signatures


@pytest.fixture(scope="module")
def pictures_served(picture_signatures):
    """(address, bodies of the requests)"""
    bodies, answer = [], answering(picture_signatures, PICTURES)

    def recorded(path, body):
        bodies.append(json.loads(body))
        return answer(path, body)

    with http_server(recorded) as url:
        yield url, bodies


def sketches_of(run, count):
    recipe = run_dir.read_recipe(run)
    scenes = np.stack([picture_runs.scene(seed=seed) for seed in range(count)])
    sketch = runtimes.open_sketch(run, "generator", recipe.draw, "litert")
    return recipe, {"sources": sketch(scenes / np.float32(127.5) - np.float32(1.0))}


def test_pictures_are_sent_as_files(pictures_served, picture_run):
    url, bodies = pictures_served
    recipe, inputs = sketches_of(picture_run, servers.BATCH + 2)
    drawn = servers.open_generator(url, PICTURES, recipe.draw)(inputs)
    local = runtimes.open_generator(picture_run, recipe, "litert")(inputs)
    np.testing.assert_allclose(drawn, local, atol=1 / 127.5)
    assert [body["signature_name"] for body in bodies] == ["images"] * 2
    files = [one["b64"] for body in bodies for one in body["inputs"]["image_bytes"]]
    assert len(files) == servers.BATCH + 2
    with Image.open(io.BytesIO(base64.b64decode(files[0]))) as image:
        assert image.format == "PNG" and image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image) / 127.5 - 1.0, inputs["sources"][0, ..., 0])


def test_grpc_draws_the_same_pictures(picture_signatures, picture_run):
    recipe, inputs = sketches_of(picture_run, 2)
    local = runtimes.open_generator(picture_run, recipe, "litert")(inputs)
    with grpc_server(picture_signatures, PICTURES) as (url, _):
        drawn = servers.open_generator(url, PICTURES, recipe.draw)(inputs)
    np.testing.assert_allclose(drawn, local, atol=1 / 127.5)


@pytest.mark.slow
def test_a_clip_s_frames_are_sent_as_files(clip_run, tmp_path):
    recipe = run_dir.read_recipe(clip_run)
    (form,) = exports.export(clip_run, recipe, tmp_path / "exported", "saved_model")
    signatures = tf.saved_model.load(str(form.path)).signatures
    taken = recipe.draw.pictures
    given = pictures.read_given(clip_run / "generator.sources.png", taken)[:3]
    inputs = {taken.column: pictures.to_signed(given)}
    local = runtimes.open_generator(clip_run, recipe, "litert")(inputs)
    answer, bodies = answering(signatures, CLIPS), []

    def recorded(path, body):
        bodies.append(json.loads(body))
        return answer(path, body)

    with http_server(recorded) as url:
        drawn = servers.open_generator(url, CLIPS, recipe.draw)(inputs)
    np.testing.assert_allclose(drawn, local, atol=1 / 127.5)
    # A list of four files for each clip, the earliest first.
    (sent,) = [body["inputs"]["image_bytes"] for body in bodies]
    assert [len(clip) for clip in sent] == [taken.frames] * 3
    with Image.open(io.BytesIO(base64.b64decode(sent[2][1]["b64"]))) as image:
        np.testing.assert_array_equal(np.asarray(image), given[2, ..., 3:6])
    with grpc_server(signatures, CLIPS) as (url, _):
        remote = servers.open_generator(url, CLIPS, recipe.draw)(inputs)
    np.testing.assert_allclose(remote, local, atol=1 / 127.5)


def write_scenes(folder):
    """A large picture, one with alpha and a JPEG in a new folder."""
    folder.mkdir()
    (folder / "large.png").write_bytes(picture_runs.encoded(picture_runs.scene(200)))
    (folder / "alpha.png").write_bytes(picture_runs.encoded(picture_runs.scene(50, 4, 1)))
    (folder / "wide.jpg").write_bytes(
        picture_runs.encoded(picture_runs.scene(90, seed=2)[20:70], "JPEG")
    )


@pytest.mark.slow
@pytest.mark.parametrize("asked", [[], ["--sketch_first", "--side_by_side"]], ids=" ".join)
def test_a_folder_is_drawn_as_the_command_draws_it(
    pictures_served, picture_run, gan_apps, tmp_path, asked
):
    write_scenes(tmp_path / "given")
    run = [f"--run_dir={picture_run}", "--input=given", *asked]
    server = [f"--server={pictures_served[0]}", f"--model={PICTURES}"]
    result = gan_apps("client", *server, *run, "--output=remote")
    assert result.returncode == 0 and result.stdout == "remote\n", result.stderr
    assert gan_apps("pix2pix", *run, "--output=local").returncode == 0
    names = [path.name for path in sorted((tmp_path / "remote").iterdir())]
    assert names == ["alpha.png", "large.png", "wide.png"]
    for name in names:
        difference = grid(tmp_path / "remote" / name) - grid(tmp_path / "local" / name)
        assert np.abs(difference).max() <= 1, name


@pytest.mark.slow
def test_a_photo_is_sent_in_squares(enlarging_run, gan_apps, tmp_path):
    recipe = run_dir.read_recipe(enlarging_run)
    (form,) = exports.export(enlarging_run, recipe, tmp_path / "out", "saved_model")
    signatures = tf.saved_model.load(str(form.path)).signatures
    (tmp_path / "a.png").write_bytes(picture_runs.encoded(picture_runs.scene(60)[:35]))
    run = [f"--run_dir={enlarging_run}", "--input=a.png"]
    with http_server(answering(signatures, "enlarging")) as url:
        flags = [f"--server={url}", "--model=enlarging", *run, "--output=remote.png"]
        result = gan_apps("client", *flags)
    assert (result.returncode, result.stdout) == (0, "remote.png\n"), result.stderr
    assert gan_apps("srgan", *run, "--output=local.png").returncode == 0
    remote, local = (grid(tmp_path / f"{name}.png") for name in ("remote", "local"))
    assert remote.shape[:2] == (140, 240)
    assert np.abs(remote - local).max() <= 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["--input: name a picture"]),
        (["--input=letter.png"], ["--input=letter.png", "not an image"]),
        (["--input=empty"], ["--input=empty", "holds no picture"]),
        (["--input=letter.png", "--digit=3"], ["--digit=3", "draws from pictures"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_of_pictures_is_one_line(refused, picture_run, tmp_path, arguments, words):
    (tmp_path / "letter.png").write_text("a letter")
    (tmp_path / "empty").mkdir()
    server = ["--server=http://127.0.0.1:1", "--model=any", f"--run_dir={picture_run}"]
    line = refused("client", *server, *arguments)
    for word in words:
        assert word in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "letter.png"]
