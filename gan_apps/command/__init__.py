"""The shape that all commands share. Imports no TensorFlow."""
