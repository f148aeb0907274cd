"""What this machine's processor and its GPUs can do, and what they are called."""

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
