"""The f-GAN: a GAN for every f-divergence.

python -m gan_apps.fgan                                sixteen digits, in fgan_digits.png
python -m gan_apps.fgan --mode=train --divergence=pearson        trains on MNIST
python -m gan_apps.fgan --mode=train --divergence=alpha --alpha=2 --generator_objective=exact
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("fgan")
