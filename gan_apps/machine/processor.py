"""What this machine's processor can do, without asking TensorFlow, and what it is called."""

import dataclasses
import os
import pathlib
import platform

# A processor that multiplies bfloat16 matrices in hardware: x86's two ways and Arm's.
BFLOAT16_FEATURES = {"avx512_bf16", "amx_bf16", "bf16"}
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
    import tensorflow as tf

    details = tf.config.experimental.get_device_details
    return [
        details(device).get("device_name", device.name)
        for device in tf.config.list_physical_devices("GPU")
    ]


def resolved(config):
    """The config with `precision` decided for this processor, as a run records it."""
    if config.precision != "auto":
        return config
    return dataclasses.replace(config, precision="bfloat16" if has_bfloat16() else "float32")
