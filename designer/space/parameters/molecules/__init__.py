"""Molecules as settings: open ones that are proposed, and those of listed choices."""
