"""Proposals of formulas and molecules that are on no list. A proposed formula is not a synthesis."""
