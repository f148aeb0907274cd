"""What the settings allow, and their way to JSON and to flags."""

import dataclasses
import json

import pytest

from gan_apps import settings, systems
from gan_apps.operating_system import processor

DCGANConfig, CGANConfig, FGANConfig, WGANConfig, WGANGPConfig = (
    systems.find(name).config for name in ("dcgan", "cgan", "fgan", "wgan", "wgan_gp")
)


@pytest.mark.parametrize(
    "field, value, words",
    [
        ("num_epochs", 0, "at least 1, got 0"),
        ("batch_size", 1, "at least 2, got 1"),
        ("latent_dim", 0, "at least 1, got 0"),
        ("discriminator_steps", 0, "at least 1, got 0"),
        ("generator_steps", -1, "at least 1, got -1"),
        ("generator_learning_rate", 0.0, "greater than 0, got 0.0"),
        ("discriminator_learning_rate", float("nan"), "finite, got nan"),
        ("beta_1", 1.0, "less than 1, got 1.0"),
        ("beta_2", -0.1, "at least 0, got -0.1"),
        ("decay_fraction", 1.5, "at most 1, got 1.5"),
        ("averaging_decay", 1.0, "less than 1, got 1.0"),
        ("real_gradient_weight", float("inf"), "finite, got inf"),
        ("seed", -1, "at least 0, got -1"),
        ("seed", 2**32, "at most 4294967295, got 4294967296"),
        ("precision", "float16", "one of auto, float32, bfloat16, got 'float16'"),
        ("objective", "hings", "one of non_saturating, .*, got 'hings'"),
        ("objective", "wasserstein", "not be 'wasserstein' while nothing keeps .* Lipschitz"),
        ("penalty", "three_sided", "one of none, two_sided, .*, got 'three_sided'"),
        ("penalty_weight", -1.0, "greater than 0, got -1.0"),
        ("clip", -0.01, "at least 0, got -0.01"),
        ("normalization", "layer", "one of auto, none, batch, .*, got 'layer'"),
        ("normalization", "batch", "not be 'batch' with --real_gradient_weight=1.0: .* minibatch"),
        ("dataset", "", "name what to learn"),
        ("image_size", 30, "multiple of 4, got 30"),
        ("image_size", 4, "8 or more .*, got 4"),
        ("image_size", 516, "at most 512, got 516"),
        ("label_smoothing", 0.5, "less than 0.5, got 0.5"),
        ("flipped_labels", -0.1, "at least 0, got -0.1"),
        ("input_noise", -1.0, "at least 0, got -1.0"),
        ("input_noise_fraction", 0.0, "greater than 0, got 0.0"),
        ("latent_distribution", "gauss", "one of normal, spherical, uniform, got 'gauss'"),
        ("architecture", "resnet", "one of dcgan, dvbpr, mlp, got 'resnet'"),
        ("optimizer", "sgd", "one of adam, rmsprop, got 'sgd'"),
        ("pi", 0.0, "greater than 0, got 0.0"),
        ("pi", 1.0, "less than 1, got 1.0"),
        ("alpha", 0.0, "neither 0 nor 1, got 0.0"),
        ("alpha", 1.0, "neither 0 nor 1, got 1.0"),
        ("generator_objective", "hack", "one of trick, exact, got 'hack'"),
        ("generator_widths", (16, 0), "at least 1, got 0"),
        ("discriminator_widths", (16, 8.0), "whole numbers, got 8.0"),
        ("batch_size", 64.0, "be a int, got 64.0"),
        ("batch_size", True, "be a int, got True"),
    ],
)
def test_refusals_name_field_and_value(field, value, words):
    with pytest.raises(ValueError, match=f"^{field} must .*{words}"):
        CGANConfig(**{field: value})


def test_an_unknown_field_is_a_type_error():
    with pytest.raises(TypeError, match="dics_iters"):
        CGANConfig(dics_iters=5)


def test_json_round_trip():
    config = CGANConfig(generator_widths=(32, 16), beta_1=0.5, seed=7, jit_compile=True)
    text = json.dumps(settings.to_json(config))
    assert settings.from_json(CGANConfig, json.loads(text)) == config


@pytest.mark.parametrize(
    "change", [{"extra": 1}, {"batch_size": "64"}, {"objective": None}, {"seed": -3}]
)
def test_json_of_another_shape_is_refused(change):
    values = {**settings.to_json(CGANConfig()), **change}
    with pytest.raises(ValueError, match=next(iter(change))):
        settings.from_json(CGANConfig, values)


