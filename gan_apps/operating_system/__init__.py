"""This machine: its files, its processor, its noisy libraries. Imports no TensorFlow."""
