"""Priors: what is believed about a task before it is measured, and how measurements change it."""
