"""Observations of designs as numbers beside the results, and what they say about the targets."""
