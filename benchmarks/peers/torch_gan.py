"""The tasks in PyTorch."""

import itertools
import os

import torch
from torch import nn
from torch.nn import functional

MOMENTUM = 0.1
SLOPE = 0.2


def _same_padding(size, kernel):
    """TensorFlow's "same" for stride 2: the odd pixel is added behind."""
    missing = (-(-size // 2) - 1) * 2 + kernel - size
    before, after = missing // 2, missing - missing // 2
    return nn.ZeroPad2d((before, after, before, after))


class Generator(nn.Module):
    """Latents and one-hot labels [n, d] to images in [-1, 1]."""

    def __init__(self, task):
        super().__init__()
        widths = task.generator_widths
        size = task.image_size // 2 ** len(widths)
        inputs = task.config.latent_dim + task.num_classes
        layers = [
            nn.Linear(inputs, widths[0] * size * size, bias=False),
            nn.Unflatten(1, (widths[0], size, size)),
            nn.BatchNorm2d(widths[0], eps=1e-3, momentum=MOMENTUM),
            nn.ReLU(),
        ]
        for previous, width in itertools.pairwise(widths):
            layers += [
                nn.ConvTranspose2d(previous, width, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(width, eps=1e-3, momentum=MOMENTUM),
                nn.ReLU(),
            ]
        layers += [
            nn.Conv2d(widths[-1], 4 * task.channels, 3, padding=1),
            nn.PixelShuffle(2),
            nn.Tanh(),
        ]
        self.body = nn.Sequential(*layers)

    def forward(self, inputs):
        return self.body(inputs)


class Discriminator(nn.Module):
    """Images, and labels [n, m] if there are any, to scores [n, m] (or [n, 1])."""

    def __init__(self, task):
        super().__init__()
        layers, size, channels = [], task.image_size, task.channels
        for width in task.discriminator_widths:
            if size % 2:
                layers += [_same_padding(size, 4), nn.Conv2d(channels, width, 4, stride=2)]
            else:
                layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1)]
            layers += [nn.LeakyReLU(SLOPE)]
            channels, size = width, -(-size // 2)
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.linear = nn.Linear(channels * size * size, 1)
        if task.num_classes:
            self.embedding = nn.Embedding(task.num_classes, channels * size * size)

    def forward(self, images, labels=None):
        features = self.features(images)
        scores = self.linear(features)
        if labels is None:
            return scores
        return scores + (self.embedding(labels) * features[:, None]).sum(-1)


class KerasIoGenerator(nn.Module):
    """Latents and one-hot labels to images in [0, 1]."""

    def __init__(self, task):
        super().__init__()
        inputs = task.config.latent_dim + task.num_classes
        first, second = task.generator_widths
        self.body = nn.Sequential(
            nn.Linear(inputs, 7 * 7 * inputs),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, (inputs, 7, 7)),
            nn.ConvTranspose2d(inputs, first, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(first, second, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(second, task.channels, 7, padding=3),
            nn.Sigmoid(),
        )

    def forward(self, inputs):
        return self.body(inputs)


class KerasIoDiscriminator(nn.Module):
    """Images and labels [n, 1], which become planes, to scores [n, 1]."""

    def __init__(self, task):
        super().__init__()
        self.num_classes = task.num_classes
        first, second = task.discriminator_widths
        self.features = nn.Sequential(
            _same_padding(task.image_size, 3),
            nn.Conv2d(task.channels + task.num_classes, first, 3, stride=2),
            nn.LeakyReLU(SLOPE),
            _same_padding(task.image_size // 2, 3),
            nn.Conv2d(first, second, 3, stride=2),
            nn.LeakyReLU(SLOPE),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
        )
        self.linear = nn.Linear(second, 1)

    def forward(self, images, labels):
        one_hot = functional.one_hot(labels[:, 0], self.num_classes).float()
        planes = one_hot[:, :, None, None].expand(-1, -1, *images.shape[2:])
        return self.linear(self.features(torch.cat([images, planes], dim=1)))


class Noise:
    def normal(self, *shape):
        return torch.randn(*shape)

    def uniform(self, *shape):
        return torch.rand(*shape)

    def foreign(self, labels, num_classes):
        return (labels + torch.randint(1, num_classes, labels.shape)) % num_classes


class GAN:
    """The training step: the objective is that of the task's command.

    Args:
      task: benchmarks.tasks.Task.
      channels_last: bool. The layout in memory. Default False.
      careful: bool. The generator's update computes no gradients for the discriminator, and real
        images are looked at once for both of their labels. Else, as in PyTorch's tutorial on
        DCGANs, they are computed and cleared later; and every pair of an image and a label goes
        through the discriminator by itself. Default False.
    """

    def __init__(self, task, channels_last=False, careful=False):
        self.task, self.config, self.noise, self.careful = task, task.config, Noise(), careful
        kinds = (Generator, Discriminator)
        if task.keras_io:
            kinds = (KerasIoGenerator, KerasIoDiscriminator)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.generator, self.discriminator = (kind(task).to(memory_format=layout) for kind in kinds)
        betas = (self.config.beta_1, self.config.beta_2)
        self.d_optimizer, self.g_optimizer = (
            torch.optim.Adam(network.parameters(), rate, betas, eps=1e-7)
            for network, rate in (
                (self.discriminator, self.config.discriminator_learning_rate),
                (self.generator, self.config.generator_learning_rate),
            )
        )
        self.iterations = 0

    def generated(self, count, labels):
        latents = self.noise.normal(count, self.config.latent_dim)
        if labels is not None:
            one_hot = functional.one_hot(labels, self.task.num_classes)
            latents = torch.cat([latents, one_hot], dim=1)
        return self.generator(latents)

    def scored(self, images, *labels):
        return self.discriminator(images, *(torch.stack(labels, dim=1),) if labels else ())

    def slopes(self, images, *labels):
        """The gradient of each image's score, [n, pixels]."""
        images = images.detach().requires_grad_()
        scores = self.scored(images, *labels).sum()
        return torch.autograd.grad(scores, images, create_graph=True)[0].flatten(1)

    def update_discriminator(self, real_images, labels):
        own = () if labels is None else (labels,)
        weight = getattr(self.config, "mismatched_weight", 0.0)
        foreign = (self.noise.foreign(labels, self.task.num_classes),) if weight else ()
        with torch.no_grad():
            fake_images = self.generated(len(real_images), labels)
        if self.careful or not foreign:
            real = self.scored(real_images, *own, *foreign)
        else:
            pairs = [self.scored(real_images, labels) for labels in (*own, *foreign)]
            real = torch.cat(pairs, dim=1)
        fake = self.scored(fake_images, *own)
        penalty = 0.0
        if self.task.system == "wgan_gp":
            loss = fake.mean() - real.mean()
            mixing = self.noise.uniform(len(real_images), 1, 1, 1)
            mixed = mixing * real_images + (1 - mixing) * fake_images
            norms = self.slopes(mixed).norm(dim=1)
            penalty = self.config.penalty_weight * ((norms - 1) ** 2).mean()
        else:
            loss = functional.softplus(-real[:, 0]).mean()
            loss = loss + (1 - weight) * functional.softplus(fake).mean()
            if weight:
                loss = loss + weight * functional.softplus(real[:, 1]).mean()
            interval = self.config.real_gradient_interval
            if self.config.real_gradient_weight and self.iterations % interval == 0:
                squares = (self.slopes(real_images, *own) ** 2).sum(dim=1).mean()
                penalty = self.config.real_gradient_weight / 2 * interval * squares
        self.d_optimizer.zero_grad()
        (loss + penalty).backward()
        self.d_optimizer.step()
        return loss.item()

    def update_generator(self, labels):
        own = () if labels is None else (labels,)
        # The discriminator's weights need no gradient here.
        self.discriminator.requires_grad_(not self.careful)
        scores = self.scored(self.generated(self.config.batch_size, labels), *own)
        if self.task.system == "wgan_gp":
            loss = -scores.mean()
        else:
            loss = functional.softplus(-scores).mean()
        self.g_optimizer.zero_grad()
        loss.backward()
        self.g_optimizer.step()
        self.discriminator.requires_grad_(True)
        return loss.item()

    def iteration(self, images, labels=None):
        """k updates of the discriminator and one of the generator; the mean losses."""
        size, d_losses = self.config.batch_size, []
        for start in range(0, len(images), size):
            own = None if labels is None else labels[start : start + size]
            d_losses.append(self.update_discriminator(images[start : start + size], own))
        g_loss = self.update_generator(own)
        self.iterations += 1
        return sum(d_losses) / len(d_losses), g_loss


def tensors(task, images, labels, channels_last=False):
    """uint8 images and labels as the networks take them, normalised beforehand."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    images = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    images = images / 255 if task.keras_io else images / 127.5 - 1
    labels = None if labels is None else torch.from_numpy(labels).long()
    return images.contiguous(memory_format=layout), labels


def fit(task, precision, windows, channels_last=False, careful=False):
    """Trains until the windows are complete."""
    if precision != "float32":
        raise ValueError(f"precision must be float32, got {precision!r}.")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    # TensorFlow's threads do the same.
    torch.set_flush_denormal(True)
    images, labels = tensors(task, *task.data(), channels_last)
    gan, size = GAN(task, channels_last, careful), task.images_per_iteration
    whole = len(images) // size * size
    while not windows.complete:
        for indices in torch.randperm(len(images))[:whole].split(size):
            gan.iteration(images[indices], None if labels is None else labels[indices])
            windows.after_iteration()
            if windows.complete:
                break
