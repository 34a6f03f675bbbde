"""Priors of a new task that are learned from past tasks, and their posteriors given its measurements."""
