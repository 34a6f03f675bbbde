"""Elements, formulas and molecules as numbers."""
