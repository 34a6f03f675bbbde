"""The formulas that a campaign over an open space may suggest next, and the generators that are trained for it."""
