"""Requests that TF-Serving answers while it loads a model, so that its first user need not wait.

The file is a TFRecord of PredictionLog messages (tensorflow_serving/apis/prediction_log.proto).
They are few and simple, so they are written here in protocol buffers' wire format, which spares the
product the package tensorflow-serving-api; `tests/test_export.py` reads them with that package.
"""

import tensorflow as tf

from gan_apps.operating_system import files

FOLDER, FILE = "assets.extra", "tf_serving_warmup_requests"
# Numbers of fields: PredictionLog.predict_log, PredictLog.request, PredictRequest.model_spec and
# .inputs, a map's key and value, ModelSpec.name and .signature_name.
PREDICT_LOG, REQUEST, MODEL_SPEC, INPUTS, KEY, VALUE, NAME, SIGNATURE_NAME = 6, 1, 1, 2, 1, 2, 1, 3


def write(path, requests):
    """Writes the warm-up requests of the SavedModel in the folder `path`.

    Args:
      path: pathlib.Path.
      requests: sequence of (signature, {input: tensor}).
    """
    (path / FOLDER).mkdir()
    with tf.io.TFRecordWriter(files.in_utf8(path / FOLDER / FILE)) as writer:
        for signature, inputs in requests:
            writer.write(_field(PREDICT_LOG, _field(REQUEST, request(signature, inputs))))


def request(signature, inputs, model="model"):
    """A PredictRequest: bytes."""
    specification = _field(NAME, model.encode()) + _field(SIGNATURE_NAME, signature.encode())
    content = _field(MODEL_SPEC, specification)
    for name, tensor in inputs.items():
        value = tf.make_tensor_proto(tensor.numpy()).SerializeToString()
        content += _field(INPUTS, _field(KEY, name.encode()) + _field(VALUE, value))
    return content


def _field(number, content):
    """A field of bytes: its number and kind (2), its length, itself."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value):
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])