@pytest.mark.parametrize(
    "config_class", [DCGANConfig, CGANConfig, FGANConfig, WGANConfig, WGANGPConfig]
)
def test_a_setting_that_came_later_has_its_default_in_older_runs(config_class):
    for name in settings.to_json(config_class()):
        values = settings.to_json(config_class(num_epochs=3))
        values.pop(name)
        read = settings.from_json(config_class, values)
        expected = 16 if name == "num_epochs" else 3
        assert read == config_class(num_epochs=expected), name


def test_settings_that_are_no_object_are_refused():
    with pytest.raises(ValueError, match="settings must be an object, got list"):
        settings.from_json(CGANConfig, [1])


def test_data_that_are_gone_leave_a_run_s_settings_good(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {**settings.to_json(DCGANConfig()), "dataset": "faces.zip"}
    assert settings.from_json(DCGANConfig, values).dataset == "faces.zip"


def test_differences():
    config = CGANConfig()
    assert settings.differences(config, config) == {}
    changed = dataclasses.replace(config, seed=3, num_epochs=99)
    assert settings.differences(changed, config) == {
        "seed": (3, 0),
        "num_epochs": (99, config.num_epochs),
    }


@pytest.mark.parametrize(
    "cpuinfo, precision",
    [("flags : fpu avx512f avx512_bf16", "bfloat16"), ("flags : fpu avx512f", "float32")],
)
def test_auto_precision_asks_the_processor(cpuinfo, precision, tmp_path, monkeypatch):
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    monkeypatch.setattr(processor, "CPUINFO", path)
    assert processor.resolved(CGANConfig()).precision == precision
    assert processor.resolved(CGANConfig(precision="float32")).precision == "float32"


def test_a_machine_that_does_not_say_computes_in_float32(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "absent")
    assert processor.resolved(CGANConfig()).precision == "float32"


@pytest.mark.parametrize(
    "gpus, precision",
    [
        # A GPU without units for it, beside a processor that has them.
        ([{"device_name": "Tesla T4", "compute_capability": (7, 5)}], "float32"),
        ([{"device_name": "NVIDIA A100", "compute_capability": (8, 0)}], "bfloat16"),
        ([{"compute_capability": (9, 0)}, {"compute_capability": (7, 0)}], "float32"),
        # One of another make, which does not say.
        ([{"device_name": "METAL"}], "float32"),
    ],
)
def test_auto_precision_asks_the_gpus_where_there_are_any(gpus, precision, tmp_path, monkeypatch):
    import tensorflow as tf

    (tmp_path / "cpuinfo").write_text("model name : X\nflags : avx512_bf16")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    seen = {"GPU": range(len(gpus)), "CPU": [0]}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: seen[kind])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda number: gpus[number])
    assert processor.resolved(CGANConfig()).precision == precision
    assert processor.resolved(CGANConfig(precision="bfloat16")).precision == "bfloat16"
    named = [gpu.get("device_name", "a GPU") for gpu in gpus]
    assert processor.described().split(", ")[2:] == named


@pytest.mark.parametrize(
    "constraint", [{"penalty": "one_sided"}, {"clip": 0.01}, {"normalization": "spectral"}]
)
def test_wasserstein_is_allowed_with_a_constraint(constraint):
    assert CGANConfig(objective="wasserstein", **constraint).objective == "wasserstein"


