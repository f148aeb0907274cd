"""The mathematics and the networks: no files, no flags, no clock."""

from models.adversarial import AbstractAdversarialModel
from models.cgan import CGAN
from models.dcgan import DCGAN
from models.divergences import DIVERGENCES, FAMILIES, FDivergence
from models.fgan import FGAN
from models.losses import OBJECTIVES, Objective, variational
from models.networks import (
    AttributeDiscriminator,
    AttributeGenerator,
    ConditionalDiscriminator,
    ConditionalGenerator,
    Discriminator,
    Generator,
)
from models.wgan import WGAN
from models.wgan_gp import WGANGP

MODELS = {"dcgan": DCGAN, "cgan": CGAN, "fgan": FGAN, "wgan": WGAN, "wgan_gp": WGANGP}
