"""What a run or a data set may hold: data. Real payloads, none of which is ever run."""

import io
import json
import pathlib
import shutil
import zipfile

import keras
import numpy as np
import pytest

from gan_apps import systems
from gan_apps.command import system_command
from gan_apps.data import tagged
from gan_apps.drawing import runtimes
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import states
from models import networks
from tests.tiny_models import built

GENERATOR_FILES = ("generator" + run_dir.KERAS_WEIGHTS, "generator" + run_dir.LITERT)


@pytest.fixture
def mark(tmp_path):
    """A file that is there once a payload was run."""
    path = tmp_path / "was_run"
    yield path
    assert not path.exists()


class Pickled:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run, tmp_path / "run")


def replaced(run, name, content):
    """A generator file with other content, and a manifest that vouches for it."""
    (run / name).write_bytes(content)
    run_dir.write_manifest(run, run_dir.read_recipe(run), iterations=22)


def lambda_keras(path, mark):
    """A .keras file whose layer is Python code that makes a file."""
    name = str(mark)
    code = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1])
    model = keras.Sequential([keras.Input((8,)), code])
    mark.unlink(missing_ok=True)
    model.save(path)
    mark.unlink(missing_ok=True)
    return path.read_bytes()


def object_arrays(mark):
    content = io.BytesIO()
    np.savez(content, a=np.array([Pickled(mark)], dtype=object))
    return content.getvalue()


def object_array(mark):
    content = io.BytesIO()
    np.save(content, np.array([Pickled(mark)], dtype=object), allow_pickle=True)
    return content.getvalue()


def test_the_payloads_are_real(tmp_path):
    mark = tmp_path / "was_run"
    for content in (object_arrays(mark), object_array(mark)):
        found = np.load(io.BytesIO(content), allow_pickle=True)
        found["a"] if isinstance(found, np.lib.npyio.NpzFile) else found
        assert mark.exists()
        mark.unlink()
    path = tmp_path / "code.keras"
    lambda_keras(path, mark)
    with pytest.raises(ValueError, match="Lambda"):
        keras.saving.load_model(path)
    keras.saving.load_model(path, safe_mode=False)(np.ones((1, 8)))
    assert mark.exists()


@pytest.mark.parametrize("name", GENERATOR_FILES)
@pytest.mark.parametrize("payload", ["keras", "npz", "npy", "noise"])
def test_a_generator_of_another_kind_is_refused(run, name, payload, mark, tmp_path):
    content = {
        "keras": lambda: lambda_keras(tmp_path / "code.keras", mark),
        "npz": lambda: object_arrays(mark),
        "npy": lambda: object_array(mark),
        "noise": lambda: np.random.RandomState(0).bytes(5_000),
    }[payload]()
    replaced(run, name, content)
    recipe = run_dir.read_recipe(run)
    runtime = "keras" if name.endswith(run_dir.KERAS_WEIGHTS) else "litert"
    with pytest.raises(Refused, match=f"{name} is not the network that config.json describes"):
        runtimes.open_generator(run, recipe, runtime)


def test_the_command_says_so_in_one_line(run, refused):
    replaced(run, "generator" + run_dir.LITERT, b"TFL3" + bytes(5_000))
    line = refused("cgan", f"--run_dir={run}", "--digit=1")
    assert line.endswith("generator.tflite is not the network that config.json describes.")


@pytest.mark.parametrize("payload", [object_arrays, object_array])
def test_a_pickle_for_a_state_is_passed_over(tmp_path, payload, mark, capsys):
    model = built()
    good = states.save(tmp_path, model, 1.0)
    (good.parent / "step_000000009.npz").write_bytes(payload(mark))
    assert states.restore(tmp_path, model) == 1.0
    assert "step_000000009.npz is damaged" in capsys.readouterr().err
    good.unlink()
    with pytest.raises(Refused, match="none of its states can be read"):
        states.restore(tmp_path, model)
    with pytest.raises(Refused, match="step_000000009.npz is damaged"):
        states.begin_with(tmp_path, model)


LABELS = {"column": "labels", "sizes": [10]}
GENERATOR = {"latent_dim": 8, "condition": LABELS, "image_size": 28, "widths": [16, 8]}


