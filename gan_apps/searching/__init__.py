"""Searches in the latent space of runs: for what a judge wants, a user likes, a picture shows."""
