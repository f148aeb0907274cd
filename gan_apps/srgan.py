"""Makes a photo four times as large: SRGAN, and SRResNet by pixel error alone.

python -m gan_apps.srgan --input=holiday.jpg                   four times as large, with detail
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("srgan")
