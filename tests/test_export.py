"""Exports: what servers and devices load draws what the run draws, and nothing else is touched."""

import io
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from PIL import Image

from gan_apps.drawing import latents, pictures, runtimes
from gan_apps.runs import run_dir
from gan_apps.runs.draws import REACH, Latents
from gan_apps.serving import exports, litert, warm_up
from tests import picture_runs

UNCONDITIONAL = "fgan_digits"
WEIGHTS, LITERT = "generator.weights.h5", "generator.tflite"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The shipped conditional digits, exported in every format."""
    run = run_dir.shipped("cgan_digits")
    output = tmp_path_factory.mktemp("exports") / "cgan_digits"
    return output, exports.export(run, run_dir.read_recipe(run), output, "all")


@pytest.fixture(scope="module")
def served(exported):
    return tf.saved_model.load(str(exported[0] / "saved_model" / "1")).signatures


def test_every_form_is_written_and_compared(exported):
    output, written = exported
    names = [form.path.relative_to(output).as_posix() for form in written]
    assert names == ["saved_model/1", *(f"litert/{variant}.tflite" for variant in litert.VARIANTS)]
    differences = dict(zip(names, (form.difference for form in written), strict=True))
    assert differences["saved_model/1"] <= 0.1 and differences["litert/float32.tflite"] <= 0.1
    assert 0.0 < differences["litert/float16.tflite"] <= 1.0
    sizes = dict(zip(names, (form.bytes for form in written), strict=True))
    assert sizes["litert/float16.tflite"] < 0.6 * sizes["litert/float32.tflite"]
    assert sizes["litert/dynamic_int8.tflite"] < 0.4 * sizes["litert/float32.tflite"]


def test_every_variant_is_as_varied_as_the_run_and_as_right(exported):
    # An int8 whose labels counted four times as much drew half the variety, all of it right.
    for form in exported[1]:
        assert 0.97 < form.variety < 1.03 and form.is_written, form
        assert form.read_as_asked > 0.99, form


@pytest.mark.slow
def test_a_variant_without_variety_is_left_out_with_a_word(exported, tmp_path, monkeypatch, capsys):
    run = run_dir.shipped("cgan_digits")
    recipe = run_dir.read_recipe(run)
    stale = tmp_path / "litert" / "int8.tflite"
    shutil.copytree(exported[0] / "litert", stale.parent)
    write = litert.write

    def ruined(network, path, draw, variant, examples):
        if variant == "int8":
            for weight in network.weights[:1]:
                kept = weight.numpy()
                # Latents that count a third.
                weight.assign(kept * np.where(np.arange(len(kept)) < 32, 1 / 3, 1.0)[:, None])
        write(network, path, draw, variant, examples)

    monkeypatch.setattr(litert, "write", ruined)
    written = exports.export(run, recipe, tmp_path, "litert")
    assert [form.is_written for form in written] == [True, True, True, False]
    assert written[-1].variety < exports.LEAST_VARIETY < written[-2].variety
    assert not stale.exists() and (stale.parent / "float16.tflite").exists()


@pytest.mark.parametrize(
    ("shipped", "mean_difference", "is_kept"),
    [("pix2pix_faces", 7.9, True), ("pix2pix_faces", 8.1, False), ("fgan_digits", 8.1, True)],
)
def test_what_is_made_of_a_given_picture_may_not_become_another(shipped, mean_difference, is_kept):
    draw = run_dir.read_recipe(run_dir.shipped(shipped)).draw
    form = exports.Form(pathlib.Path("a"), 1, 200.0, mean_difference, 1.0, None)
    assert exports.is_kept(form, draw) == is_kept
    assert not exports.is_kept(form._replace(variety=0.89, mean_difference=0.0), draw)


def test_how_a_form_is_told():
    from gan_apps.export import told

    form = exports.Form(pathlib.Path("a"), 1, 55.5, 0.31, 0.5161, 0.998)
    assert told(form) == (
        "differs by at most 55.500 of 255, 0.310 in the mean, variety 0.516 of float32's, "
        "99.8% read as asked"
    )
    assert told(form._replace(read_as_asked=None)).endswith("0.516 of float32's")


def test_the_server_s_configuration_names_the_model(exported):
    output, _ = exported
    text = (output / "models.config").read_text()
    assert 'name: "cgan_digits"' in text
    assert 'base_path: "/models/cgan_digits/saved_model"' in text
    assert "max_batch_size { value: 64 }" in (output / "batching.config").read_text()


def test_signatures_have_pinned_names(served):
    names = {
        name: (set(signature.structured_input_signature[1]), set(signature.structured_outputs))
        for name, signature in served.items()
    }
    assert names == {
        "serving_default": ({"prompt", "seed"}, {"image_bytes"}),
        "images": ({"prompt", "seed"}, {"images"}),
        "latents": ({"latents", "labels"}, {"images"}),
    }


def test_a_picture_is_a_function_of_its_prompt_and_seed_alone(served):
    images = served["images"]
    prompts, seeds = ["3", "9", "3", "9"], [5, 6, 5, 7]
    together = images(prompt=tf.constant(prompts), seed=tf.constant(seeds, tf.int64))["images"]
    for row in range(4):
        one = {
            "prompt": tf.constant(prompts[row : row + 1]),
            "seed": tf.constant(seeds[row : row + 1], tf.int64),
        }
        assert_allclose(images(**one)["images"][0], together[row], atol=1e-5)
    assert_allclose(together[0], together[2], atol=1e-5)
    assert np.abs(together[1] - together[3]).max() > 0.1


def test_image_bytes_are_the_png_files_of_images(served):
    asked = {"prompt": tf.constant(["7", " 1 "]), "seed": tf.constant([1, 2], tf.int64)}
    files = served["serving_default"](**asked)["image_bytes"].numpy()
    images = served["images"](**asked)["images"].numpy()
    for file, image in zip(files, images, strict=True):
        with Image.open(io.BytesIO(file)) as picture:
            assert picture.format == "PNG" and picture.size == (28, 28)
            assert_allclose(np.asarray(picture), image[..., 0] * 255, atol=0.51)


@pytest.mark.parametrize("prompt", ["10", "nine", "", "3 9", "-1"])
def test_a_prompt_that_is_not_understood_fails_and_is_quoted(served, prompt):
    asked = {"prompt": tf.constant(["3", prompt]), "seed": tf.constant([1, 2], tf.int64)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="not understood") as failure:
        served["images"](**asked)
    assert f"[{prompt}]" in str(failure.value) and "known are 0, 1, 2" in str(failure.value)


def test_a_run_without_conditions_takes_seeds_alone(tmp_path):
    run = run_dir.shipped(UNCONDITIONAL)
    recipe = run_dir.read_recipe(run)
    exports.export(run, recipe, tmp_path / "out", "saved_model")
    signatures = tf.saved_model.load(str(tmp_path / "out" / "saved_model" / "1")).signatures
    images = signatures["images"](seed=tf.constant([1, 2, 1], tf.int64))["images"]
    assert images.shape == (3, 28, 28, 1)
    assert_allclose(images[0], images[2], atol=1e-5)
    assert not (tmp_path / "out" / "litert").exists()


def test_signatures_of_a_run_that_draws_from_sketches(exported_pictures):
    signatures = tf.saved_model.load(str(exported_pictures)).signatures
    names = {
        name: (set(signature.structured_input_signature[1]), set(signature.structured_outputs))
        for name, signature in signatures.items()
    }
    assert names == {
        "serving_default": ({"image_bytes"}, {"image_bytes"}),
        "images": ({"image_bytes"}, {"images"}),
        "pictures": ({"sources"}, {"images"}),
        "sketch_first": ({"image_bytes"}, {"image_bytes"}),
    }
    requests = exported_pictures / warm_up.FOLDER / warm_up.FILE
    assert len(list(tf.data.TFRecordDataset(str(requests)))) == 3


def test_a_file_in_gives_a_file_out_that_is_the_command_s(exported_pictures, picture_run):
    signatures = tf.saved_model.load(str(exported_pictures)).signatures
    recipe = run_dir.read_recipe(picture_run)
    local = runtimes.open_generator(picture_run, recipe, "litert")
    sketch = runtimes.open_sketch(picture_run, "generator", recipe.draw, "litert")
    scenes = np.stack([picture_runs.scene(seed=seed) for seed in range(3)])
    files = tf.constant([picture_runs.encoded(image) for image in scenes])
    sources = {
        "serving_default": pictures.fitted(scenes, recipe.draw.pictures.shape) / np.float32(127.5)
        - np.float32(1.0),
        "sketch_first": sketch(scenes / np.float32(127.5) - np.float32(1.0)),
    }
    assert set(np.unique(sources["sketch_first"])) == {-1.0, 1.0}
    for name, given in sources.items():
        expected = pictures.to_bytes(local({"sources": given}))
        found = signatures[name](image_bytes=files)["image_bytes"].numpy()
        for file, image in zip(found, expected, strict=True):
            with Image.open(io.BytesIO(file)) as picture:
                assert picture.format == "PNG"
                assert_allclose(np.asarray(picture, int), image, atol=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="neither a PNG nor a JPEG"):
        signatures["serving_default"](image_bytes=tf.constant([b"a letter"]))


@pytest.mark.slow
def test_what_enlarges_takes_files_of_any_size(enlarging_run, tmp_path):
    recipe = run_dir.read_recipe(enlarging_run)
    written = exports.export(enlarging_run, recipe, tmp_path / "out", "all")
    differences = [form.difference for form in written]
    # The SavedModel and float32; int8 loses most.
    assert max(differences[:2]) <= 0.1 and differences[2] <= 2.0 < differences[4]
    signatures = tf.saved_model.load(str(written[0].path)).signatures
    assert set(signatures) == {"serving_default", "images", "pictures"}
    given = signatures["pictures"].structured_input_signature[1]["sources"]
    assert given.shape.as_list() == [None, None, None, 3]
    scenes = [picture_runs.scene(40)[:30], picture_runs.scene(21, seed=1), picture_runs.scene(2)]
    contents = tf.constant([picture_runs.encoded(image) for image in scenes])
    drawn = signatures["serving_default"](image_bytes=contents)["image_bytes"].numpy()
    local = runtimes.open_generator(enlarging_run, recipe)
    rim = 4 * REACH
    for content, image in zip(drawn, scenes, strict=True):
        with Image.open(io.BytesIO(content)) as picture:
            found = np.asarray(picture, int)
        expected = pictures.to_bytes(local({"sources": pictures.to_signed(image[None])}))[0]
        assert found.shape == expected.shape
        # Beyond the border it sees zeros, where the command sees the mirror.
        inner = np.s_[rim:-rim, rim:-rim]
        if min(found.shape[:2]) > 2 * rim:
            assert_allclose(found[inner], expected[inner], atol=1)
    numbers = signatures["images"](image_bytes=contents[:1])["images"]
    assert numbers.shape == (1, 120, 160, 3) and 0 <= tf.reduce_min(numbers)
    for content, words in (
        (b"a letter", "neither a PNG nor a JPEG"),
        (picture_runs.encoded(Image.new("1", (1001, 1000))), "more than 1,000,000 pixels"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            signatures["serving_default"](image_bytes=tf.constant([content]))
    # A file of LiteRT has one size, that of a square.
    assert litert.read_metadata(written[1].path.read_bytes())["pictures"]["tile"] == (
        recipe.draw.pictures.tile
    )


@pytest.mark.slow
def test_every_variant_of_what_draws_from_sketches(picture_run, tmp_path, capsys):
    from gan_apps.export import told

    recipe = run_dir.read_recipe(picture_run)
    written = exports.export(picture_run, recipe, tmp_path / "out", "litert")
    names = [form.path.name for form in written]
    assert names == [*(f"{variant}.tflite" for variant in litert.VARIANTS), "sketch.tflite"]
    differences = [form.difference for form in written]
    # The sketch is the same to the bit; of the variants int8 loses most, and says so.
    assert differences[0] <= 0.1 and differences[-1] == 0.0
    assert written[0].mean_difference < written[1].mean_difference < written[3].mean_difference
    assert f"{written[3].mean_difference:.3f} in the mean" in told(written[3])
    given = pictures.read_grid(picture_run / "generator.sources.png", recipe.draw.pictures.shape)
    # The float ones draw what Keras does; one that does not is left out.
    assert all(form.is_written for form in written[:2])
    for form in written[:-1]:
        is_near = form.mean_difference <= exports.MOST_DIFFERENCE
        assert (form.is_written, form.path.exists()) == (is_near, is_near)
        if not is_near:
            continue
        told_of_it = litert.read_metadata(form.path.read_bytes())
        assert told_of_it["variant"] == form.path.stem and "latent_dim" not in told_of_it
        assert told_of_it["pictures"] == {
            "column": "sources",
            "shape": [picture_runs.SIZE, picture_runs.SIZE, 1],
            "made_by": "edges",
        }
        images = runtimes.litert_generator(form.path, recipe.draw)(
            {"sources": given[:2] / np.float32(127.5) - np.float32(1.0)}
        )
        assert images.shape == (2, *recipe.draw.shape) and np.isfinite(images).all()


@pytest.mark.slow
def test_latents_of_the_graph_are_normal_and_differ_by_seed():
    from gan_apps.serving.saved_model import _noise

    noise, draws = _noise(tf.range(4000, dtype=tf.int64), Latents(size=5))
    assert_allclose(np.mean(noise), 0.0, atol=0.03)
    assert_allclose(np.std(noise), 1.0, atol=0.03)
    assert len(np.unique(noise)) > 19_900
    assert_allclose(np.mean(draws), 0.5, atol=0.03)
    assert 0.0 <= np.min(draws) and np.max(draws) < 1.0


@pytest.mark.parametrize("variant", litert.VARIANTS)
def test_each_variant_draws_and_says_what_it_is(exported, variant):
    content = (exported[0] / "litert" / f"{variant}.tflite").read_bytes()
    told = litert.read_metadata(content)
    assert told["variant"] == variant and told["project"] == "gan_apps"
    assert told["labels"] == list("0123456789") and told["latent_dim"] == 32
    assert told["value_range"] == [-1.0, 1.0]
    draw = run_dir.read_recipe(run_dir.shipped("cgan_digits")).draw
    inputs = latents.requested(draw, [3, 9], 2, 0)
    generator = runtimes.litert_generator(exported[0] / "litert" / f"{variant}.tflite", draw)
    images = generator(inputs)
    assert images.shape == (4, 28, 28, 1) and np.isfinite(images).all()
    assert images.min() < -0.9 and images.max() > 0.7


def test_the_shipped_litert_file_says_what_it_is_after_a_training(tiny_run):
    told = litert.read_metadata((tiny_run / LITERT).read_bytes())
    assert told["variant"] == "float32" and told["labels"] == list("0123456789")


def test_warm_up_requests_are_the_server_s_messages(exported):
    apis = pytest.importorskip(
        "tensorflow_serving.apis.prediction_log_pb2", reason="tensorflow-serving-api is missing"
    )
    path = exported[0] / "saved_model" / "1" / warm_up.FOLDER / warm_up.FILE
    logs = [
        apis.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    assert 1 <= len(logs) <= 1000
    for log in logs:
        request = log.predict_log.request
        assert request.model_spec.signature_name in ("serving_default", "images")
        assert set(request.inputs) == {"prompt", "seed"}
        assert tf.make_ndarray(request.inputs["prompt"]).tolist() == [b"0"]
        assert tf.make_ndarray(request.inputs["seed"]).tolist() == [0]


def test_wire_format_of_long_fields():
    # 300 = 0b10_0101100: its low seven bits first, with the mark that more follow.
    assert warm_up._field(6, b"x" * 300)[:3] == bytes([6 << 3 | 2, 0b10101100, 0b10])


def test_another_export_is_another_version(exported, tmp_path):
    run = run_dir.shipped("cgan_digits")
    output = tmp_path / "copy"
    shutil.copytree(exported[0], output)
    written = exports.export(run, run_dir.read_recipe(run), output, "saved_model")
    assert [form.path for form in written] == [output / "saved_model" / "2"]
    assert (output / "saved_model" / "1" / "saved_model.pb").is_file()


@pytest.mark.slow
def test_the_command_tells_what_it_wrote(gan_apps):
    run = run_dir.shipped(UNCONDITIONAL)
    result = gan_apps("export", f"--run_dir={run}", "--output_dir=a/b", "--format=saved_model")
    assert result.returncode == 0 and result.stderr == "", result.stderr
    first, last = result.stdout.splitlines()
    assert first.startswith("a/b/saved_model/1") and " MB  differs by at most 0.0" in first
    assert last == "a/b"


def broken(tmp_path, how):
    run = shutil.copytree(run_dir.shipped(UNCONDITIONAL), tmp_path / "run")
    if how == "weights":
        content = (run / WEIGHTS).read_bytes()
        (run / WEIGHTS).write_bytes(content[:-1])
    else:
        (run / run_dir.MANIFEST).unlink()
    return run


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["--run_dir"]),
        (["--run_dir=absent"], ["--output_dir"]),
        (["--run_dir=absent", "--output_dir=out"], ["absent", "no such folder"]),
        (
            ["--run_dir=.", "--output_dir=out", "--format=onnx"],
            ["--format must", "litert", "'onnx'"],
        ),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_one_line(refused, tmp_path, arguments, words):
    line = refused("export", *arguments)
    for word in words:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how, words", [("weights", "is damaged"), ("manifest", "has not ended")])
def test_a_broken_or_unfinished_run_is_refused(refused, tmp_path, how, words):
    run = broken(tmp_path, how)
    assert words in refused("export", f"--run_dir={run}", "--output_dir=out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_an_export_is_left_alone(refused, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    run = run_dir.shipped(UNCONDITIONAL)
    line = refused("export", f"--run_dir={run}", "--output_dir=mine")
    assert "'thesis.txt'" in line
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    (tmp_path / "file").write_text("")
    assert "is a file" in refused("export", f"--run_dir={run}", "--output_dir=file")
    assert pathlib.Path(tmp_path / "file").read_text() == ""
