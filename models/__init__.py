"""The mathematics and the networks: no files, no flags, no clock."""

from models.adversarial import AbstractAdversarialModel
from models.cgan import CGAN
from models.divergences import DIVERGENCES, FAMILIES, FDivergence
from models.losses import OBJECTIVES, Objective, variational
from models.networks import ConditionalDiscriminator, ConditionalGenerator

MODELS = {"cgan": CGAN}
