"""What is kept silent and what is kept away while libraries are imported."""

import os
import subprocess
import sys

import pytest

from gan_apps.operating_system import quiet
from tests.conftest import ROOT

STARTED = """
import sys
from gan_apps.operating_system import quiet
quiet.import_tensorflow()
assert {"tensorflow", "keras"} <= sys.modules.keys()
assert not {"sklearn", "matplotlib"} & sys.modules.keys()
import matplotlib.pyplot, sklearn.datasets
"""


@pytest.mark.slow
def test_tensorflow_starts_in_silence_without_what_keras_would_bring():
    result = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_what_is_absent_is_back_afterwards(tmp_path, monkeypatch):
    (tmp_path / "kept_away.py").write_text("VALUE = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    with quiet.absent("kept_away", "sys"):
        with pytest.raises(ImportError, match="kept_away"):
            import kept_away
        import sys as still_there

        assert still_there is sys
    import kept_away

    assert kept_away.VALUE == 3
    monkeypatch.delitem(sys.modules, "kept_away")


def test_what_was_held_back_is_printed_if_it_fails(capfd):
    with pytest.raises(RuntimeError), quiet.stderr():
        os.write(2, b"a cause\n")
        raise RuntimeError
    assert capfd.readouterr().err == "a cause\n"
    with quiet.stderr():
        os.write(2, b"no cause\n")
    assert capfd.readouterr().err == ""