@pytest.mark.parametrize(
    "config_class, values, words",
    [
        (WGANConfig, {"clip": 0.0}, "clip must be greater than 0, got 0.0"),
        (WGANConfig, {"clip": -0.01}, "clip must be greater than 0, got -0.01"),
        (WGANConfig, {"beta_1": 0.5}, "beta_1 must be 0 with --optimizer=rmsprop, got 0.5"),
        (WGANGPConfig, {"penalty": "none"}, "penalty must be one of two_sided, .*, got 'none'"),
        (WGANGPConfig, {"penalty_weight": -1.0}, "penalty_weight must be greater than 0, got -1"),
        (
            WGANGPConfig,
            {"normalization": "batch"},
            "normalization must not be 'batch' with --penalty=two_sided: .*--normalization=none",
        ),
        (
            DCGANConfig,
            {"normalization": "batch", "real_gradient_weight": 1.0},
            "normalization must not be 'batch' with --real_gradient_weight=1.0: .* minibatch",
        ),
        (DCGANConfig, {"objective": "pearson"}, "objective must be one of .*, got 'pearson'"),
        (
            DCGANConfig,
            {"discriminator_steps": 5, "initial_discriminator_steps": 12},
            "initial_discriminator_steps must be a multiple of --discriminator_steps=5, got 12",
        ),
        (
            DCGANConfig,
            {"on_collapse": "rollback", "distribute": "multi_worker"},
            "on_collapse must not be 'rollback' with --distribute=multi_worker",
        ),
        (FGANConfig, {"pi": 1.0}, "pi must be less than 1, got 1.0"),
        (FGANConfig, {"alpha": 1.0}, "alpha must be neither 0 nor 1, got 1.0"),
        (FGANConfig, {"alpha": 0.0}, "alpha must be neither 0 nor 1, got 0.0"),
        (
            FGANConfig,
            {"divergence": "kl", "alpha": 2.0},
            "alpha must stay 0.5 unless alpha is what is minimised, got 2.0",
        ),
        (FGANConfig, {"pi": 0.3}, "pi must stay 0.5 unless jensen_shannon_weighted is what"),
        (
            CGANConfig,
            {"generator_objective": "exact"},
            "generator_objective must stay trick unless an f-divergence is minimised, got exact",
        ),
        (DCGANConfig, {"penalty_weight": 1.0}, "penalty_weight must stay 10.0 unless --penalty is"),
        (WGANConfig, {"real_gradient_interval": 4}, "real_gradient_interval must stay 16 unless"),
        (WGANConfig, {"initial_iterations": 5}, "initial_iterations must stay 25 unless"),
        (WGANConfig, {"input_noise_fraction": 0.5}, "input_noise_fraction must stay 1.0 unless"),
    ],
)
def test_contradictions_are_refused_with_the_reason(config_class, values, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        config_class(**values)


def test_each_algorithm_begins_with_what_learns_best():
    wgan = WGANConfig()
    assert (wgan.clip, wgan.optimizer, wgan.discriminator_steps) == (0.01, "rmsprop", 5)
    assert wgan.discriminator_learning_rate == wgan.generator_learning_rate == 5e-5
    penalised = WGANGPConfig()
    assert (penalised.penalty, penalised.penalty_weight) == ("two_sided", 10.0)
    assert (penalised.discriminator_steps, penalised.normalization) == (2, "none")
    assert (penalised.beta_1, penalised.beta_2) == (0.0, 0.99)
    for config in (DCGANConfig(), FGANConfig(), penalised):
        rates = config.discriminator_learning_rate, config.generator_learning_rate
        assert rates == (1e-3, 1e-3)


def test_r1_is_taken_where_nothing_else_bounds_the_slope():
    assert DCGANConfig().taken_gradient_weight == 1.0
    assert DCGANConfig(normalization="virtual_batch").taken_gradient_weight == 1.0
    for other in (
        {"normalization": "batch"},
        {"normalization": "spectral"},
        {"penalty": "two_sided"},
        {"clip": 0.01},
        {"real_gradient_weight": 0.0},
    ):
        assert DCGANConfig(**other).taken_gradient_weight == 0.0
    spectral = DCGANConfig(normalization="spectral", real_gradient_weight=2.0)
    assert spectral.taken_gradient_weight == 2
    assert DCGANConfig().adversary(10)["real_gradient_weight"] == 1.0


def test_dense_layers_are_not_batch_normalised_unless_asked():
    assert WGANConfig().taken_normalization == "batch"
    for config_class in (DCGANConfig, WGANConfig):
        auto = config_class(architecture="mlp", normalization="auto")
        assert auto.taken_normalization == "none"
        asked = config_class(architecture="mlp", normalization="batch")
        assert asked.taken_normalization == "batch"
    assert CGANConfig().taken_normalization == "none"


def test_what_depends_on_another_setting_is_taken_with_it():
    assert FGANConfig(divergence="alpha", alpha=2.0).alpha == 2.0
    assert FGANConfig(divergence="jensen_shannon_weighted", pi=0.3).pi == 0.3
    assert CGANConfig(objective="kl", generator_objective="exact").minimises == "kl"
    assert WGANGPConfig(penalty_weight=1.0).penalty_weight == 1.0
    WGANConfig(initial_discriminator_steps=100, initial_iterations=5)
    WGANConfig(input_noise=0.1, input_noise_fraction=0.5)
