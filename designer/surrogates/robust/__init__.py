"""Outliers: leave-one-out predictions, the search for outliers, and what models are given in their place."""
