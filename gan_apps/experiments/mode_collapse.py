"""Which GANs find all modes of simple data, and how well (seed 002: eight Gaussians).

The data are a ring of 8 Gaussians (radius 1, deviation .01), a grid of 25 (spacing 2, deviation
.05, shown to the networks divided by 4) and a Swiss roll. Every algorithm trains the same networks
for the same number of generator updates. Counted as in the literature, on 2,500 samples: a sample
is of high quality within 3 deviations of its nearest mode (98.9 % of real ones are), a mode is
captured if it has one such sample, and the reverse KL is that of the histogram of nearest modes
against the uniform one, in nats.

References: Metz et al. 2017 (arXiv 1611.02163, Unrolled GAN); Srivastava et al. 2017 (arXiv
1705.07761, VEEGAN), whose protocol it is; Lin et al. 2018 (arXiv 1712.04086, PacGAN).
"""

import dataclasses

import numpy as np

from gan_apps.experiments import points

NUM_SAMPLES = 2500
# High quality: within so many deviations of the nearest mode.
NEAR = 3.0


@dataclasses.dataclass(frozen=True)
class Modes:
    """Equally likely round Gaussians, as the networks see them.

    Args:
      centres: float [modes, 2].
      deviation: float.
    """

    centres: np.ndarray
    deviation: float

    @property
    def draw(self):
        return points.gaussians(self.centres, self.deviation)

    def counted(self, samples):
        """Modes captured, share of high quality and reverse KL of samples [n, 2]."""
        distances = np.linalg.norm(samples[:, None] - self.centres, axis=-1)
        nearest = distances.argmin(axis=1)
        good = distances.min(axis=1) <= NEAR * self.deviation
        shares = np.bincount(nearest, minlength=len(self.centres)) / len(samples)
        present = shares[shares > 0]
        return {
            "modes": len(np.unique(nearest[good])),
            "high_quality": float(good.mean()),
            "reverse_kl": float(np.sum(present * np.log(present * len(self.centres)))),
        }


RING = Modes(points.ring(8, 1.0), 0.01)
GRID = Modes(points.grid(5, 0.5), 0.0125)
