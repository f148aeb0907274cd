"""Trains the classifier that judges generated pictures.

python -m gan_apps.classifier --output=checkpoints/classifier_001        of MNIST
python -m gan_apps.classifier --dataset=path/to/faces --output=classifier_of_faces
python -m gan_apps.evaluate --run_dir=RUN --classifier=classifier_of_faces    judges by it
"""

from gan_apps.command import system_command

if __name__ == "__main__":
    system_command.launch("classifier")
