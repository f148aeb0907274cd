"""SRResNet in PyTorch as its tutorials are written: a DataLoader of random crops, Adam."""

import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim import lr_scheduler, swa_utils
from torch.utils import data


class Network(nn.Module):
    """The network of models.srgan.Enlarger.

    Layers are made in the order in which that has its weights.
    """

    def __init__(self, scale, channels, widths, blocks):
        super().__init__()
        self.scale = scale
        layer = lambda inputs, outputs: nn.Conv2d(inputs, outputs, 3, padding=1)
        self.entrance = layer(channels, widths[0])
        self.blocks = nn.ModuleList(
            nn.Sequential(layer(widths[0], widths[0]), nn.ReLU(), layer(widths[0], widths[0]))
            for _ in range(blocks)
        )
        self.trunk = layer(widths[0], widths[0])
        doublings = []
        for before, width in zip(widths, widths[1:], strict=False):
            doublings += [layer(before, 4 * width), nn.PixelShuffle(2), nn.ReLU()]
        self.doublings = nn.Sequential(*doublings, layer(widths[-1], channels))
        for made in self.convolutions():
            nn.init.kaiming_normal_(made.weight)
            nn.init.zeros_(made.bias)

    def convolutions(self):
        return [made for made in self.modules() if isinstance(made, nn.Conv2d)]

    def forward(self, sources):
        x = entrance = self.entrance(sources)
        for block in self.blocks:
            x = x + block(x)
        x = self.doublings(self.trunk(x) + entrance)
        plain = functional.interpolate(
            sources, scale_factor=self.scale, mode="bilinear", align_corners=False
        )
        return plain + x


class Squares(data.Dataset):
    """Random crops (source, image) of every picture, turned and mirrored."""

    def __init__(self, images, sources, crop, scale, seed):
        self.pairs, self.crop, self.scale = (sources, images), crop, scale
        self.random = np.random.default_rng(seed)

    def __len__(self):
        return len(self.pairs[0])

    def __getitem__(self, index):
        height, width = self.pairs[0].shape[1:3]
        top, left = (self.random.integers(0, side - self.crop + 1) for side in (height, width))
        turns, mirrored = self.random.integers(0, 4), self.random.random() < 0.5
        made = []
        for pictures, scale in zip(self.pairs, (1, self.scale), strict=True):
            rows, columns = (slice(scale * at, scale * (at + self.crop)) for at in (top, left))
            square = np.rot90(pictures[index, rows, columns], turns)
            square = square[:, ::-1] if mirrored else square
            planes = torch.from_numpy(np.ascontiguousarray(square.transpose(2, 0, 1)))
            made.append(planes.float() / 127.5 - 1)
        return made


class Training:
    """The network of a task and what moves it.

    Args:
      task: benchmarks.enlarging.Task.
      careful: bool. Weights' average is kept, as ours is, and pictures lie in rows of channels.
        Default False.
    """

    def __init__(self, task, careful=False):
        config = task.config
        self.layout = torch.channels_last if careful else torch.contiguous_format
        network = Network(config.scale, task.channels, task.widths, config.residual_blocks)
        self.network = network.to(memory_format=self.layout)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(),
            config.generator_learning_rate,
            (config.beta_1, config.beta_2),
            eps=1e-7,
        )
        self.schedule = lr_scheduler.LinearLR(self.optimizer, 1.0, 1e-9, task.iterations)
        kept = swa_utils.get_ema_multi_avg_fn(config.averaging_decay)
        self.average = swa_utils.AveragedModel(network, multi_avg_fn=kept) if careful else None

    def update(self, sources, images):
        """The mean absolute error before it."""
        sources, images = (
            planes.contiguous(memory_format=self.layout) for planes in (sources, images)
        )
        loss = functional.l1_loss(self.network(sources), images)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.network)
        return loss.item()

    def take(self, weights):
        """The weights of a network of Keras's, kernels [h, w, in, out] and biases by turns."""
        doubling = set(self.network.doublings[:-1])
        with torch.no_grad():
            for place, made in enumerate(self.network.convolutions()):
                kernel, bias = weights[2 * place : 2 * place + 2]
                if made in doubling:
                    # Keras has the four sub-pixels first, PyTorch the maps.
                    kernel, bias = (
                        some.reshape(*some.shape[:-1], 4, -1).swapaxes(-1, -2).reshape(some.shape)
                        for some in (kernel, bias)
                    )
                made.weight.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
                made.bias.copy_(torch.from_numpy(bias.copy()))


def planes(images):
    """Pictures in [-1, 1] as PyTorch takes them."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, 1)))


def fit(task, windows, careful=False):
    """Trains in float32 until the windows are complete."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    # TensorFlow's threads do the same.
    torch.set_flush_denormal(True)
    config, training = task.config, Training(task, careful)
    squares = Squares(*task.data(), config.crop, config.scale, config.seed)
    loader = data.DataLoader(squares, config.batch_size, shuffle=True, drop_last=True)
    while not windows.complete:
        for sources, images in loader:
            training.update(sources, images)
            windows.after_iteration()
            if windows.complete:
                break
