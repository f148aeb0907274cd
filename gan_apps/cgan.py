"""The conditional GAN: draws what is asked for, digits by number or faces in words.

python -m gan_apps.cgan --digit=9                      sixteen nines, in digit_9.png
python -m gan_apps.cgan --digit=3,1,4 --seed=7         three rows
python -m gan_apps.cgan --prompt="blue hair red eyes"  sixteen faces
python -m gan_apps.cgan --num_images=200 --output=out  2,000 single pictures in the folder out
python -m gan_apps.cgan --mode=train                   trains on MNIST, into checkpoints/cgan_001
python -m gan_apps.cgan --mode=train --dataset=digits  the same without a download
python -m gan_apps.cgan --mode=train --dataset=FOLDER  on images and what its tags.csv says of them,
                                                       or a folder in it for each label
python -m gan_apps.cgan --mode=train --run_dir=checkpoints/cgan_001    goes on with it
python -m gan_apps.cgan --run_dir=checkpoints/cgan_001 --digit=9       draws from it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("cgan")
