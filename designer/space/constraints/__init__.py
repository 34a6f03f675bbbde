"""Constraints over parameters: grammar, evaluation on arrays of designs, and distance to feasibility."""
