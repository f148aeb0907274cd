"""BiGAN and ALI: finds the code of a picture, and draws from codes.

python -m gan_apps.bigan                               sixteen digits, in bigan_digits.png
python -m gan_apps.bigan --input=digit.png --side_by_side        a picture, and what its code draws
python -m gan_apps.bigan --interpolate=one.png,other.png         from one picture to another
python -m gan_apps.bigan --interpolate=1,2 --output=walk.gif     from one digit to another
python -m gan_apps.bigan --mode=train                  trains on MNIST, into checkpoints/bigan_001
python -m gan_apps.bigan --mode=train --recipe=ali     with an encoder that has noise
python -m gan_apps.bigan --run_dir=checkpoints/bigan_001         sixteen pictures from it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("bigan")
