"""Observations: what is measured of a design beside its targets, or before them at a lower cost."""
