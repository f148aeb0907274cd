"""From a run to pictures. Drawing with LiteRT imports neither TensorFlow nor Keras."""
