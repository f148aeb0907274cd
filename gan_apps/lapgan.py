"""LAPGAN and CC-LAPGAN: a pyramid of GANs that draws coarse to fine.

python -m gan_apps.lapgan --mode=train --dataset=pets --levels=3     a folder of pictures
python -m gan_apps.lapgan --mode=train --dataset=pets --classes      with its labels: CC-LAPGAN
python -m gan_apps.lapgan --run_dir=checkpoints/lapgan_001           sixteen pictures
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("lapgan")
