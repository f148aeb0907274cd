"""The Wasserstein GAN with gradient penalty.

python -m gan_apps.wgan_gp                             sixteen garments, in wgan_gp_fashion.png
python -m gan_apps.wgan_gp --mode=train                trains on MNIST
python -m gan_apps.wgan_gp --mode=train --penalty=one_sided --penalty_weight=5
"""

from gan_apps import settings
from gan_apps.command import adversarial, launch


def main():
    adversarial.run("wgan_gp", settings.WGANGPConfig, shipped_run="wgan_gp_fashion")


if __name__ == "__main__":
    adversarial.define_flags(settings.WGANGPConfig)
    launch.launch(main)
