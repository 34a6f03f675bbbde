"""The campaign file: its grammar, its settings, and how a campaign is opened from it."""
