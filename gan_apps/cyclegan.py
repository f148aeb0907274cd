"""Draws pictures of one kind as another, learned without a pair: CycleGAN, and dyed hair.

python -m gan_apps.cyclegan --input=portrait.png --to=b       blonde hair dyed blue, in
                                                               portrait_drawn.png
python -m gan_apps.cyclegan --input=portrait.png --to=a       blue hair dyed blonde
python -m gan_apps.cyclegan --input=faces --output=dyed        a folder of them
python -m gan_apps.cyclegan --mode=train --dataset=FOLDER      learns the sets in its folders trainA
                                                               and trainB
python -m gan_apps.cyclegan --mode=train --dataset=FOLDER --side_a='red hair' --side_b='green hair'
                                                               learns two kinds of pictures, of a
                                                               folder with a tags.csv or labels
python -m gan_apps.cyclegan --mode=train --run_dir=checkpoints/cyclegan_001         goes on with it
python -m gan_apps.cyclegan --run_dir=checkpoints/cyclegan_001 --input=face.png     draws from it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("cyclegan")
