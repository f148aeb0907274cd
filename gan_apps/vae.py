"""The variational autoencoder: codes pictures, and draws from codes.

python -m gan_apps.vae                                 sixteen digits, in vae_digits.png
python -m gan_apps.vae --interpolate=1,2 --output=walk.gif       from one digit to another
python -m gan_apps.vae --input=digit.png --side_by_side          a picture, and what its code says
python -m gan_apps.vae --input=FOLDER --output=FOLDER            the same of every picture in it
python -m gan_apps.vae --mode=train                    trains on MNIST, into checkpoints/vae_001
python -m gan_apps.vae --mode=train --latent_dim=2     with a code of two numbers
python -m gan_apps.vae --run_dir=checkpoints/vae_001 --sheet     all of its codes, on one sheet
python -m gan_apps.vae --mode=train --recipe=autoencoder         the plain autoencoder
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("vae")
