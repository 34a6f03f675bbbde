"""Targets given observations of the same design: regression on both, and posteriors revised by it."""
