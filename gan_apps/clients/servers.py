"""A TF-Serving server as a generator: a generator's inputs to images, like drawing.runtimes.

Pictures are sent as PNG files of the network's size, cut and resized here, so that the server draws
from what a command here would; those of any size in squares, a request each. All else is sent as
the numbers that the network takes.

REST: https://www.tensorflow.org/tfx/serving/api_rest, in its column format. gRPC: PredictionService
of tensorflow_serving/apis/prediction_service.proto.
"""

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from gan_apps.drawing import pictures, tiles
from gan_apps.runs.draws import FILE, IMAGES
from gan_apps.settings import Failed, Refused

# Pictures per request.
BATCH = 32
# Only a server that says that it is not available is asked again.
TRIES, FIRST_PAUSE = 4, 0.25
UNAVAILABLE = 503
# A reply may be this much outside of [0, 1] by rounding.
SLACK = 1e-3
MAX_REPLY_BYTES = 500_000_000


def open_generator(server, model, draw, seconds=30.0):
    """The generator of a run that a server has, as drawing.runtimes.open_generator gives it.

    Args:
      server: str. http://HOST:PORT, https://... or grpc://HOST:PORT.
      model: str. The server's name of the run.
      draw: runs.draws.Draw of the run.
      seconds: float. How long one request may take.

    Raises:
      Refused: the address is none, or gRPC's packages are missing.
      (the function) Failed: the server is down, does not know the model or the signature, or
      replies with something else than pictures.
    """
    address = urllib.parse.urlsplit(server)
    known = {"http": _Rest, "https": _Rest, "grpc": _Grpc}
    try:
        complete = address.scheme in known and address.hostname and address.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise Refused(f"--server={server}: must be like http://localhost:8501 or grpc://host:8500.")
    if address.scheme == "grpc" and not address.port:
        raise Refused(
            f"--server={server}: must name a port, such as grpc://{address.hostname}:8500."
        )
    signature, sent = draw.signature, lambda inputs: inputs
    if draw.takes_files:
        signature, sent = IMAGES, lambda inputs: _as_files(inputs, draw.pictures)
    connection = known[address.scheme](server.rstrip("/"), address, model, signature, seconds)

    def images(inputs):
        parts = []
        for start in range(0, len(next(iter(inputs.values()))), BATCH):
            part = {name: values[start : start + BATCH] for name, values in inputs.items()}
            reply = _patiently(lambda part=part: connection.predict(sent(part)))
            shape = (len(next(iter(part.values()))), *draw.tiled.shape)
            parts.append(_checked(reply, shape, server))
        return np.concatenate(parts)

    return tiles.Tiled(images, draw) if draw.is_any_size else images


def _as_files(inputs, taken):
    """Given pictures as a server takes them: {input: a list of bytes, or one for each clip}.

    Args:
      inputs: {input: float32 [n, h, w, c] in [-1, 1]}.
      taken: runs.draws.Pictures.
    """
    clips = pictures.frames_of(pictures.to_bytes(inputs[taken.column]), taken.frames)
    sent = [[pictures.png(frame) for frame in clip] for clip in clips]
    return {FILE: sent if taken.frames > 1 else [content for (content,) in sent]}


class _Unavailable(Exception):
    """The server says that it cannot answer now."""


def _patiently(ask):
    pause = FIRST_PAUSE
    for _ in range(TRIES - 1):
        try:
            return ask()
        except _Unavailable:
            time.sleep(pause)
            pause *= 2
    try:
        return ask()
    except _Unavailable as error:
        raise Failed(f"{error} (asked {TRIES} times).") from None


def _checked(reply, shape, server):
    """A reply as images in [-1, 1]."""
    try:
        images = np.asarray(reply, np.float32)
    except (TypeError, ValueError):
        images = np.empty(0)
    if images.shape != shape:
        raise Failed(
            f"--server={server}: replied with {_kind(images)} instead of {shape[0]} pictures of "
            f"{'x'.join(map(str, shape[1:]))}; is it another run?"
        )
    if not (np.isfinite(images).all() and -SLACK <= images.min() <= images.max() <= 1.0 + SLACK):
        raise Failed(f"--server={server}: replied with numbers that are no picture.")
    return images * 2.0 - 1.0


def _kind(array):
    numbers = array.ndim > 0 and array.size > 0
    return f"numbers of shape {array.shape}" if numbers else "something that is no picture"


class _Rest:
    def __init__(self, server, address, model, signature, seconds):
        del address
        self.server, self.signature, self.seconds = server, signature, seconds
        self.url = f"{server}/v1/models/{urllib.parse.quote(model)}:predict"
        self.flag = f"--server={server}"

    def predict(self, inputs):
        columns = {name: _in_json(values) for name, values in inputs.items()}
        body = json.dumps({"signature_name": self.signature, "inputs": columns}).encode()
        request = urllib.request.Request(
            self.url, data=body, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as reply:
                content = reply.read(MAX_REPLY_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                words = f"{self.flag}: HTTP {error.code}: {_message(error.read(10_000))}"
            if error.code == UNAVAILABLE:
                raise _Unavailable(words) from None
            raise Failed(words) from None
        except TimeoutError:
            raise Failed(f"{self.flag}: no reply within {self.seconds:g} s.") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise Failed(f"{self.flag}: no reply within {self.seconds:g} s.") from None
            raise Failed(f"{self.flag}: cannot be reached: {error.reason}.") from None
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{self.flag}: broke off: {error or type(error).__name__}.") from None
        try:
            outputs = json.loads(content)["outputs"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Failed(f"{self.flag}: replied with something that is no prediction.") from None
        # A single output comes without its name.
        return outputs.get(IMAGES) if isinstance(outputs, dict) else outputs


def _in_json(values):
    """An array, or a list of bytes, as the server's JSON has it."""
    if isinstance(values, np.ndarray):
        return values.tolist()
    if isinstance(values[0], list):
        return [_in_json(some) for some in values]
    return [{"b64": base64.b64encode(content).decode("ascii")} for content in values]


def _message(content):
    """What the server says of an error, on one line."""
    try:
        words = str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        words = content.decode("utf-8", "replace")
    return " ".join(words.split())[:300] or "no reason given"


class _Grpc:
    def __init__(self, server, address, model, signature, seconds):
        try:
            import grpc
            from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
        except ImportError:
            raise Refused(
                f"--server={server}: needs gRPC's packages: pip install tensorflow-serving-api."
            ) from None
        self.grpc, self.messages = grpc, predict_pb2
        self.flag, self.model, self.seconds = f"--server={server}", model, seconds
        self.signature = signature
        largest = ("grpc.max_receive_message_length", MAX_REPLY_BYTES)
        channel = grpc.insecure_channel(f"{address.hostname}:{address.port}", options=[largest])
        self.stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def predict(self, inputs):
        import tensorflow as tf

        request = self.messages.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.model, self.signature
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
        codes = self.grpc.StatusCode
        try:
            reply = self.stub.Predict(request, timeout=self.seconds)
        except self.grpc.RpcError as error:
            words = f"{self.flag}: {error.code().name}: {' '.join(error.details().split())[:300]}"
            if error.code() == codes.UNAVAILABLE:
                raise _Unavailable(words) from None
            if error.code() == codes.DEADLINE_EXCEEDED:
                raise Failed(f"{self.flag}: no reply within {self.seconds:g} s.") from None
            raise Failed(words) from None
        if IMAGES not in reply.outputs:
            raise Failed(f"{self.flag}: replied with something that is no prediction.")
        return tf.make_ndarray(reply.outputs[IMAGES])
