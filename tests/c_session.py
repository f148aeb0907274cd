"""A SavedModel through TensorFlow's C API: the C++ loader and session that TF-Serving runs on.

The functions are those of tensorflow/c/c_api.h, tf_tensor.h and tf_tstring.h, in the libraries that
the tensorflow wheel brings.
"""

import ctypes
import pathlib

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

FOLDER = pathlib.Path(tf.__file__).parent
# sizeof(TF_TString) on 64-bit machines.
STRING_BYTES = 24
TF_STRING = 7
INVALID_ARGUMENT = 3


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


class _Buffer(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("deallocator", ctypes.c_void_p),
    ]


class SessionError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class _Library:
    """The C functions, found in whichever of the two libraries has them."""

    def __init__(self):
        self.libraries = [
            ctypes.CDLL(str(FOLDER / name))
            for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
        ]

    def __getattr__(self, name):
        for library in self.libraries:
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = _RESULTS.get(name, ctypes.c_void_p)
                return function
        raise AttributeError(name)


_RESULTS = {
    "TF_GetCode": ctypes.c_int,
    "TF_Message": ctypes.c_char_p,
    "TF_TensorType": ctypes.c_int,
    "TF_NumDims": ctypes.c_int,
    "TF_Dim": ctypes.c_int64,
    "TF_TensorByteSize": ctypes.c_size_t,
    "TF_StringGetSize": ctypes.c_size_t,
    "TF_DeleteTensor": None,
    "TF_StringInit": None,
    "TF_StringCopy": None,
}


class Session:
    """A loaded SavedModel whose signatures can be run, by several threads at once.

    Args:
      path: the folder of one version.
    """

    def __init__(self, path):
        self.c = _Library()
        status = self.c.TF_NewStatus()
        self.graph = ctypes.c_void_p(self.c.TF_NewGraph())
        options = ctypes.c_void_p(self.c.TF_NewSessionOptions())
        meta_graph = ctypes.cast(self.c.TF_NewBuffer(), ctypes.POINTER(_Buffer))
        tags = (ctypes.c_char_p * 1)(b"serve")
        self.session = ctypes.c_void_p(
            self.c.TF_LoadSessionFromSavedModel(
                options, None, str(path).encode(), tags, 1, self.graph, meta_graph,
                ctypes.c_void_p(status),
            )
        )  # fmt: skip
        self._check(status)
        content = ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length)
        self.signatures = meta_graph_pb2.MetaGraphDef.FromString(content).signature_def

    def run(self, signature, inputs):
        """Runs a signature on {name: array, or bytes in lists}; returns {name: array}."""
        definition = self.signatures[signature]
        names = list(inputs)
        feeds = [self._output(definition.inputs[name].name) for name in names]
        values = [self._tensor(inputs[name]) for name in names]
        wanted = list(definition.outputs)
        fetches = [self._output(definition.outputs[name].name) for name in wanted]
        found = (ctypes.c_void_p * len(wanted))()
        status = self.c.TF_NewStatus()
        self.c.TF_SessionRun(
            self.session, None,
            (_Output * len(feeds))(*feeds), (ctypes.c_void_p * len(values))(*values), len(feeds),
            (_Output * len(fetches))(*fetches), found, len(fetches),
            None, 0, None, ctypes.c_void_p(status),
        )  # fmt: skip
        for value in values:
            self.c.TF_DeleteTensor(ctypes.c_void_p(value))
        self._check(status)
        results = {name: self._array(value) for name, value in zip(wanted, found, strict=True)}
        for value in found:
            self.c.TF_DeleteTensor(ctypes.c_void_p(value))
        return results

    def _check(self, status):
        status = ctypes.c_void_p(status)
        code, message = self.c.TF_GetCode(status), self.c.TF_Message(status)
        self.c.TF_DeleteStatus(status)
        if code:
            raise SessionError(code, message.decode())

    def _output(self, name):
        operation, _, index = name.partition(":")
        found = self.c.TF_GraphOperationByName(self.graph, operation.encode())
        return _Output(found, int(index))

    def _tensor(self, value):
        if isinstance(value, list):
            strings = np.array(value, object)
            shape = (ctypes.c_int64 * strings.ndim)(*strings.shape)
            size = ctypes.c_size_t(STRING_BYTES * strings.size)
            tensor = self.c.TF_AllocateTensor(TF_STRING, shape, strings.ndim, size)
            data = self.c.TF_TensorData(ctypes.c_void_p(tensor))
            for number, content in enumerate(strings.ravel()):
                place = ctypes.c_void_p(data + STRING_BYTES * number)
                self.c.TF_StringInit(place)
                self.c.TF_StringCopy(place, content, ctypes.c_size_t(len(content)))
            return tensor
        array = np.ascontiguousarray(value)
        kind = tf.as_dtype(array.dtype).as_datatype_enum
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        tensor = self.c.TF_AllocateTensor(kind, shape, array.ndim, ctypes.c_size_t(array.nbytes))
        data = self.c.TF_TensorData(ctypes.c_void_p(tensor))
        ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return tensor

    def _array(self, tensor):
        tensor = ctypes.c_void_p(tensor)
        dimensions = range(self.c.TF_NumDims(tensor))
        shape = [self.c.TF_Dim(tensor, number) for number in dimensions]
        data = self.c.TF_TensorData(tensor)
        kind = self.c.TF_TensorType(tensor)
        if kind == TF_STRING:
            found = []
            for number in range(int(np.prod(shape))):
                place = ctypes.c_void_p(data + STRING_BYTES * number)
                size = self.c.TF_StringGetSize(place)
                found.append(ctypes.string_at(self.c.TF_StringGetDataPointer(place), size))
            return np.asarray(found, object).reshape(shape)
        content = ctypes.string_at(data, self.c.TF_TensorByteSize(tensor))
        return np.frombuffer(content, tf.as_dtype(kind).as_numpy_dtype).reshape(shape)
