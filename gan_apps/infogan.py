"""InfoGAN: finds kinds and directions that nobody named, and draws by them.

python -m gan_apps.infogan                             sixteen digits, in infogan_digits.png
python -m gan_apps.infogan --sheet                     a row for each code, walked through
python -m gan_apps.infogan --codes=3,0.5,-1            sixteen with these codes
python -m gan_apps.infogan --codes="3;4"               a row of each, from one noise
python -m gan_apps.infogan --input=digit.png           what is typical of its codes
python -m gan_apps.infogan --mode=train                trains on MNIST, into checkpoints/infogan_001
python -m gan_apps.infogan --mode=train --values=10,4 --numbers=1          with three codes
python -m gan_apps.infogan --run_dir=checkpoints/infogan_001     sixteen pictures from it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("infogan")
