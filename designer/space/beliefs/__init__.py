"""Beliefs of an expert about where the best designs are."""
