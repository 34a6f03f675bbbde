"""Campaigns of other programs: their space, targets and results as a campaign file and a store."""
