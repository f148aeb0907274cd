"""The Wasserstein GAN with weight clipping.

python -m gan_apps.wgan --mode=train                   trains on MNIST, into checkpoints/wgan_001
python -m gan_apps.wgan --mode=train --clip=0.02       with wider bounds
python -m gan_apps.wgan --run_dir=checkpoints/wgan_001 draws from it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("wgan")
