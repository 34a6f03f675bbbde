"""Measured data that other packages ship, read as tables in lab units."""
