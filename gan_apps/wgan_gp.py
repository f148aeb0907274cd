"""The Wasserstein GAN with gradient penalty.

python -m gan_apps.wgan_gp                             sixteen garments, in wgan_gp_fashion.png
python -m gan_apps.wgan_gp --mode=train                trains on MNIST
python -m gan_apps.wgan_gp --mode=train --penalty=one_sided --penalty_weight=5
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("wgan_gp")
