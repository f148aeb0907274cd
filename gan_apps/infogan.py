"""InfoGAN: finds kinds and directions that nobody named, and draws by them.

python -m gan_apps.infogan                             sixteen digits, in infogan_digits.png
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("infogan")
