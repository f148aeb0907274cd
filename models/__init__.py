"""The mathematics and the networks: no files, no flags, no clock."""

from models.adversary import Adversary
from models.bigan import BiGAN
from models.cgan import CGAN
from models.classifier import AttributeClassifier, Classifier
from models.conditions import Condition
from models.cyclegan import CycleGAN
from models.dcgan import DCGAN
from models.divergences import DIVERGENCES, FAMILIES, FDivergence
from models.encoders import SentenceEncoder, SentenceGenerator
from models.fgan import FGAN
from models.game import AbstractGame, Player
from models.gan import AbstractGAN
from models.infogan import InfoGAN
from models.lapgan import LAPGAN
from models.losses import OBJECTIVES, Objective, variational
from models.matcher import Matcher, PictureEncoder
from models.networks import Discriminator, Generator, pair
from models.next_frame import NextFrame
from models.order import minibatches
from models.pix2pix import Pix2Pix
from models.srgan import SRGAN, Enlarger
from models.translators import PatchDiscriminator, PictureTranslator
from models.vae import VAE, CodeGenerator, Encoder
from models.wgan import WGAN
from models.wgan_gp import WGANGP
