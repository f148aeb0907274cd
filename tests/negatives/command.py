"""Turns pictures into their negatives and back.

python -m gan_apps.negatives --mode=train --dataset=digits
python -m gan_apps.negatives --run_dir=checkpoints/negatives_001 --input=digit.png
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("negatives")
