"""Searches in the latent space of runs: for what a judge wants, for what a picture shows."""
