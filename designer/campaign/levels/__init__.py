"""The results of a campaign by the level of its fidelity."""
