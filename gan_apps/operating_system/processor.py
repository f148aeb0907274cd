"""What this machine's processor and its GPUs can do, and what they are called."""

import contextlib
import dataclasses
import os
import pathlib
import platform

from gan_apps.operating_system import quiet

# A processor that multiplies bfloat16 matrices in hardware: x86's two ways and Arm's.
BFLOAT16_FEATURES = {"avx512_bf16", "amx_bf16", "bf16"}
# NVIDIA's GPUs do from this compute capability on (Ampere); others do not say.
BFLOAT16_CAPABILITY = (8, 0)
CPUINFO = pathlib.Path("/proc/cpuinfo")


def has_bfloat16():
    """Whether this processor computes in bfloat16; False where it does not say (not Linux)."""
    try:
        words = set(CPUINFO.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return False
    return bool(words & BFLOAT16_FEATURES)


def cores():
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Not Linux.
        return os.cpu_count() or 1


def divide(branches):
    """Gives parts of a graph that do not wait for each other a share of the cores each.

    By default all cores do one operation and then the next, and wait for each other at the end of
    every one. To be called before TensorFlow looks at the machine; where it has, or where the
    environment says how many threads there are, nothing is changed.

    Args:
      branches: int. 1 leaves the default.
    """
    if branches == 1 or os.environ.get("TF_NUM_INTRAOP_THREADS"):
        return
    with quiet.stderr():
        import tensorflow as tf
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(max(1, cores() // branches))
        tf.config.threading.set_inter_op_parallelism_threads(branches)


def described():
    """This machine's processor in words, such as "AMD EPYC 9B14, 2 cores", and its GPUs."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine() or "unknown"
    return ", ".join([name, f"{os.cpu_count()} cores", *_gpus()])


def _gpus():
    return [details.get("device_name", "a GPU") for details in _details_of_gpus()]


def _details_of_gpus():
    """What TensorFlow knows of each GPU that it sees."""
    quiet.import_tensorflow()
    import tensorflow as tf

    details = tf.config.experimental.get_device_details
    return [details(device) for device in tf.config.list_physical_devices("GPU")]


def resolved(config):
    """The config with `precision` decided for what will train here, as a run records it.

    TensorFlow trains on GPUs where it sees any, whatever the processor has.
    """
    if config.precision != "auto":
        return config
    gpus = _details_of_gpus()
    has_it = has_bfloat16()
    if gpus:
        has_it = all(gpu.get("compute_capability", (0,)) >= BFLOAT16_CAPABILITY for gpu in gpus)
    return dataclasses.replace(config, precision="bfloat16" if has_it else "float32")