@pytest.mark.parametrize(
    "network",
    [
        {"class": "Lambda", "config": GENERATOR},
        {"class": "keras.layers>Lambda", "config": GENERATOR},
        {"class": "keras.layers.Lambda", "config": GENERATOR},
        {"class": "os.system", "config": {"command": "true"}},
        # Of a module of models, but no network; another module's, by way of one that is.
        {"class": "networks.pair", "config": GENERATOR},
        {"class": "networks.importlib", "config": {}},
        {"class": "networks.keras.layers.Lambda", "config": {}},
        {"class": "networks.AbstractNetwork", "config": GENERATOR},
        {"class": "text.Labels", "config": {"names": list("0123456789")}},
        {"class": "Generator", "module": "os", "config": GENERATOR},
        {"class": "networks.Generator", "module": "os", "config": GENERATOR},
        {"class_name": "Lambda", "module": "keras.layers", "config": GENERATOR},
        {"class": "networks.Generator", "config": {**GENERATOR, "__class__": "os.system"}},
        {"class": ["os", "system"], "config": GENERATOR},
        {"class": "networks.Generator", "config": ["os", "system"]},
        {
            "class": "networks.Generator",
            "config": {**GENERATOR, "dtype": {"class_name": "Lambda"}, "widths": "os.system"},
        },
        {
            "class": "networks.Generator",
            "config": {
                **GENERATOR,
                "name": {"module": "os", "class_name": "system", "config": {}},
            },
        },
        {
            "class": "networks.Generator",
            "config": {**GENERATOR, "condition": {"class_name": "Lambda", "config": {}}},
        },
    ],
    ids=lambda network: str(network)[:50],
)
def test_a_config_names_no_code(run, network):
    config = json.loads((run / run_dir.CONFIG).read_text())
    config["draws"]["generator"]["network"] = network
    (run / run_dir.CONFIG).write_text(json.dumps(config))
    with pytest.raises(Refused, match=f"--run_dir={run}: "):
        recipe = run_dir.read_recipe(run)
        weights = run / ("generator" + run_dir.KERAS_WEIGHTS)
        runtimes.keras_network(weights, "generator", recipe.draw)


@pytest.mark.parametrize(
    "generator",
    [
        {"class": "Lambda", "config": {"latent_dim": 32}},
        {"class": "keras.layers>Lambda", "config": {"latent_dim": 32}},
        {"class": "os.system", "config": {"latent_dim": 32, "command": "true"}},
        {"class": "ConditionalGenerator", "module": "os", "config": {"latent_dim": 32}},
        {"class_name": "Lambda", "module": "keras.layers", "config": {"latent_dim": 32}},
        {"class": "conditional", "config": {"latent_dim": 32, "__class__": "os.system"}},
        {"class": ["os", "system"], "config": {"latent_dim": 32}},
        {
            "class": "conditional",
            "config": {
                "latent_dim": 32,
                "num_classes": 10,
                "image_size": 28,
                "channels": 1,
                "name": {"module": "os", "class_name": "system", "config": {}},
            },
        },
    ],
    ids=lambda generator: str(generator)[:50],
)
def test_a_config_of_format_1_names_no_code(tmp_path, generator):
    run = shutil.copytree(run_dir.shipped("cgan_digits"), tmp_path / "run")
    config = json.loads((run / run_dir.CONFIG).read_text())
    assert config["format"] == 1
    (run / run_dir.CONFIG).write_text(json.dumps({**config, "generator": generator}))
    with pytest.raises(Refused, match=f"--run_dir={run}: "):
        recipe = run_dir.read_recipe(run)
        weights = run / ("generator" + run_dir.KERAS_WEIGHTS)
        runtimes.keras_network(weights, "generator", recipe.draw)


@pytest.mark.parametrize("name", ["../generator", "/etc/passwd", "a/b", "a.b", "", "Generator"])
def test_what_a_run_draws_by_is_no_path(run, name):
    config = json.loads((run / run_dir.CONFIG).read_text())
    config["draws"] = {name: config["draws"]["generator"]}
    (run / run_dir.CONFIG).write_text(json.dumps(config))
    with pytest.raises(Refused, match=f"--run_dir={run}: config.json does not describe a run"):
        run_dir.read_recipe(run)


def test_a_command_in_a_config_is_one_of_ours(run):
    config = json.loads((run / run_dir.CONFIG).read_text())
    for system in ("os", "../cgan", "dcgan"):
        (run / run_dir.CONFIG).write_text(json.dumps({**config, "system": system}))
        with pytest.raises(Refused, match=f"was made by gan_apps.{system}, not gan_apps.cgan"):
            system_command.stored_settings(run, systems.find("cgan"))
    for name in ("os", "../cgan", "cgan.os", ""):
        with pytest.raises(Refused, match="there is no system"):
            systems.find(name)


def test_a_zip_of_pictures_is_never_unpacked(tmp_path, mark):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tags.csv", "filename,prompt\na.png,red hair\n")
        archive.writestr(f"../{mark.name}", "")
    with pytest.raises(Refused, match="a path outside of the zip"):
        tagged.listed(path)


def test_no_library_call_that_runs_code_is_made():
    """No unpickling, no Keras loading of whole models, no eval in the product."""
    root = pathlib.Path(networks.__file__).resolve().parents[1]
    sources = [*root.glob("gan_apps/**/*.py"), *root.glob("models/*.py")]
    assert len(sources) > 40
    for path in sources:
        text = path.read_text(encoding="utf-8")
        for words in ("pickle.load", "allow_pickle=True", "load_model(", "safe_mode=False"):
            assert words not in text, (path, words)
        for words in ("eval(", "exec("):
            assert f" {words}" not in text and f"({words}" not in text, (path, words)
