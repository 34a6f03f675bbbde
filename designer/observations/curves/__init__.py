"""Curves, spectra and images as observations: their files, and the numbers that a regression uses."""
