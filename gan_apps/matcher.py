"""Trains the matcher, which tells which sentence is said of which picture.

python -m gan_apps.matcher --dataset=FOLDER --output=matcher_001
python -m gan_apps.evaluate --run_dir=RUN --matcher=matcher_001    judges a run by it
python -m gan_apps.cgan --mode=train --dataset=FOLDER --encoder_run_dir=matcher_002
                                                                   begins with its encoder
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("matcher")
