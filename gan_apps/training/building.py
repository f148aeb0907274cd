"""From settings and data to a compiled model: the one place where names become classes."""

import keras
import tensorflow as tf

import models
from gan_apps.settings import CGANConfig, Refused
from gan_apps.training.schedules import LinearEnd
from models.normalization import REFERENCE_SIZE

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# What an algorithm takes beside its networks and the loop's settings.
OWN_ARGUMENTS = {
    "dcgan": lambda config: {"objective": objective(config), **_given(config, _LABELS)},
    "cgan": lambda config: {
        "objective": objective(config),
        **_given(config, (*_LABELS, "mismatched_weight")),
    },
    "fgan": lambda config: {
        "divergence": divergence(config.divergence, config),
        "generator_objective": config.generator_objective,
    },
    "wgan": lambda config: {},
    "wgan_gp": lambda config: {},
}
_LABELS = ("label_smoothing", "flipped_labels")
# The loop's arguments that are settings of the same name.
_LOOP = (
    "discriminator_steps",
    "generator_steps",
    "initial_discriminator_steps",
    "initial_iterations",
    "real_gradient_weight",
    "real_gradient_interval",
    "penalty_weight",
    "clip",
    "input_noise",
    "latent_distribution",
    "averaging_decay",
    "seed",
)
_CLASSIFIER_WEIGHT = CGANConfig.__dataclass_fields__["classifier_weight"].default
# The networks that learn without labels, with them, and with attributes.
_UNCONDITIONAL = models.Generator, models.Discriminator
_CONDITIONAL = models.ConditionalGenerator, models.ConditionalDiscriminator
_PROMPTED = models.AttributeGenerator, models.AttributeDiscriminator


def build(app, config, minibatches):
    """The compiled model of `app`, untrained, its weights drawn from `config.seed`.

    Args:
      app: str. A key of models.MODELS.
      config: settings.TrainConfig with `precision` resolved.
      minibatches: data.minibatches.Minibatches that it will learn from.

    Raises:
      Refused: the settings contradict each other, or the data.
    """
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    # TensorFlow 2.21's remapper fails on this step's graph, says so on stderr and leaves it as it
    # was; without it the step is as fast and quiet.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    iterations = config.num_epochs * minibatches.steps_per_epoch
    networks = _networks(config, minibatches.images)
    own = OWN_ARGUMENTS[app](config)
    if minibatches.images.attributes is not None:
        own["classifier_weight"] = config.classifier_weight
    elif getattr(config, "classifier_weight", _CLASSIFIER_WEIGHT) != _CLASSIFIER_WEIGHT:
        raise Refused(
            f"--classifier_weight={config.classifier_weight}: --dataset={config.dataset} has no "
            "prompts, whose attributes the classifier would read."
        )
    try:
        model = models.MODELS[app](
            *networks,
            penalty=None if config.penalty == "none" else config.penalty,
            input_noise_iterations=max(round(config.input_noise_fraction * iterations), 1),
            **_given(config, _LOOP),
            **own,
        )
    except ValueError as error:
        raise Refused(f"--{error}") from None
    if config.normalization == "virtual_batch":
        model.set_reference(minibatches.sample(REFERENCE_SIZE))

    def optimizer(learning_rate, updates):
        schedule = LinearEnd(learning_rate, iterations * updates, config.decay_fraction)
        if config.optimizer == "rmsprop":
            return keras.optimizers.RMSprop(schedule, rho=config.beta_2)
        return keras.optimizers.Adam(schedule, beta_1=config.beta_1, beta_2=config.beta_2)

    model.compile(
        optimizer(config.discriminator_learning_rate, config.discriminator_steps),
        optimizer(config.generator_learning_rate, config.generator_steps),
        jit_compile=config.jit_compile,
    )
    return model


def objective(config):
    """The models.losses.Objective that a config names."""
    if config.objective in models.OBJECTIVES:
        return models.OBJECTIVES[config.objective]
    row = divergence(config.objective, config)
    return models.variational(row, config.generator_objective)


def divergence(name, config):
    """The row of a divergence, with the config's parameter if it is a family."""
    parameter = {"jensen_shannon_weighted": config.pi, "alpha": config.alpha}.get(name)
    return models.DIVERGENCES[name] if parameter is None else models.FAMILIES[name](parameter)


def _networks(config, images):
    """Generator, averaged generator and discriminator for the data's size, colours and labels."""
    _, size, _, channels = images.images.shape
    shape = {
        "image_size": size,
        "channels": channels,
        "architecture": config.architecture,
    }
    kinds = _UNCONDITIONAL
    if images.labels is not None:
        kinds = _CONDITIONAL
        shape["num_classes"] = len(images.label_names)
    if images.attributes is not None:
        kinds = _PROMPTED
        shape["vocabulary"] = images.vocabulary.to_json()
    generator, discriminator = kinds
    bodies = {
        "generator": {
            **shape,
            "widths": config.generator_widths,
            "normalization": config.generator_normalization,
        },
        "discriminator": {
            **shape,
            "widths": config.discriminator_widths,
            "normalization": config.taken_normalization,
        },
    }
    if images.attributes is not None:
        bodies["discriminator"]["classifier"] = config.classifier_weight > 0
    policy = POLICIES[config.precision]
    try:
        part = "generator"
        noise = {"latent_dim": config.latent_dim}
        networks = [generator(**bodies[part], **noise, dtype=policy)]
        networks += [generator(**bodies[part], **noise)]
        part = "discriminator"
        networks += [discriminator(**bodies[part], dtype=policy)]
    except ValueError as error:
        raise Refused(f"--{part}_{error}") from None
    return networks


def _given(config, names):
    return {name: getattr(config, name) for name in names}
