"""The DCGAN, and with --objective and --normalization the GAN, the LSGAN and the SN-GAN.

python -m gan_apps.dcgan                               sixteen faces, in dcgan_faces.png
python -m gan_apps.dcgan --seed=7 --num_images=64      others, and more of them
python -m gan_apps.dcgan --interpolate=1,2 --output=walk.gif     from one face to another
python -m gan_apps.dcgan --arithmetic=1,4,7-2,3,5+6,8,9          means of three, added up
python -m gan_apps.dcgan --mode=train                  trains on MNIST, into checkpoints/dcgan_001
python -m gan_apps.dcgan --mode=train --dataset=path/to/folder   on a folder of images, at 64x64
python -m gan_apps.dcgan --mode=train --objective=hinge --normalization=spectral        an SN-GAN
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("dcgan")
