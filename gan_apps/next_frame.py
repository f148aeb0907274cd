"""The next frame: goes on with a clip.

python -m gan_apps.next_frame --input=walk.gif               ten frames more, in walk_goes_on.gif
python -m gan_apps.next_frame --input=FOLDER --frames=4 --output=FOLDER
                                                             from numbered frames, to such
python -m gan_apps.next_frame --input=walk.gif --side_by_side
                                                             from its first frames, beside the rest
python -m gan_apps.next_frame --mode=train --dataset=FOLDER  learns clips: folders of numbered
                                                             frames, or animations
python -m gan_apps.next_frame --mode=train --dataset=FOLDER --sheet=9x8
                                                             or sheets, a clip in each of nine rows
python -m gan_apps.next_frame --mode=train --dataset=stochastic_digits
                                                             digits that turn at the edges at random
python -m gan_apps.next_frame --run_dir=checkpoints/next_frame_001 --input=walk.gif
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("next_frame")
