"""How good a run's pictures are, by the project's own classifiers."""
