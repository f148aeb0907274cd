"""Prompts: what words ask for. No TensorFlow: the same rules run in a SavedModel (models.text)."""
