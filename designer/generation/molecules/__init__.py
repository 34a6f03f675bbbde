"""Proposals of molecules that are on no list. A proposed molecule is not a synthesis."""
