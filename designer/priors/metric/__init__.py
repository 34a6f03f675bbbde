"""Metric-based meta-learning: an embedding of designs, and distances between tasks."""
