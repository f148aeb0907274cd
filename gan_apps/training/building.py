"""From settings and data to a compiled model: the one place where names become classes."""

import keras
import tensorflow as tf

import models
from gan_apps.training.schedules import LinearEnd

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def build(app, config, minibatches):
    """The compiled model of `app`, untrained, its weights drawn from `config.seed`.

    Args:
      app: str. A key of models.MODELS.
      config: settings.TrainConfig with `precision` resolved.
      minibatches: data.minibatches.Minibatches that it will learn from.
    """
    keras.utils.set_random_seed(config.seed)
    # TensorFlow 2.21's remapper fails on this step's graph, says so on stderr and leaves it as it
    # was; without it the step is as fast and quiet.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    images = minibatches.images
    _, size, _, channels = images.images.shape
    shape = {"num_classes": len(images.label_names), "image_size": size, "channels": channels}
    policy = POLICIES[config.precision]
    generator_shape = {**shape, "latent_dim": config.latent_dim, "widths": config.generator_widths}
    generator = models.ConditionalGenerator(**generator_shape, dtype=policy)
    averaged_generator = models.ConditionalGenerator(**generator_shape)
    discriminator = models.ConditionalDiscriminator(
        **shape,
        widths=config.discriminator_widths,
        normalization=config.normalization,
        dtype=policy,
    )
    model = models.MODELS[app](
        generator,
        averaged_generator,
        discriminator,
        objective=objective(config),
        mismatched_weight=config.mismatched_weight,
        discriminator_steps=config.discriminator_steps,
        generator_steps=config.generator_steps,
        real_gradient_weight=config.real_gradient_weight,
        real_gradient_interval=config.real_gradient_interval,
        penalty=None if config.penalty == "none" else config.penalty,
        penalty_weight=config.penalty_weight,
        clip=config.clip,
        averaging_decay=config.averaging_decay,
        seed=config.seed,
    )
    iterations = config.num_epochs * minibatches.steps_per_epoch

    def adam(learning_rate, updates):
        schedule = LinearEnd(learning_rate, iterations * updates, config.decay_fraction)
        return keras.optimizers.Adam(schedule, beta_1=config.beta_1, beta_2=config.beta_2)

    model.compile(
        adam(config.discriminator_learning_rate, config.discriminator_steps),
        adam(config.generator_learning_rate, config.generator_steps),
        jit_compile=config.jit_compile,
    )
    return model


def objective(config):
    """The models.losses.Objective that a config names."""
    if config.objective in models.OBJECTIVES:
        return models.OBJECTIVES[config.objective]
    parameter = {"jensen_shannon_weighted": config.pi, "alpha": config.alpha}.get(config.objective)
    divergence = (
        models.DIVERGENCES[config.objective]
        if parameter is None
        else models.FAMILIES[config.objective](parameter)
    )
    return models.variational(divergence, config.generator_objective)
