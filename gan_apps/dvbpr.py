"""Learns from pictures what users like of what they chose, and designs what they would like.

python -m gan_apps.dvbpr --user=17                     what is in the shop for user 17, and designs
python -m gan_apps.dvbpr --user=17 --class=Sandal      of one class alone
python -m gan_apps.dvbpr --mode=train --dataset=SHOP   learns from SHOP/feedback.csv (user,item)
                                                       and the pictures of the items in SHOP
python -m gan_apps.cgan --mode=train --dataset=SHOP --objective=least_squares --keep_discriminator
                                                       a generator of such items, by class
python -m gan_apps.dvbpr --run_dir=checkpoints/dvbpr_001 --generator=checkpoints/cgan_001 --user=17
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("dvbpr")
