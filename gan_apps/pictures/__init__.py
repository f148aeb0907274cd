"""Pictures in files, of any kind that people have. Imports no TensorFlow."""
