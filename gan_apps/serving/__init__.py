"""Trained generators in the forms that other programs load."""
