"""Results at lower levels of a fidelity as knowledge about the top level."""
