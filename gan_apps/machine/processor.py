"""What this machine's processor can do, without asking TensorFlow."""

import dataclasses
import pathlib

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


def resolved(config):
    """The config with `precision` decided for this processor, as a run records it."""
    if config.precision != "auto":
        return config
    return dataclasses.replace(config, precision="bfloat16" if has_bfloat16() else "float32")
