"""Proposals of formulas that are on no list. A proposed formula is not a synthesis."""
