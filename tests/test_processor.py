"""How a processor's cores are divided."""

import os
import subprocess
import sys

import pytest

from gan_apps.operating_system import processor
from tests.conftest import ROOT

DIVIDED = """
import sys
from gan_apps.operating_system import processor, quiet

if sys.argv[2] == "running":
    quiet.import_tensorflow()
processor.divide(int(sys.argv[1]))
import tensorflow as tf

threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads())
"""


@pytest.mark.parametrize(
    ("branches", "state", "environment", "expected"),
    [
        (2, "new", {}, (max(1, processor.cores() // 2), 2)),
        (1_000, "new", {}, (1, 1_000)),
        (1, "new", {}, (0, 0)),
        (2, "running", {}, (0, 0)),
        (2, "new", {"TF_NUM_INTRAOP_THREADS": "1"}, (0, 0)),
    ],
)
def test_branches_have_a_share_of_the_cores_each(branches, state, environment, expected):
    """0 is what TensorFlow takes by itself."""
    found = subprocess.run(
        [sys.executable, "-c", DIVIDED, str(branches), state],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert tuple(map(int, found.split())) == expected
