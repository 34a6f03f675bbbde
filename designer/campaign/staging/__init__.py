"""Campaigns in stages: what to measure next of each suggestion, an observation or the targets."""
