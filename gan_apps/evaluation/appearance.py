"""What can be said of pictures pixel by pixel: how sharp they are, how near to what they should be.

Pictures are uint8 [n, h, w, c], gray or colour.
"""

import numpy as np
import tensorflow as tf

# Of ITU-R BT.601.
LUMA = np.array([0.299, 0.587, 0.114])
# Equal pictures have no error to take a ratio to: dB that they count as.
MOST_DB = 100.0
# The side of SSIM's Gaussian window, smaller for pictures that are.
WINDOW = 11
_ROWS = 250


def edges(images):
    """The mean absolute Laplacian of four neighbours of each picture's luma: float64 [n].

      mean(abs(4 y_ij - y_i-1,j - y_i+1,j - y_i,j-1 - y_i,j+1)), over all but the border

    Blur lowers it; grain, which is no detail, raises it too.
    """
    found = []
    for start in range(0, len(images), _ROWS):
        y = luma(images[start : start + _ROWS])
        around = y[:, :-2, 1:-1] + y[:, 2:, 1:-1] + y[:, 1:-1, :-2] + y[:, 1:-1, 2:]
        found.append(np.abs(4.0 * y[:, 1:-1, 1:-1] - around).mean(axis=(1, 2)))
    return np.concatenate(found)


def luma(images):
    """float64 [n, h, w] in [0, 255]."""
    values = np.asarray(images, np.float64)
    return values[..., 0] if values.shape[-1] == 1 else values @ LUMA


def to_targets(images, targets):
    """How far each picture is from what it should be: {name: float64 [n]}.

    l1    mean(abs(x - y)) in gray levels
    psnr  10 log10(255**2 / mean((x - y)**2)) in dB, at most MOST_DB
    ssim  structural similarity, 1 for equal pictures (Wang et al. 2004)

    sharpness_difference  10 log10(1 / mean(abs(g(x) - g(y)))) in dB, at most MOST_DB, of pictures
        in [0, 1], g(x) the sum of abs(x_ij - x_i-1,j) and abs(x_ij - x_i,j-1) (Mathieu et al. 2016,
        arXiv 1511.05440, equation 9)
    """
    window = min(WINDOW, *images.shape[1:3])
    found = {"l1": [], "psnr": [], "ssim": [], "sharpness_difference": []}
    for start in range(0, len(images), _ROWS):
        some, own = images[start : start + _ROWS], targets[start : start + _ROWS]
        found["l1"].append(np.abs(some.astype(np.int16) - own).mean(axis=(1, 2, 3)))
        found["psnr"].append(np.minimum(tf.image.psnr(some, own, 255).numpy(), MOST_DB))
        difference = np.abs(_gradients(some) - _gradients(own)).mean(axis=(1, 2, 3)) / 255.0
        least = 10.0 ** (-MOST_DB / 10.0)
        found["sharpness_difference"].append(-10.0 * np.log10(np.maximum(difference, least)))
        found["ssim"].append(tf.image.ssim(some, own, 255, filter_size=window).numpy())
    return {name: np.concatenate(values).astype(np.float64) for name, values in found.items()}


def _gradients(images):
    """How much each pixel differs from the one above and the one to the left: [n, h-1, w-1, c]."""
    values = np.asarray(images, np.float64)
    down, right = values[:, 1:] - values[:, :-1], values[:, :, 1:] - values[:, :, :-1]
    return np.abs(down[:, :, 1:]) + np.abs(right[:, 1:])
