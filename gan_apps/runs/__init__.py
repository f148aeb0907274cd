"""Run directories: every file name, once. Imports no TensorFlow."""
