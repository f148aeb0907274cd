"""Nothing moves: tiny trainings end with the weights and the metrics that they first ended with."""

import json

import pytest
from numpy.testing import assert_allclose

from tests import digests


@pytest.mark.slow
@pytest.mark.parametrize("app", digests.RUNS)
def test_a_training_ends_as_it_first_did(app, tmp_path):
    committed = json.loads(digests.FILE.read_text())
    first, now = committed[app], digests.trained(app, tmp_path)
    for network, was in first["networks"].items():
        found = now["networks"][network]
        assert_allclose(found["norm"], was["norm"], rtol=1e-4)
        assert_allclose(found["shadow"], was["shadow"], rtol=1e-3, atol=0.1)
    # Rows may gain figures, never lose or change one.
    assert [row["step"] for row in now["metrics"]] == [row["step"] for row in first["metrics"]]
    for found, was in zip(now["metrics"], first["metrics"], strict=True):
        numbers = {name: value for name, value in was.items() if name != "diagnosis"}
        assert_allclose(
            [found[name] for name in numbers], list(numbers.values()), rtol=0.02, atol=0.01
        )
    if committed["machine"] == digests.machine():
        hashes = {name: one["sha256"] for name, one in now["networks"].items()}
        assert hashes == {name: one["sha256"] for name, one in first["networks"].items()}
        assert all(
            found[name] == value
            for found, was in zip(now["metrics"], first["metrics"], strict=True)
            for name, value in was.items()
        )
