"""Whether the peers compute what we compute: from the same weights and noise, the same step.

Our networks' weights are put into a peer's, and all noise that our step draws is handed to the
peer's. Then a few iterations are compared, R1 or the penalty in each, in float32: both losses, and
the norms of both gradients as Adam's second moments remember them, penalties and all.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from benchmarks import ours

ITERATIONS = 3
# Of the first discriminator loss and gradient, and of all that comes later. At first only the order
# of sums differs; Adam's first updates move every weight by its full step, by the sign of gradients
# that may be next to nothing, and PyTorch adds epsilon in another place. Losses are compared
# relative to 1 or to themselves if that is more.
FIRST, LATER = 1e-4, 2e-2
# Times R1's gamma for the comparison, so that its part of the gradient is like the loss's.
REAL_GRADIENT_FACTOR = 100.0


class Recorded:
    """The noise that our model draws, in order, to be drawn again by a peer."""

    def __init__(self, model, convert):
        self.drawn, self.convert, self.foreign_labels = [], convert, None
        model.noise = self._recording(model.noise)

    def _recording(self, draw):
        def recorded(*arguments):
            self.drawn.append(draw(*arguments))
            return self.drawn[-1]

        return recorded

    def normal(self, *shape):
        numbers = self.drawn.pop(0).numpy()
        assert numbers.shape == shape, (numbers.shape, shape)
        return self.convert(numbers)

    uniform = normal

    def foreign(self, labels, num_classes):
        return self.convert(self.foreign_labels.pop(0))


def differences(task, side):
    """How far a peer is from us: float [ITERATIONS, 4], losses and gradients' norms, D before G.

    Args:
      task: benchmarks.tasks.Task.
      side: "keras" or "torch", with ", careful" and with ", channels_last" (torch) or without.
    """
    if task.has_sides:
        return _differences_of_sides(task, side)
    task = dataclasses.replace(task, config=_penalised_at_once(task.config))
    if task.has_sources:
        # Keras's own dropout draws what nobody can hand to it.
        task = dataclasses.replace(task, config=dataclasses.replace(task.config, dropout=0.0))
    model, order = ours.built(task, "float32", ITERATIONS * task.images_per_iteration)
    kind = _KerasOfPairs if task.has_sources else _Keras if side.startswith("keras") else _Torch
    peer = kind(task, model, side)
    found = []
    for iteration in order.iterations().take(ITERATIONS):
        # The generator is asked for what the real images of the last update are.
        for name in iteration["generator"]:
            iteration["generator"][name] = iteration["discriminator"][name][-1:]
        model.reset_metrics()
        losses = model.train_step(iteration)
        players = ("discriminator", "generator")
        mine = [float(losses[f"{name}_loss"]) for name in players]
        mine += [_keras_norm(model.optimizers[name]) for name in players]
        examples = {
            name: values.numpy().reshape(-1, *values.shape[2:])
            for name, values in iteration["discriminator"].items()
        }
        theirs = peer.stepped(examples)
        scales = [max(abs(mine[0]), 1.0), max(abs(mine[1]), 1.0), *mine[2:]]
        found.append(np.abs(np.subtract(mine, theirs)) / scales)
    return np.asarray(found)


def _differences_of_sides(task, side):
    from benchmarks.peers import keras_cyclegan

    model, order = ours.built(task, "float32", 2 * ITERATIONS * task.images_per_iteration)
    peer = keras_cyclegan.CycleGAN(task, careful="careful" in side)
    peer.compile()
    names = ("generator_a", "generator_b", "discriminator_a", "discriminator_b")
    for name, (network, _) in zip(names, peer.optimizers_of, strict=True):
        network.set_weights(model.networks[name].get_weights())
    found = []
    for iteration in order.iterations().take(ITERATIONS):
        model.reset_metrics()
        peer.reset_metrics()
        losses = model.train_step(iteration)
        judges = ("discriminator_a", "discriminator_b")
        mine = [sum(float(losses[f"{name}_loss"]) for name in judges)]
        mine += [float(losses["generator_loss"])]
        mine += [
            float(np.hypot.reduce([_keras_norm(model.optimizers[name]) for name in some]))
            for some in (judges, ("generator",))
        ]
        pictures = (iteration["generator"][name][0].numpy() for name in ("a", "b"))
        data = tuple(tf.constant(one.astype("float32") / 127.5 - 1.0) for one in pictures)
        logs = peer.train_step(data)
        norms = [_keras_norm(optimizer) for _, optimizer in peer.optimizers_of]
        theirs = [float(logs["d_loss"]), float(logs["g_loss"])]
        theirs += [float(np.hypot(*norms[2:])), float(np.hypot(*norms[:2]))]
        scales = [max(abs(mine[0]), 1.0), max(abs(mine[1]), 1.0), *mine[2:]]
        found.append(np.abs(np.subtract(mine, theirs)) / scales)
    return np.asarray(found)


def agrees(found):
    """Whether differences are within the tolerances."""
    return bool((found[0, [0, 2]] <= FIRST).all() and (found <= LATER).all())


def _keras_norm(optimizer):
    moments = [slot.numpy() for slot in optimizer.variables if "velocity" in slot.name]
    return sum(float(moment.sum()) for moment in moments) ** 0.5


def _torch_norm(optimizer):
    return sum(float(state["exp_avg_sq"].sum()) for state in optimizer.state.values()) ** 0.5


def _penalised_at_once(config):
    if not config.real_gradient_weight:
        return config
    weight = config.real_gradient_weight * REAL_GRADIENT_FACTOR
    return dataclasses.replace(config, real_gradient_interval=1, real_gradient_weight=weight)


class _Keras:
    def __init__(self, task, model, side):
        from benchmarks.peers import keras_gan, keras_io

        self.keras_io = task.keras_io
        careful = "careful" in side
        self.gan = (
            keras_io.ConditionalGAN() if task.keras_io else keras_gan.GAN(task, careful=careful)
        )
        self.gan.compile()
        self.gan.generator.set_weights(model.generator.get_weights())
        *convolutions, kernel, bias = model.discriminator.get_weights()
        if task.keras_io:
            # Its scores are of being generated, ours of being real.
            self.gan.discriminator.set_weights([*convolutions, -kernel, -bias])
        else:
            _, *layers = self.gan.discriminator.layers
            kernels = iter(convolutions)
            for layer in layers:
                if layer.name.startswith("conv2d"):
                    layer.set_weights([next(kernels), next(kernels)])
            head = _head(task, kernel, bias)
            self.gan.discriminator.get_layer("linear").set_weights(head[:2])
            if task.num_classes:
                self.gan.discriminator.get_layer("affinities").set_weights(head[2:])
        self.gan.noise = self.noise = Recorded(model, tf.constant)

    def stepped(self, examples):
        """The peer's losses and gradients' norms of an iteration."""
        from benchmarks.peers import keras_io

        images, labels = examples["images"], examples.get("labels")
        self.gan.reset_metrics()
        if self.keras_io:
            data = images.astype("float32") / 255.0, tf.one_hot(labels, keras_io.NUM_CLASSES)
        else:
            self.noise.foreign_labels = [examples.get("foreign_labels")]
            images = tf.constant(images.astype("float32") / 127.5 - 1.0)
            data = images if labels is None else (images, tf.constant(labels))
        logs = self.gan.train_step(data)
        # keras.io takes the mean over both kinds of pair, ours is the sum of two means.
        factor = 2.0 if self.keras_io else 1.0
        return (
            factor * float(logs["d_loss"]),
            float(logs["g_loss"]),
            factor * _keras_norm(self.gan.d_optimizer),
            _keras_norm(self.gan.g_optimizer),
        )


class _KerasOfPairs:
    def __init__(self, task, model, side):
        from benchmarks.peers import keras_pix2pix

        self.model = keras_pix2pix.Pix2Pix(task, careful="careful" in side)
        self.model.compile()
        for name in ("generator", "discriminator"):
            getattr(self.model, name).set_weights(model.networks[name].get_weights())

    def stepped(self, examples):
        """The peer's losses and gradients' norms of an iteration."""
        self.model.reset_metrics()
        pair = (examples[name].astype("float32") / 127.5 - 1.0 for name in ("images", "sources"))
        logs = self.model.train_step(tuple(map(tf.constant, pair)))
        optimizers = self.model.d_optimizer, self.model.g_optimizer
        return float(logs["d_loss"]), float(logs["g_loss"]), *map(_keras_norm, optimizers)


class _Torch:
    def __init__(self, task, model, side):
        import torch

        from benchmarks.peers import torch_gan

        self.task, self.channels_last = task, side.endswith("channels_last")
        self.tensors = torch_gan.tensors
        self.gan = torch_gan.GAN(task, self.channels_last, careful="careful" in side)
        with torch.no_grad():
            _load_generator(self.gan.generator, model.generator.get_weights(), task)
            _load_discriminator(self.gan.discriminator, model.discriminator.get_weights(), task)
        self.gan.noise = self.noise = Recorded(model, torch.from_numpy)

    def stepped(self, examples):
        """The peer's losses and gradients' norms of an iteration."""
        labels, foreign = examples.get("labels"), examples.get("foreign_labels")
        self.noise.foreign_labels = [None if foreign is None else foreign.astype("int64")]
        data = self.tensors(self.task, examples["images"], labels, self.channels_last)
        losses = self.gan.iteration(*data)
        return *losses, _torch_norm(self.gan.d_optimizer), _torch_norm(self.gan.g_optimizer)


def _head(task, kernel, bias):
    """Our last layer's weights as those of a dense layer, and of the affinities to the labels."""
    if not task.num_classes or task.keras_io:
        return kernel, bias.reshape(1)
    return kernel[:, :1], bias.reshape(1), kernel[:, 1:]


