"""How good a run's pictures are, by judges of the project's own and by what needs none."""
