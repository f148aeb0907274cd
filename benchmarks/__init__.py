"""Measurements, run by hand; each prints its machine and its figures, and asserts nothing."""