def _channels_first(values, size, axis):
    """An axis of (row, column, channel) as one of (channel, row, column)."""
    shape = values.shape
    parts = values.reshape(*shape[:axis], size, size, -1, *shape[axis + 1 :])
    return np.moveaxis(parts, axis + 2, axis).reshape(shape)


def _load(parameters, values):
    import torch

    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def _load_generator(network, weights, task):
    import torch

    weights, size = list(weights), task.image_size // 2 ** len(task.generator_widths)
    for module in network.body:
        if isinstance(module, torch.nn.BatchNorm2d):
            mine, weights = weights[:4], weights[4:]
            _load([*module.parameters(), module.running_mean, module.running_var], mine)
            continue
        count = len(list(module.parameters()))
        mine, weights = weights[:count], weights[count:]
        if isinstance(module, torch.nn.Linear):
            mine = [_channels_first(values, size, values.ndim - 1).T for values in mine]
        elif mine:
            mine[0] = mine[0].transpose(3, 2, 0, 1)
            if module is network.body[-3] and not task.keras_io:
                # Sub-pixels: (place, colour) as (colour, place).
                order = np.arange(4 * task.channels).reshape(4, task.channels).T.ravel()
                mine = [values[order] for values in mine]
        _load(module.parameters(), mine)
    assert not weights


def _load_discriminator(network, weights, task):
    import torch

    *convolutions, kernel, bias = weights
    for module in network.features:
        if isinstance(module, torch.nn.Conv2d):
            kernel_of, bias_of, *convolutions = convolutions
            _load(module.parameters(), [kernel_of.transpose(3, 2, 0, 1), bias_of])
    assert not convolutions
    kernel, bias, *embedding = _head(task, kernel, bias)
    size = task.image_size
    for _ in task.discriminator_widths:
        size = -(-size // 2)
    size = 1 if task.keras_io else size
    _load(network.linear.parameters(), [_channels_first(kernel, size, 0).T, bias])
    if embedding:
        _load(network.embedding.parameters(), [_channels_first(embedding[0], size, 0).T])
