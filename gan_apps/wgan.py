"""The Wasserstein GAN with weight clipping.

python -m gan_apps.wgan --mode=train                   trains on MNIST, into checkpoints/wgan_001
python -m gan_apps.wgan --mode=train --clip=0.02       with wider bounds
python -m gan_apps.wgan --run_dir=checkpoints/wgan_001 draws from it
"""

from gan_apps import settings
from gan_apps.command import adversarial, launch


def main():
    adversarial.run("wgan", settings.WGANConfig, shipped_run=None)


if __name__ == "__main__":
    adversarial.define_flags(settings.WGANConfig)
    launch.launch(main)
