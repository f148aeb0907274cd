"""Draws a picture from a picture: pix2pix, and the sketch of a face that becomes one.

python -m gan_apps.pix2pix --input=sketch.png                  a face, in sketch_drawn.png
python -m gan_apps.pix2pix --input=face.png --sketch_first     the same from a finished picture
python -m gan_apps.pix2pix --input=sketches --output=faces     a folder of them
python -m gan_apps.pix2pix --mode=train --dataset=FOLDER       learns pairs: pictures twice as wide
                                                               as high, or the folders A and B
python -m gan_apps.pix2pix --mode=train --dataset=FOLDER --sources=edges
                                                               learns to draw single pictures from
                                                               their sketches
python -m gan_apps.pix2pix --mode=train --run_dir=checkpoints/pix2pix_001         goes on with it
python -m gan_apps.pix2pix --run_dir=checkpoints/pix2pix_001 --input=sketch.png   draws from it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("pix2pix")
