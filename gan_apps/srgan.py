"""Makes a photo four times as large: SRGAN, and SRResNet by pixel error alone.

python -m gan_apps.srgan --input=holiday.jpg                   sharper, in holiday_drawn.png
python -m gan_apps.srgan --input=holiday.jpg --side_by_side    beside its plain enlargement
python -m gan_apps.srgan --input=photos --output=large         a folder of them
python -m gan_apps.srgan --mode=train --recipe=srresnet --dataset=FOLDER --run_dir=FIRST
                                                               learns from photos, by pixels alone
python -m gan_apps.srgan --mode=train --recipe=srgan --dataset=FOLDER --initial_run_dir=FIRST
                                                               and goes on against a discriminator
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("srgan")
